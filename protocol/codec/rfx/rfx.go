// Package rfx decodes RemoteFX (MS-RDPRFX): the stream of messages in surface commands
// and in RDPGFX_CODECID_CAVIDEO, and the tiles in it.
//
// # Tiles
//
// Each tile is independent of all others, of earlier frames, and of the decoder: a
// [Frame] lists them, [Tile.Decode] makes pixels with the memory of a [Scratch], and
// [Frame.Paint] paints what the frame's region has of them. They may be decoded in any
// order, at once with a Scratch each, or only some here and some elsewhere (a browser's
// workers, each with a part of the screen). [Decoder.Decode] does all that is to do.
//
// # Bounds
//
// A payload comes complete. A tile outside of the surface's rectangle is refused, and
// so are more tiles than it has, or rectangles that overlap more than tiles have room
// for, because each would cost work. Memory is a list of tiles and rectangles, bounded
// by the payload's length, and a scratch of 90 KB.
package rfx

import (
	"encoding/binary"
	"fmt"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/rlgr"
	"github.com/porthole-rac/porthole/protocol/codec/wavelet"
)

// Types of messages (§2.2.2.1.1, §2.2.2.1.2).
const (
	blockTile          = 0xcac3
	blockSync          = 0xccc0
	blockCodecVersions = 0xccc1
	blockChannels      = 0xccc2
	blockContext       = 0xccc3
	blockFrameBegin    = 0xccc4
	blockFrameEnd      = 0xccc5
	blockRegion        = 0xccc6
	blockTileset       = 0xccc7
)

const (
	magic        = 0xcaccacca // of TS_RFX_SYNC
	version      = 0x0100
	subTileset   = 0xcac2
	maxRects     = 4096 // of a region; more are refused, as every tile looks at each
	quantLength  = 5
	channelStart = 8 // bytes of TS_RFX_CODEC_CHANNELT
	blockStart   = 6 // bytes of TS_RFX_BLOCKT
)

// Quant has the quantization factors of ten bands, in the order of
// TS_RFX_CODEC_QUANT (§2.2.2.1.5): LL3, LH3, HL3, HH3, LH2, HL2, HH2, LH1, HL1, HH1.
type Quant [10]uint8

// shifts are by how much the coefficients are shifted: a factor stands for a scale of
// 1<<(factor-6), and numbers have five bits after the point (§3.1.8.1.5).
func (q *Quant) shifts(s *rlgr.Shifts) {
	for _, band := range [...]struct{ from, to, factor int }{
		{0, 16, 8}, {16, 32, 7}, {32, 48, 9}, // HL1, LH1, HH1: 1024 coefficients each
		{48, 52, 5}, {52, 56, 4}, {56, 60, 6}, // HL2, LH2, HH2
		{60, 61, 2}, {61, 62, 1}, {62, 63, 3}, {63, 64, 0}, // HL3, LH3, HH3, LL3
	} {
		for i := band.from; i < band.to; i++ {
			s[i] = q[band.factor] - 1
		}
	}
}

// Tile is a tile of 64×64 pixels as it comes.
type Tile struct {
	X, Y    int // in the frame, in pixels
	Variant rlgr.Variant
	Quant   [3]Quant  // of Y, Cb, Cr
	Data    [3][]byte // the same; parts of the payload
}

// Scratch is memory for one tile, and its pixels.
type Scratch struct {
	coefficients rlgr.Coefficients
	transform    wavelet.Scratch
	planes       [3]wavelet.Plane
}

// Decode decodes a tile into s.
func (t *Tile) Decode(s *Scratch) {
	var shifts rlgr.Shifts
	for i := range t.Data {
		t.Quant[i].shifts(&shifts)
		if t.Variant.Decode(&s.coefficients, t.Data[i], &shifts) {
			s.transform.Plain(&s.planes[i], &s.coefficients)
		} else {
			s.planes[i].Flat()
		}
	}
}

// Frame is a frame of a stream.
type Frame struct {
	Region []codec.Rect // what is painted, in the frame
	Tiles  []Tile
}

