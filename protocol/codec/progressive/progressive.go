// Package progressive decodes RemoteFX Progressive (MS-RDPEGFX §2.2.4.2, §3.3.8.2),
// RDPGFX_CODECID_CAPROGRESSIVE: RemoteFX's tiles with a memory. A tile may come at
// once, or as a first pass and upgrades that sharpen it; and as the difference to what
// it was.
//
// # State
//
// A [Decoder] belongs to a surface, and lives as long (§3.3.1.3). It remembers of a
// tile what later payloads may build upon: 24 KB of coefficients, and 12 KB of signs
// until the tile is complete. Tiles that come at once where the server has not
// announced differences are not remembered at all (gnome-remote-desktop has only
// those). [MaxTiles] bounds the rest; memory of tiles is taken as they come.
//
// # Bounds
//
// A payload comes complete. Tiles outside of the surface, and more than four times as
// many as it has, are refused, as are more rectangles than package rfx takes. An
// error leaves the remembered tiles in between, so that the surface is lost.
//
// Regions share their tiles (§2.2.4.2.1.5), also with later payloads of the same frame:
// see [Decoder.BeginFrame].
package progressive

import (
	"encoding/binary"
	"fmt"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/rfx"
	"github.com/porthole-rac/porthole/protocol/codec/rlgr"
	"github.com/porthole-rac/porthole/protocol/codec/wavelet"
)

// MaxTiles bounds how many tiles of a surface are remembered: those of two screens of
// 3840×2160, in 147 MB at most.
const MaxTiles = 4096

// maxRects bounds the rectangles of a payload.
const maxRects = 4096

// Types of blocks (§2.2.4.2.1).
const (
	blockFrameBegin  = 0xccc1
	blockFrameEnd    = 0xccc2
	blockContext     = 0xccc3
	blockRegion      = 0xccc4
	blockTileSimple  = 0xccc5
	blockTileFirst   = 0xccc6
	blockTileUpgrade = 0xccc7
)

// Flags.
const (
	flagDiffing    = 0x01 // of a context
	flagReduce     = 0x01 // of a region
	flagDifference = 0x01 // of a tile
)

// complete is the quality of a pass after which nothing lacks (§2.2.4.2.1.5.4).
const complete = 0xff

const (
	blockStart = 6 // bytes of a block's type and length
	rectSize   = 8
	quantSize  = 5
	progSize   = 1 + 3*quantSize
)

// Decoder decodes the payloads for one surface. It is for one goroutine.
type Decoder struct {
	// Mine says which tiles this decoder decodes, by their place on the surface; nil
	// is all. Decoders of several workers, each with its own part, share the work.
	Mine func(x, y int) bool

	width, height int
	columns, rows int
	diffing       bool
	tiles         []*tile
	remembered    int
	free          []*signs

	frame   []int // tiles of the frame that are remembered
	again   int   // how many of those may still be painted again in it
	frames  uint32
	payload uint32

	region  []codec.Rect
	regions []region
	once    *tile // of one that is not remembered
	raw     rlgr.Coefficients
	scratch wavelet.Scratch
	planes  [3]wavelet.Plane
}

// region is a region of a payload; all is part of the payload.
type region struct {
	reduced      bool
	quants, prog []byte
	count        int
	tiles        []byte
}

// New returns a decoder for a surface of a size, in pixels.
func New(width, height int) (*Decoder, error) {
	if width < 0 || height < 0 || width > 0xffff || height > 0xffff || width*height > codec.MaxPixels {
		return nil, fmt.Errorf("progressive: no surface of %d×%d pixels", width, height)
	}
	d := &Decoder{width: width, height: height, columns: (width + 63) / 64, rows: (height + 63) / 64, once: new(tile)}
	d.tiles = make([]*tile, d.columns*d.rows)
	return d, nil
}

// Forget drops what only upgrades need: the server has deleted the encoding context
// (RDPGFX_DELETE_ENCODING_CONTEXT_PDU).
func (d *Decoder) Forget() {
	for _, t := range d.tiles {
		if t != nil {
			t.signs = nil
		}
	}
	d.free = nil
}

// BeginFrame says that the payloads from now on belong to a new frame
// (RDPGFX_START_FRAME_PDU). A rectangle of a payload may be covered by a tile that came
// earlier in its frame, with another region; the tile is then painted again, if it is
// one that is remembered. Without BeginFrame, each payload is a frame of its own.
func (d *Decoder) BeginFrame() {
	d.frames++
	d.frame = d.frame[:0]
	d.again = 4 * d.columns * d.rows
}

// Decode paints a payload on the surface, which has the decoder's size.
func (d *Decoder) Decode(surface codec.Target, payload []byte) error {
	if err := d.decode(surface, payload); err != nil {
		return fmt.Errorf("progressive remotefx, %d bytes: %w", len(payload), err)
	}
	return nil
}

