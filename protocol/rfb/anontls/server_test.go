package anontls_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"hash"
	"math/big"
	"slices"

	"github.com/porthole-rac/porthole/protocol/rfb/anontls"
)

var be = binary.BigEndian

// suite is RFC 5246, appendix A.5, RFC 5288 and RFC 8422, once more.
type suite struct {
	id   anontls.Suite
	ecdh bool
	key  int
	gcm  bool
	mac  func() hash.Hash
	prf  func() hash.Hash
}

var all = []suite{
	{0x00a6, false, 16, true, nil, sha256.New},
	{0x00a7, false, 32, true, nil, sha512.New384},
	{0xc018, true, 16, false, sha1.New, sha256.New},
	{0xc019, true, 32, false, sha1.New, sha256.New},
	{0x006c, false, 16, false, sha256.New, sha256.New},
	{0x006d, false, 32, false, sha256.New, sha256.New},
	{0x0034, false, 16, false, sha1.New, sha256.New},
	{0x003a, false, 32, false, sha1.New, sha256.New},
}

// server is a scripted server for one client. It checks the client by the RFCs,
// and does what tests ask of it.
type server struct {
	suite
	group        uint16 // of elliptic curves
	curve        ecdh.Curve
	encryptFirst bool
	extended     bool
	fragment     int // bytes of a handshake record; 0: as many as fit
	noRenegotiation,
	noExtensions bool
	p, g, y *big.Int                               // override the field
	change  func(kind byte, message []byte) []byte // what is sent instead of a message

	clientRandom, serverRandom []byte
	transcript                 []byte
	offered                    map[uint16][]byte
	secretX                    *big.Int
	secretCurve                *ecdh.PrivateKey
	master                     []byte
	read, write                *direction
}

// direction is the record protection of RFC 5246, section 6.2.3, written plainly.
type direction struct {
	s            *suite
	mac, key, iv []byte
	encryptFirst bool
	seq          uint64
}

func (d *direction) header(kind byte, n int) []byte {
	b := be.AppendUint64(nil, d.seq)
	return append(b, kind, 3, 3, byte(n>>8), byte(n))
}

func (d *direction) sum(kind byte, b []byte) []byte {
	h := hmac.New(d.s.mac, d.mac)
	h.Write(d.header(kind, len(b)))
	h.Write(b)
	return h.Sum(nil)
}

func record(kind byte, b []byte) []byte {
	return append([]byte{kind, 3, 3, byte(len(b) >> 8), byte(len(b))}, b...)
}

// seal protects a record, with extra blocks of padding.
func (d *direction) seal(kind byte, plain []byte, extra int) []byte {
	defer func() { d.seq++ }()
	c, _ := aes.NewCipher(d.key)
	if d.s.gcm {
		g, _ := cipher.NewGCM(c)
		explicit := be.AppendUint64(nil, d.seq^0x5555)
		return record(kind, append(explicit, g.Seal(nil, append(slices.Clone(d.iv), explicit...), plain, d.header(kind, len(plain)))...))
	}
	b := slices.Clone(plain)
	if !d.encryptFirst {
		b = append(b, d.sum(kind, plain)...)
	}
	pad := 15 - len(b)%16 + 16*extra
	return d.encrypt(kind, append(b, bytes.Repeat([]byte{byte(pad)}, pad+1)...))
}

// encrypt is the end of seal for CBC: b is whole blocks.
func (d *direction) encrypt(kind byte, b []byte) []byte {
	c, _ := aes.NewCipher(d.key)
	iv := bytes.Repeat([]byte{byte(d.seq + 7)}, 16)
	cipher.NewCBCEncrypter(c, iv).CryptBlocks(b, b)
	b = append(iv, b...)
	if d.encryptFirst {
		b = append(b, d.sum(kind, b)...)
	}
	return record(kind, b)
}

