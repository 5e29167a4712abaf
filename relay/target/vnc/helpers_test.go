package vnc_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"image"
	"io"
	"log/slog"
	"maps"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/protocol/settings"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
	"github.com/porthole-rac/porthole/relay/target/targettest"
	"github.com/porthole-rac/porthole/relay/target/vnc"
)

// patience bounds all waiting in these tests.
const patience = 10 * time.Second

// chrome is a browser that decodes pictures.
var chrome = target.Browser{Pictures: "jpeg,png,webp"}

var rsaKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// Those on the other side.
type (
	person = targettest.Person
	trust  = targettest.Trust
)

// options of a connection.
type options struct {
	settings map[string]string
	person   *person
	trust    *trust
	browser  target.Browser
	window   target.Window
}

// at are settings for an address.
func at(address string, more ...string) map[string]string {
	all := map[string]string{"hostname": address}
	for i := 0; i+1 < len(more); i += 2 {
		all[more[i]] = more[i+1]
	}
	return all
}

func with(all map[string]string, more ...string) map[string]string {
	all = maps.Clone(all)
	for i := 0; i+1 < len(more); i += 2 {
		all[more[i]] = more[i+1]
	}
	return all
}

// open connects, and checks that no secret is in the log or in what is shown.
func open(t testing.TB, o options) (target.Desktop, error) {
	t.Helper()
	if o.person == nil {
		o.person = new(person)
	}
	if o.trust == nil {
		o.trust = new(trust)
	}
	if o.browser == (target.Browser{}) {
		o.browser = chrome
	}
	var secrets []string
	for name, v := range o.settings {
		if settings.IsSecret(name) && v != "" {
			secrets = append(secrets, v)
		}
	}
	for _, a := range o.person.Answers {
		secrets = append(secrets, a[len(a)-1])
	}
	log := new(targettest.Log)
	s, _ := settings.ParseVNC(o.settings)
	d, err := vnc.Open(t.Context(), vnc.Config{
		Settings: s, EndpointID: "e1", Endpoint: "Build 7", Trust: o.trust, Page: o.person, Window: o.window, Browser: o.browser,
		Logger: slog.New(slog.NewTextHandler(io.MultiWriter(log, t.Output()), &slog.HandlerOptions{Level: slog.LevelDebug})),
		RSAKey: rsaKey,
	})
	t.Cleanup(func() {
		if d != nil {
			_ = d.Close()
		}
		shown := log.String()
		if err != nil {
			shown += err.Error()
		}
		for _, secret := range secrets {
			if strings.Contains(shown, secret) {
				t.Errorf("the secret %q appears in: %s", secret, shown)
			}
		}
	})
	return d, err
}

// session is a desktop that runs.
type session struct {
	target.Desktop
	*glass
	t    testing.TB
	done chan struct{}
	end  error
}

// start opens a desktop and runs it to the end of the test.
func start(t testing.TB, o options) *session {
	t.Helper()
	d, err := open(t, o)
	if err != nil {
		t.Fatal(err)
	}
	s := &session{Desktop: d, glass: newGlass(t.Context(), d), t: t, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		s.end = d.Run(t.Context(), s.glass)
		s.mu.Lock()
		s.news()
		s.mu.Unlock()
	}()
	t.Cleanup(func() {
		_ = d.Close()
		<-s.done
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.err != nil {
			t.Errorf("the stream: %v", s.err)
		}
	})
	return s
}

// told is what the browser was told of the desktop.
func (s *session) told() wire.DesktopInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.info
}

// await waits until a condition holds; it is looked at with mu held whenever
// something happened, and now and then.
func (s *session) await(what string, ok func() bool) {
	s.t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		s.mu.Lock()
		good, broken, news := ok(), s.err, s.changed
		s.mu.Unlock()
		if good {
			return
		}
		if broken != nil {
			s.t.Fatalf("waiting for %s: %v", what, broken)
		}
		select {
		case <-s.done:
			s.mu.Lock()
			good = ok()
			s.mu.Unlock()
			if good {
				return
			}
			s.t.Fatalf("the session ended (%v) before: %s", s.end, what)
		case <-news:
		case <-tick.C:
		case <-deadline:
			s.t.Fatalf("waited in vain for: %s", what)
		}
	}
}

// until waits for a condition elsewhere.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for: %s", what)
		}
	}
}

// differs is how many pixels of the glass are not those of a picture, by more than
// some steps of a colour; -1: the sizes differ.
func (s *session) differs(p *image.RGBA, by int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.Rect.Dx() != s.screen.Width || p.Rect.Dy() != s.screen.Height {
		return -1
	}
	n := 0
	for y := range s.screen.Height {
		row, want := s.screen.Row(0, y, s.screen.Width), p.Pix[y*p.Stride:]
		for x := 0; x < 4*s.screen.Width; x += 4 {
			for i := range 3 {
				if d := int(row[x+i]) - int(want[x+i]); d > by || d < -by {
					n++
					break
				}
			}
		}
	}
	return n
}

// wantError checks code and step of a failure, and that it has a remedy.
func wantError(t testing.TB, err error, code string, step target.Step) *target.Error {
	t.Helper()
	var e *target.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want a target.Error", err)
	}
	if e.Code != code || e.Step != step || e.Remedy == "" || e.Message == "" {
		t.Errorf("got %s at %s (%v; remedy %q), want %s at %s", e.Code, e.Step, e, e.Remedy, code, step)
	}
	return e
}

// listen serves each connection by f.
func listen(t testing.TB, f func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() {
		cancel()
		_ = l.Close()
		wg.Wait()
	})
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			stop := context.AfterFunc(ctx, func() { _ = c.Close() })
			wg.Go(func() {
				defer stop()
				defer c.Close()
				f(c)
			})
		}
	})
	return l.Addr().String()
}
