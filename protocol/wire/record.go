package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Bounds of what a peer may send, in bytes unless said otherwise.
const (
	MaxFromBrowser = 1 << 20  // one WebSocket message to the relay
	MaxFromRelay   = 64 << 20 // one WebSocket message to the browser
	MaxText        = 4 << 10  // a sentence, label, title or address
	MaxName        = 256      // a name, code or identifier
	MaxFields      = 16       // fields of a prompt
	MaxAnswer      = 64 << 10 // one answer of a prompt: a pasted private key fits
	MaxInput       = 64 << 10 // one Input or Paste record's bytes
	MaxClipboard   = 50 << 20 // one clipboard, over all its parts
	MaxOutput      = 64 << 10 // one Output record's bytes
)

// Errors of decoding, to be tested with errors.Is.
var (
	// ErrTruncated means that a record or field is cut off.
	ErrTruncated = errors.New("wire: message cut off")
	// ErrTooLong means that a field exceeds its bound.
	ErrTooLong = errors.New("wire: field too long")
	// ErrVarint means that a varint has more than 64 bits.
	ErrVarint = errors.New("wire: varint overflow")
)

// Next splits the first record off a WebSocket message. At the end of the
// message it gives type 0 and no error. The body aliases p.
func Next(p []byte) (t Type, body, rest []byte, err error) {
	if len(p) == 0 {
		return 0, nil, nil, nil
	}
	n, w := binary.Uvarint(p)
	switch {
	case w == 0:
		return 0, nil, nil, fmt.Errorf("record length: %w", ErrTruncated)
	case w < 0:
		return 0, nil, nil, fmt.Errorf("record length: %w", ErrVarint)
	case n == 0 || n > uint64(len(p)-w):
		return 0, nil, nil, fmt.Errorf("record of %d bytes: %w", n, ErrTruncated)
	}
	end := w + int(n)
	return Type(p[w]), p[w+1 : end], p[end:], nil
}

// begin opens a record: the length is filled in by finish.
func begin(dst []byte, t Type) ([]byte, int) {
	return append(dst, 0, byte(t)), len(dst)
}

// finish closes the record that begins at at. Records under 128 bytes, nearly
// all of them, are closed in place; longer ones move up by the length's width.
func finish(dst []byte, at int) []byte {
	n := len(dst) - at - 1
	if n < 0x80 {
		dst[at] = byte(n)
		return dst
	}
	var length [binary.MaxVarintLen64]byte
	w := binary.PutUvarint(length[:], uint64(n))
	dst = append(dst, length[:w-1]...) // make room; the content is overwritten
	copy(dst[at+w:], dst[at+1:at+1+n])
	copy(dst[at:], length[:w])
	return dst
}

func appendUint(dst []byte, v uint64) []byte { return binary.AppendUvarint(dst, v) }

func appendInt(dst []byte, v int) []byte {
	if v < 0 {
		v = 0
	}
	return binary.AppendUvarint(dst, uint64(v))
}

func appendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, 1)
	}
	return append(dst, 0)
}

func appendString[T string | []byte](dst []byte, s T) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}

// fields reads a body's fields in order. After the first error every read gives
// zero; the caller asks for err once at the end.
type fields struct {
	p   []byte
	err error
}

func (f *fields) uint() uint64 {
	if len(f.p) == 0 || f.err != nil {
		return 0 // a missing field at the end is zero
	}
	v, w := binary.Uvarint(f.p)
	if w <= 0 {
		f.err = ErrTruncated
		if w < 0 {
			f.err = ErrVarint
		}
		return 0
	}
	f.p = f.p[w:]
	return v
}

// int reads a varint and clamps it to max.
func (f *fields) int(max int) int {
	v := f.uint()
	if v > uint64(max) {
		return max
	}
	return int(v)
}

func (f *fields) bool() bool { return f.uint() != 0 }

// bytes reads a byte string of at most max bytes; it aliases the message.
func (f *fields) bytes(max int) []byte {
	n := f.uint()
	switch {
	case f.err != nil:
		return nil
	case n > uint64(max):
		f.err = ErrTooLong
		return nil
	case n > uint64(len(f.p)):
		f.err = ErrTruncated
		return nil
	}
	b := f.p[:n:n]
	f.p = f.p[n:]
	return b
}

func (f *fields) string(max int) string { return string(f.bytes(max)) }

func (f *fields) done(t Type) error {
	if f.err != nil {
		return fmt.Errorf("%s: %w", t, f.err)
	}
	return nil
}
