package vnc

import (
	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/encodings"
	"github.com/porthole-rac/porthole/protocol/rfb"
)

// alphaCursor is a cursor with alpha in an encoding that remembers nothing (RFB, "Cursor
// With Alpha Pseudo-encoding"). It is decoded here: the browser takes shapes as pixels.
type alphaCursor struct {
	on     bool
	set    *encodings.Set
	dec    codec.Decoder
	target codec.Target
	shape  rfb.Cursor
}

func (c *alphaCursor) begin(r *rfb.Rect) error {
	w, h := int(r.Area.Width), int(r.Area.Height)
	target, err := codec.NewTarget(w, h)
	if err != nil {
		return err
	}
	target.Alpha = true
	if c.set == nil {
		c.set = encodings.New(nil)
	}
	c.dec, c.target = c.set.Decoder(int32(r.Inner)), target
	c.shape = rfb.Cursor{HotX: int(r.Area.X), HotY: int(r.Area.Y), Width: w, Height: h, Pixels: target.Pix}
	c.on = true
	return c.dec.Begin(target, codec.Rect{W: w, H: h})
}

func (c *alphaCursor) data(p []byte) error {
	_, err := c.dec.Write(p)
	return err
}

// end gives the shape, with its colours not multiplied by alpha.
func (c *alphaCursor) end() (*rfb.Cursor, error) {
	c.on = false
	if !c.dec.Done() {
		return nil, &rfb.ProtocolError{Step: "cursor with alpha", Text: "a shape that is not complete"}
	}
	for p := c.shape.Pixels; len(p) >= 4; p = p[4:] {
		if a := int(p[3]); a > 0 && a < 255 {
			for i := range 3 {
				p[i] = byte(min((int(p[i])*255+a/2)/a, 255))
			}
		}
	}
	return &c.shape, nil
}
