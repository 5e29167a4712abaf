package codectest

import "math/bits"

// RLGR encodes coefficients by RemoteFX's entropy coder (MS-RDPRFX §3.1.8.1.7.3),
// RLGR3 or RLGR1.
func RLGR(c []int32, three bool) []byte {
	var w Bits
	kp, krp := 8, 8
	add := func(p *int, d int) { *p = min(max(*p+d, 0), 80) }
	golomb := func(v uint32) {
		kr := uint(krp / 8)
		ones := int(v >> kr)
		w.Repeat(1, ones)
		w.Put(0, 1)
		w.Put(v&(1<<kr-1), kr)
		if ones == 0 {
			add(&krp, -2)
		} else if ones > 1 {
			add(&krp, ones)
		}
	}
	twice := func(v int32) uint32 { // twice the magnitude, less one for a negative value
		if v < 0 {
			return uint32(-2*v - 1)
		}
		return uint32(2 * v)
	}
	for i := 0; i < len(c); {
		if kp >= 8 {
			zeros := 0
			for i+zeros < len(c) && c[i+zeros] == 0 {
				zeros++
			}
			last := i+zeros == len(c)
			i += zeros
			for zeros >= 1<<(kp/8) {
				w.Put(0, 1)
				zeros -= 1 << (kp / 8)
				add(&kp, 4)
			}
			if last && zeros == 0 {
				break
			}
			w.Put(1, 1)
			w.Put(uint32(zeros), uint(kp/8))
			if last {
				break
			}
			v := c[i]
			i++
			sign, mag := uint32(0), uint32(v)
			if v < 0 {
				sign, mag = 1, uint32(-v)
			}
			w.Put(sign, 1)
			golomb(mag - 1)
			add(&kp, -6)
			continue
		}
		if !three {
			v := twice(c[i])
			i++
			golomb(v)
			if v == 0 {
				add(&kp, 3)
			} else {
				add(&kp, -3)
			}
			continue
		}
		first, second := twice(c[i]), uint32(0)
		if i+1 < len(c) {
			second = twice(c[i+1])
		}
		i += 2
		golomb(first + second)
		w.Put(first, uint(bits.Len32(first+second)))
		if first != 0 && second != 0 {
			add(&kp, -6)
		} else if first == 0 && second == 0 {
			add(&kp, 6)
		}
	}
	return w.P
}
