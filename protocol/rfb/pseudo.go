package rfb

import "encoding/binary"

// pseudo reads a rectangle that is none (RFB, "Pseudo-encodings").
func (d *Decoder) pseudo(r Rect) (Event, error) {
	a := r.Area
	x, y, w, h := int(a.X), int(a.Y), int(a.Width), int(a.Height)
	d.name = r.Encoding.String()
	switch r.Encoding {
	case EncodingLastRect:
		d.rects = 0
		d.nextRect()
		return nil, nil
	case EncodingDesktopSize:
		d.nextRect()
		return d.resize(w, h)
	case EncodingExtendedDesktopSize:
		d.then(d.name, 4, (*Decoder).readScreenCount)
		return nil, nil
	case EncodingDesktopName:
		return d.field(4, func(d *Decoder, b []byte) (Event, error) {
			n := clampInt(binary.BigEndian.Uint32(b))
			if n > MaxName {
				return nil, d.fail("%d bytes, at most %d", n, MaxName)
			}
			return d.field(n, func(_ *Decoder, b []byte) (Event, error) { return &Name{cleaned(b)}, nil })
		})
	case EncodingCursor, EncodingXCursor, EncodingCursorWithAlpha, EncodingVMwareCursor:
		return d.beginCursor(r)
	case EncodingPointerPos, EncodingVMwareCursorPos:
		d.nextRect()
		d.ev.moved = PointerMoved{x, y}
		return &d.ev.moved, nil
	case EncodingQEMUPointerMotion:
		d.nextRect()
		d.ev.mode = PointerMode{Relative: x == 0}
		return &d.ev.mode, nil
	case EncodingVMwareCursorState:
		return d.field(2, func(d *Decoder, b []byte) (Event, error) {
			const visible, absolute = 1, 2
			d.ev.mode = PointerMode{Relative: b[1]&absolute == 0, Hidden: b[1]&visible == 0}
			return &d.ev.mode, nil
		})
	case EncodingQEMUExtendedKey, EncodingQEMUAudio, EncodingExtendedMouse:
		d.nextRect()
		return &Confirmed{r.Encoding}, nil
	case EncodingQEMULED:
		return d.field(1, func(d *Decoder, b []byte) (Event, error) { return d.lockKeys(b[0]), nil })
	case EncodingVMwareLED:
		return d.field(4, func(d *Decoder, b []byte) (Event, error) { return d.lockKeys(b[3]), nil })
	case EncodingVMwareKeyRepeat:
		return d.field(10, func(_ *Decoder, b []byte) (Event, error) {
			return &KeyRepeat{b[1]&1 != 0, binary.BigEndian.Uint32(b[2:]), binary.BigEndian.Uint32(b[6:])}, nil
		})
	case EncodingVMwareState:
		return d.field(2, func(_ *Decoder, b []byte) (Event, error) { return &MachineState{b[1]&1 != 0, b[1]&2 != 0}, nil })
	case EncodingVMwareMode:
		return d.field(formatSize, func(d *Decoder, b []byte) (Event, error) { return d.displayMode(w, h, parseFormat(b)) })
	}
	return nil, d.fail("%v (%d) was not asked for", r.Encoding, int32(r.Encoding))
}

// field reads n bytes, and goes on with the next rectangle unless done awaits more.
func (d *Decoder) field(n int, done dstep) (Event, error) {
	d.then(d.name, n, func(d *Decoder, b []byte) (Event, error) {
		ev, err := done(d, b)
		if ev != nil {
			d.nextRect()
		}
		return ev, err
	})
	return nil, nil
}

// lockKeys: bits 0 to 2 of both LED pseudo-encodings.
func (d *Decoder) lockKeys(b byte) Event {
	d.ev.leds = LEDs{Scroll: b&1 != 0, Num: b&2 != 0, Caps: b&4 != 0}
	return &d.ev.leds
}

// displayMode: a new size, and behind it a new format.
func (d *Decoder) displayMode(w, h int, f PixelFormat) (Event, error) {
	if !f.Valid() {
		return nil, d.fail("pixel format %+v", f)
	}
	ev, err := d.resize(w, h)
	if err != nil {
		return nil, err
	}
	d.format = f
	d.later = &Format{f}
	return ev, nil
}

const screenSize = 16

func (d *Decoder) readScreenCount(b []byte) (Event, error) {
	d.then(d.name, int(b[0])*screenSize, func(d *Decoder, b []byte) (Event, error) {
		a := d.ev.rect.Area
		reason, status := ResizeReason(a.X), ResizeStatus(a.Y)
		if reason > ResizeByOther {
			reason = ResizeByServer
		}
		width, height := d.width, d.height
		failed := reason == ResizeByClient && status != ResizeDone
		if !failed { // else "all remaining fields are undefined" (RFB, "SetDesktopSize")
			width, height = int(a.Width), int(a.Height)
		}
		ev, err := d.resize(width, height)
		if err != nil {
			return nil, err
		}
		r := &d.ev.resize
		r.Extended, r.Reason = true, reason
		if reason == ResizeByClient {
			r.Status = status
		}
		n := 0
		for ; len(b) > 0 && !failed; b = b[screenSize:] {
			d.screens[n] = Screen{
				ID: binary.BigEndian.Uint32(b),
				Area: Area{
					binary.BigEndian.Uint16(b[4:]), binary.BigEndian.Uint16(b[6:]),
					binary.BigEndian.Uint16(b[8:]), binary.BigEndian.Uint16(b[10:]),
				},
				Flags: binary.BigEndian.Uint32(b[12:]),
			}
			n++
		}
		r.Screens = d.screens[:n]
		d.nextRect()
		return ev, nil
	})
	return nil, nil
}
