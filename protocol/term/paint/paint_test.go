package paint_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/porthole-rac/porthole/protocol/term/paint"
)

const (
	black = 0x000000
	white = 0xffffff
	red   = 0xff0000
	green = 0x00ff00
	blue  = 0x0000ff
)

// small are cells of 6×8 pixels: the underline is row 6, the strike-through row 3.
var small = paint.Measures{Width: 6, Height: 8, Underline: 6.5, Strike: 3.5, Thick: 1}

// cell is one cell as the row builder writes it.
type cell struct {
	fg, bg, line uint32
	glyph        int
	bits         byte
	solid        bool
}

func encode(cells ...cell) []byte {
	var b []byte
	for _, c := range cells {
		high := byte(c.glyph >> 8)
		if c.solid {
			high |= paint.Solid
		}
		for _, t := range []struct {
			rgb uint32
			a   byte
		}{{c.fg, high}, {c.bg, byte(c.glyph)}, {c.line, c.bits}} {
			b = append(b, byte(t.rgb>>16), byte(t.rgb>>8), byte(t.rgb), t.a)
		}
	}
	return b
}

// pixel gives a pixel as 0xRRGGBB, and fails where it is not opaque.
func pixel(t *testing.T, p *paint.Painter, x, y int) uint32 {
	t.Helper()
	w, _ := p.Size()
	v := binary.BigEndian.Uint32(p.Pixels()[4*(y*w+x):])
	if v&0xff != 0xff {
		t.Errorf("pixel %d,%d is not opaque: %08x", x, y, v)
	}
	return v >> 8
}

// drawing gives a picture's pixels as signs, one line for each row.
func drawing(t *testing.T, p *paint.Painter, signs map[uint32]byte) string {
	t.Helper()
	w, h := p.Size()
	s := "\n"
	for y := range h {
		for x := range w {
			c, ok := signs[pixel(t, p, x, y)]
			if !ok {
				t.Fatalf("pixel %d,%d is %06x", x, y, pixel(t, p, x, y))
			}
			s += string(c)
		}
		s += "\n"
	}
	return s
}

// newPainter is a painter for a picture of whole cells of black.
func newPainter(cols, rows int) *paint.Painter {
	p := &paint.Painter{Background: black, Cursor: blue}
	p.Font = paint.NewFont(small)
	p.Resize(cols*small.Width, rows*small.Height)
	p.Clear()
	return p
}

// full is a glyph of n cells that covers every pixel by alpha.
func full(n int, r, g, b, a byte) []byte {
	var pix []byte
	for range n * small.Width * small.Height {
		pix = append(pix, r, g, b, a)
	}
	return pix
}

func TestLinesAndCursors(t *testing.T) {
	for _, c := range []struct {
		name string
		cell cell
		want string
	}{
		{"nothing", cell{}, "\n......\n......\n......\n......\n......\n......\n......\n......\n"},
		{"underline", cell{bits: 1}, "\n......\n......\n......\n......\n......\n......\nllllll\n......\n"},
		{"double", cell{bits: 2}, "\n......\n......\n......\n......\n......\nllllll\n......\nllllll\n"},
		{"curly", cell{bits: 3}, "\n......\n......\n......\n......\n......\n...lll\nl.ll.l\nlll...\n"},
		{"dotted", cell{bits: 4}, "\n......\n......\n......\n......\n......\n......\nl.l.l.\n......\n"},
		{"dashed", cell{bits: 5}, "\n......\n......\n......\n......\n......\n......\nll.ll.\n......\n"},
		{"strike", cell{bits: paint.Strike}, "\n......\n......\n......\nffffff\n......\n......\n......\n......\n"},
		{"overline", cell{bits: paint.Overline}, "\nffffff\n......\n......\n......\n......\n......\n......\n......\n"},
		{"all lines", cell{bits: 1 | paint.Strike | paint.Overline}, "\nffffff\n......\n......\nffffff\n......\n......\nllllll\n......\n"},
		{"bar", cell{bits: 1 | paint.CursorBar<<paint.CursorShift}, "\ncc....\ncc....\ncc....\ncc....\ncc....\ncc....\nccllll\ncc....\n"},
		{"underline cursor", cell{bits: paint.CursorUnderline << paint.CursorShift}, "\n......\n......\n......\n......\n......\n......\ncccccc\ncccccc\n"},
		{"hollow", cell{bits: paint.CursorHollow << paint.CursorShift}, "\ncccccc\nc....c\nc....c\nc....c\nc....c\nc....c\nc....c\ncccccc\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPainter(1, 1)
			c.cell.fg, c.cell.line, c.cell.bg = red, green, white
			p.Cells(encode(c.cell), 1, 0, 1, 0, 1, paint.AllBackgrounds)
			got := drawing(t, p, map[uint32]byte{white: '.', red: 'f', green: 'l', blue: 'c'})
			if got != c.want {
				t.Errorf("got %s want %s", got, c.want)
			}
		})
	}
}

