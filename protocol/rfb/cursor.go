package rfb

import "encoding/binary"

// beginCursor reads a shape of the pointer, of any of four kinds, which is reported
// with straight alpha.
func (d *Decoder) beginCursor(r Rect) (Event, error) {
	w, h := int(r.Area.Width), int(r.Area.Height)
	if w > MaxCursor || h > MaxCursor {
		return nil, d.fail("%d×%d, at most %d", w, h, MaxCursor)
	}
	mask := (w + 7) / 8 * h
	switch r.Encoding {
	case EncodingCursor:
		return d.field(w*h*d.format.Bytes()+mask, (*Decoder).richCursor)
	case EncodingXCursor:
		if w*h == 0 {
			return d.field(0, func(d *Decoder, _ []byte) (Event, error) { return d.shape(), nil })
		}
		return d.field(6+2*mask, (*Decoder).xCursor)
	case EncodingCursorWithAlpha:
		d.then(d.name, 4, (*Decoder).readAlphaEncoding)
		return nil, nil
	}
	return d.field(2, (*Decoder).readVMwareCursor)
}

// shape makes the event ready: its size, and pixels that are all clear.
func (d *Decoder) shape() *Cursor {
	a, c := d.ev.rect.Area, &d.ev.cursor
	n := 4 * int(a.Width) * int(a.Height)
	if cap(c.Pixels) < n {
		c.Pixels = make([]byte, n)
	}
	*c = Cursor{HotX: int(a.X), HotY: int(a.Y), Width: int(a.Width), Height: int(a.Height), Pixels: c.Pixels[:n]}
	clear(c.Pixels)
	return c
}

// bit tells whether a pixel is set in a mask whose rows end at bytes.
func bit(mask []byte, w, x, y int) bool {
	return mask[y*((w+7)/8)+x/8]>>(7-x%8)&1 != 0
}

// richCursor: pixels and a mask (RFB, "Cursor Pseudo-encoding").
func (d *Decoder) richCursor(b []byte) (Event, error) {
	c := d.shape()
	size := d.format.Bytes()
	mask := b[c.Width*c.Height*size:]
	for y := range c.Height {
		for x := range c.Width {
			i := y*c.Width + x
			if bit(mask, c.Width, x, y) {
				red, green, blue := d.format.rgb(b[i*size:])
				copy(c.Pixels[4*i:], []byte{red, green, blue, 0xff})
			}
		}
	}
	return c, nil
}

// xCursor: two colours, a bitmap and a mask (RFB, "X Cursor Pseudo-encoding").
func (d *Decoder) xCursor(b []byte) (Event, error) {
	c := d.shape()
	primary, secondary, bitmap := b[:3], b[3:6], b[6:]
	mask := bitmap[len(bitmap)/2:]
	for y := range c.Height {
		for x := range c.Width {
			if !bit(mask, c.Width, x, y) {
				continue
			}
			p := c.Pixels[4*(y*c.Width+x):]
			copy(p, secondary)
			if bit(bitmap, c.Width, x, y) {
				copy(p, primary)
			}
			p[3] = 0xff
		}
	}
	return c, nil
}

// readAlphaEncoding: plain pixels become a Cursor; others are passed as a Rect, as
// they share zlib streams with the rectangles around (RFB, "Cursor With Alpha").
func (d *Decoder) readAlphaEncoding(b []byte) (Event, error) {
	r := &d.ev.rect
	r.Inner = Encoding(binary.BigEndian.Uint32(b))
	if r.Inner == EncodingRaw {
		return d.field(4*int(r.Area.Width)*int(r.Area.Height), func(d *Decoder, b []byte) (Event, error) {
			c := d.shape()
			for i := 0; i < len(c.Pixels); i += 4 {
				straighten(c.Pixels[i:i+4], b[i:i+4])
			}
			return c, nil
		})
	}
	begin := pixels(r.Inner)
	if begin == nil || r.Inner == EncodingCopyRect {
		return nil, d.fail("%v within", r.Inner)
	}
	d.alpha = true
	d.kind = DataHead
	if _, err := begin(d, nil); err != nil {
		return nil, err
	}
	return r, nil
}

// straighten undoes the multiplication by alpha.
func straighten(dst, src []byte) {
	a := int(src[3])
	dst[3] = src[3]
	for i := range 3 {
		dst[i] = 0
		if a > 0 {
			dst[i] = byte(min((int(src[i])*255+a/2)/a, 255))
		}
	}
}

// readVMwareCursor: a classic one by two masks, or one with alpha (RFB, "VMware
// Cursor Pseudo-encoding").
func (d *Decoder) readVMwareCursor(b []byte) (Event, error) {
	n := int(d.ev.rect.Area.Width) * int(d.ev.rect.Area.Height)
	switch b[0] {
	case 0:
		return d.field(2*n*d.format.Bytes(), (*Decoder).classicCursor)
	case 1: // alpha; VMware's is not multiplied
		return d.field(4*n, func(d *Decoder, b []byte) (Event, error) {
			c := d.shape()
			copy(c.Pixels, b)
			return c, nil
		})
	}
	return nil, d.fail("type %d", b[0])
}

// classicCursor: what is below is masked by AND, then XOR. What a browser's cursor
// cannot do, turning colours round, is drawn black with a white edge.
func (d *Decoder) classicCursor(b []byte) (Event, error) {
	c := d.shape()
	size := d.format.Bytes()
	and, xor := b[:len(b)/2], b[len(b)/2:]
	inverts := func(x, y int) bool {
		i := y*c.Width + x
		return !zero(and[i*size:(i+1)*size]) && !zero(xor[i*size:(i+1)*size])
	}
	for y := range c.Height {
		for x := range c.Width {
			i := y*c.Width + x
			p := c.Pixels[4*i : 4*i+4]
			switch {
			case zero(and[i*size : (i+1)*size]): // covered by a colour
				p[0], p[1], p[2] = d.format.rgb(xor[i*size:])
				p[3] = 0xff
			case inverts(x, y):
				p[3] = 0xff
			case x > 0 && inverts(x-1, y) || x+1 < c.Width && inverts(x+1, y) ||
				y > 0 && inverts(x, y-1) || y+1 < c.Height && inverts(x, y+1):
				copy(p, []byte{0xff, 0xff, 0xff, 0xff})
			}
		}
	}
	return c, nil
}

func zero(b []byte) bool {
	for _, v := range b {
		if v != 0 {
			return false
		}
	}
	return true
}
