package ra2

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Sizes of a record: length, ciphertext, tag.
const (
	// MaxPlain is the longest content of a record.
	MaxPlain = 0xffff
	// Overhead is what a record adds to its content.
	Overhead = lengthSize + tagSize

	lengthSize = 2
	tagSize    = block
)

// chosen is how much one record is filled with: TCP segments are small, and a
// long record is only readable when it is complete.
const chosen = 8 << 10

// ErrForged means that a record is not what the other side sent, or not in its
// place.
var ErrForged = errors.New("ra2: record does not verify")

// Sealer writes records.
type Sealer struct{ half }

// Opener reads records.
type Opener struct{ half }

// half is one direction.
type half struct {
	eax   *eax
	index [block]byte // "message index", little-endian, from 0: the nonce
}

// NewSealer gives one direction of a connection its key of 16 or 32 bytes.
func NewSealer(key []byte) (*Sealer, error) {
	e, err := newEAX(key)
	return &Sealer{half{eax: e}}, err
}

// NewOpener gives one direction of a connection its key of 16 or 32 bytes.
func NewOpener(key []byte) (*Opener, error) {
	e, err := newEAX(key)
	return &Opener{half{eax: e}}, err
}

func (h *half) step() {
	for i := range h.index {
		h.index[i]++
		if h.index[i] != 0 {
			return
		}
	}
}

// Append appends plain as records, at most 8 KiB in each; nothing for no bytes.
func (s *Sealer) Append(dst, plain []byte) []byte {
	for len(plain) > 0 {
		k := min(len(plain), chosen)
		at := len(dst)
		dst = binary.BigEndian.AppendUint16(dst, uint16(k))
		dst = append(dst, plain[:k]...)
		tag := s.eax.seal(s.index[:], dst[at:at+lengthSize], dst[at+lengthSize:])
		dst = append(dst, tag...)
		s.step()
		plain = plain[k:]
	}
	return dst
}

// Size tells how long the record is that b begins with, in bytes with its
// overhead; 0 while b is too short to tell.
func Size(b []byte) int {
	if len(b) < lengthSize {
		return 0
	}
	return int(binary.BigEndian.Uint16(b)) + Overhead
}

// Next opens the record that b begins with, in place: plain is a part of b. While
// the record is not complete it takes nothing (n is 0).
func (o *Opener) Next(b []byte) (plain []byte, n int, err error) {
	n = Size(b)
	if n == 0 || len(b) < n {
		return nil, 0, nil
	}
	plain = b[lengthSize : n-tagSize]
	if !o.eax.open(o.index[:], b[:lengthSize], plain, b[n-tagSize:n]) {
		return nil, 0, fmt.Errorf("record %d: %w", binary.LittleEndian.Uint64(o.index[:]), ErrForged)
	}
	o.step()
	return plain, n, nil
}
