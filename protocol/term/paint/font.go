package paint

import (
	"encoding/binary"
	"math"
	"sync/atomic"
)

// Font is what cells of one size are drawn with: glyphs by their numbers, and lines.
// Painters of several goroutines may share one while another adds glyphs with numbers
// that were not given yet.
type Font struct {
	m      Measures
	glyphs atomic.Pointer[[]glyph] // by number
	under  [UnderlineMask + 1][]span
	cursor [4][]span
	strike []span
	over   []span
}

// glyph is the part of one cell's glyph that is not empty.
type glyph struct {
	mask           []byte   // coverage
	color          []uint32 // of a colour glyph: pixels, alpha multiplied
	x0, x1, y0, y1 int
}

// NewFont makes a font without glyphs.
func NewFont(m Measures) *Font {
	f := &Font{m: m}
	half, w, h := m.Thick/2, float32(m.Width), float32(m.Height)
	near := func(y, at float32) bool { return abs(y-at) <= half }
	mod := func(x, y float32) float32 { return x - y*float32(math.Floor(float64(x/y))) }
	under := func(style int, in func(x, y float32) bool) { f.under[style] = m.spans(in) }
	under(1, func(_, y float32) bool { return near(y, m.Underline) })
	under(2, func(_, y float32) bool { return near(y, m.Underline-m.Thick) || near(y, m.Underline+m.Thick) })
	under(3, func(x, y float32) bool {
		return near(y, m.Underline+float32(math.Sin(float64(x/w*6.2831853)))*m.Thick)
	})
	under(4, func(x, y float32) bool { return near(y, m.Underline) && mod(x, 2*m.Thick) < m.Thick })
	under(5, func(x, y float32) bool { return near(y, m.Underline) && mod(x, w/2) < w/3 })
	f.strike = m.spans(func(_, y float32) bool { return near(y, m.Strike) })
	f.over = m.spans(func(_, y float32) bool { return y <= m.Thick })
	bar := max(m.Thick*1.5, 2)
	f.cursor[CursorBar] = m.spans(func(x, _ float32) bool { return x < bar })
	f.cursor[CursorUnderline] = m.spans(func(_, y float32) bool { return y > h-bar })
	f.cursor[CursorHollow] = m.spans(func(x, y float32) bool {
		return x < m.Thick || y < m.Thick || x > w-m.Thick || y > h-m.Thick
	})
	return f
}

func abs(v float32) float32 { return max(v, -v) }

// Measures gives the cells' measures.
func (f *Font) Measures() Measures { return f.m }

// list gives the glyphs there are now.
func (f *Font) list() []glyph {
	if l := f.glyphs.Load(); l != nil {
		return *l
	}
	return nil
}

// SetGlyph gives a glyph the numbers n…n+cells-1, one for each cell. pix are its
// pixels, R, G, B, A with alpha multiplied; only a colour glyph's are looked at
// for more than alpha. It gives the bytes that the glyph takes.
func (f *Font) SetGlyph(n, cells int, pix []byte, color bool) (size int) {
	// Painters that draw meanwhile have the list as it was.
	list := f.list()
	for len(list) < n+cells {
		list = append(list, glyph{})
	}
	for i := range cells {
		g := f.cut(pix, i*f.m.Width, cells*f.m.Width, color)
		list[n+i] = g
		size += len(g.mask) + 4*len(g.color) + glyphBytes
	}
	f.glyphs.Store(&list)
	return size
}

// glyphBytes is what a glyph takes besides its pixels.
const glyphBytes = 80

// cut takes the cell at column left from a glyph stride pixels wide.
func (f *Font) cut(pix []byte, left, stride int, color bool) glyph {
	g := glyph{x0: f.m.Width, y0: f.m.Height}
	at := func(x, y int) []byte { return pix[4*(y*stride+left+x):] }
	for y := range f.m.Height {
		for x := range f.m.Width {
			if at(x, y)[3] != 0 {
				g.x0, g.x1 = min(g.x0, x), max(g.x1, x+1)
				g.y0, g.y1 = min(g.y0, y), y+1
			}
		}
	}
	if g.x1 == 0 {
		return glyph{}
	}
	n := (g.x1 - g.x0) * (g.y1 - g.y0)
	if color {
		g.color = make([]uint32, 0, n)
	} else {
		g.mask = make([]byte, 0, n)
	}
	for y := g.y0; y < g.y1; y++ {
		for x := g.x0; x < g.x1; x++ {
			if color {
				g.color = append(g.color, binary.LittleEndian.Uint32(at(x, y)))
			} else {
				g.mask = append(g.mask, at(x, y)[3])
			}
		}
	}
	return g
}
