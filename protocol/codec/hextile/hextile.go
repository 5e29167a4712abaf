// Package hextile decodes Hextile (RFC 6143 §7.7.4): tiles of 16×16 pixels, each
// raw or a background with rectangles of one colour on it.
package hextile

import (
	"encoding/binary"
	"fmt"

	"github.com/porthole-rac/porthole/protocol/codec"
)

// Bits of a tile's first byte. With Raw the others mean nothing.
const (
	Raw                 = 1
	BackgroundSpecified = 2
	ForegroundSpecified = 4
	AnySubrects         = 8
	SubrectsColoured    = 16
)

const side = 16

// Decoder decodes Hextile.
type Decoder struct {
	codec.Units
	dst        codec.Target
	r          codec.Rect
	x, y       int // the next tile, in the rectangle
	background uint32
	foreground uint32
}

// New returns a decoder of Hextile.
func New() *Decoder { return new(Decoder) }

// Begin starts a rectangle.
func (d *Decoder) Begin(dst codec.Target, r codec.Rect) error {
	d.dst, d.r, d.x, d.y = dst, r, 0, 0
	// A first tile without colours breaks the rules; it is black here, and not what
	// was before.
	d.background, d.foreground = dst.Opaque(), dst.Opaque()
	err := d.Start("hextile", &dst, r)
	if err == nil && (r.W == 0 || r.H == 0) {
		d.Finish()
	}
	return err
}

// Write takes a piece of the payload.
func (d *Decoder) Write(p []byte) (int, error) { return d.Feed(p, d) }

// Step paints whole tiles.
func (d *Decoder) Step(b []byte) (int, error) {
	used := 0
	for {
		n, err := d.tile(b[used:])
		if n == 0 || err != nil {
			return used, err
		}
		used += n
		if d.x += side; d.x >= d.r.W {
			d.x = 0
			if d.y += side; d.y >= d.r.H {
				d.Finish()
				return used, nil
			}
		}
	}
}

// tile paints the tile that b begins with and returns its length, 0 when b does
// not hold all of it.
func (d *Decoder) tile(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	t := codec.Rect{X: d.r.X + d.x, Y: d.r.Y + d.y, W: min(side, d.r.W-d.x), H: min(side, d.r.H-d.y)}
	mask, n, opaque := b[0], 1, d.dst.Opaque()
	if mask&Raw != 0 {
		row := 4 * t.W
		if len(b) < n+row*t.H {
			return 0, nil
		}
		for y := range t.H {
			codec.Pixels4(d.dst.Row(t.X, t.Y+y, t.W), b[n:n+row], opaque)
			n += row
		}
		return n, nil
	}
	// The length is known from the mask and the count of subrectangles.
	if mask&BackgroundSpecified != 0 {
		n += 4
	}
	if mask&ForegroundSpecified != 0 {
		n += 4
	}
	count, unit := 0, 2
	if mask&SubrectsColoured != 0 {
		unit = 4 + 2
	}
	if mask&AnySubrects != 0 {
		if len(b) <= n {
			return 0, nil
		}
		count = int(b[n])
		n++
	}
	if len(b) < n+count*unit {
		return 0, nil
	}
	subs := b[n : n+count*unit]
	b = b[1:]
	if mask&BackgroundSpecified != 0 {
		d.background = binary.LittleEndian.Uint32(b) | opaque
		b = b[4:]
	}
	if mask&ForegroundSpecified != 0 {
		d.foreground = binary.LittleEndian.Uint32(b) | opaque
	}
	d.dst.Fill(t, d.background)
	color := d.foreground
	for ; len(subs) >= unit; subs = subs[unit:] {
		place := subs[:unit]
		if unit == 6 {
			color = binary.LittleEndian.Uint32(place) | opaque
			place = place[4:]
		}
		x, y := int(place[0]>>4), int(place[0]&15)
		w, h := int(place[1]>>4)+1, int(place[1]&15)+1
		if x+w > t.W || y+h > t.H {
			return 0, fmt.Errorf("tile %d,%d: subrectangle %dx%d+%d+%d: %w", d.x, d.y, w, h, x, y, codec.ErrCorrupt)
		}
		d.fill(t.X+x, t.Y+y, w, h, color)
	}
	return n + count*unit, nil
}

// fill is Target.Fill for the few pixels of a subrectangle.
func (d *Decoder) fill(x, y, w, h int, color uint32) {
	i := y*d.dst.Stride + 4*x
	if w == 1 {
		for ; h > 0; h-- {
			binary.LittleEndian.PutUint32(d.dst.Pix[i:], color)
			i += d.dst.Stride
		}
		return
	}
	for ; h > 0; h-- {
		row := d.dst.Pix[i : i+4*w]
		for len(row) >= 4 {
			binary.LittleEndian.PutUint32(row, color)
			row = row[4:]
		}
		i += d.dst.Stride
	}
}
