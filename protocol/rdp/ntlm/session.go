package ntlm

import (
	"crypto/md5"
	"crypto/rc4"
	"crypto/subtle"
	"fmt"

	"github.com/porthole-rac/porthole/protocol/rdp/octets"
)

// SignatureSize is how much longer a sealed message is than what it holds.
const SignatureSize = 16

// Session signs and seals what follows a login, with extended session security and
// 128 bits (MS-NLMP 3.4). It is not safe for concurrent use.
type Session struct {
	out, in direction
}

type direction struct {
	sign     []byte
	seal     *rc4.Cipher
	sequence uint32
	exchange bool // checksums are encrypted too
}

// Constants of MS-NLMP 3.4.5.2 and 3.4.5.3.
const (
	clientSign = "session key to client-to-server signing key magic constant\x00"
	serverSign = "session key to server-to-client signing key magic constant\x00"
	clientSeal = "session key to client-to-server sealing key magic constant\x00"
	serverSeal = "session key to server-to-client sealing key magic constant\x00"
)

// NewSession begins a session of a key that both sides have.
func NewSession(key []byte, flags uint32, client bool) (*Session, error) {
	if flags&FlagExtended == 0 || flags&Flag128 == 0 {
		return nil, ErrWeak
	}
	s := &Session{}
	for _, d := range []struct {
		to         *direction
		sign, seal string
	}{{&s.out, clientSign, clientSeal}, {&s.in, serverSign, serverSeal}} {
		seal := derived(key, d.seal)
		c, err := rc4.NewCipher(seal)
		if err != nil {
			return nil, fmt.Errorf("ntlm: %w", err)
		}
		*d.to = direction{sign: derived(key, d.sign), seal: c, exchange: flags&FlagKeyExchange != 0}
	}
	if !client {
		s.out, s.in = s.in, s.out
	}
	return s, nil
}

func derived(key []byte, magic string) []byte {
	h := md5.Sum(append(append([]byte(nil), key...), magic...))
	return h[:]
}

// Wrap seals data: signature, then data (MS-NLMP 3.4.6).
func (s *Session) Wrap(data []byte) []byte {
	d := &s.out
	out := make([]byte, SignatureSize+len(data))
	d.seal.XORKeyStream(out[SignatureSize:], data)
	d.signature(out[:SignatureSize], data)
	return out
}

// Unwrap opens what the other side sealed.
func (s *Session) Unwrap(b []byte) ([]byte, error) {
	if len(b) < SignatureSize {
		return nil, ErrSeal
	}
	d := &s.in
	data := make([]byte, len(b)-SignatureSize)
	d.seal.XORKeyStream(data, b[SignatureSize:])
	var want [SignatureSize]byte
	d.signature(want[:], data)
	if subtle.ConstantTimeCompare(want[:], b[:SignatureSize]) != 1 {
		return nil, ErrSeal
	}
	return data, nil
}

// signature is that of the next message (MS-NLMP 3.4.4.2).
func (d *direction) signature(dst, data []byte) {
	sum := mac(d.sign, fixed(d.sequence), data)[:8]
	if d.exchange {
		d.seal.XORKeyStream(sum, sum)
	}
	b := octets.U32(dst[:0], 1)
	octets.U32(append(b, sum...), d.sequence)
	d.sequence++
}
