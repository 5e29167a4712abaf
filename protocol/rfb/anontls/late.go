package anontls

import (
	"crypto/sha1"
	"crypto/subtle"
	"encoding/binary"
	"hash"
	"math/bits"
)

// lateMAC checks content, MAC and padding that were decrypted together. How long
// the padding is may not be told by the time that it takes: who can alter records
// would learn the content from it (Lucky Thirteen; AlFardan and Paterson, 2013).
// So the hash goes over every block that could belong to the content, and the
// state is picked out that is the right one.
type lateMAC struct {
	begin    [8]uint32 // state after the inner key
	compress func(state *[8]uint32, block []byte)
	words    int // of the state
	outer    hash.Hash
	key      [hashBlock]byte // the outer key
	size     int             // of the MAC, bytes
	state    [8]uint32
	digest   [32]byte
	sum      [32]byte
	buf      [hashBlock]byte
}

const hashBlock = 64 // of SHA-1 and SHA-256 alike

func newLateMAC(kind func() hash.Hash, key []byte) *lateMAC {
	m := &lateMAC{outer: kind(), size: kind().Size()}
	m.words = m.size / 4
	m.begin, m.compress = sha256Begin, sha256Block
	if m.size == sha1.Size {
		m.begin, m.compress = sha1Begin, sha1Block
	}
	var inner [hashBlock]byte // RFC 2104; keys are never longer than a block
	copy(inner[:], key)
	m.key = inner
	for i := range inner {
		inner[i] ^= 0x36
		m.key[i] ^= 0x5c
	}
	m.compress(&m.begin, inner[:])
	return m
}

// check tells how many bytes of b are content, and whether its MAC, over header
// (whose length is filled in) and content, and its padding are right. Only the
// length of b may be told by the time.
func (m *lateMAC) check(header, b []byte) (n int, ok bool) {
	size := len(b)
	pad := int(b[size-1])
	good := subtle.ConstantTimeLessOrEq(pad+1+m.size, size)
	for i := range min(size, 256) {
		inside := subtle.ConstantTimeLessOrEq(i, pad)
		good &= inside ^ 1 | subtle.ConstantTimeByteEq(b[size-1-i], byte(pad))
	}
	pad = subtle.ConstantTimeSelect(good, pad, 0)
	n = size - m.size - 1 - pad
	binary.BigEndian.PutUint16(header[len(header)-2:], uint16(n))
	m.authenticate(header, b, n)

	// The MAC begins at n, which is in the last 256 bytes before the shortest
	// padding and the MAC.
	var got [32]byte
	for from := max(0, size-m.size-256); from <= size-m.size-1; from++ {
		here := byte(subtle.ConstantTimeEq(int32(from), int32(n)))
		for i := range m.size {
			got[i] |= b[from+i] & -here
		}
	}
	good &= subtle.ConstantTimeCompare(got[:m.size], m.sum[:m.size])
	return n, good == 1
}

// authenticate computes the MAC of header and b[:n] into m.sum, in a time that
// depends on len(b) alone.
func (m *lateMAC) authenticate(header, b []byte, n int) {
	least := len(header) + max(0, len(b)-m.size-256)
	most := len(header) + len(b) - m.size - 1
	length := len(header) + n // secret, between the two
	last := (length + 8) >> 6 // the block that ends with the length, of what follows the key
	total := uint64(hashBlock+length) * 8

	m.state = m.begin
	var found [8]uint32
	for k := 0; k <= (most+8)>>6; k++ {
		start := k * hashBlock
		if start >= len(header) && start+hashBlock <= least {
			m.compress(&m.state, b[start-len(header):][:hashBlock]) // content in any case, never the last
			continue
		}
		isLast := subtle.ConstantTimeEq(int32(k), int32(last))
		for i := range m.buf {
			at := start + i
			var v byte
			switch {
			case at < len(header):
				v = header[at]
			case at-len(header) < len(b):
				v = b[at-len(header)]
			}
			inside := subtle.ConstantTimeLessOrEq(at+1, length)
			end := subtle.ConstantTimeEq(int32(at), int32(length))
			v = v&-byte(inside) | 0x80&-byte(end)
			if i >= hashBlock-8 {
				v |= byte(total>>(8*(hashBlock-1-i))) & -byte(isLast)
			}
			m.buf[i] = v
		}
		m.compress(&m.state, m.buf[:])
		for i := range found {
			found[i] |= m.state[i] & -uint32(isLast)
		}
	}
	for i := range m.words {
		binary.BigEndian.PutUint32(m.digest[4*i:], found[i])
	}
	m.outer.Reset()
	m.outer.Write(m.key[:])
	m.outer.Write(m.digest[:m.size])
	m.outer.Sum(m.sum[:0])
}