// TestGlyphs: coverage mixes text colour and background, each channel rounded.
func TestGlyphs(t *testing.T) {
	for _, c := range []struct {
		alpha        byte
		fg, bg, want uint32
	}{
		{255, 0x123456, white, 0x123456},
		{0, 0x123456, 0x654321, 0x654321},
		{128, white, black, 0x808080},
		{128, black, white, 0x7f7f7f},
		{64, 0xff8040, 0x2060a0, 0x586888},
		{1, white, black, 0x010101},
		{254, white, black, 0xfefefe},
	} {
		p := newPainter(1, 1)
		p.Font.SetGlyph(300, 1, full(1, c.alpha, c.alpha, c.alpha, c.alpha), false)
		p.Cells(encode(cell{glyph: 300, fg: c.fg, bg: c.bg}), 1, 0, 1, 0, 1, paint.AllBackgrounds)
		if got := pixel(t, p, 3, 3); got != c.want {
			t.Errorf("%06x on %06x at %d: %06x, want %06x", c.fg, c.bg, c.alpha, got, c.want)
		}
	}
}

// TestEveryBlend compares the integer blending with the exact result.
func TestEveryBlend(t *testing.T) {
	p := newPainter(1, 1)
	for a := range 256 {
		p.Font.SetGlyph(1, 1, full(1, 0, 0, 0, byte(a)), false)
		for _, c := range [][2]uint32{{0xff00ff, 0x00ff00}, {0x13579b, 0xfdb975}, {0x804020, 0x102040}} {
			p.Cells(encode(cell{glyph: 1, fg: c[0], bg: c[1]}), 1, 0, 1, 0, 1, paint.AllBackgrounds)
			got := pixel(t, p, 0, 0)
			for shift := 0; shift < 24; shift += 8 {
				fg, bg := int(c[0]>>shift&255), int(c[1]>>shift&255)
				if want := (fg*a + bg*(255-a) + 127) / 255; int(got>>shift&255) != want {
					t.Fatalf("%06x on %06x at %d: %06x, channel %d is to be %02x", c[0], c[1], a, got, shift/8, want)
				}
			}
		}
	}
}

// TestColorGlyph: its own colours show, and the text's does not.
func TestColorGlyph(t *testing.T) {
	p := newPainter(1, 1)
	p.Font.SetGlyph(1, 1, full(1, 128, 64, 0, 128), true)
	p.Cells(encode(cell{glyph: 1, fg: green, bg: blue, bits: paint.ColorGlyph}), 1, 0, 1, 0, 1, paint.AllBackgrounds)
	if got := pixel(t, p, 2, 2); got != 0x80407f {
		t.Errorf("half of it on blue is %06x", got)
	}
}

// TestWideGlyph: each cell shows its own part, in colours of its own.
func TestWideGlyph(t *testing.T) {
	p := newPainter(3, 1)
	pix := full(2, 0, 0, 0, 0)
	at := func(x, y int) int { return 4*(y*2*small.Width+x) + 3 }
	for x := 4; x < 9; x++ {
		pix[at(x, 2)] = 255
	}
	p.Font.SetGlyph(7, 2, pix, false)
	p.Cells(encode(cell{glyph: 7, fg: red}, cell{glyph: 8, fg: green}, cell{glyph: 8, fg: blue}), 3, 0, 3, 0, 1, paint.AllBackgrounds)
	want := "\n..................\n..................\n....rrggg...bbb...\n"
	got := drawing(t, p, map[uint32]byte{black: '.', red: 'r', green: 'g', blue: 'b'})
	if got[:len(want)] != want {
		t.Errorf("got %s want %s", got, want)
	}
}

