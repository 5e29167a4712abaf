// Package octets reads and writes the fields of RDP's messages: a cursor with bounds
// that never panics, and text in UTF-16. All numbers of RDP are little-endian
// unless a name ends in BE (TPKT, X.224 and MCS are big-endian).
//
// A [Reader] that ran short gives zeros and stays short, so a message is read field
// by field and asked once at the end with [Reader.Err].
package octets

import (
	"encoding/binary"
	"errors"
	"strings"
	"unicode/utf16"
)

// ErrShort means that a message ends before its fields do.
var ErrShort = errors.New("the message ends too early")

// Reader is a cursor over one message.
type Reader struct {
	b     []byte
	short bool
}

// New reads b.
func New(b []byte) *Reader { return &Reader{b: b} }

// On is New by value, for readers that must not be allocated.
func On(b []byte) Reader { return Reader{b: b} }

// Err is ErrShort when more was read than there is.
func (r *Reader) Err() error {
	if r.short {
		return ErrShort
	}
	return nil
}

// Len is how many bytes are left.
func (r *Reader) Len() int { return len(r.b) }

// Rest takes what is left.
func (r *Reader) Rest() []byte {
	b := r.b
	r.b = nil
	return b
}

// Bytes takes n bytes, without copying, or nil when there are fewer.
func (r *Reader) Bytes(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.b, r.short = nil, true
		return nil
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
}

// Skip passes n bytes over.
func (r *Reader) Skip(n int) { r.Bytes(n) }

// U8 takes a byte.
func (r *Reader) U8() byte {
	if b := r.Bytes(1); b != nil {
		return b[0]
	}
	return 0
}

// U16 takes two bytes.
func (r *Reader) U16() uint16 {
	if b := r.Bytes(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

// U32 takes four bytes.
func (r *Reader) U32() uint32 {
	if b := r.Bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// U64 takes eight bytes.
func (r *Reader) U64() uint64 {
	if b := r.Bytes(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// U16BE takes two bytes, the high one first.
func (r *Reader) U16BE() uint16 {
	if b := r.Bytes(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

// U32BE takes four bytes, the high one first.
func (r *Reader) U32BE() uint32 {
	if b := r.Bytes(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

// Size takes a 32-bit length that must not be more than what is left.
func (r *Reader) Size() int {
	n := r.U32()
	if uint64(n) > uint64(len(r.b)) {
		r.b, r.short = nil, true
		return 0
	}
	return int(n)
}

// U16 appends two bytes.
func U16(dst []byte, v uint16) []byte { return binary.LittleEndian.AppendUint16(dst, v) }

// U32 appends four bytes.
func U32(dst []byte, v uint32) []byte { return binary.LittleEndian.AppendUint32(dst, v) }

// U64 appends eight bytes.
func U64(dst []byte, v uint64) []byte { return binary.LittleEndian.AppendUint64(dst, v) }

// U16BE appends two bytes, the high one first.
func U16BE(dst []byte, v uint16) []byte { return binary.BigEndian.AppendUint16(dst, v) }

// Zeros appends n zeros.
func Zeros(dst []byte, n int) []byte {
	for range n {
		dst = append(dst, 0)
	}
	return dst
}

// Text is UTF-16 up to its first NUL; what is no text becomes U+FFFD.
func Text(b []byte) string {
	units := make([]uint16, 0, len(b)/2)
	for ; len(b) >= 2; b = b[2:] {
		u := binary.LittleEndian.Uint16(b)
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}

// AppendText appends s in UTF-16, without a NUL. A NUL inside s ends it: it would
// end the text at the other side too.
func AppendText(dst []byte, s string) []byte {
	s, _, _ = strings.Cut(s, "\x00")
	for _, r := range s {
		if hi, lo := utf16.EncodeRune(r); hi != '\uFFFD' {
			dst = U16(U16(dst, uint16(hi)), uint16(lo))
		} else {
			dst = U16(dst, uint16(r))
		}
	}
	return dst
}

// AppendTextNUL appends s in UTF-16 and a NUL.
func AppendTextNUL(dst []byte, s string) []byte { return U16(AppendText(dst, s), 0) }

// AppendField appends s in UTF-16 to a field of so many bytes, filled with NULs, of
// which there is one at least. What does not fit is cut between characters.
func AppendField(dst []byte, s string, size int) []byte {
	text := AppendText(nil, s)
	if len(text) > size-2 {
		text = text[:size-2]
		if u := binary.LittleEndian.Uint16(text[len(text)-2:]); u >= 0xd800 && u < 0xdc00 {
			text = text[:len(text)-2]
		}
	}
	return Zeros(append(dst, text...), size-len(text))
}
