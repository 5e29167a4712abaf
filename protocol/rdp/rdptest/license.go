package rdptest

import (
	"bytes"
	"errors"
	"math/big"

	"github.com/porthole-rac/porthole/protocol/rdp/license"
	"github.com/porthole-rac/porthole/protocol/rdp/octets"
)

// LicenseKey is the key of 512 bits of MS-RDPBCGR 4.8.
var LicenseKey = RSA{
	N: number("b3f9380f60fccad79d5d28d8027466ccb046897c79ad1a4d512dd81af5e1b4509eb521708852f35d7019ea47a126ea0638ebb97a447998cb54a8b99afe70a837"),
	E: big.NewInt(65537),
	D: number("9471f3b37ba4070b6158fddf6de6e503e041ce1545a76a126beb0c5cf082825eba9ba872f6322d8544d668c72ea325280865550d968b9ef5368d38d3d4e707c1"),
}

func number(hex string) *big.Int {
	n, _ := new(big.Int).SetString(hex, 16)
	return n
}

// licensing is the server's side of a full exchange.
type licensing struct {
	key    RSA
	random []byte
	keys   *license.Keys
	// what came
	kept      []byte
	user      string
	challenge []byte
}

// RSA is a key pair for licensing.
type RSA struct{ N, E, D *big.Int }

// Certificate is the proprietary certificate of a key (MS-RDPBCGR 2.2.1.4.3.1.1).
func (k RSA) Certificate() []byte {
	size := (k.N.BitLen() + 7) / 8
	key := octets.U32(nil, 0x31415352)
	key = octets.U32(octets.U32(octets.U32(key, uint32(size+8)), uint32(size*8)), uint32(size-1))
	key = octets.U32(key, uint32(k.E.Uint64()))
	key = append(append(key, little(k.N, size)...), make([]byte, 8)...)
	b := octets.U32(octets.U32(octets.U32(nil, 1), 1), 1)
	b = append(octets.U16(octets.U16(b, 6), uint16(len(key))), key...)
	return append(octets.U16(octets.U16(b, 8), 72), make([]byte, 72)...)
}

func little(n *big.Int, size int) []byte {
	b := n.FillBytes(make([]byte, size))
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return b
}

func (k RSA) decrypt(b []byte) []byte {
	size := (k.N.BitLen() + 7) / 8
	if len(b) < size {
		return nil
	}
	c := append([]byte(nil), b[:size]...)
	for i, j := 0, len(c)-1; i < j; i, j = i+1, j-1 {
		c[i], c[j] = c[j], c[i]
	}
	m := new(big.Int).Exp(new(big.Int).SetBytes(c), k.D, k.N)
	return little(m, size)[:48]
}

// request is the first message (MS-RDPELE 2.2.2.1).
func (l *licensing) request() []byte {
	l.random = bytes.Repeat([]byte{7}, 32)
	text := func(b []byte, s string) []byte {
		t := octets.AppendTextNUL(nil, s)
		return append(octets.U32(b, uint32(len(t))), t...)
	}
	b := octets.U32(append([]byte(nil), l.random...), 0x00060000)
	b = text(text(b, "Microsoft Corporation"), "A02")
	b = octets.U32(octets.U16(octets.U16(b, 13), 4), 1)
	c := l.key.Certificate()
	b = append(octets.U16(octets.U16(b, 3), uint16(len(c))), c...)
	b = octets.U32(b, 1)
	scope := []byte("microsoft.com\x00")
	b = append(octets.U16(octets.U16(b, 14), uint16(len(scope))), scope...)
	return license.Frame(license.TypeRequest, b)
}

func blob(r *octets.Reader) []byte {
	r.Skip(2)
	return r.Bytes(int(r.U16()))
}

// next takes a message of the client; done: nothing follows the answer.
func (l *licensing) next(b []byte) (out []byte, done bool, err error) {
	r := octets.New(b)
	kind := r.U8()
	r.Skip(3)
	switch kind {
	case license.TypeNewRequest, license.TypeInfo:
		r.Skip(8)
		random := r.Bytes(32)
		secret := l.key.decrypt(blob(r))
		if secret == nil {
			return nil, false, errors.New("license: secret")
		}
		l.keys = license.NewKeys(secret, random, l.random)
		if kind == license.TypeInfo {
			l.kept = blob(r)
			hardware := l.keys.Crypt(blob(r))
			if !bytes.Equal(l.keys.MAC(hardware), r.Bytes(16)) {
				return nil, false, errors.New("license: MAC of the hardware")
			}
			return license.AppendError(nil, license.ValidClient, 2), true, nil
		}
		l.user = string(bytes.TrimRight(blob(r), "\x00"))
		l.challenge = []byte("challenge!")
		out := append([]byte(nil), 0, 0, 0, 0)
		out = append(octets.U16(octets.U16(out, 9), uint16(len(l.challenge))), l.keys.Crypt(l.challenge)...)
		return license.Frame(license.TypeChallenge, append(out, l.keys.MAC(l.challenge)...)), false, nil
	case license.TypeChallengeResponse:
		response := l.keys.Crypt(blob(r))
		hardware := l.keys.Crypt(blob(r))
		if !bytes.Equal(l.keys.MAC(append(append([]byte(nil), response...), hardware...)), r.Bytes(16)) || !bytes.HasSuffix(response, l.challenge) {
			return nil, false, errors.New("license: answer to the challenge")
		}
		var info []byte
		part := func(b []byte) { info = append(octets.U32(info, uint32(len(b))), b...) }
		info = octets.U32(info, 0x00060000)
		part([]byte("microsoft.com\x00"))
		part(octets.AppendTextNUL(nil, "Microsoft Corporation"))
		part(octets.AppendTextNUL(nil, "A02"))
		part([]byte("the licence"))
		out := append(octets.U16(octets.U16(nil, 9), uint16(len(info))), l.keys.Crypt(info)...)
		return license.Frame(license.TypeNew, append(out, l.keys.MAC(info)...)), true, nil
	}
	return nil, false, errors.New("license: message")
}
