package demo_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"

	"github.com/porthole-rac/porthole/relay/demo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 30 * time.Second

func start(t *testing.T) *demo.Server {
	t.Helper()
	t.Setenv("HOME", t.TempDir()) // start files of the account may be slow
	s, err := demo.Start(slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func login(t *testing.T, s *demo.Server, user, password string) (*ssh.Client, error) {
	t.Helper()
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(s.Settings()["host-key"]))
	if err != nil {
		t.Fatal(err)
	}
	c, err := ssh.Dial("tcp", s.Address(), &ssh.ClientConfig{
		User: user, Auth: []ssh.AuthMethod{ssh.Password(password)}, HostKeyCallback: ssh.FixedHostKey(key),
	})
	if err == nil {
		t.Cleanup(func() { _ = c.Close() })
	}
	return c, err
}

func client(t *testing.T, s *demo.Server) *ssh.Client {
	t.Helper()
	all := s.Settings()
	c, err := login(t, s, all["username"], all["password"])
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// terminal is a session on a pty.
type terminal struct {
	*ssh.Session
	in  io.Writer
	out io.Reader
}

func open(t *testing.T, c *ssh.Client, command string) *terminal {
	t.Helper()
	s, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	x := &terminal{Session: s}
	x.in, _ = s.StdinPipe()
	x.out, _ = s.StdoutPipe()
	if err := s.RequestPty("xterm-256color", 24, 80, nil); err != nil {
		t.Fatal(err)
	}
	if command == "" {
		err = s.Shell()
	} else {
		err = s.Start(command)
	}
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func (x *terminal) until(t *testing.T, text string) string {
	t.Helper()
	timer := time.AfterFunc(patience, func() { _ = x.Close() })
	defer timer.Stop()
	var all bytes.Buffer
	buf := make([]byte, 4096)
	for {
		n, err := x.out.Read(buf)
		all.Write(buf[:n])
		if strings.Contains(all.String(), text) {
			return all.String()
		}
		if err != nil {
			t.Fatalf("%v before %q in %q", err, text, all.String())
		}
	}
}

func TestShell(t *testing.T) {
	x := open(t, client(t, start(t)), "")
	x.until(t, "Porthole demo.")
	fmt.Fprint(x.in, "tty; stty size; echo T=$TERM-\r")
	if out := x.until(t, "T=xterm-256color-"); !strings.Contains(out, "/dev/pts/") || !strings.Contains(out, "24 80") {
		t.Errorf("output %q", out)
	}
	if err := x.WindowChange(43, 132); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(x.in, "stty size\r")
	x.until(t, "43 132")
	fmt.Fprint(x.in, "exit 5\r")
	var exit *ssh.ExitError
	if err := x.Wait(); !asExit(err, &exit) || exit.ExitStatus() != 5 {
		t.Errorf("end: %v", err)
	}
}

func asExit(err error, to **ssh.ExitError) bool {
	e, ok := err.(*ssh.ExitError)
	*to = e
	return ok
}

func TestOnlyWithItsPassword(t *testing.T) {
	s, other := start(t), start(t)
	all := s.Settings()
	if all["password"] == other.Settings()["password"] || all["host-key"] == other.Settings()["host-key"] || len(all["password"]) < 20 {
		t.Error("password and host key are not fresh")
	}
	if host, _, _ := net.SplitHostPort(s.Address()); !net.ParseIP(host).IsLoopback() {
		t.Errorf("listens on %s", host)
	}
	for _, try := range [][2]string{
		{all["username"], ""},
		{all["username"], "wrong"},
		{all["username"], other.Settings()["password"]},
		{"root", all["password"]},
		{"", all["password"]},
	} {
		if _, err := login(t, s, try[0], try[1]); err == nil {
			t.Errorf("%q was let in with %q", try[0], try[1])
		}
	}
	key, _, _, _, _ := ssh.ParseAuthorizedKey([]byte(all["host-key"]))
	if _, err := ssh.Dial("tcp", s.Address(), &ssh.ClientConfig{User: all["username"], HostKeyCallback: ssh.FixedHostKey(key)}); err == nil {
		t.Error("let in without credentials")
	}
}

// Nothing of the server's own environment, where secrets may be, goes to a shell.
func TestEnvironmentIsSmall(t *testing.T) {
	t.Setenv("PORTHOLE_SOMETHING", "not-for-shells")
	x, err := client(t, start(t)).NewSession()
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]string{"LANG": "de_DE.UTF-8", "TZ": "Asia/Tokyo", "LD_PRELOAD": "/x.so", "BASH_ENV": "/x"} {
		_ = x.Setenv(name, v)
	}
	if err := x.RequestPty("xterm", 24, 80, nil); err != nil {
		t.Fatal(err)
	}
	out, err := x.Output("env")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for line := range strings.Lines(string(out)) {
		name, _, _ := strings.Cut(line, "=")
		names = append(names, name)
	}
	for _, name := range names {
		if !slices.Contains([]string{"PATH", "LANG", "TZ", "HOME", "USER", "LOGNAME", "TERM", "SHELL", "PWD", "OLDPWD", "SHLVL", "_"}, name) {
			t.Errorf("%s is in the environment", name)
		}
	}
	if !strings.Contains(string(out), "HOME="+os.Getenv("HOME")) {
		t.Errorf("not in the home of the server's user: %q", out)
	}
	if !strings.Contains(string(out), "LANG=de_DE.UTF-8") || !strings.Contains(string(out), "TZ=Asia/Tokyo") {
		t.Errorf("environment %q", out)
	}
}

func TestOtherUsesAreRefused(t *testing.T) {
	c := client(t, start(t))
	if _, err := c.Dial("tcp", "127.0.0.1:1"); err == nil {
		t.Error("forwards connections")
	}
	if _, err := c.Listen("tcp", "127.0.0.1:0"); err == nil {
		t.Error("listens for clients")
	}
	x, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	if err := x.RequestSubsystem("sftp"); err == nil {
		t.Error("has sftp")
	}
	var open []*ssh.Session
	for range 100 {
		x, err := c.NewSession()
		if err != nil {
			break
		}
		open = append(open, x)
	}
	if len(open) == 100 {
		t.Error("opens sessions without bound")
	}
}

// Close ends every shell, also one that does not want to, and what it started.
func TestCloseEndsEverything(t *testing.T) {
	s := start(t)
	for _, command := range []string{"echo up; cat", "trap '' HUP TERM; echo up; while :; do sleep 0.1; done", "echo up; while :; do echo out; done"} {
		open(t, client(t, s), command).until(t, "up")
	}
	half, err := net.Dial("tcp", s.Address()) // one that never logs in
	if err != nil {
		t.Fatal(err)
	}
	defer half.Close()
	closes(t, s)
	if _, err := net.Dial("tcp", s.Address()); err == nil {
		t.Error("still listens")
	}
}

func closes(t *testing.T, s *demo.Server) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Close() }()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatal("Close does not return")
	}
}

