package paint

import (
	"encoding/binary"
	"math"
	"unsafe"
)

const opaque = 0xff000000

// Painter holds a picture and what cells are drawn with. The zero value is an
// empty picture without glyphs.
type Painter struct {
	// Background and Cursor are the terminal's colours, 0xRRGGBB.
	Background, Cursor uint32

	pix    []uint32
	w, h   int
	m      Measures
	glyphs []glyph // by number
	under  [UnderlineMask + 1][]span
	cursor [4][]span
	strike []span
	over   []span
	from   []uint32 // of a picture's row: columns and their weights
}

// glyph is the part of one cell's glyph that is not empty.
type glyph struct {
	mask           []byte   // coverage
	color          []uint32 // of a colour glyph: pixels, alpha multiplied
	x0, x1, y0, y1 int
}

// Pixels gives the picture as it is now, four bytes each; it shares its memory.
func (p *Painter) Pixels() []byte {
	if len(p.pix) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&p.pix[0])), 4*len(p.pix))
}

// Size gives the picture's size.
func (p *Painter) Size() (w, h int) { return p.w, p.h }

// Resize makes a picture of another size; what it shows is lost.
func (p *Painter) Resize(w, h int) {
	p.w, p.h = w, h
	if cap(p.pix) < w*h {
		p.pix = make([]uint32, w*h)
	}
	p.pix = p.pix[:w*h]
}

// Clear fills the picture with the background.
func (p *Painter) Clear() {
	if len(p.pix) > 0 {
		fill(p.pix, swap(p.Background))
	}
}

// SetFont sets the cells' measures and forgets all glyphs.
func (p *Painter) SetFont(m Measures) {
	p.m, p.glyphs = m, nil
	half, w, h := m.Thick/2, float32(m.Width), float32(m.Height)
	near := func(y, at float32) bool { return abs(y-at) <= half }
	mod := func(x, y float32) float32 { return x - y*float32(math.Floor(float64(x/y))) }
	under := func(style int, in func(x, y float32) bool) { p.under[style] = m.spans(in) }
	under(1, func(_, y float32) bool { return near(y, m.Underline) })
	under(2, func(_, y float32) bool { return near(y, m.Underline-m.Thick) || near(y, m.Underline+m.Thick) })
	under(3, func(x, y float32) bool {
		return near(y, m.Underline+float32(math.Sin(float64(x/w*6.2831853)))*m.Thick)
	})
	under(4, func(x, y float32) bool { return near(y, m.Underline) && mod(x, 2*m.Thick) < m.Thick })
	under(5, func(x, y float32) bool { return near(y, m.Underline) && mod(x, w/2) < w/3 })
	p.strike = m.spans(func(_, y float32) bool { return near(y, m.Strike) })
	p.over = m.spans(func(_, y float32) bool { return y <= m.Thick })
	bar := max(m.Thick*1.5, 2)
	p.cursor[CursorBar] = m.spans(func(x, _ float32) bool { return x < bar })
	p.cursor[CursorUnderline] = m.spans(func(_, y float32) bool { return y > h-bar })
	p.cursor[CursorHollow] = m.spans(func(x, y float32) bool {
		return x < m.Thick || y < m.Thick || x > w-m.Thick || y > h-m.Thick
	})
}

func abs(v float32) float32 { return max(v, -v) }

// SetGlyph gives a glyph the numbers n…n+cells-1, one for each cell. pix are its
// pixels, R, G, B, A with alpha multiplied; only a colour glyph's are looked at
// for more than alpha.
func (p *Painter) SetGlyph(n, cells int, pix []byte, color bool) {
	for len(p.glyphs) < n+cells {
		p.glyphs = append(p.glyphs, glyph{})
	}
	for i := range cells {
		p.glyphs[n+i] = p.cut(pix, i*p.m.Width, cells*p.m.Width, color)
	}
}

