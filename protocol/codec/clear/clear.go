// Package clear decodes ClearCodec (MS-RDPEGFX §2.2.4.1, §3.3.8.1), by which Windows
// sends text and windows: runs of colours, then bands of columns out of a cache, then
// rectangles in codecs of their own, each above the one before. It decodes the Alpha
// codec (§2.2.4.3), too, which is made of the same runs.
//
// A decoder's caches belong to a graphics channel and live as long: every payload must
// go through it, in order, whichever surface it is for. They take memory as they fill,
// 27 MB at most (4,000 glyphs of 1,024 pixels, 32,768 columns and 16,384 short columns
// of 52). The sequence number of a payload is not looked at: the channel is reliable,
// so that a wrong one would tell of a fault of the server's numbering only.
//
// A payload comes complete and is decoded in one call; an error leaves what was
// painted, and the caches without what followed, so that the channel is lost.
package clear

import (
	"encoding/binary"
	"fmt"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/nsc"
)

// Flags of a payload (§2.2.4.1).
const (
	flagGlyphIndex = 0x01
	flagGlyphHit   = 0x02
	flagCacheReset = 0x04
)

// Bounds of the format.
const (
	glyphs     = 4000
	glyphArea  = 1024 // pixels
	maxPalette = 0x7f
)

// overpaint is how many times its own area the rectangles of a payload may have
// together. Nothing forbids them to overlap, but a few bytes can name a rectangle of
// the whole screen.
const overpaint = 4

// Decoder decodes the payloads of one graphics channel. Its zero value is ready; it is
// for one goroutine.
type Decoder struct {
	columns columns // "V-Bar Storage"
	shorts  columns // "Short V-Bar Storage"
	glyphs  [glyphs][]byte
	nsc     nsc.Decoder
}

// Decode paints a bitmap of r's size at r in dst. Its pixels are opaque.
func (d *Decoder) Decode(dst codec.Target, r codec.Rect, payload []byte) error {
	if err := d.decode(dst, r, payload); err != nil {
		return fmt.Errorf("clearcodec bitmap %v, %d bytes: %w", r, len(payload), err)
	}
	return nil
}

func (d *Decoder) decode(dst codec.Target, r codec.Rect, p []byte) error {
	if err := dst.Check(r); err != nil {
		return err
	}
	in := reader{p: p}
	flags := in.byte()
	in.byte() // the sequence number
	if flags&flagCacheReset != 0 {
		d.columns.cursor, d.shorts.cursor = 0, 0
	}
	index := -1
	if flags&flagGlyphIndex != 0 {
		index = in.uint16()
		if index >= glyphs || r.W*r.H > glyphArea {
			return fmt.Errorf("glyph %d: %w", index, codec.ErrCorrupt)
		}
	}
	if flags&flagGlyphHit != 0 {
		if in.short || index < 0 || len(d.glyphs[index]) != 4*r.W*r.H {
			return fmt.Errorf("glyph %d is not there: %w", index, codec.ErrCorrupt)
		}
		for y := range r.H {
			copy(dst.Row(r.X, r.Y+y, r.W), d.glyphs[index][4*r.W*y:])
		}
		return nil
	}
	residual, bands, subcodecs := in.uint32(), in.uint32(), in.uint32()
	layers := [3]reader{{p: in.take(residual)}, {p: in.take(bands)}, {p: in.take(subcodecs)}}
	switch {
	case in.short:
		return codec.ErrShort
	case len(in.p) > 0:
		return codec.ErrLong
	}
	if err := residualLayer(dst, r, &layers[0]); err != nil {
		return fmt.Errorf("residual layer: %w", err)
	}
	if err := d.bands(dst, r, &layers[1]); err != nil {
		return fmt.Errorf("bands: %w", err)
	}
	if err := d.subcodecs(dst, r, &layers[2]); err != nil {
		return fmt.Errorf("subcodecs: %w", err)
	}
	if index >= 0 {
		glyph := d.glyphs[index][:0]
		for y := range r.H {
			glyph = append(glyph, dst.Row(r.X, r.Y+y, r.W)...)
		}
		d.glyphs[index] = glyph
	}
	return nil
}

// residualLayer paints runs of colours (§2.2.4.1.1.1), at most as many pixels as there are.
func residualLayer(dst codec.Target, r codec.Rect, in *reader) error {
	var out codec.Rows
	out.Start(dst, r)
	for len(in.p) > 0 {
		v := in.pixel()
		n := in.run()
		if in.short {
			return codec.ErrShort
		}
		if err := fill(&out, n, v); err != nil {
			return err
		}
	}
	return nil
}

