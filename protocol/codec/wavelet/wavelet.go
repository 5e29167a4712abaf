// Package wavelet makes pixels of RemoteFX's coefficients: the inverse 5/3 wavelet
// transform of tiles of 64×64 (MS-RDPRFX §3.1.8.2.4), in RemoteFX's own form and in
// that of RemoteFX Progressive, "reduce-extrapolate" (MS-RDPEGFX §3.3.8.2.2), and the
// conversion from YCbCr.
//
// # Four at a time
//
// Coefficients are fixed-point numbers of 11.5 bits, as Microsoft's first decoders
// have them (MS-RDPRFX §4.2.4.3). Four of them lie in a word of 64 bits and are
// calculated together, in Go without any assembly, so that WebAssembly has it too:
// each has [Bias] added, which makes it positive, and no sum or difference that a
// picture can cause leaves its 16 bits. A hostile stream can cause such a one; it
// then spoils neighbours of the same tile, and nothing else. Against one number at a
// time this takes a third of the time.
//
// All is free of state: tiles may be done in any order and at once, each with a
// [Scratch] of its own.
package wavelet

import (
	"encoding/binary"

	"github.com/porthole-rac/porthole/protocol/codec/rlgr"
)

// Side is a tile's width and height, in pixels.
const Side = 64

// Bias is added to coefficients while they are calculated.
const Bias = 0x4000

// Constants for four numbers in a word.
const (
	bias4 = Bias * one4
	one4  = 0x0001_0001_0001_0001
	half4 = 0x7fff_7fff_7fff_7fff // drops the bit that a shift takes from a neighbour
	sign4 = 0x8000_8000_8000_8000
)

// level is one step of the transform: where its bands lie among the coefficients of
// a Scratch, in bytes.
type level struct {
	hl, lh, hh int
	words      int // of a row of HL and HH, four columns each
	high       int // rows of LH and HH
}

// form is one of the two forms of the transform.
type form struct {
	levels [3]level // the smallest first
	ll     int      // LL3
	// extra: the low bands have one row and one column more than the high ones
	// (reduce-extrapolate).
	extra bool
}

// plain: rows of 8, 16 and 32, one after the other as the bands are coded.
var plain = form{
	levels: [3]level{
		{hl: 2 * 3840, lh: 2 * 3904, hh: 2 * 3968, words: 2, high: 8},
		{hl: 2 * 3072, lh: 2 * 3328, hh: 2 * 3584, words: 4, high: 16},
		{hl: 0, lh: 2 * 1024, hh: 2 * 2048, words: 8, high: 32},
	},
	ll: 2 * 4032,
}

// extrapolated: as plain with 9+8, 17+16 and 33+31; rows are filled up to whole words.
var extrapolated = func() form {
	f := form{extra: true}
	at := 0
	for i := range f.levels {
		l := &f.levels[2-i]
		l.words, l.high = 8>>i, 32>>i
		if i == 0 {
			l.high = 31
		}
		low := 4*l.words + 1 // rows of HL, columns of LH
		l.hl = at
		l.lh = l.hl + low*l.stride(false)
		l.hh = l.lh + l.high*l.stride(true)
		at = l.hh + l.high*l.stride(false)
	}
	f.ll = at
	return f
}()

// stride is the length of a row, in bytes: of the low columns, with one more of them,
// or of the high ones.
func (l *level) stride(extraColumn bool) int {
	if extraColumn {
		return 8 * (l.words + 1)
	}
	return 8 * l.words
}

// size of the coefficients, in bytes: that of the larger form, and a word more that
// is loaded in vain.
const size = 2*4096 + 1024

// Scratch is memory for a component.
type Scratch struct {
	coefficients [size]byte
	rows         [65 * 2 * Side]byte // after a level's horizontal half: the low rows, then the high ones
	low          [33*72 + 8]byte     // LL of the next level
}

// Plane is a transformed component. Of each row of 128 bytes, the first half has the
// even columns, the second the odd ones.
type Plane [2 * Side * Side]byte

// At is a number of the plane, in 11.5 bits.
func (p *Plane) At(x, y int) int {
	i := 2 * Side * y
	return int(binary.LittleEndian.Uint16(p[i+x%2*Side+x/2*2:])) - Bias
}

// Flat makes a plane of zeros.
func (p *Plane) Flat() {
	for i := 0; i < len(p); i += 8 {
		binary.LittleEndian.PutUint64(p[i:], bias4)
	}
}

// Plain transforms a component from its dequantized coefficients, in the order in
// which they are coded: HL1, LH1, HH1, HL2 and so on, LL3 last as differences
// (MS-RDPRFX §3.1.8.2.2).
func (s *Scratch) Plain(out *Plane, c *rlgr.Coefficients) {
	for i := 0; i < len(c); i += 8 {
		// From two's complement: the sign bit turned round is a bias of 0x8000.
		v := binary.LittleEndian.Uint64(c[i:])
		binary.LittleEndian.PutUint64(s.coefficients[i:], v^sign4-bias4)
	}
	sum := int32(0)
	for i := 4032; i < 4096; i++ {
		sum = min(max(sum+int32(c.At(i)), -limit), limit)
		binary.LittleEndian.PutUint16(s.coefficients[2*i:], uint16(sum+Bias))
	}
	s.inverse(out, &plain)
}

// limit bounds a dequantized coefficient.
const limit = 8191

