// Package hextile decodes Hextile (RFC 6143 §7.7.4): tiles of 16×16 pixels, each
// raw or a background with rectangles of one colour on it; and ZlibHex (rfbproto
// "zlibhex Encoding", number 8), whose tiles may come through two zlib streams of the
// connection.
package hextile

import (
	"encoding/binary"
	"fmt"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/inflate"
)

// Bits of a tile's first byte. With Raw the others mean nothing.
const (
	Raw                 = 1
	BackgroundSpecified = 2
	ForegroundSpecified = 4
	AnySubrects         = 8
	SubrectsColoured    = 16
	ZlibRaw             = 32 // of ZlibHex; with it all others mean nothing
	Zlib                = 64 // of ZlibHex
)

const side = 16

const (
	// longest is the most that a tile has after its first byte.
	longest = 2*4 /* colours */ + 1 + 255*(4 /* pixel */ +2)
	// longestPacked bounds its compressed form, which a bad compressor makes longer.
	longestPacked = 2 * longest
)

// Decoder decodes Hextile or ZlibHex. The streams are those of the connection.
type Decoder struct {
	codec.Units
	name       string
	streams    *[2]inflate.Stream // of ZlibHex: raw tiles, all others; nil: Hextile
	dst        codec.Target
	pixel      int // bytes of one
	r          codec.Rect
	x, y       int // the next tile, in the rectangle
	background uint32
	foreground uint32
}

// New returns a decoder of Hextile.
func New() *Decoder { return &Decoder{name: "hextile"} }

// NewZlib returns a decoder of ZlibHex at the beginning of a connection.
func NewZlib() *Decoder { return &Decoder{name: "zlibhex", streams: new([2]inflate.Stream)} }

// Begin starts a rectangle.
func (d *Decoder) Begin(dst codec.Target, r codec.Rect) error {
	d.dst, d.r, d.x, d.y, d.pixel = dst, r, 0, 0, dst.Format.Size()
	// A first tile without colours breaks the rules; it is black here, and not what
	// was before.
	d.background, d.foreground = dst.Opaque(), dst.Opaque()
	err := d.Start(d.name, &dst, r)
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
	mask := b[0]
	if d.streams != nil && mask&(ZlibRaw|Zlib) != 0 {
		return d.packed(t, mask, b)
	}
	n, whole, err := d.paint(t, mask, b[1:])
	if !whole {
		return 0, err
	}
	return 1 + n, err
}

// packed paints a tile that comes through a zlib stream, with a length before.
func (d *Decoder) packed(t codec.Rect, mask byte, b []byte) (int, error) {
	const head = 1 /* mask */ + 2 /* length */
	if len(b) < head {
		return 0, nil
	}
	n := int(binary.BigEndian.Uint16(b[1:]))
	if n > longestPacked {
		return 0, fmt.Errorf("tile %d,%d of %d bytes: %w", d.x, d.y, n, codec.ErrLong)
	}
	if len(b) < head+n {
		return 0, nil
	}
	stream, most := &d.streams[1], longest
	if mask&ZlibRaw != 0 {
		stream, mask, most = &d.streams[0], Raw, t.W*t.H*d.pixel
	}
	stream.Feed(b[head : head+n])
	p, err := stream.Peek(most)
	if err != nil {
		return 0, err
	}
	used, whole, err := d.paint(t, mask, p)
	if err != nil {
		return 0, err
	}
	if !whole {
		return 0, fmt.Errorf("tile %d,%d: %w", d.x, d.y, codec.ErrShort)
	}
	stream.Skip(used)
	if extra, err := stream.Drain(); err != nil {
		return 0, err
	} else if extra {
		return 0, fmt.Errorf("tile %d,%d: %w", d.x, d.y, codec.ErrLong)
	}
	return head + n, nil
}

// paint paints a tile by what follows its mask, and tells how many bytes that is;
// whole is false when b does not hold all of it.
func (d *Decoder) paint(t codec.Rect, mask byte, b []byte) (n int, whole bool, err error) {
	if mask&Raw != 0 {
		row := d.pixel * t.W
		if len(b) < row*t.H {
			return 0, false, nil
		}
		for y := range t.H {
			d.dst.Pixels(d.dst.Row(t.X, t.Y+y, t.W), b[n:n+row])
			n += row
		}
		return n, true, nil
	}
	// The length is known from the mask and the count of subrectangles.
	if mask&BackgroundSpecified != 0 {
		n += d.pixel
	}
	if mask&ForegroundSpecified != 0 {
		n += d.pixel
	}
	count, unit := 0, 2
	if mask&SubrectsColoured != 0 {
		unit = d.pixel + 2
	}
	if mask&AnySubrects != 0 {
		if len(b) <= n {
			return 0, false, nil
		}
		count = int(b[n])
		n++
	}
	if len(b) < n+count*unit {
		return 0, false, nil
	}
	subs := b[n : n+count*unit]
	if mask&BackgroundSpecified != 0 {
		d.background = d.dst.Pixel(b)
		b = b[d.pixel:]
	}
	if mask&ForegroundSpecified != 0 {
		d.foreground = d.dst.Pixel(b)
	}
	d.dst.Fill(t, d.background)
	color := d.foreground
	for ; len(subs) >= unit; subs = subs[unit:] {
		place := subs[:unit]
		if unit > 2 {
			color = d.dst.Pixel(place)
			place = place[d.pixel:]
		}
		x, y := int(place[0]>>4), int(place[0]&15)
		w, h := int(place[1]>>4)+1, int(place[1]&15)+1
		if x+w > t.W || y+h > t.H {
			return 0, false, fmt.Errorf("tile %d,%d: subrectangle %dx%d+%d+%d: %w", d.x, d.y, w, h, x, y, codec.ErrCorrupt)
		}
		d.fill(t.X+x, t.Y+y, w, h, color)
	}
	return n + count*unit, true, nil
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
