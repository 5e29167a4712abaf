package vnc_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"io"
	"sync"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/cursor"
	"github.com/porthole-rac/porthole/protocol/codec/encodings"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
)

// glass is a Screen with a browser behind it that decodes the stream.
type glass struct {
	desktop target.Desktop
	ctx     context.Context

	mu      sync.Mutex
	changed chan struct{} // closed and replaced when something happened
	err     error         // the first thing in the stream that cannot be
	begun   int
	renew   bool // Renew was called: nothing is taken until Begin
	held    bool // nothing is painted
	marks   uint64
	painted uint64
	flushes int
	bytes   int // of records
	from    int // of the target

	set    *encodings.Set
	screen codec.Target
	rect   wire.Rect // in progress
	data   []byte    // of a picture, or of deflated pixels
	dec    codec.Decoder
	inRect bool
	codecs map[wire.Codec]int
	pixels map[wire.Codec]int
	orders map[wire.Type]int

	info   wire.DesktopInfo
	cursor wire.Cursor
	leds   wire.LEDs
	mode   wire.PointerMode
	clips  []clip
	format wire.AudioFormat
	sound  []byte
	room   []byte
}

type clip struct{ kind, data string }

func newGlass(ctx context.Context, d target.Desktop) *glass {
	return &glass{desktop: d, ctx: ctx, changed: make(chan struct{}), codecs: map[wire.Codec]int{}, pixels: map[wire.Codec]int{}, orders: map[wire.Type]int{}}
}

// news tells who waits. Called with mu held.
func (g *glass) news() {
	close(g.changed)
	g.changed = make(chan struct{})
}

func (g *glass) Begin(w, h int) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	defer g.news()
	g.begun++
	g.renew, g.marks, g.painted, g.inRect = false, 0, 0, false
	g.set = encodings.New(g.picture)
	var err error
	g.screen, err = codec.NewTarget(w, h)
	return err
}

func (g *glass) Reserve(n int) ([]byte, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.renew {
		return nil, target.ErrRenew
	}
	if n > target.MaxReserve {
		return nil, errors.New("too much reserved")
	}
	if n = max(n, 4096); cap(g.room) < n {
		g.room = make([]byte, 0, n)
	}
	return g.room[:0], nil
}

func (g *glass) Commit(p []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.renew || g.err != nil {
		return
	}
	if cap(g.room) == 0 || &p[:1][0] != &g.room[:1][0] {
		g.err = errors.New("a buffer that was not reserved, or outgrew what was")
		return
	}
	g.bytes += len(p)
	for rest := p; len(rest) > 0; {
		t, body, more, err := wire.Next(rest)
		if err == nil {
			err = g.record(t, body)
		}
		if err != nil {
			g.err = fmt.Errorf("%v: %w", t, err)
			break
		}
		rest = more
	}
	g.news()
}

func (g *glass) record(t wire.Type, body []byte) error {
	g.orders[t]++
	if g.inRect && t != wire.TypeRectData {
		return errors.New("within a rectangle")
	}
	switch t {
	case wire.TypeRect:
		if err := g.rect.Decode(body); err != nil {
			return err
		}
		how, bits := g.rect.Codec.Split()
		g.codecs[how]++
		switch how {
		case wire.CodecJPEG, wire.CodecPNG, wire.CodecRFBCursor:
		default:
			g.pixels[bits]++
		}
		g.data, g.inRect = g.data[:0], true
		if err := g.begin(); err != nil {
			return err
		}
		return g.write(g.rect.Data, g.rect.Last)
	case wire.TypeRectData:
		var m wire.RectData
		if err := m.Decode(body); err != nil {
			return err
		}
		if !g.inRect {
			return errors.New("without a rectangle")
		}
		return g.write(m.Data, m.Last)
	case wire.TypeCopy:
		var m wire.Copy
		if err := m.Decode(body); err != nil {
			return err
		}
		return g.screen.Copy(codec.Rect{X: m.X, Y: m.Y, W: m.Width, H: m.Height}, m.SourceX, m.SourceY)
	case wire.TypeFill:
		var m wire.Fill
		if err := m.Decode(body); err != nil {
			return err
		}
		r := codec.Rect{X: m.X, Y: m.Y, W: m.Width, H: m.Height}
		if err := g.screen.Check(r); err != nil {
			return err
		}
		g.screen.Fill(r, m.Color>>16|m.Color&0xff00|m.Color&0xff<<16|0xff000000)
	case wire.TypeDesktopSize:
		var m wire.DesktopSize
		if err := m.Decode(body); err != nil {
			return err
		}
		old := g.screen
		next, err := codec.NewTarget(m.Width, m.Height)
		if err != nil {
			return err
		}
		for y := range min(old.Height, next.Height) {
			copy(next.Row(0, y, next.Width), old.Row(0, y, min(old.Width, next.Width)))
		}
		g.screen = next
	case wire.TypeCursor:
		if err := g.cursor.Decode(body); err != nil {
			return err
		}
		g.cursor.Pixels = bytes.Clone(g.cursor.Pixels)
	case wire.TypeLEDs:
		return g.leds.Decode(body)
	case wire.TypePointerMode:
		return g.mode.Decode(body)
	case wire.TypePointerMoved, wire.TypeBell:
	default:
		return errors.New("does not belong here")
	}
	return nil
}

