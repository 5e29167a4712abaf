package ssh

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/protocol/settings"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
	"github.com/porthole-rac/porthole/relay/target/wake"
)

// clientVersion is what servers see in their logs.
const clientVersion = "SSH-2.0-Porthole"

// Config says where to connect and how.
type Config struct {
	Settings   settings.SSH
	EndpointID string // names the endpoint in Trust
	Endpoint   string // its name, for titles of questions
	Trust      authority.Trust
	Size       target.Size
	Logger     *slog.Logger
	// Dial opens the first TCP connection; nil: a net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// hop is one SSH server on the way, the target being the last.
type hop struct {
	user, host string
	port       int
	last       bool
}

func (h hop) address() string { return net.JoinHostPort(h.host, strconv.Itoa(h.port)) }

// connector holds what is known while a chain is being built.
type connector struct {
	cfg  Config
	page target.Page
	log  *slog.Logger
	cred credentials
}

// Connect opens the session. ctx is the life of the whole connection: its end
// closes everything. Errors are *target.Error, or ctx's cause.
func Connect(ctx context.Context, cfg Config, page target.Page) (target.Terminal, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Dial == nil {
		cfg.Dial = (&net.Dialer{Timeout: cfg.Settings.Timeout, KeepAlive: 30 * time.Second}).DialContext
	}
	c := &connector{cfg: cfg, page: page, log: cfg.Logger}
	s := &cfg.Settings
	if s.Hostname == "" {
		return nil, &target.Error{
			Code: wire.EndSettings, Step: target.StepResolve, Message: "The endpoint has no host name.",
			Remedy: "Ask the administrator to set its host.",
		}
	}
	if slices.ContainsFunc(s.ProxyJump, func(j settings.Jump) bool { return j.Host == "" }) {
		return nil, &target.Error{
			Code: wire.EndSettings, Step: target.StepResolve, Message: "The setting proxy-jump cannot be read.",
			Remedy: "Write it as [user@]host[:port], with commas between several hosts.",
		}
	}
	if s.LegacyAlgorithms {
		page.Notice(target.Notice{Code: "legacy-algorithms", Text: "Old, weak algorithms are allowed for this endpoint."})
	}
	if err := c.cred.load(ctx, cfg, page); err != nil {
		return nil, err
	}
	chain, err := c.dialChain(ctx)
	if err != nil {
		return nil, c.failed(ctx, err)
	}
	t, err := c.openTerminal(ctx, chain)
	if err != nil {
		return nil, c.failed(ctx, err)
	}
	return t, nil
}

// failed prefers the reason for which ctx ended over what that broke.
func (c *connector) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// chain is the connections that were opened, the target's last.
type chain struct {
	first   net.Conn // all others run through it
	watch   *watched // of the last one
	clients []*ssh.Client
	stop    func() bool // takes the watch on ctx away
}

func (c *chain) last() *ssh.Client { return c.clients[len(c.clients)-1] }

// sever breaks everything at once and waits for nobody. Closing a connection
// that runs through a jump host would not: it asks the jump host, which may not
// answer.
func (c *chain) sever() {
	if c.first != nil {
		_ = c.first.Close()
	}
}

// close severs and waits for each connection.
func (c *chain) close() {
	if c.stop != nil {
		c.stop()
	}
	c.sever()
	if c.watch != nil {
		c.watch.let()
	}
	for _, client := range slices.Backward(c.clients) {
		_ = client.Close()
		_ = client.Wait()
	}
}

func (c *connector) hops() []hop {
	s := &c.cfg.Settings
	var hops []hop
	for _, j := range s.ProxyJump {
		user := j.User
		if user == "" {
			user = c.cred.user
		}
		hops = append(hops, hop{user: user, host: j.Host, port: j.Port})
	}
	return append(hops, hop{user: c.cred.user, host: s.Hostname, port: s.Port, last: true})
}

// dialChain connects to each host through the one before.
func (c *connector) dialChain(ctx context.Context) (*chain, error) {
	ch := new(chain)
	for _, h := range c.hops() {
		client, err := c.connectHop(ctx, ch, h)
		if err != nil {
			ch.close()
			return nil, err
		}
		ch.clients = append(ch.clients, client)
	}
	return ch, nil
}

// connectHop dials a host and logs in. A server has keys of several kinds and
// shows one; fingerprints do not tell of which kind they are. So it dials again
// for another kind as long as there is one.
func (c *connector) connectHop(ctx context.Context, ch *chain, h hop) (*ssh.Client, error) {
	var refused []string // algorithms of keys that are not the pinned one
	var mismatch error
	for {
		conn, err := c.dial(ctx, ch, h)
		if err != nil {
			return nil, err
		}
		if len(ch.clients) == 0 {
			if ch.stop != nil {
				ch.stop()
			}
			ch.first = conn
			ch.stop = context.AfterFunc(ctx, func() { _ = conn.Close() })
		}
		l := &login{c: c, ctx: ctx, hop: h, refused: refused}
		client, err := c.handshake(ctx, ch, conn, l)
		var none *ssh.AlgorithmNegotiationError
		switch {
		case err == nil:
			return client, nil
		case mismatch != nil && errors.As(err, &none):
			return nil, mismatch // there is no further kind
		case l.otherKind == "" || ctx.Err() != nil || len(refused) >= maxKinds:
			return nil, err
		}
		mismatch, refused = err, append(refused, sameKind(l.otherKind)...)
	}
}

// dial opens the transport to a host, and wakes the last one where the settings say so.
func (c *connector) dial(ctx context.Context, ch *chain, h hop) (net.Conn, error) {
	machine := c.cfg.Settings.Wake
	if !h.last {
		machine = nil
	}
	return wake.Dial(ctx, machine, func() { c.page.Progress(target.StepConnect, "waking the machine") }, func(ctx context.Context) (net.Conn, error) {
		return c.dialOnce(ctx, ch, h)
	})
}

func (c *connector) dialOnce(ctx context.Context, ch *chain, h hop) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Settings.Timeout)
	defer cancel()
	if len(ch.clients) == 0 {
		c.page.Progress(target.StepResolve, h.host)
		c.page.Progress(target.StepConnect, h.address())
		conn, err := c.cfg.Dial(ctx, "tcp", h.address())
		if err != nil {
			return nil, dialError(h, err)
		}
		return conn, nil
	}
	c.page.Progress(target.StepConnect, h.address())
	conn, err := ch.last().DialContext(ctx, "tcp", h.address())
	if err != nil {
		return nil, jumpError(h, err)
	}
	return conn, nil
}

