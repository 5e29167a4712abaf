// Package anontls is the client's side of TLS 1.2 with anonymous key exchange, which
// VNC servers use for the types TLSNone, TLSVnc and TLSPlain of VeNCrypt and for
// security type 18, and which crypto/tls does not have.
//
// What it gives is encrypted, but the server is not verified: whoever sits between
// can be the server towards the client and the client towards the server. It
// keeps out those who only listen. Where a server offers certificates, those are
// to be taken instead, with crypto/tls.
//
// It does no I/O: bytes in, bytes out. [Client] speaks the handshake, then its
// [Opener] and [Sealer] are the two directions of the connection, one goroutine
// each:
//
//	c, err := anontls.NewClient(anontls.Config{Rand: rand.Reader})
//	for !c.Done() {
//		write(c.Output())      // also after an error: it tells the server
//		n, err := c.Next(in)   // in: what was read and not taken yet; it is changed
//		in = in[n:]            // n == 0: read more
//	}
//	write(c.Output())
//	opener, sealer := c.Records()
//
// # What it speaks
//
// TLS 1.2 alone (RFC 5246): TLS_DH_anon with AES-GCM (RFC 5288) and AES-CBC,
// TLS_ECDH_anon with AES-CBC (RFC 8422) on X25519, P-256 and P-384. It asks for
// the extended master secret (RFC 7627), for encryption before the MAC (RFC 7366)
// and for finite fields of RFC 7919, and takes servers that lack them. No session
// is resumed, nothing is compressed, and the keys are never negotiated anew: a
// server that wishes to is told so (RFC 5746; no_renegotiation).
//
// # Bounds
//
// A record has at most 16 KiB of content (RFC 5246, section 6.2), a message of
// the handshake 64 KiB, a group 1024 to 8192 bits. Warnings and requests that lead
// nowhere are counted. Every other breach is an [*Error], after which a machine
// only repeats it.
//
// # Time
//
// MACs are compared in constant time. Where a server does not encrypt before the
// MAC, the check of padding and MAC takes the same time for whatever padding
// (RFC 5246, section 6.2.3.2; Lucky Thirteen). The exponents of finite fields are
// used once, and with math/big, which is not constant in time.
package anontls
