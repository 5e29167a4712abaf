package anontls

import (
	"crypto/hmac"
	"fmt"
	"hash"
	"io"
)

// Config is what a handshake needs to know.
type Config struct {
	// Rand gives randomness for keys. It must be set, and be good. It is used until
	// Done.
	Rand io.Reader
}

// Agreed is what both sides speak.
type Agreed struct {
	Suite        Suite
	Group        Group
	Bits         int  // of the group
	EncryptFirst bool // before the MAC (RFC 7366); of CBC suites
	MasterSecret bool // the extended one (RFC 7627)
}

// Client is the client's side of a handshake. It is not safe for concurrent use.
type Client struct {
	rand       io.Reader
	state      state
	random     [randomSize]byte
	hello      *serverHello
	agreed     Agreed
	ours       []byte // our half of the key exchange
	master     []byte // the secret; the premaster until it is ours to answer
	transcript []byte // all messages so far; let go with Done
	in         []byte // of a message that is not complete
	out        []byte
	idle       int
	opener     *Opener
	sealer     *Sealer
	reading    bool // the server's records are encrypted
	writing    bool // ours are
	err        error
}

// state says what the server sends next.
type state uint8

const (
	wantHello state = iota
	wantKeyExchange
	wantHelloDone
	wantCipherSpec
	wantFinished
	done
)

func (s state) String() string {
	return [...]string{"server hello", "server key exchange", "server hello done", "change cipher spec", "finished", "nothing"}[s]
}

// NewClient begins; Output has the first message. The error is that of Rand.
func NewClient(cfg Config) (*Client, error) {
	c := &Client{rand: cfg.Rand}
	if _, err := io.ReadFull(cfg.Rand, c.random[:]); err != nil {
		return nil, fmt.Errorf("anonymous tls: randomness: %w", err)
	}
	c.send(appendClientHello(nil, c.random[:]))
	return c, nil
}

// Output gives what is to be sent to the server, once: also after an error. It
// holds until the next call.
func (c *Client) Output() []byte {
	out := c.out
	c.out = c.out[:0]
	return out
}

// Done tells whether the handshake is complete: Records may be used, when Output
// was sent.
func (c *Client) Done() bool { return c.state == done && c.err == nil }

// Agreed tells what was agreed on, once Done.
func (c *Client) Agreed() Agreed { return c.agreed }

// Records are the two directions, once Done.
func (c *Client) Records() (*Opener, *Sealer) {
	if !c.Done() {
		return nil, nil
	}
	return c.opener, c.sealer
}

// Next takes whole records of b, which it changes, and tells how many bytes; what
// is left belongs to its next call, after Done to the Opener. Nothing is taken
// after Done or an error. io.EOF is a server that ends in order.
func (c *Client) Next(b []byte) (n int, err error) {
	for c.err == nil && c.state != done {
		k, err := c.record(b[n:])
		if err != nil {
			c.stop(err)
			break
		}
		if k == 0 {
			break
		}
		n += k
	}
	return n, c.err
}

// stop keeps an error and tells the server.
func (c *Client) stop(err error) {
	c.err = err
	c.transcript, c.in, c.master = nil, nil, nil
	if err == errClosed {
		c.err = io.EOF
		return
	}
	a, ok := AlertOf(err)
	switch {
	case !ok:
	case c.writing:
		c.out = c.sealer.AppendAlert(c.out, a)
	default:
		c.out = append(appendHeader(c.out, recordAlert, 2), a.level(), byte(a))
	}
}

// record takes one record; n is 0 while it is not complete.
func (c *Client) record(b []byte) (n int, err error) {
	var kind byte
	var body []byte
	if c.reading {
		kind, body, n, err = c.opener.open(b)
	} else if kind, n, err = split(b); n > 0 {
		body = b[headerSize:n]
	}
	if n == 0 || err != nil {
		return 0, err
	}
	if len(body) > MaxPlain {
		return 0, fail(RecordOverflow, "record with %d bytes of content", len(body))
	}
	switch kind {
	case recordAlert:
		return n, readAlert(body, &c.idle)
	case recordCipherSpec:
		return n, c.changeCipherSpec(body)
	case recordHandshake:
		if len(body) == 0 {
			return 0, fail(UnexpectedMessage, "empty record of the handshake")
		}
		return n, c.messages(body)
	}
	return 0, fail(UnexpectedMessage, "record of type %d instead of %v", kind, c.state)
}

// changeCipherSpec is RFC 5246, section 7.1. A message may not lie across it.
func (c *Client) changeCipherSpec(b []byte) error {
	if c.state != wantCipherSpec || len(c.in) > 0 {
		return fail(UnexpectedMessage, "change cipher spec instead of %v", c.state)
	}
	if len(b) != 1 || b[0] != 1 {
		return fail(DecodeError, "malformed change cipher spec")
	}
	c.reading, c.state = true, wantFinished
	return nil
}