// handshake speaks SSH on a transport until the login is done. It owns conn.
func (c *connector) handshake(ctx context.Context, ch *chain, conn net.Conn, l *login) (*ssh.Client, error) {
	h := l.hop
	c.page.Progress(target.StepHandshake, h.address())
	w := &watched{Conn: conn, limit: c.cfg.Settings.Timeout, sever: ch.sever, ended: make(chan struct{})}
	w.timer = time.AfterFunc(w.limit, w.expire)
	defer w.timer.Stop()
	l.watch = w
	l.start()
	config := &ssh.ClientConfig{
		User: h.user, ClientVersion: clientVersion,
		HostKeyCallback: l.checkHostKey, AuthCallback: l.next, BannerCallback: l.banner,
	}
	if err := l.algorithms(config); err != nil {
		_ = conn.Close()
		return nil, err
	}
	cc, channels, requests, err := ssh.NewClientConn(w, h.address(), config)
	if err != nil {
		_ = conn.Close()
		return nil, l.explain(err)
	}
	w.done.Store(true)
	ch.watch = w
	return ssh.NewClient(cc, channels, requests), nil
}

// algorithms sets what may be negotiated: what x/crypto holds for good, and for
// old gear the rest. Host key kinds that were seen before come first, so that a
// server with several keys does not look like another one.
func (l *login) algorithms(config *ssh.ClientConfig) error {
	good := ssh.SupportedAlgorithms()
	config.KeyExchanges, config.Ciphers, config.MACs = good.KeyExchanges, good.Ciphers, good.MACs
	kinds := slices.Clone(usual)
	kinds = append(kinds, slices.DeleteFunc(good.HostKeys, func(a string) bool { return slices.Contains(usual, a) })...)
	if l.c.cfg.Settings.LegacyAlgorithms {
		old := ssh.InsecureAlgorithms()
		config.KeyExchanges = append(config.KeyExchanges, old.KeyExchanges...)
		config.Ciphers = append(config.Ciphers, old.Ciphers...)
		config.MACs = append(config.MACs, old.MACs...)
		kinds = append(kinds, old.HostKeys...)
	}
	known, err := l.knownKinds()
	if err != nil {
		return err
	}
	kinds = slices.DeleteFunc(kinds, func(a string) bool { return slices.Contains(l.refused, a) })
	config.HostKeyAlgorithms = preferKinds(kinds, known)
	return nil
}

// watched is a transport with a time limit that can be paused while a person
// thinks, and a memory of how the other side began.
type watched struct {
	net.Conn
	sever   func() // ends Conn even when it runs through others
	limit   time.Duration
	timer   *time.Timer
	expired atomic.Bool
	done    atomic.Bool // logged in: nothing is watched any more
	broken  atomic.Bool // the other side has gone

	mu    sync.Mutex
	begin []byte // the first bytes read, at most maxBegin

	holding atomic.Bool   // hold is wanted
	ended   chan struct{} // closed by let
	once    sync.Once
	lost    atomic.Bool // the connection ended before the session
}

const (
	maxBegin = 256
	holdTime = time.Second
)

// hold keeps the end of the connection from x/crypto/ssh until it has gone
// through all that the server said before. Else nobody could tell a server that
// closes the session and then the connection, without a status, from a
// connection that broke.
func (w *watched) hold(err error) {
	if errors.Is(err, net.ErrClosed) { // by us
		w.lost.Store(true)
		return
	}
	timer := time.NewTimer(holdTime)
	defer timer.Stop()
	select {
	case <-w.ended:
	case <-timer.C:
		w.lost.Store(true)
	}
}

// let ends holding: the session is over.
func (w *watched) let() { w.once.Do(func() { close(w.ended) }) }

func (w *watched) expire() {
	if !w.done.Load() {
		w.expired.Store(true)
		w.sever()
	}
}

func (w *watched) pause()  { w.timer.Stop() }
func (w *watched) resume() { w.timer.Reset(w.limit) }

// Read implements net.Conn.
func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if err != nil {
		w.broken.Store(true)
	}
	if err != nil && w.holding.Load() {
		w.hold(err)
	}
	if !w.done.Load() {
		w.mu.Lock()
		if room := maxBegin - len(w.begin); room > 0 {
			w.begin = append(w.begin, p[:min(n, room)]...)
		}
		w.mu.Unlock()
	}
	return n, err
}

func (w *watched) beginning() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return string(w.begin)
}

// asError gives err as a *target.Error if it is one.
func asError(err error) (*target.Error, bool) {
	var e *target.Error
	ok := errors.As(err, &e)
	return e, ok
}

// wrap adds the step to an error that is not for people.
func wrap(step target.Step, message, remedy, code string, err error) *target.Error {
	return &target.Error{Code: code, Step: step, Message: message, Remedy: remedy, Err: fmt.Errorf("%s: %w", step, err)}
}
