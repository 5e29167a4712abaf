package authentik_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/authority/authentik"
	"github.com/porthole-rac/porthole/authority/authentik/authentiktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// quick are intervals for tests: what takes seconds takes milliseconds.
var quick = authentik.Timing{
	Hello: 50 * time.Millisecond, Gather: 5 * time.Millisecond, Silence: time.Second, Retry: 10 * time.Millisecond, RetryMax: 50 * time.Millisecond,
	Update: 20 * time.Millisecond, Refresh: time.Hour, Nop: 20 * time.Millisecond, Near: 300 * time.Millisecond, Overlap: 50 * time.Millisecond,
	Dial: 5 * time.Second, Mute: time.Hour,
}

// logs is what an outpost has logged.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// served is a connection that the handler has got.
type served struct {
	authentik.Connection
	ctx   context.Context
	grant *authority.Grant
	done  chan struct{} // the handler has returned
}

// fixture is an outpost at a double of authentik.
type fixture struct {
	*authentik.Outpost
	t    *testing.T
	logs *logs
	got  chan *served
	stop context.CancelFunc // and wait
}

type option func(*authentik.Config)

func withGrace(d time.Duration) option { return func(c *authentik.Config) { c.Grace = d } }

func withTiming(f func(*authentik.Timing)) option {
	return func(c *authentik.Config) { f(&c.Timing) }
}

// newServer starts a double.
func newServer(t *testing.T, cfg authentiktest.Config) *authentiktest.Server {
	t.Helper()
	s := authentiktest.Start(cfg)
	t.Cleanup(s.Close)
	return s
}

// run starts an outpost, whose handler redeems the secret and echoes.
func run(t *testing.T, address string, options ...option) *fixture {
	t.Helper()
	host, err := authentik.ParseHost(address)
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t, logs: new(logs), got: make(chan *served, 2048)}
	cfg := authentik.Config{
		Host: host, Token: authentiktest.DefaultToken, Version: "1.2.3", Build: "build", Timing: quick, Grace: 200 * time.Millisecond,
		Logger: slog.New(slog.NewTextHandler(f.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Serve:  func(ctx context.Context, c authentik.Connection) { f.echo(ctx, c) },
	}
	for _, o := range options {
		o(&cfg)
	}
	if f.Outpost, err = authentik.New(cfg); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); f.Run(ctx) }()
	f.stop = func() { cancel(); <-done }
	t.Cleanup(func() {
		f.stop()
		if t.Failed() {
			t.Logf("log:\n%s", f.logs)
		}
		if s := f.logs.String(); strings.Contains(s, authentiktest.DefaultToken) || strings.Contains(s, "hunter2") {
			t.Errorf("a secret is in the log:\n%s", s)
		}
	})
	return f
}

// echo serves a connection as a relay does: it takes the grant, and lives as long.
func (f *fixture) echo(ctx context.Context, c authentik.Connection) {
	g, err := f.Redeem(ctx, c.Presented)
	if err != nil {
		f.t.Errorf("redeem: %v", err)
		return
	}
	s := &served{Connection: c, ctx: ctx, grant: g, done: make(chan struct{})}
	defer close(s.done)
	f.got <- s
	stop := context.AfterFunc(g.Context(), c.Tunnel.Close)
	defer stop()
	for {
		p, err := c.Tunnel.Read(ctx)
		if err != nil {
			return
		}
		if err := c.Tunnel.Write(ctx, append([]byte("4.echo;"), p...)); err != nil {
			return
		}
	}
}

// next waits for a connection.
func (f *fixture) next() *served {
	f.t.Helper()
	select {
	case s := <-f.got:
		return s
	case <-time.After(10 * time.Second):
		f.t.Fatalf("no connection came; log:\n%s", f.logs)
		return nil
	}
}

// wait waits until something holds.
func wait(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// up waits until an outpost is connected.
func (f *fixture) up(s *authentiktest.Server) {
	f.t.Helper()
	wait(f.t, "the outpost is connected", func() bool { return f.Status().Connected && len(s.Instances()) > 0 })
}

// logged waits for a text in the log.
func (f *fixture) logged(text string) {
	f.t.Helper()
	wait(f.t, "logged: "+text+"\n"+f.logs.String(), func() bool { return strings.Contains(f.logs.String(), text) })
}

// page is a browser with a connection open.
type page struct {
	*websocket.Conn
	t *testing.T
}

func open(t *testing.T, token *authentiktest.Token) *page {
	t.Helper()
	conn, err := token.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &page{conn, t}
}

func (p *page) say(text string) {
	p.t.Helper()
	if err := p.Write(p.t.Context(), websocket.MessageText, []byte(text)); err != nil {
		p.t.Fatal(err)
	}
}

// hears waits for a message, skipping signs of life.
func (p *page) hears(want string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 10*time.Second)
	defer cancel()
	for {
		_, got, err := p.Read(ctx)
		if err != nil {
			p.t.Fatalf("before %q: %v", want, err)
		}
		if string(got) == want {
			return
		}
		if string(got) != "3.nop;" {
			p.t.Fatalf("got %q, want %q", got, want)
		}
	}
}

// works sends something through a connection and gets it back. What is sent before
// authentik has paired the sockets is lost, so it is said until it is heard.
func (p *page) works() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 10*time.Second)
	defer cancel()
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		for {
			_ = p.Write(ctx, websocket.MessageText, []byte("4.sync,1.1;"))
			select {
			case <-stop:
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	for {
		_, got, err := p.Read(ctx)
		if err != nil {
			p.t.Fatalf("the connection does not work: %v", err)
		}
		if string(got) == "4.echo;4.sync,1.1;" {
			return
		}
	}
}

// ends waits for the end of a grant.
func (s *served) ends(t *testing.T, code string) {
	t.Helper()
	select {
	case <-s.grant.Context().Done():
		var end *authority.End
		if !errors.As(context.Cause(s.grant.Context()), &end) || end.Code != code {
			t.Errorf("ended with %v, want %s", context.Cause(s.grant.Context()), code)
		}
	case <-time.After(10 * time.Second):
		t.Fatalf("not ended, want %s", code)
	}
}

// lives looks whether a grant is alive.
func (s *served) lives(t *testing.T) {
	t.Helper()
	if err := s.grant.Context().Err(); err != nil {
		t.Errorf("ended: %v", context.Cause(s.grant.Context()))
	}
}