// The two compression functions: the standard library's cannot be stopped between
// blocks without telling how long the last one is.

var sha1Begin = [8]uint32{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}

// sha1Block is FIPS 180-4, section 6.1.2.
func sha1Block(h *[8]uint32, p []byte) {
	var w [80]uint32
	for i := range 16 {
		w[i] = binary.BigEndian.Uint32(p[4*i:])
	}
	for i := 16; i < 80; i++ {
		w[i] = bits.RotateLeft32(w[i-3]^w[i-8]^w[i-14]^w[i-16], 1)
	}
	a, b, c, d, e := h[0], h[1], h[2], h[3], h[4]
	for _, v := range w[:20] {
		a, b, c, d, e = bits.RotateLeft32(a, 5)+(b&c|^b&d)+e+0x5a827999+v, a, bits.RotateLeft32(b, 30), c, d
	}
	for _, v := range w[20:40] {
		a, b, c, d, e = bits.RotateLeft32(a, 5)+(b^c^d)+e+0x6ed9eba1+v, a, bits.RotateLeft32(b, 30), c, d
	}
	for _, v := range w[40:60] {
		a, b, c, d, e = bits.RotateLeft32(a, 5)+(b&c|b&d|c&d)+e+0x8f1bbcdc+v, a, bits.RotateLeft32(b, 30), c, d
	}
	for _, v := range w[60:] {
		a, b, c, d, e = bits.RotateLeft32(a, 5)+(b^c^d)+e+0xca62c1d6+v, a, bits.RotateLeft32(b, 30), c, d
	}
	h[0], h[1], h[2], h[3], h[4] = h[0]+a, h[1]+b, h[2]+c, h[3]+d, h[4]+e
}

var sha256Begin = [8]uint32{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}

// sha256K are the constants of FIPS 180-4, section 4.2.2.
var sha256K = [64]uint32{
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
}

// sha256Block is FIPS 180-4, section 6.2.2.
func sha256Block(h *[8]uint32, p []byte) {
	var w [64]uint32
	for i := range 16 {
		w[i] = binary.BigEndian.Uint32(p[4*i:])
	}
	for i := 16; i < 64; i++ {
		x, y := w[i-15], w[i-2]
		w[i] = w[i-16] + w[i-7] +
			(bits.RotateLeft32(x, -7) ^ bits.RotateLeft32(x, -18) ^ x>>3) +
			(bits.RotateLeft32(y, -17) ^ bits.RotateLeft32(y, -19) ^ y>>10)
	}
	a, b, c, d, e, f, g, k := h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7]
	for i, v := range w {
		t := k + (bits.RotateLeft32(e, -6) ^ bits.RotateLeft32(e, -11) ^ bits.RotateLeft32(e, -25)) + (e&f ^ ^e&g) + sha256K[i] + v
		u := (bits.RotateLeft32(a, -2) ^ bits.RotateLeft32(a, -13) ^ bits.RotateLeft32(a, -22)) + (a&b ^ a&c ^ b&c)
		a, b, c, d, e, f, g, k = t+u, a, b, c, d+t, e, f, g
	}
	h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7] = h[0]+a, h[1]+b, h[2]+c, h[3]+d, h[4]+e, h[5]+f, h[6]+g, h[7]+k
}
