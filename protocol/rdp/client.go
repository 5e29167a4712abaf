package rdp

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/porthole-rac/porthole/protocol/rdp/caps"
	"github.com/porthole-rac/porthole/protocol/rdp/channel"
	"github.com/porthole-rac/porthole/protocol/rdp/credssp"
	"github.com/porthole-rac/porthole/protocol/rdp/disp"
	"github.com/porthole-rac/porthole/protocol/rdp/dvc"
	"github.com/porthole-rac/porthole/protocol/rdp/gcc"
	"github.com/porthole-rac/porthole/protocol/rdp/license"
	"github.com/porthole-rac/porthole/protocol/rdp/mcs"
	"github.com/porthole-rac/porthole/protocol/rdp/share"
	"github.com/porthole-rac/porthole/protocol/rdp/update"
	"github.com/porthole-rac/porthole/protocol/rdp/x224"
)

// Client is a connection. It is not safe for concurrent use.
type Client struct {
	cfg    Config
	step   step
	wait   waiting
	size   func([]byte) (int, error) // of the next frame
	buf    []byte                    // a frame that arrives in pieces
	out    []byte
	offset int64
	now    time.Duration
	err    error

	// What is left of the frame that is being reported.
	fast     []byte // pieces of the fast path
	slow     []byte // messages of the main channel
	updating bool   // the parser has more
	later    Event  // comes after the one before
	asked    bool   // for credentials

	// Of connecting.
	protocol    x224.Protocols
	extended    bool
	certificate []byte
	credentials *Credentials
	cred        *credssp.Client
	server      gcc.Server
	user        uint16
	joins       []uint16
	license     *license.Client

	// Of the session.
	static   []staticChannel
	dynamic  *dvc.Client
	dynJoin  channel.Joiner
	dispID   uint32
	dispCaps *disp.Caps
	dispBuf  []byte
	bulk     Bulk
	parser   *update.Parser
	caps     caps.Server
	shareID  uint32
	active   bool
	first    bool
	info     share.ErrorInfo
	measure  measure

	ev events
}

// staticChannel is one that was joined.
type staticChannel struct {
	id    uint16
	name  string
	track channel.Track
	bulk  Bulk
}

// measure is a measurement of bandwidth.
type measure struct {
	since time.Duration
	from  int64 // offset
	on    bool
	extra uint32 // bytes of payload messages
}

// events are there once, so that the steady state allocates nothing.
type events struct {
	channel     ChannelData
	heartbeat   Heartbeat
	network     Network
	indicators  Indicators
	active      Active
	beep        Beep
	ignored     Ignored
	deactivated Deactivated
}

// step is where a connection is.
type step byte

const (
	stepConfirm step = iota // X.224
	stepTLS
	stepLogin // CredSSP
	stepEarly
	stepSettings // MCS connect response
	stepAttach
	stepJoin
	stepLicense
	stepDemand   // the server's capabilities
	stepFinalize // until the font map
	stepSession
	stepEnd
)

var stepNames = [...]string{
	"connection request", "TLS", "login", "early authorization", "settings", "attach user", "channels", "licensing",
	"capabilities", "finalisation", "session", "end",
}

func (s step) String() string { return stepNames[s] }

type waiting byte

const (
	waitNothing waiting = iota
	waitTLS
	waitAnswer
)

