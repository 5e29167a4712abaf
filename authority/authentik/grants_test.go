package authentik_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/authority/authentik"
	"github.com/porthole-rac/porthole/authority/authentik/authentiktest"
	"github.com/porthole-rac/porthole/protocol/wire"
)

// long is a grace that no test waits for.
const long = time.Hour

// closed waits until a browser's socket has ended, and gives the code.
func (p *page) closed() websocket.StatusCode {
	p.t.Helper()
	select {
	case err := <-p.over:
		return websocket.CloseStatus(err)
	case <-time.After(10 * time.Second):
		p.t.Fatal("the browser's socket stays open")
		return 0
	}
}

// Every way in which authentik ends something, and what becomes of the connection.
func TestEnds(t *testing.T) {
	type scene struct {
		s *authentiktest.Server
		f *fixture
		p *page
		c *served
		l *authentiktest.Session
		k *authentiktest.Token
	}
	for _, tt := range []struct {
		name  string
		grace time.Duration
		delay time.Duration // of the session's end
		act   func(t *testing.T, x *scene)
		code  string // empty: it lives
	}{
		{"tab closed", 50 * time.Millisecond, 0, func(_ *testing.T, x *scene) { _ = x.p.Close(websocket.StatusNormalClosure, "") }, wire.EndAbandoned},
		{"line of the browser lost", 50 * time.Millisecond, 0, func(_ *testing.T, x *scene) { _ = x.p.CloseNow() }, wire.EndAbandoned},
		{"no grace", 0, 0, func(_ *testing.T, x *scene) { _ = x.p.CloseNow() }, wire.EndAbandoned},
		{"logout, announced afterwards", long, 20 * time.Millisecond, func(_ *testing.T, x *scene) { x.l.Logout() }, wire.EndLogout},
		{"logout, announced before", long, -1, func(_ *testing.T, x *scene) { x.l.Logout() }, wire.EndLogout},
		{"another session's end, long before", long, 0, func(t *testing.T, x *scene) {
			x.s.Login("bob").Logout()
			time.Sleep(quick.Near + 50*time.Millisecond)
			_ = x.p.CloseNow()
			x.f.logged("waits for another one")
		}, ""},
		{"another session's end", long, 0, func(t *testing.T, x *scene) { x.s.Login("bob").Logout(); x.p.works() }, ""},
		{"token expired", 50 * time.Millisecond, 0, func(t *testing.T, x *scene) {
			x.k.Expire() // and the nop has authentik notice
			if code := x.p.closed(); code != websocket.StatusNormalClosure {
				t.Errorf("the browser's socket ended with %v", code)
			}
		}, wire.EndAbandoned},
		{"token deleted by hand", long, 0, func(t *testing.T, x *scene) { x.k.Delete(); x.p.works() }, ""},
		{"outpost closes", 50 * time.Millisecond, 0, func(_ *testing.T, x *scene) { x.c.Tunnel.Close() }, wire.EndAbandoned},
		{"outpost aborts", 50 * time.Millisecond, 0, func(_ *testing.T, x *scene) { x.c.Tunnel.Abort() }, wire.EndAbandoned},
		{"data socket's worker dies", 50 * time.Millisecond, 0, func(_ *testing.T, x *scene) { x.s.Recycle(authentiktest.DataSockets, true) }, wire.EndAbandoned},
		{"control socket's worker dies", long, 0, func(t *testing.T, x *scene) { x.s.Recycle(authentiktest.ControlSockets, true); x.p.works() }, ""},
		{"the relay's end", long, 0, func(t *testing.T, x *scene) {
			x.f.Ended(t.Context(), x.c.grant.ID, authority.Report{End: authority.End{Code: wire.EndClosed}})
		}, wire.EndClosed},
		{"outpost stops", long, 0, func(_ *testing.T, x *scene) { x.f.stop() }, wire.EndShutdown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t, authentiktest.Config{SessionEndDelay: tt.delay})
			f := run(t, s.URL, withGrace(tt.grace))
			f.up(s)
			l := s.Login("ann")
			k := l.Connect(authentiktest.Token{Protocol: "ssh", Host: "h"})
			p := open(t, k)
			x := &scene{s, f, p, f.next(), l, k}
			p.works()
			tt.act(t, x)
			if tt.code == "" {
				x.c.lives(t)
				return
			}
			x.c.ends(t, tt.code)
			if tt.code != wire.EndShutdown {
				wait(t, "no connection is told", func() bool { return s.Instances()[0].Active() == 0 })
			}
			wait(t, "the tunnel is closed", func() bool { return s.Tunnels() == 0 })
		})
	}
}

