package paint

import (
	"math"
	"unsafe"
)

// Picture is a picture's pixels, four bytes each, with alpha multiplied.
type Picture struct {
	Width, Height int
	pix           []uint32
}

// NewPicture makes an empty picture.
func NewPicture(w, h int) *Picture { return &Picture{w, h, make([]uint32, w*h)} }

// SetRows writes the rows from y on.
func (p *Picture) SetRows(y int, pix []byte) {
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&p.pix[0])), 4*len(p.pix))[4*y*p.Width:], pix)
}

// Rect is a piece of a plane, pixels.
type Rect struct{ X0, Y0, X1, Y1 float32 }

// Draw draws the piece from of a picture at to. smooth mixes neighbouring pixels,
// as is right where the sizes differ.
func (p *Painter) Draw(m *Picture, to, from Rect, smooth bool) {
	// Those pixels are drawn whose middles are inside.
	edge := func(v float32, most int) int { return min(max(int(math.Ceil(float64(v)-.5)), 0), most) }
	x0, x1, y0, y1 := edge(to.X0, p.w), edge(to.X1, p.w), edge(to.Y0, p.h), edge(to.Y1, p.h)
	if x0 >= x1 || y0 >= y1 {
		return
	}
	if cap(p.from) < 3*p.w {
		p.from = make([]uint32, 3*p.w)
	}
	columns, weights, line := p.from[:p.w], p.from[p.w:2*p.w], p.from[2*p.w:3*p.w]
	scale := (from.X1 - from.X0) / (to.X1 - to.X0)
	for x := x0; x < x1; x++ {
		columns[x], weights[x] = position(from.X0+(float32(x)+.5-to.X0)*scale, m.Width, smooth)
	}
	scale = (from.Y1 - from.Y0) / (to.Y1 - to.Y0)
	for y := y0; y < y1; y++ {
		row, weight := position(from.Y0+(float32(y)+.5-to.Y0)*scale, m.Height, smooth)
		a := m.pix[int(row)*m.Width:][:m.Width]
		b := m.pix[min(int(row)+1, m.Height-1)*m.Width:][:m.Width]
		for x := x0; x < x1; x++ {
			c := columns[x]
			if !smooth {
				line[x] = a[c]
				continue
			}
			d := min(c+1, uint32(m.Width-1))
			line[x] = between(between(a[c], a[d], weights[x]), between(b[c], b[d], weights[x]), weight)
		}
		over(p.pix[y*p.w+x0:], line[x0:x1])
	}
}

// position gives the pixel at a place, and of the one behind it the weight, 0 to
// 256. Beyond the edges the pixels there go on.
func position(v float32, size int, smooth bool) (at, weight uint32) {
	if !smooth {
		return uint32(min(max(int(math.Floor(float64(v))), 0), size-1)), 0
	}
	v = min(max(v-.5, 0), float32(size-1))
	at = uint32(v)
	return at, uint32((v-float32(at))*256 + .5)
}

// between mixes two pixels: weight 256 is all of b.
func between(a, b, weight uint32) uint32 {
	if weight == 0 || a == b {
		return a
	}
	low := ((a&0xff00ff)*(256-weight) + (b&0xff00ff)*weight + 0x800080) >> 8 & 0xff00ff
	high := (a>>8&0xff00ff)*(256-weight) + (b>>8&0xff00ff)*weight + 0x800080
	return low | high&0xff00ff00
}