func (g *glass) begin() error {
	how, pixels := g.rect.Codec.Split()
	g.screen.Format = map[wire.Codec]codec.Format{0: codec.RGBX, wire.Pixels16: codec.RGB565, wire.Pixels8: codec.BGR233}[pixels]
	if how == wire.CodecRFBCursor {
		g.dec = g.set.Decoder(cursor.WithAlpha)
		dst, err := codec.NewTarget(g.rect.Width, g.rect.Height)
		if err != nil {
			return err
		}
		g.cursor = wire.Cursor{HotX: g.rect.X, HotY: g.rect.Y, Width: g.rect.Width, Height: g.rect.Height, Pixels: dst.Pix}
		return g.dec.Begin(dst, codec.Rect{W: dst.Width, H: dst.Height})
	}
	number, ok := map[wire.Codec]int32{
		wire.CodecRGBX: encodings.Raw, wire.CodecRRE: encodings.RRE, wire.CodecCoRRE: encodings.CoRRE, wire.CodecHextile: encodings.Hextile,
		wire.CodecZlib: encodings.Zlib, wire.CodecTight: encodings.Tight, wire.CodecTRLE: encodings.TRLE, wire.CodecZRLE: encodings.ZRLE,
		wire.CodecRFBJPEG: encodings.JPEG, wire.CodecZlibHex: encodings.ZlibHex,
	}[how]
	if g.dec = nil; ok {
		g.dec = g.set.Decoder(number)
		return g.dec.Begin(g.screen, g.area())
	}
	return nil
}

func (g *glass) area() codec.Rect {
	return codec.Rect{X: g.rect.X, Y: g.rect.Y, W: g.rect.Width, H: g.rect.Height}
}

func (g *glass) write(p []byte, last bool) error {
	if g.dec != nil {
		if n, err := g.dec.Write(p); err != nil || n < len(p) {
			return fmt.Errorf("%d of %d bytes: %w", n, len(p), err)
		}
		if last != g.dec.Done() {
			return fmt.Errorf("last: %v, done: %v", last, g.dec.Done())
		}
	} else {
		g.data = append(g.data, p...)
	}
	if g.inRect = !last; !last || g.dec != nil {
		return nil
	}
	how, _ := g.rect.Codec.Split()
	switch how {
	case wire.CodecJPEG:
		return g.picture(codec.Image{Kind: codec.JPEG, Rect: g.area(), Data: g.data})
	case wire.CodecPNG:
		return g.picture(codec.Image{Kind: codec.PNG, Rect: g.area(), Data: g.data})
	case wire.CodecDeflate:
		z, err := zlib.NewReader(bytes.NewReader(g.data))
		if err != nil {
			return err
		}
		pixels, err := io.ReadAll(z)
		if err != nil {
			return err
		}
		return codec.Decode(g.set.Decoder(encodings.Raw), g.screen, g.area(), pixels)
	case wire.CodecRFBH264:
		return nil
	}
	return fmt.Errorf("codec %d", g.rect.Codec)
}

// picture paints a JPEG or PNG.
func (g *glass) picture(i codec.Image) error {
	if g.rect.Codec == wire.CodecRFBCursor {
		return nil
	}
	img, _, err := image.Decode(bytes.NewReader(i.Data))
	if err != nil {
		return err
	}
	for y := range i.Rect.H {
		row := g.screen.Row(i.Rect.X, i.Rect.Y+y, i.Rect.W)
		for x := range i.Rect.W {
			r, gr, b, _ := img.At(x, y).RGBA()
			copy(row[4*x:], []byte{byte(r >> 8), byte(gr >> 8), byte(b >> 8), 0xff})
		}
	}
	return nil
}

func (g *glass) Mark() (uint64, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	defer g.news()
	if g.renew {
		return 0, target.ErrRenew
	}
	if g.inRect && g.err == nil {
		g.err = errors.New("a mark within a rectangle")
	}
	g.marks++
	if !g.held {
		g.paint()
	}
	return g.marks, nil
}

// paint acknowledges all there is. Called with mu held.
func (g *glass) paint() {
	if g.painted < g.marks {
		g.painted = g.marks
		p := target.Painted{Mark: g.painted}
		go g.desktop.Painted(p)
	}
}

func (g *glass) hold(on bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.held = on; !on {
		g.paint()
	}
}

// renewed is what the session does for a browser without a past.
func (g *glass) renewed(b target.Browser) {
	g.mu.Lock()
	g.renew = true
	g.mu.Unlock()
	g.desktop.Renew(b)
}

func (g *glass) Flush() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.flushes++
}

func (g *glass) Info(i wire.DesktopInfo) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	defer g.news()
	if g.renew {
		return target.ErrRenew
	}
	g.info = i
	return nil
}

func (g *glass) Clipboard(kind string, data []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	defer g.news()
	g.clips = append(g.clips, clip{kind, string(data)})
}

func (g *glass) SoundFormat(f wire.AudioFormat) {
	g.mu.Lock()
	defer g.mu.Unlock()
	defer g.news()
	g.format = f
}

func (g *glass) Sound(d wire.AudioData) {
	g.mu.Lock()
	defer g.mu.Unlock()
	defer g.news()
	g.sound = append(g.sound, d.Data...)
}

func (g *glass) FromTarget(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.from += n
}
