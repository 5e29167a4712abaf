package session

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/protocol/settings"
	"github.com/porthole-rac/porthole/protocol/term"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
)

const (
	maxTombstones = 1024 // ended connections whose reason is remembered
	tombstoneLife = 15 * time.Minute
	maxStrangers  = 1024 // sockets that have not said who they are
)

// Config is what a Registry needs.
type Config struct {
	Authority authority.Authority
	// OpenTerminal and OpenDesktop open the target of a grant; cmd/porthole gives the
	// drivers. Terminals are those of the protocol ssh.
	OpenTerminal func(ctx context.Context, g *authority.Grant, prefs settings.SSH, size target.Size, page target.Page) (target.Terminal, error)
	OpenDesktop  func(ctx context.Context, g *authority.Grant, w target.Window, b target.Browser, page target.Page) (target.Desktop, error)
	// ResumeFor is how long a connection waits for a browser. Default 10 min.
	ResumeFor time.Duration
	// MaxSessions bounds the live connections. Default 4096.
	MaxSessions int
	Version     string
	Logger      *slog.Logger
}

// Registry holds the live sessions of a relay.
type Registry struct {
	cfg       Config
	wait      sync.WaitGroup // sessions that run
	strangers atomic.Int64   // sockets before their hello

	mu       sync.Mutex
	sessions map[string]*Session // by grant ID
	ended    []tombstone         // oldest first
	closing  *authority.End      // set by Shutdown

	totals Totals
}

// tombstone remembers why a connection ended, for a browser that was away.
type tombstone struct {
	id     string
	secret [2][32]byte
	end    wire.End
	at     time.Time
}

// Totals counts since the start; for metrics.
type Totals struct {
	Started, Resumed       atomic.Uint64
	Sent, Received, States atomic.Uint64 // of ended sessions
	Ends                   endCounts
}

// endCounts counts ends by code. The codes are a fixed set, so the map is small.
type endCounts struct {
	mu sync.Mutex
	m  map[string]uint64
}

func (c *endCounts) add(code string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m == nil {
		c.m = make(map[string]uint64)
	}
	c.m[code]++
}

// Each calls f for every code seen.
func (c *endCounts) Each(f func(code string, n uint64)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for code, n := range c.m {
		f(code, n)
	}
}

