package rfb

import "encoding/binary"

const rectSize = 12 // of a rectangle's header

func (d *Decoder) readUpdate(b []byte) (Event, error) {
	d.rects = int(binary.BigEndian.Uint16(b[1:]))
	d.ev.update = Update{Rects: d.rects}
	d.nextRect()
	return &d.ev.update, nil
}

// nextRect awaits the next rectangle, or the end of the update.
func (d *Decoder) nextRect() {
	if cap(d.buf) > keptBuffer {
		d.buf = nil
	}
	d.kind, d.alpha = dataNone, false
	if d.rects == 0 {
		d.then("update", 0, (*Decoder).endUpdate)
		return
	}
	d.rects--
	d.then("rectangle", rectSize, (*Decoder).readRect)
}

func (d *Decoder) endUpdate([]byte) (Event, error) {
	d.message()
	return &d.ev.end, nil
}

// endRect ends a rectangle of pixels.
func (d *Decoder) endRect([]byte) (Event, error) {
	d.nextRect()
	return &d.ev.last, nil
}

// finish lets a rectangle end when everything before went by.
func (d *Decoder) finish() { d.then(d.name, 0, (*Decoder).endRect) }

func (d *Decoder) readRect(b []byte) (Event, error) {
	r := Rect{
		Area: Area{
			binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:]),
			binary.BigEndian.Uint16(b[4:]), binary.BigEndian.Uint16(b[6:]),
		},
		Encoding: Encoding(binary.BigEndian.Uint32(b[8:])),
	}
	d.ev.rect = r
	if begin := pixels(r.Encoding); begin != nil {
		if err := d.inside("rectangle", r.Area); err != nil {
			return nil, err
		}
		if r.Encoding == EncodingCopyRect { // its source is a part of the event
			return begin(d, nil)
		}
		d.kind = DataHead
		if ev, err := begin(d, nil); ev != nil || err != nil {
			return ev, err
		}
		return &d.ev.rect, nil
	}
	return d.pseudo(r)
}

// inside compares an area with the framebuffer. Empty ones may lie anywhere.
func (d *Decoder) inside(what string, a Area) error {
	if a.Width == 0 || a.Height == 0 {
		return nil
	}
	if int(a.X)+int(a.Width) > d.width || int(a.Y)+int(a.Height) > d.height {
		return d.fail("%s of %d×%d at %d,%d lies outside the screen of %d×%d (%v)",
			what, a.Width, a.Height, a.X, a.Y, d.width, d.height, d.ev.rect.Encoding)
	}
	return nil
}

// pixelFormat is what the pixels of this rectangle look like.
func (d *Decoder) pixelFormat() PixelFormat {
	if d.alpha {
		return rgba
	}
	return d.format
}

// area is how many pixels the rectangle has.
func (d *Decoder) area() int64 {
	return int64(d.ev.rect.Area.Width) * int64(d.ev.rect.Area.Height)
}

// pixels gives the beginning of an encoding of pixels; nil for others.
func pixels(e Encoding) dstep {
	switch e {
	case EncodingRaw:
		return (*Decoder).beginRaw
	case EncodingCopyRect:
		return (*Decoder).beginCopy
	case EncodingRRE:
		return (*Decoder).beginRRE
	case EncodingCoRRE:
		return (*Decoder).beginCoRRE
	case EncodingHextile, EncodingZlibHex:
		return (*Decoder).beginHextile
	case EncodingZlib, EncodingZRLE:
		return (*Decoder).beginZlib
	case EncodingTight, EncodingTightPNG:
		return (*Decoder).beginTight
	case EncodingTRLE:
		return (*Decoder).beginTRLE
	case EncodingJPEG:
		return (*Decoder).beginJPEG
	case EncodingH264:
		return (*Decoder).beginH264
	}
	return nil
}