// NewClient begins with a connection on which nothing was sent; Output has the first
// message.
func NewClient(cfg Config) (*Client, error) {
	if cfg.NoLogin {
		cfg.Protocols &^= x224.Hybrid | x224.HybridEx
	}
	switch {
	case cfg.Protocols&x224.TLS == 0 || cfg.Protocols&^(x224.TLS|x224.Hybrid|x224.HybridEx) != 0:
		return nil, fmt.Errorf("rdp: security %v is not possible", cfg.Protocols)
	case cfg.Rand == nil:
		return nil, errors.New("rdp: no source of randomness")
	case cfg.Width <= 0 || cfg.Height <= 0 || cfg.Width > gcc.MaxSide || cfg.Height > gcc.MaxSide:
		return nil, fmt.Errorf("rdp: a desktop of %d × %d is not possible", cfg.Width, cfg.Height)
	case len(cfg.Channels) >= gcc.MaxChannels:
		return nil, fmt.Errorf("rdp: %d channels are too many", len(cfg.Channels))
	}
	cfg.Width, cfg.Height = disp.Fit(cfg.Width, cfg.Height)
	if cfg.Depth == 0 {
		cfg.Depth = 32
	}
	if cfg.MaxUpdate == 0 {
		cfg.MaxUpdate = DefaultMaxUpdate
	}
	cfg.MaxUpdate = max(cfg.MaxUpdate, update.MinRequest)
	if cfg.Frames == 0 {
		cfg.Frames = 2
	}
	if cfg.Keyboard.Type == 0 {
		cfg.Keyboard.Type, cfg.Keyboard.Keys = 4, 12
	}
	c := &Client{cfg: cfg, size: confirmSize, credentials: cfg.Credentials, parser: update.NewParser(cfg.MaxUpdate), first: true}
	cookie := ""
	if cfg.Credentials != nil {
		_, cookie = cfg.Credentials.account()
	}
	c.out = x224.Request{Token: cfg.Token, Cookie: cookie, Protocols: cfg.Protocols, Correlation: cfg.Correlation}.Append(c.out)
	return c, nil
}

// At tells the time since any moment, for what the server wants measured. It is not
// needed otherwise.
func (c *Client) At(now time.Duration) { c.now = now }

// Next takes bytes of in and gives the next event. When it gives none, it has taken all
// of in, unless it waits for its owner or has ended. The bytes of in must stay as they
// are until then: events point into them.
func (c *Client) Next(in []byte) (ev Event, n int, err error) {
	for c.err == nil {
		ev, err := c.resume()
		if ev != nil || err != nil {
			return ev, n, c.failed(err)
		}
		if c.wait != waitNothing || c.step == stepEnd {
			return nil, n, nil
		}
		frame, k, err := c.frame(in[n:])
		n += k
		if err != nil {
			return nil, n, c.failed(err)
		}
		if frame == nil {
			return nil, n, nil
		}
		c.offset += int64(len(frame)) // whole frames: how they arrive makes no difference
		if ev, err = c.take(frame); ev != nil || err != nil {
			return ev, n, c.failed(err)
		}
	}
	return nil, n, c.err
}

// failed keeps an error for good. What the server broke is wrapped with where.
func (c *Client) failed(err error) error {
	if err == nil {
		return nil
	}
	var status *credssp.StatusError
	var refused x224.Failure
	var licensing *license.Error
	var ended *DisconnectError
	switch {
	case errors.As(err, &status), errors.As(err, &refused), errors.As(err, &licensing), errors.As(err, &ended),
		errors.Is(err, credssp.ErrKey), errors.Is(err, credssp.ErrDenied):
		// These are said as they are.
	default:
		err = &ProtocolError{Step: c.step.String(), Err: err, Offset: c.offset}
	}
	c.err = err
	return err
}

func tpktSize(b []byte) (int, error) {
	n, _, err := x224.FrameSize(b)
	return n, err
}

// confirmSize is tpktSize for the first frame, which is never of the fast path.
func confirmSize(b []byte) (int, error) {
	if len(b) > 0 && b[0] != 3 {
		return 0, x224.ErrNotRDP
	}
	return tpktSize(b)
}

// loginSize is of a message of CredSSP. Some servers (gnome-remote-desktop) answer a
// login that they refuse with a goodbye of the next layer.
func (c *Client) loginSize(b []byte) (int, error) {
	if len(b) > 0 && b[0] == 3 && c.cred.Sent() {
		return 0, c.ended(0, false)
	}
	return credssp.Size(b)
}

func earlySize([]byte) (int, error) { return credssp.EarlyResultSize, nil }

// frame gives the next frame, whole, or nil: then in was kept. A frame that lies in in
// whole is not copied.
func (c *Client) frame(in []byte) (frame []byte, n int, err error) {
	if len(c.buf) == 0 {
		size, err := c.size(in)
		if err != nil {
			return nil, 0, c.notRDP(in, err)
		}
		if size > 0 && len(in) >= size {
			return in[:size:size], size, nil
		}
	}
	for n < len(in) {
		size, err := c.size(c.buf)
		if err != nil {
			return nil, n, c.notRDP(c.buf, err)
		}
		k := 1 // a head byte by byte, then the rest at once
		if size > 0 {
			if k = min(size-len(c.buf), len(in)-n); k == 0 {
				break
			}
		}
		c.buf = append(c.buf, in[n:n+k]...)
		n += k
	}
	size, err := c.size(c.buf)
	if err != nil {
		return nil, n, c.notRDP(c.buf, err)
	}
	if size == 0 || len(c.buf) < size {
		return nil, n, nil
	}
	frame = c.buf
	c.buf = c.buf[:0]
	return frame, n, nil
}

