package embedded_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/authority/embedded"
	"github.com/porthole-rac/porthole/protocol/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is a time that tests move.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time          { return time.Now().Add(time.Duration(c.offset.Load())) }
func (c *clock) forward(d time.Duration) { c.offset.Add(int64(d)) }

type fixture struct {
	*embedded.Store
	t     *testing.T
	clock *clock
	path  string
}

const password = "correct horse"

func open(t *testing.T, cfg embedded.Config) *fixture {
	t.Helper()
	f := &fixture{t: t, clock: new(clock), path: cfg.Path}
	if cfg.Now == nil {
		cfg.Now = f.clock.now
	}
	s, err := embedded.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	f.Store = s
	return f
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := open(t, embedded.Config{Path: filepath.Join(t.TempDir(), "data", "porthole.db")})
	if _, err := f.CreateUser(t.Context(), "ann", password, false); err != nil {
		t.Fatal(err)
	}
	f.endpoint("box")
	return f
}

func (f *fixture) endpoint(name string) embedded.Endpoint {
	f.t.Helper()
	e, err := f.AddEndpoint(f.t.Context(), embedded.Endpoint{
		Name: name, Protocol: "ssh", Host: "[::1]:2222", Settings: map[string]string{"username": "root", "password": "hunter2"},
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return e
}

func (f *fixture) login() (string, embedded.Login) {
	f.t.Helper()
	cookie, l, err := f.LogIn(f.t.Context(), "ann", password, "192.0.2.1")
	if err != nil {
		f.t.Fatal(err)
	}
	return cookie, l
}

func (f *fixture) launch(l embedded.Login) string {
	f.t.Helper()
	e, err := f.EndpointByName(f.t.Context(), "box")
	if err != nil {
		f.t.Fatal(err)
	}
	token, err := f.Launch(f.t.Context(), l, e.ID)
	if err != nil {
		f.t.Fatal(err)
	}
	return token
}

// connect gives a live grant.
func (f *fixture) connect() (cookie string, l embedded.Login, g *authority.Grant) {
	f.t.Helper()
	cookie, l = f.login()
	g, err := f.Redeem(f.t.Context(), authority.Presented{Token: f.launch(l), Login: cookie})
	if err != nil {
		f.t.Fatal(err)
	}
	return cookie, l, g
}

// wantEnd waits for the end of a grant.
func wantEnd(t *testing.T, g *authority.Grant, code string) {
	t.Helper()
	select {
	case <-g.Context().Done():
		var end *authority.End
		if !errors.As(context.Cause(g.Context()), &end) || end.Code != code {
			t.Errorf("ended with %v, want %s", context.Cause(g.Context()), code)
		}
	case <-time.After(2 * time.Second):
		t.Errorf("not ended within two seconds, want %s", code)
	}
}

func TestGrantHasMergedSettings(t *testing.T) {
	f := newFixture(t)
	_, _, g := f.connect()
	for name, want := range map[string]string{"hostname": "::1", "port": "2222", "username": "root", "password": "hunter2"} {
		if g.Settings[name] != want {
			t.Errorf("%s is %q, want %q", name, g.Settings[name], want)
		}
	}
	if g.User.Name != "ann" || g.Endpoint.Name != "box" || g.Endpoint.Protocol != "ssh" || g.Expires.IsZero() {
		t.Errorf("grant %+v", g)
	}
}

func TestGrantOfDesktop(t *testing.T) {
	f := newFixture(t)
	for host, want := range map[string]string{"10.0.0.6": "", "10.0.0.6:0": "5900", "10.0.0.6:1": "5901", "[2001:db8::1]:5905": "5905"} {
		e, err := f.AddEndpoint(t.Context(), embedded.Endpoint{Name: host, Protocol: "vnc", Host: host})
		if err != nil {
			t.Fatal(err)
		}
		cookie, l := f.login()
		token, err := f.Launch(t.Context(), l, e.ID)
		if err != nil {
			t.Fatal(err)
		}
		g, err := f.Redeem(t.Context(), authority.Presented{Token: token, Login: cookie})
		if err != nil {
			t.Fatal(err)
		}
		if g.Endpoint.Protocol != "vnc" || g.Settings["port"] != want {
			t.Errorf("%s: port %q, want %q; %+v", host, g.Settings["port"], want, g.Endpoint)
		}
	}
}

func TestTokenIsForOneUseOneLoginAndAShortTime(t *testing.T) {
	f := newFixture(t)
	cookie, l := f.login()
	redeem := func(token, cookie string) error {
		_, err := f.Redeem(t.Context(), authority.Presented{Token: token, Login: cookie})
		return err
	}
	token := f.launch(l)
	other, _ := f.login()
	if err := redeem(token, other); !errors.Is(err, authority.ErrToken) {
		t.Errorf("another login: %v", err)
	}
	if err := redeem(token, ""); !errors.Is(err, authority.ErrLogin) {
		t.Errorf("no login: %v", err)
	}
	if err := redeem("x"+token[1:], cookie); !errors.Is(err, authority.ErrToken) {
		t.Errorf("wrong token: %v", err)
	}
	if err := redeem(token, cookie); err != nil {
		t.Errorf("right token: %v", err)
	}
	if err := redeem(token, cookie); !errors.Is(err, authority.ErrTokenUsed) {
		t.Errorf("second use: %v", err)
	}
	late := f.launch(l)
	f.clock.forward(2 * time.Minute)
	if err := redeem(late, cookie); !errors.Is(err, authority.ErrTokenExpired) {
		t.Errorf("late: %v", err)
	}
}

func TestOnlyOneOfManyWinsAToken(t *testing.T) {
	f := newFixture(t)
	cookie, l := f.login()
	token := f.launch(l)
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, err := f.Redeem(context.Background(), authority.Presented{Token: token, Login: cookie}); err == nil {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d won", won.Load())
	}
}

func TestGrantEndsWithItsGround(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(f *fixture, l embedded.Login, g *authority.Grant) error
		code string
	}{
		{"logout", func(f *fixture, l embedded.Login, _ *authority.Grant) error { return f.LogOut(f.t.Context(), l) }, wire.EndLogout},
		{"token", func(f *fixture, _ embedded.Login, g *authority.Grant) error {
			return f.DeleteToken(f.t.Context(), g.ID)
		}, wire.EndDeleted},
		{"endpoint", func(f *fixture, _ embedded.Login, _ *authority.Grant) error {
			return f.DeleteEndpoint(f.t.Context(), "box")
		}, wire.EndDenied},
		{"user", func(f *fixture, _ embedded.Login, _ *authority.Grant) error {
			return f.DeleteUser(f.t.Context(), "ann")
		}, wire.EndDenied},
		{"password", func(f *fixture, _ embedded.Login, _ *authority.Grant) error {
			return f.SetPassword(f.t.Context(), "ann", "another password")
		}, wire.EndLogout},
		{"time", func(f *fixture, _ embedded.Login, _ *authority.Grant) error {
			f.clock.forward(8*time.Hour + time.Second)
			return nil
		}, wire.EndTokenExpired},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t)
			_, l, g := f.connect()
			if err := tt.end(f, l, g); err != nil {
				t.Fatal(err)
			}
			wantEnd(t, g, tt.code)
		})
	}
}