func (d *Decoder) decode(surface codec.Target, p []byte) error {
	all := codec.Rect{W: d.width, H: d.height}
	if err := surface.Check(all); err != nil {
		return err
	}
	d.region, d.regions = d.region[:0], d.regions[:0]
	d.payload++
	earlier := len(d.frame)
	inFrame := false
	for len(p) > 0 {
		kind, block, err := next(&p)
		if err != nil {
			return err
		}
		switch kind {
		case blockFrameBegin:
			inFrame = true
		case blockFrameEnd:
			inFrame = false
		case blockContext:
			if len(block) < 4 {
				return codec.ErrShort
			}
			d.diffing = block[3]&flagDiffing != 0
		case blockRegion:
			if inFrame { // others are to be ignored
				err = d.addRegion(block)
			}
		}
		if err != nil {
			return fmt.Errorf("block %#x: %w", kind, err)
		}
	}
	left := 4 * d.columns * d.rows
	for i := range d.regions {
		r := &d.regions[i]
		if left -= r.count; left < 0 {
			return fmt.Errorf("too many tiles: %w", codec.ErrLong)
		}
		for tiles := r.tiles; r.count > 0; r.count-- {
			kind, block, err := next(&tiles)
			if err != nil {
				return err
			}
			if err := d.tile(surface, all, r, kind, block); err != nil {
				return fmt.Errorf("tile %#x: %w", kind, err)
			}
		}
	}
	for _, at := range d.frame[:earlier] {
		t := d.tiles[at]
		if t.payload == d.payload || d.again == 0 {
			continue
		}
		x, y := 64*(at%d.columns), 64*(at/d.columns)
		for _, r := range d.region {
			if r.X < x+64 && r.X+r.W > x && r.Y < y+64 && r.Y+r.H > y {
				d.again--
				if err := d.paint(surface, all, t, x, y); err != nil {
					return err
				}
				break
			}
		}
	}
	return nil
}

// paint paints what the payload's regions have of a tile.
func (d *Decoder) paint(surface codec.Target, all codec.Rect, t *tile, x, y int) error {
	for i := range d.planes {
		if t.seen[i] {
			d.scratch.Quantized(&d.planes[i], &t.coefficients[i], &t.shift[i], t.reduced)
		} else {
			d.planes[i].Flat()
		}
	}
	return wavelet.Paint(surface, all, d.region, x, y, &d.planes)
}

// next takes a block from the front of p.
func next(p *[]byte) (kind uint16, block []byte, err error) {
	if len(*p) < blockStart {
		return 0, nil, codec.ErrShort
	}
	kind, n := binary.LittleEndian.Uint16(*p), binary.LittleEndian.Uint32((*p)[2:])
	switch {
	case n < blockStart:
		return kind, nil, fmt.Errorf("block %#x of %d bytes: %w", kind, n, codec.ErrCorrupt)
	case int64(n) > int64(len(*p)):
		return kind, nil, fmt.Errorf("block %#x of %d bytes: %w", kind, n, codec.ErrShort)
	}
	block = (*p)[blockStart:n]
	*p = (*p)[n:]
	return kind, block, nil
}

// addRegion reads RFX_PROGRESSIVE_REGION (§2.2.4.2.1.5).
func (d *Decoder) addRegion(p []byte) error {
	const fixed = 12
	if len(p) < fixed {
		return codec.ErrShort
	}
	if p[0] != wavelet.Side {
		return fmt.Errorf("tiles of %d: %w", p[0], codec.ErrCorrupt)
	}
	rects, quants, progs := int(binary.LittleEndian.Uint16(p[1:])), int(p[3]), int(p[4])
	r := region{reduced: p[5]&flagReduce != 0, count: int(binary.LittleEndian.Uint16(p[6:]))}
	p = p[fixed:]
	if len(p) < rects*rectSize+quants*quantSize+progs*progSize {
		return codec.ErrShort
	}
	if len(d.region)+rects > maxRects {
		return fmt.Errorf("%d rectangles: %w", len(d.region)+rects, codec.ErrLong)
	}
	d.region = rfx.Rects(d.region, p, rects)
	p = p[rects*rectSize:]
	r.quants, p = p[:quants*quantSize], p[quants*quantSize:]
	r.prog, r.tiles = p[:progs*progSize], p[progs*progSize:]
	d.regions = append(d.regions, r)
	return nil
}

// order is where each band's number is in RFX_COMPONENT_CODEC_QUANT (§2.2.4.2.1.5.2):
// LL3, HL3, LH3, HH3, HL2, LH2, HH2, HL1, LH1, HH1.
var order = [10]int{7, 8, 9, 4, 5, 6, 1, 2, 3, 0}

// unpack reads RFX_COMPONENT_CODEC_QUANT number i of p.
func unpack(p []byte, i int) (q quant, ok bool) {
	if len(p) < (i+1)*quantSize {
		return q, false
	}
	p = p[i*quantSize:]
	for b, at := range order {
		q[b] = p[at/2] >> (at % 2 * 4) & 15
	}
	return q, true
}

