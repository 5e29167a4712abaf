// Package ra2 is the record layer of RFB's RSA-AES security types (RFB, "RSA-AES
// Security Type"): AES-EAX with counted nonces, in both directions.
//
// EAX is that of Bellare, Rogaway and Wagner, "The EAX Mode of Operation" (2004),
// built on AES-CTR and CMAC (NIST SP 800-38B), with tags of 16 bytes.
package ra2

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"fmt"
)

const block = aes.BlockSize

// cmac is CMAC of one key, with the state of one computation.
type cmac struct {
	aes    cipher.Block
	k1, k2 [block]byte
	x      [block]byte // what went through the cipher so far
	tail   [block]byte // the last block, not yet mixed in
	n      int         // bytes in tail
}

func newCMAC(c cipher.Block) cmac {
	m := cmac{aes: c}
	c.Encrypt(m.k1[:], m.k1[:])
	double(&m.k1)
	m.k2 = m.k1
	double(&m.k2)
	return m
}

// double multiplies by x in GF(2¹²⁸) (SP 800-38B, section 5.3).
func double(b *[block]byte) {
	carry := b[0] >> 7
	for i := range block - 1 {
		b[i] = b[i]<<1 | b[i+1]>>7
	}
	b[block-1] = b[block-1]<<1 ^ carry*0x87
}

// start begins with a block that says which of EAX's three computations it is.
func (m *cmac) start(domain byte) {
	m.x = [block]byte{}
	m.tail = [block]byte{block - 1: domain}
	m.n = block
}

func (m *cmac) write(p []byte) {
	for len(p) > 0 {
		if m.n == block { // more follows: not the last block
			m.mix()
		}
		k := copy(m.tail[m.n:], p)
		m.n += k
		p = p[k:]
	}
}

func (m *cmac) mix() {
	subtle.XORBytes(m.x[:], m.x[:], m.tail[:])
	m.aes.Encrypt(m.x[:], m.x[:])
	m.n = 0
}

func (m *cmac) sum(out *[block]byte) {
	key := &m.k1
	if m.n < block {
		m.tail[m.n] = 0x80
		clear(m.tail[m.n+1:])
		key = &m.k2
	}
	subtle.XORBytes(m.tail[:], m.tail[:], key[:])
	m.mix()
	*out = m.x
}

// eax seals and opens under one key. It is not safe for concurrent use.
type eax struct {
	mac          cmac
	n, h, c      [block]byte
	counter, key [block]byte // key: one block of key stream
}

func newEAX(key []byte) (*eax, error) {
	c, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("ra2: %w", err)
	}
	return &eax{mac: newCMAC(c)}, nil
}

// tag computes the tag over nonce, header and ciphertext into e.c, and leaves the
// counter's start in e.n.
func (e *eax) tag(nonce, header, ciphertext []byte) {
	e.mac.start(0)
	e.mac.write(nonce)
	e.mac.sum(&e.n)
	e.mac.start(1)
	e.mac.write(header)
	e.mac.sum(&e.h)
	e.mac.start(2)
	e.mac.write(ciphertext)
	e.mac.sum(&e.c)
	subtle.XORBytes(e.c[:], e.c[:], e.n[:])
	subtle.XORBytes(e.c[:], e.c[:], e.h[:])
}

// ctr turns b into ciphertext, or back, in place.
func (e *eax) ctr(nonce, b []byte) {
	e.mac.start(0)
	e.mac.write(nonce)
	e.mac.sum(&e.counter)
	for len(b) > 0 {
		e.mac.aes.Encrypt(e.key[:], e.counter[:])
		k := subtle.XORBytes(b, b, e.key[:min(len(b), block)])
		b = b[k:]
		for i := block - 1; i >= 0; i-- {
			e.counter[i]++
			if e.counter[i] != 0 {
				break
			}
		}
	}
}

// seal encrypts b in place and gives the tag, which holds until the next call.
func (e *eax) seal(nonce, header, b []byte) []byte {
	e.ctr(nonce, b)
	e.tag(nonce, header, b)
	return e.c[:]
}

// open checks the tag and decrypts b in place.
func (e *eax) open(nonce, header, b, tag []byte) bool {
	e.tag(nonce, header, b)
	if subtle.ConstantTimeCompare(tag, e.c[:]) != 1 {
		return false
	}
	e.ctr(nonce, b)
	return true
}
