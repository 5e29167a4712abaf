package rfb

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"

	"github.com/porthole-rac/porthole/protocol/rfb/ra2"
)

// Bounds of the server's RSA key, in bits, and of the client's.
const (
	minRSA    = 1024
	maxRSA    = 8192
	ownRSA    = 2048
	ra2Random = 16
)

// ra2State is what the RSA-AES types keep between steps.
type ra2State struct {
	wide    bool // SHA-256 and AES-256
	clear   bool // "ne": records end with the credentials
	twice   bool // "r": keys are derived anew after the credentials
	key     *rsa.PrivateKey
	theirs  rsa.PublicKey
	server  []byte // public keys as they are on the wire
	client  []byte
	ours    [ra2Random]byte
	sealer  *ra2.Sealer
	opener  *ra2.Opener
	content func(h *Handshake, plain []byte) (Event, error) // of the record that is read
}

// beginRA2 starts with the server's key (RFB, "RSA-AES Security Type").
func (h *Handshake) beginRA2(t Security) error {
	h.ra = ra2State{
		wide:  t == SecurityRA256 || t == SecurityRA256ne || t == SecurityRA256r,
		clear: t == SecurityRA2ne || t == SecurityRA256ne,
		twice: t == SecurityRA2r || t == SecurityRA256r,
		key:   h.cfg.Key,
	}
	h.then("server key", 4, func(h *Handshake, b []byte) (Event, error) {
		bits := clampInt(binary.BigEndian.Uint32(b))
		if bits < minRSA || bits > maxRSA {
			return nil, h.fail("RSA key of %d bits, between %d and %d are taken", bits, minRSA, maxRSA)
		}
		h.ra.server = bytes.Clone(b)
		h.then("server key", 2*((bits+7)/8), func(h *Handshake, b []byte) (Event, error) {
			return h.readServerKey(bits, b)
		})
		return nil, nil
	})
	return nil
}

func (h *Handshake) readServerKey(bits int, b []byte) (Event, error) {
	h.ra.server = append(h.ra.server, b...)
	modulus, exponent := new(big.Int).SetBytes(b[:len(b)/2]), new(big.Int).SetBytes(b[len(b)/2:])
	if modulus.BitLen() < minRSA || modulus.BitLen() > bits || modulus.Bit(0) == 0 {
		return nil, h.fail("the modulus has %d bits, not %d, or is even", modulus.BitLen(), bits)
	}
	if exponent.BitLen() > 31 || exponent.BitLen() < 2 || exponent.Bit(0) == 0 {
		return nil, h.fail("the exponent is none of RSA's")
	}
	h.ra.theirs = rsa.PublicKey{N: modulus, E: int(exponent.Int64())}
	h.wait, h.after = waitTrust, (*Handshake).sendClientKey
	return &ServerKey{Bits: bits, SHA256: sha256.Sum256(h.ra.server), Wire: h.ra.server}, nil
}

func (h *Handshake) sendClientKey([]byte) (Event, error) {
	if h.ra.key == nil {
		key, err := rsa.GenerateKey(h.cfg.Rand, ownRSA)
		if err != nil {
			return nil, fmt.Errorf("rfb: RSA key: %w", err)
		}
		h.ra.key = key
	}
	h.ra.client = AppendRSAKey(nil, &h.ra.key.PublicKey)
	h.out = append(h.out, h.ra.client...)
	h.then("server random", 2, func(h *Handshake, b []byte) (Event, error) {
		size := h.ra.key.Size()
		if n := int(binary.BigEndian.Uint16(b)); n != size {
			return nil, h.fail("%d bytes for a key of %d", n, size)
		}
		h.then("server random", size, (*Handshake).readServerRandom)
		return nil, nil
	})
	return nil, nil
}

// AppendRSAKey appends a public key: length in bits, modulus, exponent.
func AppendRSAKey(dst []byte, key *rsa.PublicKey) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(key.N.BitLen()))
	dst = append(dst, key.N.FillBytes(make([]byte, key.Size()))...)
	return append(dst, big.NewInt(int64(key.E)).FillBytes(make([]byte, key.Size()))...)
}

func (h *Handshake) readServerRandom(b []byte) (Event, error) {
	// The session-key form takes the same time for good and bad padding, and a
	// wrong one ends in hashes that differ.
	var theirs [ra2Random]byte
	if err := h.random(theirs[:]); err != nil {
		return nil, err
	}
	//lint:ignore SA1019 RFB's RSA-AES types prescribe EME-PKCS1-v1_5
	if err := rsa.DecryptPKCS1v15SessionKey(h.cfg.Rand, h.ra.key, b, theirs[:]); err != nil {
		return nil, h.fail("not encrypted for this key")
	}
	if err := h.random(h.ra.ours[:]); err != nil {
		return nil, err
	}
	sealed, err := h.encryptRSA(h.ra.ours[:])
	if err != nil {
		return nil, err
	}
	h.out = binary.BigEndian.AppendUint16(h.out, uint16(len(sealed)))
	h.out = append(h.out, sealed...)
	if err := h.ra.derive(theirs); err != nil {
		return nil, err
	}
	hash := h.ra.hash(h.ra.client, h.ra.server)
	h.out = h.ra.sealer.Append(h.out, hash)
	h.record("server hash", func(h *Handshake, plain []byte) (Event, error) {
		if subtle.ConstantTimeCompare(plain, h.ra.hash(h.ra.server, h.ra.client)) != 1 {
			return nil, h.fail("the hash of the keys differs: somebody is in between")
		}
		h.record("login kind", (*Handshake).readRA2Kind)
		return nil, nil
	})
	return nil, nil
}

