package rfb

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/porthole-rac/porthole/protocol/rfb/ra2"
)

// Event is what a machine reports: one of the pointer types of this package that
// say so. It holds until the next call of the machine.
type Event any

// Config is what a handshake needs to know.
type Config struct {
	// Rand gives randomness for keys and padding. It must be set, and be good.
	Rand io.Reader
	// Exclusive asks the server to disconnect its other viewers (RFB, "ClientInit").
	Exclusive bool
	// Have are the credentials at hand without asking a person; they decide between
	// types of equal protection.
	Have Kinds
	// Allow are the only types that may be used, if there are any here. Naming a
	// container (VeNCrypt, Tight, TLS, Ultra) allows all that is in it.
	Allow []Security
	// Forbid are types that are not used.
	Forbid []Security
	// Repeater is what a repeater is told when the other side is one: "host:port" or
	// "ID:number".
	Repeater string
	// Key is the client's RSA key for the RA2 types, 2048 bits or so, which may be
	// shared by all connections; nil: one is made when it is needed (0.2 s).
	Key *rsa.PrivateKey
	// MaxPixels bounds the framebuffer; 0: DefaultMaxPixels.
	MaxPixels int
}

// DefaultMaxPixels is the bound of framebuffers: 64 Mpixel, twice an 8K screen.
const DefaultMaxPixels = 64 << 20

// Events of a handshake that wait for the owner.
type (
	// NeedCredentials asks for Answer.
	NeedCredentials struct {
		Kinds    Kinds
		Security []Security // what they are for; the last is the login itself
		Safe     bool       // they will travel encrypted
	}
	// ServerKey asks for TrustServer, if the key is the server's.
	ServerKey struct {
		Bits   int
		SHA256 [32]byte // of Wire
		Wire   []byte   // length, modulus and exponent as they came (RFB, "RSA-AES Security Type")
	}
	// StartTLS asks for TLS over the connection, and then Secured. Bytes that Next
	// did not take belong to TLS.
	StartTLS struct {
		Anonymous bool // without certificates (package anontls); else X.509 (crypto/tls)
	}
	// StartRecords asks that everything from now on goes through the two directions,
	// and then Secured.
	StartRecords struct {
		Opener *ra2.Opener
		Sealer *ra2.Sealer
	}
)

// Ready is the last event of a handshake: the session begins.
type Ready struct {
	Announced, Spoken Version
	Security          []Security // from the outer to the inner
	Protection        Protection
	Truncated         bool // the password has more than the 8 bytes that VncAuth uses
	Width, Height     int  // may be 0: the size follows in an update
	Format            PixelFormat
	Name              string // cleaned; may be empty
	Tight             *TightCapabilities
}

// Credentials answer NeedCredentials; what was not asked for is not used.
type Credentials struct{ Username, Password, Target string }

// String hides them.
func (Credentials) String() string { return "[credentials]" }

// GoString hides them.
func (Credentials) GoString() string { return "[credentials]" }

// Handshake is a connection's beginning, up to ServerInit. It is not safe for
// concurrent use.
type Handshake struct {
	cfg    Config
	need   int // bytes of the next step
	step   hstep
	name   string // of the step, for errors
	buf    []byte
	out    []byte
	offset int64
	wait   waiting
	resume func(*Handshake, Credentials) error // after Answer
	after  hstep                               // after TrustServer or Secured
	err    error
	done   bool

	announced, spoken Version
	chosen            []Security
	secured           bool // through TLS or records
	protection        Protection
	truncated         bool
	tooMany           bool
	tight             bool
	lists             int // of security types seen
	ra                ra2State
}

// hstep takes exactly the bytes that were needed.
type hstep func(h *Handshake, b []byte) (Event, error)

type waiting uint8

const (
	waitNothing waiting = iota
	waitAnswer
	waitTrust
	waitSecured
)

// NewHandshake begins with a connection on which nothing was read.
func NewHandshake(cfg Config) *Handshake {
	if cfg.MaxPixels == 0 {
		cfg.MaxPixels = DefaultMaxPixels
	}
	h := &Handshake{cfg: cfg}
	h.then("version", versionSize, (*Handshake).readVersion)
	return h
}

// then says what comes next.
func (h *Handshake) then(name string, need int, step hstep) {
	h.name, h.need, h.step = name, need, step
}

// Next takes bytes of in and gives the next event, or nil when it needs more bytes
// or an answer. After an error, and after Ready, it takes nothing.
func (h *Handshake) Next(in []byte) (ev Event, n int, err error) {
	for h.err == nil && !h.done && h.wait == waitNothing {
		k := min(h.need-len(h.buf), len(in)-n)
		h.buf = append(h.buf, in[n:n+k]...)
		n += k
		h.offset += int64(k)
		if len(h.buf) < h.need {
			if h.name == "version" && !versionPrefix(h.buf) {
				h.err = h.noVersion()
				break
			}
			return nil, n, nil
		}
		b := h.buf
		h.buf = h.buf[:0]
		ev, h.err = h.step(h, b)
		if ev != nil && h.err == nil {
			return ev, n, nil
		}
	}
	return nil, n, h.err
}

