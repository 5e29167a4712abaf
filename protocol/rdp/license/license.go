// Package license is the client's side of RDP's licensing (MS-RDPELE), from the server's
// request to the licence. Most servers say "valid client" at once; a Remote Desktop
// Session Host with licences for devices gives one out, and wants to see it the next
// time, or gives out another until it has none left. So what [Client.Issued] gives is
// to be kept, and [Config.Find] finds it again.
package license

import (
	"crypto/md5"
	"crypto/rc4"
	"crypto/sha1"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"math/big"

	"golang.org/x/text/encoding/charmap"

	"github.com/porthole-rac/porthole/protocol/rdp/octets"
)

// Types of messages (MS-RDPBCGR 2.2.1.12.1.1).
const (
	TypeRequest           = 0x01
	TypeChallenge         = 0x02
	TypeNew               = 0x03
	TypeUpgrade           = 0x04
	TypeInfo              = 0x12
	TypeNewRequest        = 0x13
	TypeChallengeResponse = 0x15
	TypeError             = 0xff
)

// Types of blobs (MS-RDPBCGR 2.2.1.12.1.2).
const (
	blobData        = 1
	blobRandom      = 2
	blobCertificate = 3
	blobError       = 4
	blobEncrypted   = 9
	blobUser        = 15
	blobMachine     = 16
)

const (
	preamble       = 3 | 0x80 // version 3; extended errors
	keyExchangeRSA = 1
	// platform is Windows of version 5.2 or later, by Microsoft (MS-RDPELE, notes 9 and
	// 10): there are no numbers for others.
	platform = 0x04000000 | 0x00010000

	maxScopes   = 32
	maxMessages = 16 // that a server may take until it is content
)

// Errors.
var (
	ErrMessage = errors.New("not a message of licensing")
	ErrMAC     = errors.New("a message of licensing that was changed on its way")
)

// Error is a server's refusal (MS-RDPBCGR 2.2.1.12.1.3).
type Error struct{ Code, Transition uint32 }

// ValidClient is the code that is none.
const ValidClient = 7

func (e *Error) Error() string {
	switch e.Code {
	case 1:
		return "licensing failed: the certificate is not valid"
	case 2:
		return "licensing failed: there is no licence left for this client"
	case 3:
		return "licensing failed: a message was changed on its way"
	case 4:
		return "licensing failed: the licence is of another issuer"
	case 6:
		return "licensing failed: the server finds no licence server"
	case 8:
		return "licensing failed: the server refuses this client"
	case 11:
		return "licensing failed: the licence is for another product"
	case 12:
		return "licensing failed: a message has the wrong length"
	}
	return fmt.Sprintf("licensing failed with code %#x", e.Code)
}

// Product is what a licence is for, and who gave it.
type Product struct {
	Version uint32
	Company string
	ID      string
	Scope   string // the issuer; of a request it is the first of Scopes
}

// License is one that a server gave.
type License struct {
	Product Product
	Data    []byte
}

// Config is what licensing needs to know.
type Config struct {
	User, Machine string
	// Hardware identifies the client. Together with Machine it must stay the same, or
	// the server gives out another licence.
	Hardware [16]byte
	// Find gives a licence that was kept for a product of one of the scopes, the same
	// version or newer; nil: there is none. It may be nil itself.
	Find func(p Product, scopes []string) []byte
	// Certificate is the server's from the settings exchange, for servers that leave
	// it out here; it may be empty.
	Certificate []byte
	Rand        io.Reader
}

// Client is one connection's licensing.
type Client struct {
	cfg      Config
	keys     *Keys
	messages int
	last     []byte
	issued   *License
	done     bool
}

// NewClient awaits the server's first message.
func NewClient(cfg Config) *Client { return &Client{cfg: cfg} }

// Done tells whether the server is content.
func (c *Client) Done() bool { return c.done }

// Issued is the licence that the server gave in this connection, or nil.
func (c *Client) Issued() *License { return c.issued }

// Next takes a message of the server, without the security header, and gives the
// answer, or nil.
func (c *Client) Next(message []byte) ([]byte, error) {
	r := octets.New(message)
	kind := r.U8()
	r.Skip(1)
	size := int(r.U16())
	if r.Err() != nil || size < 4 || size > len(message) {
		return nil, ErrMessage
	}
	if c.messages++; c.messages > maxMessages || c.done {
		return nil, fmt.Errorf("%w: too many", ErrMessage)
	}
	body := octets.New(message[4:size])
	var out []byte
	var err error
	switch kind {
	case TypeRequest:
		out, err = c.request(body)
	case TypeChallenge:
		out, err = c.challenge(body)
	case TypeNew, TypeUpgrade:
		err = c.license(body)
	case TypeError:
		return c.alert(body)
	default:
		err = fmt.Errorf("%w: type %d", ErrMessage, kind)
	}
	c.last = out
	return out, err
}

