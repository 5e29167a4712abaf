// Package targets starts real servers for tests, benchmarks and demonstrations.
//
// SSH: OpenSSH, OpenSSH with one-time codes, OpenSSH that speaks only what old
// gear speaks, and Dropbear. VNC: TigerVNC, TightVNC, x11vnc, QEMU, wayvnc and
// krfb. RDP: xrdp, FreeRDP's shadow server, weston and gnome-remote-desktop. Each
// listens on a free port of loopback, has keys of its own and keeps its files in a
// folder that is given to it.
//
// A [Display] is where most VNC servers have their picture: programs and
// workloads draw on it, and it tells what it shows, what was typed and what its
// clipboard holds.
//
// In a test:
//
//	s := targets.For(t, targets.OpenSSH, targets.Options{})
//	term, err := ssh.Connect(ctx, ssh.Config{Settings: parse(s.Settings())}, page)
//
// [For] ends the server with the test, and skips the test when a program is
// missing, with the name of its Debian package; in CI (CI=true) that is a
// failure. Elsewhere call the functions themselves, and Close.
//
// Sessions have an empty home of their own, so that they are alike everywhere.
//
// The machine stays as it is: no account is changed. What has to live outside of
// the folder (a PAM service, the account that Dropbear needs) has a name of its
// own, is removed by Close, and by the next start if the program was killed.
// Passwords, one-time codes and Dropbear need root; the rest runs as anybody.
package targets

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
)

// Options say what a server has beyond its defaults. The zero value gives a
// server on 127.0.0.1 that takes one fresh key.
type Options struct {
	Listen         string   // address; default 127.0.0.1
	Password       string   // takes this password (root only)
	CodeSecret     string   // base32: also asks for one-time codes (RFC 4226) of it (root only; OpenSSH)
	AuthorizedKeys []string // lines, besides the fresh key
	HostKeys       []string // kinds, default ed25519, ecdsa and rsa
	Config         []string // lines of sshd_config; they win over the package's own (OpenSSH)
}

// Server is a running server.
type Server struct {
	Name     string // "OpenSSH", "Dropbear"
	Host     string // without brackets
	Port     int
	User     string
	Password string   // "": takes none
	HostKeys []string // public host keys, as in a .pub file
	Key      string   // the private key that may log in, OpenSSH form
	KeyFile  string   // where it is
	Dir      string   // the server's folder; host keys are in host_KIND_key

	log     string // file
	process *process
	undo    []func() error // in the order of doing
	secret  string
	codes   atomic.Int64
}

// Address is host:port.
func (s *Server) Address() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

func (s *Server) String() string { return s.Name + " on " + s.Address() }

// Settings are those of an endpoint that logs in with the key and pins the host
// keys.
func (s *Server) Settings() map[string]string {
	return map[string]string{
		"hostname": s.Host, "port": strconv.Itoa(s.Port), "username": s.User,
		"private-key": s.Key, "host-key": strings.Join(s.HostKeys, "\n"),
	}
}

// With is Settings with changes; an empty value takes a setting away.
func (s *Server) With(changes map[string]string) map[string]string {
	all := s.Settings()
	maps.Copy(all, changes)
	maps.DeleteFunc(all, func(_, v string) bool { return v == "" })
	return all
}

