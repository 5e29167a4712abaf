package clear

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/porthole-rac/porthole/protocol/codec"
)

// Bounds of the caches (§3.3.1.10, §3.3.1.12).
const (
	maxColumns  = 32768
	maxShorts   = 16384
	maxHeight   = 52 // of a band, in pixels
	pageColumns = 256
)

// column is a column of pixels, the highest first.
type column struct {
	pixels [maxHeight]uint32
	n      uint8
}

// columns is a cache of columns, in which the oldest is replaced. Memory is taken by
// pages, as the cursor gets there.
type columns struct {
	pages  [maxColumns / pageColumns]*[pageColumns]column
	cursor int
}

// next is the place of the next column, which replaces what is there.
func (c *columns) next(size int) *column {
	page := &c.pages[c.cursor/pageColumns]
	if *page == nil {
		*page = new([pageColumns]column)
	}
	v := &(*page)[c.cursor%pageColumns]
	c.cursor = (c.cursor + 1) % size
	return v
}

// at is a column of the cache; nil if it was never there.
func (c *columns) at(i int) *column {
	if page := c.pages[i/pageColumns]; page != nil {
		return &page[i%pageColumns]
	}
	return nil
}

// bands paints bands of columns (§2.2.4.1.1.2).
func (d *Decoder) bands(dst codec.Target, r codec.Rect, in *reader) error {
	for len(in.p) > 0 {
		left, right, top, bottom := in.uint16(), in.uint16(), in.uint16(), in.uint16()
		background := in.pixel()
		height := bottom - top + 1
		if in.short {
			return codec.ErrShort
		}
		if left > right || top > bottom || right >= r.W || bottom >= r.H || height > maxHeight {
			return fmt.Errorf("band %d-%d, %d-%d: %w", left, right, top, bottom, codec.ErrBounds)
		}
		for x := left; x <= right; x++ {
			c, err := d.column(in, height, background)
			if err != nil {
				return err
			}
			at := (r.Y+top)*dst.Stride + 4*(r.X+x)
			for _, v := range c.pixels[:height] {
				binary.LittleEndian.PutUint32(dst.Pix[at:], v)
				at += dst.Stride
			}
		}
	}
	return nil
}

// column takes a column from the payload or from the cache (§2.2.4.1.1.2.1.1).
func (d *Decoder) column(in *reader, height int, background uint32) (*column, error) {
	head := in.uint16()
	if in.short {
		return nil, codec.ErrShort
	}
	if head&0x8000 != 0 {
		c := d.columns.at(head & 0x7fff)
		if c == nil || int(c.n) != height {
			return nil, fmt.Errorf("column %d is not there: %w", head&0x7fff, codec.ErrCorrupt)
		}
		return c, nil
	}
	var short *column
	var from int
	if head&0x4000 != 0 {
		if short = d.shorts.at(head & 0x3fff); short == nil {
			return nil, fmt.Errorf("short column %d is not there: %w", head&0x3fff, codec.ErrCorrupt)
		}
		if from = int(in.byte()); in.short {
			return nil, codec.ErrShort
		}
	} else {
		from = head & 0xff
		n := head>>8 - from
		if n < 0 || from+n > height {
			return nil, fmt.Errorf("short column from %d to %d of %d: %w", from, head>>8, height, codec.ErrCorrupt)
		}
		p := in.take(3 * n)
		if in.short {
			return nil, codec.ErrShort
		}
		short = d.shorts.next(maxShorts)
		short.n = uint8(n)
		for i := range short.pixels[:n] {
			short.pixels[i] = codec.BGRPixel(p[3*i:])
		}
	}
	to := from + int(short.n)
	if to > height {
		return nil, fmt.Errorf("short column of %d from %d in %d: %w", short.n, from, height, codec.ErrCorrupt)
	}
	c := d.columns.next(maxColumns)
	c.n = uint8(height)
	for i := range c.pixels[:from] {
		c.pixels[i] = background
	}
	copy(c.pixels[from:to], short.pixels[:])
	for i := to; i < height; i++ {
		c.pixels[i] = background
	}
	return c, nil
}

// rlex paints a rectangle of palette indices (§2.2.4.1.1.3.1.1): each segment is one
// index several times, and from it on a suite of the following ones.
func rlex(dst codec.Target, r codec.Rect, in *reader) error {
	count := int(in.byte())
	if count < 1 || count > maxPalette {
		return fmt.Errorf("palette of %d colours: %w", count, codec.ErrCorrupt)
	}
	var palette [maxPalette]uint32
	for i := range palette[:count] {
		palette[i] = in.pixel()
	}
	size := max(1, bits.Len(uint(count-1))) // bits of an index
	var out codec.Rows
	out.Start(dst, r)
	for len(in.p) > 0 {
		head := in.byte()
		n := in.run()
		if in.short {
			break
		}
		stop := int(head & (1<<size - 1))
		start := stop - int(head>>size)
		if start < 0 || stop >= count {
			return fmt.Errorf("indices %d to %d of %d: %w", start, stop, count, codec.ErrCorrupt)
		}
		if err := fill(&out, n, palette[start]); err != nil {
			return err
		}
		if stop-start+1 > out.Left() {
			return codec.ErrLong
		}
		for _, v := range palette[start : stop+1] {
			binary.LittleEndian.PutUint32(out.Row(), v)
			out.Advance(1)
		}
	}
	if in.short || out.Left() > 0 {
		return codec.ErrShort
	}
	return nil
}
