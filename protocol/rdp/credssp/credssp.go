// Package credssp logs in to a server by CredSSP (MS-CSSP) within TLS: NTLM, then the
// proof that the server has the key of the certificate that TLS saw, and only then
// the password for the session. Versions 2 to 6.
//
// The server's key is checked always. A server that leaves the proof out, or whose
// proof is of another key, gets no password: that is how a machine in between shows.
package credssp

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/porthole-rac/porthole/protocol/rdp/ntlm"
	"github.com/porthole-rac/porthole/protocol/rdp/octets"
)

// Versions.
const (
	minVersion  = 2
	hashVersion = 5 // from here on a hash is proved instead of the key
	ownVersion  = 6
)

// Errors.
var (
	ErrKey     = errors.New("the server does not have the key of its certificate: something between reads the connection")
	ErrMessage = errors.New("not a message of CredSSP")
	// ErrDenied is the early result that the user may not use the machine.
	ErrDenied = errors.New("the user may not log in to this machine")
)

// Config is what a login needs.
type Config struct {
	User, Domain, Password string
	Workstation            string
	Host                   string // the server's name, for the service's name
	Certificate            []byte // the server's, in DER, as TLS had it
	Now                    time.Time
	Rand                   io.Reader
}

// Client is a login. It is used once.
type Client struct {
	cfg     Config
	key     []byte // the server's
	ntlm    *ntlm.Client
	session *ntlm.Session
	version int
	nonce   []byte
	step    func(*Client, Message) ([]byte, error)
	done    bool
}

// NewClient begins a login.
func NewClient(cfg Config) (*Client, error) {
	key, err := ntlm.PublicKey(cfg.Certificate)
	if err != nil {
		return nil, err
	}
	c := &Client{cfg: cfg, key: key, version: ownVersion, step: (*Client).authenticate}
	c.ntlm = ntlm.NewClient(ntlm.Config{
		User: cfg.User, Domain: cfg.Domain, Password: cfg.Password, Workstation: cfg.Workstation, Target: "TERMSRV/" + cfg.Host,
		Bindings: ntlm.Bindings(cfg.Certificate), Now: cfg.Now, Rand: cfg.Rand,
	})
	return c, nil
}

// Start is the first message.
func (c *Client) Start() []byte {
	return Message{Version: ownVersion, Token: c.ntlm.Negotiate()}.Append(nil)
}

// Done tells whether the server was proved and has the password.
func (c *Client) Done() bool { return c.done }

// Sent tells whether the server has what it needs to judge the login.
func (c *Client) Sent() bool { return c.session != nil }

// Next takes one message of the server and gives what is sent. An error of the
// server's own is a *StatusError.
func (c *Client) Next(message []byte) ([]byte, error) {
	m, err := Parse(message)
	switch {
	case err != nil:
		return nil, err
	case m.Failed:
		return nil, &StatusError{m.Error}
	case m.Version < minVersion:
		return nil, fmt.Errorf("%w: version %d", ErrMessage, m.Version)
	case c.step == nil:
		return nil, fmt.Errorf("%w: after its end", ErrMessage)
	}
	c.version = min(ownVersion, m.Version)
	return c.step(c, m)
}

func (c *Client) authenticate(m Message) ([]byte, error) {
	if len(m.Token) == 0 {
		return nil, fmt.Errorf("%w: no challenge", ErrMessage)
	}
	token, session, err := c.ntlm.Authenticate(m.Token)
	if err != nil {
		return nil, err
	}
	c.session = session
	out := Message{Version: ownVersion, Token: token}
	proof := c.key
	if c.version >= hashVersion {
		c.nonce = make([]byte, 32)
		if _, err := io.ReadFull(c.cfg.Rand, c.nonce); err != nil {
			return nil, fmt.Errorf("credssp: randomness: %w", err)
		}
		out.Nonce = c.nonce
		proof = Hash(ToServer, c.nonce, c.key)
	}
	out.PublicKey = session.Wrap(proof)
	c.step = (*Client).check
	return out.Append(nil), nil
}

// check looks at the server's proof and hands over the password.
func (c *Client) check(m Message) ([]byte, error) {
	if len(m.PublicKey) == 0 {
		return nil, ErrKey
	}
	proof, err := c.session.Unwrap(m.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrKey, err)
	}
	want := Plus1(c.key)
	if c.nonce != nil {
		// By what was sent, not by the version of this message: it must not choose.
		want = Hash(ToClient, c.nonce, c.key)
	}
	if subtle.ConstantTimeCompare(proof, want) != 1 {
		return nil, ErrKey
	}
	c.step, c.done = nil, true
	credentials := appendCredentials(c.cfg.Domain, c.cfg.User, c.cfg.Password)
	return Message{Version: ownVersion, AuthInfo: c.session.Wrap(credentials)}.Append(nil), nil
}

// What is hashed before the nonce and the key; the NULs belong to it (MS-CSSP 3.1.5).
const (
	ToServer = "CredSSP Client-To-Server Binding Hash\x00"
	ToClient = "CredSSP Server-To-Client Binding Hash\x00"
)

// Hash is the proof of a key from version 5 on.
func Hash(direction string, nonce, key []byte) []byte {
	h := sha256.New()
	h.Write([]byte(direction))
	h.Write(nonce)
	h.Write(key)
	return h.Sum(nil)
}

// Plus1 is the server's proof before version 5: the key with its first byte one up.
func Plus1(key []byte) []byte {
	out := append([]byte(nil), key...)
	if len(out) > 0 {
		out[0]++
	}
	return out
}

// EarlyResultSize is the size of the result that may follow the login.
const EarlyResultSize = 4

// EarlyResult reads it (MS-RDPBCGR 2.2.10.2).
func EarlyResult(b []byte) error {
	r := octets.New(b)
	switch v := r.U32(); {
	case r.Err() != nil:
		return ErrMessage
	case v == 0:
		return nil
	case v == 5:
		return ErrDenied
	default:
		return fmt.Errorf("%w (code %d)", ErrDenied, v)
	}
}