// A client that goes away takes its shell with it, also one that ignores the
// hangup; its place is free again.
func TestClientThatGoesAway(t *testing.T) {
	s := start(t)
	c := client(t, s)
	x := open(t, c, "trap '' HUP; echo pid $$.; while :; do sleep 0.1; done")
	out := x.until(t, ".\r\n")
	var pid int
	if _, err := fmt.Sscanf(out[strings.Index(out, "pid"):], "pid %d.", &pid); err != nil {
		t.Fatal(out, err)
	}
	_ = x.Close()
	gone(t, pid)
	x = open(t, c, "trap '' HUP; echo pid $$.; while :; do sleep 0.1; done")
	out = x.until(t, ".\r\n")
	if _, err := fmt.Sscanf(out[strings.Index(out, "pid"):], "pid %d.", &pid); err != nil {
		t.Fatal(out, err)
	}
	_ = c.Close()
	gone(t, pid)
}

func TestManyShellsAtOnce(t *testing.T) {
	c := client(t, start(t))
	var all sync.WaitGroup
	for i := range 8 {
		x := open(t, c, "")
		all.Go(func() {
			fmt.Fprintf(x.in, "echo n$((%d+100)); exit\r", i)
			out, err := io.ReadAll(x.out)
			if err != nil || !strings.Contains(string(out), fmt.Sprint("n", i+100)) {
				t.Errorf("%v, %q", err, out)
			}
		})
	}
	all.Wait()
}
