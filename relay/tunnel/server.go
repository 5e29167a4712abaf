package tunnel

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/protocol/guac"
	"github.com/porthole-rac/porthole/protocol/tunnel"
	"github.com/porthole-rac/porthole/relay/session"
)

const (
	secretLife = 30 * time.Second
	maxSockets = 4  // of one tunnel, those that are ending included
	maxSecret  = 64 // characters
)

// Sessions serves a browser's socket: session.Registry.
type Sessions interface {
	Serve(ctx context.Context, socket session.Socket, p authority.Presented)
}

// Config is what a Server needs.
type Config struct {
	Sessions Sessions
	// Address is where pages may connect directly: a WebSocket's URL, or a path relative to
	// if/rac/ of the host that the page comes from. Empty: nowhere.
	Address string
	Logger  *slog.Logger
	Now     func() time.Time // nil: the clock
}

// Server offers ways to pages. Make one with New.
type Server struct {
	cfg Config

	mu      sync.Mutex
	secrets map[[sha256.Size]byte]time.Time // by hash: when it is too late; one for each tunnel
}

// New makes a server.
func New(cfg Config) *Server {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Server{cfg: cfg, secrets: make(map[[sha256.Size]byte]time.Time)}
}

// Connection is a page that has come through the authority.
type Connection struct {
	Tunnel authority.Tunnel
	// Secret makes a one-time secret by which the authority gives this connection's grant,
	// or lets its browser come back.
	Secret   func() string
	Protocol string // of the endpoint
}

// Admit uses up the secret of a direct connection. It tells nothing of why not. The secret
// is looked up by its hash, so the time that it takes tells nothing of others; the
// authority then asks for it again.
func (s *Server) Admit(secret string) bool {
	if secret == "" || len(secret) > maxSecret {
		return false
	}
	sum := sha256.Sum256([]byte(secret))
	s.mu.Lock()
	defer s.mu.Unlock()
	until, ok := s.secrets[sum]
	delete(s.secrets, sum)
	return ok && s.cfg.Now().Before(until)
}

// Serve serves one tunnel until it or ctx has ended, and closes it.
func (s *Server) Serve(ctx context.Context, c Connection) {
	ctx, cancel := context.WithCancel(ctx)
	l := &leash{s: s, c: c, ctx: ctx}
	err := l.run()
	cancel()
	l.end()
	if errors.Is(err, guac.ErrGoodbye) {
		c.Tunnel.Close()
		return
	}
	s.cfg.Logger.Debug("tunnel of a page ended", "error", err)
	c.Tunnel.Abort()
}

// leash is one tunnel. Its fields belong to the goroutine that reads it.
type leash struct {
	s      *Server
	c      Connection
	ctx    context.Context
	parser guac.Parser
	secret [sha256.Size]byte // hash of the one that is offered
	socket *socket           // the newest; nil: the page has not come this way
	number uint64            // of the newest
	live   chan struct{}     // one entry for each socket
	wait   sync.WaitGroup
}

// run reads the tunnel until it ends; it always tells why.
func (l *leash) run() error {
	l.live = make(chan struct{}, maxSockets)
	if err := l.offer(); err != nil {
		return err
	}
	for {
		p, err := l.c.Tunnel.Read(l.ctx)
		if err != nil {
			return err
		}
		for len(p) > 0 {
			var in guac.Instruction
			if in, p, err = l.parser.Next(p); err != nil {
				return err
			}
			if err := l.receive(&in); err != nil {
				return err
			}
		}
	}
}

// end takes back what the tunnel has given, and waits for its sockets.
func (l *leash) end() {
	l.revoke()
	if l.socket != nil {
		l.socket.shut()
	}
	l.wait.Wait()
}

// offer tells the page where it may connect. The secret before is worth nothing then.
func (l *leash) offer() error {
	o := tunnel.Offer{Address: l.s.cfg.Address, Protocol: l.c.Protocol}
	l.revoke()
	if o.Address != "" {
		o.Secret = l.c.Secret()
		l.secret = sha256.Sum256([]byte(o.Secret))
		l.s.mu.Lock()
		l.s.secrets[l.secret] = l.s.cfg.Now().Add(secretLife)
		l.s.mu.Unlock()
	}
	return l.c.Tunnel.Write(l.ctx, o.Append(nil))
}

func (l *leash) revoke() {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	delete(l.s.secrets, l.secret)
}

// receive acts on one instruction. What is not ours is skipped: nop, sync, and what newer
// pages may say.
func (l *leash) receive(in *guac.Instruction) error {
	switch {
	case in.Is(tunnel.OpData):
		d, err := tunnel.ParseData(in)
		if err != nil {
			return err
		}
		return l.data(&d)
	case in.Is(tunnel.OpAck):
		socket, err := tunnel.Number(in, 0)
		if err != nil {
			return err
		}
		parts, err := tunnel.Number(in, 1)
		if err != nil {
			return err
		}
		if l.socket != nil && socket == l.number {
			return l.socket.acked(parts)
		}
	case in.Is(tunnel.OpClose):
		socket, err := tunnel.Number(in, 0)
		if err != nil {
			return err
		}
		if l.socket != nil && socket == l.number {
			l.socket.shut()
		}
	case in.Is(tunnel.OpAsk):
		return l.offer()
	case in.Is("disconnect"):
		return guac.ErrGoodbye
	}
	return nil
}

var errSockets = errors.New("the page opens too many sockets at a time")

// data takes a part. One of a new socket opens it, and closes the one before.
func (l *leash) data(d *tunnel.Data) error {
	if d.Socket < l.number {
		return nil // of one that was given up
	}
	if l.socket == nil || d.Socket > l.number {
		if l.socket != nil {
			l.socket.shut()
		}
		select {
		case l.live <- struct{}{}:
		default:
			return errSockets
		}
		l.number = d.Socket
		l.socket = newSocket(l.c.Tunnel, d.Socket)
		l.wait.Add(1)
		go l.serve(l.socket, authority.Presented{Token: l.c.Secret()})
	}
	return l.socket.push(d)
}

// serve runs a socket's session, and tells the page when it is over.
func (l *leash) serve(s *socket, p authority.Presented) {
	defer l.wait.Done()
	l.s.cfg.Sessions.Serve(l.ctx, s, p)
	s.shut()
	if l.ctx.Err() == nil {
		_ = l.c.Tunnel.Write(l.ctx, tunnel.AppendClose(nil, s.number))
	}
	<-l.live
}
