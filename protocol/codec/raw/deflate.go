package raw

import (
	"fmt"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/inflate"
)

// Deflate decodes plain pixels that a relay has packed: one zlib stream (RFC 1950)
// for each rectangle, without a length in front. It is not an encoding of RFB.
type Deflate struct {
	codec.Units
	rows   codec.Rows
	pixel  int // bytes of one
	stream inflate.Stream
}

// NewDeflate returns a decoder.
func NewDeflate() *Deflate { return new(Deflate) }

// Begin starts a rectangle.
func (d *Deflate) Begin(dst codec.Target, r codec.Rect) error {
	d.rows.Start(dst, r)
	d.pixel = dst.Format.Size()
	d.stream.Reset()
	return d.Start("deflate", &dst, r)
}

// Write takes a piece of the payload. After the last pixel it takes what is left of
// the stream, its checksum.
func (d *Deflate) Write(p []byte) (int, error) {
	if d.Done() {
		return len(p), nil
	}
	n, err := d.Feed(p, d)
	if err == nil && d.Done() {
		n = len(p)
	}
	return n, err
}

// Step paints what the piece decides.
func (d *Deflate) Step(b []byte) (int, error) {
	d.stream.Feed(b)
	for left := d.rows.Left(); left > 0; left = d.rows.Left() {
		want := d.pixel * min(left, inflate.MaxPeek/4)
		p, err := d.stream.Peek(want)
		if err != nil {
			return 0, err
		}
		d.stream.Skip(d.rows.Put(p))
		if len(p) < want {
			break
		}
	}
	if d.rows.Left() == 0 {
		if extra, err := d.stream.Drain(); err != nil {
			return len(b), err
		} else if extra {
			return len(b), fmt.Errorf("pixels are left: %w", codec.ErrLong)
		}
		d.Finish()
	}
	return len(b), nil
}
