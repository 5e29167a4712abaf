package display_test

import (
	"bytes"
	"compress/zlib"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/codectest"
	"github.com/porthole-rac/porthole/protocol/codec/encodings"
	"github.com/porthole-rac/porthole/protocol/wire"
)

// literals fill a rectangle of 2×2 at 4,2, or of what size says; want is its pixels.
var literals = []struct {
	name  string
	codec wire.Codec
	data  string
	w, h  int
	want  []uint32
}{
	{"plain", wire.CodecRGBX, "ff 00 00 00 00 ff 00 00 00 00 ff 00 ff ff ff 80", 2, 2, []uint32{0xff0000, 0x00ff00, 0x0000ff, 0xffffff}},
	{"rre", wire.CodecRRE, "00 00 00 01 01 02 03 00 ff 00 00 00 00 01 00 00 00 01 00 02", 2, 2, []uint32{0x010203, 0xff0000, 0x010203, 0xff0000}},
	{"corre", wire.CodecCoRRE, "00 00 00 01 01 02 03 00 ff 00 00 00 01 00 01 02", 2, 2, []uint32{0x010203, 0xff0000, 0x010203, 0xff0000}},
	{"hextile", wire.CodecHextile, "02 0a 14 1e 00", 2, 2, []uint32{0x0a141e, 0x0a141e, 0x0a141e, 0x0a141e}},
	{"zlib", wire.CodecZlib, "00 00 00 0f 78 01 00 08 00 f7 ff ff 00 00 00 00 ff 00 00", 2, 1, []uint32{0xff0000, 0x00ff00}},
	{"tight: filled", wire.CodecTight, "80 01 02 03", 2, 2, []uint32{0x010203, 0x010203, 0x010203, 0x010203}},
	{"tight: two colours", wire.CodecTight, "50 01 01 00 00 00 ff ff ff 80 40", 2, 2, []uint32{0xffffff, 0x000000, 0x000000, 0xffffff}},
	{"trle", wire.CodecTRLE, "01 01 02 03", 2, 2, []uint32{0x010203, 0x010203, 0x010203, 0x010203}},
	{"zrle", wire.CodecZRLE, "00 00 00 0b 78 01 00 04 00 fb ff 01 0a 14 1e", 2, 2, []uint32{0x0a141e, 0x0a141e, 0x0a141e, 0x0a141e}},
}

// Each codec paints its pixels in their place, and nothing beside it.
func TestLiteralRectangles(t *testing.T) {
	d := connect(t, "", 16, 8)
	mark := uint64(0)
	for _, c := range literals {
		mark++
		d.line.send(&wire.Fill{Width: 16, Height: 8, Color: 0x123456},
			&wire.Rect{X: 4, Y: 2, Width: c.w, Height: c.h, Codec: c.codec, Last: true, Data: hex(c.data)}, &wire.Mark{Number: mark})
		d.line.acked(mark)
		m := d.picture()
		for i, want := range c.want {
			if got := rgb(m, 4+i%c.w, 2+i/c.w); got != want {
				t.Errorf("%s: pixel %d is %06x, want %06x", c.name, i, got, want)
			}
		}
		for _, p := range [][2]int{{3, 2}, {4, 1}, {4 + c.w, 2}, {4, 2 + c.h}} {
			if got := rgb(m, p[0], p[1]); got != 0x123456 {
				t.Errorf("%s: pixel beside it, %v, is %06x", c.name, p, got)
			}
		}
	}
}

func rect(x, y, w, h int) codec.Rect { return codec.Rect{X: x, Y: y, W: w, H: h} }

// rects puts a rectangle's data into records of at most n bytes.
func rects(r codec.Rect, c wire.Codec, data []byte, n int) []appender {
	first := data[:min(n, len(data))]
	data = data[len(first):]
	out := []appender{&wire.Rect{X: r.X, Y: r.Y, Width: r.W, Height: r.H, Codec: c, Last: len(data) == 0, Data: first}}
	for len(data) > 0 {
		first = data[:min(n, len(data))]
		data = data[len(first):]
		out = append(out, &wire.RectData{Last: len(data) == 0, Data: first})
	}
	return out
}