// Output gives what is to be sent to the server, once. It holds until the next call
// of the machine.
func (h *Handshake) Output() []byte {
	out := h.out
	h.out = h.out[:0]
	return out
}

// Security are the types chosen so far, from the outer to the inner. Some servers list
// types that they do not have and close the connection when one is taken: the next
// attempt may forbid it.
func (h *Handshake) Security() []Security { return slices.Clone(h.chosen) }

// Waiting tells whether the machine waits for its owner rather than for bytes.
func (h *Handshake) Waiting() bool { return h.wait != waitNothing }

// Answer gives the credentials that NeedCredentials asked for. An error that is no
// ErrWaiting is about the credentials (too long); nothing was sent then, and Answer
// may be called again.
func (h *Handshake) Answer(c Credentials) error {
	if h.wait != waitAnswer {
		return fmt.Errorf("answer: %w", ErrWaiting)
	}
	if err := h.resume(h, c); err != nil {
		return err
	}
	h.wait, h.resume = waitNothing, nil
	return nil
}

// TrustServer goes on after ServerKey.
func (h *Handshake) TrustServer() error { return h.goOn(waitTrust) }

// Secured goes on after StartTLS or StartRecords, when what Next will be given and
// what Output gives go through it.
func (h *Handshake) Secured() error { return h.goOn(waitSecured) }

func (h *Handshake) goOn(from waiting) error {
	if h.wait != from {
		return ErrWaiting
	}
	h.wait = waitNothing
	h.then(h.name, 0, h.after)
	return nil
}

// ask waits for credentials.
func (h *Handshake) ask(kinds Kinds, resume func(*Handshake, Credentials) error) Event {
	h.wait, h.resume = waitAnswer, resume
	return &NeedCredentials{Kinds: kinds, Security: slices.Clone(h.chosen), Safe: h.secured || h.protection >= ProtectLogin}
}

// Closed gives the error of a connection that the server closed.
func (h *Handshake) Closed() error {
	if h.err != nil {
		return h.err
	}
	switch h.name {
	case "version":
		if len(h.buf) > 0 {
			return h.noVersion()
		}
		return fmt.Errorf("the server closed the connection without a word: %w", io.ErrUnexpectedEOF)
	case "reason", "reason length":
		return h.refusal(h.buf)
	case "security result":
		// Without a result a refusal is more likely than a fault: some servers close
		// at once.
		return fmt.Errorf("%w: %w", &AuthError{Security: slices.Clone(h.chosen), Truncated: h.truncated}, io.ErrUnexpectedEOF)
	}
	step := h.name
	if len(h.chosen) > 0 {
		step = path(h.chosen) + ", " + step
	}
	return fmt.Errorf("the server closed the connection in the handshake (%s): %w", step, io.ErrUnexpectedEOF)
}

func (h *Handshake) fail(format string, args ...any) error {
	return &ProtocolError{Step: h.name, Text: fmt.Sprintf(format, args...), Offset: h.offset}
}

// random fills b.
func (h *Handshake) random(b []byte) error {
	if h.cfg.Rand == nil {
		return errors.New("rfb: no source of randomness")
	}
	if _, err := io.ReadFull(h.cfg.Rand, b); err != nil {
		return fmt.Errorf("rfb: randomness: %w", err)
	}
	return nil
}

func versionPrefix(b []byte) bool {
	return string(b[:min(len(b), 4)]) == "RFB "[:min(len(b), 4)]
}

func (h *Handshake) noVersion() error {
	return fmt.Errorf("%w: it begins with %q", ErrNoVersion, cleaned(h.buf))
}

func (h *Handshake) readVersion(b []byte) (Event, error) {
	v, ok := parseVersion(b)
	if !ok {
		return nil, fmt.Errorf("%w: it begins with %q", ErrNoVersion, cleaned(b))
	}
	if v.repeater() {
		if h.cfg.Repeater == "" {
			return nil, h.fail("a repeater, which must be told the server (dest-host)")
		}
		out, err := AppendRepeater(h.out, h.cfg.Repeater)
		if err != nil {
			return nil, err
		}
		h.out, h.cfg.Repeater = out, ""
		h.then("version", versionSize, (*Handshake).readVersion)
		return nil, nil
	}
	h.announced, h.spoken = v, v.spoken()
	h.out = fmt.Appendf(h.out, "RFB %s\n", h.spoken)
	if h.spoken == version33 {
		h.then("security type", 4, (*Handshake).readSecurity33)
	} else {
		h.then("security types", 1, (*Handshake).readCount)
	}
	return nil, nil
}

// clampInt is a U32 as an int on every platform.
func clampInt(n uint32) int { return int(min(n, math.MaxInt32)) }
