package ssh_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/porthole-rac/porthole/protocol/settings"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/demo"
	"github.com/porthole-rac/porthole/relay/target"
	"github.com/porthole-rac/porthole/relay/target/ssh"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func startDemo(t *testing.T) (*demo.Server, map[string]string) {
	t.Helper()
	t.Setenv("HOME", t.TempDir()) // start files of the account may be slow
	s, err := demo.Start(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	all := s.Settings()
	all["hostname"] = s.Address()
	return s, all
}

func TestShellWorks(t *testing.T) {
	_, all := startDemo(t)
	p := new(person)
	term, err := connect(t, all, p, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := term.Resize(target.Size{Cols: 101, Rows: 33}); err != nil {
		t.Error(err)
	}
	fmt.Fprint(term, "echo so$((1+1)); stty size; echo $TERM; exit 7\r")
	out := readUntil(t, term, "xterm-256color")
	if !strings.Contains(out, "so2") || !strings.Contains(out, "33 101") {
		t.Errorf("output %q", out)
	}
	for err = nil; err == nil; {
		_, err = term.Read(make([]byte, 1024))
	}
	if status, message := term.Exit(); status != 7 || !strings.Contains(message, "7") {
		t.Errorf("exit %d %q", status, message)
	}
	if p.Times("host-key-first-seen") > 0 {
		t.Error("a pinned key was called new")
	}
}

func TestWrongPasswordIsAskedAnew(t *testing.T) {
	_, all := startDemo(t)
	right := all["password"]
	all["password"] = "wrong"
	p := &person{Answers: [][]string{{"wrong again"}, {right}}}
	if _, err := connect(t, all, p, nil); err != nil {
		t.Fatal(err)
	}
	if len(p.Forms) != 2 || p.Forms[0].Fields[0].Echo || p.Forms[0].Instruction == "" {
		t.Errorf("forms %+v", p.Forms)
	}
	p = &person{Answers: [][]string{{"w"}, {"w"}, {"w"}}}
	_, err := connect(t, all, p, nil)
	wantError(t, err, wire.EndAuthFailed, target.StepAuthenticate)
	if strings.Contains(fmt.Sprint(err), "wrong") {
		t.Errorf("the error holds a password: %v", err)
	}
}

func TestMissingCredentialsAreAskedInOneForm(t *testing.T) {
	_, all := startDemo(t)
	name, right := all["username"], all["password"]
	delete(all, "username")
	delete(all, "password")
	p := &person{Answers: [][]string{{name, right}}}
	if _, err := connect(t, all, p, nil); err != nil {
		t.Fatal(err)
	}
	_, err := connect(t, all, new(person), nil)
	wantError(t, err, wire.EndCancelled, target.StepAuthenticate)
}

func TestIdentityIsTrustedOnceAndAChangeStops(t *testing.T) {
	_, all := startDemo(t)
	delete(all, "host-key")
	tr, p := new(trust), new(person)
	if _, err := connect(t, all, p, tr); err != nil {
		t.Fatal(err)
	}
	if p.Times("host-key-first-seen") == 0 {
		t.Error("a new key was not shown")
	}
	again := new(person)
	if _, err := connect(t, all, again, tr); err != nil || again.Times("host-key-first-seen") > 0 {
		t.Errorf("second time: %v, %+v", err, again.Notices)
	}
	// Another server at the same address.
	for key, ids := range tr.IDs {
		ids[0].Key, ids[0].Fingerprint = []byte("other"), "SHA256:other"
		tr.IDs[key] = ids
	}
	_, err := connect(t, all, new(person), tr)
	e := wantError(t, err, wire.EndHostKeyChanged, target.StepHandshake)
	if !strings.Contains(e.Message, "SHA256:other") || strings.Count(e.Message, "SHA256:") != 2 {
		t.Errorf("message without both fingerprints: %s", e.Message)
	}
	_, other := startDemo(t)
	all["host-key"] = other["host-key"]
	_, err = connect(t, all, new(person), nil)
	wantError(t, err, wire.EndHostKeyChanged, target.StepHandshake)
}

func TestFailuresSayWhatAndWhere(t *testing.T) {
	closed := listen(t, func(c net.Conn) { _ = c.Close() })
	stall := func(begin string) string {
		return listen(t, func(c net.Conn) {
			_, _ = c.Write([]byte(begin))
			_, _ = c.Read(make([]byte, 1<<16))
			_, _ = c.Read(make([]byte, 1<<16))
			_, _ = c.Read(make([]byte, 1<<16))
		})
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	_ = l.Close()
	for _, tt := range []struct {
		name, host, code string
		step             target.Step
		says             string
	}{
		{"refused", nobody, wire.EndUnreachable, target.StepConnect, "nothing listens"},
		{"no such name", "no-such-host.invalid", wire.EndUnreachable, target.StepResolve, "no-such-host"},
		{"closed at once", closed, wire.EndTargetLost, target.StepHandshake, "closed"},
		{"silent", stall(""), wire.EndTimeout, target.StepHandshake, "said nothing"},
		{"stalls after its banner", stall("SSH-2.0-x\r\n"), wire.EndTimeout, target.StepHandshake, "stopped answering"},
		{"not ssh", listen(t, func(c net.Conn) {
			_, _ = c.Write([]byte("HTTP/1.1 400 Bad\x1b[31m Request\r\n\r\n"))
			_ = c.Close()
		}), wire.EndTargetProtocol, target.StepHandshake, "HTTP/1.1 400 Bad[31m Request"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := connect(t, map[string]string{"hostname": tt.host, "username": "u", "password": "hunter2", "timeout": "1"}, new(person), nil)
			if tt.name == "no such name" {
				var e *target.Error // without a resolver the lookup fails in another way
				if !errors.As(err, &e) || e.Code != wire.EndUnreachable && e.Code != wire.EndTimeout {
					t.Errorf("got %v", err)
				}
				return
			}
			e := wantError(t, err, tt.code, tt.step)
			if !strings.Contains(e.Message, tt.says) {
				t.Errorf("message %q does not say %q", e.Message, tt.says)
			}
			if strings.Contains(fmt.Sprint(err), "hunter2") {
				t.Errorf("the error holds the password: %v", err)
			}
		})
	}
}

func TestEndOfContextEndsEverything(t *testing.T) {
	_, all := startDemo(t)
	prefs, _ := settings.ParseSSH(all)
	ctx, cancel := context.WithCancelCause(t.Context())
	term, err := ssh.Connect(ctx, ssh.Config{Settings: prefs, Trust: new(trust), Size: target.Size{Cols: 80, Rows: 24}}, new(person))
	if err != nil {
		t.Fatal(err)
	}
	cancel(errors.New("over"))
	for err = nil; err == nil; {
		_, err = term.Read(make([]byte, 1024))
	}
	if err := term.Close(); err != nil {
		t.Error(err)
	}
}
