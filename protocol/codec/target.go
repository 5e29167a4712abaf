package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// MaxPixels bounds a target: 64 Mpixel, 256 MB. It is more than any screen has,
// and less than what a server could make a browser allocate with 65535×65535.
const MaxPixels = 64 << 20

// ErrBounds is in the errors for a rectangle that leaves its target.
var ErrBounds = errors.New("outside of the frame buffer")

// Rect is a rectangle in pixels.
type Rect struct{ X, Y, W, H int }

// String is the rectangle as WxH+X+Y.
func (r Rect) String() string { return fmt.Sprintf("%dx%d+%d+%d", r.W, r.H, r.X, r.Y) }

// Target is a frame buffer that others own.
type Target struct {
	Pix           []byte // R, G, B, A; rows from the top
	Stride        int    // bytes from a row to the next, at least 4 × Width
	Width, Height int    // pixels
	Alpha         bool   // keep the fourth byte of pixels; else it is 255
	Format        Format // of the pixels that payloads have; RGBX with Alpha
}

// NewTarget returns an empty frame buffer of its own, without gaps between rows.
// It fails for more than [MaxPixels].
func NewTarget(width, height int) (Target, error) {
	if width < 0 || height < 0 || width > 0xffff || height > 0xffff || width*height > MaxPixels {
		return Target{}, fmt.Errorf("codec: no frame buffer of %d×%d pixels", width, height)
	}
	return Target{Pix: make([]byte, 4*width*height), Stride: 4 * width, Width: width, Height: height}, nil
}

// Check is nil when the rectangle lies in the target, and the target's pixels
// exist. An empty rectangle may lie on the edge.
func (t *Target) Check(r Rect) error {
	if r.X < 0 || r.Y < 0 || r.W < 0 || r.H < 0 || r.X > t.Width-r.W || r.Y > t.Height-r.H {
		return fmt.Errorf("rectangle %v of %d×%d: %w", r, t.Width, t.Height, ErrBounds)
	}
	if t.Width < 0 || t.Stride < 4*t.Width || t.Height > 0 && len(t.Pix) < (t.Height-1)*t.Stride+4*t.Width {
		return fmt.Errorf("codec: frame buffer of %d bytes, stride %d, is too small for %d×%d", len(t.Pix), t.Stride, t.Width, t.Height)
	}
	return nil
}

// Opaque is what decoders set in a pixel's value besides what the server sent.
func (t *Target) Opaque() uint32 {
	if t.Alpha {
		return 0
	}
	return 0xff000000
}

// Compact is the length of a compact pixel (CPIXEL, TPIXEL) in bytes.
func (t *Target) Compact() int {
	if t.Format == RGBX && !t.Alpha {
		return 3
	}
	return t.Format.Size()
}

// Pixel is the value of a pixel of a payload.
func (t *Target) Pixel(b []byte) uint32 {
	if t.Format == RGBX {
		return binary.LittleEndian.Uint32(b) | t.Opaque()
	}
	return t.Format.Pixel(b)
}

// CompactPixel is the value of a compact pixel.
func (t *Target) CompactPixel(b []byte) uint32 {
	if t.Format == RGBX && !t.Alpha {
		return Pixel3(b)
	}
	return t.Pixel(b)
}

// Pixels paints pixels of a payload on a row. It stops at the shorter one.
func (t *Target) Pixels(dst, src []byte) {
	if t.Format == RGBX {
		Pixels4(dst, src, t.Opaque())
		return
	}
	t.Format.Pixels(dst, src)
}

// CompactPixels does so with compact ones.
func (t *Target) CompactPixels(dst, src []byte) {
	if t.Format == RGBX && !t.Alpha {
		Pixels3(dst, src)
		return
	}
	t.Pixels(dst, src)
}

// Row is the bytes of w pixels from x, y on; they must lie in the target.
func (t *Target) Row(x, y, w int) []byte {
	i := y*t.Stride + 4*x
	return t.Pix[i : i+4*w : i+4*w]
}

