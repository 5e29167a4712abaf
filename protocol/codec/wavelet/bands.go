package wavelet

import (
	"encoding/binary"

	"github.com/porthole-rac/porthole/protocol/codec/rlgr"
)

// Band is the place of a band in a component's coefficients, as they are coded.
type Band struct {
	At, Columns, Rows int // At and the product of both are counts of coefficients
}

// LL3 is the index of the smallest band.
const LL3 = 9

// Bands are the ten bands in the order in which they are coded: HL1, LH1, HH1, HL2,
// LH2, HH2, HL3, LH3, HH3, LL3; in RemoteFX's form or with reduce in that of the
// reduce-extrapolate method (MS-RDPEGFX §3.2.8.1.2.2).
func Bands(reduce bool) *[10]Band {
	if reduce {
		return &reducedBands
	}
	return &plainBands
}

var plainBands, reducedBands = bandsOf([3][2]int{{32, 32}, {16, 16}, {8, 8}}), bandsOf([3][2]int{{33, 31}, {17, 16}, {9, 8}})

func bandsOf(sizes [3][2]int) (bands [10]Band) {
	at := 0
	add := func(i, columns, rows int) {
		bands[i] = Band{at, columns, rows}
		at += columns * rows
	}
	for i, s := range sizes {
		low, high := s[0], s[1]
		add(3*i, high, low)
		add(3*i+1, low, high)
		add(3*i+2, high, high)
	}
	add(LL3, sizes[2][0], sizes[2][0])
	return bands
}

// Quantized transforms a component from coefficients that are to be shifted left, each
// band by a number of bits of its own, 0 to 15. Those of LL3 are no differences any
// more.
func (s *Scratch) Quantized(out *Plane, c *rlgr.Coefficients, shift *[10]uint8, reduce bool) {
	f := &plain
	if reduce {
		f = &extrapolated
	}
	bands := Bands(reduce)
	for i := range f.levels {
		l := &f.levels[2-i]
		s.load(c, bands[3*i], shift[3*i], l.hl, l.stride(false))
		s.load(c, bands[3*i+1], shift[3*i+1], l.lh, l.stride(f.extra))
		s.load(c, bands[3*i+2], shift[3*i+2], l.hh, l.stride(false))
	}
	s.load(c, bands[LL3], shift[LL3], f.ll, f.levels[0].stride(f.extra))
	s.inverse(out, f)
}

// load puts a band to its place, shifted and biased. A row's last word may be filled
// up: with zeros, as the coefficient that the reduce-extrapolate method drops is one.
func (s *Scratch) load(c *rlgr.Coefficients, b Band, shift uint8, to, stride int) {
	shift &= 15
	keep := uint64(0xffff<<shift&0xffff) * one4
	whole, rest := b.Columns/4*8, b.Columns%4
	for y := range b.Rows {
		in := c[2*(b.At+y*b.Columns):]
		in = in[:2*b.Columns]
		out := s.coefficients[to+y*stride:]
		out = out[:stride]
		for x := 0; x < whole; x += 8 {
			v := binary.LittleEndian.Uint64(in[x:]) << shift & keep
			binary.LittleEndian.PutUint64(out[x:], v^sign4-bias4)
		}
		if rest > 0 {
			v := uint64(0)
			for i := range rest {
				v |= uint64(binary.LittleEndian.Uint16(in[whole+2*i:])) << (16 * i)
			}
			v = v << shift & keep
			binary.LittleEndian.PutUint64(out[whole:], v^sign4-bias4)
		}
	}
}