// NewRegistry makes an empty registry.
func NewRegistry(cfg Config) *Registry {
	if cfg.ResumeFor <= 0 {
		cfg.ResumeFor = 10 * time.Minute
	}
	if cfg.MaxSessions <= 0 {
		cfg.MaxSessions = 4096
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Registry{cfg: cfg, sessions: make(map[string]*Session)}
}

// Totals gives the counters.
func (r *Registry) Totals() *Totals { return &r.totals }

// endError carries an End as an error.
type endError struct{ end *wire.End }

func (e *endError) Error() string { return e.end.Code + ": " + e.end.Message }

func endCause(code, message string) error { return &authority.End{Code: code, Message: message} }

// Serve runs one browser's attachment until it is over. It closes the socket.
func (r *Registry) Serve(ctx context.Context, socket Socket, p authority.Presented) {
	if r.strangers.Add(1) > maxStrangers {
		r.strangers.Add(-1)
		socket.Abort()
		return
	}
	hello, err := readHello(ctx, socket)
	r.strangers.Add(-1)
	if err != nil {
		r.cfg.Logger.Info("no hello", "client", p.Client, "error", err)
		r.refuse(ctx, socket, &wire.End{
			Code: wire.EndProtocol, Message: "The page did not speak Porthole's protocol.",
			Remedy: "Reload the page; if it happens again, page and relay may have different versions.", Retry: true,
		})
		return
	}
	// Before the token is used: the page can be loaded anew with it.
	err = checkRelease(hello)
	var s *Session
	if err == nil {
		s, err = r.find(ctx, hello, p)
	}
	if err == nil {
		var v *viewer
		if v, err = s.attach(socket, ctx, hello, hello.Resume.Connection == ""); err == nil {
			r.attend(s, v)
			return
		}
	}
	end := refusal(err)
	r.cfg.Logger.Info("connection refused", "client", p.Client, "code", end.Code, "error", err)
	r.refuse(ctx, socket, end)
}

// attend runs the two directions of an attachment.
func (r *Registry) attend(s *Session, v *viewer) {
	go v.write()
	err := errPanic
	s.guard("browser", func() { err = v.read() })
	s.detach(v)
	if v.ctx.Err() == nil && !isClosed(err) {
		// A browser that breaks the protocol is told so; its session waits.
		s.log.Info("browser broke the protocol", "error", err)
		v.finish(&wire.End{
			Code: wire.EndProtocol, Message: "The page sent something that the relay does not understand.",
			Remedy: "Reload the page.", Retry: true,
		})
	}
	v.cancel()
	<-v.done
}

// isClosed tells a socket that ended from one that carried nonsense.
func isClosed(err error) bool {
	return !(errors.Is(err, wire.ErrTruncated) || errors.Is(err, wire.ErrTooLong) || errors.Is(err, wire.ErrVarint) ||
		errors.Is(err, errInputWindow) || errors.As(err, new(*protocolError)))
}

// protocolError is a message that is well-formed and not allowed.
type protocolError struct{ text string }

func (e *protocolError) Error() string { return e.text }

func readHello(ctx context.Context, socket Socket) (*wire.Hello, error) {
	ctx, cancel := context.WithTimeout(ctx, helloTimeout)
	defer cancel()
	p, err := socket.Read(ctx)
	if err != nil {
		return nil, fmt.Errorf("read hello: %w", err)
	}
	t, body, _, err := wire.Next(p)
	if err != nil {
		return nil, fmt.Errorf("read hello: %w", err)
	}
	if t != wire.TypeHello {
		return nil, fmt.Errorf("read hello: got %s", t)
	}
	hello := new(wire.Hello)
	if err := hello.Decode(body); err != nil {
		return nil, err
	}
	if hello.Version < wire.Version {
		return nil, fmt.Errorf("hello: version %d", hello.Version)
	}
	return hello, nil
}

// checkRelease refuses a page that would not be able to restore this relay's
// snapshots, and would connect anew for ever. All endpoints are terminals; which
// one it is, is not known yet.
func checkRelease(hello *wire.Hello) error {
	v, told := hello.Abilities[wire.AbilitySnapshot]
	if !told || v == strconv.Itoa(term.SnapshotVersion) {
		return nil
	}
	return &endError{&wire.End{
		Code: wire.EndProtocol, Message: "This page and the relay are of different releases.",
		Remedy: "Reload the page. If it happens again, the page comes from a static bundle elsewhere, which must be replaced by the one of the relay's release.",
		Retry:  true,
	}}
}

// find gives the session that the browser may attach to: the one it resumes, or
// the one of its token's grant.
func (r *Registry) find(ctx context.Context, hello *wire.Hello, p authority.Presented) (*Session, error) {
	if id := hello.Resume.Connection; id != "" {
		r.mu.Lock()
		s := r.sessions[id]
		r.mu.Unlock()
		if s == nil {
			return nil, r.epitaph(id, hello.Resume.Secret)
		}
		if err := s.knows(hello.Resume.Secret); err != nil {
			return nil, err
		}
		if end := s.ended(); end != nil {
			return nil, &endError{end}
		}
		if err := r.cfg.Authority.Reattach(ctx, id, p); err != nil {
			return nil, err
		}
		r.totals.Resumed.Add(1)
		return s, nil
	}
	grant, err := r.cfg.Authority.Redeem(ctx, p)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	s := r.sessions[grant.ID]
	r.mu.Unlock()
	if s != nil {
		r.totals.Resumed.Add(1)
		return s, nil
	}
	return r.start(grant, hello)
}

// start makes the session of a new grant.
func (r *Registry) start(grant *authority.Grant, hello *wire.Hello) (*Session, error) {
	s := newSession(r, grant, hello)
	r.mu.Lock()
	var end *wire.End
	switch {
	case r.closing != nil:
		end = &wire.End{Code: r.closing.Code, Message: r.closing.Message, Retry: true}
	case len(r.sessions) >= r.cfg.MaxSessions:
		end = &wire.End{
			Code: wire.EndBusy, Message: "This relay serves as many connections as it may.",
			Remedy: "Try again later, or ask the administrator to raise the limit.", Retry: true,
		}
	default:
		r.sessions[grant.ID] = s
		r.wait.Add(1)
	}
	r.mu.Unlock()
	if end != nil {
		s.cancel(nil)
		r.cfg.Authority.Ended(context.WithoutCancel(s.ctx), grant.ID, authority.Report{End: authority.End{Code: end.Code, Message: end.Message}})
		return nil, &endError{end}
	}
	r.totals.Started.Add(1)
	go s.run()
	return s, nil
}

// epitaph says why a connection is no longer there, to those who knew its
// secret.
func (r *Registry) epitaph(id string, secret []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.ended {
		t := &r.ended[i]
		if t.id == id && knowsSecret(t.secret, secret) {
			end := t.end
			return &endError{&end}
		}
	}
	return authority.ErrGone
}

// remove takes an ended session out of the list and remembers its end.
func (r *Registry) remove(s *Session, end *wire.End) {
	var stats wire.Stats
	s.mu.Lock()
	secrets := s.secrets
	s.content.statsLocked(&stats)
	s.mu.Unlock()
	now := time.Now()
	r.totals.Sent.Add(s.sentBytes.Load())
	r.totals.Received.Add(s.receivedBytes.Load())
	r.totals.States.Add(stats.States)
	r.totals.Ends.add(end.Code)
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.sessions, s.grant.ID)
	r.ended = slices.DeleteFunc(r.ended, func(t tombstone) bool { return now.Sub(t.at) > tombstoneLife })
	if len(r.ended) == maxTombstones {
		r.ended = slices.Delete(r.ended, 0, 1)
	}
	r.ended = append(r.ended, tombstone{s.grant.ID, secrets, *end, now})
}