// TestPartsOfAGrid: only the cells asked for are drawn.
func TestPartsOfAGrid(t *testing.T) {
	p := newPainter(3, 3)
	var cells []cell
	for range 9 {
		cells = append(cells, cell{bg: red})
	}
	p.Cells(encode(cells...), 3, 1, 2, 1, 3, paint.AllBackgrounds)
	for y := range 3 {
		for x := range 3 {
			want := uint32(black)
			if x == 1 && y >= 1 {
				want = red
			}
			for _, d := range [][2]int{{0, 0}, {5, 0}, {0, 7}, {5, 7}} {
				if got := pixel(t, p, 6*x+d[0], 8*y+d[1]); got != want {
					t.Errorf("cell %d,%d at %v is %06x", x, y, d, got)
				}
			}
		}
	}
}

// TestGridLargerThanPicture: what is outside is left out, as while a window gets
// smaller.
func TestGridLargerThanPicture(t *testing.T) {
	for _, size := range [][2]int{{9, 12}, {1, 1}, {12, 8}, {5, 16}, {0, 0}} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			p := newPainter(1, 1)
			p.Resize(size[0], size[1])
			p.Clear()
			p.Font.SetGlyph(1, 1, full(1, 9, 9, 9, 255), false)
			p.Font.SetGlyph(2, 1, full(1, 9, 9, 9, 255), true)
			var cells []cell
			for range 4 {
				cells = append(cells, cell{glyph: 1, fg: red, bg: green, line: red, bits: 1 | paint.Strike | paint.CursorHollow<<paint.CursorShift},
					cell{glyph: 2, fg: red, bg: green, bits: paint.ColorGlyph, solid: true})
			}
			for layer := range 3 {
				p.Cells(encode(cells...), 4, 0, 4, 0, 2, layer)
			}
			p.Draw(paint.NewPicture(3, 3), paint.Rect{X0: -5, Y0: -5, X1: 50, Y1: 50}, paint.Rect{X1: 3, Y1: 3}, true)
			if size[0] > 0 && pixel(t, p, 0, size[1]-1) == black {
				t.Error("the part inside is not drawn")
			}
		})
	}
}

// TestLayers: above pictures only some backgrounds are drawn, and text always.
func TestLayers(t *testing.T) {
	cells := encode(cell{bg: black}, cell{bg: red}, cell{bg: black, solid: true}, cell{bg: black, glyph: 1, fg: green})
	for _, c := range []struct {
		layer int
		want  [4]uint32
	}{
		{paint.AllBackgrounds, [4]uint32{black, red, black, green}},
		{paint.ColoredBackgrounds, [4]uint32{white, red, black, green}},
		{paint.SolidBackgrounds, [4]uint32{white, white, black, green}},
	} {
		p := newPainter(4, 1)
		p.Font.SetGlyph(1, 1, full(1, 0, 0, 0, 255), false)
		p.Background = white
		p.Clear() // stands for a picture
		p.Background = black
		p.Cells(cells, 4, 0, 4, 0, 1, c.layer)
		for i, want := range c.want {
			if got := pixel(t, p, 6*i+3, 4); got != want {
				t.Errorf("layer %d, cell %d is %06x, want %06x", c.layer, i, got, want)
			}
		}
	}
}

// TestNewFontForgets: glyphs of another size are not drawn.
func TestNewFontForgets(t *testing.T) {
	p := newPainter(1, 1)
	p.Font.SetGlyph(1, 1, full(1, 0, 0, 0, 255), false)
	p.Font = paint.NewFont(small)
	p.Cells(encode(cell{glyph: 1, fg: red, bg: white}), 1, 0, 1, 0, 1, paint.AllBackgrounds)
	if got := pixel(t, p, 3, 3); got != white {
		t.Errorf("a glyph of the old font shows: %06x", got)
	}
}

