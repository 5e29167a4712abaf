package rfb

import (
	"bytes"
	"encoding/binary"
)

// Server messages by their first byte (RFB, "Server to Client Messages"). Those of
// UltraVNC have no description there; their lengths are known from its servers. They
// come only when they were asked for, but some servers send KeepAlive to everyone.
const (
	serverUpdate       = 0
	serverColourMap    = 1
	serverBell         = 2
	serverCutText      = 3
	serverUltraResize  = 4
	serverFileTransfer = 7
	serverTextChat     = 11
	serverKeepAlive    = 13
	serverPalmResize   = 15
	serverEndOfUpdates = 150
	serverState        = 173
	serverFence        = 248
	serverXVP          = 250
	serverGII          = 253
	serverQEMU         = 255
)

func (d *Decoder) readType(b []byte) (Event, error) {
	switch b[0] {
	case serverUpdate:
		d.then("update", 3, (*Decoder).readUpdate)
	case serverColourMap:
		d.then("colour map", 5, (*Decoder).readColourMap)
	case serverBell:
		d.message()
		return &Bell{}, nil
	case serverCutText:
		d.then("cut text", 7, (*Decoder).readCutText)
	case serverUltraResize: // pad, width, height
		d.then("resize", 5, func(d *Decoder, b []byte) (Event, error) { return d.ultraResize(b[1:]) })
	case serverPalmResize: // pad, desktop's width and height, buffer's width and height, pad
		d.then("resize", 11, func(d *Decoder, b []byte) (Event, error) { return d.ultraResize(b[5:]) })
	case serverFileTransfer:
		d.then("file transfer", 11, (*Decoder).readFileTransfer)
	case serverTextChat:
		d.then("text chat", 7, (*Decoder).readTextChat)
	case serverKeepAlive:
		d.message()
	case serverEndOfUpdates:
		d.message()
		return &EndOfContinuousUpdates{}, nil
	case serverState:
		d.then("server state", 11, func(d *Decoder, b []byte) (Event, error) {
			d.message()
			return &ServerState{binary.BigEndian.Uint32(b[3:]), binary.BigEndian.Uint32(b[7:])}, nil
		})
	case serverFence:
		d.then("fence", 8, (*Decoder).readFence)
	case serverXVP:
		d.then("xvp", 3, func(d *Decoder, b []byte) (Event, error) {
			d.message()
			return &XVP{Version: b[1], Failed: b[2] == 0}, nil
		})
	case serverGII:
		d.then("gii", 3, (*Decoder).readGII)
	case serverQEMU:
		d.then("qemu message", 3, (*Decoder).readQEMU)
	default:
		return nil, d.fail("type %d is not known, or was not asked for", b[0])
	}
	return nil, nil
}

// skipMessage lets the rest of a message go by.
func (d *Decoder) skipMessage(n int64) {
	d.over(n)
	d.then(d.name, 0, func(d *Decoder, _ []byte) (Event, error) {
		d.message()
		return nil, nil
	})
}

func (d *Decoder) readColourMap(b []byte) (Event, error) {
	first, n := int(binary.BigEndian.Uint16(b[1:])), int(binary.BigEndian.Uint16(b[3:]))
	if first+n > 1<<16 {
		return nil, d.fail("entries %d to %d", first, first+n-1)
	}
	d.then("colour map", 6*n, func(d *Decoder, b []byte) (Event, error) {
		c := &ColourMap{First: first, Colours: make([][3]uint16, 0, n)}
		for ; len(b) > 0; b = b[6:] {
			c.Colours = append(c.Colours, [3]uint16{
				binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:]), binary.BigEndian.Uint16(b[4:]),
			})
		}
		d.message()
		return c, nil
	})
	return nil, nil
}

func (d *Decoder) readCutText(b []byte) (Event, error) {
	size := int64(int32(binary.BigEndian.Uint32(b[3:])))
	if size < 0 {
		return d.readExtended(-size)
	}
	kept := min(size, int64(d.limits.Clipboard))
	d.then("cut text", int(kept), func(d *Decoder, b []byte) (Event, error) {
		ev := &CutText{Text: fromLatin1(b), Bytes: bytes.Clone(b), Truncated: kept < size}
		d.message()
		if kept < size {
			d.skipMessage(size - kept)
		}
		return ev, nil
	})
	return nil, nil
}