func (c *Client) alert(r *octets.Reader) ([]byte, error) {
	e := &Error{Code: r.U32(), Transition: r.U32()}
	if r.Err() != nil {
		return nil, ErrMessage
	}
	const reset, resend = 3, 4
	switch {
	case e.Code == ValidClient:
		c.done = true
		return nil, nil
	case e.Transition == reset:
		c.keys = nil
		return nil, nil
	case e.Transition == resend && c.last != nil:
		return c.last, nil
	}
	return nil, e
}

// Request is what a server asks for (MS-RDPELE 2.2.2.1).
type Request struct {
	Random      []byte
	Product     Product
	Certificate []byte
	Scopes      []string
}

// ParseRequest reads the body of a request.
func ParseRequest(r *octets.Reader) (Request, error) {
	var q Request
	q.Random = r.Bytes(32)
	q.Product.Version = r.U32()
	q.Product.Company = octets.Text(r.Bytes(r.Size()))
	q.Product.ID = octets.Text(r.Bytes(r.Size()))
	blob(r) // key exchange: there is one only
	q.Certificate = blob(r)
	n := r.U32()
	if n > maxScopes {
		return q, fmt.Errorf("%w: %d scopes", ErrMessage, n)
	}
	for range n {
		q.Scopes = append(q.Scopes, ansi(blob(r)))
	}
	if len(q.Scopes) > 0 {
		q.Product.Scope = q.Scopes[0]
	}
	if r.Err() != nil {
		return q, fmt.Errorf("%w: %w", ErrMessage, r.Err())
	}
	return q, nil
}

func (c *Client) request(r *octets.Reader) ([]byte, error) {
	q, err := ParseRequest(r)
	if err != nil {
		return nil, err
	}
	certificate := q.Certificate
	if len(certificate) == 0 {
		certificate = c.cfg.Certificate
	}
	key, err := ParseCertificate(certificate)
	if err != nil {
		return nil, err
	}
	var random [32 + 48]byte
	if c.cfg.Rand == nil {
		return nil, errors.New("license: no source of randomness")
	}
	if _, err := io.ReadFull(c.cfg.Rand, random[:]); err != nil {
		return nil, fmt.Errorf("license: randomness: %w", err)
	}
	client, secret := random[:32], random[32:]
	c.keys = NewKeys(secret, client, q.Random)

	var kept []byte
	if c.cfg.Find != nil {
		kept = c.cfg.Find(q.Product, q.Scopes)
	}
	body := octets.U32(octets.U32(nil, keyExchangeRSA), platform)
	body = appendBlob(append(body, client...), blobRandom, key.Encrypt(secret))
	if len(kept) > 0 && len(kept) < 0x8000 {
		hardware := c.hardware()
		body = appendBlob(body, blobData, kept)
		body = appendBlob(body, blobEncrypted, c.keys.Crypt(hardware))
		return Frame(TypeInfo, append(body, c.keys.MAC(hardware)...)), nil
	}
	body = appendBlob(body, blobUser, toANSI(c.cfg.User))
	body = appendBlob(body, blobMachine, toANSI(c.cfg.Machine))
	return Frame(TypeNewRequest, body), nil
}

func (c *Client) hardware() []byte {
	return append(octets.U32(nil, platform), c.cfg.Hardware[:]...)
}

func (c *Client) challenge(r *octets.Reader) ([]byte, error) {
	if c.keys == nil {
		return nil, fmt.Errorf("%w: a challenge before its request", ErrMessage)
	}
	r.Skip(4)
	challenge := c.keys.Crypt(blob(r))
	sum := r.Bytes(16)
	if r.Err() != nil {
		return nil, ErrMessage
	}
	if subtle.ConstantTimeCompare(sum, c.keys.MAC(challenge)) != 1 {
		return nil, ErrMAC
	}
	const version, other, detailed = 0x0100, 0xff00, 3
	response := octets.U16(octets.U16(octets.U16(nil, version), other), detailed)
	response = append(octets.U16(response, uint16(len(challenge))), challenge...)
	hardware := c.hardware()
	body := appendBlob(nil, blobEncrypted, c.keys.Crypt(response))
	body = appendBlob(body, blobEncrypted, c.keys.Crypt(hardware))
	return Frame(TypeChallengeResponse, append(body, c.keys.MAC(append(response, hardware...))...)), nil
}

