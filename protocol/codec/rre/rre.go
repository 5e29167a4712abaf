// Package rre decodes RRE (RFC 6143 §7.7.3) and CoRRE (rfbproto "CoRRE Encoding",
// number 4): a background and rectangles of one colour on it, with 16 or 8 bits for
// their places.
package rre

import (
	"encoding/binary"
	"fmt"

	"github.com/porthole-rac/porthole/protocol/codec"
)

// Decoder decodes RRE or CoRRE.
type Decoder struct {
	codec.Units
	name    string
	corners int // bytes of a subrectangle's place and size
	pixel   int // bytes of its colour
	dst     codec.Target
	r       codec.Rect
	left    uint32 // subrectangles
	started bool
}

// New returns a decoder of RRE.
func New() *Decoder { return &Decoder{name: "rre", corners: 4 * 2} }

// NewCompact returns a decoder of CoRRE.
func NewCompact() *Decoder { return &Decoder{name: "corre", corners: 4} }

// Begin starts a rectangle.
func (d *Decoder) Begin(dst codec.Target, r codec.Rect) error {
	d.dst, d.r, d.started, d.pixel = dst, r, false, dst.Format.Size()
	return d.Start(d.name, &dst, r)
}

// Write takes a piece of the payload.
func (d *Decoder) Write(p []byte) (int, error) { return d.Feed(p, d) }

// Step paints the background, then whole subrectangles.
func (d *Decoder) Step(b []byte) (int, error) {
	used := 0
	if !d.started {
		if len(b) < 4+d.pixel {
			return 0, nil
		}
		d.started = true
		d.left = binary.BigEndian.Uint32(b)
		// Servers fall back to Raw long before this. More subrectangles than pixels
		// would only be a way to keep the browser busy.
		if int64(d.left) > int64(d.r.W)*int64(d.r.H) {
			return 0, fmt.Errorf("%d subrectangles: %w", d.left, codec.ErrCorrupt)
		}
		d.dst.Fill(d.r, d.dst.Pixel(b[4:]))
		used = 4 + d.pixel
	}
	unit := d.pixel + d.corners
	for d.left > 0 && len(b)-used >= unit {
		color, s := b[used:used+d.pixel], b[used+d.pixel:used+unit]
		sub := codec.Rect{}
		if d.corners == 4 {
			sub.X, sub.Y, sub.W, sub.H = int(s[0]), int(s[1]), int(s[2]), int(s[3])
		} else {
			sub.X, sub.Y = int(binary.BigEndian.Uint16(s)), int(binary.BigEndian.Uint16(s[2:]))
			sub.W, sub.H = int(binary.BigEndian.Uint16(s[4:])), int(binary.BigEndian.Uint16(s[6:]))
		}
		if sub.X+sub.W > d.r.W || sub.Y+sub.H > d.r.H {
			return used, fmt.Errorf("subrectangle %v: %w", sub, codec.ErrCorrupt)
		}
		sub.X += d.r.X
		sub.Y += d.r.Y
		d.dst.Fill(sub, d.dst.Pixel(color))
		d.left--
		used += unit
	}
	if d.left == 0 {
		d.Finish()
	}
	return used, nil
}
