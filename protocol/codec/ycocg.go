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
	shift := loss - 1&7
	if half == 0 {
		for x, y := range luma {
			binary.LittleEndian.PutUint32(out[4*x:], ycocg(y, co[x]<<shift, cg[x]<<shift, red, blue))
		}
		return
	}
	for len(luma) >= 2 && len(out) >= 8 && len(co) > 0 && len(cg) > 0 {
		o, g := co[0]<<shift, cg[0]<<shift
		binary.LittleEndian.PutUint32(out, ycocg(luma[0], o, g, red, blue))
		binary.LittleEndian.PutUint32(out[4:], ycocg(luma[1], o, g, red, blue))
		luma, out, co, cg = luma[2:], out[8:], co[1:], cg[1:]
	}
	if len(luma) > 0 {
		binary.LittleEndian.PutUint32(out, ycocg(luma[0], co[0]<<shift, cg[0]<<shift, red, blue))
	}
}

// ycocg is a pixel of luma and the halves of both chromas.
func ycocg(luma, co, cg byte, red, blue uint) uint32 {
	y, o, g := int32(luma), int32(int8(co)), int32(int8(cg))
	r, b := y-g+o, y-g-o
	g += y
	if uint32(r|g|b) > 255 { // few pixels are
		r, g, b = min(max(r, 0), 255), min(max(g, 0), 255), min(max(b, 0), 255)
	}
	return uint32(r)<<(red&31) | uint32(g)<<8 | uint32(b)<<(blue&31) | 0xff000000
}
