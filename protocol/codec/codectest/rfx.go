package codectest

import (
	"encoding/binary"
	"math"

	"github.com/porthole-rac/porthole/protocol/codec"
)

// Components converts the tile at x, y of a picture to Y, Cb and Cr of 64×64 (MS-RDPRFX
// §3.1.8.1.3), with five bits after the point. Beyond the picture its edge is repeated.
func Components(src codec.Target, x, y int) (c [3][]int32) {
	for i := range c {
		c[i] = make([]int32, 4096)
	}
	for dy := range 64 {
		for dx := range 64 {
			p := src.Row(min(x+dx, src.Width-1), min(y+dy, src.Height-1), 1)
			r, g, b := float64(p[0]), float64(p[1]), float64(p[2])
			for i, v := range [3]float64{
				0.299*r + 0.587*g + 0.114*b - 128,
				-0.168935*r - 0.331665*g + 0.50059*b,
				0.499813*r - 0.418531*g - 0.081282*b,
			} {
				c[i][64*dy+dx] = int32(math.Round(v * 32))
			}
		}
	}
	return c
}

// lift is the forward transform of one row or column: X to L and H.
func lift(x []int32) (low, high []int32) {
	n := len(x)
	at := func(i int) int32 {
		if i >= n {
			i = 2*(n-1) - i
		}
		return x[i]
	}
	for i := 0; 2*i+1 < n; i++ {
		high = append(high, (x[2*i+1]-(x[2*i]+at(2*i+2))>>1)>>1)
	}
	for i := 0; 2*i < n; i++ {
		before, after := high[max(i-1, 0)], high[min(i, len(high)-1)]
		low = append(low, x[2*i]+(before+after+1)>>1)
	}
	return low, high
}

// grid is a band.
type grid struct {
	w, h int
	v    []int32
}

func (g grid) column(x int) []int32 {
	out := make([]int32, g.h)
	for y := range out {
		out[y] = g.v[y*g.w+x]
	}
	return out
}

// split transforms rows or columns of a grid. With extended, one more element is
// extrapolated first, and the high one that this makes, a zero, is dropped.
func (g grid) split(rows, extended bool) (low, high grid) {
	var lows, highs [][]int32
	n := g.w
	if rows {
		n = g.h
	}
	for i := range n {
		x := []int32(nil)
		if rows {
			x = append(x, g.v[i*g.w:(i+1)*g.w]...)
		} else {
			x = g.column(i)
		}
		if extended {
			x = append(x, 2*x[len(x)-1]-x[len(x)-2])
		}
		l, h := lift(x)
		if extended {
			h = h[:len(h)-1]
		}
		lows, highs = append(lows, l), append(highs, h)
	}
	join := func(lines [][]int32) grid {
		if rows {
			out := grid{w: len(lines[0]), h: len(lines)}
			for _, l := range lines {
				out.v = append(out.v, l...)
			}
			return out
		}
		out := grid{w: len(lines), h: len(lines[0])}
		for y := range out.h {
			for _, l := range lines {
				out.v = append(out.v, l[y])
			}
		}
		return out
	}
	return join(lows), join(highs)
}

// Bands transforms a component (MS-RDPRFX §3.1.8.1.4; reduce is the reduce-extrapolate
// method of MS-RDPEGFX §3.2.8.1.2.2): HL1, LH1, HH1, HL2, LH2, HH2, HL3, LH3, HH3, LL3.
func Bands(component []int32, reduce bool) (bands [10][]int32) {
	ll := grid{64, 64, component}
	for level := range 3 {
		low, high := ll.split(false, reduce && level == 0)
		var hl, lh, hh grid
		ll, hl = low.split(true, reduce && level == 0)
		lh, hh = high.split(true, reduce && level == 0)
		bands[3*level], bands[3*level+1], bands[3*level+2] = hl.v, lh.v, hh.v
	}
	bands[9] = ll.v
	return bands
}

// Quantize divides the coefficients of a band by 1 << shift, rounded.
func Quantize(band []int32, shift int) []int32 {
	out := make([]int32, len(band))
	for i, v := range band {
		if shift > 0 {
			v = (v + 1<<(shift-1)) >> shift
		}
		out[i] = v
	}
	return out
}

