package shell_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/protocol/term"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/guacamole/shell"
)

// picture is a page's: what a Shell draws is applied to it.
type picture struct {
	t                     *testing.T
	img                   *image.NRGBA
	copies, fills, images int
	drawn                 int // pixels of images
}

func newPicture(t *testing.T, w, h int) *picture {
	return &picture{t: t, img: image.NewNRGBA(image.Rect(0, 0, w, h))}
}

func (p *picture) inside(what string, r image.Rectangle) {
	if p.t != nil && (r.Empty() || !r.In(p.img.Rect)) {
		p.t.Errorf("%s of %v on a picture of %v", what, r, p.img.Rect)
	}
}

func (p *picture) Copy(src image.Rectangle, dst image.Point) {
	p.inside("copy", src)
	p.inside("copy", src.Sub(src.Min).Add(dst))
	p.copies++
	rows := make([][]byte, 0, src.Dy())
	for y := src.Min.Y; y < src.Max.Y; y++ {
		at := p.img.PixOffset(src.Min.X, y)
		rows = append(rows, bytes.Clone(p.img.Pix[at:at+4*src.Dx()]))
	}
	for y, row := range rows {
		copy(p.img.Pix[p.img.PixOffset(dst.X, dst.Y+y):], row)
	}
}

func (p *picture) Fill(r image.Rectangle, rgb uint32) {
	p.inside("fill", r)
	p.fills++
	c := color.NRGBA{byte(rgb >> 16), byte(rgb >> 8), byte(rgb), 255}
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			p.img.SetNRGBA(x, y, c)
		}
	}
}

func (p *picture) Image(r image.Rectangle, pix []byte) {
	p.inside("image", r)
	p.images++
	p.drawn += r.Dx() * r.Dy()
	if p.t != nil && len(pix) != 4*r.Dx()*r.Dy() {
		p.t.Errorf("%d bytes for %v", len(pix), r)
	}
	for y := range r.Dy() {
		copy(p.img.Pix[p.img.PixOffset(r.Min.X, r.Min.Y+y):], pix[4*y*r.Dx():4*(y+1)*r.Dx()])
	}
}

// page is a Shell with the other end of its session: a terminal as the relay has it.
type page struct {
	*shell.Shell
	t         *testing.T
	pic       *picture
	sent      []byte // records
	clipboard string
	titles    []string
	bells     int
	now       time.Time
	offset    uint64
	marks     uint64
}

// newPage opens a page of w×h pixels whose target is there.
func newPage(t *testing.T, w, h int, change func(*wire.Welcome)) *page {
	p := openPage(t, w, h)
	p.welcome(change)
	p.record(wire.TypeConnected, (&wire.Connected{}).Append)
	return p
}

// openPage opens a page whose session has said nothing yet.
func openPage(t *testing.T, w, h int) *page {
	p := &page{t: t, pic: newPicture(t, w, h), now: time.Unix(1e9, 0)}
	p.Shell = shell.New(shell.Config{
		Width: w, Height: h,
		Send:      func(b []byte) { p.sent = append(p.sent, b...) },
		Clipboard: func(s string) { p.clipboard = s },
		Title:     func(s string) { p.titles = append(p.titles, s) },
		Bell:      func() { p.bells++ },
	})
	return p
}

func (p *page) welcome(change func(*wire.Welcome)) {
	m := wire.Welcome{
		Version: wire.Version, Connection: "c", Epoch: 1, Protocol: "ssh", Clipboard: 1 << 18, Frames: 6, InputWindow: 1 << 18, Scrollback: 1000,
	}
	if change != nil {
		change(&m)
	}
	p.record(wire.TypeWelcome, m.Append)
}

// record has the Shell receive a record.
func (p *page) record(want wire.Type, appendTo func([]byte) []byte) {
	p.t.Helper()
	typ, body, _, err := wire.Next(appendTo(nil))
	if err != nil || typ != want {
		p.t.Fatalf("%v, %v", typ, err)
	}
	if err := p.Receive(typ, body); err != nil {
		p.t.Fatal(err)
	}
}

// output has the program write.
func (p *page) output(text string) {
	p.t.Helper()
	for len(text) > 0 {
		n := min(len(text), wire.MaxOutput)
		m := wire.Output{Offset: p.offset, Data: []byte(text[:n])}
		p.record(wire.TypeOutput, m.Append)
		p.offset += uint64(n)
		text = text[n:]
	}
	p.marks++
	m := wire.Mark{Number: p.marks}
	p.record(wire.TypeMark, m.Append)
}

// draw draws on the page's picture.
func (p *page) draw() {
	p.t.Helper()
	p.now = p.now.Add(time.Second)
	p.Draw(p.pic, p.now)
	p.now = p.now.Add(time.Second)
	p.Draw(p.pic, p.now) // what was held back
}