// Paint paints a tile that was decoded into s: what the region has of it. origin is
// the place of the frame in dst, which it must lie in.
func (f *Frame) Paint(dst codec.Target, origin codec.Rect, t *Tile, s *Scratch) error {
	return wavelet.Paint(dst, origin, f.Region, t.X, t.Y, &s.planes)
}

// Decoder keeps what a stream says once. Its zero value is ready; it is for one
// goroutine.
type Decoder struct {
	// Mine says which tiles Decode decodes, by their place in the frame; nil is all.
	Mine func(x, y int) bool

	width, height int // of the channel
	started       bool
	frame         Frame
	quants        []Quant
	scratch       *Scratch
}

// Decode paints a payload. r is the rectangle of the surface that the stream has for
// its frame; the tiles begin at its upper left corner.
func (d *Decoder) Decode(dst codec.Target, r codec.Rect, payload []byte) error {
	if d.scratch == nil {
		d.scratch = new(Scratch)
	}
	err := d.Frames(r, payload, func(f *Frame) error {
		for i := range f.Tiles {
			t := &f.Tiles[i]
			if d.Mine != nil && !d.Mine(t.X, t.Y) {
				continue
			}
			t.Decode(d.scratch)
			if err := f.Paint(dst, r, t, d.scratch); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("remotefx for %v, %d bytes: %w", r, len(payload), err)
	}
	return nil
}

// Frames reads a payload and gives each frame that is complete, good until the
// function returns.
func (d *Decoder) Frames(r codec.Rect, payload []byte, frame func(*Frame) error) error {
	for p := payload; len(p) > 0; {
		if len(p) < blockStart {
			return codec.ErrShort
		}
		kind, n := binary.LittleEndian.Uint16(p), binary.LittleEndian.Uint32(p[2:])
		if int64(n) > int64(len(p)) {
			return fmt.Errorf("message %#x of %d bytes: %w", kind, n, codec.ErrShort)
		}
		if n < blockStart {
			return fmt.Errorf("message %#x of %d bytes: %w", kind, n, codec.ErrCorrupt)
		}
		if err := d.message(kind, p[:n], r, frame); err != nil {
			return fmt.Errorf("message %#x: %w", kind, err)
		}
		p = p[n:]
	}
	return nil
}

func (d *Decoder) message(kind uint16, p []byte, r codec.Rect, frame func(*Frame) error) error {
	le := binary.LittleEndian
	switch kind {
	case blockSync:
		if len(p) < blockStart+6 {
			return codec.ErrShort
		}
		if le.Uint32(p[6:]) != magic || le.Uint16(p[10:]) != version {
			return codec.ErrCorrupt
		}
		d.started = true
	case blockChannels:
		if len(p) < blockStart+1+5 || p[6] == 0 {
			return codec.ErrShort
		}
		d.width, d.height = int(le.Uint16(p[8:])), int(le.Uint16(p[10:]))
	case blockContext:
		if len(p) < channelStart+5 {
			return codec.ErrShort
		}
		if size := le.Uint16(p[9:]); size != wavelet.Side {
			return fmt.Errorf("tiles of %d: %w", size, codec.ErrCorrupt)
		}
	case blockRegion:
		if !d.started {
			return fmt.Errorf("before a sync: %w", codec.ErrCorrupt)
		}
		return d.region(p)
	case blockTileset:
		if !d.started {
			return fmt.Errorf("before a sync: %w", codec.ErrCorrupt)
		}
		if err := d.tileset(p, r); err != nil {
			return err
		}
		return frame(&d.frame)
	case blockFrameBegin:
		d.frame.Region, d.frame.Tiles = d.frame.Region[:0], d.frame.Tiles[:0]
	}
	return nil // the rest says nothing: codec versions, the end of a frame
}

// region reads TS_RFX_REGION (§2.2.2.3.3).
func (d *Decoder) region(p []byte) error {
	const fixed = channelStart + 1 + 2
	if len(p) < fixed {
		return codec.ErrShort
	}
	n := int(binary.LittleEndian.Uint16(p[9:]))
	p = p[fixed:]
	if len(p) < 8*n+4 {
		return codec.ErrShort
	}
	if n > maxRects {
		return fmt.Errorf("%d rectangles: %w", n, codec.ErrLong)
	}
	d.frame.Region = Rects(d.frame.Region[:0], p, n)
	if n == 0 {
		d.frame.Region = append(d.frame.Region, codec.Rect{W: d.width, H: d.height})
	}
	return nil
}

// Rects appends n rectangles (TS_RFX_RECT, §2.2.2.1.6), which p must have.
func Rects(rects []codec.Rect, p []byte, n int) []codec.Rect {
	for ; n > 0; n-- {
		v := binary.LittleEndian.Uint64(p)
		rects = append(rects, codec.Rect{X: int(v & 0xffff), Y: int(v >> 16 & 0xffff), W: int(v >> 32 & 0xffff), H: int(v >> 48)})
		p = p[8:]
	}
	return rects
}

// tileset reads TS_RFX_TILESET (§2.2.2.3.4).
func (d *Decoder) tileset(p []byte, r codec.Rect) error {
	const fixed = channelStart + 14
	le := binary.LittleEndian
	if len(p) < fixed {
		return codec.ErrShort
	}
	if le.Uint16(p[8:]) != subTileset {
		return codec.ErrCorrupt
	}
	variant := rlgr.Variant(le.Uint16(p[12:]) >> 10 & 15)
	if variant != rlgr.RLGR1 && variant != rlgr.RLGR3 {
		return fmt.Errorf("entropy coder %d: %w", variant, codec.ErrCorrupt)
	}
	quants, count := int(p[14]), int(le.Uint16(p[16:]))
	p = p[fixed:]
	if len(p) < quants*quantLength {
		return codec.ErrShort
	}
	columns, rows := (r.W+wavelet.Side-1)/wavelet.Side, (r.H+wavelet.Side-1)/wavelet.Side
	if count > columns*rows {
		return fmt.Errorf("%d tiles for %v: %w", count, r, codec.ErrLong)
	}
	d.quants = d.quants[:0]
	for ; quants > 0; quants-- {
		var q Quant
		for i := range q {
			q[i] = p[i/2] >> (i % 2 * 4) & 15
			if q[i] < 6 {
				return fmt.Errorf("quantization factor %d: %w", q[i], codec.ErrCorrupt)
			}
		}
		d.quants = append(d.quants, q)
		p = p[quantLength:]
	}
	d.frame.Tiles = d.frame.Tiles[:0]
	for range count {
		const fixed = blockStart + 3 + 4 + 6
		if len(p) < fixed {
			return codec.ErrShort
		}
		kind, n := le.Uint16(p), int64(le.Uint32(p[2:]))
		lengths := [3]int{int(le.Uint16(p[13:])), int(le.Uint16(p[15:])), int(le.Uint16(p[17:]))}
		if kind != blockTile || n < fixed {
			return fmt.Errorf("tile of type %#x, %d bytes: %w", kind, n, codec.ErrCorrupt)
		}
		if n > int64(len(p)) || fixed+int64(lengths[0]+lengths[1]+lengths[2]) > n {
			return fmt.Errorf("tile of %d bytes: %w", n, codec.ErrShort)
		}
		t := Tile{X: int(le.Uint16(p[9:])), Y: int(le.Uint16(p[11:])), Variant: variant}
		if t.X >= columns || t.Y >= rows {
			return fmt.Errorf("tile %d,%d of %v: %w", t.X, t.Y, r, codec.ErrBounds)
		}
		t.X *= wavelet.Side
		t.Y *= wavelet.Side
		data := p[fixed:n]
		for i, size := range lengths {
			if int(p[6+i]) >= len(d.quants) {
				return fmt.Errorf("quantization %d of %d: %w", p[6+i], len(d.quants), codec.ErrCorrupt)
			}
			t.Quant[i] = d.quants[p[6+i]]
			t.Data[i], data = data[:size:size], data[size:]
		}
		d.frame.Tiles = append(d.frame.Tiles, t)
		p = p[n:]
	}
	return nil
}
