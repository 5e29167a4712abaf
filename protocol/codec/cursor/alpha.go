package cursor

import (
	"encoding/binary"
	"fmt"

	"github.com/porthole-rac/porthole/protocol/codec"
)

// Alpha decodes CursorWithAlpha: the number of an encoding and pixels in it, R, G,
// B and premultiplied alpha. As a [codec.Decoder] it is given a target of exactly
// the shape's size, Alpha set, and paints straight alpha there.
type Alpha struct {
	codec.Units
	decoders func(encoding int32) codec.Decoder
	inner    codec.Decoder
	dst      codec.Target
	r        codec.Rect
}

// NewAlpha returns a decoder. decoders gives those of the connection, with their
// state, or nil.
func NewAlpha(decoders func(encoding int32) codec.Decoder) *Alpha {
	return &Alpha{decoders: decoders}
}

// Begin starts a shape of r's size at r's place in dst.
func (d *Alpha) Begin(dst codec.Target, r codec.Rect) error {
	dst.Alpha, dst.Format = true, codec.RGBX
	d.dst, d.r, d.inner = dst, r, nil
	return d.Start("cursor", &dst, r)
}

// Write takes a piece of the payload.
func (d *Alpha) Write(p []byte) (int, error) { return d.Feed(p, d) }

// Step passes pieces on to the decoder of the shape's encoding.
func (d *Alpha) Step(b []byte) (int, error) {
	used := 0
	if d.inner == nil {
		if len(b) < 4 {
			return 0, nil
		}
		encoding := int32(binary.BigEndian.Uint32(b))
		inner := d.decoders(encoding)
		if _, nested := inner.(*Alpha); nested || inner == nil {
			return 0, fmt.Errorf("pixels in encoding %d: %w", encoding, codec.ErrCorrupt)
		}
		if err := inner.Begin(d.dst, d.r); err != nil {
			return 0, err
		}
		d.inner, used = inner, 4
	}
	n, err := d.inner.Write(b[used:])
	if err != nil {
		return used, err
	}
	if d.inner.Done() {
		for y := range d.r.H {
			straighten(d.dst.Row(d.r.X, d.r.Y+y, d.r.W))
		}
		d.Finish()
	}
	return used + n, nil
}