// readExtended reads an extended clipboard message (RFB, "Extended Clipboard
// Pseudo-Encoding"): compressed, so little more than one format's bound.
func (d *Decoder) readExtended(size int64) (Event, error) {
	d.name = "extended clipboard"
	if size > int64(d.limits.Clipboard)+keptBuffer {
		d.skipMessage(size)
		return &ClipboardTooLong{Bytes: size}, nil
	}
	d.then("extended clipboard", int(size), func(d *Decoder, b []byte) (Event, error) {
		c, err := parseClipboard(b, d.limits.Clipboard)
		if err != nil {
			return nil, d.fail("%v", err)
		}
		d.message()
		return c, nil
	})
	return nil, nil
}

func (d *Decoder) readFence(b []byte) (Event, error) {
	flags, n := FenceFlags(binary.BigEndian.Uint32(b[3:])), int(b[7])
	if n > MaxFence {
		return nil, d.fail("payload of %d bytes, at most %d", n, MaxFence)
	}
	d.ev.fence = Fence{Flags: flags}
	d.then("fence", n, func(d *Decoder, b []byte) (Event, error) {
		d.ev.fence.Payload = b
		d.message()
		return &d.ev.fence, nil
	})
	return nil, nil
}

// readQEMU reads QEMU's sound (RFB, "QEMU Audio Server Message").
func (d *Decoder) readQEMU(b []byte) (Event, error) {
	d.name = "qemu message"
	if b[0] != qemuAudio {
		return nil, d.fail("sub-type %d is not known", b[0])
	}
	const end, begin, data = 0, 1, 2
	switch op := binary.BigEndian.Uint16(b[1:]); op {
	case end, begin:
		d.message()
		return &Audio{On: op == begin}, nil
	case data:
		d.then("qemu audio", 4, func(d *Decoder, b []byte) (Event, error) {
			d.pass(dataAudio, int64(binary.BigEndian.Uint32(b)))
			d.then("qemu audio", 0, func(d *Decoder, _ []byte) (Event, error) {
				d.message()
				return nil, nil
			})
			return nil, nil
		})
	default:
		return nil, d.fail("audio operation %d is not known", op)
	}
	return nil, nil
}

// readGII skips the General Input Interface (RFB, "gii Server Message"), whose
// numbers have the byte order that each message names.
func (d *Decoder) readGII(b []byte) (Event, error) {
	n := binary.LittleEndian.Uint16(b[1:])
	if b[0]&0x80 != 0 {
		n = binary.BigEndian.Uint16(b[1:])
	}
	d.skipMessage(int64(n))
	return nil, nil
}

// Values of UltraVNC's text chat in place of a length.
const (
	chatOpen     = -1
	chatClose    = -2
	chatFinished = -3
)

// readTextChat: pad, then a length, and text that is skipped, or one of three signs.
func (d *Decoder) readTextChat(b []byte) (Event, error) {
	switch n := int32(binary.BigEndian.Uint32(b[3:])); {
	case n == chatOpen || n == chatClose:
		d.message()
		return &TextChat{Open: n == chatOpen}, nil
	case n == chatFinished:
		d.message()
	case n < 0:
		return nil, d.fail("length %d", n)
	default:
		d.skipMessage(int64(n))
	}
	return nil, nil
}

// ultraFileHeader is the content type of UltraVNC's file transfer that has 4 more
// bytes, the upper half of a size.
const ultraFileHeader = 4

// readFileTransfer: content type, parameter, pad, size, length, and what is skipped.
func (d *Decoder) readFileTransfer(b []byte) (Event, error) {
	n := int64(binary.BigEndian.Uint32(b[7:]))
	if b[0] == ultraFileHeader {
		n += 4
	}
	d.skipMessage(n)
	return nil, nil
}

func (d *Decoder) ultraResize(b []byte) (Event, error) {
	d.message()
	return d.resize(int(binary.BigEndian.Uint16(b)), int(binary.BigEndian.Uint16(b[2:])))
}

// resize takes a new size.
func (d *Decoder) resize(width, height int) (Event, error) {
	if width*height > d.limits.Pixels {
		return nil, d.fail("a screen of %d×%d, at most %d pixels are taken", width, height, d.limits.Pixels)
	}
	changed := width != d.width || height != d.height
	d.width, d.height = width, height
	d.ev.resize = Resize{Width: width, Height: height, Changed: changed}
	return &d.ev.resize, nil
}
