package authentik

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/porthole-rac/porthole/authority"
)

// Config is what an Outpost needs.
type Config struct {
	Host     *url.URL // see ParseHost
	Token    string
	Insecure bool           // does not verify authentik's certificate
	Roots    *x509.CertPool // nil: the system's
	// Proxy gives the proxy of a request; nil: that of the environment.
	Proxy func(*http.Request) (*url.URL, error)

	Version  string
	Build    string // names the build; never empty, lest authentik call the outpost outdated
	Hostname string // default: the machine's

	// Serve is called with each connection, in a goroutine of its own, and has it
	// until it returns; then the tunnel is closed. It reads the tunnel all the
	// time. ctx ends with the tunnel.
	Serve func(ctx context.Context, c Connection)

	// Grace is how long a connection waits for a new tunnel when it has lost its
	// own. 0: not at all.
	Grace time.Duration
	// MaxTunnels bounds the tunnels. Default 8192.
	MaxTunnels int

	// SetLevel applies the log level that the outpost has in authentik; nil: it is
	// not applied.
	SetLevel func(slog.Level)
	Logger   *slog.Logger
	Timing   Timing
}

// DefaultGrace is what Config.Grace should be where nobody has said anything else.
const DefaultGrace = 10 * time.Second

// Timing has the intervals of an Outpost; zeros stand for the defaults. Tests
// shorten them.
type Timing struct {
	Hello    time.Duration // between two HELLOs; authentik takes an instance for dead after 15 s. Default 10 s
	Gather   time.Duration // changes within it share a HELLO. Default 100 ms
	Silence  time.Duration // of authentik, after which the control socket is given up. Default 35 s
	Renew    time.Duration // age at which the control socket is replaced: groups end after 24 h. Default 6 h
	Overlap  time.Duration // of the old and the new one. Default 5 s
	Retry    time.Duration // first pause before a reconnect, doubled to RetryMax. Default 1 s
	RetryMax time.Duration // Default 30 s
	Update   time.Duration // longest pause before an update is read; each instance has its own. Default 10 s
	Refresh  time.Duration // between two readings of the configuration. Default: as authentik says
	Nop      time.Duration // between two signs of life in a tunnel. Default 3 s
	Mute     time.Duration // of the browser since a tunnel was opened, after which it is closed. Default 20 s
	Deaf     time.Duration // of a browser that was heard. A page in the background may speak once a minute. Default 5 min
	Near     time.Duration // how long before a tunnel's end a session's end may have come to be its reason. Default 5 s
	Secret   time.Duration // life of a one-time secret. Default 30 s
	Dial     time.Duration // for a WebSocket's handshake. Default 10 s
}

func (t *Timing) defaults() {
	for _, d := range []struct {
		of  *time.Duration
		def time.Duration
	}{
		{&t.Hello, 10 * time.Second},
		{&t.Gather, 100 * time.Millisecond},
		{&t.Silence, 35 * time.Second},
		{&t.Renew, 6 * time.Hour},
		{&t.Overlap, 5 * time.Second},
		{&t.Retry, time.Second},
		{&t.RetryMax, 30 * time.Second},
		{&t.Update, 10 * time.Second},
		{&t.Nop, 3 * time.Second},
		{&t.Mute, 20 * time.Second},
		{&t.Deaf, 5 * time.Minute},
		{&t.Near, 5 * time.Second},
		{&t.Secret, 30 * time.Second},
		{&t.Dial, 10 * time.Second},
	} {
		if *d.of <= 0 {
			*d.of = d.def
		}
	}
}

// Connection is one tunnel of a browser, with what authentik said about it.
type Connection struct {
	Tunnel authority.Tunnel
	// Presented has a one-time secret that Redeem turns into the connection's grant.
	Presented authority.Presented

	Protocol      string // "ssh", "vnc" or "rdp"; as authentik sent it
	Width, Height int    // of the browser's view in pixels as the page told it; 0: not told
	DPI           int    // 0: not told
	// Page is what the page told about itself, in the audio parameter of its
	// WebSocket's address: authentik passes it on as it is. Anybody who has the token
	// may have written it. authentik's own page tells nothing.
	Page string
	// Secret makes a further one-time secret for this connection, good for half a
	// minute and until the tunnel ends.
	Secret func() string
}

// Status is how an outpost is.
type Status struct {
	Connected bool
	Name      string   // of the outpost; empty: not known yet
	Server    string   // authentik's version; empty: not known
	Problem   *Problem // what keeps it from its work; nil: nothing
	Since     time.Time

	said bool // Problem was logged
}