// fill paints n pixels.
func fill(out *codec.Rows, n int, v uint32) error {
	if n > out.Left() {
		return codec.ErrLong
	}
	for n > 0 {
		row := out.Row()
		m := min(n, len(row)/4)
		codec.FillPixels(row[:4*m], v)
		out.Advance(m)
		n -= m
	}
	return nil
}

// subcodecs paints rectangles (§2.2.4.1.1.3).
func (d *Decoder) subcodecs(dst codec.Target, r codec.Rect, in *reader) error {
	area := 0
	for len(in.p) > 0 {
		part := codec.Rect{X: in.uint16(), Y: in.uint16(), W: in.uint16(), H: in.uint16()}
		n := in.uint32()
		id := in.byte()
		p := in.take(n)
		if in.short {
			return codec.ErrShort
		}
		if part.X+part.W > r.W || part.Y+part.H > r.H {
			return fmt.Errorf("rectangle %v: %w", part, codec.ErrBounds)
		}
		if area += part.W * part.H; area > overpaint*r.W*r.H {
			return fmt.Errorf("rectangles of %d pixels: %w", area, codec.ErrLong)
		}
		part.X += r.X
		part.Y += r.Y
		var err error
		switch id {
		case 0:
			err = raw(dst, part, p)
		case 1:
			opaque := dst
			opaque.Alpha = false
			err = d.nsc.Decode(opaque, part, false, p)
		case 2:
			err = rlex(dst, part, &reader{p: p})
		default:
			err = fmt.Errorf("subcodec %d: %w", id, codec.ErrCorrupt)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// raw paints pixels as they are.
func raw(dst codec.Target, r codec.Rect, p []byte) error {
	if len(p) != 3*r.W*r.H {
		return fmt.Errorf("%d bytes for %v: %w", len(p), r, codec.ErrCorrupt)
	}
	for y := range r.H {
		codec.BGR3(dst.Row(r.X, r.Y+y, r.W), p[3*r.W*y:])
	}
	return nil
}

// DecodeAlpha sets the alpha of a rectangle of dst (the Alpha codec, §2.2.4.3) and
// leaves its colours.
func DecodeAlpha(dst codec.Target, r codec.Rect, payload []byte) error {
	if err := decodeAlpha(dst, r, &reader{p: payload}); err != nil {
		return fmt.Errorf("alpha of %v, %d bytes: %w", r, len(payload), err)
	}
	return nil
}

func decodeAlpha(dst codec.Target, r codec.Rect, in *reader) error {
	if err := dst.Check(r); err != nil {
		return err
	}
	const signature = 0x414c
	if in.uint16() != signature {
		return codec.ErrCorrupt
	}
	packed := in.uint16() != 0
	var out codec.Rows
	out.Start(dst, r)
	for out.Left() > 0 {
		v, n := in.byte(), 1
		if packed {
			n = in.run()
		}
		if in.short {
			return codec.ErrShort
		}
		if n > out.Left() {
			return codec.ErrLong
		}
		for n > 0 {
			row := out.Row()
			m := min(n, len(row)/4)
			for i := range m {
				row[4*i+3] = v
			}
			out.Advance(m)
			n -= m
		}
	}
	if len(in.p) > 0 {
		return codec.ErrLong
	}
	return nil
}

// reader takes numbers from the front of p. Beyond its end they are 0, and short is set.
type reader struct {
	p     []byte
	short bool
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.p) {
		r.short, r.p = true, nil
		return nil
	}
	p := r.p[:n:n]
	r.p = r.p[n:]
	return p
}

func (r *reader) byte() byte {
	if p := r.take(1); p != nil {
		return p[0]
	}
	return 0
}

func (r *reader) uint16() int {
	if p := r.take(2); p != nil {
		return int(binary.LittleEndian.Uint16(p))
	}
	return 0
}

// uint32 is a length; one of 2 gigabytes and more is none that anything has.
func (r *reader) uint32() int {
	if p := r.take(4); p != nil {
		if v := binary.LittleEndian.Uint32(p); v < 1<<31 {
			return int(v)
		}
		return 1<<31 - 1
	}
	return 0
}

func (r *reader) pixel() uint32 {
	if p := r.take(3); p != nil {
		return codec.BGRPixel(p)
	}
	return 0
}

// run is a length in one, three or seven bytes (§2.2.4.1.1.1.1).
func (r *reader) run() int {
	n := int(r.byte())
	if n == 0xff {
		if n = r.uint16(); n == 0xffff {
			n = r.uint32()
		}
	}
	return n
}