// inverse undoes the three levels.
func (s *Scratch) inverse(out *Plane, f *form) {
	ll := s.coefficients[f.ll:]
	stride := f.levels[0].stride(f.extra)
	for i := range f.levels {
		l := &f.levels[i]
		last := i == len(f.levels)-1
		width := 16 * l.words // of a transformed row, in bytes
		if f.extra && !last {
			width += 8
		}
		count := 4 * l.words // high rows, with the one that is always zero
		lows := count
		if f.extra {
			lows++
		}
		for y := range lows {
			horizontal(s.rows[y*width:][:width], ll[y*stride:], s.coefficients[l.hl+y*l.stride(false):], l.words, f.extra, last)
		}
		highs := s.rows[lows*width:]
		for y := range l.high {
			horizontal(highs[y*width:][:width], s.coefficients[l.lh+y*l.stride(f.extra):], s.coefficients[l.hh+y*l.stride(false):], l.words, f.extra, last)
		}
		if l.high < count {
			zero := highs[l.high*width:][:width]
			for x := 0; x < width; x += 8 {
				binary.LittleEndian.PutUint64(zero[x:], bias4)
			}
		}
		if last {
			vertical(out[:], s.rows[:], highs, width, count, f.extra, true)
			return
		}
		vertical(s.low[:], s.rows[:], highs, width, count, f.extra, false)
		ll, stride = s.low[:], width
	}
}

// horizontal undoes a row: X[2n] = L[n] - (H[n-1]+H[n]+1)/2 and
// X[2n+1] = 2H[n] + (X[2n]+X[2n+2])/2, mirrored at both ends. With split, the even
// columns go into the first half of out and the odd ones into the second, else they
// alternate.
func horizontal(out, low, high []byte, words int, extra, split bool) {
	low, high = low[:8*words+8], high[:8*words]
	h := binary.LittleEndian.Uint64(high)
	even := binary.LittleEndian.Uint64(low) + bias4 - (h+(h<<16|h&0xffff)+one4)>>1&half4
	low, high = low[8:], high[8:]
	if split {
		evens, odds := out[:8*words], out[8*words:16*words]
		for len(high) >= 8 && len(low) >= 8 && len(evens) >= 8 && len(odds) >= 8 {
			hn := binary.LittleEndian.Uint64(high)
			en := binary.LittleEndian.Uint64(low) + bias4 - (hn+(hn<<16|h>>48)+one4)>>1&half4
			binary.LittleEndian.PutUint64(evens, even)
			binary.LittleEndian.PutUint64(odds, (even+(even>>16|en<<48))>>1&half4+h-bias4+h-bias4)
			even, h = en, hn
			low, high, evens, odds = low[8:], high[8:], evens[8:], odds[8:]
		}
		binary.LittleEndian.PutUint64(evens, even)
		binary.LittleEndian.PutUint64(odds, (even+beyond(even, h, low, extra))>>1&half4+h-bias4+h-bias4)
		return
	}
	for len(high) >= 8 && len(low) >= 8 && len(out) >= 16 {
		hn := binary.LittleEndian.Uint64(high)
		en := binary.LittleEndian.Uint64(low) + bias4 - (hn+(hn<<16|h>>48)+one4)>>1&half4
		odd := (even+(even>>16|en<<48))>>1&half4 + h - bias4 + h - bias4
		binary.LittleEndian.PutUint64(out, spread(even)|spread(odd)<<16)
		binary.LittleEndian.PutUint64(out[8:], spread(even>>32)|spread(odd>>32)<<16)
		even, h = en, hn
		low, high, out = low[8:], high[8:], out[16:]
	}
	next := beyond(even, h, low, extra)
	odd := (even+next)>>1&half4 + h - bias4 + h - bias4
	binary.LittleEndian.PutUint64(out, spread(even)|spread(odd)<<16)
	binary.LittleEndian.PutUint64(out[8:], spread(even>>32)|spread(odd>>32)<<16)
	if extra {
		binary.LittleEndian.PutUint64(out[16:], next>>48)
	}
}

// beyond is the last even columns moved on by one, and after them the one more that
// there is with extra, else the last one mirrored.
func beyond(even, h uint64, low []byte, extra bool) uint64 {
	if extra {
		return even>>16 | (uint64(binary.LittleEndian.Uint16(low))+Bias-h>>48)<<48
	}
	return even>>16 | even&^(1<<48-1)
}

// spread makes room between the two lower numbers of a word.
func spread(v uint64) uint64 { return (v&0xffffffff | v<<16) & 0x0000ffff_0000ffff }

// vertical undoes the columns of count high rows and as many low ones, and one low
// row more with extra, of which a result is left only if it is not the last level.
func vertical(out, low, high []byte, width, count int, extra, last bool) {
	for x := 0; x < width; x += 8 {
		h := binary.LittleEndian.Uint64(high[x:])
		even := binary.LittleEndian.Uint64(low[x:]) + bias4 - h
		from, to := x+width, x
		for range count - 1 {
			hn := binary.LittleEndian.Uint64(high[from:])
			en := binary.LittleEndian.Uint64(low[from:]) + bias4 - (h+hn+one4)>>1&half4
			binary.LittleEndian.PutUint64(out[to:], even)
			binary.LittleEndian.PutUint64(out[to+width:], (even+en)>>1&half4+h-bias4+h-bias4)
			even, h = en, hn
			from += width
			to += 2 * width
		}
		next := even
		if extra {
			next = binary.LittleEndian.Uint64(low[from:]) + bias4 - h
			if !last {
				binary.LittleEndian.PutUint64(out[to+2*width:], next)
			}
		}
		binary.LittleEndian.PutUint64(out[to:], even)
		binary.LittleEndian.PutUint64(out[to+width:], (even+next)>>1&half4+h-bias4+h-bias4)
	}
}