// Outpost is the connection to an authentik server. Make it with New, then Run it.
type Outpost struct {
	cfg    Config
	api    *api
	log    *slog.Logger
	uuid   string        // of this process
	offset time.Duration // of updates, so that instances do not ask all at once
	wait   sync.WaitGroup
	count  counters

	changed chan struct{} // capacity 1: the number of connections is another
	moved   chan struct{} // capacity 1: it is another outpost than before
	update  chan struct{} // capacity 1: read the configuration again

	mu          sync.Mutex
	ctx         context.Context // Run's
	self        instance
	status      Status
	updated     time.Time // when the configuration was last read, or pushed
	leaving     bool      // other instances are to be preferred
	due         bool      // an announced change will be read
	grants      map[string]*grant
	byToken     map[hash]*grant
	secrets     map[hash]*secret
	attachments map[*attachment]struct{}
	attached    int
	numbered    uint64 // attachments, ever
	sessionEnd  time.Time
	seen        recent
	refusals    refusals
}

// counters are for metrics.
type counters struct {
	requests, repeated, refused, failed atomic.Uint64 // init_connections
	controls                            atomic.Uint64 // control sockets that were opened
	lost                                atomic.Uint64 // and lost
}

// New makes an Outpost.
func New(cfg Config) (*Outpost, error) {
	if cfg.Host == nil || cfg.Token == "" || cfg.Serve == nil {
		return nil, errors.New("an outpost needs an address, a token and a handler")
	}
	if cfg.Build == "" {
		cfg.Build = "porthole"
	}
	if cfg.Hostname == "" {
		cfg.Hostname, _ = os.Hostname()
	}
	if cfg.MaxTunnels <= 0 {
		cfg.MaxTunnels = 8192
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	cfg.Timing.defaults()
	return &Outpost{
		cfg: cfg, log: cfg.Logger, uuid: newUUID(),
		api: &api{
			base: cfg.Host, token: cfg.Token, agent: "goauthentik.io/outpost/" + cfg.Version + " porthole",
			http: newClient(cfg.Insecure, cfg.Roots, cfg.Proxy),
		},
		offset:  mathrand.N(cfg.Timing.Update),
		changed: make(chan struct{}, 1), moved: make(chan struct{}, 1), update: make(chan struct{}, 1),
		status: Status{Since: time.Now()},
		grants: make(map[string]*grant), byToken: make(map[hash]*grant), secrets: make(map[hash]*secret),
		attachments: make(map[*attachment]struct{}), refusals: make(refusals),
	}, nil
}

func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func (o *Outpost) now() time.Time { return time.Now() }

// Run works until ctx ends; then it closes its sockets, ends what connections are
// left, and waits for their handlers. Whatever goes wrong at authentik's side it
// waits for: Status has it, and the log.
func (o *Outpost) Run(ctx context.Context) {
	defer o.api.http.CloseIdleConnections()
	o.mu.Lock()
	o.ctx = ctx
	o.mu.Unlock()
	if o.find(ctx) {
		o.wait.Go(func() { o.refresh(ctx) })
		o.control(ctx)
	}
	o.mu.Lock()
	o.leaving = true
	for _, g := range o.grants {
		g.cancel(&endStopped)
		o.forgetLocked(g)
	}
	o.mu.Unlock()
	o.wait.Wait()
}

// Leave has authentik prefer other instances: connections that it asks for
// nevertheless get the relay's answer. It is called before the relay stops its
// sessions, and Run's context ends after them. For 15 seconds authentik takes an
// instance for alive that has gone, and this HELLO stays with it.
func (o *Outpost) Leave() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.leaving = true
	o.changedLocked()
}

// Refresh has the configuration read again soon.
func (o *Outpost) Refresh() {
	select {
	case o.update <- struct{}{}:
	default:
	}
}

// Status tells how the outpost is.
func (o *Outpost) Status() Status {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.status
	s.Name = o.self.Name
	return s
}

func (o *Outpost) changedLocked() {
	select {
	case o.changed <- struct{}{}:
	default:
	}
}

// later runs f after a time, unless Run ends before. It is called with the lock
// held.
func (o *Outpost) later(d time.Duration, f func()) {
	ctx := o.ctx
	if ctx == nil || ctx.Err() != nil {
		return
	}
	o.wait.Go(func() {
		if pause(ctx, d) {
			f()
		}
	})
}

// pause waits; false: ctx ended before.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// backoff gives pauses that double up to a bound, with a fifth of chance, so that
// instances do not come back all at once.
type backoff struct{ first, most, next time.Duration }