// The same picture by every codec gives the same pixels, in records of any size.
func TestEveryCodecShowsTheSamePicture(t *testing.T) {
	const w, h = 200, 150
	d := connect(t, "", w, h)
	want := codectest.New("text", w, h, 1)
	encoder := codectest.NewEncoder(2)
	number := map[wire.Codec]int32{
		wire.CodecRGBX: encodings.Raw, wire.CodecRRE: encodings.RRE, wire.CodecCoRRE: encodings.CoRRE, wire.CodecHextile: encodings.Hextile,
		wire.CodecZlib: encodings.Zlib, wire.CodecTight: encodings.Tight, wire.CodecTRLE: encodings.TRLE, wire.CodecZRLE: encodings.ZRLE,
	}
	mark := uint64(0)
	for _, c := range []wire.Codec{
		wire.CodecRGBX, wire.CodecDeflate, wire.CodecPNG, wire.CodecRRE, wire.CodecCoRRE, wire.CodecHextile, wire.CodecZlib,
		wire.CodecTight, wire.CodecTRLE, wire.CodecZRLE,
	} {
		all := codec.Rect{W: w, H: h}
		var parts []codectest.Rect
		switch c {
		case wire.CodecDeflate:
			var b bytes.Buffer
			z := zlib.NewWriter(&b)
			_, _ = z.Write(want.Pix)
			_ = z.Close()
			parts = []codectest.Rect{{Rect: all, Payload: b.Bytes()}}
		case wire.CodecPNG:
			parts = []codectest.Rect{{Rect: all, Payload: codectest.PNG(&want, all)}}
		default:
			parts = encoder.Encode(number[c], want, all)
		}
		for _, size := range []int{60_000, 777} {
			mark++
			d.line.send(&wire.Fill{Width: w, Height: h, Color: 0xff00ff})
			for _, p := range parts {
				d.line.send(rects(p.Rect, c, p.Payload, size)...)
			}
			d.line.send(&wire.Mark{Number: mark})
			d.line.acked(mark)
			if diff := different(d.picture(), &want); diff != "" {
				t.Errorf("codec %d in records of %d bytes: %s", c, size, diff)
			}
			if c != wire.CodecRGBX && c != wire.CodecDeflate && c != wire.CodecPNG {
				// What comes next must be encoded anew: streams and palettes have gone on.
				parts = encoder.Encode(number[c], want, all)
			}
		}
	}
}

func different(got image.Image, want *codec.Target) string {
	b := got.Bounds()
	t, _ := codec.NewTarget(b.Dx(), b.Dy())
	for y := range t.Height {
		for x := range t.Width {
			c := color.NRGBAModel.Convert(got.At(x, y)).(color.NRGBA)
			copy(t.Row(x, y, 1), []byte{c.R, c.G, c.B, c.A})
		}
	}
	return codectest.Different(&t, want)
}

// jpegOf is a JPEG of one colour, with some noise below so that it has a size.
func jpegOf(w, h int, c color.Color) []byte {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.Set(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		panic(err)
	}
	return b.Bytes()
}

var (
	red   = color.RGBA{255, 0, 0, 255}
	green = color.RGBA{0, 255, 0, 255}
)

// A picture that takes its time is painted before what came after it.
func TestPicturesKeepTheirPlaceInTheOrder(t *testing.T) {
	d := connect(t, "", 640, 480)
	d.line.send(
		&wire.Rect{Width: 640, Height: 480, Codec: wire.CodecJPEG, Last: true, Data: jpegOf(640, 480, red)},
		&wire.Fill{X: 100, Y: 100, Width: 50, Height: 50, Color: 0x0000ff},
		&wire.Copy{X: 300, Y: 300, Width: 80, Height: 80, SourceX: 90, SourceY: 90},
		&wire.Rect{X: 110, Y: 110, Width: 16, Height: 16, Codec: wire.CodecJPEG, Last: true, Data: jpegOf(16, 16, green)},
		&wire.Mark{Number: 1},
	)
	d.line.acked(1)
	m := d.picture()
	wantRGB(t, m, 10, 10, 0xff0000, 6)
	wantRGB(t, m, 102, 102, 0x0000ff, 0)
	wantRGB(t, m, 302, 302, 0xff0000, 6)
	wantRGB(t, m, 315, 315, 0x0000ff, 0)
	wantRGB(t, m, 118, 118, 0x00ff00, 6)
}

// A copy onto itself moves the pixels as they were before.
func TestCopyOverItself(t *testing.T) {
	d := connect(t, "", 8, 1)
	var pix []byte
	for x := range 8 {
		pix = append(pix, byte(x), 0, 0, 0)
	}
	d.line.send(&wire.Rect{Width: 8, Height: 1, Codec: wire.CodecRGBX, Last: true, Data: pix},
		&wire.Copy{X: 1, Width: 6, Height: 1}, &wire.Mark{Number: 1})
	d.line.acked(1)
	m := d.picture()
	for x, want := range []uint32{0, 0, 1, 2, 3, 4, 5, 7} {
		if got := rgb(m, x, 0) >> 16; got != want {
			t.Errorf("pixel %d is %d, want %d", x, got, want)
		}
	}
}

// A picture within a rectangle of Tight, and RFB's own with tables of the one before.
func TestPicturesWithinRectangles(t *testing.T) {
	d := connect(t, "", 64, 32)
	j := jpegOf(32, 32, red)
	tight := append([]byte{0x90, byte(len(j)) | 0x80, byte(len(j) >> 7)}, j...)
	d.line.send(&wire.Rect{Width: 32, Height: 32, Codec: wire.CodecTight, Last: true, Data: tight},
		&wire.Rect{X: 32, Width: 32, Height: 32, Codec: wire.CodecRFBJPEG, Last: true, Data: jpegOf(32, 32, green)},
		&wire.Rect{Codec: wire.CodecTight, Last: true, Data: []byte{0x9f}}, // resets alone
		&wire.Mark{Number: 1})
	d.line.acked(1)
	m := d.picture()
	wantRGB(t, m, 5, 5, 0xff0000, 6)
	wantRGB(t, m, 40, 5, 0x00ff00, 6)
}

