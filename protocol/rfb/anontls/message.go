package anontls

import (
	"encoding/binary"
)

// Types of messages (RFC 5246, section 7.4).
const (
	messageHelloRequest       = 0
	messageClientHello        = 1
	messageServerHello        = 2
	messageServerKeyExchange  = 12
	messageCertificateRequest = 13
	messageServerHelloDone    = 14
	messageClientKeyExchange  = 16
	messageFinished           = 20
)

// Extensions.
const (
	extensionGroups       = 10     // RFC 8422, section 5.1.1, and RFC 7919
	extensionPointFormats = 11     // RFC 8422, section 5.1.2
	extensionEncryptFirst = 22     // RFC 7366
	extensionMasterSecret = 23     // RFC 7627
	extensionRenegotiate  = 0xff01 // RFC 5746
)

const uncompressed = 0 // point format

const (
	messageHead = 1 /* type */ + 3 /* length */
	randomSize  = 32
	verifySize  = 12 // of Finished

	// maxMessage bounds a message; what servers of anonymous suites send is a tenth.
	maxMessage = 64 << 10
)

var be = binary.BigEndian

// appendMessage appends a message; body appends what is in it.
func appendMessage(dst []byte, kind byte, body func([]byte) []byte) []byte {
	at := len(dst)
	dst = append(dst, kind, 0, 0, 0)
	dst = body(dst)
	n := len(dst) - at - messageHead
	dst[at+1], dst[at+2], dst[at+3] = byte(n>>16), byte(n>>8), byte(n)
	return dst
}

// counted appends something with its length before it, in two bytes.
func counted(dst []byte, body func([]byte) []byte) []byte {
	at := len(dst)
	dst = append(dst, 0, 0)
	dst = body(dst)
	be.PutUint16(dst[at:], uint16(len(dst)-at-2))
	return dst
}

// appendClientHello is RFC 5246, section 7.4.1.2.
func appendClientHello(dst, random []byte) []byte {
	return appendMessage(dst, messageClientHello, func(b []byte) []byte {
		b = be.AppendUint16(b, version)
		b = append(b, random...)
		b = append(b, 0) // no session to resume
		b = counted(b, func(b []byte) []byte {
			for _, s := range suites {
				b = be.AppendUint16(b, uint16(s.id))
			}
			return b
		})
		b = append(b, 1, 0) // no compression
		extension := func(b []byte, kind uint16, body func([]byte) []byte) []byte {
			return counted(be.AppendUint16(b, kind), body)
		}
		none := func(b []byte) []byte { return b }
		return counted(b, func(b []byte) []byte {
			b = extension(b, extensionGroups, func(b []byte) []byte {
				return counted(b, func(b []byte) []byte {
					for _, g := range groups {
						b = be.AppendUint16(b, uint16(g.id))
					}
					return b
				})
			})
			b = extension(b, extensionPointFormats, func(b []byte) []byte { return append(b, 1, uncompressed) })
			b = extension(b, extensionEncryptFirst, none)
			b = extension(b, extensionMasterSecret, none)
			return extension(b, extensionRenegotiate, func(b []byte) []byte { return append(b, 0) })
		})
	})
}

// cursor reads a message. After a read beyond the end it gives zeros and is bad.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) take(n int) []byte {
	if n > len(c.b) {
		c.bad, c.b = true, nil
		return nil
	}
	b := c.b[:n]
	c.b = c.b[n:]
	return b
}

func (c *cursor) byte() byte {
	if b := c.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (c *cursor) uint16() uint16 {
	if b := c.take(2); b != nil {
		return be.Uint16(b)
	}
	return 0
}

// ended tells whether exactly everything was read.
func (c *cursor) ended() bool { return !c.bad && len(c.b) == 0 }

// serverHello is RFC 5246, section 7.4.1.3.
type serverHello struct {
	random       [randomSize]byte
	suite        *spec
	encryptFirst bool
	masterSecret bool // the extended one
}

func parseServerHello(b []byte) (*serverHello, error) {
	c, h := &cursor{b: b}, &serverHello{}
	v := c.uint16()
	copy(h.random[:], c.take(randomSize))
	session := c.take(int(c.byte()))
	suite := Suite(c.uint16())
	compression := c.byte()
	extensions := &cursor{}
	if len(c.b) > 0 {
		extensions.b = c.take(int(c.uint16()))
	}
	switch i := suite.find(); {
	case !c.ended() || len(session) > 32:
		return nil, fail(DecodeError, "malformed server hello")
	case v != version:
		return nil, fail(ProtocolVersion, "the server speaks version %#04x, not TLS 1.2", v)
	case i < 0:
		return nil, fail(IllegalParameter, "the server takes %v, which was not offered", suite)
	case compression != 0:
		return nil, fail(IllegalParameter, "the server wants compression %d", compression)
	default:
		h.suite = &suites[i]
	}
	return h, h.extensions(extensions)
}

// extensions are answers to ours, each at most once (RFC 5246, section 7.4.1.4).
func (h *serverHello) extensions(c *cursor) error {
	seen := map[uint16]bool{}
	for len(c.b) > 0 {
		kind := c.uint16()
		body := c.take(int(c.uint16()))
		if c.bad {
			return fail(DecodeError, "malformed extensions of the server hello")
		}
		if seen[kind] {
			return fail(IllegalParameter, "extension %d comes twice", kind)
		}
		seen[kind] = true
		ok := true
		switch kind {
		case extensionGroups: // not for servers of this version; some send it all the same
		case extensionPointFormats:
			formats := &cursor{b: body}
			ok = contains(formats.take(int(formats.byte())), uncompressed) && formats.ended()
		case extensionEncryptFirst:
			// Without a MAC there is nothing to encrypt before it.
			ok = len(body) == 0 && h.suite.mac != nil
			h.encryptFirst = true
		case extensionMasterSecret:
			ok = len(body) == 0
			h.masterSecret = true
		case extensionRenegotiate:
			if len(body) != 1 || body[0] != 0 { // RFC 5746, section 3.4
				return fail(HandshakeFailure, "wrong renegotiation info")
			}
		default:
			return fail(UnsupportedExtension, "extension %d was not offered", kind)
		}
		if !ok {
			return fail(IllegalParameter, "wrong extension %d", kind)
		}
	}
	return nil
}

func contains(b []byte, v byte) bool {
	for _, x := range b {
		if x == v {
			return true
		}
	}
	return false
}
