package paint

import (
	"encoding/binary"
	"unsafe"
)

const opaque = 0xff000000

// Painter holds a picture, and draws on it. The zero value is an empty picture; it
// needs a Font.
type Painter struct {
	// Background and Cursor are the terminal's colours, 0xRRGGBB.
	Background, Cursor uint32
	// Font is what cells are drawn with.
	Font *Font

	pix  []uint32
	w, h int
	from []uint32 // of a picture's row: columns and their weights
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

// Cells draws the cells x0…x1-1 of the rows y0…y1-1. cells holds all rows, each
// of cols cells; what is outside the picture is left out.
func (p *Painter) Cells(cells []byte, cols, x0, x1, y0, y1, layer int) {
	f := p.Font
	cw, ch := f.m.Width, f.m.Height
	glyphs := f.list()
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
			if n != 0 && n < len(glyphs) {
				p.glyph(&glyphs[n], row, x, y*ch)
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
	end := min(x+len(row)/CellBytes*p.Font.m.Width, p.w)
	first := p.pix[y*p.w+x : y*p.w+end]
	for rest := first; len(row) >= CellBytes && len(rest) > 0; {
		c, n := colorAt(row[4:]), 0
		for len(row) >= CellBytes && colorAt(row[4:]) == c {
			n += p.Font.m.Width
			row = row[CellBytes:]
		}
		n = min(n, len(rest))
		fill(rest[:n], c)
		rest = rest[n:]
	}
	for i := 1; i < p.Font.m.Height && y+i < p.h; i++ {
		copy(p.pix[(y+i)*p.w+x:], first)
	}
}

// someBackgrounds fills the cells of a row whose backgrounds a layer has.
func (p *Painter) someBackgrounds(row []byte, x, y, layer int) {
	plain := swap(p.Background)
	for ; len(row) >= CellBytes; row, x = row[CellBytes:], x+p.Font.m.Width {
		c := colorAt(row[4:])
		if row[3]&Solid == 0 && (layer == SolidBackgrounds || c == plain) {
			continue
		}
		end := min(x+p.Font.m.Width, p.w)
		for i := y; i < y+p.Font.m.Height && i < p.h; i++ {
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
		p.spans(p.Font.under[u], x, y, colorAt(cell[8:]))
	}
	if bits&Strike != 0 {
		p.spans(p.Font.strike, x, y, colorAt(cell))
	}
	if bits&Overline != 0 {
		p.spans(p.Font.over, x, y, colorAt(cell))
	}
	if c := bits >> CursorShift & 3; c != 0 {
		p.spans(p.Font.cursor[c], x, y, swap(p.Cursor))
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
