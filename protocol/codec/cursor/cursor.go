// Package cursor decodes cursor shapes into straight-alpha RGBA, which is what a
// CSS cursor or a canvas takes: Cursor (RFC 6143 §7.8.1), XCursor, CursorWithAlpha
// and VMware's (rfbproto, "… Pseudo-encoding").
//
// A shape is small, so its payload is taken complete: Size says how long it is. The
// exception is CursorWithAlpha, whose pixels are in an encoding of their own and
// share its state with the rest of the connection; see [Alpha].
package cursor

import (
	"encoding/binary"
	"fmt"

	"github.com/porthole-rac/porthole/protocol/codec"
)

// Encoding numbers.
const (
	Plain     int32 = -239
	X         int32 = -240
	WithAlpha int32 = -314
	VMware    int32 = 0x574d5664
)

// MaxSide bounds a shape's width and height, in pixels. Browsers take cursors of
// 128; Windows and X go to 256, and HiDPI doubles.
const MaxSide = 1024

// VMware's kinds of cursors.
const (
	vmwareClassic = 0
	vmwareAlpha   = 1
)

// Size is the length of a shape's payload. Of VMware's it needs the first byte;
// without one the answer is 2, which are to be had first. It fails for a shape
// larger than [MaxSide], an unknown kind, and CursorWithAlpha, whose length nobody
// knows beforehand.
func Size(encoding int32, w, h int, begin []byte) (int, error) {
	if w < 0 || h < 0 || w > MaxSide || h > MaxSide {
		return 0, fmt.Errorf("cursor of %d×%d pixels: %w", w, h, codec.ErrCorrupt)
	}
	mask := (w + 7) / 8 * h
	switch encoding {
	case Plain:
		return 4*w*h + mask, nil
	case X:
		if w == 0 || h == 0 {
			return 0, nil
		}
		return 3 + 3 + 2*mask, nil
	case VMware:
		switch {
		case len(begin) == 0:
			return 2, nil
		case begin[0] == vmwareClassic:
			return 2 + 2*4*w*h, nil
		case begin[0] == vmwareAlpha:
			return 2 + 4*w*h, nil
		}
		return 0, fmt.Errorf("cursor of VMware's type %d: %w", begin[0], codec.ErrCorrupt)
	}
	return 0, fmt.Errorf("cursor in encoding %d: %w", encoding, codec.ErrCorrupt)
}

// Decode appends the w×h pixels of a shape, R, G, B, A, to dst. The payload must
// have the length that Size says.
func Decode(dst []byte, encoding int32, w, h int, payload []byte) ([]byte, error) {
	n, err := Size(encoding, w, h, payload)
	switch {
	case err != nil:
		return dst, err
	case len(payload) < n:
		return dst, fmt.Errorf("cursor of %d×%d, %d bytes: %w", w, h, len(payload), codec.ErrShort)
	case len(payload) > n:
		return dst, fmt.Errorf("cursor of %d×%d, %d bytes: %w", w, h, len(payload), codec.ErrLong)
	}
	before := len(dst)
	dst = append(dst, make([]byte, 4*w*h)...)
	out := dst[before:]
	if len(out) == 0 {
		return dst, nil
	}
	switch encoding {
	case Plain:
		plain(out, w, h, payload)
	case X:
		twoColors(out, w, h, payload)
	case VMware:
		if payload[0] == vmwareAlpha {
			// The specification does not say whether it is premultiplied; the servers
			// that send it (VMware, TigerVNC) do not.
			copy(out, payload[2:])
		} else {
			classic(out, w, h, payload[2:])
		}
	}
	return dst, nil
}

func plain(out []byte, w, h int, p []byte) {
	mask := p[4*w*h:]
	for y := range h {
		for x := range w {
			if i := 4 * (y*w + x); bit(mask, w, x, y) {
				copy(out[i:], p[i:i+3])
				out[i+3] = 255
			}
		}
	}
}

func twoColors(out []byte, w, h int, p []byte) {
	bitmap := p[6:]
	mask := bitmap[(w+7)/8*h:]
	for y := range h {
		for x := range w {
			if !bit(mask, w, x, y) {
				continue
			}
			color := p[3:6]
			if bit(bitmap, w, x, y) {
				color = p[:3]
			}
			i := 4 * (y*w + x)
			copy(out[i:], color)
			out[i+3] = 255
		}
	}
}

func bit(mask []byte, w, x, y int) bool { return mask[(w+7)/8*y+x/8]>>(7-x%8)&1 != 0 }

// classic turns an AND mask and a XOR mask into pixels: dst = dst & and ^ xor. What
// inverts the screen (most often the bar over text) cannot be said in RGBA; it
// becomes black with a white edge, which is seen on any ground.
func classic(out []byte, w, h int, p []byte) {
	const color = 0xffffff
	and, xor := p[:4*w*h], p[4*w*h:]
	inverts := func(x, y int) bool {
		if x < 0 || y < 0 || x >= w || y >= h {
			return false
		}
		i := 4 * (y*w + x)
		return binary.LittleEndian.Uint32(and[i:])&color != 0 && binary.LittleEndian.Uint32(xor[i:])&color != 0
	}
	for y := range h {
		for x := range w {
			i := 4 * (y*w + x)
			pixel := uint32(0)
			switch {
			case binary.LittleEndian.Uint32(and[i:])&color == 0:
				pixel = binary.LittleEndian.Uint32(xor[i:])&color | 0xff000000
			case inverts(x, y):
				pixel = 0xff000000
			default:
				for n := range 9 {
					if inverts(x+n%3-1, y+n/3-1) {
						pixel = 0xffffffff
					}
				}
			}
			binary.LittleEndian.PutUint32(out[i:], pixel)
		}
	}
}

// straighten turns premultiplied alpha into straight alpha.
func straighten(p []byte) {
	for ; len(p) >= 4; p = p[4:] {
		a := int(p[3])
		if a == 0 {
			p[0], p[1], p[2] = 0, 0, 0
			continue
		}
		for i := range 3 {
			p[i] = byte(min(255, (int(p[i])*255+a/2)/a))
		}
	}
}
