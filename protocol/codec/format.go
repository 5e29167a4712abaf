package codec

import "encoding/binary"

// Format is what the pixels of a payload look like. Less than 32 bits are for slow lines
// between a server and its relay.
type Format uint8

// Formats.
const (
	// RGBX is R, G, B and a byte that means nothing; a compact pixel is R, G, B.
	RGBX Format = iota
	// RGB565 is 16 bits in little-endian order: red in the upper five, blue in the lower.
	RGB565
	// BGR233 is 8 bits: blue in the upper two, red in the lower three.
	BGR233
)

// Size is the length of a pixel in bytes.
func (f Format) Size() int {
	switch f {
	case RGB565:
		return 2
	case BGR233:
		return 1
	}
	return 4
}

// Pixel is the value of a pixel, opaque.
func (f Format) Pixel(b []byte) uint32 {
	switch f {
	case RGB565:
		return Pixel565(binary.LittleEndian.Uint16(b))
	case BGR233:
		v := uint32(b[0])
		red, green, blue := v&7, v>>3&7, v>>6
		return red<<5 | red<<2 | red>>1 | (green<<5|green<<2|green>>1)<<8 | blue*0x55<<16 | 0xff000000
	}
	return binary.LittleEndian.Uint32(b) | 0xff000000
}

// Pixels spreads pixels to four bytes. It stops at the shorter one.
func (f Format) Pixels(dst, src []byte) {
	size := f.Size()
	for len(src) >= size && len(dst) >= 4 {
		binary.LittleEndian.PutUint32(dst, f.Pixel(src))
		src, dst = src[size:], dst[4:]
	}
}

// part is where a colour lies in a pixel.
type part struct{ shift, most uint32 }

// Parts of the pixels of a target, for what reckons with colours as they come.
var parts = map[Format][]part{RGB565: {{11, 31}, {5, 63}, {0, 31}}, BGR233: {{0, 7}, {3, 7}, {6, 3}}}

// Predict adds a difference to what the neighbours of a pixel predict: left + up - corner
// for each colour, kept in its range (Tight's gradient). All are values as they come in
// the target's format.
func (t *Target) Predict(left, up, corner, difference uint32) (v uint32) {
	all := parts[t.Format]
	if all == nil {
		all = bytewise[:3]
		if t.Alpha {
			all = bytewise[:]
		}
	}
	for _, p := range all {
		guess := int(left>>p.shift&p.most) + int(up>>p.shift&p.most) - int(corner>>p.shift&p.most)
		guess = min(max(guess, 0), int(p.most))
		v |= (uint32(guess) + difference>>p.shift&p.most) & p.most << p.shift
	}
	return v
}

var bytewise = [4]part{{0, 255}, {8, 255}, {16, 255}, {24, 255}}
