package codec

import "encoding/binary"

// YCoCg turns a row of the colour space YCoCg (MS-RDPEGDI §3.1.9.1.2) into opaque
// pixels, as many as out has. The chroma values lack their lowest loss bits, 1 to 7
// (§3.1.9.1.4); with half = 1 there is one for two pixels (§3.1.9.1.3), else half is
// 0. swap exchanges red and blue.
//
// Chroma has nine bits with its sign, of which the formula uses the upper eight: half
// of the value. With loss of at least one bit, these are all that there is.
func YCoCg(out, luma, co, cg []byte, loss, half uint, swap bool) {
	n := len(out) / 4
	luma = luma[:n]
	chroma := (n + int(half)) >> half
	co, cg = co[:chroma], cg[:chroma]
	red, blue := uint(0), uint(16)
	if swap {
		red, blue = blue, red
	}
	shift := loss - 1
	for x, y := range luma {
		o, g := int32(int8(co[x>>half]<<shift)), int32(int8(cg[x>>half]<<shift))
		t := int32(y) - g
		binary.LittleEndian.PutUint32(out[4*x:], clamp8(t+o)<<red|clamp8(int32(y)+g)<<8|clamp8(t-o)<<blue|0xff000000)
	}
}

// clamp8 is the nearest of 0 to 255.
func clamp8(v int32) uint32 {
	if uint32(v) > 255 {
		return uint32(^v>>31) & 255
	}
	return uint32(v)
}
