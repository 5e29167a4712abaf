package targets_test

import (
	"errors"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"

	"github.com/porthole-rac/porthole/scripts/targets"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// login runs a command on a server.
func login(t *testing.T, s *targets.Server, command string, auth ...ssh.AuthMethod) (string, error) {
	t.Helper()
	config := &ssh.ClientConfig{User: s.User, Auth: auth, HostKeyCallback: ssh.InsecureIgnoreHostKey()}
	config.SetDefaults()
	config.KeyExchanges = append(config.KeyExchanges, ssh.InsecureKeyExchangeDH1SHA1)
	config.Ciphers = append(config.Ciphers, ssh.InsecureCipherTripleDESCBC)
	c, err := ssh.Dial("tcp", s.Address(), config)
	if err != nil {
		return "", err
	}
	defer c.Close()
	session, err := c.NewSession()
	if err != nil {
		return "", err
	}
	defer session.Close()
	out, err := session.Output(command)
	return string(out), err
}

func key(t *testing.T, s *targets.Server) ssh.AuthMethod {
	t.Helper()
	signer, err := ssh.ParsePrivateKey([]byte(s.Key))
	if err != nil {
		t.Fatal(err)
	}
	return ssh.PublicKeys(signer)
}

func TestServersTakeTheirKey(t *testing.T) {
	for _, tt := range []struct {
		name  string
		start func(string, targets.Options) (*targets.Server, error)
		o     targets.Options
	}{
		{"OpenSSH", targets.OpenSSH, targets.Options{}},
		{"OpenSSH on IPv6", targets.OpenSSH, targets.Options{Listen: "::1"}},
		{"old gear", targets.OldGear, targets.Options{}},
		{"Dropbear", targets.Dropbear, targets.Options{}},
		{"Dropbear on IPv6", targets.Dropbear, targets.Options{Listen: "::1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := targets.For(t, tt.start, tt.o)
			out, err := login(t, s, "echo it works; id -un", key(t, s))
			if err != nil || out != "it works\n"+s.User+"\n" {
				t.Errorf("%q, %v", out, err)
			}
		})
	}
}

// Sessions do not depend on the start files of the account that runs the tests.
func TestHomeIsEmpty(t *testing.T) {
	for name, start := range map[string]func(string, targets.Options) (*targets.Server, error){
		"OpenSSH": targets.OpenSSH, "Dropbear": targets.Dropbear,
	} {
		t.Run(name, func(t *testing.T) {
			s := targets.For(t, start, targets.Options{})
			out, err := login(t, s, `ls -A "$HOME"`, key(t, s))
			if err != nil || strings.TrimSpace(strings.ReplaceAll(out, ".ssh", "")) != "" {
				t.Errorf("%q, %v", out, err)
			}
		})
	}
}

func TestPasswords(t *testing.T) {
	for name, start := range map[string]func(string, targets.Options) (*targets.Server, error){
		"OpenSSH": targets.OpenSSH, "Dropbear": targets.Dropbear,
	} {
		t.Run(name, func(t *testing.T) {
			s := targets.For(t, start, targets.Options{Password: "it's a 'secret'"})
			if _, err := login(t, s, "true", ssh.Password("it's a 'secret'")); err != nil {
				t.Error(err)
			}
			if _, err := login(t, s, "true", ssh.Password("wrong")); err == nil {
				t.Error("a wrong password was taken")
			}
			if name != "OpenSSH" {
				return
			}
			s = targets.For(t, start, targets.Options{
				Password: "it's a 'secret'", Config: []string{"PasswordAuthentication no", "KbdInteractiveAuthentication yes"},
			})
			if _, err := login(t, s, "true", ssh.KeyboardInteractive(func(_, _ string, q []string, _ []bool) ([]string, error) {
				return slices.Repeat([]string{"it's a 'secret'"}, len(q)), nil
			})); err != nil {
				t.Error("asked:", err)
			}
		})
	}
}

func TestCodesAreAskedAfterThePassword(t *testing.T) {
	s := targets.For(t, targets.OpenSSH, targets.Options{Password: "pw", CodeSecret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"})
	var asked []string
	answer := func(_, _ string, questions []string, echos []bool) (answers []string, err error) {
		for i, q := range questions {
			asked = append(asked, q)
			if echos[i] {
				t.Errorf("%q is shown while it is typed", q)
			}
			a := "pw"
			if strings.Contains(q, "One-time") {
				if a, err = s.Code(); err != nil {
					targets.Unless(t, err)
				}
			}
			answers = append(answers, a)
		}
		return answers, nil
	}
	for range 2 { // a code counts once
		if _, err := login(t, s, "true", ssh.KeyboardInteractive(answer)); err != nil {
			t.Fatal(err)
		}
	}
	if len(asked) != 4 {
		t.Errorf("asked %q", asked)
	}
}

// After Close the machine is as it was.
func TestCloseRemovesEverything(t *testing.T) {
	s := targets.For(t, targets.Dropbear, targets.Options{})
	if _, err := user.Lookup(s.User); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := user.Lookup(s.User); err == nil {
		t.Errorf("account %s is still there", s.User)
	}
	s = targets.For(t, targets.OpenSSH, targets.Options{Password: "pw"})
	client, err := ssh.Dial("tcp", s.Address(), &ssh.ClientConfig{
		User: s.User, Auth: []ssh.AuthMethod{ssh.Password("pw")}, HostKeyCallback: ssh.InsecureIgnoreHostKey(),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_ = client.Wait() // the session ends with the server
	if _, err := net.Dial("tcp", s.Address()); err == nil {
		t.Error("the server still listens")
	}
	if left, _ := filepath.Glob("/etc/pam.d/porthole-t" + strconv.Itoa(os.Getpid()) + "-*"); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestMissingProgramsNameTheirPackage(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := targets.OpenSSH(t.TempDir(), targets.Options{})
	var missing *targets.Missing
	if !errors.As(err, &missing) || missing.Package != "openssh-client" {
		t.Errorf("got %v", err)
	}
}
