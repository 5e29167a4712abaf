package ssh_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/protocol/settings"
	"github.com/porthole-rac/porthole/relay/target"
	"github.com/porthole-rac/porthole/relay/target/ssh"
	"github.com/porthole-rac/porthole/relay/target/targettest"
)

// patience bounds all waiting in these tests.
const patience = 30 * time.Second

// Those on the other side.
type (
	person = targettest.Person
	trust  = targettest.Trust
)

// secretsOf are the texts that may appear nowhere.
func secretsOf(all map[string]string, p *person) []string {
	var secrets []string
	add := func(v string) {
		for line := range strings.Lines(v) {
			if line = strings.TrimSpace(line); len(line) >= 6 && !strings.HasPrefix(line, "-----") && !strings.Contains(line, ": ") {
				secrets = append(secrets, line)
			}
		}
	}
	for name, v := range all {
		if settings.IsSecret(name) {
			add(v)
		}
	}
	for _, a := range p.Answers {
		for _, v := range a {
			if v != all["username"] {
				add(v)
			}
		}
	}
	return secrets
}

// connect opens a session by settings, and checks that neither the log nor the
// error nor what the page shows holds a secret of them.
func connect(t *testing.T, all map[string]string, p *person, tr *trust) (target.Terminal, error) {
	t.Helper()
	return connectBy(t, t.Context(), all, p, tr, nil)
}

func connectBy(
	t *testing.T, ctx context.Context, all map[string]string, p *person, tr *trust,
	dial func(context.Context, string, string) (net.Conn, error),
) (target.Terminal, error) {
	t.Helper()
	if tr == nil {
		tr = new(trust)
	}
	secrets := secretsOf(all, p)
	log := new(targettest.Log)
	prefs, _ := settings.ParseSSH(all)
	term, err := ssh.Connect(ctx, ssh.Config{
		Settings: prefs, EndpointID: "e1", Endpoint: "Build 7", Trust: tr, Size: target.Size{Cols: 80, Rows: 24},
		Logger: slog.New(slog.NewTextHandler(io.MultiWriter(log, t.Output()), &slog.HandlerOptions{Level: slog.LevelDebug})),
		Dial:   dial,
	}, p)
	t.Cleanup(func() {
		if term != nil {
			_ = term.Close()
		}
		shown := fmt.Sprintf("%s\n%v\n%+v\n%+v\n%+v\n%q", log, err, p.Forms, p.Notices, p.Steps, p.Details)
		var e *target.Error
		if errors.As(err, &e) {
			shown += fmt.Sprintf("%+v", *e)
		}
		for _, secret := range secrets {
			if strings.Contains(shown, secret) {
				t.Errorf("the secret %q appears in: %s", secret, shown)
			}
		}
	})
	return term, err
}

// mustConnect is connect that works.
func mustConnect(t *testing.T, all map[string]string, p *person, tr *trust) target.Terminal {
	t.Helper()
	term, err := connect(t, all, p, tr)
	if err != nil {
		t.Fatal(err)
	}
	return term
}

// rest reads until the end.
func rest(t *testing.T, term target.Terminal) string {
	t.Helper()
	timer := time.AfterFunc(patience, func() { _ = term.Close() })
	defer timer.Stop()
	out, err := io.ReadAll(term)
	if err != nil {
		t.Fatalf("%v after %q", err, out)
	}
	return string(out)
}

// runs tells whether the settings lead to a working command.
func runs(t *testing.T, all map[string]string, p *person, tr *trust) error {
	t.Helper()
	all["command"] = "echo it wo''rks"
	term, err := connect(t, all, p, tr)
	if err != nil {
		return err
	}
	if out := rest(t, term); !strings.Contains(out, "it works") {
		t.Errorf("the command printed %q", out)
	}
	return term.Close()
}

// within fails the test when f takes longer than patience allows, with the stack
// of all that still runs left to the test's own timeout.
func within(t *testing.T, d time.Duration, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(d):
		t.Fatalf("%s took longer than %v", what, d)
	}
}

// until waits for a condition.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("waited in vain for: %s", what)
		case <-tick.C:
		}
	}
}

// wantError checks code and step of a failure, and that it has a remedy.
func wantError(t *testing.T, err error, code string, step target.Step) *target.Error {
	t.Helper()
	var e *target.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want a target.Error", err)
	}
	if e.Code != code || e.Step != step || e.Remedy == "" {
		t.Errorf("got %s at %s (%v; remedy %q), want %s at %s", e.Code, e.Step, e, e.Remedy, code, step)
	}
	return e
}

// readUntil reads until the output holds text.
func readUntil(t *testing.T, term target.Terminal, text string) string {
	t.Helper()
	var all bytes.Buffer
	found := make(chan struct{})
	timer := time.AfterFunc(patience, func() { _ = term.Close() })
	defer timer.Stop()
	defer close(found)
	buf := make([]byte, 4096)
	for {
		n, err := term.Read(buf)
		all.Write(buf[:n])
		if strings.Contains(all.String(), text) {
			return all.String()
		}
		if err != nil {
			t.Fatalf("%v before %q; read %q", err, text, all.String())
		}
	}
}

// listen serves each connection by f.
func listen(t *testing.T, f func(net.Conn)) string {
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
			context.AfterFunc(ctx, func() { _ = c.Close() })
			wg.Go(func() { f(c) })
		}
	})
	return l.Addr().String()
}
