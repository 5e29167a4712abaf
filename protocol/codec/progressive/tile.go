package progressive

import (
	"encoding/binary"
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
	coefficients   [3]rlgr.Coefficients
	position       [3]quant     // "BitPos": how many bits of each band's coefficients lack
	signs          *signs       // nil: nothing lacks
	shift          [3][10]uint8 // of the dequantization, in the last pass
	payload, frame uint32       // that the last pass came in
	reduced        bool         // the form of the transform
	seen           [3]bool      // a component has coefficients that are not zero, perhaps
}

// signs are "Sign" of each coefficient: -1 (255), 0 or 1 as its bits so far.
type signs [3][rlgr.Count]byte

const minus = 0xff

var asTheyAre rlgr.Shifts

// first takes the first pass of a component (§3.3.8.2.1.1), or all of it. raw is
// memory.
func (t *tile) first(i int, p []byte, position *quant, difference bool, raw *rlgr.Coefficients) {
	c := &t.coefficients[i]
	if !difference {
		raw = c // as they are
	}
	any := rlgr.RLGR1.Decode(raw, p, &asTheyAre)
	t.position[i] = *position
	if t.signs != nil {
		clear(t.signs[i][:])
	}
	t.seen[i] = any || difference && t.seen[i]
	if !any {
		return
	}
	bands := wavelet.Bands(t.reduced)
	for j := bands[wavelet.LL3].At + 1; j < rlgr.Count; j++ {
		raw.Set(j, raw.At(j-1)+raw.At(j))
	}
	for b, band := range bands {
		shift := position[b] & 15
		if shift == 0 && !difference && t.signs == nil {
			continue
		}
		for j, end := band.At, band.At+band.Columns*band.Rows; j < end; {
			if j+4 <= end && binary.LittleEndian.Uint64(raw[2*j:]) == 0 { // as most are
				j += 4
				continue
			}
			if v := raw.At(j); v != 0 {
				if t.signs != nil && b != wavelet.LL3 {
					t.signs[i][j] = byte(v>>15) | 1
				}
				if v <<= shift; difference {
					v += c.At(j)
				}
				c.Set(j, v)
			}
			j++
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
		for j, end := band.At, band.At+band.Columns*band.Rows; j < end; j++ {
			var v int32
			switch {
			case b == wavelet.LL3 || signs[j] == 1:
				v = int32(raw.Take(n))
			case signs[j] == minus:
				v = -int32(raw.Take(n))
			case s.zeros > 0: // that of this one, and of the next eight at once
				for s.zeros > 8 && j+8 < end && binary.LittleEndian.Uint64(signs[j+1:]) == 0 {
					s.zeros -= 8
					j += 8
				}
				s.zeros--
				continue
			default:
				if v = s.next(n); v == 0 {
					continue
				}
				signs[j] = byte(v>>31) | 1
			}
			if v != 0 {
				t.seen[i] = true
				c.Set(j, c.At(j)+int16(v<<shift))
			}
		}
	}
	t.position[i] = *position
	return nil
}