// refuse sends an End on a socket that was not attached.
func (r *Registry) refuse(ctx context.Context, socket Socket, end *wire.End) {
	ctx, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	if err := socket.Write(ctx, end.Append(nil)); err != nil {
		socket.Abort()
		return
	}
	socket.Close()
}

// refusal turns an authority's no into what the page shows.
func refusal(err error) *wire.End {
	var e *endError
	end := &wire.End{Retry: true}
	switch {
	case errors.As(err, &e):
		return e.end
	case errors.Is(err, authority.ErrLogin):
		end.Code, end.Message, end.Remedy = wire.EndLogin, "You are not logged in any more.", "Log in and open the connection again."
	case errors.Is(err, authority.ErrTokenUsed):
		end.Code, end.Message, end.Remedy = wire.EndTokenUsed, "This link has already been used to open a connection.", "Open the connection again from My applications."
	case errors.Is(err, authority.ErrTokenExpired):
		end.Code, end.Message, end.Remedy = wire.EndTokenExpired, "This link has expired.", "Open the connection again from My applications."
	case errors.Is(err, authority.ErrDenied):
		end.Code, end.Message, end.Remedy, end.Retry = wire.EndDenied, "You may not use this endpoint.", "Ask the administrator for access.", false
	case errors.Is(err, authority.ErrGone):
		end.Code, end.Message, end.Remedy = wire.EndGone, "This connection has ended.", "Open a new one from My applications."
	case errors.Is(err, authority.ErrToken):
		end.Code, end.Message, end.Remedy = wire.EndTokenInvalid, "This link is not valid.", "Open the connection again from My applications."
	default:
		return endFor(err)
	}
	return end
}

// List implements authority.Connections.
func (r *Registry) List() []authority.Connection {
	r.mu.Lock()
	all := make([]*Session, 0, len(r.sessions))
	for _, s := range r.sessions {
		all = append(all, s)
	}
	r.mu.Unlock()
	list := make([]authority.Connection, len(all))
	for i, s := range all {
		s.mu.Lock()
		list[i] = authority.Connection{
			GrantID: s.grant.ID, User: s.grant.User, Endpoint: s.grant.Endpoint, Started: s.started,
			Attached: s.viewer != nil, Until: s.until, State: s.phase.String(), Title: s.content.titleLocked(),
		}
		s.mu.Unlock()
	}
	slices.SortFunc(list, func(a, b authority.Connection) int { return a.Started.Compare(b.Started) })
	return list
}

// Close implements authority.Connections.
func (r *Registry) Close(grantID string, end authority.End) bool {
	r.mu.Lock()
	s := r.sessions[grantID]
	r.mu.Unlock()
	if s == nil {
		return false
	}
	s.cancel(&end)
	return true
}

// Shutdown ends all sessions, tells their browsers, and waits for them as long
// as ctx allows.
func (r *Registry) Shutdown(ctx context.Context) error {
	end := &authority.End{Code: wire.EndShutdown, Message: "The relay is being restarted or stopped."}
	r.mu.Lock()
	r.closing = end
	for _, s := range r.sessions {
		s.cancel(end)
	}
	r.mu.Unlock()
	done := make(chan struct{})
	go func() { r.wait.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for sessions: %w", ctx.Err())
	}
}

func knowsSecret(hashes [2][32]byte, secret []byte) bool {
	sum := hashSecret(secret)
	return subtle.ConstantTimeCompare(sum[:], hashes[0][:])|subtle.ConstantTimeCompare(sum[:], hashes[1][:]) == 1
}