// messages collects messages from records and takes the complete ones.
func (c *Client) messages(b []byte) error {
	c.in = append(c.in, b...)
	for len(c.in) >= messageHead {
		n := messageHead + int(c.in[1])<<16 + int(c.in[2])<<8 + int(c.in[3])
		if n > maxMessage {
			return fail(DecodeError, "message of %d bytes", n)
		}
		if len(c.in) < n {
			break
		}
		m := c.in[:n:n]
		c.in = c.in[n:]
		if err := c.message(m); err != nil {
			return err
		}
	}
	return nil
}

// message takes a message with its head.
func (c *Client) message(m []byte) error {
	body := m[messageHead:]
	if m[0] == messageHelloRequest && len(body) == 0 {
		// Ignored by who is negotiating already, and not hashed (RFC 5246,
		// section 7.4.1.1).
		if c.idle++; c.idle > maxIdle {
			return fail(UnexpectedMessage, "too many hello requests")
		}
		return nil
	}
	var err error
	switch {
	case c.state == wantHello && m[0] == messageServerHello:
		if c.hello, err = parseServerHello(body); err != nil {
			return err
		}
		c.agreed = Agreed{Suite: c.hello.suite.id, EncryptFirst: c.hello.encryptFirst, MasterSecret: c.hello.masterSecret}
		c.state = wantKeyExchange
	case c.state == wantKeyExchange && m[0] == messageServerKeyExchange:
		c.transcript = append(c.transcript, m...)
		c.state = wantHelloDone
		return c.exchange(body)
	case c.state == wantHelloDone && m[0] == messageServerHelloDone:
		if len(body) > 0 || len(c.in) > 0 {
			return fail(DecodeError, "malformed server hello done")
		}
		c.transcript = append(c.transcript, m...)
		c.state = wantCipherSpec
		return c.answer()
	case c.state == wantFinished && m[0] == messageFinished:
		if want := c.verifyData("server finished"); !hmac.Equal(body, want) || len(c.in) > 0 {
			return fail(DecryptError, "the server's finished does not verify")
		}
		c.transcript, c.in, c.master, c.state = nil, nil, nil, done
		return nil
	case m[0] == messageCertificateRequest:
		// RFC 5246, section 7.4.4.
		return fail(HandshakeFailure, "an anonymous server asks for a certificate")
	default:
		return fail(UnexpectedMessage, "message %d instead of %v", m[0], c.state)
	}
	c.transcript = append(c.transcript, m...)
	return nil
}

// exchange takes the server's half of the key exchange and prepares ours; it is
// sent with answer.
func (c *Client) exchange(b []byte) error {
	of := exchangeField
	if c.hello.suite.ecdh {
		of = exchangeCurve
	}
	x, err := of(b, c.rand)
	if err != nil {
		return err
	}
	c.agreed.Group, c.agreed.Bits = x.group, x.bits
	c.ours, c.master = x.public, x.secret
	return nil
}

func sum(kind func() hash.Hash, b []byte) []byte {
	h := kind()
	h.Write(b)
	return h.Sum(nil)
}

// answer sends our half of the key exchange and ends our part.
func (c *Client) answer() error {
	suite := c.hello.suite
	c.send(appendMessage(nil, messageClientKeyExchange, func(b []byte) []byte { return append(b, c.ours...) }))
	const size = 48
	secret := c.master
	if c.hello.masterSecret { // RFC 7627, section 4
		c.master = prf(suite.prf, size, secret, "extended master secret", sum(suite.prf, c.transcript))
	} else {
		c.master = prf(suite.prf, size, secret, "master secret", c.random[:], c.hello.random[:])
	}
	clear(secret)
	var ivs [48]byte
	if _, err := io.ReadFull(c.rand, ivs[:]); err != nil {
		return fmt.Errorf("anonymous tls: randomness: %w", err)
	}
	var err error
	c.sealer, c.opener, err = suite.keys(c.master, c.random[:], c.hello.random[:], c.hello.encryptFirst, &ivs)
	if err != nil {
		return err
	}
	c.out = append(appendHeader(c.out, recordCipherSpec, 1), 1)
	c.writing = true
	data := c.verifyData("client finished")
	c.send(appendMessage(nil, messageFinished, func(b []byte) []byte { return append(b, data...) }))
	return nil
}

// verifyData is what Finished holds (RFC 5246, section 7.4.9).
func (c *Client) verifyData(label string) []byte {
	hash := c.hello.suite.prf
	return prf(hash, verifySize, c.master, label, sum(hash, c.transcript))
}

// send writes a message.
func (c *Client) send(m []byte) {
	c.transcript = append(c.transcript, m...)
	if c.writing {
		c.out = c.sealer.append(c.out, recordHandshake, m)
		return
	}
	c.out = append(appendHeader(c.out, recordHandshake, len(m)), m...)
}