func (b *backoff) reset() { b.next = 0 }

func (b *backoff) pause() time.Duration {
	b.next = min(max(2*b.next, b.first), b.most)
	return b.next - mathrand.N(b.next/5+1)
}

// find asks which outpost this is until it gets an answer; false: ctx ended.
func (o *Outpost) find(ctx context.Context) bool {
	b := backoff{first: o.cfg.Timing.Retry, most: o.cfg.Timing.RetryMax}
	for {
		err := o.read(ctx)
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		o.trouble(err)
		if !pause(ctx, b.pause()) {
			return false
		}
	}
}

// read reads the configuration.
func (o *Outpost) read(ctx context.Context) error {
	in, err := o.api.instance(ctx)
	if err != nil {
		return err
	}
	server := o.api.version(ctx)
	o.mu.Lock()
	before := o.self
	o.self, o.updated = in, o.now()
	news := o.status.Server != server
	o.status.Server = server
	if o.status.Connected {
		o.status.Problem = nil
	}
	o.mu.Unlock()
	if before.ID != in.ID {
		o.log.Info("outpost found", "outpost", in.Name, "id", in.ID, "authentik", server, "providers", in.Providers)
		if before.ID != "" {
			signalTo(o.moved)
		}
	}
	if in.Providers == 0 && (before.ID != in.ID || before.Providers != 0) {
		o.log.Warn("the outpost has no provider, so nothing will come to it; select the RAC provider's application in the outpost's settings", "outpost", in.Name)
	}
	if news && server == "2026.8.0" {
		o.log.Warn("authentik 2026.8.0 breaks every remote access connection, whatever the outpost: its web server loses a WebSocket header; update authentik")
	}
	if level, ok := parseLevel(in.LogLevel); ok && !in.Managed && o.cfg.SetLevel != nil && before.LogLevel != in.LogLevel {
		o.cfg.SetLevel(level)
		o.log.Info("log level set by authentik", "level", in.LogLevel)
	}
	return nil
}

func signalTo(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// refresh reads the configuration at its interval, and when it is told to.
func (o *Outpost) refresh(ctx context.Context) {
	for {
		o.mu.Lock()
		every := o.self.Refresh
		o.mu.Unlock()
		if o.cfg.Timing.Refresh > 0 {
			every = o.cfg.Timing.Refresh
		}
		t := time.NewTimer(every)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		case <-o.update:
			t.Stop()
		}
		if err := o.read(ctx); err != nil && ctx.Err() == nil {
			o.trouble(err)
		}
	}
}

// repeatAfter is when a problem that goes on is logged again.
const repeatAfter = 10 * time.Minute

// trouble makes a problem known.
func (o *Outpost) trouble(err error) *Problem {
	p := explain(o.cfg.Host, err)
	o.mu.Lock()
	old := o.status.Problem
	again := old == nil || !o.status.said || old.Text != p.Text || o.now().Sub(o.status.Since) >= repeatAfter
	if again {
		o.status.Since = o.now()
	}
	o.status.Problem, o.status.said = p, true
	o.mu.Unlock()
	if again {
		o.log.Error("authentik not reached; waiting", "problem", p.Text, "remedy", p.Remedy)
	}
	return p
}

// serve opens the tunnel of a request and hands it out.
func (o *Outpost) serve(ctx context.Context, r *request) {
	a := o.admit(r)
	if a == nil {
		o.count.refused.Add(1)
		o.log.Warn("too many tunnels; a connection is not made", "tunnels", o.cfg.MaxTunnels)
		return
	}
	log := a.grant.log
	conn, err := o.dialTunnel(ctx, r.Channel)
	if err != nil {
		o.count.failed.Add(1)
		p := explain(o.cfg.Host, err)
		log.Error("tunnel not opened", "problem", p.Text, "remedy", p.Remedy)
		o.leave(a, false)
		return
	}
	t := newTunnel(ctx, conn, log, func(goodbye bool) { o.leave(a, goodbye) })
	defer t.Close()
	if !o.opened(a, t) {
		return
	}
	o.wait.Go(func() { t.beat(&o.cfg.Timing) })
	defer func() {
		// A fault in one connection ends that one.
		if v := recover(); v != nil {
			log.Error("connection panicked", "panic", v)
		}
	}()
	o.cfg.Serve(t.ctx, Connection{
		Tunnel: t, Presented: authority.Presented{Token: o.newSecret(a)},
		Protocol: r.Protocol, Width: r.Width, Height: r.Height, DPI: r.DPI, Page: r.Page,
		Secret: func() string { return o.newSecret(a) },
	})
}
