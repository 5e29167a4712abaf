package zrle

import (
	"encoding/binary"
	"fmt"

	"github.com/porthole-rac/porthole/protocol/codec"
)

// Subencodings of a tile. Between them lie the sizes of palettes: 2–16 packed,
// 130–255 (less 128) with runs.
const (
	subRaw         = 0
	subSolid       = 1
	subPackedMost  = 16
	subReusePacked = 127 // TRLE only
	subPlainRLE    = 128
	subReuseRLE    = 129 // TRLE only
	subPaletteRLE  = 128 // plus the palette's size
)

// tiles walks over the tiles of a rectangle.
type tiles struct {
	dst     codec.Target
	r       codec.Rect
	side    int // 16 or 64
	cpixel  int // bytes of a CPIXEL
	x, y    int // the next tile, in the rectangle
	palette [128]uint32
	size    int // of the palette that the last tile left; 0: none
}

func (t *tiles) start(dst codec.Target, r codec.Rect) {
	t.dst, t.r, t.x, t.y, t.size, t.cpixel = dst, r, 0, 0, 0, dst.Compact()
}

func (t *tiles) done() bool { return t.y >= t.r.H || t.r.W == 0 }

func (t *tiles) next() {
	if t.x += t.side; t.x >= t.r.W {
		t.x = 0
		t.y += t.side
	}
}

func (t *tiles) corrupt(what string, v int) error {
	return fmt.Errorf("tile %d,%d: %s %d: %w", t.x, t.y, what, v, codec.ErrCorrupt)
}

// most is the longest that a tile can be: all runs of one pixel.
func (t *tiles) most() int { return 1 + t.side*t.side*(t.cpixel+1) }

// tile paints the tile that b begins with and returns its length, 0 when b does
// not hold all of it.
func (t *tiles) tile(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	a := codec.Rect{X: t.r.X + t.x, Y: t.r.Y + t.y, W: min(t.side, t.r.W-t.x), H: min(t.side, t.r.H-t.y)}
	sub, b := int(b[0]), b[1:]
	n, cpixel := 0, t.cpixel
	switch {
	case sub == subRaw:
		row := cpixel * a.W
		if len(b) < row*a.H {
			return 0, nil
		}
		for y := range a.H {
			t.dst.CompactPixels(t.dst.Row(a.X, a.Y+y, a.W), b[y*row:(y+1)*row])
		}
		return 1 + row*a.H, nil
	case sub == subSolid:
		if len(b) < cpixel {
			return 0, nil
		}
		t.dst.Fill(a, t.dst.CompactPixel(b))
		return 1 + cpixel, nil
	case sub == subPlainRLE:
		n = t.runs(a, b)
	case sub <= subPackedMost, sub > subReuseRLE:
		size := sub
		if sub > subReuseRLE {
			size -= subPaletteRLE
		}
		if len(b) < size*cpixel {
			return 0, nil
		}
		for i := range size {
			t.palette[i] = t.dst.CompactPixel(b[i*cpixel:])
		}
		t.size = size
		if sub <= subPackedMost {
			n = t.packed(a, b[size*cpixel:])
		} else {
			n = t.indexedRuns(a, b[size*cpixel:])
		}
		if n > 0 {
			n += size * cpixel
		}
	case sub == subReusePacked && t.side == trleSide:
		if t.size == 0 || t.size > subPackedMost {
			return 0, t.corrupt("packed pixels with a palette of", t.size)
		}
		n = t.packed(a, b)
	case sub == subReuseRLE && t.side == trleSide:
		if t.size == 0 {
			return 0, t.corrupt("runs with a palette of", t.size)
		}
		n = t.indexedRuns(a, b)
	default:
		return 0, t.corrupt("subencoding", sub)
	}
	switch n {
	case runTooLong:
		return 0, t.corrupt("runs of more pixels than", a.W*a.H)
	case noSuchColor:
		return 0, t.corrupt("index beyond a palette of", t.size)
	case 0:
		return 0, nil
	}
	return 1 + n, nil
}

// What the painting functions return besides the bytes that they took, and 0 for
// too few bytes.
const (
	runTooLong  = -1
	noSuchColor = -2
)

