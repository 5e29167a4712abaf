package anontls

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"
)

// Suite is a cipher suite (RFC 5246, appendix A.5; RFC 5288; RFC 8422).
type Suite uint16

// Cipher suites with anonymous key exchange that are spoken.
const (
	DHAES128GCMSHA256 Suite = 0x00a6
	DHAES256GCMSHA384 Suite = 0x00a7
	ECDHAES128CBCSHA  Suite = 0xc018
	ECDHAES256CBCSHA  Suite = 0xc019
	DHAES128CBCSHA256 Suite = 0x006c
	DHAES256CBCSHA256 Suite = 0x006d
	DHAES128CBCSHA    Suite = 0x0034
	DHAES256CBCSHA    Suite = 0x003a
)

// spec says what a suite consists of.
type spec struct {
	id   Suite
	name string
	ecdh bool
	key  int              // bytes
	mac  func() hash.Hash // nil: GCM
	prf  func() hash.Hash
}

// suites are offered in this order: those with authenticated encryption first,
// then those whose group cannot be too small.
var suites = []spec{
	{DHAES128GCMSHA256, "TLS_DH_anon_WITH_AES_128_GCM_SHA256", false, 16, nil, sha256.New},
	{DHAES256GCMSHA384, "TLS_DH_anon_WITH_AES_256_GCM_SHA384", false, 32, nil, sha512.New384},
	{ECDHAES128CBCSHA, "TLS_ECDH_anon_WITH_AES_128_CBC_SHA", true, 16, sha1.New, sha256.New},
	{ECDHAES256CBCSHA, "TLS_ECDH_anon_WITH_AES_256_CBC_SHA", true, 32, sha1.New, sha256.New},
	{DHAES128CBCSHA256, "TLS_DH_anon_WITH_AES_128_CBC_SHA256", false, 16, sha256.New, sha256.New},
	{DHAES256CBCSHA256, "TLS_DH_anon_WITH_AES_256_CBC_SHA256", false, 32, sha256.New, sha256.New},
	{DHAES128CBCSHA, "TLS_DH_anon_WITH_AES_128_CBC_SHA", false, 16, sha1.New, sha256.New},
	{DHAES256CBCSHA, "TLS_DH_anon_WITH_AES_256_CBC_SHA", false, 32, sha1.New, sha256.New},
}

func (s Suite) String() string {
	if i := s.find(); i >= 0 {
		return suites[i].name
	}
	return fmt.Sprintf("suite %#04x", uint16(s))
}

func (s Suite) find() int {
	for i := range suites {
		if suites[i].id == s {
			return i
		}
	}
	return -1
}

// prf is the pseudorandom function (RFC 5246, section 5).
func prf(hash func() hash.Hash, n int, secret []byte, label string, seeds ...[]byte) []byte {
	h := hmac.New(hash, secret)
	var seed []byte
	seed = append(seed, label...)
	for _, s := range seeds {
		seed = append(seed, s...)
	}
	var out []byte
	a := seed
	for len(out) < n {
		h.Reset()
		h.Write(a)
		a = h.Sum(nil)
		h.Reset()
		h.Write(a)
		h.Write(seed)
		out = h.Sum(out)
	}
	return out[:n]
}

// Lengths in bytes (RFC 5246, section 6.3; RFC 5288, section 3).
const (
	saltSize     = 4
	explicitSize = 8
	tagSize      = 16
	block        = aes.BlockSize
)

// keys makes the two directions from the master secret (RFC 5246, section 6.3).
// ivs seeds the initialization vectors of what the client writes.
func (s *spec) keys(master, client, server []byte, encryptFirst bool, ivs *[48]byte) (*Sealer, *Opener, error) {
	macSize, salt := 0, saltSize
	if s.mac != nil {
		macSize, salt = s.mac().Size(), 0
	}
	rest := prf(s.prf, 2*(macSize+s.key+salt), master, "key expansion", server, client)
	take := func(n int) []byte {
		b := rest[:n:n]
		rest = rest[n:]
		return b
	}
	clientMAC, serverMAC := take(macSize), take(macSize)
	clientKey, serverKey := take(s.key), take(s.key)
	clientSalt, serverSalt := take(salt), take(salt)
	w, err := newHalf(s, clientKey, clientMAC, clientSalt, encryptFirst)
	if err != nil {
		return nil, nil, err
	}
	r, err := newHalf(s, serverKey, serverMAC, serverSalt, encryptFirst)
	if err != nil {
		return nil, nil, err
	}
	sealer, opener := &Sealer{half: w}, &Opener{half: r}
	if s.mac == nil {
		return sealer, opener, nil
	}
	out, err := aes.NewCipher(clientKey)
	if err != nil {
		return nil, nil, fmt.Errorf("anonymous tls: %w", err)
	}
	in, err := aes.NewCipher(serverKey)
	if err != nil {
		return nil, nil, fmt.Errorf("anonymous tls: %w", err)
	}
	random, err := aes.NewCipher(ivs[:32])
	if err != nil {
		return nil, nil, fmt.Errorf("anonymous tls: %w", err)
	}
	// The vector that these begin with matters to nobody: the first block of each
	// record is random, and thrown away by the reader.
	sealer.cbc = cipher.NewCBCEncrypter(out, make([]byte, block))
	opener.cbc = cipher.NewCBCDecrypter(in, make([]byte, block))
	sealer.random = cipher.NewCTR(random, ivs[32:])
	if !encryptFirst {
		opener.late = newLateMAC(s.mac, serverMAC)
	}
	return sealer, opener, nil
}

func newHalf(s *spec, key, mac, salt []byte, encryptFirst bool) (half, error) {
	h := half{encryptFirst: encryptFirst}
	if s.mac != nil {
		h.mac = hmac.New(s.mac, mac)
		return h, nil
	}
	c, err := aes.NewCipher(key)
	if err != nil {
		return h, fmt.Errorf("anonymous tls: %w", err)
	}
	if h.aead, err = cipher.NewGCM(c); err != nil {
		return h, fmt.Errorf("anonymous tls: %w", err)
	}
	copy(h.nonce[:], salt)
	return h, nil
}