func TestExpiredLoginEndsItsConnection(t *testing.T) {
	f := open(t, embedded.Config{ConnectionExpiry: -1})
	if _, err := f.CreateUser(t.Context(), "ann", password, false); err != nil {
		t.Fatal(err)
	}
	f.endpoint("box")
	_, _, g := f.connect()
	if !g.Expires.IsZero() {
		t.Errorf("expires %v", g.Expires)
	}
	f.clock.forward(8 * 24 * time.Hour)
	wantEnd(t, g, wire.EndSessionExpired)
}

// The command line works on the same file while the server runs.
func TestAnotherProcessEndsAConnection(t *testing.T) {
	f := newFixture(t)
	_, _, g := f.connect()
	other := open(t, embedded.Config{Path: f.path})
	tokens, err := other.Tokens(t.Context())
	if err != nil || len(tokens) != 1 || !tokens[0].Used {
		t.Fatalf("tokens %+v, %v", tokens, err)
	}
	if err := other.DeleteToken(t.Context(), tokens[0].ID); err != nil {
		t.Fatal(err)
	}
	wantEnd(t, g, wire.EndDeleted)
}

func TestResumeMovesAConnectionToAnotherBrowser(t *testing.T) {
	f := newFixture(t)
	_, first, g := f.connect()
	cookie, second := f.login()
	token, err := f.LaunchResume(t.Context(), second, g.ID)
	if err != nil {
		t.Fatal(err)
	}
	same, err := f.Redeem(t.Context(), authority.Presented{Token: token, Login: cookie})
	if err != nil || same != g {
		t.Fatalf("got %v, %v", same, err)
	}
	if _, err := f.Redeem(t.Context(), authority.Presented{Token: token, Login: cookie}); err == nil {
		t.Error("a resume token was used twice")
	}
	if err := f.LogOut(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	time.Sleep(500 * time.Millisecond)
	if g.Context().Err() != nil {
		t.Error("the connection ended with the login it had left")
	}
	if err := f.LogOut(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	wantEnd(t, g, wire.EndLogout)
}

func TestReattachIsForTheSameUser(t *testing.T) {
	f := newFixture(t)
	cookie, _, g := f.connect()
	if err := f.Reattach(t.Context(), g.ID, authority.Presented{Login: cookie}); err != nil {
		t.Errorf("own: %v", err)
	}
	if _, err := f.CreateUser(t.Context(), "bob", password, false); err != nil {
		t.Fatal(err)
	}
	bob, l, err := f.LogIn(t.Context(), "bob", password, "192.0.2.2")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Reattach(t.Context(), g.ID, authority.Presented{Login: bob}); !errors.Is(err, authority.ErrDenied) {
		t.Errorf("bob: %v", err)
	}
	if _, err := f.LaunchResume(t.Context(), l, g.ID); !errors.Is(err, authority.ErrGone) {
		t.Errorf("bob resumes: %v", err)
	}
	f.Ended(t.Context(), g.ID, authority.Report{End: authority.End{Code: wire.EndClosed}})
	if err := f.Reattach(t.Context(), g.ID, authority.Presented{Login: cookie}); !errors.Is(err, authority.ErrGone) {
		t.Errorf("after the end: %v", err)
	}
}

func TestLoginsExpire(t *testing.T) {
	f := newFixture(t)
	cookie, _ := f.login()
	f.clock.forward(11 * time.Hour)
	if _, err := f.Login(t.Context(), cookie); err != nil {
		t.Errorf("in use: %v", err)
	}
	f.clock.forward(13 * time.Hour)
	if _, err := f.Login(t.Context(), cookie); !errors.Is(err, authority.ErrLogin) {
		t.Errorf("idle: %v", err)
	}
}

func TestGuessingIsSlowedDown(t *testing.T) {
	f := newFixture(t)
	var limit *embedded.LimitError
	for i := range 20 {
		_, _, err := f.LogIn(t.Context(), "ann", "wrong", "198.51.100.9")
		if errors.As(err, &limit) {
			if i < 5 {
				t.Errorf("limited at attempt %d", i+1)
			}
			break
		}
		if !errors.Is(err, embedded.ErrCredentials) {
			t.Fatal(err)
		}
	}
	if limit == nil || limit.RetryAfter <= 0 {
		t.Fatal("twenty guesses were taken")
	}
	if _, _, err := f.LogIn(t.Context(), "ann", password, "198.51.100.9"); !errors.As(err, &limit) {
		t.Errorf("the right password did not have to wait: %v", err)
	}
	if _, _, err := f.LogIn(t.Context(), "ann", password, "192.0.2.1"); err != nil {
		t.Errorf("from elsewhere: %v", err)
	}
	f.clock.forward(time.Hour)
	if _, _, err := f.LogIn(t.Context(), "ann", password, "198.51.100.9"); err != nil {
		t.Errorf("later: %v", err)
	}
}

// Who does not exist must take as long as who does.
func TestUnknownUserCostsAHash(t *testing.T) {
	f := newFixture(t)
	known := timeOf(func() { _, _, _ = f.LogIn(t.Context(), "ann", "wrong", "a") })
	unknown := timeOf(func() { _, _, _ = f.LogIn(t.Context(), "nobody", "wrong", "b") })
	if unknown*4 < known {
		t.Errorf("unknown %v, known %v", unknown, known)
	}
}

func timeOf(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

func TestFirstStartMakesAnAdministratorOnce(t *testing.T) {
	f := open(t, embedded.Config{})
	name, pw, created, err := f.EnsureAdmin(t.Context())
	if err != nil || !created || len(pw) < 20 {
		t.Fatal(name, created, err)
	}
	if _, l, err := f.LogIn(t.Context(), name, pw, ""); err != nil || !l.User.Admin {
		t.Errorf("login: %+v, %v", l, err)
	}
	if _, _, again, _ := f.EnsureAdmin(t.Context()); again {
		t.Error("made a second one")
	}
}

func TestMaximumConnections(t *testing.T) {
	f := newFixture(t)
	e, err := f.AddEndpoint(t.Context(), embedded.Endpoint{Name: "one", Protocol: "ssh", Host: "h", Maximum: 1})
	if err != nil {
		t.Fatal(err)
	}
	cookie, l := f.login()
	token, err := f.Launch(t.Context(), l, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Redeem(t.Context(), authority.Presented{Token: token, Login: cookie}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Launch(t.Context(), l, e.ID); !errors.Is(err, embedded.ErrBusy) {
		t.Errorf("second: %v", err)
	}
}

func TestTrustRemembers(t *testing.T) {
	f := newFixture(t)
	id := authority.Identity{Address: "h:22", Kind: "ssh-ed25519", Key: []byte("key"), Fingerprint: "SHA256:x"}
	if err := f.Remember(t.Context(), "e", id); err != nil {
		t.Fatal(err)
	}
	got, err := f.Known(t.Context(), "e", "h:22")
	if err != nil || len(got) != 1 || got[0].Fingerprint != "SHA256:x" {
		t.Errorf("%+v, %v", got, err)
	}
	if got, _ := f.Known(t.Context(), "other", "h:22"); len(got) != 0 {
		t.Error("known to another endpoint")
	}
}

func TestAuditTellsWhatHappened(t *testing.T) {
	f := newFixture(t)
	_, _, g := f.connect()
	f.Ended(t.Context(), g.ID, authority.Report{End: authority.End{Code: wire.EndClosed}, Duration: time.Second, Sent: 5, Received: 6})
	events, err := f.Events(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	e := events[0]
	if e.Action != "connection_end" || e.User != "ann" || e.Context["code"] != "closed" || e.Context["sent"] != 5.0 {
		t.Errorf("%+v", e)
	}
	if events[1].Action != "connect" || events[2].Action != "login" {
		t.Errorf("%+v", events[1:3])
	}
}