// open undoes seal for one whole record.
func (d *direction) open(b []byte) (kind byte, plain, rest []byte, err error) {
	defer func() { d.seq++ }()
	if len(b) < 5 || b[1] != 3 || b[2] != 3 {
		return 0, nil, nil, fmt.Errorf("record % x", b)
	}
	kind = b[0]
	n := 5 + int(be.Uint16(b[3:]))
	b, rest = slices.Clone(b[5:n]), b[n:]
	c, _ := aes.NewCipher(d.key)
	if d.s.gcm {
		g, _ := cipher.NewGCM(c)
		plain, err = g.Open(nil, append(slices.Clone(d.iv), b[:8]...), b[8:], d.header(kind, len(b)-24))
		return kind, plain, rest, err
	}
	size := d.s.mac().Size()
	if d.encryptFirst {
		mac := b[len(b)-size:]
		b = b[:len(b)-size]
		if !bytes.Equal(mac, d.sum(kind, b)) {
			return 0, nil, nil, fmt.Errorf("mac")
		}
	}
	cipher.NewCBCDecrypter(c, b[:16]).CryptBlocks(b[16:], b[16:])
	b = b[16:]
	pad := int(b[len(b)-1])
	for _, p := range b[len(b)-1-pad:] {
		if int(p) != pad {
			return 0, nil, nil, fmt.Errorf("padding")
		}
	}
	b = b[:len(b)-1-pad]
	if !d.encryptFirst {
		mac := b[len(b)-size:]
		b = b[:len(b)-size]
		if !bytes.Equal(mac, d.sum(kind, b)) {
			return 0, nil, nil, fmt.Errorf("mac")
		}
	}
	return kind, b, rest, nil
}

func (s *server) prf(n int, secret []byte, label string, seed []byte) []byte {
	hash := func(b ...[]byte) []byte {
		h := hmac.New(s.suite.prf, secret)
		h.Write(bytes.Join(b, nil))
		return h.Sum(nil)
	}
	labelled := append([]byte(label), seed...)
	var out []byte
	for a := hash(labelled); len(out) < n; a = hash(a) {
		out = append(out, hash(a, labelled)...)
	}
	return out[:n]
}

func (s *server) hash() []byte {
	h := s.suite.prf()
	h.Write(s.transcript)
	return h.Sum(nil)
}

// message makes a message, or what the test has instead.
func (s *server) message(kind byte, body []byte) []byte {
	m := append([]byte{kind, byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body))}, body...)
	if s.change != nil {
		m = s.change(kind, m)
	}
	s.transcript = append(s.transcript, m...)
	return m
}

func (s *server) handshake(b []byte) (out []byte) {
	n := s.fragment
	if n == 0 {
		n = 1 << 14
	}
	for part := range slices.Chunk(b, n) {
		out = append(out, record(22, part)...)
	}
	return out
}

func vector(n int, b []byte) []byte {
	out := be.AppendUint32(nil, uint32(len(b)))[4-n:]
	return append(slices.Clone(out), b...)
}

// field is the group of RFC 2409, section 6.2 (1024 bits).
var field, _ = new(big.Int).SetString("FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"+
	"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF", 16)

// first answers the client's hello.
func (s *server) first(in []byte) ([]byte, error) {
	if len(in) < 5+4+2+32 || in[0] != 22 || in[5] != 1 || int(be.Uint16(in[3:])) != len(in)-5 {
		return nil, fmt.Errorf("client hello: % x", in)
	}
	hello := in[5:]
	s.transcript = slices.Clone(hello)
	b := hello[4:]
	if be.Uint16(b) != 0x0303 {
		return nil, fmt.Errorf("version % x", b[:2])
	}
	s.clientRandom = slices.Clone(b[2:34])
	b = b[34:]
	b = b[1+b[0]:]
	suites := b[2:][:be.Uint16(b)]
	if i := bytes.Index(suites, be.AppendUint16(nil, uint16(s.id))); i < 0 || i%2 != 0 {
		return nil, fmt.Errorf("suite %v is not in % x", s.id, suites)
	}
	b = b[2+len(suites):]
	if !bytes.Equal(b[:2], []byte{1, 0}) {
		return nil, fmt.Errorf("compression % x", b[:2])
	}
	b = b[2:]
	if int(be.Uint16(b)) != len(b)-2 {
		return nil, fmt.Errorf("extensions of %d of %d bytes", be.Uint16(b), len(b))
	}
	s.offered = map[uint16][]byte{}
	for b = b[2:]; len(b) > 0; {
		n := be.Uint16(b[2:])
		s.offered[be.Uint16(b)] = b[4:][:n]
		b = b[4+n:]
	}
	for id, want := range map[uint16]string{0xff01: "\x00", 22: "", 23: "", 11: "\x01\x00"} {
		if got, ok := s.offered[id]; !ok || string(got) != want {
			return nil, fmt.Errorf("extension %d: % x, %v", id, got, ok)
		}
	}
	s.serverRandom = bytes.Repeat([]byte{0x42}, 32)

	var extensions []byte
	add := func(id uint16, body []byte) {
		extensions = append(be.AppendUint16(extensions, id), vector(2, body)...)
	}
	if !s.noRenegotiation {
		add(0xff01, []byte{0})
	}
	if s.encryptFirst {
		add(22, nil)
	}
	if s.extended {
		add(23, nil)
	}
	if s.ecdh {
		add(11, []byte{1, 0})
	}
	answer := append([]byte{3, 3}, s.serverRandom...)
	answer = append(answer, vector(1, []byte("a session that nobody resumes"))...)
	answer = append(be.AppendUint16(answer, uint16(s.id)), 0)
	if !s.noExtensions {
		answer = append(answer, vector(2, extensions)...)
	}
	out := s.message(2, answer)
	out = append(out, s.message(12, s.keyExchange())...)
	out = append(out, s.message(14, nil)...)
	return s.handshake(out), nil
}