// authentik before 2025.8 does not announce the end of sessions: then the grace is
// what a logout takes.
func TestLogoutBeforeItIsAnnounced(t *testing.T) {
	s := newServer(t, authentiktest.Config{Version: authentiktest.VersionOf("2025.6.3")})
	f := run(t, s.URL, withGrace(50*time.Millisecond))
	f.up(s)
	l := s.Login("ann")
	open(t, l.Connect(authentiktest.Token{Protocol: "ssh", Host: "h"})).works()
	c := f.next()
	l.Logout()
	c.ends(t, wire.EndAbandoned)
}

// A worker of authentik is replaced: the page comes back with the same token, and has
// the same connection.
func TestSameTokenTakesItsConnectionUpAgain(t *testing.T) {
	for _, hard := range []bool{false, true} {
		for _, which := range []struct {
			name string
			of   authentiktest.Sockets
		}{{"browser", authentiktest.BrowserSockets}, {"data", authentiktest.DataSockets}, {"all", authentiktest.AllSockets}} {
			t.Run(fmt.Sprintf("%s hard=%t", which.name, hard), func(t *testing.T) {
				s := newServer(t, authentiktest.Config{})
				f := run(t, s.URL, withGrace(long))
				f.up(s)
				k := sshToken(s)
				p := open(t, k)
				c := f.next()
				p.works()
				s.Recycle(which.of, hard)
				if which.of != authentiktest.DataSockets {
					p.closed()
				}
				if which.of&authentiktest.ControlSockets != 0 {
					wait(t, "connected again", func() bool { return len(s.Attempts()) > 1 && f.Status().Connected })
				}
				q := open(t, k)
				again := f.next()
				if again.grant != c.grant {
					t.Fatal("another connection")
				}
				q.works()
				c.lives(t)
				// Whatever was left of the old tunnel ends: nobody reads it.
				wait(t, "one tunnel is left", func() bool { return s.Tunnels() == 1 })
				wait(t, "one connection is told", func() bool { return s.Instances()[0].Active() == 1 })
				q.works()
				c.lives(t)
			})
		}
	}
}

// Without a token in drive-path nothing can be taken up again.
func TestAnotherTokenIsAnotherConnection(t *testing.T) {
	s := newServer(t, authentiktest.Config{})
	f := run(t, s.URL, withGrace(long))
	f.up(s)
	open(t, sshToken(s)).works()
	a := f.next()
	open(t, sshToken(s)).works()
	b := f.next()
	if a.grant == b.grant || a.grant.ID == b.grant.ID {
		t.Error("two tokens share a connection")
	}
	say := func(channel, drive string) *served {
		s.Say(`{"instruction":3,"args":{"sub_type":"init_connection","dest_channel_id":"` + channel + `","params":{"hostname":"h","drive-path":"` + drive + `"},"protocol":"ssh"}}`)
		return f.next()
	}
	if say("1", "").grant == say("2", "").grant {
		t.Error("two connections without a token share one")
	}
	if say("3", "/tmp/connection/").grant == say("4", "/tmp/connection/").grant {
		t.Error("two connections with an empty token share one")
	}
	if say("5", "/tmp/connection/abc").grant != say("6", "/tmp/connection/abc").grant {
		t.Error("one token has two connections")
	}
}

