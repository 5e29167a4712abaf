package anontls

import (
	"crypto/cipher"
	"crypto/hmac"
	"encoding/binary"
	"hash"
	"io"
)

// Sizes of records (RFC 5246, section 6.2).
const (
	// MaxPlain is the longest content of a record.
	MaxPlain = 1 << 14
	// MaxRecord is the longest record, with its header.
	MaxRecord = headerSize + MaxPlain + maxExpansion

	headerSize   = 1 /* type */ + 2 /* version */ + 2 /* length */
	maxExpansion = 2048
)

// Types of records.
const (
	recordCipherSpec  = 20
	recordAlert       = 21
	recordHandshake   = 22
	recordApplication = 23
)

const version = 0x0303 // TLS 1.2

// half is one direction. It is not safe for concurrent use.
type half struct {
	seq          uint64
	aead         cipher.AEAD // nil: CBC with a MAC
	nonce        [saltSize + explicitSize]byte
	cbc          cipher.BlockMode
	mac          hash.Hash
	encryptFirst bool
	head         [8 /* sequence number */ + headerSize]byte
	sum          [64]byte
}

// header is what is authenticated besides the content: sequence number, type,
// version and length (RFC 5246, section 6.2.3).
func (h *half) header(kind byte, length int) []byte {
	binary.BigEndian.PutUint64(h.head[:], h.seq)
	h.head[8] = kind
	binary.BigEndian.PutUint16(h.head[9:], version)
	binary.BigEndian.PutUint16(h.head[11:], uint16(length))
	return h.head[:]
}

// authenticate is the MAC over header and content.
func (h *half) authenticate(kind byte, length int, b []byte) []byte {
	h.mac.Reset()
	h.mac.Write(h.header(kind, length))
	h.mac.Write(b)
	return h.mac.Sum(h.sum[:0])
}

// Sealer writes records.
type Sealer struct {
	half
	random cipher.Stream // of initialization vectors
}

// Append appends plain as records, at most MaxPlain in each; nothing for no bytes.
// It does not read or keep plain beyond the call.
func (s *Sealer) Append(dst, plain []byte) []byte {
	for len(plain) > 0 {
		k := min(len(plain), MaxPlain)
		dst = s.append(dst, recordApplication, plain[:k])
		plain = plain[k:]
	}
	return dst
}

// AppendAlert appends an alert: CloseNotify before the connection is closed,
// NoRenegotiation when the Opener asks for it, another after an error.
func (s *Sealer) AppendAlert(dst []byte, a Alert) []byte {
	return s.append(dst, recordAlert, []byte{a.level(), byte(a)})
}

func appendHeader(dst []byte, kind byte, length int) []byte {
	return append(dst, kind, version>>8, version&0xff, byte(length>>8), byte(length))
}

func (s *Sealer) append(dst []byte, kind byte, plain []byte) []byte {
	defer func() { s.seq++ }()
	if s.aead != nil {
		// The sequence number is a nonce that is used once (RFC 5288, section 3).
		dst = appendHeader(dst, kind, explicitSize+len(plain)+tagSize)
		binary.BigEndian.PutUint64(s.nonce[saltSize:], s.seq)
		dst = append(dst, s.nonce[saltSize:]...)
		return s.aead.Seal(dst, s.nonce[:], plain, s.header(kind, len(plain)))
	}
	inner, outer := s.mac.Size(), 0
	if s.encryptFirst {
		inner, outer = 0, inner
	}
	pad := block - (len(plain)+inner)%block // 1 to block
	dst = appendHeader(dst, kind, block+len(plain)+inner+pad+outer)
	at := len(dst)
	// The vector is a random block that is encrypted before the content: nobody can
	// foresee it.
	dst = append(dst, make([]byte, block)...)
	s.random.XORKeyStream(dst[at:], dst[at:])
	dst = append(dst, plain...)
	if !s.encryptFirst {
		dst = append(dst, s.authenticate(kind, len(plain), plain)...)
	}
	for range pad {
		dst = append(dst, byte(pad-1))
	}
	s.cbc.CryptBlocks(dst[at:], dst[at:])
	if s.encryptFirst {
		dst = append(dst, s.authenticate(kind, len(dst)-at, dst[at:])...)
	}
	return dst
}

// Opener reads records.
type Opener struct {
	half
	late  *lateMAC // of content that was authenticated before it was encrypted
	idle  int
	alert bool
	err   error
}

// Size tells how long the record is that b begins with, in bytes with its header;
// 0 while b is too short to tell. A size beyond MaxRecord is an error of Next.
func Size(b []byte) int {
	if len(b) < headerSize {
		return 0
	}
	return headerSize + int(binary.BigEndian.Uint16(b[3:]))
}