func (s *server) keyExchange() []byte {
	if s.ecdh {
		secret := bytes.Repeat([]byte{0x11}, 32)
		if s.curve == ecdh.P384() {
			secret = bytes.Repeat([]byte{0x11}, 48)
		}
		s.secretCurve, _ = s.curve.NewPrivateKey(secret)
		return append(be.AppendUint16([]byte{3}, s.group), vector(1, s.secretCurve.PublicKey().Bytes())...)
	}
	if s.p == nil {
		s.p = field
	}
	if s.g == nil {
		s.g = big.NewInt(2)
	}
	s.secretX = new(big.Int).SetBytes(bytes.Repeat([]byte{0x33}, 60))
	y := s.y
	if y == nil {
		y = new(big.Int).Exp(s.g, s.secretX, s.p)
	}
	return slices.Concat(vector(2, s.p.Bytes()), vector(2, s.g.Bytes()), vector(2, y.Bytes()))
}

// second takes the client's keys and Finished, and answers.
func (s *server) second(in []byte) ([]byte, error) {
	n := 5 + int(be.Uint16(in[3:]))
	m := in[5:n]
	if in[0] != 22 || m[0] != 16 || int(m[3]) != len(m)-4 {
		return nil, fmt.Errorf("client key exchange: % x", in)
	}
	s.transcript = append(s.transcript, m...)
	var secret []byte
	if s.ecdh {
		theirs, err := s.curve.NewPublicKey(m[5:][:m[4]])
		if err != nil {
			return nil, err
		}
		if secret, err = s.secretCurve.ECDH(theirs); err != nil {
			return nil, err
		}
	} else {
		theirs := new(big.Int).SetBytes(m[6:][:be.Uint16(m[4:])])
		secret = new(big.Int).Exp(theirs, s.secretX, s.p).Bytes()
	}
	if s.extended {
		s.master = s.prf(48, secret, "extended master secret", s.hash())
	} else {
		s.master = s.prf(48, secret, "master secret", slices.Concat(s.clientRandom, s.serverRandom))
	}
	mac, iv := 0, 4
	if !s.gcm {
		mac, iv = s.mac().Size(), 0
	}
	block := s.prf(2*(mac+s.key+iv), s.master, "key expansion", slices.Concat(s.serverRandom, s.clientRandom))
	take := func(n int) []byte { b := block[:n]; block = block[n:]; return b }
	s.read, s.write = &direction{s: &s.suite, encryptFirst: s.encryptFirst}, &direction{s: &s.suite, encryptFirst: s.encryptFirst}
	s.read.mac, s.write.mac = take(mac), take(mac)
	s.read.key, s.write.key = take(s.key), take(s.key)
	s.read.iv, s.write.iv = take(iv), take(iv)

	in = in[n:]
	if !bytes.HasPrefix(in, []byte{20, 3, 3, 0, 1, 1}) {
		return nil, fmt.Errorf("change cipher spec: % x", in)
	}
	kind, m, rest, err := s.read.open(in[6:])
	if err != nil {
		return nil, fmt.Errorf("finished: %w", err)
	}
	want := append([]byte{20, 0, 0, 12}, s.prf(12, s.master, "client finished", s.hash())...)
	if kind != 22 || !bytes.Equal(m, want) || len(rest) > 0 {
		return nil, fmt.Errorf("finished: %d, % x, want % x", kind, m, want)
	}
	s.transcript = append(s.transcript, m...)
	finished := s.message(20, s.prf(12, s.master, "server finished", s.hash()))
	return append(record(20, []byte{1}), s.write.seal(22, finished, 0)...), nil
}