// packed paints indices of 1, 2 or 4 bits, rows beginning at whole bytes.
func (t *tiles) packed(a codec.Rect, b []byte) int {
	switch {
	case t.size <= 2:
		row := (a.W + 7) / 8
		if len(b) < row*a.H {
			return 0
		}
		var pairs [4]uint64 // two pixels for two bits, the higher bit first
		for i := range pairs {
			pairs[i] = uint64(t.palette[i>>1]) | uint64(t.palette[i&1])<<32
		}
		for y := range a.H {
			dst, src := t.dst.Row(a.X, a.Y+y, a.W), b[y*row:(y+1)*row]
			for _, v := range src {
				if len(dst) < 32 {
					for bit := 7; len(dst) >= 4; bit-- {
						binary.LittleEndian.PutUint32(dst, t.palette[v>>(bit&7)&1])
						dst = dst[4:]
					}
					break
				}
				binary.LittleEndian.PutUint64(dst, pairs[v>>6])
				binary.LittleEndian.PutUint64(dst[8:16], pairs[v>>4&3])
				binary.LittleEndian.PutUint64(dst[16:24], pairs[v>>2&3])
				binary.LittleEndian.PutUint64(dst[24:32], pairs[v&3])
				dst = dst[32:]
			}
		}
		return row * a.H
	case t.size <= 4:
		row := (a.W + 3) / 4
		if len(b) < row*a.H {
			return 0
		}
		for i := t.size; i < 4; i++ {
			t.palette[i] = 0
		}
		high := byte(0) // a set bit pair with both bits says index 3
		for y := range a.H {
			dst, src := t.dst.Row(a.X, a.Y+y, a.W), b[y*row:(y+1)*row]
			for i, v := range src {
				if i == row-1 && a.W%4 != 0 {
					v &= 0xff << (8 - a.W%4*2)
				}
				high |= v & (v << 1)
				for shift := 6; shift >= 0 && len(dst) >= 4; shift -= 2 {
					binary.LittleEndian.PutUint32(dst, t.palette[v>>shift&3])
					dst = dst[4:]
				}
			}
		}
		if t.size == 3 && high&0xaa != 0 {
			return noSuchColor
		}
		return row * a.H
	}
	row := (a.W + 1) / 2
	if len(b) < row*a.H {
		return 0
	}
	most := byte(0)
	for y := range a.H {
		dst, src := t.dst.Row(a.X, a.Y+y, a.W), b[y*row:(y+1)*row]
		for _, v := range src {
			if len(dst) < 8 {
				most = max(most, v>>4)
				binary.LittleEndian.PutUint32(dst, t.palette[v>>4])
				break
			}
			most = max(most, v>>4, v&15)
			binary.LittleEndian.PutUint64(dst, uint64(t.palette[v>>4])|uint64(t.palette[v&15])<<32)
			dst = dst[8:]
		}
	}
	if int(most) >= t.size {
		return noSuchColor
	}
	return row * a.H
}

// runs paints runs of pixels, which go on from row to row.
func (t *tiles) runs(a codec.Rect, b []byte) int {
	cpixel := t.cpixel
	p := pen{t: t, a: a, row: t.dst.Row(a.X, a.Y, a.W)}
	at := 0
	for left := a.W * a.H; left > 0; {
		if len(b)-at < cpixel+1 {
			return 0
		}
		var color uint32
		if cpixel == 3 { // as a rule, and often
			color = codec.Pixel3(b[at:])
		} else {
			color = t.dst.CompactPixel(b[at:])
		}
		at += cpixel
		n := 1
		for {
			if at >= len(b) {
				return 0
			}
			v := b[at]
			at++
			n += int(v)
			if n > left {
				return runTooLong
			}
			if v != 255 {
				break
			}
		}
		left -= n
		p.draw(color, n)
	}
	return at
}

// indexedRuns paints runs of palette indices.
func (t *tiles) indexedRuns(a codec.Rect, b []byte) int {
	p := pen{t: t, a: a, row: t.dst.Row(a.X, a.Y, a.W)}
	at := 0
	for left := a.W * a.H; left > 0; {
		if at >= len(b) {
			return 0
		}
		index := b[at]
		at++
		n := 1
		if index&128 != 0 {
			index &= 127
			for {
				if at >= len(b) {
					return 0
				}
				v := b[at]
				at++
				n += int(v)
				if n > left {
					return runTooLong
				}
				if v != 255 {
					break
				}
			}
		}
		if int(index) >= t.size {
			return noSuchColor
		}
		left -= n
		p.draw(t.palette[index], n)
	}
	return at
}

// pen paints runs in reading order.
type pen struct {
	t   *tiles
	a   codec.Rect
	y   int
	row []byte // what lacks of the current row
}

func (p *pen) draw(color uint32, n int) {
	for {
		row := p.row
		k := min(n, len(row)/4)
		seg := row[:4*k]
		p.row = row[4*k:]
		if k > 32 {
			codec.FillPixels(seg, color)
		} else {
			for len(seg) >= 4 {
				binary.LittleEndian.PutUint32(seg, color)
				seg = seg[4:]
			}
		}
		if len(p.row) == 0 {
			if p.y++; p.y < p.a.H {
				p.row = p.t.dst.Row(p.a.X, p.a.Y+p.y, p.a.W)
			}
		}
		if n -= k; n == 0 {
			return
		}
	}
}
