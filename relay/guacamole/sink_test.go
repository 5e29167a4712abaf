package guacamole_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg"
	"image/png"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/guacamole"
)

// jpegOf is enough of a JPEG for its size to be read.
func jpegOf(w, h int) []byte {
	return []byte{0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, byte(h >> 8), byte(h), byte(w >> 8), byte(w), 1, 1, 0x11, 0, 0xff, 0xd9}
}

func TestHello(t *testing.T) {
	p := show(t, guacamole.Config{Width: 1280, Height: 800, DPI: 192})
	p.waits("hello", func() bool {
		h := p.records(wire.TypeHello)
		return len(h) == 1 && h[0] == "{640 400 2000} map[5:jpeg,png 7:pcm 8:guacamole]"
	})
}

func TestPainting(t *testing.T) {
	p := show(t, guacamole.Config{Width: 640, Height: 480})
	p.connect()
	picture := jpegOf(64, 32)
	p.relay(
		&wire.Fill{X: 1, Y: 2, Width: 3, Height: 4, Color: 0x010203},
		&wire.Copy{X: 10, Y: 20, Width: 30, Height: 40, SourceX: 50, SourceY: 60},
		&wire.Rect{X: 5, Y: 6, Width: 64, Height: 32, Codec: wire.CodecJPEG, Last: true, Data: picture},
		&wire.Rect{X: 7, Y: 8, Width: 60, Height: 30, Codec: wire.CodecJPEG, Last: true, Data: picture},
		&wire.Rect{Width: 2, Height: 1, Last: true, Data: []byte{9, 8, 7, 0, 9, 8, 7, 1}},
		&wire.PointerMoved{X: 3, Y: 4},
		&wire.DesktopSize{Width: 650, Height: 470},
		&wire.DesktopInfo{Name: "Ann's 😀"},
		&wire.Mark{Number: 1},
	)
	want := []string{
		"rect 0 1 2 3 4", "cfill 14 0 1 2 3 255",
		"size -3 640 480", "copy 0 50 60 30 40 14 -3 0 0", "copy -3 0 0 30 40 14 0 10 20",
		"img 1 14 0 image/jpeg 5 6", "end 1",
		"size -2 64 32", "img 1 12 -2 image/jpeg 0 0", "end 1", "copy -2 0 0 60 30 14 0 7 8", "size -2 0 0",
		"rect 0 0 0 2 1", "cfill 14 0 9 8 7 255",
		"mouse 3 4",
		"size 0 650 470", "rect 0 640 0 10 470", "cfill 14 0 0 0 0 255",
		"name Ann's \ufffd", "sync",
	}
	if got := p.told("sync"); !slices.Equal(got, want) {
		t.Errorf("the page is told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if !bytes.Equal(p.data[0], picture) {
		t.Errorf("the target's JPEG came as % x", p.data[0])
	}
}

// Pixels become what fits them, and are the same when that is without loss.
func TestPixels(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pictures := map[string]func(x, y int) (r, g, b byte){
		"2 colours":   func(x, y int) (r, g, b byte) { return byte(x % 2 * 255), 0, 0 },
		"3 colours":   func(x, y int) (r, g, b byte) { return byte(x % 3 * 100), 0, 0 },
		"16 colours":  func(x, y int) (r, g, b byte) { return byte(x * 7 % 16), 9, 0 },
		"200 colours": func(x, y int) (r, g, b byte) { return 0, byte((x + 3*y) % 200), 0 },
		"a gradient":  func(x, y int) (r, g, b byte) { return byte(x), byte(y), byte(x + y) },
		"noise": func(x, y int) (r, g, b byte) {
			return byte(random.Uint32()), byte(random.Uint32()), byte(random.Uint32())
		},
		"text and photo": func(x, y int) (r, g, b byte) {
			return byte(x / 200 * int(random.Uint32())), byte(x % 5 / 4 * 200), byte(y / 150 * 60)
		},
	}
	for _, lossless := range []bool{true, false} {
		p := show(t, guacamole.Config{Width: 640, Height: 480, Lossless: lossless})
		p.connect()
		n := uint64(0)
		for name, at := range pictures {
			const w, h = 333, 217
			p.clear()
			pix := make([]byte, 0, 4*w*h)
			for y := range h {
				for x := range w {
					r, g, b := at(x, y)
					pix = append(pix, r, g, b, byte(x))
				}
			}
			var records []record
			for i := 0; i < len(pix); i += wire.MaxRectData {
				part := pix[i:min(i+wire.MaxRectData, len(pix))]
				last := i+len(part) == len(pix)
				if i == 0 {
					records = append(records, &wire.Rect{X: 11, Y: 12, Width: w, Height: h, Last: last, Data: part})
				} else {
					records = append(records, &wire.RectData{Last: last, Data: part})
				}
			}
			n++
			p.relay(append(records, &wire.Mark{Number: n})...)
			lines := p.told("sync")
			got := image.NewRGBA(image.Rect(0, 0, 640, 480))
			p.paint(got, lines)
			worst := 0
			for i := range w * h {
				x, y := i%w, i/w
				c := got.RGBAAt(11+x, 12+y)
				worst = max(worst, distance(c.R, pix[4*i]), distance(c.G, pix[4*i+1]), distance(c.B, pix[4*i+2]))
			}
			jpegs := 0
			for _, l := range lines {
				jpegs += strings.Count(l, "image/jpeg")
			}
			if lossless && (worst > 0 || jpegs > 0) || !lossless && strings.Contains(name, "colours") && worst > 0 {
				t.Errorf("%s: pixels differ by %d, %d pictures are JPEG", name, worst, jpegs)
			}
			if !lossless && name == "noise" && jpegs == 0 {
				t.Errorf("%s came without JPEG: %q", name, lines)
			}
			p.say("sync", p.stamps[len(p.stamps)-1])
		}
	}
}

func distance(a, b byte) int { return max(int(a)-int(b), int(b)-int(a)) }

// paint does what the page does with fills and pictures.
func (p *page) paint(dst *image.RGBA, lines []string) {
	var r image.Rectangle
	data := p.data
	for _, l := range lines {
		f := strings.Fields(l)
		n := make([]int, len(f))
		for i := range f {
			_, _ = fmt.Sscan(f[i], &n[i])
		}
		switch f[0] {
		case "rect":
			r = image.Rect(n[2], n[3], n[2]+n[4], n[3]+n[5])
		case "cfill":
			for y := r.Min.Y; y < r.Max.Y; y++ {
				for x := r.Min.X; x < r.Max.X; x++ {
					dst.SetRGBA(x, y, color.RGBA{byte(n[3]), byte(n[4]), byte(n[5]), 255})
				}
			}
		case "img":
			m, _, err := image.Decode(bytes.NewReader(data[0]))
			if err != nil {
				p.t.Fatal(err)
			}
			data = data[1:]
			b := m.Bounds()
			for y := range b.Dy() {
				for x := range b.Dx() {
					dst.Set(n[5]+x, n[6]+y, m.At(b.Min.X+x, b.Min.Y+y))
				}
			}
		}
	}
}

func TestCursor(t *testing.T) {
	p := show(t, guacamole.Config{Width: 640, Height: 480})
	p.connect()
	pix := []byte{1, 2, 3, 255, 4, 5, 6, 128, 0, 0, 0, 0, 7, 8, 9, 1}
	p.relay(&wire.Cursor{HotX: 1, Width: 2, Height: 2, Pixels: pix}, &wire.Cursor{}, &wire.Mark{Number: 1})
	want := []string{
		"size -1 2 2", "img 1 12 -1 image/png 0 0", "end 1", "cursor 1 0 -1 0 0 2 2",
		"size -1 1 1", "img 1 12 -1 image/png 0 0", "end 1", "cursor 0 0 -1 0 0 1 1", "sync",
	}
	if got := p.told("sync"); !slices.Equal(got, want) {
		t.Errorf("the page is told %q", got)
	}
	m, err := png.Decode(bytes.NewReader(p.data[0]))
	if err != nil {
		t.Fatal(err)
	}
	if got := m.(*image.NRGBA).Pix; !bytes.Equal(got, pix) {
		t.Errorf("the shape is % x", got)
	}
}

// A mark is acknowledged when the page has shown it, not before; several are under way.
func TestAcks(t *testing.T) {
	p := show(t, guacamole.Config{Width: 640, Height: 480})
	p.connect()
	p.relay(&wire.Fill{Width: 1, Height: 1}, &wire.Mark{Number: 1})
	p.waits("the first is shown", func() bool { return len(p.stamps) == 2 })
	p.relay(&wire.Fill{Width: 2, Height: 1}, &wire.Mark{Number: 2})
	p.waits("the second is shown before the first is answered", func() bool { return len(p.stamps) == 3 })
	p.mu.Lock()
	if acks := p.records(wire.TypeAck); len(acks) > 0 {
		t.Errorf("acknowledged before it was painted: %v", acks)
	}
	p.mu.Unlock()
	p.say("sync", p.stamps[1])
	p.waits("the first is acknowledged", func() bool { return slices.Equal(p.records(wire.TypeAck), []string{"{1}"}) })
	// A new stream counts anew: what is left of the old one is no news.
	p.relay(&wire.DesktopBegin{Width: 640, Height: 480, Stream: 2}, &wire.Mark{Number: 1})
	p.waits("the new stream is shown", func() bool { return len(p.stamps) == 4 })
	p.say("sync", p.stamps[2])
	p.say("sync", p.stamps[3])
	p.waits("it is acknowledged", func() bool { return slices.Equal(p.records(wire.TypeAck), []string{"{1}", "{1}"}) })
}

// A page that is behind gets the rest in one.
func TestBehind(t *testing.T) {
	p := show(t, guacamole.Config{Width: 640, Height: 480})
	p.connect()
	for n := range uint64(50) {
		p.relay(&wire.Fill{X: int(n), Width: 1, Height: 1}, &wire.Mark{Number: n + 1})
	}
	p.waits("all is painted", func() bool { return slices.Contains(p.lines, "rect 0 49 0 1 1") })
	if n := len(p.stamps); n > 10 {
		t.Errorf("%d frames for a page that answers none", n)
	}
	p.mu.Lock()
	p.auto = true
	last := p.stamps[len(p.stamps)-1]
	p.mu.Unlock()
	p.say("sync", last)
	p.waits("the last is acknowledged", func() bool {
		acks := p.records(wire.TypeAck)
		return len(acks) > 0 && acks[len(acks)-1] == "{50}"
	})
}

func TestInput(t *testing.T) {
	p := show(t, guacamole.Config{Width: 640, Height: 480})
	p.say("key", "97", "1") // before anybody is there
	p.say("", "ping", "1")
	p.told(" ping 1")
	p.connect()
	p.say("key", "65505", "1")
	p.say("key", "16777216", "1") // nobody's
	p.say("key", "nonsense", "1")
	p.say("mouse", "100.7", "-3", "9")
	want := []string{"{true 42 65505}", "{true 0 16777216}"}
	p.waits("keys", func() bool {
		k := p.records(wire.TypeKey)
		return len(k) == 2 && k[0] == want[0]
	})
	p.waits("the pointer", func() bool { return slices.Equal(p.records(wire.TypePointer), []string{"{9 100 0}"}) })
	// The window has one left; a target that takes none gets one more, and then what
	// is new when it does.
	p.say("mouse", "1", "1", "0")
	p.say("mouse", "2", "2", "0")
	p.say("mouse", "3", "3", "0")
	p.say("key", "97", "0")
	p.say("mouse", "4", "4", "0")
	p.say("", "ping", "5")
	p.told(" ping 5")
	p.waits("the window is used up", func() bool { return slices.Equal(p.records(wire.TypePointer), []string{"{9 100 0}", "{0 1 1}"}) })
	p.relay(&wire.InputAck{Bytes: 4})
	p.waits("the rest", func() bool {
		return slices.Equal(p.records(wire.TypePointer), []string{"{9 100 0}", "{0 1 1}", "{0 3 3}", "{0 4 4}"}) && len(p.records(wire.TypeKey)) == 3
	})
}

func TestWindow(t *testing.T) {
	p := show(t, guacamole.Config{Width: 640, Height: 480})
	p.connect()
	for _, w := range []string{"700", "710", "720"} {
		p.say("size", w, "500")
	}
	p.waits("the last size", func() bool { return slices.Equal(p.records(wire.TypeWindow), []string{"{720 500 1000}"}) })
}

func TestClipboards(t *testing.T) {
	p := show(t, guacamole.Config{Width: 640, Height: 480})
	p.connect()
	p.relay(&wire.Clipboard{Type: "text/plain", More: true, Data: []byte("from ")}, &wire.Clipboard{Type: "text/plain", Data: []byte("there")})
	if got := p.told("end 3"); !slices.Equal(got, []string{"clipboard 3 text/plain", "end 3"}) || string(p.data[0]) != "from there" {
		t.Errorf("the page is told %q with %q", got, p.data)
	}
	copyText := func(stream, base64 string) {
		p.say("clipboard", stream, "text/plain")
		p.say("blob", stream, base64)
		p.say("end", stream)
	}
	copyText("0", "ZnJvbSB0aGVyZQ==") // what came from there
	copyText("1", "aGVyZQ==")
	p.told("ack 0 OK 0")
	p.told("ack 1 OK 0")
	p.waits("only what is new", func() bool { return slices.Equal(p.records(wire.TypeClipboard), []string{`text/plain "here" false`}) })
	p.say("clipboard", "2", "text/plain")
	p.say("blob", "2", strings.Repeat("QUFB", 2000))
	for range 20 {
		p.say("blob", "2", strings.Repeat("QUFB", 2000))
	}
	p.say("end", "2")
	p.say("blob", "2", "QUFB") // after its end
	p.say("clipboard", "4", "text/plain")
	p.say("blob", "4", "???")
	p.say("end", "4")
	p.told("ack 2 The clipboard is longer than this endpoint allows 781")
	p.told("ack 4 Not base64 768")
	p.say("file", "5", "text/plain", "x")
	p.told("ack 5 Not supported 256")
	if got := p.records(wire.TypeClipboard); len(got) != 1 {
		t.Errorf("the target got %q", got)
	}
}

func TestSound(t *testing.T) {
	p := show(t, guacamole.Config{Width: 640, Height: 480})
	p.connect()
	p.waits("it wants to hear", func() bool { return len(p.records(wire.TypeAudioControl)) == 1 })
	p.relay(&wire.AudioFormat{Codec: wire.AudioPCM, Rate: 48000, Channels: 2}, &wire.AudioData{Data: []byte{1, 2, 3, 4}},
		&wire.AudioData{Time: 20, Data: []byte{5, 6, 7, 8}}, &wire.AudioFormat{})
	if got := p.told("end 2"); got[0] != "audio 2 audio/L16;rate=48000,channels=2" || !bytes.Equal(p.data[0], []byte{1, 2, 3, 4, 5, 6, 7, 8}) {
		t.Errorf("the page is told %q with % x", got, p.data)
	}
}

func TestEnds(t *testing.T) {
	for code, want := range map[string]string{
		wire.EndClosed:       "disconnect",
		wire.EndAuthFailed:   "error What failed. What to try. 769",
		wire.EndUnreachable:  "error What failed. What to try. 519",
		"of another release": "error What failed. What to try. 512",
	} {
		p := show(t, guacamole.Config{Width: 640, Height: 480})
		p.connect()
		p.relay(&wire.End{Code: code, Message: "What failed.", Remedy: "What to try."})
		lines := p.told("disconnect")
		if !slices.Contains(lines, want) || want == "disconnect" && len(lines) > 2 {
			t.Errorf("%s: the page is told %q, want %q", code, lines, want)
		}
		p.sink.Close()
	}
}

// A question that the page cannot ask ends the connection with what is to be set.
func TestPrompt(t *testing.T) {
	p := show(t, guacamole.Config{Width: 640, Height: 480})
	p.relay(&wire.Welcome{Version: 1}, &wire.Prompt{ID: 7, Title: "Log in", Fields: []wire.PromptField{{Label: "Password:", Name: "password"}}})
	p.waits("no answer is given", func() bool { return slices.Equal(p.records(wire.TypeAnswer), []string{"{7 true []}"}) })
	p.relay(&wire.End{Code: wire.EndCancelled, Message: "The question was cancelled."})
	lines := p.told("disconnect")
	if !slices.ContainsFunc(lines, func(l string) bool {
		return strings.HasPrefix(l, "error The machine asks for “Password”") && strings.Contains(l, "set password") && strings.HasSuffix(l, " 769")
	}) {
		t.Errorf("the page is told %q", lines)
	}
}

// Everything that a page or a relay may do wrong ends one connection and no more.
func TestNonsense(t *testing.T) {
	for _, message := range []string{"nonsense", "0.authentik.disconnect", "10.disconnect;", "3.key"} {
		p := show(t, guacamole.Config{Width: 640, Height: 480})
		p.says <- []byte(message)
		<-p.gone
	}
	p := show(t, guacamole.Config{Width: 640, Height: 480})
	p.connect()
	bad := (&wire.Fill{X: 640, Width: 1, Height: 1}).Append(nil)
	if err := p.sink.Write(context.Background(), bad); err == nil {
		t.Error("a picture that cannot be is taken")
	}
	p.told("disconnect")
}

// The page is told something when nothing happens, or it gives up.
func TestSilence(t *testing.T) {
	p := show(t, guacamole.Config{Width: 640, Height: 480})
	p.waits("two signs of life", func() bool { return p.nops >= 2 })
}

// The greeting's answer is lost until authority has joined the tunnels: it is asked
// for again, and nothing hangs.
func TestLostAnswer(t *testing.T) {
	p := show(t, guacamole.Config{Width: 640, Height: 480})
	p.connect()
	for n := range uint64(5) {
		p.relay(&wire.Fill{Width: 1, Height: 1}, &wire.Mark{Number: n + 1})
	}
	p.mu.Lock()
	p.auto = true // those before are lost
	p.mu.Unlock()
	p.waits("all are acknowledged", func() bool {
		acks := p.records(wire.TypeAck)
		return len(acks) > 0 && acks[len(acks)-1] == "{5}"
	})
}

func FuzzPage(f *testing.F) {
	for _, s := range []string{"5.mouse,3.100,2.50,1.1;3.key,5.65293,1.0;", "0.,4.ping,1.5;", "9.clipboard,1.0,10.text/plain;4.blob,1.0,4.QUFB;3.end,1.0;", "4.size,3.700,3.500;4.sync,1.1;"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		p := &page{t: t, says: make(chan []byte), gone: make(chan struct{}), blob: map[string][]byte{}, changed: make(chan struct{})}
		s := guacamole.New(p, guacamole.Config{Width: 64, Height: 48})
		defer s.Abort()
		w := wire.Welcome{Version: 1, InputWindow: 100, Clipboard: 1000}
		_ = s.Write(context.Background(), (&wire.Connected{}).Append(w.Append(nil)))
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer p.Close()
			for {
				b, err := s.Read(context.Background())
				for len(b) > 0 {
					var e error
					if _, _, b, e = wire.Next(b); e != nil {
						t.Error("what the relay gets cannot be read:", e)
						return
					}
				}
				if err != nil {
					return
				}
			}
		}()
		for _, m := range [][]byte{message, []byte("10.disconnect;")} {
			select {
			case p.says <- m:
			case <-p.gone:
			}
		}
		<-done
	})
}