// Resets of a control byte whose picture came as a record of its own.
func TestTightStreamsAreReset(t *testing.T) {
	d := connect(t, "", 2, 2)
	basic := hex("00 13 78 01 00 0c 00 f3 ff ff 00 00 00 ff 00 00 00 ff ff ff ff")
	d.line.send(&wire.Rect{Width: 2, Height: 2, Codec: wire.CodecTight, Last: true, Data: basic},
		&wire.Rect{Codec: wire.CodecTight, Last: true, Data: []byte{0x91}},
		&wire.Rect{Width: 2, Height: 2, Codec: wire.CodecTight, Last: true, Data: basic}, // with the head of a new stream
		&wire.Mark{Number: 1})
	d.line.acked(1)
	wantRGB(t, d.picture(), 1, 1, 0xffffff, 0)
}

// Nothing of an update is painted before its mark, and all of it then.
func TestUpdatesAreShownWhole(t *testing.T) {
	d := connect(t, "", 64, 64)
	d.line.send(&wire.Fill{Width: 64, Height: 64, Color: 0x111111}, &wire.Mark{Number: 1})
	d.line.acked(1)
	d.line.send(&wire.Fill{Width: 64, Height: 32, Color: 0x222222}, &wire.Bell{})
	d.until(`of("bell").length == 1`)
	wantRGB(t, d.picture(), 5, 5, 0x111111, 0)
	d.line.send(&wire.Rect{Y: 32, Width: 64, Height: 32, Codec: wire.CodecJPEG, Last: true, Data: jpegOf(64, 32, red)}, &wire.Bell{})
	d.until(`of("bell").length == 2`)
	wantRGB(t, d.picture(), 5, 5, 0x111111, 0)
	d.line.send(&wire.Mark{Number: 2})
	d.line.acked(2)
	m := d.picture()
	wantRGB(t, m, 5, 5, 0x222222, 0)
	wantRGB(t, m, 5, 40, 0xff0000, 6)
}

// A desktop that grows and shrinks keeps its pixels; what is new is black.
func TestDesktopSize(t *testing.T) {
	d := connect(t, "", 20, 10)
	d.line.send(&wire.Fill{Width: 20, Height: 10, Color: 0xabcdef}, &wire.Mark{Number: 1})
	d.line.acked(1)
	d.line.send(&wire.DesktopSize{Width: 30, Height: 8}, &wire.Fill{X: 29, Width: 1, Height: 1, Color: 0x00ff00}, &wire.Mark{Number: 2})
	d.line.acked(2)
	m := d.picture()
	if got, want := m.Bounds().Size(), image.Pt(30, 8); got != want {
		t.Fatalf("the canvas has %v pixels, want %v", got, want)
	}
	wantRGB(t, m, 19, 7, 0xabcdef, 0)
	wantRGB(t, m, 25, 7, 0, 0)
	wantRGB(t, m, 29, 0, 0x00ff00, 0)
	d.until(`of("size").at(-1).width == 30 && of("size").at(-1).height == 8`)
}

// Pictures decode in browsers without WebCodecs, and pages paint where workers cannot.
func TestLesserBrowsers(t *testing.T) {
	for _, query := range []string{"bare", "onpage", "bare&onpage"} {
		t.Run(query, func(t *testing.T) {
			d := connect(t, query, 64, 64)
			var b bytes.Buffer
			m := image.NewRGBA(image.Rect(0, 0, 16, 16))
			for i := range m.Pix {
				m.Pix[i] = 255
			}
			_ = png.Encode(&b, m)
			d.line.send(&wire.Rect{Width: 64, Height: 64, Codec: wire.CodecJPEG, Last: true, Data: jpegOf(64, 64, red)},
				&wire.Fill{X: 8, Y: 8, Width: 8, Height: 8, Color: 0x0000ff},
				&wire.Rect{X: 32, Y: 32, Width: 16, Height: 16, Codec: wire.CodecPNG, Last: true, Data: b.Bytes()},
				&wire.Rect{X: 50, Y: 50, Width: 2, Height: 2, Codec: wire.CodecTight, Last: true, Data: hex("80 01 02 03")},
				&wire.Mark{Number: 1})
			d.line.acked(1)
			p := d.picture()
			wantRGB(t, p, 2, 2, 0xff0000, 6)
			wantRGB(t, p, 10, 10, 0x0000ff, 0)
			wantRGB(t, p, 40, 40, 0xffffff, 0)
			wantRGB(t, p, 51, 51, 0x010203, 0)
			d.until(`of("notice").some((n) => n.code == "display-slow")`)
		})
	}
}
