package wavelet

import "encoding/binary"

// Coefficients of the conversion from YCbCr (MS-RDPRFX §3.1.8.2.5), times 65536. The
// specification adds 0.000013 of Cr to blue, which changes nothing.
const (
	redCr   = 91916  // 1.402525
	greenCb = 22527  // 0.343730
	greenCr = 46819  // 0.714401
	blueCb  = 115992 // 1.769905
)

// What makes up for the bias, moves Y up by 128, and rounds. Numbers have 5 bits after
// the point, and 16 more by the coefficients.
const (
	point = 5 + 16
	round = 1<<(point-1) + (128<<5-Bias)<<16
	red   = round - redCr*Bias
	green = round + (greenCb+greenCr)*Bias
	blue  = round - blueCb*Bias
)

// Row converts row y of a tile to pixels of four bytes: R, G, B, 255.
func Row(out *[4 * Side]byte, y int, luma, cb, cr *Plane) {
	i := 2 * Side * y
	l, b, r := luma[i:i+2*Side], cb[i:i+2*Side], cr[i:i+2*Side]
	for x := 0; x < Side; x += 8 { // the even and the odd columns of eight pixels
		i = x
		to := out[4*x : 4*x+32 : 4*x+32]
		le, lo := binary.LittleEndian.Uint64(l[i:]), binary.LittleEndian.Uint64(l[i+Side:])
		be, bo := binary.LittleEndian.Uint64(b[i:]), binary.LittleEndian.Uint64(b[i+Side:])
		re, ro := binary.LittleEndian.Uint64(r[i:]), binary.LittleEndian.Uint64(r[i+Side:])
		binary.LittleEndian.PutUint64(to, pixel(le, be, re)|pixel(lo, bo, ro)<<32)
		binary.LittleEndian.PutUint64(to[8:], pixel(le>>16, be>>16, re>>16)|pixel(lo>>16, bo>>16, ro>>16)<<32)
		binary.LittleEndian.PutUint64(to[16:], pixel(le>>32, be>>32, re>>32)|pixel(lo>>32, bo>>32, ro>>32)<<32)
		binary.LittleEndian.PutUint64(to[24:], pixel(le>>48, be>>48, re>>48)|pixel(lo>>48, bo>>48, ro>>48)<<32)
	}
}

// pixel converts the lowest numbers of three words.
func pixel(luma, cb, cr uint64) uint64 {
	y, b, r := int(luma&0xffff)<<16, int(cb&0xffff), int(cr&0xffff)
	return clamp((y+redCr*r+red)>>point) | clamp((y-greenCb*b-greenCr*r+green)>>point)<<8 | clamp((y+blueCb*b+blue)>>point)<<16 | 0xff000000
}

// clamp is the nearest of 0 to 255.
func clamp(v int) uint64 {
	if uint(v) > 255 {
		return uint64(int64(^v)>>63) & 255
	}
	return uint64(v)
}