// encryptRSA pads by EME-PKCS1-v1_5 (RFC 8017, 7.2.1) and encrypts with the
// server's key.
func (h *Handshake) encryptRSA(msg []byte) ([]byte, error) {
	size := h.ra.theirs.Size()
	em := make([]byte, size)
	em[1] = 2
	padding := em[2 : size-len(msg)-1]
	if err := h.random(padding); err != nil {
		return nil, err
	}
	for i := range padding {
		for tries := 0; padding[i] == 0; tries++ {
			if tries == 100 {
				return nil, errors.New("rfb: randomness: nothing but zeros")
			}
			if err := h.random(padding[i : i+1]); err != nil {
				return nil, err
			}
		}
	}
	copy(em[size-len(msg):], msg)
	m := new(big.Int).SetBytes(em)
	return m.Exp(m, big.NewInt(int64(h.ra.theirs.E)), h.ra.theirs.N).FillBytes(em), nil
}

// hash is SHA-1 or SHA-256 of a followed by b.
func (r *ra2State) hash(a, b []byte) []byte {
	if r.wide {
		sum := sha256.Sum256(append(bytes.Clone(a), b...))
		return sum[:]
	}
	sum := sha1.Sum(append(bytes.Clone(a), b...))
	return sum[:]
}

// derive makes the keys of both directions from both random numbers.
func (r *ra2State) derive(theirs [ra2Random]byte) error {
	size := 16
	if r.wide {
		size = 32
	}
	var err error
	if r.sealer, err = ra2.NewSealer(r.hash(theirs[:], r.ours[:])[:size]); err != nil {
		return err
	}
	r.opener, err = ra2.NewOpener(r.hash(r.ours[:], theirs[:])[:size])
	return err
}

// record reads one record of the server, which in the handshake are short.
func (h *Handshake) record(name string, content func(h *Handshake, plain []byte) (Event, error)) {
	const longest = 64
	h.ra.content = content
	h.then(name, 2, func(h *Handshake, b []byte) (Event, error) {
		n := ra2.Size(b)
		if n > longest+ra2.Overhead {
			return nil, h.fail("record of %d bytes", n)
		}
		head := [2]byte(b)
		h.then(h.name, n-len(head), func(h *Handshake, b []byte) (Event, error) {
			plain, _, err := h.ra.opener.Next(append(head[:], b...))
			if err != nil {
				return nil, h.fail("%v", err)
			}
			return h.ra.content(h, plain)
		})
		return nil, nil
	})
}

func (h *Handshake) readRA2Kind(plain []byte) (Event, error) {
	kinds := Password
	switch {
	case len(plain) == 1 && plain[0] == 1:
		kinds |= Username
	case len(plain) == 1 && plain[0] == 2:
	default:
		return nil, h.fail("%x, not 1 or 2", plain)
	}
	return h.ask(kinds, func(h *Handshake, c Credentials) error {
		if kinds&Username == 0 {
			c.Username = ""
		}
		if err := fieldsFit(0xff, c.Username, c.Password); err != nil {
			return err
		}
		plain := append([]byte{byte(len(c.Username))}, c.Username...)
		plain = append(append(plain, byte(len(c.Password))), c.Password...)
		h.out = h.ra.sealer.Append(h.out, plain)
		clear(plain)
		if h.ra.twice {
			h.record("second random", (*Handshake).readSecondRandom)
			return nil
		}
		h.then("records", 0, (*Handshake).startRecords)
		return nil
	}), nil
}

// readSecondRandom derives new keys (RFB, "RSA-AES Two-step Security Type"). That
// the server speaks first, as in the first round, and that a record holds the
// number alone, is a reading: no server to hand has this type.
func (h *Handshake) readSecondRandom(plain []byte) (Event, error) {
	if len(plain) != ra2Random {
		return nil, h.fail("%d bytes, not %d", len(plain), ra2Random)
	}
	theirs := [ra2Random]byte(plain)
	if err := h.random(h.ra.ours[:]); err != nil {
		return nil, err
	}
	h.out = h.ra.sealer.Append(h.out, h.ra.ours[:])
	if err := h.ra.derive(theirs); err != nil {
		return nil, err
	}
	return h.startRecords(nil)
}

// startRecords hands the record layer to the owner, except for the types that leave
// what follows in the clear.
func (h *Handshake) startRecords([]byte) (Event, error) {
	opener, sealer := h.ra.opener, h.ra.sealer
	clearText := h.ra.clear
	h.ra = ra2State{}
	if clearText {
		h.expectResult()
		return nil, nil
	}
	h.wait = waitSecured
	h.after = func(h *Handshake, _ []byte) (Event, error) {
		h.secured = true
		h.expectResult()
		return nil, nil
	}
	return &StartRecords{Opener: opener, Sealer: sealer}, nil
}
