package progressive

import "github.com/porthole-rac/porthole/protocol/codec/bits"

// srl decodes the "simplified run-length" code of upgrades (MS-RDPEGFX §3.1.8.1.5).
// After the end of its stream all values are zero.
type srl struct {
	r     bits.Reader
	kp    int
	zeros int  // that are to come
	value bool // after them, one that is not zero
}

func newSRL(p []byte) srl { return srl{r: bits.NewReader(p), kp: 8} }

// next is the next value, of n bits without its sign, 1 to 15.
func (s *srl) next(n uint) int32 {
	for s.zeros == 0 && !s.value {
		k := uint(s.kp) / 8
		if s.r.Left() <= 0 {
			return 0
		}
		if s.r.Take(1) == 0 {
			s.zeros = 1 << k
			s.kp = min(s.kp+4, 80)
			continue
		}
		s.zeros = int(s.r.Take(k))
		s.value = true
		s.kp = max(s.kp-6, 0)
	}
	if s.zeros > 0 {
		s.zeros--
		return 0
	}
	s.value = false
	negative := s.r.Take(1) != 0
	magnitude, most := int32(1), int32(1)<<n-1
	for magnitude < most && s.r.Left() > 0 && s.r.Take(1) == 0 {
		magnitude++
	}
	if negative {
		return -magnitude
	}
	return magnitude
}
