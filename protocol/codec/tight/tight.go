// Package tight decodes Tight and TightPNG (rfbproto "Tight Encoding", "Tight PNG
// Encoding", numbers 7 and -260): one colour; pixels, palette indices or
// differences through one of four zlib streams; or a JPEG or PNG picture, which is
// handed out as it came.
//
// A TPIXEL is R, G, B, whatever the order of the pixel format is; with alpha, or with
// fewer bits, it is a whole pixel. Pictures have no alpha: who takes them has to know.
package tight

import (
	"encoding/binary"
	"fmt"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/inflate"
)

// The high four bits of the compression control byte. Of Basic the low two say the
// stream, and the third that a filter follows; so has BasicNoZlib.
const (
	Fill        = 0x8
	JPEG        = 0x9
	PNG         = 0xa // TightPNG
	BasicNoZlib = 0xa // Tight; 0xe with a filter
	Filter      = 0x4
)

// Filters of Basic.
const (
	FilterCopy     = 0
	FilterPalette  = 1
	FilterGradient = 2
)

const compressed = 12 // data shorter than this is not compressed

type state uint8

const (
	atHeader state = iota
	inPlain
	inPacked
	inImage
)

// Decoder decodes Tight or TightPNG. Its streams are those of the connection.
type Decoder struct {
	codec.Units
	png     bool
	images  codec.Images
	streams [4]inflate.Stream

	dst    codec.Target
	r      codec.Rect
	tpixel int // bytes of a TPIXEL
	rows   codec.Rows
	state  state
	stream *inflate.Stream
	left   int // bytes of the payload

	filter  byte
	colors  int
	palette [256]uint32
	line    []uint32 // of otherGradient: the last pixels as they came, from above the next one on
	corner  uint32   // the one above to the left
	kind    codec.Kind
	image   []byte // what came of it, if it did not come in one piece
}

// New returns a decoder of Tight at the beginning of a connection. Pictures go to
// images.
func New(images codec.Images) *Decoder { return &Decoder{images: images} }

// NewPNG returns a decoder of TightPNG.
func NewPNG(images codec.Images) *Decoder { return &Decoder{images: images, png: true} }

// Resets applies the stream resets of a compression control byte whose rectangle
// does not come here (a fill or a picture that was taken out before).
func (d *Decoder) Resets(control byte) {
	for i := range d.streams {
		if control>>i&1 != 0 {
			d.streams[i].Reset()
		}
	}
}

// Begin starts a rectangle.
func (d *Decoder) Begin(dst codec.Target, r codec.Rect) error {
	d.dst, d.r, d.state, d.image = dst, r, atHeader, d.image[:0]
	d.rows.Start(dst, r)
	d.tpixel = dst.Compact()
	name := "tight"
	if d.png {
		name = "tightpng"
	}
	return d.Start(name, &dst, r)
}

// Write takes a piece of the payload.
func (d *Decoder) Write(p []byte) (int, error) { return d.Feed(p, d) }

// Step reads the header as a whole; after it, what there is.
func (d *Decoder) Step(b []byte) (int, error) {
	switch d.state {
	case atHeader:
		return d.header(b)
	case inPlain:
		n, err := d.plain(b[:min(len(b), d.left)])
		d.left -= n
		if d.left == 0 {
			d.Finish()
		}
		return n, err
	case inPacked:
		return d.packed(b[:min(len(b), d.left)])
	}
	piece := b[:min(len(b), d.left)]
	d.left -= len(piece)
	if d.left > 0 || len(d.image) > 0 {
		d.image = append(d.image, piece...)
		if d.left > 0 {
			return len(piece), nil
		}
		return len(piece), d.handOut(d.image)
	}
	return len(piece), d.handOut(piece)
}

func (d *Decoder) handOut(data []byte) error {
	d.Finish()
	i := codec.Image{Kind: d.kind, Rect: d.r, Data: data}
	if err := i.Check(); err != nil {
		return err
	}
	if d.images == nil {
		return fmt.Errorf("nobody takes pictures: %w", codec.ErrCorrupt)
	}
	return d.images(i)
}