// split finds the record that b begins with, n bytes; 0 while it is not complete.
func split(b []byte) (kind byte, n int, err error) {
	n = Size(b)
	if n == 0 {
		return 0, 0, nil
	}
	if b[1] != version>>8 {
		return 0, 0, fail(ProtocolVersion, "this is not TLS: % x", b[:headerSize])
	}
	if n > MaxRecord {
		return 0, 0, fail(RecordOverflow, "record of %d bytes", n)
	}
	if len(b) < n {
		return 0, 0, nil
	}
	return b[0], n, nil
}

// Next opens the record that b begins with, in place: plain is a part of b. While
// the record is not complete it takes nothing (n is 0). Records without content
// for the owner give no plain, but take their bytes. io.EOF is the server's end;
// a connection that is closed without it was cut off.
func (o *Opener) Next(b []byte) (plain []byte, n int, err error) {
	if o.err != nil {
		return nil, 0, o.err
	}
	kind, plain, n, err := o.open(b)
	if err == nil && n > 0 {
		switch kind {
		case recordApplication:
			return plain, n, nil
		case recordAlert:
			err = readAlert(plain, &o.idle)
			if err == errClosed {
				err = io.EOF
			}
		case recordHandshake:
			err = o.renegotiate(plain)
		default:
			err = fail(UnexpectedMessage, "record of type %d in a session", kind)
		}
	}
	o.err = err
	return nil, n, err
}

// renegotiate takes a HelloRequest, which a client may refuse (RFC 5246,
// section 7.4.1.1).
func (o *Opener) renegotiate(b []byte) error {
	const size = 4
	if len(b) != size || [size]byte(b) != [size]byte{messageHelloRequest} {
		return fail(UnexpectedMessage, "message of the handshake in a session")
	}
	if o.idle++; o.idle > maxIdle {
		return fail(NoRenegotiation, "the server wants new keys again and again")
	}
	o.alert = true
	return nil
}

// Alert tells, once, whether the server wished for new keys and is to be sent
// NoRenegotiation. To be asked after each Next that gave no content.
func (o *Opener) Alert() bool {
	a := o.alert
	o.alert = false
	return a
}

var errForged = fail(BadRecordMAC, "record does not verify")

// open takes a record of any type.
func (o *Opener) open(b []byte) (kind byte, plain []byte, n int, err error) {
	kind, n, err = split(b)
	if n == 0 || err != nil {
		return 0, nil, 0, err
	}
	if binary.BigEndian.Uint16(b[1:]) != version {
		return 0, nil, 0, fail(ProtocolVersion, "record of version %#04x", binary.BigEndian.Uint16(b[1:]))
	}
	switch body := b[headerSize:n]; {
	case o.aead != nil:
		plain, err = o.openGCM(kind, body)
	case o.encryptFirst:
		plain, err = o.openCBC(kind, body)
	default:
		plain, err = o.openLate(kind, body)
	}
	if err != nil {
		return 0, nil, 0, err
	}
	o.seq++
	if len(plain) > MaxPlain {
		return 0, nil, 0, fail(RecordOverflow, "record with %d bytes of content", len(plain))
	}
	if len(plain) == 0 && kind != recordApplication {
		return 0, nil, 0, fail(UnexpectedMessage, "empty record of type %d", kind)
	}
	return kind, plain, n, nil
}

// openGCM: explicit nonce, ciphertext, tag (RFC 5288, section 3).
func (o *Opener) openGCM(kind byte, b []byte) ([]byte, error) {
	if len(b) < explicitSize+tagSize {
		return nil, errForged
	}
	copy(o.nonce[saltSize:], b)
	b = b[explicitSize:]
	plain, err := o.aead.Open(b[:0], o.nonce[:], b, o.header(kind, len(b)-tagSize))
	if err != nil {
		return nil, errForged
	}
	return plain, nil
}

// openCBC: vector, ciphertext, MAC over both (RFC 7366, section 3).
func (o *Opener) openCBC(kind byte, b []byte) ([]byte, error) {
	n := len(b) - o.mac.Size()
	if n < 2*block || n%block != 0 || !hmac.Equal(o.authenticate(kind, n, b[:n]), b[n:]) {
		return nil, errForged
	}
	b = b[:n]
	o.cbc.CryptBlocks(b, b)
	b = b[block:] // the first is the vector
	// Nobody but the server wrote this: its time tells nothing.
	pad := int(b[len(b)-1])
	if pad+1 > len(b) {
		return nil, errForged
	}
	for _, p := range b[len(b)-1-pad:] {
		if int(p) != pad {
			return nil, errForged
		}
	}
	return b[:len(b)-1-pad], nil
}

// openLate: vector and ciphertext of content, MAC and padding (RFC 5246,
// section 6.2.3.2).
func (o *Opener) openLate(kind byte, b []byte) ([]byte, error) {
	if len(b)%block != 0 || len(b) < block+o.mac.Size()+1 {
		return nil, errForged
	}
	o.cbc.CryptBlocks(b, b)
	n, ok := o.late.check(o.header(kind, 0), b[block:])
	if !ok {
		return nil, errForged
	}
	return b[block:][:n], nil
}
