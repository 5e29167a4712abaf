package codec

import "encoding/binary"

// RDP's pixels have blue in the lowest byte. These turn them into a target's.

// SwapBGR is a pixel's value with blue and red exchanged.
func SwapBGR(v uint32) uint32 { return v&0xff00ff00 | v>>16&0xff | v&0xff<<16 }

// BGR4 copies pixels of four bytes (B, G, R, A), setting the bits of or in each. It
// stops at the shorter one.
func BGR4(dst, src []byte, or uint32) {
	const rb = 0x00ff00ff_00ff00ff
	two := uint64(or)<<32 | uint64(or)
	for len(src) >= 8 && len(dst) >= 8 {
		v := binary.LittleEndian.Uint64(src)
		binary.LittleEndian.PutUint64(dst, v&^rb|v>>16&0x000000ff_000000ff|v<<16&0x00ff0000_00ff0000|two)
		src, dst = src[8:], dst[8:]
	}
	if len(src) >= 4 && len(dst) >= 4 {
		binary.LittleEndian.PutUint32(dst, SwapBGR(binary.LittleEndian.Uint32(src))|or)
	}
}

// BGR3 spreads pixels of three bytes (B, G, R) to four, with alpha 255. It stops at
// the shorter one.
func BGR3(dst, src []byte) {
	for len(src) >= 4 && len(dst) >= 4 { // one byte more than needed, so that it is one load
		binary.LittleEndian.PutUint32(dst, SwapBGR(binary.LittleEndian.Uint32(src))&0xffffff|0xff000000)
		src, dst = src[3:], dst[4:]
	}
	if len(src) >= 3 && len(dst) >= 4 {
		binary.LittleEndian.PutUint32(dst, BGRPixel(src))
	}
}

// BGRPixel is the value of one pixel of three bytes (B, G, R), opaque.
func BGRPixel(src []byte) uint32 {
	_ = src[2]
	return uint32(src[2]) | uint32(src[1])<<8 | uint32(src[0])<<16 | 0xff000000
}

// Pixel565 is the value of a pixel of 16 bits (red in the highest 5), opaque. The
// lowest bits repeat the highest, so that white is white; every bit of the value is
// a bit of v, so an exclusive or may be taken before or after.
func Pixel565(v uint16) uint32 {
	r, g, b := uint32(v>>11), uint32(v>>5&63), uint32(v&31)
	return r<<3 | r>>2 | (g<<2|g>>4)<<8 | (b<<3|b>>2)<<16 | 0xff000000
}

// Pixel555 is the same of 15 bits.
func Pixel555(v uint16) uint32 {
	r, g, b := uint32(v>>10&31), uint32(v>>5&31), uint32(v&31)
	return r<<3 | r>>2 | (g<<3|g>>2)<<8 | (b<<3|b>>2)<<16 | 0xff000000
}