func (c *Client) license(r *octets.Reader) error {
	if c.keys == nil {
		return fmt.Errorf("%w: a licence before its request", ErrMessage)
	}
	info := c.keys.Crypt(blob(r))
	sum := r.Bytes(16)
	if r.Err() != nil {
		return ErrMessage
	}
	if subtle.ConstantTimeCompare(sum, c.keys.MAC(info)) != 1 {
		return ErrMAC
	}
	b := octets.New(info)
	var l License
	l.Product.Version = b.U32()
	l.Product.Scope = ansi(b.Bytes(b.Size()))
	l.Product.Company = octets.Text(b.Bytes(b.Size()))
	l.Product.ID = octets.Text(b.Bytes(b.Size()))
	l.Data = append([]byte(nil), b.Bytes(b.Size())...)
	if b.Err() != nil {
		return fmt.Errorf("%w: %w", ErrMessage, b.Err())
	}
	c.issued, c.done = &l, true
	return nil
}

// Frame puts the preamble before a body.
func Frame(kind byte, body []byte) []byte {
	return append(octets.U16([]byte{kind, preamble}, uint16(4+len(body))), body...)
}

// AppendError appends an error alert, as both sides send.
func AppendError(dst []byte, code, transition uint32) []byte {
	body := octets.U32(octets.U32(nil, code), transition)
	return append(dst, Frame(TypeError, appendBlob(body, blobError, nil))...)
}

// blob takes a blob, of whatever type: servers are not exact about it.
func blob(r *octets.Reader) []byte {
	r.Skip(2)
	return r.Bytes(int(r.U16()))
}

func appendBlob(dst []byte, kind uint16, data []byte) []byte {
	return append(octets.U16(octets.U16(dst, kind), uint16(len(data))), data...)
}

// ansi is text of a code page that is not told; it is taken for Western European.
func ansi(b []byte) string {
	for i, x := range b {
		if x == 0 {
			b = b[:i]
			break
		}
	}
	s, _ := charmap.Windows1252.NewDecoder().Bytes(b)
	return string(s)
}

func toANSI(s string) []byte {
	var out []byte
	for _, r := range s {
		b, ok := charmap.Windows1252.EncodeRune(r)
		if !ok {
			b = '?'
		}
		out = append(out, b)
	}
	return append(out, 0)
}

// Keys seal what is secret in licensing (MS-RDPELE 5.1.2).
type Keys struct{ salt, key []byte }

// NewKeys derives them from the 48 secret bytes and both sides' 32.
func NewKeys(secret, client, server []byte) *Keys {
	master := triple(secret, client, server)
	blob := triple(master, server, client)
	h := md5.New()
	h.Write(blob[16:32])
	h.Write(client)
	h.Write(server)
	return &Keys{salt: blob[:16], key: h.Sum(nil)}
}

// triple is three salted hashes, of A, BB and CCC.
func triple(secret, first, second []byte) []byte {
	var out []byte
	for _, salt := range []string{"A", "BB", "CCC"} {
		inner := sha1.New()
		inner.Write([]byte(salt))
		inner.Write(secret)
		inner.Write(first)
		inner.Write(second)
		outer := md5.New()
		outer.Write(secret)
		outer.Write(inner.Sum(nil))
		out = outer.Sum(out)
	}
	return out
}

// Crypt encrypts, or decrypts, one part. Each begins the key stream anew.
func (k *Keys) Crypt(b []byte) []byte {
	c, err := rc4.NewCipher(k.key)
	if err != nil {
		return nil // not with 16 bytes
	}
	out := make([]byte, len(b))
	c.XORKeyStream(out, b)
	return out
}

// MAC is the integrity of what was encrypted (MS-RDPELE 5.1.5).
func (k *Keys) MAC(b []byte) []byte {
	inner := sha1.New()
	inner.Write(k.salt)
	inner.Write(repeated(0x36, 40))
	inner.Write(octets.U32(nil, uint32(len(b))))
	inner.Write(b)
	outer := md5.New()
	outer.Write(k.salt)
	outer.Write(repeated(0x5c, 48))
	outer.Write(inner.Sum(nil))
	return outer.Sum(nil)
}

func repeated(b byte, n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = b
	}
	return out
}

// RSA is a server's public key. crypto/rsa refuses keys of 512 bits, which RDP had,
// and has no raw encryption, which this is (MS-RDPBCGR 5.3.4.1): it protects the
// licence only, within TLS.
type RSA struct {
	n, e *big.Int
	size int // bytes of the modulus
}

// Encrypt encrypts a secret. All numbers are little-endian, and 8 zeros follow.
func (k *RSA) Encrypt(secret []byte) []byte {
	m := new(big.Int).SetBytes(reversed(secret))
	m.Exp(m, k.e, k.n)
	return append(reversed(m.FillBytes(make([]byte, k.size))), make([]byte, 8)...)
}

func reversed(b []byte) []byte {
	out := make([]byte, len(b))
	for i, x := range b {
		out[len(b)-1-i] = x
	}
	return out
}
