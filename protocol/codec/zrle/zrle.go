// Package zrle decodes TRLE (RFC 6143 §7.7.5) and ZRLE (§7.7.6): tiles of 16×16 or
// 64×64 pixels, each raw, of one colour, packed by a palette, or in runs. ZRLE's
// tiles come through one zlib stream of the connection.
//
// A CPIXEL is R, G, B with the pixel format that package codec asks for as a rule: its low
// three bytes. With alpha, or with fewer bits, it is a whole pixel.
package zrle

import (
	"encoding/binary"
	"fmt"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/inflate"
)

const (
	trleSide = 16
	zrleSide = 64
)

// TRLE decodes TRLE.
type TRLE struct {
	codec.Units
	tiles tiles
}

// NewTRLE returns a decoder of TRLE.
func NewTRLE() *TRLE { return &TRLE{tiles: tiles{side: trleSide}} }

// Begin starts a rectangle.
func (d *TRLE) Begin(dst codec.Target, r codec.Rect) error {
	d.tiles.start(dst, r)
	if err := d.Start("trle", &dst, r); err != nil {
		return err
	}
	if d.tiles.done() {
		d.Finish()
	}
	return nil
}

// Write takes a piece of the payload.
func (d *TRLE) Write(p []byte) (int, error) { return d.Feed(p, d) }

// Step paints whole tiles.
func (d *TRLE) Step(b []byte) (int, error) {
	used := 0
	for {
		n, err := d.tiles.tile(b[used:])
		if n == 0 || err != nil {
			return used, err
		}
		used += n
		if d.tiles.next(); d.tiles.done() {
			d.Finish()
			return used, nil
		}
	}
}

// ZRLE decodes ZRLE. Its stream is that of the connection.
type ZRLE struct {
	codec.Units
	tiles  tiles
	left   int // bytes of the payload; -1: its length has not come
	stream inflate.Stream
}

// New returns a decoder of ZRLE at the beginning of a connection.
func New() *ZRLE { return &ZRLE{tiles: tiles{side: zrleSide}} }

// Begin starts a rectangle.
func (d *ZRLE) Begin(dst codec.Target, r codec.Rect) error {
	d.tiles.start(dst, r)
	d.left = -1
	if err := d.Start("zrle", &dst, r); err != nil {
		return err
	}
	return nil
}

// Write takes a piece of the payload.
func (d *ZRLE) Write(p []byte) (int, error) { return d.Feed(p, d) }

// Step paints the tiles that the piece completes.
func (d *ZRLE) Step(b []byte) (int, error) {
	used := 0
	if d.left < 0 {
		if len(b) < 4 {
			return 0, nil
		}
		n := binary.BigEndian.Uint32(b)
		if most := inflate.MaxPacked(d.tiles.r.W * d.tiles.r.H * (d.tiles.cpixel + 1)); int64(n) > int64(most) {
			return 0, fmt.Errorf("%d bytes: %w", n, codec.ErrLong)
		}
		d.left, used = int(n), 4
	}
	piece := b[used:min(len(b), used+d.left)]
	d.left -= len(piece)
	d.stream.Feed(piece)
	for most := d.tiles.most(); !d.tiles.done(); d.tiles.next() {
		p, err := d.stream.Peek(most)
		if err != nil && len(p) == 0 {
			return used, err
		}
		n, wrong := d.tiles.tile(p)
		if wrong != nil {
			return used, wrong
		}
		if n == 0 {
			if err != nil {
				return used, err
			}
			break
		}
		d.stream.Skip(n)
	}
	if d.tiles.done() {
		if extra, err := d.stream.Drain(); err != nil {
			return used, err
		} else if extra {
			return used, codec.ErrLong
		}
	}
	if d.left == 0 {
		d.Finish()
		if !d.tiles.done() {
			return used, fmt.Errorf("tile %d,%d lacks: %w", d.tiles.x, d.tiles.y, codec.ErrShort)
		}
	}
	return used + len(piece), nil
}