// cut takes the cell at column left from a glyph stride pixels wide.
func (p *Painter) cut(pix []byte, left, stride int, color bool) glyph {
	g := glyph{x0: p.m.Width, y0: p.m.Height}
	at := func(x, y int) []byte { return pix[4*(y*stride+left+x):] }
	for y := range p.m.Height {
		for x := range p.m.Width {
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

// Cells draws the cells x0…x1-1 of the rows y0…y1-1. cells holds all rows, each
// of cols cells; what is outside the picture is left out.
func (p *Painter) Cells(cells []byte, cols, x0, x1, y0, y1, layer int) {
	cw, ch := p.m.Width, p.m.Height
	x1 = min(x1, (p.w+cw-1)/cw)
	y1 = min(y1, (p.h+ch-1)/ch)
	for y := y0; y < y1; y++ {
		if x0 >= x1 {
			return
		}
		row := cells[(y*cols+x0)*CellBytes : (y*cols+x1)*CellBytes]
		if layer == AllBackgrounds {
			p.backgrounds(row, x0*cw, y*ch)
		} else {
			p.someBackgrounds(row, x0*cw, y*ch, layer)
		}
		x := x0 * cw
		for ; len(row) >= CellBytes; row, x = row[CellBytes:], x+cw {
			n := int(row[3]&^Solid)<<8 | int(row[7])
			if n != 0 && n < len(p.glyphs) {
				p.glyph(&p.glyphs[n], row, x, y*ch)
			}
			if bits := row[11]; bits&^ColorGlyph != 0 {
				p.lines(row, bits, x, y*ch)
			}
		}
	}
}

// backgrounds fills a row of cells: one row of pixels by runs, and the others are
// copies of it.
func (p *Painter) backgrounds(row []byte, x, y int) {
	end := min(x+len(row)/CellBytes*p.m.Width, p.w)
	first := p.pix[y*p.w+x : y*p.w+end]
	for rest := first; len(row) >= CellBytes && len(rest) > 0; {
		c, n := colorAt(row[4:]), 0
		for len(row) >= CellBytes && colorAt(row[4:]) == c {
			n += p.m.Width
			row = row[CellBytes:]
		}
		n = min(n, len(rest))
		fill(rest[:n], c)
		rest = rest[n:]
	}
	for i := 1; i < p.m.Height && y+i < p.h; i++ {
		copy(p.pix[(y+i)*p.w+x:], first)
	}
}

// someBackgrounds fills the cells of a row whose backgrounds a layer has.
func (p *Painter) someBackgrounds(row []byte, x, y, layer int) {
	plain := swap(p.Background)
	for ; len(row) >= CellBytes; row, x = row[CellBytes:], x+p.m.Width {
		c := colorAt(row[4:])
		if row[3]&Solid == 0 && (layer == SolidBackgrounds || c == plain) {
			continue
		}
		end := min(x+p.m.Width, p.w)
		for i := y; i < y+p.m.Height && i < p.h; i++ {
			fill(p.pix[i*p.w+x:i*p.w+end], c)
		}
	}
}

// glyph draws a cell's glyph.
func (p *Painter) glyph(g *glyph, cell []byte, x, y int) {
	width := g.x1 - g.x0
	use := min(width, p.w-x-g.x0)
	if use <= 0 {
		return
	}
	rows := min(g.y1, p.h-y) - g.y0
	at := (y+g.y0)*p.w + x + g.x0
	if cell[11]&ColorGlyph != 0 {
		for i := 0; i < rows && len(g.color) > 0; i++ {
			over(p.pix[at+i*p.w:], g.color[i*width:i*width+use])
		}
		return
	}
	if len(g.mask) == 0 {
		return
	}
	fg := colorAt(cell)
	for i := range rows {
		cover(p.pix[at+i*p.w:], g.mask[i*width:i*width+use], fg)
	}
}

// cover puts a colour on pixels as far as a mask covers them.
func cover(dst []uint32, mask []byte, c uint32) {
	dst = dst[:len(mask)]
	rb, g := c&0xff00ff, c>>8&0xff
	for i, m := range mask {
		if m == 0 {
			continue
		}
		if m == 255 {
			dst[i] = c
			continue
		}
		// Two channels at once; the division by 255 is exact.
		d, a := dst[i], uint32(m)
		drb := (d&0xff00ff)*(255-a) + rb*a + 0x800080
		dg := (d>>8&0xff)*(255-a) + g*a + 0x80
		drb = (drb + drb>>8&0xff00ff) >> 8 & 0xff00ff
		dg = (dg + dg>>8) >> 8
		dst[i] = opaque | drb | dg<<8
	}
}

// over puts pixels with multiplied alpha on others.
func over(dst, src []uint32) {
	dst = dst[:len(src)]
	for i, s := range src {
		switch a := 255 - s>>24; a {
		case 0:
			dst[i] = s
		case 255:
		default:
			d := dst[i]
			rb := (d&0xff00ff)*a + 0x800080
			g := (d>>8&0xff)*a + 0x80
			rb = (rb + rb>>8&0xff00ff) >> 8 & 0xff00ff
			g = (g + g>>8) >> 8
			dst[i] = opaque | (rb + s&0xff00ff) | (g+s>>8&0xff)<<8
		}
	}
}

// lines draws what a cell's bits ask for, and the cursor above it.
func (p *Painter) lines(cell []byte, bits byte, x, y int) {
	if u := bits & UnderlineMask; u != 0 {
		p.spans(p.under[u], x, y, colorAt(cell[8:]))
	}
	if bits&Strike != 0 {
		p.spans(p.strike, x, y, colorAt(cell))
	}
	if bits&Overline != 0 {
		p.spans(p.over, x, y, colorAt(cell))
	}
	if c := bits >> CursorShift & 3; c != 0 {
		p.spans(p.cursor[c], x, y, swap(p.Cursor))
	}
}

func (p *Painter) spans(list []span, x, y int, c uint32) {
	for _, s := range list {
		end := min(x+s.x1, p.w)
		if y+s.y < p.h && x+s.x0 < end {
			fill(p.pix[(y+s.y)*p.w+x+s.x0:(y+s.y)*p.w+end], c)
		}
	}
}

// colorAt gives the pixel of a colour in a cell.
func colorAt(b []byte) uint32 { return binary.LittleEndian.Uint32(b) | opaque }

// swap gives the pixel of a colour 0xRRGGBB.
func swap(c uint32) uint32 { return opaque | c&0xff<<16 | c&0xff00 | c>>16&0xff }

// fill makes all pixels one colour. Long stretches are copied, which is quicker.
func fill(dst []uint32, c uint32) {
	const least = 64
	n := min(len(dst), least)
	for i := range dst[:n] {
		dst[i] = c
	}
	for n < len(dst) {
		n += copy(dst[n:], dst[:n])
	}
}