// header reads everything before the data. 0 means that it is not complete.
func (d *Decoder) header(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	control := b[0]
	method := control >> 4
	at, tpixel := 1, d.tpixel
	basic := method < Fill || !d.png && (method == BasicNoZlib || method == BasicNoZlib|Filter)
	switch {
	case method == Fill:
		if len(b) < at+tpixel {
			return 0, nil
		}
		d.Resets(control)
		d.dst.Fill(d.r, d.dst.CompactPixel(b[at:]))
		d.Finish()
		return at + tpixel, nil
	case method == JPEG, method == PNG && d.png:
		length, n := compact(b[at:])
		if n == 0 {
			return 0, nil
		}
		if length == 0 || length > codec.MaxImage(d.r) {
			return 0, fmt.Errorf("picture of %d bytes: %w", length, codec.ErrCorrupt)
		}
		d.Resets(control)
		d.kind = codec.JPEG
		if method == PNG {
			d.kind = codec.PNG
		}
		d.state, d.left = inImage, length
		return at + n, nil
	case d.png || !basic:
		return 0, fmt.Errorf("compression control %02x: %w", control, codec.ErrCorrupt)
	}

	filter, colors := byte(FilterCopy), 0
	if method&Filter != 0 {
		if len(b) <= at {
			return 0, nil
		}
		filter = b[at]
		at++
	}
	size := d.r.W * d.r.H * tpixel
	switch filter {
	case FilterCopy, FilterGradient:
	case FilterPalette:
		if len(b) <= at {
			return 0, nil
		}
		colors = int(b[at]) + 1
		at++
		if colors < 2 {
			return 0, fmt.Errorf("palette of %d: %w", colors, codec.ErrCorrupt)
		}
		if len(b) < at+colors*tpixel {
			return 0, nil
		}
		for i := range d.palette {
			d.palette[i] = 0xff000000 // an index beyond the palette is black
		}
		for i := range colors {
			d.palette[i] = d.dst.CompactPixel(b[at+i*tpixel:])
		}
		at += colors * tpixel
		size = d.r.W * d.r.H
		if colors == 2 {
			size = (d.r.W + 7) / 8 * d.r.H
		}
	default:
		return 0, fmt.Errorf("filter %d: %w", filter, codec.ErrCorrupt)
	}
	d.filter, d.colors = filter, colors

	if size < compressed || method >= BasicNoZlib {
		d.Resets(control)
		d.state, d.left = inPlain, size
		if size == 0 {
			d.Finish()
		}
		return at, nil
	}
	length, n := compact(b[at:])
	if n == 0 {
		return 0, nil
	}
	if length > inflate.MaxPacked(size) {
		return 0, fmt.Errorf("%d bytes for %d: %w", length, size, codec.ErrLong)
	}
	d.Resets(control)
	d.stream = &d.streams[method&3]
	d.state, d.left = inPacked, length
	return at + n, nil
}

// compact reads a length of 1–3 bytes. n is 0 when it is not complete.
func compact(b []byte) (length, n int) {
	for i, v := range b {
		if i == 2 {
			return length | int(v)<<14, 3
		}
		length |= int(v&127) << (7 * i)
		if v < 128 {
			return length, i + 1
		}
	}
	return 0, 0
}

// packed paints what a piece of compressed data decides.
func (d *Decoder) packed(piece []byte) (int, error) {
	d.left -= len(piece)
	d.stream.Feed(piece)
	for left := d.rows.Left(); left > 0; left = d.rows.Left() {
		want := d.tpixel * min(left, inflate.MaxPeek/4)
		if d.filter == FilterPalette {
			want = min(left, inflate.MaxPeek)
			if d.colors == 2 {
				want = min((d.r.W+7)/8*d.r.H, inflate.MaxPeek) // or less: Peek gives what there is
			}
		}
		p, err := d.stream.Peek(want)
		if err != nil {
			return 0, err
		}
		n, err := d.plain(p)
		if err != nil {
			return 0, err
		}
		d.stream.Skip(n)
		if len(p) < want && n < want {
			break
		}
	}
	if d.rows.Left() == 0 {
		if extra, err := d.stream.Drain(); err != nil {
			return 0, err
		} else if extra {
			return 0, codec.ErrLong
		}
	}
	if d.left == 0 {
		d.Finish()
		if d.rows.Left() > 0 {
			return 0, fmt.Errorf("%d pixels lack: %w", d.rows.Left(), codec.ErrShort)
		}
	}
	return len(piece), nil
}

// plain paints whole pixels and says how many bytes that were.
func (d *Decoder) plain(b []byte) (int, error) {
	switch {
	case d.filter == FilterGradient && d.tpixel == 3:
		return d.gradient(b), nil
	case d.filter == FilterGradient:
		return d.otherGradient(b), nil
	case d.filter == FilterCopy:
		return d.rows.PutCompact(b), nil
	case d.colors == 2:
		return d.mono(b), nil
	}
	return d.rows.PutIndices(b, &d.palette), nil
}

// mono paints indices of one bit. Rows begin at whole bytes.
func (d *Decoder) mono(b []byte) int {
	var pairs [4]uint64
	for i := range pairs {
		pairs[i] = uint64(d.palette[i>>1]) | uint64(d.palette[i&1])<<32
	}
	used := 0
	for used < len(b) && d.rows.Left() > 0 {
		row := d.rows.Row()
		before := len(row)
		for used < len(b) && len(row) >= 32 {
			v := b[used]
			used++
			binary.LittleEndian.PutUint64(row, pairs[v>>6])
			binary.LittleEndian.PutUint64(row[8:16], pairs[v>>4&3])
			binary.LittleEndian.PutUint64(row[16:24], pairs[v>>2&3])
			binary.LittleEndian.PutUint64(row[24:32], pairs[v&3])
			row = row[32:]
		}
		if used < len(b) && len(row) > 0 && len(row) < 32 {
			v := b[used]
			used++
			for bit := 7; len(row) >= 4; bit-- {
				binary.LittleEndian.PutUint32(row, d.palette[v>>(bit&7)&1])
				row = row[4:]
			}
		}
		d.rows.Advance((before - len(row)) / 4)
	}
	return used
}
