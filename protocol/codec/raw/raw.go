// Package raw decodes the encodings that are plain pixels: Raw (RFC 6143 §7.7.1),
// Zlib (rfbproto "zlib Encoding", number 6), which is Raw through one zlib stream
// of the connection, and CopyRect (§7.7.2), which is a place in the frame buffer.
package raw

import (
	"encoding/binary"
	"fmt"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/inflate"
)

// Decoder decodes Raw.
type Decoder struct {
	codec.Units
	rows codec.Rows
}

// New returns a decoder of Raw.
func New() *Decoder { return new(Decoder) }

// Begin starts a rectangle.
func (d *Decoder) Begin(dst codec.Target, r codec.Rect) error {
	if err := d.Start("raw", &dst, r); err != nil {
		return err
	}
	d.rows.Start(dst, r)
	if d.rows.Left() == 0 {
		d.Finish()
	}
	return nil
}

// Write takes a piece of the payload.
func (d *Decoder) Write(p []byte) (int, error) { return d.Feed(p, d) }

// Step paints whole pixels.
func (d *Decoder) Step(b []byte) (int, error) {
	n := d.rows.Put(b)
	if d.rows.Left() == 0 {
		d.Finish()
	}
	return n, nil
}

// Copy decodes CopyRect.
type Copy struct {
	codec.Units
	dst codec.Target
	r   codec.Rect
}

// NewCopy returns a decoder of CopyRect.
func NewCopy() *Copy { return new(Copy) }

// Begin starts a rectangle.
func (d *Copy) Begin(dst codec.Target, r codec.Rect) error {
	d.dst, d.r = dst, r
	return d.Start("copyrect", &dst, r)
}

// Write takes a piece of the payload.
func (d *Copy) Write(p []byte) (int, error) { return d.Feed(p, d) }

// Step copies when the place is there.
func (d *Copy) Step(b []byte) (int, error) {
	if len(b) < 4 {
		return 0, nil
	}
	d.Finish()
	return 4, d.dst.Copy(d.r, int(binary.BigEndian.Uint16(b)), int(binary.BigEndian.Uint16(b[2:])))
}

// Zlib decodes Zlib. Its stream is that of the connection.
type Zlib struct {
	codec.Units
	rows   codec.Rows
	pixel  int // bytes of one
	size   int // bytes of all
	left   int // bytes of the payload; -1: its length has not come
	stream inflate.Stream
}

// NewZlib returns a decoder of Zlib at the beginning of a connection.
func NewZlib() *Zlib { return new(Zlib) }

// Begin starts a rectangle.
func (d *Zlib) Begin(dst codec.Target, r codec.Rect) error {
	d.rows.Start(dst, r)
	d.pixel = dst.Format.Size()
	d.size, d.left = d.pixel*r.W*r.H, -1
	return d.Start("zlib", &dst, r)
}

// Write takes a piece of the payload.
func (d *Zlib) Write(p []byte) (int, error) { return d.Feed(p, d) }

// Step paints what the piece decides.
func (d *Zlib) Step(b []byte) (int, error) {
	used := 0
	if d.left < 0 {
		if len(b) < 4 {
			return 0, nil
		}
		n := binary.BigEndian.Uint32(b)
		if int64(n) > int64(inflate.MaxPacked(d.size)) {
			return 0, fmt.Errorf("%d bytes: %w", n, codec.ErrLong)
		}
		d.left, used = int(n), 4
	}
	piece := b[used:min(len(b), used+d.left)]
	d.left -= len(piece)
	d.stream.Feed(piece)
	for left := d.rows.Left(); left > 0; left = d.rows.Left() {
		want := d.pixel * min(left, inflate.MaxPeek/4)
		p, err := d.stream.Peek(want)
		if err != nil {
			return used, err
		}
		d.stream.Skip(d.rows.Put(p))
		if len(p) < want {
			break
		}
	}
	if d.rows.Left() == 0 {
		if extra, err := d.stream.Drain(); err != nil {
			return used, err
		} else if extra {
			return used, codec.ErrLong
		}
	}
	if d.left == 0 {
		d.Finish()
		if d.rows.Left() > 0 {
			return used, fmt.Errorf("%d pixels lack: %w", d.rows.Left(), codec.ErrShort)
		}
	}
	return used + len(piece), nil
}
