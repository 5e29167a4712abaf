package bitmap

import (
	"encoding/binary"

	"github.com/porthole-rac/porthole/protocol/codec"
)

// Orders of Interleaved RLE (MS-RDPBCGR §2.2.9.1.1.3.1.2.4). The first five have
// their code in the upper three bits of the header, the lite ones in the upper four.
const (
	background = iota
	foreground
	mixed // foreground/background image: one bit a pixel
	color // run of one colour
	image // pixels as they are
	dithered
	special1, special2 = 0xf9, 0xfa
	white, black       = 0xfd, 0xfe
)

// order is a header: what is to be painted, for how many pixels (pairs for dithered),
// and whether a new foreground colour comes first.
type order struct {
	kind   int
	length int
	set    bool
}

// header takes an order's header and length from the front of p; 0 bytes means that
// it is not complete or not known.
func header(p []byte) (o order, used int) {
	b := p[0]
	most := 31 // the longest run within the header
	switch {
	case b < 0xa0:
		o.kind = int(b >> 5)
	case b >= 0xc0 && b < 0xf0:
		most = 15
		switch b >> 4 {
		case 0xc:
			o.kind, o.set = foreground, true
		case 0xd:
			o.kind, o.set = mixed, true
		case 0xe:
			o.kind = dithered
		}
	case b >= 0xf0:
		switch b {
		case 0xf0, 0xf1, 0xf2, 0xf3, 0xf4:
			o.kind = int(b & 15)
		case 0xf6:
			o.kind, o.set = foreground, true
		case 0xf7:
			o.kind, o.set = mixed, true
		case 0xf8:
			o.kind = dithered
		case special1, special2:
			return order{kind: int(b), length: 8}, 1
		case white, black:
			return order{kind: int(b), length: 1}, 1
		default:
			return o, 0
		}
		if len(p) < 3 {
			return o, 0
		}
		o.length = int(binary.LittleEndian.Uint16(p[1:]))
		return o, 3
	default:
		return o, 0
	}
	n := int(b) & most
	switch {
	case n > 0 && o.kind == mixed:
		o.length, used = 8*n, 1
	case n > 0:
		o.length, used = n, 1
	case len(p) < 2:
		return o, 0
	case o.kind == mixed:
		o.length, used = int(p[1])+1, 2
	default:
		o.length, used = int(p[1])+most+1, 2
	}
	return o, used
}

// canvas is where a bitmap's pixels go: rows from the lowest up, the current one and
// the one before. Runs pass from one row into the next.
//
// Pixels are values of the target without alpha (of 8 bits: indices) from the
// beginning: turning 15, 16 and 24 bits into the target's value moves and repeats
// bits only, so that the exclusive or of the foreground runs may be taken after it.
type canvas struct {
	row, above []uint32
	x, y       int // of the next pixel; y counts from the lowest row
	height     int
	dst        codec.Target
	r          codec.Rect
	colors     *Decoder // who has the palette; nil: the pixels are colours
}

// next gives up to n pixels of the current row and those of the row before.
func (c *canvas) next(n int) (row, above []uint32) {
	end := min(c.x+n, len(c.row))
	row, above = c.row[c.x:end], c.above[c.x:end]
	return row, above[:len(row)]
}

// advance moves on by n pixels, at most to the end of the row.
func (c *canvas) advance(n int) {
	if c.x += n; c.x == len(c.row) {
		c.flush()
		c.row, c.above = c.above, c.row
		c.x = 0
		c.y++
	}
}

// flush paints a row that is complete.
func (c *canvas) flush() {
	y := c.height - 1 - c.y
	if y >= c.r.H {
		return
	}
	out := c.dst.Row(c.r.X, c.r.Y+y, c.r.W)
	row := c.row[:len(out)/4]
	if c.colors != nil {
		for x, v := range row {
			binary.LittleEndian.PutUint32(out[4*x:], c.colors.color(byte(v)))
		}
		return
	}
	for x, v := range row {
		binary.LittleEndian.PutUint32(out[4*x:], v|0xff000000)
	}
}

func (d *Decoder) interleaved(dst codec.Target, r codec.Rect, f Format, p []byte) error {
	for i := range d.rows {
		if cap(d.rows[i]) < f.Width {
			d.rows[i] = make([]uint32, f.Width)
		}
		d.rows[i] = d.rows[i][:f.Width]
	}
	if f.Width == 0 || f.Height == 0 {
		return nil
	}
	clear(d.rows[1]) // what the first row would refer to is black
	c := canvas{row: d.rows[0], above: d.rows[1], height: f.Height, dst: dst, r: r}
	if f.Depth == 8 {
		c.colors = d
	}
	return c.paint(p, f.Depth)
}

