// Package channel cuts and joins the messages of static virtual channels (MS-RDPBCGR
// 2.2.6, 3.1.5.2).
package channel

import (
	"errors"
	"fmt"

	"github.com/porthole-rac/porthole/protocol/rdp/octets"
)

// Flags of a chunk (2.2.6.1.1).
const (
	First        = 0x00000001
	LastChunk    = 0x00000002
	ShowProtocol = 0x00000010
	Suspend      = 0x00000020
	Resume       = 0x00000040

	compressionShift = 16
	compressed       = 0x20 // of the shifted byte
)

// Sizes.
const (
	// ChunkSize is how much a chunk carries unless the server says otherwise.
	ChunkSize = 1600
	// HeaderSize is before every chunk.
	HeaderSize = 8
	// MaxMessage bounds a message.
	MaxMessage = 16 << 20
)

// ErrChunk is a chunk out of turn, or of a wrong size.
var ErrChunk = errors.New("not a chunk of a channel")

// Chunk is a part of a message.
type Chunk struct {
	Total       int // of the message
	First, Last bool
	Compression byte // flags of bulk compression; 0: none
	Data        []byte
}

// Parse reads a chunk.
func Parse(b []byte) (Chunk, error) {
	r := octets.On(b)
	total, flags := r.U32(), r.U32()
	if r.Err() != nil || total > MaxMessage {
		return Chunk{}, fmt.Errorf("%w: message of %d bytes", ErrChunk, total)
	}
	c := Chunk{Total: int(total), First: flags&First != 0, Last: flags&LastChunk != 0, Data: r.Rest()}
	if k := byte(flags >> compressionShift); k&compressed != 0 || k&0x80 != 0 {
		c.Compression = k
	}
	return c, nil
}

// Track follows one channel's messages. Its zero value awaits the first.
type Track struct {
	total, got int
	open       bool
}

// Next checks that a chunk is in turn. The chunk is not compressed any more.
func (t *Track) Next(c Chunk) error {
	if c.First {
		*t = Track{total: c.Total, open: true}
	}
	if !t.open {
		return fmt.Errorf("%w: without a first one", ErrChunk)
	}
	t.got += len(c.Data)
	if t.got > t.total || c.Last && t.got != t.total {
		return fmt.Errorf("%w: %d bytes of %d", ErrChunk, t.got, t.total)
	}
	if c.Last {
		t.open = false
	}
	return nil
}

// Joiner puts messages together that must be read whole. Its zero value is ready.
type Joiner struct {
	Max   int // bytes of a message; 0: MaxMessage
	track Track
	buf   []byte
}

// Next gives a message when c completes it, or nil. A message of one chunk is not
// copied. It holds until the next call.
func (j *Joiner) Next(c Chunk) ([]byte, error) {
	most := j.Max
	if most == 0 {
		most = MaxMessage
	}
	if c.Total > most {
		return nil, fmt.Errorf("%w: message of %d bytes", ErrChunk, c.Total)
	}
	if err := j.track.Next(c); err != nil {
		return nil, err
	}
	if c.First && c.Last {
		return c.Data, nil
	}
	if c.First {
		j.buf = j.buf[:0]
	}
	j.buf = append(j.buf, c.Data...)
	if !c.Last {
		return nil, nil
	}
	b := j.buf
	if cap(j.buf) > 64<<10 {
		j.buf = nil
	}
	return b, nil
}

// AppendHeader appends the header of a chunk.
func AppendHeader(dst []byte, total int, flags uint32) []byte {
	return octets.U32(octets.U32(dst, uint32(total)), flags)
}

// Cut calls send with each chunk of a message, its header first. The header's array is
// used again.
func Cut(message []byte, chunk int, extra uint32, send func(header, data []byte) error) error {
	if chunk <= 0 {
		chunk = ChunkSize
	}
	var head [HeaderSize]byte
	flags := uint32(First) | extra
	for rest := message; ; {
		n := min(chunk, len(rest))
		if n == len(rest) {
			flags |= LastChunk
		}
		AppendHeader(head[:0], len(message), flags)
		if err := send(head[:], rest[:n]); err != nil {
			return err
		}
		if rest = rest[n:]; len(rest) == 0 {
			return nil
		}
		flags = extra
	}
}
