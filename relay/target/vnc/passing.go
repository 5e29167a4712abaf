package vnc

import (
	"encoding/binary"
	"fmt"

	"github.com/porthole-rac/porthole/protocol/rfb"
	"github.com/porthole-rac/porthole/protocol/wire"
)

// way is how the bytes of a rectangle are passed on.
type way uint8

const (
	passNothing  way = iota // dropped
	passAll                 // as they came
	passPicture             // only the picture, without what Tight has before it
	passFill                // Tight's fill, which becomes an order
	passControl             // Tight, before its first byte
	passDeflated            // plain pixels, compressed
)

// Parts of Tight's control byte (RFB, "Tight Encoding").
const (
	tightResets = 0x0f
	tightFill   = 0x80
	tightJPEG   = 0x90
	tightPNG    = 0xa0
)

// passing is the rectangle that is being passed on.
type passing struct {
	way      way
	rect     wire.Rect
	png      bool    // TightPNG
	fill     [5]byte // the control byte and a colour
	have     int     // bytes in fill
	copy     wire.Copy
	fillRect wire.Fill
	deflate  deflater
	cursor   alphaCursor
}

// abandon drops what comes of the rectangle.
func (p *passing) abandon() {
	p.way = passNothing
}

// codecs are those of encodings that are passed on as they are; plain ones remember
// nothing from one rectangle to the next.
func codecOf(e rfb.Encoding) (c wire.Codec, plain, ok bool) {
	switch e {
	case rfb.EncodingRaw:
		return wire.CodecRGBX, true, true
	case rfb.EncodingRRE:
		return wire.CodecRRE, true, true
	case rfb.EncodingCoRRE:
		return wire.CodecCoRRE, true, true
	case rfb.EncodingHextile:
		return wire.CodecHextile, true, true
	case rfb.EncodingTRLE:
		return wire.CodecTRLE, true, true
	case rfb.EncodingZlib:
		return wire.CodecZlib, false, true
	case rfb.EncodingZlibHex:
		return wire.CodecZlibHex, false, true
	case rfb.EncodingZRLE:
		return wire.CodecZRLE, false, true
	case rfb.EncodingTight:
		return wire.CodecTight, false, true
	case rfb.EncodingTightPNG:
		return wire.CodecTight, true, true
	case rfb.EncodingJPEG:
		return wire.CodecRFBJPEG, false, true
	case rfb.EncodingH264:
		return wire.CodecRFBH264, false, true
	}
	return 0, false, false
}

// begin begins one.
func (p *passing) begin(v *viewer, r *rfb.Rect) error {
	p.way = passNothing
	if r.Encoding == rfb.EncodingCursorWithAlpha {
		return p.shape(v, r)
	}
	v.pixels = true
	if v.lost {
		return nil
	}
	a := &r.Area
	x, y, w, h := int(a.X), int(a.Y), int(a.Width), int(a.Height)
	if r.Encoding == rfb.EncodingCopyRect {
		p.copy = wire.Copy{X: x, Y: y, Width: w, Height: h, SourceX: int(r.SourceX), SourceY: int(r.SourceY)}
		return v.stream.record(&p.copy)
	}
	codec, plain, ok := codecOf(r.Encoding)
	if !ok {
		return fmt.Errorf("a rectangle in %v", r.Encoding)
	}
	if v.plain && !plain {
		return nil
	}
	p.rect = wire.Rect{X: x, Y: y, Width: w, Height: h, Codec: codec}
	if codec != wire.CodecRFBJPEG && codec != wire.CodecRFBH264 {
		p.rect.Codec |= v.asked.bits
	}
	p.way, p.have = passAll, 0
	switch {
	case codec == wire.CodecTight:
		p.way, p.png = passControl, plain
		return nil
	case codec != wire.CodecRGBX:
	case !v.deflates():
		p.deflate.free()
	case w*h >= leastDeflated:
		p.way = passDeflated
		p.rect.Codec = wire.CodecDeflate | v.asked.bits
		p.deflate.begin(v.stream)
	}
	v.stream.begin(p.rect)
	return nil
}

// shape begins a cursor with alpha (RFB, "Cursor With Alpha Pseudo-encoding"). Those in an
// encoding with zlib streams are decoded by the browser, which has the streams; others
// here, as shapes are kept for later streams.
func (p *passing) shape(v *viewer, r *rfb.Rect) error {
	codec, plain, ok := codecOf(r.Inner)
	switch {
	case !ok, codec == wire.CodecRFBJPEG, codec == wire.CodecRFBH264, r.Inner == rfb.EncodingTightPNG:
		v.d.log.Debug("vnc: a pointer without alpha", "encoding", r.Inner.String()) // the one before stays
		return nil
	case plain:
		return p.cursor.begin(r)
	}
	v.cursor.Pixels = nil // it would be another one's
	if v.lost || v.plain {
		return nil
	}
	w, h := int(r.Area.Width), int(r.Area.Height)
	p.rect = wire.Rect{
		X: min(int(r.Area.X), max(w-1, 0)), Y: min(int(r.Area.Y), max(h-1, 0)), Width: w, Height: h, Codec: wire.CodecRFBCursor,
	}
	p.way = passAll
	v.stream.begin(p.rect)
	return v.stream.write(binary.BigEndian.AppendUint32(nil, uint32(r.Inner)))
}

// data passes bytes on.
func (p *passing) data(v *viewer, d *rfb.Data) error {
	switch p.way {
	case passAll:
		return v.stream.write(d.Bytes)
	case passPicture:
		if d.Kind == rfb.DataHead { // the rest of the length
			return nil
		}
		return v.stream.write(d.Bytes)
	case passControl:
		return p.control(v, d)
	case passFill:
		p.have += copy(p.fill[p.have:], d.Bytes)
	case passDeflated:
		return p.deflate.write(d.Bytes)
	case passNothing:
		if p.cursor.on {
			return p.cursor.data(d.Bytes)
		}
	}
	return nil
}

// control looks at Tight's first byte: pictures and fills need none of its decoder,
// unless they reset its streams.
func (p *passing) control(v *viewer, d *rfb.Data) error {
	c := d.Bytes[0]
	kind := c &^ tightResets
	resets := c&tightResets != 0 && !p.png
	switch {
	case kind == tightFill && !resets:
		p.way, p.have = passFill, 0
		return p.data(v, d)
	case kind == tightJPEG && !resets:
		p.way, p.rect.Codec = passPicture, wire.CodecJPEG
	case kind == tightPNG && p.png:
		p.way, p.rect.Codec = passPicture, wire.CodecPNG
	default:
		p.way = passAll
	}
	v.stream.begin(p.rect)
	return p.data(v, d)
}

// end ends the rectangle.
func (p *passing) end(v *viewer) error {
	w := p.way
	p.way = passNothing
	switch w {
	case passAll, passPicture:
		return v.stream.end()
	case passFill:
		r, color := &p.rect, v.asked.codec.Pixel(p.fill[1:])
		p.fillRect = wire.Fill{
			X: r.X, Y: r.Y, Width: r.Width, Height: r.Height,
			Color: color&0xff<<16 | color&0xff00 | color>>16&0xff,
		}
		return v.stream.record(&p.fillRect)
	case passDeflated:
		if err := p.deflate.end(); err != nil {
			return err
		}
		return v.stream.end()
	case passNothing:
		if p.cursor.on {
			c, err := p.cursor.end()
			if err != nil {
				return err
			}
			return v.shape(c)
		}
	}
	return nil
}
