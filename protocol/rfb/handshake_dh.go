package rfb

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"encoding/binary"
	"math/big"
)

// Bounds of Apple's Diffie-Hellman: macOS 26 has 4096 bits, older ones 1024 or less.
const (
	minARDKey = 16  // bytes
	maxARDKey = 512 // bytes
	ardField  = 64  // bytes of each credential, with the NUL
)

// readARD: generator and key size, then modulus and the server's public value (RFB,
// "Diffie-Hellman Authentication").
func (h *Handshake) readARD(b []byte) (Event, error) {
	generator := new(big.Int).SetUint64(uint64(binary.BigEndian.Uint16(b)))
	size := int(binary.BigEndian.Uint16(b[2:]))
	if size < minARDKey || size > maxARDKey {
		return nil, h.fail("key of %d bytes, between %d and %d are taken", size, minARDKey, maxARDKey)
	}
	h.then("diffie-hellman parameters", 2*size, func(h *Handshake, b []byte) (Event, error) {
		modulus, theirs := new(big.Int).SetBytes(b[:size]), new(big.Int).SetBytes(b[size:])
		public, shared, err := h.agree(generator, modulus, theirs, size)
		if err != nil {
			return nil, err
		}
		return h.ask(Username|Password, func(h *Handshake, c Credentials) error {
			if err := fieldsFit(ardField-1, c.Username, c.Password); err != nil {
				return err
			}
			var plain [2 * ardField]byte
			if err := h.padded(plain[:ardField], c.Username); err != nil {
				return err
			}
			if err := h.padded(plain[ardField:], c.Password); err != nil {
				return err
			}
			key := md5.Sum(shared)
			block, err := aes.NewCipher(key[:])
			if err != nil {
				return err
			}
			for p := plain[:]; len(p) > 0; p = p[aes.BlockSize:] { // ECB
				block.Encrypt(p, p)
			}
			h.out = append(append(h.out, plain[:]...), public...)
			h.expectResult()
			return nil
		}), nil
	})
	return nil, nil
}

// Sizes of MSLogonII.
const (
	msKey      = 8
	msUsername = 256
	msPassword = 64
)

// readMSLogon: generator, modulus and public value of 8 bytes each (RFB, "MSLogonII
// Authentication"). 64 bits hold nobody off; it is spoken because UltraVNC needs it.
func (h *Handshake) readMSLogon(b []byte) (Event, error) {
	number := func(at int) *big.Int { return new(big.Int).SetBytes(b[at*msKey : (at+1)*msKey]) }
	public, shared, err := h.agree(number(0), number(1), number(2), msKey)
	if err != nil {
		return nil, err
	}
	return h.ask(Username|Password, func(h *Handshake, c Credentials) error {
		if err := fieldsFit(msUsername-1, c.Username); err != nil {
			return err
		}
		if err := fieldsFit(msPassword-1, c.Password); err != nil {
			return err
		}
		var plain [msUsername + msPassword]byte
		user, password := plain[:msUsername], plain[msUsername:]
		if err := h.padded(user, c.Username); err != nil {
			return err
		}
		if err := h.padded(password, c.Password); err != nil {
			return err
		}
		block := reversedDES([8]byte(shared))
		cipher.NewCBCEncrypter(block, shared).CryptBlocks(user, user)
		cipher.NewCBCEncrypter(block, shared).CryptBlocks(password, password)
		h.out = append(append(h.out, public...), plain[:]...)
		h.expectResult()
		return nil
	}), nil
}

// agree is one side of a Diffie-Hellman exchange; both results have size bytes.
func (h *Handshake) agree(generator, modulus, theirs *big.Int, size int) (public, shared []byte, err error) {
	one := big.NewInt(1)
	top := new(big.Int).Sub(modulus, one)
	switch {
	case modulus.BitLen() < 8 || modulus.Bit(0) == 0:
		return nil, nil, h.fail("the modulus is not an odd prime")
	case generator.Cmp(one) <= 0 || generator.Cmp(top) >= 0:
		return nil, nil, h.fail("the generator is trivial")
	case theirs.Cmp(one) <= 0 || theirs.Cmp(top) >= 0:
		// The shared secret would be known to everyone.
		return nil, nil, h.fail("the server's public value is trivial")
	}
	secret := make([]byte, size)
	if err := h.random(secret); err != nil {
		return nil, nil, err
	}
	x := new(big.Int).SetBytes(secret)
	public = new(big.Int).Exp(generator, x, modulus).FillBytes(make([]byte, size))
	shared = new(big.Int).Exp(theirs, x, modulus).FillBytes(make([]byte, size))
	return public, shared, nil
}

// padded fills dst with s, a NUL, and randomness.
func (h *Handshake) padded(dst []byte, s string) error {
	n := copy(dst, s)
	dst[n] = 0
	return h.random(dst[n+1:])
}
