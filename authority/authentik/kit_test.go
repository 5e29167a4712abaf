package authentik_test

import (
	"bytes"
	"context"
	"crypto/rand"
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
	case <-time.After(patience):
		f.t.Fatalf("no connection came; log:\n%s", f.logs)
		return nil
	}
}

// patience bounds what happens at once on a machine that has nothing else to do.
const patience = 30 * time.Second

// wait waits until something holds.
func wait(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(2 * time.Millisecond) {
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

// page is a browser with a connection open. It reads all the time, as browsers do.
type page struct {
	*websocket.Conn
	t      *testing.T
	echoes chan string // what was sent and came back
	over   chan error  // why the socket has ended
}

func open(t *testing.T, token *authentiktest.Token) *page {
	t.Helper()
	conn, err := token.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &page{conn, t, make(chan string, 1000), make(chan error, 1)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			_, got, err := conn.Read(context.Background())
			if err != nil {
				p.over <- err
				return
			}
			if echo, ok := strings.CutPrefix(string(got), "4.echo;"); ok {
				p.echoes <- echo
			}
		}
	}()
	t.Cleanup(func() { _ = conn.CloseNow(); <-done })
	return p
}

func (p *page) say(text string) {
	_ = p.Write(context.Background(), websocket.MessageText, []byte(text)) // the answer tells
}

// works sends something through a connection and gets it back. What is sent before
// authentik has paired the sockets is lost, so it is said until it is heard.
func (p *page) works() {
	p.t.Helper()
	word := "4.sync,8." + rand.Text()[:8] + ";"
	deadline := time.After(patience)
	for pause := 50 * time.Millisecond; ; pause *= 2 { // hundreds may do this at a time
		p.say(word)
		again := time.After(pause)
		for waiting := true; waiting; {
			select {
			case echo := <-p.echoes:
				if echo == word {
					return
				}
			case err := <-p.over:
				p.t.Fatalf("the connection does not work: %v", err)
			case <-deadline:
				p.t.Fatal("the connection does not work: no answer")
			case <-again:
				waiting = false
			}
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
	case <-time.After(patience):
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