// pass is what the three kinds of tiles have in common.
type pass struct {
	shift    [3][10]uint8 // of the dequantization
	position [3]quant
}

// pass finds the quantizations of a tile's three components, and of its quality.
func (r *region) pass(indices []byte, quality byte) (ps pass, err error) {
	for i := range ps.shift {
		q, ok := unpack(r.quants, int(indices[i]))
		if !ok {
			return ps, fmt.Errorf("quantization %d: %w", indices[i], codec.ErrCorrupt)
		}
		for b, v := range q {
			// Numbers have five bits after the point, and a factor of 6 is a scale of 1.
			ps.shift[i][b] = max(v, 1) - 1
		}
		if quality == complete {
			continue
		}
		if int(quality) >= len(r.prog)/progSize {
			return ps, fmt.Errorf("quality %d: %w", quality, codec.ErrCorrupt)
		}
		ps.position[i], _ = unpack(r.prog[int(quality)*progSize+1:], i)
		for _, v := range ps.position[i] {
			if v > 14 {
				return ps, fmt.Errorf("quality of %d bits: %w", v, codec.ErrCorrupt)
			}
		}
	}
	return ps, nil
}

// tile decodes and paints a tile.
func (d *Decoder) tile(surface codec.Target, all codec.Rect, r *region, kind uint16, p []byte) error {
	le := binary.LittleEndian
	if kind != blockTileSimple && kind != blockTileFirst && kind != blockTileUpgrade {
		return codec.ErrCorrupt
	}
	const place = 3 + 4
	if len(p) < place {
		return codec.ErrShort
	}
	column, row := int(le.Uint16(p[3:])), int(le.Uint16(p[5:]))
	if column >= d.columns || row >= d.rows {
		return fmt.Errorf("tile %d,%d: %w", column, row, codec.ErrBounds)
	}
	if d.Mine != nil && !d.Mine(64*column, 64*row) {
		return nil
	}
	indices := p[:3]
	p = p[place:]
	flags, quality, lengths := byte(0), byte(complete), 4 // of Y, Cb, Cr and the tail
	if kind == blockTileUpgrade {
		lengths = 6 // coded and plain bits of each
	} else {
		if len(p) < 1 {
			return codec.ErrShort
		}
		flags, p = p[0], p[1:]
	}
	if kind != blockTileSimple {
		if len(p) < 1 {
			return codec.ErrShort
		}
		quality, p = p[0], p[1:]
	}
	var data [6][]byte
	if len(p) < 2*lengths {
		return codec.ErrShort
	}
	rest := p[2*lengths:]
	for i := range lengths {
		n := int(le.Uint16(p[2*i:]))
		if n > len(rest) {
			return codec.ErrShort
		}
		data[i], rest = rest[:n], rest[n:]
	}
	ps, err := r.pass(indices, quality)
	if err != nil {
		return err
	}
	at := row*d.columns + column
	var t *tile
	if kind == blockTileUpgrade {
		if t = d.tiles[at]; t == nil || t.signs == nil || t.reduced != r.reduced {
			return fmt.Errorf("upgrade of a tile without a first pass: %w", codec.ErrCorrupt)
		}
		for i := range 3 {
			if err := t.upgrade(i, data[2*i], data[2*i+1], &ps.position[i]); err != nil {
				return err
			}
		}
	} else {
		difference := flags&flagDifference != 0
		if t, err = d.begin(at, r, difference, ps.position != [3]quant{}); err != nil {
			return err
		}
		for i := range 3 {
			t.first(i, data[i], &ps.position[i], difference, &d.raw)
		}
	}
	if t.position == [3]quant{} && t.signs != nil {
		d.free = append(d.free, t.signs)
		t.signs = nil
	}
	t.shift = ps.shift
	if t != d.once {
		if t.frame != d.frames {
			t.frame = d.frames
			d.frame = append(d.frame, at)
		}
		t.payload = d.payload
	}
	return d.paint(surface, all, t, 64*column, 64*row)
}

// begin finds the tile for a first pass: that of its place, a new one, or one that is
// not remembered.
func (d *Decoder) begin(at int, r *region, difference, more bool) (*tile, error) {
	t := d.tiles[at]
	switch {
	case difference && (t == nil || t.reduced != r.reduced):
		return nil, fmt.Errorf("difference to a tile that never came: %w", codec.ErrCorrupt)
	case t == nil && !more && !d.diffing:
		t = d.once
	case t == nil:
		if d.remembered == MaxTiles {
			return nil, fmt.Errorf("more than %d tiles to remember: %w", MaxTiles, codec.ErrLong)
		}
		d.remembered++
		t = new(tile)
		d.tiles[at] = t
	}
	t.reduced = r.reduced
	if more && t.signs == nil {
		if n := len(d.free); n > 0 {
			t.signs, d.free = d.free[n-1], d.free[:n-1]
		} else {
			t.signs = new(signs)
		}
	}
	return t, nil
}
