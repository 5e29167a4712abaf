package progressive

import (
	"fmt"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/bits"
	"github.com/porthole-rac/porthole/protocol/codec/rlgr"
	"github.com/porthole-rac/porthole/protocol/codec/wavelet"
)

// quant has a number for each band, in the order in which the bands are coded.
type quant [10]uint8

// tile is what is known of a tile: the quantized coefficients ("DecDwtQ",
// §3.3.8.2.1.1), and how far they have come.
type tile struct {
	coefficients [3]rlgr.Coefficients
	position     [3]quant // "BitPos": how many bits of each band's coefficients lack
	signs        *signs   // nil: nothing lacks
	reduced      bool     // the form of the transform
}

// signs are "Sign" of each coefficient: -1, 0 or 1 as its bits so far.
type signs [3][rlgr.Count]int8

var asTheyAre rlgr.Shifts

// first takes the first pass of a component (§3.3.8.2.1.1), or all of it. raw is
// memory.
func (t *tile) first(i int, p []byte, position *quant, difference bool, raw *rlgr.Coefficients) {
	c := &t.coefficients[i]
	whole := !difference && *position == (quant{})
	if whole {
		raw = c // as they are
	}
	rlgr.RLGR1.Decode(raw, p, &asTheyAre)
	bands := wavelet.Bands(t.reduced)
	ll := bands[wavelet.LL3].At
	for j := ll + 1; j < rlgr.Count; j++ {
		raw.Set(j, raw.At(j-1)+raw.At(j))
	}
	if t.signs != nil {
		for j := range ll {
			v := raw.At(j)
			t.signs[i][j] = int8(v>>15) | int8(uint16(-v)>>15)
		}
	}
	t.position[i] = *position
	if whole {
		return
	}
	for b, band := range bands {
		shift := position[b] & 15
		for j := band.At; j < band.At+band.Columns*band.Rows; j++ {
			v := raw.At(j) << shift
			if difference {
				v += c.At(j)
			}
			c.Set(j, v)
		}
	}
}

// upgrade takes a further pass of a component (§3.3.8.2.1.2).
func (t *tile) upgrade(i int, coded, plain []byte, position *quant) error {
	s, raw := newSRL(coded), bits.NewReader(plain)
	c, signs := &t.coefficients[i], &t.signs[i]
	for b, band := range wavelet.Bands(t.reduced) {
		if position[b] > t.position[i][b] {
			return fmt.Errorf("upgrade from %d to %d bits: %w", t.position[i][b], position[b], codec.ErrCorrupt)
		}
		n, shift := uint(t.position[i][b]-position[b]), position[b]&15
		if n == 0 {
			continue
		}
		for j := band.At; j < band.At+band.Columns*band.Rows; j++ {
			var v int32
			switch {
			case b == wavelet.LL3:
				v = int32(raw.Take(n))
			case signs[j] > 0:
				v = int32(raw.Take(n))
			case signs[j] < 0:
				v = -int32(raw.Take(n))
			default:
				if v = s.next(n); v == 0 {
					continue
				}
				signs[j] = 1
				if v < 0 {
					signs[j] = -1
				}
			}
			if v != 0 {
				c.Set(j, c.At(j)+int16(v<<shift))
			}
		}
	}
	t.position[i] = *position
	return nil
}