// Differences are those of LL3: each coefficient less the one before.
func Differences(band []int32) []int32 {
	out := append([]int32(nil), band...)
	for i := len(out) - 1; i > 0; i-- {
		out[i] -= out[i-1]
	}
	return out
}

// RFX encodes pictures in RemoteFX.
type RFX struct {
	Three bool // RLGR3
	// Quant: LL3, LH3, HL3, HH3, LH2, HL2, HH2, LH1, HL1, HH1, each 6 to 15.
	Quant [10]uint8
}

// DefaultQuant is that of the specification's examples.
var DefaultQuant = [10]uint8{6, 6, 6, 6, 7, 7, 8, 8, 8, 9}

// quantOf is where the factor of each band of Bands is in RFX.Quant.
var quantOf = [10]int{8, 7, 9, 5, 4, 6, 2, 1, 3, 0}

func block(kind uint16, p []byte) []byte {
	out := binary.LittleEndian.AppendUint16(nil, kind)
	out = binary.LittleEndian.AppendUint32(out, uint32(6+len(p)))
	return append(out, p...)
}

// Header is the messages that begin a stream.
func (e RFX) Header(w, h int) []byte {
	out := block(0xccc0, []byte{0xca, 0xac, 0xcc, 0xca, 0, 1})
	out = append(out, block(0xccc3, []byte{1, 0xff, 0, 0x40, 0, 0x28, 0xa8})...)
	out = append(out, block(0xccc1, []byte{1, 1, 0, 1})...)
	return append(out, block(0xccc2, append([]byte{1, 0}, appendRect(nil, w, h)...))...)
}

// Frame is a frame with the tiles that a region touches; no region is all of it.
func (e RFX) Frame(src codec.Target, region ...codec.Rect) []byte {
	out := block(0xccc4, []byte{1, 0, 0, 0, 0, 0, 1, 0})
	rects := appendRect(nil, len(region))
	for _, r := range region {
		rects = appendRect(rects, r.X, r.Y, r.W, r.H)
	}
	out = append(out, block(0xccc6, append(append([]byte{1, 0, 1}, rects...), 0xc1, 0xca, 1, 0))...)
	if len(region) == 0 {
		region = []codec.Rect{{W: src.Width, H: src.Height}}
	}
	var tiles []byte
	count := 0
	for y := 0; y < src.Height; y += 64 {
		for x := 0; x < src.Width; x += 64 {
			for _, r := range region {
				if r.X < x+64 && r.X+r.W > x && r.Y < y+64 && r.Y+r.H > y {
					tiles = append(tiles, e.tile(src, x, y)...)
					count++
					break
				}
			}
		}
	}
	properties := 0x4451 &^ (15 << 10)
	if e.Three {
		properties |= 4 << 10
	} else {
		properties |= 1 << 10
	}
	p := append([]byte{1, 0, 0xc2, 0xca, 0, 0}, byte(properties), byte(properties>>8), 1, 64, byte(count), byte(count>>8))
	p = binary.LittleEndian.AppendUint32(p, uint32(len(tiles)))
	for i := 0; i < 10; i += 2 {
		p = append(p, e.Quant[i]|e.Quant[i+1]<<4)
	}
	out = append(out, block(0xccc7, append(p, tiles...))...)
	return append(out, block(0xccc5, []byte{1, 0})...)
}

func (e RFX) tile(src codec.Target, x, y int) []byte {
	head := append([]byte{0, 0, 0}, appendRect(nil, x/64, y/64)...)
	var data []byte
	for _, c := range Components(src, x, y) {
		var all []int32
		for i, band := range Bands(c, false) {
			band = Quantize(band, int(e.Quant[quantOf[i]])-1)
			if i == 9 {
				band = Differences(band)
			}
			all = append(all, band...)
		}
		p := RLGR(all, e.Three)
		head = appendRect(head, len(p))
		data = append(data, p...)
	}
	return block(0xcac3, append(head, data...))
}
