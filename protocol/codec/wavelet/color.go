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
	to := out[:]
	for x := 0; x <= Side-8; x += 8 { // the even and the odd columns of eight pixels
		le, lo := binary.LittleEndian.Uint64(l[x:]), binary.LittleEndian.Uint64(l[x+Side:])
		be, bo := binary.LittleEndian.Uint64(b[x:]), binary.LittleEndian.Uint64(b[x+Side:])
		re, ro := binary.LittleEndian.Uint64(r[x:]), binary.LittleEndian.Uint64(r[x+Side:])
		if be&bo&re&ro == bias4 && be|bo|re|ro == bias4 { // grey, as much on a desktop is
			for range 4 {
				v0, v1 := clamp((int(le&0xffff)<<16+round)>>point), clamp((int(lo&0xffff)<<16+round)>>point)
				binary.LittleEndian.PutUint64(to, uint64(v0)*0x010101|uint64(v1)*0x010101_00000000|0xff000000_ff000000)
				le, lo, to = le>>16, lo>>16, to[8:]
			}
			continue
		}
		for len(to) >= 8 {
			y0, b0, r0 := int(le&0xffff)<<16, int(be&0xffff), int(re&0xffff)
			y1, b1, r1 := int(lo&0xffff)<<16, int(bo&0xffff), int(ro&0xffff)
			le, be, re, lo, bo, ro = le>>16, be>>16, re>>16, lo>>16, bo>>16, ro>>16
			red0, red1 := (y0+redCr*r0+red)>>point, (y1+redCr*r1+red)>>point
			green0, green1 := (y0-greenCb*b0-greenCr*r0+green)>>point, (y1-greenCb*b1-greenCr*r1+green)>>point
			blue0, blue1 := (y0+blueCb*b0+blue)>>point, (y1+blueCb*b1+blue)>>point
			if uint(red0|green0|blue0|red1|green1|blue1) > 255 { // few pixels are
				red0, green0, blue0 = clamp(red0), clamp(green0), clamp(blue0)
				red1, green1, blue1 = clamp(red1), clamp(green1), clamp(blue1)
			}
			binary.LittleEndian.PutUint64(to, uint64(red0|green0<<8|blue0<<16|red1<<32|green1<<40|blue1<<48)|0xff000000_ff000000)
			to = to[8:]
			if len(to)%32 == 0 {
				break
			}
		}
	}
}

// clamp is the nearest of 0 to 255.
func clamp(v int) int { return min(max(v, 0), 255) }