// Fill paints a rectangle, which must lie in the target, in one colour: a pixel's
// value in little-endian order, R lowest.
func (t *Target) Fill(r Rect, color uint32) {
	if r.W <= 0 || r.H <= 0 {
		return
	}
	i, n := r.Y*t.Stride+4*r.X, 4*r.W
	if n <= 64 { // tiles: a copy's call would cost more than the stores
		two := uint64(color)<<32 | uint64(color)
		for range r.H {
			row := t.Pix[i : i+n : i+n]
			for len(row) >= 8 {
				binary.LittleEndian.PutUint64(row, two)
				row = row[8:]
			}
			if len(row) >= 4 {
				binary.LittleEndian.PutUint32(row, color)
			}
			i += t.Stride
		}
		return
	}
	first := t.Pix[i : i+n : i+n]
	FillPixels(first, color)
	for y := 1; y < r.H; y++ {
		i += t.Stride
		copy(t.Pix[i:i+n], first)
	}
}

// Copy is CopyRect: it moves the pixels of a rectangle of r's size at x, y to r.
// The two may overlap.
func (t *Target) Copy(r Rect, x, y int) error {
	if err := t.Check(r); err != nil {
		return err
	}
	if err := t.Check(Rect{x, y, r.W, r.H}); err != nil {
		return fmt.Errorf("source: %w", err)
	}
	first, step := 0, 1
	if y < r.Y {
		first, step = r.H-1, -1
	}
	for i, row := 0, first; i < r.H; i, row = i+1, row+step {
		copy(t.Row(r.X, r.Y+row, r.W), t.Row(x, y+row, r.W))
	}
	return nil
}

// FillPixels writes one colour to all pixels of dst.
func FillPixels(dst []byte, color uint32) {
	if len(dst) < 128 {
		for ; len(dst) >= 4; dst = dst[4:] {
			binary.LittleEndian.PutUint32(dst, color)
		}
		return
	}
	two := uint64(color)<<32 | uint64(color)
	for i := 0; i < 64; i += 8 {
		binary.LittleEndian.PutUint64(dst[i:], two)
	}
	for n := 64; n < len(dst); n *= 2 {
		copy(dst[n:], dst[:n])
	}
}

// Pixels4 copies pixels of four bytes, setting the bits of or in each. It stops
// at the shorter one.
func Pixels4(dst, src []byte, or uint32) {
	n := min(len(dst), len(src)) &^ 3
	dst, src = dst[:n], src[:n]
	if or == 0 {
		copy(dst, src)
		return
	}
	two := uint64(or)<<32 | uint64(or)
	for len(src) >= 16 && len(dst) >= 16 {
		a := binary.LittleEndian.Uint64(src) | two
		b := binary.LittleEndian.Uint64(src[8:16]) | two
		binary.LittleEndian.PutUint64(dst, a)
		binary.LittleEndian.PutUint64(dst[8:16], b)
		src, dst = src[16:], dst[16:]
	}
	for len(src) >= 4 && len(dst) >= 4 {
		binary.LittleEndian.PutUint32(dst, binary.LittleEndian.Uint32(src)|or)
		src, dst = src[4:], dst[4:]
	}
}

// Pixels3 spreads pixels of three bytes (R, G, B: CPIXEL and TPIXEL) to four,
// with alpha 255. It stops at the shorter one.
func Pixels3(dst, src []byte) {
	const opaque, both = 0xff000000, 0xff000000_ff000000
	for len(src) >= 12 && len(dst) >= 16 {
		a := uint64(binary.LittleEndian.Uint32(src))
		b := uint64(binary.LittleEndian.Uint32(src[4:8]))
		c := uint64(binary.LittleEndian.Uint32(src[8:12]))
		binary.LittleEndian.PutUint64(dst, a&0xffffff|a>>24<<32|b<<40&0xffff00_00000000|both)
		binary.LittleEndian.PutUint64(dst[8:16], b>>16|c&0xff<<16|c>>8<<32|both)
		src, dst = src[12:], dst[16:]
	}
	for len(src) >= 3 && len(dst) >= 4 {
		binary.LittleEndian.PutUint32(dst, uint32(src[0])|uint32(src[1])<<8|uint32(src[2])<<16|opaque)
		src, dst = src[3:], dst[4:]
	}
}

// Pixel3 is the value of one pixel of three bytes, opaque.
func Pixel3(src []byte) uint32 {
	_ = src[2]
	return uint32(src[0]) | uint32(src[1])<<8 | uint32(src[2])<<16 | 0xff000000
}
