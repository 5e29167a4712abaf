// Package rlgr decodes RemoteFX's entropy coder, Run-Length Golomb-Rice, in both of
// its variants (MS-RDPRFX §3.1.8.1.7).
package rlgr

import (
	"encoding/binary"
	"math/bits"
)

// Count is how many coefficients a tile's component has: 64×64.
const Count = 4096

// Coefficients are a component's, each a little-endian number of 16 bits with its
// sign: bytes, because the transform takes four of them at a time.
type Coefficients [2 * Count]byte

// At is a coefficient.
func (c *Coefficients) At(i int) int16 { return int16(binary.LittleEndian.Uint16(c[2*i:])) }

// Set changes a coefficient.
func (c *Coefficients) Set(i int, v int16) { binary.LittleEndian.PutUint16(c[2*i:], uint16(v)) }

// Variant is a variant of the coder. The values are those of the field et in a
// tileset's properties (MS-RDPRFX §2.2.2.3.4).
type Variant uint8

// Variants of the coder.
const (
	RLGR1 Variant = 1
	RLGR3 Variant = 4
)

// Shifts are by how many bits each coefficient is shifted left, for every 64 of them:
// dequantization, which costs nothing for zeros here.
type Shifts [Count / 64]uint8

// Parameters of the coder (MS-RDPRFX §3.1.8.1.7.3).
const (
	maxK  = 80 // of kp and krp
	scale = 3  // from kp to k
	upGR  = 4  // after a run of zeros
	dnGR  = 6  // after a value that ends a run
	uqGR  = 3  // after a zero in Golomb-Rice mode
	dqGR  = 3  // after a value in Golomb-Rice mode
)

// limit bounds a shifted coefficient: more than any picture has, and little enough
// for package wavelet to calculate without caring for overflow.
const limit = 8191

// Decode decodes a component's coefficients, in the order of the bands, and says
// whether any is not zero. A stream that ends early is followed by zeros, which the
// coder takes for zero coefficients: encoders may leave them away. No stream is
// wrong; what a hostile one makes is a picture.
func (v Variant) Decode(out *Coefficients, p []byte, shifts *Shifts) bool {
	clear(out[:])
	d := decoder{out: out, shifts: shifts}
	d.decode(p, v == RLGR3)
	return d.any
}

type decoder struct {
	out    *Coefficients
	shifts *Shifts
	any    bool
}

// put writes coefficient i, which is not zero.
func (d *decoder) put(i int, v int32) {
	v = min(max(v<<(d.shifts[i>>6&63]&15), -limit), limit)
	binary.LittleEndian.PutUint16(d.out[2*i&(2*Count-1):], uint16(v))
}

func (d *decoder) decode(p []byte, three bool) {
	// The bit reader is that of package bits by hand: the compiler keeps it in
	// registers so.
	var acc uint64 // the next bits, from the highest
	n, at := 0, 0  // how many of acc count; next byte of p
	k, kp, kr, krp := uint(1), 1<<scale, uint(1), 1<<scale
	for i := 0; i < Count; {
		if n < 56 {
			if at+8 <= len(p) {
				acc |= binary.BigEndian.Uint64(p[at:]) >> uint(n&63)
				at += (63 - n) >> 3
				n += (63 - n) &^ 7
			} else {
				acc, n, at = lastBits(p, acc, n, at)
			}
		}
		negative := false
		if k > 0 { // zeros: whole runs, then a shorter one, then a value
			whole := bits.LeadingZeros64(acc)
			for range min(whole, 32) {
				i += 1 << (k & 15)
				kp = min(kp+upGR, maxK)
				k = uint(kp) >> scale
			}
			if whole >= 32 {
				acc <<= 32
				n -= 32
				continue
			}
			acc <<= uint(whole+1) & 63
			i += int(acc >> ((64 - k) & 63))
			acc <<= k & 63
			n -= whole + 1 + int(k)
			if i >= Count {
				return
			}
			negative = acc>>63 != 0
			acc <<= 1
			n--
			if n < 44 { // a code has at most 32+1+10 bits, or else goes the long way
				if at+8 <= len(p) {
					acc |= binary.BigEndian.Uint64(p[at:]) >> uint(n&63)
					at += (63 - n) >> 3
					n += (63 - n) &^ 7
				} else {
					acc, n, at = lastBits(p, acc, n, at)
				}
			}
		}
		// A Golomb-Rice code: ones, a zero, and kr bits.
		ones := bits.LeadingZeros64(^acc)
		vk := ones
		if ones >= 32 {
			for vk = 0; ; {
				ones = min(bits.LeadingZeros64(^acc), 32)
				vk += ones
				acc <<= uint(ones) & 63
				n -= ones
				acc, n, at = lastBits(p, acc, n, at)
				if ones < 32 {
					break
				}
			}
			ones = 0
		}
		acc <<= uint(ones+1) & 63
		n -= ones + 1 + int(kr)
		mag := uint32(vk) << (kr & 15)
		if kr > 0 {
			mag |= uint32(acc >> ((64 - kr) & 63))
			acc <<= kr & 63
		}
		if vk == 0 {
			krp = max(krp-2, 0)
			kr = uint(krp) >> scale
		} else if vk > 1 {
			krp = min(krp+vk, maxK)
			kr = uint(krp) >> scale
		}
		switch {
		case k > 0:
			value := int32(mag&0xffff) + 1
			if negative {
				value = -value
			}
			d.put(i, value)
			d.any = true
			i++
			kp = max(kp-dnGR, 0)
		case !three:
			if mag == 0 {
				kp = min(kp+uqGR, maxK)
			} else {
				d.put(i, signed(mag))
				d.any = true
				kp = max(kp-dqGR, 0)
			}
			i++
		default: // the sum of two, and the first in as many bits as the sum has
			if mag == 0 {
				kp = min(kp+2*uqGR, maxK)
				i += 2
				break
			}
			size := uint(bits.Len32(mag))
			if n < int(size) {
				acc, n, at = lastBits(p, acc, n, at)
			}
			first := uint32(acc >> ((64 - size) & 63))
			acc <<= size & 63
			n -= int(size)
			second := mag - first
			if first != 0 && second != 0 {
				kp = max(kp-2*dqGR, 0)
			}
			d.put(i, signed(first))
			if i+1 < Count {
				d.put(i+1, signed(second))
			}
			d.any = true
			i += 2
		}
		k = uint(kp) >> scale
	}
}

// signed turns twice the magnitude, less one for a negative value, into the value.
func signed(v uint32) int32 { return int32(v>>1&0x7fff) ^ -int32(v&1) }

// lastBits fills acc byte by byte; zeros without end follow the last one.
func lastBits(p []byte, acc uint64, n, at int) (uint64, int, int) {
	for n <= 56 && at < len(p) {
		acc |= uint64(p[at]) << uint(56-n)
		at++
		n += 8
	}
	if at >= len(p) {
		n = 64
	}
	return acc, n, at
}