func TestSecrets(t *testing.T) {
	s := newServer(t, authentiktest.Config{})
	f := run(t, s.URL, withGrace(long), withTiming(func(x *authentik.Timing) { x.Secret = 300 * time.Millisecond }))
	f.up(s)
	p := open(t, sshToken(s))
	c := f.next()
	p.works()
	redeem := func(secret string) (*authority.Grant, error) {
		return f.Redeem(t.Context(), authority.Presented{Token: secret})
	}
	if _, err := redeem(c.Presented.Token); !errors.Is(err, authority.ErrTokenUsed) {
		t.Errorf("a secret that was used: %v", err)
	}
	if _, err := redeem(""); !errors.Is(err, authority.ErrToken) {
		t.Errorf("no secret: %v", err)
	}
	more := c.Secret()
	if len(more) < 40 {
		t.Errorf("secret of %d characters", len(more))
	}
	if g, err := redeem(more); g != c.grant || err != nil {
		t.Errorf("a further secret: %v", err)
	}
	late := c.Secret()
	time.Sleep(350 * time.Millisecond)
	if _, err := redeem(late); !errors.Is(err, authority.ErrTokenExpired) {
		t.Errorf("a secret that is too old: %v", err)
	}
	var kept []string
	for range 40 {
		kept = append(kept, c.Secret())
	}
	if _, err := redeem(kept[0]); !errors.Is(err, authority.ErrToken) {
		t.Errorf("one of too many: %v", err)
	}
	if _, err := redeem(kept[39]); err != nil {
		t.Errorf("the newest: %v", err)
	}

	open(t, sshToken(s)).works()
	other := f.next()
	attach := func(id, secret string) error {
		return f.Reattach(t.Context(), id, authority.Presented{Token: secret})
	}
	if err := attach(c.grant.ID, ""); err != nil {
		t.Errorf("reattach: %v", err)
	}
	if err := attach(c.grant.ID, c.Secret()); err != nil {
		t.Errorf("reattach with a secret: %v", err)
	}
	if err := attach(c.grant.ID, other.Secret()); !errors.Is(err, authority.ErrDenied) {
		t.Errorf("reattach with another's secret: %v", err)
	}
	if err := attach(c.grant.ID, "made up"); !errors.Is(err, authority.ErrToken) {
		t.Errorf("reattach with a secret that there is not: %v", err)
	}
	if err := attach("nothing", ""); !errors.Is(err, authority.ErrGone) {
		t.Errorf("reattach to nothing: %v", err)
	}

	// With its tunnel a secret ends, though the grant lives on.
	last := c.Secret()
	_ = p.CloseNow()
	<-c.done
	if _, err := redeem(last); !errors.Is(err, authority.ErrToken) {
		t.Errorf("after the tunnel's end: %v", err)
	}
	if err := attach(c.grant.ID, ""); err != nil {
		t.Errorf("reattach in the grace: %v", err)
	}
	f.Ended(t.Context(), c.grant.ID, authority.Report{})
	if err := attach(c.grant.ID, ""); !errors.Is(err, authority.ErrGone) {
		t.Errorf("reattach after the end: %v", err)
	}
}

// What the page tells about itself comes through.
func TestPageTellsItself(t *testing.T) {
	s := newServer(t, authentiktest.Config{})
	f := run(t, s.URL)
	f.up(s)
	conn, err := sshToken(s).Open(t.Context(), map[string][]string{"screen_width": {"800.7"}, "screen_height": {"x"}, "audio": {"porthole.v1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }()
	if c := f.next(); c.Page != "porthole.v1" || c.Width != 801 || c.Height != 0 || c.DPI != 0 {
		t.Errorf("%+v", c.Connection)
	}
}

// A handler that panics ends its own connection.
func TestPanicEndsOneConnection(t *testing.T) {
	s := newServer(t, authentiktest.Config{})
	first := make(chan struct{}, 1)
	first <- struct{}{}
	var f *fixture
	ready := make(chan struct{})
	f = run(t, s.URL, func(c *authentik.Config) {
		c.Serve = func(ctx context.Context, c authentik.Connection) {
			<-ready
			select {
			case <-first:
				panic("oops")
			default:
				f.echo(ctx, c)
			}
		}
	})
	close(ready)
	f.up(s)
	open(t, sshToken(s))
	f.logged("connection panicked")
	open(t, sshToken(s)).works()
}

func TestTooManyTunnels(t *testing.T) {
	s := newServer(t, authentiktest.Config{})
	f := run(t, s.URL, withGrace(0), func(c *authentik.Config) { c.MaxTunnels = 2 })
	f.up(s)
	p := open(t, sshToken(s))
	p.works()
	open(t, sshToken(s)).works()
	open(t, sshToken(s))
	f.logged("too many tunnels")
	_ = p.CloseNow()
	wait(t, "one has gone", func() bool { return s.Tunnels() == 1 })
	open(t, sshToken(s)).works()
}