func TestPictures(t *testing.T) {
	m := paint.NewPicture(2, 2)
	m.SetRows(0, []byte{255, 0, 0, 255, 0, 255, 0, 255}) // red, green
	m.SetRows(1, []byte{0, 0, 255, 255, 0, 0, 0, 0})     // blue, nothing
	whole := paint.Rect{X1: 2, Y1: 2}
	signs := map[uint32]byte{white: '.', red: 'r', green: 'g', blue: 'b'}
	for _, c := range []struct {
		name     string
		to, from paint.Rect
		want     string
	}{
		{"as it is", paint.Rect{X0: 1, Y0: 1, X1: 3, Y1: 3}, whole, "\n......\n.rg...\n.b....\n......\n"},
		{"larger", paint.Rect{X1: 4, Y1: 4}, whole, "\nrrgg..\nrrgg..\nbb....\nbb....\n"},
		{"a part", paint.Rect{X0: 2, Y0: 0, X1: 3, Y1: 2}, paint.Rect{X0: 0, Y0: 0, X1: 1, Y1: 2}, "\n..r...\n..b...\n......\n......\n"},
		{"middles decide", paint.Rect{X0: .6, Y0: .4, X1: 2.6, Y1: 2.4}, whole, "\n.rg...\n.b....\n......\n......\n"},
		{"partly outside", paint.Rect{X0: -2, Y0: -2, X1: 2, Y1: 2}, whole, "\n......\n......\n......\n......\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &paint.Painter{Background: white}
			p.Resize(6, 4)
			p.Clear()
			p.Draw(m, c.to, c.from, false)
			if got := drawing(t, p, signs); got != c.want {
				t.Errorf("got %s want %s", got, c.want)
			}
		})
	}
}

// TestSmoothPicture: between two pixels it goes evenly, and the edges are full.
func TestSmoothPicture(t *testing.T) {
	m := paint.NewPicture(2, 1)
	m.SetRows(0, []byte{0, 0, 0, 255, 255, 255, 255, 255})
	p := &paint.Painter{Background: red}
	p.Resize(8, 2)
	p.Clear()
	p.Draw(m, paint.Rect{X1: 8, Y1: 2}, paint.Rect{X1: 2, Y1: 1}, true)
	for x, want := range []int{0, 0, 32, 96, 159, 223, 255, 255} {
		got := int(pixel(t, p, x, 1) & 255)
		if got < want-1 || got > want+1 {
			t.Errorf("column %d is %d, want %d", x, got, want)
		}
	}
}

// TestNoGarbage: a frame allocates nothing.
func TestNoGarbage(t *testing.T) {
	p, cells := screenful()
	m := paint.NewPicture(30, 30)
	frame := func() {
		p.Cells(cells, cols, 0, cols, 0, rows, paint.AllBackgrounds)
		p.Draw(m, paint.Rect{X1: 100, Y1: 100}, paint.Rect{X1: 30, Y1: 30}, true)
		p.Cells(cells, cols, 0, cols, 0, rows, paint.ColoredBackgrounds)
	}
	frame()
	if n := testing.AllocsPerRun(10, frame); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

const cols, rows = 120, 40

// screenful is a screen of text as programs show it: every seventh cell blank, a
// tenth of the pixels of a glyph covered in part.
func screenful() (*paint.Painter, []byte) {
	m := paint.Measures{Width: 9, Height: 18, Underline: 16, Strike: 9, Thick: 1}
	p := &paint.Painter{}
	p.Font = paint.NewFont(m)
	p.Resize(cols*m.Width, rows*m.Height)
	for n := 1; n < 95; n++ {
		pix := make([]byte, 4*m.Width*m.Height)
		for y := 4; y < 14; y++ {
			for x := 1; x < 8; x++ {
				switch (x*7 + y*3 + n) % 9 {
				case 0, 1:
					pix[4*(y*m.Width+x)+3] = 255
				case 2, 3:
					pix[4*(y*m.Width+x)+3] = byte(60 + 10*x)
				}
			}
		}
		p.Font.SetGlyph(n, 1, pix, false)
	}
	var cells []cell
	for i := range cols * rows {
		c := cell{fg: 0xd0d0d0, bg: 0x101418, glyph: 1 + i%94}
		if i%7 == 0 {
			c.glyph = 0
		}
		if i/20%9 == 0 {
			c.bg, c.bits = 0x204060, 1
		}
		cells = append(cells, c)
	}
	return p, encode(cells...)
}

func BenchmarkScreen(b *testing.B) {
	p, cells := screenful()
	for b.Loop() {
		p.Cells(cells, cols, 0, cols, 0, rows, paint.AllBackgrounds)
	}
}
