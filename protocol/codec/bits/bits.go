// Package bits reads bit streams whose first bit is the highest of the first byte, as
// RDP's entropy coders and bulk compressors write them.
package bits

import "encoding/binary"

// Reader reads a bit stream. After its end it gives zeros, and Left is negative once
// some of those were taken: who reads looks there now and then instead of at every
// bit.
type Reader struct {
	acc uint64 // the next bits, from the highest
	n   int    // how many of acc count
	p   []byte
	at  int // the first byte of p that is not in acc
}

// NewReader returns a reader of p, which it keeps.
func NewReader(p []byte) Reader { return Reader{p: p} }

// Fill makes sure of 56 bits for Peek and Skip, or of all that are left.
func (r *Reader) Fill() {
	if r.n < 0 {
		return
	}
	if rest := r.p[r.at:]; len(rest) >= 8 {
		r.acc |= binary.BigEndian.Uint64(rest) >> uint(r.n&63)
		more := (63 - r.n) >> 3
		r.at += more
		r.n += 8 * more
		return
	}
	for r.n <= 56 && r.at < len(r.p) {
		r.acc |= uint64(r.p[r.at]) << uint(56-r.n)
		r.at++
		r.n += 8
	}
}

// Acc is the bits that are ready, the next one highest; what follows them may be
// zeros or bits that are to come.
func (r *Reader) Acc() uint64 { return r.acc }

// Peek is the next n bits, 1 to 32, of those that Fill has made sure of.
func (r *Reader) Peek(n uint) uint32 { return uint32(r.acc >> (64 - n&63)) }

// Skip goes n bits on, at most as many as Fill has made sure of.
func (r *Reader) Skip(n uint) {
	r.acc <<= n & 63
	r.n -= int(n)
}

// Take fills and reads n bits, 0 to 32.
func (r *Reader) Take(n uint) uint32 {
	if n == 0 {
		return 0
	}
	if r.n < int(n) {
		r.Fill()
	}
	v := r.Peek(n)
	r.Skip(n)
	return v
}

// Left is how many bits are left; negative if there were not enough.
func (r *Reader) Left() int { return r.n + 8*(len(r.p)-r.at) }

// Bytes drops the rest of the current byte and takes n whole bytes. It is nil if
// there are not as many.
func (r *Reader) Bytes(n int) []byte {
	left := r.Left()
	if left < 0 || n > left/8 {
		return nil
	}
	from := len(r.p) - left/8
	r.acc, r.n, r.at = 0, 0, from+n
	return r.p[from:r.at:r.at]
}
