package rfb

import (
	"encoding/binary"
	"math/bits"
)

// PixelFormat says what a pixel looks like on the wire (RFB, "ServerInit",
// PIXEL_FORMAT).
type PixelFormat struct {
	BitsPerPixel, Depth             uint8
	BigEndian, TrueColour           bool
	RedMax, GreenMax, BlueMax       uint16
	RedShift, GreenShift, BlueShift uint8
}

// RGBX is the format that is asked of every server: red, green, blue and an unused
// byte in memory order, which is what a browser's ImageData takes.
var RGBX = PixelFormat{
	BitsPerPixel: 32, Depth: 24, TrueColour: true,
	RedMax: 255, GreenMax: 255, BlueMax: 255,
	RedShift: 0, GreenShift: 8, BlueShift: 16,
}

// RGB565 and BGR233 are formats of 16 and 8 bits, for slow lines.
var (
	RGB565 = PixelFormat{
		BitsPerPixel: 16, Depth: 16, TrueColour: true,
		RedMax: 31, GreenMax: 63, BlueMax: 31,
		RedShift: 11, GreenShift: 5, BlueShift: 0,
	}
	BGR233 = PixelFormat{
		BitsPerPixel: 8, Depth: 8, TrueColour: true,
		RedMax: 7, GreenMax: 7, BlueMax: 3,
		RedShift: 0, GreenShift: 3, BlueShift: 6,
	}
)

// rgba is the format of cursors with alpha (RFB, "Cursor With Alpha"): all four
// bytes count, so no compact pixels.
var rgba = PixelFormat{
	BitsPerPixel: 32, Depth: 32, TrueColour: true,
	RedMax: 255, GreenMax: 255, BlueMax: 255,
	RedShift: 0, GreenShift: 8, BlueShift: 16,
}

const formatSize = 16

func parseFormat(b []byte) PixelFormat {
	return PixelFormat{
		BitsPerPixel: b[0], Depth: b[1], BigEndian: b[2] != 0, TrueColour: b[3] != 0,
		RedMax: binary.BigEndian.Uint16(b[4:]), GreenMax: binary.BigEndian.Uint16(b[6:]), BlueMax: binary.BigEndian.Uint16(b[8:]),
		RedShift: b[10], GreenShift: b[11], BlueShift: b[12],
	}
}

// Append appends the 16 bytes of a PIXEL_FORMAT.
func (f PixelFormat) Append(dst []byte) []byte {
	flag := func(b bool) byte {
		if b {
			return 1
		}
		return 0
	}
	dst = append(dst, f.BitsPerPixel, f.Depth, flag(f.BigEndian), flag(f.TrueColour))
	dst = binary.BigEndian.AppendUint16(dst, f.RedMax)
	dst = binary.BigEndian.AppendUint16(dst, f.GreenMax)
	dst = binary.BigEndian.AppendUint16(dst, f.BlueMax)
	return append(dst, f.RedShift, f.GreenShift, f.BlueShift, 0, 0, 0)
}

// Valid tells whether pixels of this format can be read: 8, 16 or 32 bits, and
// colours that lie within them.
func (f PixelFormat) Valid() bool {
	if f.BitsPerPixel != 8 && f.BitsPerPixel != 16 && f.BitsPerPixel != 32 {
		return false
	}
	if !f.TrueColour {
		return true
	}
	fits := func(limit uint16, shift uint8) bool {
		return limit != 0 && limit&(limit+1) == 0 && bits.Len16(limit)+int(shift) <= int(f.BitsPerPixel)
	}
	return fits(f.RedMax, f.RedShift) && fits(f.GreenMax, f.GreenShift) && fits(f.BlueMax, f.BlueShift)
}

// Bytes is the length of a PIXEL.
func (f PixelFormat) Bytes() int { return int(f.BitsPerPixel) / 8 }

// eights tells whether the colours have 8 bits each.
func (f PixelFormat) eights() bool {
	return f.RedMax == 255 && f.GreenMax == 255 && f.BlueMax == 255
}

// TightBytes is the length of a TPIXEL (RFB, "Tight Encoding").
func (f PixelFormat) TightBytes() int {
	if f.TrueColour && f.BitsPerPixel == 32 && f.Depth == 24 && f.eights() {
		return 3
	}
	return f.Bytes()
}

// CompactBytes is the length of a CPIXEL (RFB, "ZRLE Encoding"): 3 where all
// colours lie in the lower or the upper 3 bytes of 4.
func (f PixelFormat) CompactBytes() int {
	if !f.TrueColour || f.BitsPerPixel != 32 || f.Depth > 24 {
		return f.Bytes()
	}
	mask := uint32(f.RedMax)<<f.RedShift | uint32(f.GreenMax)<<f.GreenShift | uint32(f.BlueMax)<<f.BlueShift
	if mask&0xff000000 == 0 || mask&0xff == 0 {
		return 3
	}
	return 4
}

// rgb reads one pixel as 8-bit colours. Without true colour the value is shown as
// grey; no server is asked for that.
func (f PixelFormat) rgb(b []byte) (r, g, bl byte) {
	var v uint32
	switch f.BitsPerPixel {
	case 8:
		v = uint32(b[0])
	case 16:
		v = uint32(binary.LittleEndian.Uint16(b))
		if f.BigEndian {
			v = uint32(binary.BigEndian.Uint16(b))
		}
	default:
		v = binary.LittleEndian.Uint32(b)
		if f.BigEndian {
			v = binary.BigEndian.Uint32(b)
		}
	}
	if !f.TrueColour {
		return byte(v), byte(v), byte(v)
	}
	part := func(limit uint16, shift uint8) byte {
		return byte((v >> shift & uint32(limit)) * 255 / uint32(limit))
	}
	return part(f.RedMax, f.RedShift), part(f.GreenMax, f.GreenShift), part(f.BlueMax, f.BlueShift)
}
