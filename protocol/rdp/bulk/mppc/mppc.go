// Package mppc undoes RDP's bulk compression of the kinds 4.0 and 5.0 (MS-RDPBCGR
// §3.1.8): MPPC (RFC 2118) over a history of 8 or 64 kilobytes that both sides keep
// for the whole connection. Which kind a server uses is the client's choice in the
// Client Info PDU.
package mppc

import (
	"errors"
	"fmt"
	"math/bits"

	bitstream "github.com/porthole-rac/porthole/protocol/codec/bits"
)

// ErrCorrupt: the data breaks the rules. Both sides' histories differ from then on;
// the connection is lost.
var ErrCorrupt = errors.New("corrupt compressed data")

// Kind is a kind of compression, as in the lowest four bits of the compression flags.
type Kind uint8

// Kinds of compression.
const (
	RDP4 Kind = 0 // history of 8 kilobytes
	RDP5 Kind = 1 // history of 64 kilobytes
)

// Compression flags (§3.1.8.2.1).
const (
	TypeMask   = 0x0f
	Compressed = 0x20
	AtFront    = 0x40
	Flushed    = 0x80
)

// scheme is how a kind codes its offsets, and the longest length prefix.
type scheme struct {
	history int
	offsets []offset // by how many ones the prefix has, from 2 on
	lengths int      // most ones of a length's prefix
}

type offset struct {
	prefix, bits uint
	base         int
}

var schemes = [...]scheme{
	// 110 (13 bits), 1110 (8 bits), 1111 (6 bits)
	RDP4: {8 << 10, []offset{{3, 13, 320}, {4, 8, 64}, {4, 6, 0}}, 11},
	// 110 (16 bits), 1110 (11 bits), 11110 (8 bits), 11111 (6 bits)
	RDP5: {64 << 10, []offset{{3, 16, 2368}, {4, 11, 320}, {5, 8, 64}, {5, 6, 0}}, 14},
}

// Decoder keeps one direction's history of a connection. It is for one goroutine.
type Decoder struct {
	kind    Kind
	history []byte
	at      int // where the next byte goes
	err     error
}

// New returns a decoder for a kind at the beginning of a connection.
func New(kind Kind) *Decoder {
	return &Decoder{kind: kind, history: make([]byte, schemes[kind].history)}
}

// Reset is what a deactivation and reactivation does to the history.
func (d *Decoder) Reset() {
	clear(d.history)
	d.at, d.err = 0, nil
}

// Decode gives the data of a PDU with its compression flags. Of compressed data, what
// it returns is part of the history: it is good until the next call, and is at most
// as long as the history. An error stays until Reset.
func (d *Decoder) Decode(flags uint8, p []byte) ([]byte, error) {
	if d.err != nil {
		return nil, d.err
	}
	if flags&Flushed != 0 {
		d.Reset()
	}
	if flags&AtFront != 0 {
		d.at = 0
	}
	if flags&Compressed == 0 {
		return p, nil
	}
	from := d.at
	switch kind := Kind(flags & TypeMask); {
	case kind > d.kind:
		d.err = fmt.Errorf("mppc: kind %d, the client asked for %d: %w", kind, d.kind, ErrCorrupt)
	case !d.inflate(kind, p):
		d.err = fmt.Errorf("mppc: %d bytes: %w", len(p), ErrCorrupt)
	default:
		return d.history[from:d.at:d.at], nil
	}
	return nil, d.err
}

func (d *Decoder) inflate(kind Kind, p []byte) bool {
	s := &schemes[kind]
	history, at := d.history, d.at
	mask := len(history) - 1
	r := bitstream.NewReader(p)
	// No token is shorter than a byte, so that fewer bits are padding.
	for r.Left() >= 8 {
		r.Fill()
		acc := r.Acc()
		ones := bits.LeadingZeros64(^acc)
		if ones < 2 { // a literal: 0 and 7 bits, or 10 and 7 bits
			if at == len(history) {
				return false
			}
			history[at] = byte(acc>>(56-ones)&0x7f) | byte(ones)<<7
			at++
			r.Skip(uint(8 + ones))
			continue
		}
		o := s.offsets[min(ones-2, len(s.offsets)-1)]
		r.Skip(o.prefix)
		distance := o.base + int(r.Peek(o.bits))
		r.Skip(o.bits)
		r.Fill()
		n := 3
		if ones = bits.LeadingZeros64(^r.Acc()); ones > s.lengths {
			return false
		} else if ones > 0 {
			r.Skip(uint(ones + 1))
			n = 1<<(ones+1) | int(r.Peek(uint(ones+1)))
			r.Skip(uint(ones + 1))
		} else {
			r.Skip(1)
		}
		if r.Left() < 0 || n > len(history)-at {
			return false
		}
		// All of the history counts from the beginning on, zeros at first; a distance
		// beyond the front goes on at the end.
		if from := at - distance; distance >= n && from >= 0 {
			copy(history[at:at+n], history[from:])
			at += n
			continue
		}
		for ; n > 0; n-- {
			history[at] = history[(at-distance)&mask]
			at++
		}
	}
	d.at = at
	return r.Left() >= 0
}