// same fails unless the picture is as if all had been drawn anew.
func (p *page) same(what string) {
	p.t.Helper()
	p.draw()
	fresh := newPicture(p.t, p.pic.img.Rect.Dx(), p.pic.img.Rect.Dy())
	p.Refresh()
	p.Draw(fresh, p.now)
	if bytes.Equal(fresh.img.Pix, p.pic.img.Pix) {
		return
	}
	for i := range fresh.img.Pix {
		if fresh.img.Pix[i] != p.pic.img.Pix[i] {
			p.t.Errorf("%s: the picture differs at %d,%d", what, i/4%fresh.img.Rect.Dx(), i/4/fresh.img.Rect.Dx())
			break
		}
	}
	save(p.t, p.pic.img, "differs-as-drawn")
	save(p.t, fresh.img, "differs-fresh")
	p.t.FailNow()
}

// records gives what was sent since the last call, in words.
func (p *page) records() (list []string) {
	p.t.Helper()
	for rest := p.sent; len(rest) > 0; {
		var typ wire.Type
		var body []byte
		var err error
		if typ, body, rest, err = wire.Next(rest); err != nil {
			p.t.Fatal(err)
		}
		switch typ {
		case wire.TypeInput:
			var m wire.Input
			_ = m.Decode(body)
			list = append(list, fmt.Sprintf("input %q", m.Data))
		case wire.TypePaste:
			var m wire.Paste
			_ = m.Decode(body)
			list = append(list, fmt.Sprintf("paste %q %t", m.Data, m.More))
		case wire.TypeResize:
			var m wire.Resize
			_ = m.Decode(body)
			list = append(list, fmt.Sprintf("resize %d×%d of %d×%d", m.Grid.Cols, m.Grid.Rows, m.Grid.CellWidth, m.Grid.CellHeight))
		case wire.TypeAnswer:
			var m wire.Answer
			_ = m.Decode(body)
			list = append(list, fmt.Sprintf("answer %d %t %q", m.ID, m.Cancelled, m.Values))
		case wire.TypeClipboard:
			var m wire.Clipboard
			_ = m.Decode(body)
			list = append(list, fmt.Sprintf("clipboard %d denied %t", m.Request, m.Denied))
		case wire.TypeColors:
			list = append(list, "colors")
		default:
			list = append(list, typ.String())
		}
	}
	p.sent = nil
	return list
}

// want fails unless exactly these records were sent since the last look.
func (p *page) want(what string, records ...string) {
	p.t.Helper()
	got := p.records()
	if len(got) != len(records) {
		p.t.Errorf("%s: sent %q, not %q", what, got, records)
		return
	}
	for i := range got {
		if got[i] != records[i] {
			p.t.Errorf("%s: sent %q, not %q", what, got, records)
			return
		}
	}
}

// save writes a picture to the folder that PORTHOLE_PICTURES names, to be looked at.
func save(t *testing.T, img image.Image, name string) {
	dir := os.Getenv("PORTHOLE_PICTURES")
	if dir == "" {
		return
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// golden compares the page's picture with one that somebody has looked at. Those
// that are to be replaced are written when PORTHOLE_GOLDEN is set.
func (p *page) golden(name string) {
	p.t.Helper()
	p.draw()
	save(p.t, p.pic.img, name)
	path := filepath.Join("testdata", name+".png")
	if os.Getenv("PORTHOLE_GOLDEN") != "" {
		var b bytes.Buffer
		if err := png.Encode(&b, p.pic.img); err != nil {
			p.t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			p.t.Fatal(err)
		}
	}
	f, err := os.Open(path)
	if err != nil {
		p.t.Fatal(err)
	}
	defer f.Close()
	want, err := png.Decode(f)
	if err != nil {
		p.t.Fatal(err)
	}
	if want.Bounds() != p.pic.img.Rect {
		p.t.Fatalf("%s: %v, not %v", name, p.pic.img.Rect, want.Bounds())
	}
	// Floating point may differ a little between machines.
	for y := range want.Bounds().Dy() {
		for x := range want.Bounds().Dx() {
			a, b := color.NRGBAModel.Convert(want.At(x, y)).(color.NRGBA), p.pic.img.NRGBAAt(x, y)
			if far(a.R, b.R) || far(a.G, b.G) || far(a.B, b.B) {
				p.t.Fatalf("%s: pixel %d,%d is %v, not %v", name, x, y, b, a)
			}
		}
	}
}

func far(a, b byte) bool { return max(a, b)-min(a, b) > 6 }

// state is a snapshot of a terminal after some output.
func state(t *testing.T, cols, rows int, text string) *wire.State {
	t.Helper()
	tm := term.New(term.Config{Cols: cols, Rows: rows, Scrollback: 1000})
	if _, err := tm.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return &wire.State{Offset: uint64(len(text)), Complete: true, Snapshot: tm.AppendSnapshot(nil, term.Base{})}
}