// Code is the next one-time code, by oathtool.
func (s *Server) Code() (string, error) {
	tool, err := need("oathtool", "oathtool")
	if err != nil {
		return "", err
	}
	n := s.codes.Add(1) - 1
	out, err := exec.Command(tool, "--hotp", "--base32", "--counter", strconv.FormatInt(n, 10), s.secret).Output()
	if err != nil {
		return "", fmt.Errorf("one-time code: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// Log is what the server wrote.
func (s *Server) Log() string {
	b, _ := os.ReadFile(s.log)
	return string(b)
}

// Close ends the server and all that it started, and removes what it left
// outside of its folder.
func (s *Server) Close() error {
	var errs []error
	if s.process != nil {
		errs = append(errs, s.process.kill())
	}
	for _, f := range slices.Backward(s.undo) {
		errs = append(errs, f())
	}
	s.undo = nil
	return errors.Join(errs...)
}

// Missing is the error of a program that is not installed, or of rights that are
// not there.
type Missing struct {
	What    string // program, or "root"
	Package string // of Debian
}

func (m *Missing) Error() string {
	if m.Package == "" {
		return m.What + " is needed"
	}
	return fmt.Sprintf("%s is not installed (Debian package %s)", m.What, m.Package)
}

// T is what For needs of a test or benchmark; *testing.T and *testing.B have it.
type T interface {
	Helper()
	TempDir() string
	Cleanup(func())
	Failed() bool
	Logf(format string, args ...any)
	Skipf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// maxLog bounds the log that a failed test shows, bytes.
const maxLog = 2 << 10

// For starts a server for a test and ends it with the test. The server's log is
// shown when the test fails. When the test is skipped the server is nil.
func For[O any, S interface {
	String() string
	Log() string
	Close() error
}](t T, start func(dir string, o O) (S, error), o O,
) S {
	t.Helper()
	s, err := start(t.TempDir(), o)
	if err != nil {
		Unless(t, err)
		var none S
		return none
	}
	t.Cleanup(func() {
		if t.Failed() {
			log := s.Log()
			t.Logf("end of the log of %s:\n%s", s, log[max(0, len(log)-maxLog):])
		}
		if err := s.Close(); err != nil {
			t.Logf("close %s: %v", s, err)
		}
	})
	return s
}

// Unless skips the test for a *Missing, which in CI is a failure, and fails it
// for another error.
func Unless(t T, err error) {
	t.Helper()
	var missing *Missing
	switch {
	case err == nil:
	case errors.As(err, &missing) && os.Getenv("CI") != "true":
		t.Skipf("%v", err)
	default:
		t.Fatalf("%v", err)
	}
}

// Tool finds a program for a test that calls one itself.
func Tool(t T, name, debianPackage string) string {
	t.Helper()
	path, err := need(name, debianPackage)
	Unless(t, err)
	return path
}

// need finds a program, also in the folders that only root's PATH has.
func need(name, debianPackage string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	for _, dir := range []string{"/usr/sbin", "/sbin", "/usr/local/sbin"} {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path, nil
		}
	}
	return "", &Missing{name, debianPackage}
}

// needFile looks for a file or folder.
func needFile(path, debianPackage string) error {
	if _, err := os.Stat(path); err != nil {
		return &Missing{path, debianPackage}
	}
	return nil
}

func needRoot() error {
	if os.Geteuid() != 0 {
		return &Missing{What: "root"}
	}
	return nil
}

// freePort gives a port that was free a moment ago.
func freePort(host string) (int, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return 0, fmt.Errorf("free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func currentUser() (string, error) {
	u, err := user.Current()
	if err != nil {
		return "", fmt.Errorf("current user: %w", err)
	}
	return u.Username, nil
}

func orDefault[V comparable](v, def V) V {
	var none V
	if v == none {
		return def
	}
	return v
}

// leftPrefix begins the names of all that lives outside of the folders; the
// number of the process that made it follows.
const leftPrefix = "porthole-t"

var counter atomic.Int64

// uniqueName names something outside of the folder.
func uniqueName() string {
	return fmt.Sprintf("%s%d-%d", leftPrefix, os.Getpid(), counter.Add(1))
}

// abandoned tells whether a name was made by a process that is gone.
func abandoned(name string) bool {
	rest, ok := strings.CutPrefix(name, leftPrefix)
	if !ok {
		return false
	}
	pid, _, _ := strings.Cut(rest, "-")
	n, err := strconv.Atoi(pid)
	if err != nil {
		return false
	}
	_, err = os.Stat(fmt.Sprintf("/proc/%d", n))
	return errors.Is(err, os.ErrNotExist)
}
