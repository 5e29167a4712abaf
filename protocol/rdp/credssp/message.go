package credssp

import (
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/porthole-rac/porthole/protocol/rdp/octets"
)

// MaxMessage bounds a message. NTLM's are below 2 KB; keys of 16,384 bits and tickets
// fit too.
const MaxMessage = 64 << 10

// Message is a TSRequest (MS-CSSP 2.2.1).
type Message struct {
	Version   int
	Token     []byte
	AuthInfo  []byte
	PublicKey []byte
	Failed    bool // there is an error code
	Error     uint32
	Nonce     []byte
}

func tag(n uint8) asn1.Tag { return asn1.Tag(n).Constructed().ContextSpecific() }

// Append appends the message in DER.
func (m Message) Append(dst []byte) []byte {
	b := cryptobyte.NewBuilder(nil)
	octet := func(b *cryptobyte.Builder, n uint8, v []byte) {
		if v != nil {
			b.AddASN1(tag(n), func(b *cryptobyte.Builder) { b.AddASN1OctetString(v) })
		}
	}
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(tag(0), func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(m.Version)) })
		if m.Token != nil {
			b.AddASN1(tag(1), func(b *cryptobyte.Builder) {
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { octet(b, 0, m.Token) })
				})
			})
		}
		octet(b, 2, m.AuthInfo)
		octet(b, 3, m.PublicKey)
		if m.Failed {
			b.AddASN1(tag(4), func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(int32(m.Error))) })
		}
		octet(b, 5, m.Nonce)
	})
	return append(dst, b.BytesOrPanic()...)
}

// Size is how long the message at the beginning of b is; 0 when b does not say yet.
func Size(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	if b[0] != 0x30 {
		return 0, ErrMessage
	}
	if len(b) < 2 {
		return 0, nil
	}
	n, head := int(b[1]), 2
	if n >= 0x80 {
		more := n & 0x7f
		if more == 0 || more > 3 {
			return 0, ErrMessage
		}
		head += more
		if len(b) < head {
			return 0, nil
		}
		n = 0
		for _, x := range b[2:head] {
			n = n<<8 | int(x)
		}
	}
	if n > MaxMessage-head {
		return 0, fmt.Errorf("%w: %d bytes", ErrMessage, n)
	}
	return head + n, nil
}

// Parse reads a message.
func Parse(b []byte) (Message, error) {
	var m Message
	s := cryptobyte.String(b)
	var body, inner cryptobyte.String
	if !s.ReadASN1(&body, asn1.SEQUENCE) || !s.Empty() ||
		!body.ReadASN1(&inner, tag(0)) || !inner.ReadASN1Integer(&m.Version) {
		return m, ErrMessage
	}
	octet := func(n uint8, to *[]byte) bool {
		var inner, value cryptobyte.String
		var there bool
		if !body.ReadOptionalASN1(&inner, &there, tag(n)) {
			return false
		}
		if there && !inner.ReadASN1(&value, asn1.OCTET_STRING) {
			return false
		}
		if there {
			*to = []byte(value)
		}
		return true
	}
	var tokens, list, first, token, value cryptobyte.String
	var there bool
	if !body.ReadOptionalASN1(&tokens, &there, tag(1)) {
		return m, ErrMessage
	}
	if there {
		if !tokens.ReadASN1(&list, asn1.SEQUENCE) || !list.ReadASN1(&first, asn1.SEQUENCE) || !first.ReadASN1(&token, tag(0)) || !token.ReadASN1(&value, asn1.OCTET_STRING) {
			return m, ErrMessage
		}
		m.Token = []byte(value)
	}
	var code cryptobyte.String
	if !octet(2, &m.AuthInfo) || !octet(3, &m.PublicKey) || !body.ReadOptionalASN1(&code, &m.Failed, tag(4)) {
		return m, ErrMessage
	}
	if m.Failed {
		var v int64
		if !code.ReadASN1Integer(&v) {
			return m, ErrMessage
		}
		m.Error = uint32(v)
	}
	if !octet(5, &m.Nonce) {
		return m, ErrMessage
	}
	return m, nil
}

// appendCredentials is a TSCredentials with a TSPasswordCreds (MS-CSSP 2.2.1.2).
func appendCredentials(domain, user, password string) []byte {
	text := func(b *cryptobyte.Builder, n uint8, v string) {
		b.AddASN1(tag(n), func(b *cryptobyte.Builder) { b.AddASN1OctetString(octets.AppendText(nil, v)) })
	}
	b := cryptobyte.NewBuilder(nil)
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(tag(0), func(b *cryptobyte.Builder) { b.AddASN1Int64(1) })
		b.AddASN1(tag(1), func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.OCTET_STRING, func(b *cryptobyte.Builder) {
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
					text(b, 0, domain)
					text(b, 1, user)
					text(b, 2, password)
				})
			})
		})
	})
	return b.BytesOrPanic()
}

// ParseCredentials reads what a server gets in the end.
func ParseCredentials(b []byte) (domain, user, password string, err error) {
	s := cryptobyte.String(b)
	var outer, inner, octet, creds cryptobyte.String
	var kind int
	if !s.ReadASN1(&outer, asn1.SEQUENCE) || !outer.ReadASN1(&inner, tag(0)) || !inner.ReadASN1Integer(&kind) || kind != 1 ||
		!outer.ReadASN1(&inner, tag(1)) || !inner.ReadASN1(&octet, asn1.OCTET_STRING) || !octet.ReadASN1(&creds, asn1.SEQUENCE) {
		return "", "", "", ErrMessage
	}
	for i, to := range []*string{&domain, &user, &password} {
		var v cryptobyte.String
		if !creds.ReadASN1(&inner, tag(uint8(i))) || !inner.ReadASN1(&v, asn1.OCTET_STRING) {
			return "", "", "", ErrMessage
		}
		*to = octets.Text(v)
	}
	return domain, user, password, nil
}