// notRDP says what else the other side may be.
func (c *Client) notRDP(b []byte, err error) error {
	if c.step != stepConfirm {
		return err
	}
	switch {
	case bytes.HasPrefix(b, []byte("SSH-")):
		return fmt.Errorf("%w: it is an SSH server", x224.ErrNotRDP)
	case bytes.HasPrefix(b, []byte("RFB ")):
		return fmt.Errorf("%w: it is a VNC server", x224.ErrNotRDP)
	case bytes.HasPrefix(b, []byte("HTTP")):
		return fmt.Errorf("%w: it is a web server", x224.ErrNotRDP)
	}
	return x224.ErrNotRDP
}

// take reads one frame.
func (c *Client) take(frame []byte) (Event, error) {
	switch c.step {
	case stepConfirm:
		return c.confirm(frame)
	case stepLogin:
		return c.login(frame)
	case stepEarly:
		if err := credssp.EarlyResult(frame); err != nil {
			return nil, err
		}
		return nil, c.settings()
	}
	if frame[0]&3 == 0 {
		contents, err := update.FastPath(frame)
		switch {
		case err != nil:
		case c.step < stepDemand:
			err = errors.New("a picture before the session")
		case c.step > stepDemand: // before, it is of the desktop that is no more
			c.fast = contents
		}
		return nil, err
	}
	body, err := x224.Data(frame)
	if err != nil {
		if errors.Is(err, x224.ErrDisconnect) {
			return nil, c.ended(mcs.ProviderInitiated, false)
		}
		return nil, err
	}
	if c.step == stepSettings {
		return nil, c.settled(body)
	}
	m, err := mcs.Parse(body)
	if err != nil {
		return nil, err
	}
	return c.message(m)
}

// ended is the end that the server made.
func (c *Client) ended(why mcs.Reason, proper bool) error {
	return &DisconnectError{
		Step: c.step.String(), Info: c.info, Reason: why, Proper: proper,
		LoginSent: c.step == stepLogin && c.cred != nil && c.cred.Sent(),
	}
}

// Output gives what is to be sent to the server, once. It holds until the next call
// of the machine.
func (c *Client) Output() []byte {
	out := c.out
	c.out = c.out[:0]
	if cap(c.out) > 64<<10 {
		c.out = nil
	}
	return out
}

// Waiting tells whether the machine waits for its owner rather than for bytes.
func (c *Client) Waiting() bool { return c.wait != waitNothing }

// Closed gives the error of a connection that the server closed; none after
// Disconnect.
func (c *Client) Closed() error {
	if c.err != nil || c.step == stepEnd {
		return c.err
	}
	c.err = c.ended(0, false)
	return c.err
}

// Active tells whether input and the like can be sent.
func (c *Client) Active() bool { return c.active && c.err == nil }

// Server is what the server said of itself; nil before it did.
func (c *Client) Server() *gcc.Server {
	if c.step <= stepSettings {
		return nil
	}
	return &c.server
}

// Caps are the server's capabilities, as of the last Active; they are empty before the
// first.
func (c *Client) Caps() *caps.Server { return &c.caps }

// begin begins a message on a channel of MCS; end finishes it.
func (c *Client) begin(id uint16) int {
	start := len(c.out)
	c.out = mcs.BeginRequest(x224.Begin(c.out), c.user, id)
	return start
}

func (c *Client) end(start int) error {
	var err error
	if c.out, err = mcs.EndData(c.out, start+x224.HeaderSize); err != nil {
		c.out = c.out[:start]
		return err
	}
	c.out, err = x224.End(c.out, start)
	return err
}

// domain sends a message of MCS that is no data.
func (c *Client) domain(add func([]byte) []byte) error {
	start := len(c.out)
	var err error
	c.out, err = x224.End(add(x224.Begin(c.out)), start)
	return err
}