// pixel takes a pixel from the front of p, which is long enough.
func pixel(p []byte, depth int) uint32 {
	switch depth {
	case 8:
		return uint32(p[0])
	case 15:
		return codec.Pixel555(binary.LittleEndian.Uint16(p)) & 0xffffff
	case 16:
		return codec.Pixel565(binary.LittleEndian.Uint16(p)) & 0xffffff
	}
	return codec.BGRPixel(p) & 0xffffff
}

// paint executes the orders of p.
func (c *canvas) paint(p []byte, depth int) error {
	size := (depth + 7) / 8
	all := uint32(0xffffff) // white
	if depth == 8 {
		all = 0xff
	}
	fg := all
	insert := false      // the last order was a background run
	first := true        // the order begins in the first row: an order keeps to that to its end
	for c.y < c.height { // what follows the last pixel does not matter
		if len(p) == 0 {
			return codec.ErrShort
		}
		if first && c.y > 0 {
			first, insert = false, false
		}
		o, used := header(p)
		if used == 0 {
			return codec.ErrCorrupt
		}
		p = p[used:]
		if o.set {
			if len(p) < size {
				return codec.ErrShort
			}
			fg = pixel(p, depth)
			p = p[size:]
		}
		if left := (c.height-c.y)*len(c.row) - c.x; o.length > left || o.kind == dithered && 2*o.length > left {
			return codec.ErrLong
		}
		after := false
		switch o.kind {
		case background:
			n := o.length
			if insert && n > 0 {
				c.solid(1, fg, !first)
				n--
			}
			c.solid(n, 0, !first)
			after = true
		case foreground:
			c.solid(o.length, fg, !first)
		case color:
			if len(p) < size {
				return codec.ErrShort
			}
			c.solid(o.length, pixel(p, depth), false)
			p = p[size:]
		case dithered:
			if len(p) < 2*size {
				return codec.ErrShort
			}
			c.dithered(o.length, pixel(p, depth), pixel(p[size:], depth))
			p = p[2*size:]
		case mixed:
			masks := (o.length + 7) / 8
			if len(p) < masks {
				return codec.ErrShort
			}
			c.mixed(o.length, p[:masks], fg, first)
			p = p[masks:]
		case image:
			if len(p) < o.length*size {
				return codec.ErrShort
			}
			c.pixels(p[:o.length*size], depth, size)
			p = p[o.length*size:]
		case special1:
			c.mixed(8, []byte{0x03}, fg, first)
		case special2:
			c.mixed(8, []byte{0x05}, fg, first)
		case white:
			c.solid(1, all, false)
		case black:
			c.solid(1, 0, false)
		}
		insert = after
	}
	return nil
}

// solid paints n pixels in one colour, or with xor what is above, changed by it.
func (c *canvas) solid(n int, v uint32, xor bool) {
	for n > 0 {
		row, above := c.next(n)
		switch {
		case !xor:
			for i := range row {
				row[i] = v
			}
		case v == 0:
			copy(row, above)
		default:
			for i := range row {
				row[i] = above[i] ^ v
			}
		}
		n -= len(row)
		c.advance(len(row))
	}
}

// dithered paints n pairs of pixels.
func (c *canvas) dithered(n int, a, b uint32) {
	for n *= 2; n > 0; {
		row, _ := c.next(n)
		for i := range row {
			row[i] = a
			a, b = b, a
		}
		n -= len(row)
		c.advance(len(row))
	}
}

// mixed paints n pixels: what is above, changed by fg where a bit of masks is set.
func (c *canvas) mixed(n int, masks []byte, fg uint32, first bool) {
	for at := 0; at < n; {
		row, above := c.next(n - at)
		for i := range row {
			v := uint32(0)
			if masks[(at+i)/8]>>((at+i)&7)&1 != 0 {
				v = fg
			}
			if !first {
				v ^= above[i]
			}
			row[i] = v
		}
		at += len(row)
		c.advance(len(row))
	}
}

// pixels paints pixels as they are.
func (c *canvas) pixels(p []byte, depth, size int) {
	for len(p) > 0 {
		row, _ := c.next(len(p) / size)
		for i := range row {
			row[i] = pixel(p[size*i:], depth)
		}
		p = p[size*len(row):]
		c.advance(len(row))
	}
}
