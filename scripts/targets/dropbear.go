package targets

import (
	"encoding/base32"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Dropbear starts a dropbear. It looks only into the home of an account, so it
// gets an account of its own, which Close removes; therefore it needs root.
func Dropbear(dir string, o Options) (*Server, error) {
	if err := needRoot(); err != nil {
		return nil, err
	}
	s, err := newServer("Dropbear", dir, o)
	if err != nil {
		return nil, err
	}
	if err := s.dropbear(o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Server) dropbear(o Options) error {
	server, err := need("dropbear", "dropbear-bin")
	if err != nil {
		return err
	}
	keyTool, err := need("dropbearkey", "dropbear-bin")
	if err != nil {
		return err
	}
	home, err := s.account(o.Password)
	if err != nil {
		return err
	}
	kinds := o.HostKeys
	if len(kinds) == 0 {
		kinds = []string{"ed25519", "ecdsa", "rsa"}
	}
	// No syslog, in the foreground, no forwarding of ports from this machine.
	args := []string{"-E", "-F", "-P", filepath.Join(s.Dir, "pid")}
	for _, kind := range kinds {
		file := filepath.Join(s.Dir, "host_"+kind+"_key")
		out, err := exec.Command(keyTool, "-t", kind, "-f", file).CombinedOutput()
		if err != nil {
			return fmt.Errorf("dropbearkey: %w: %s", err, out)
		}
		for line := range strings.Lines(string(out)) {
			if strings.HasPrefix(line, "ssh-") || strings.HasPrefix(line, "ecdsa-") {
				s.HostKeys = append(s.HostKeys, strings.TrimSpace(line))
			}
		}
		args = append(args, "-r", file)
	}
	if err := os.Mkdir(filepath.Join(home, ".ssh"), 0o700); err != nil {
		return fmt.Errorf("make .ssh: %w", err)
	}
	if err := s.authorized(filepath.Join(home, ".ssh", "authorized_keys"), o); err != nil {
		return err
	}
	if err := give(home, s.User); err != nil {
		return err
	}
	return s.launch(server, func(port int) ([]string, error) {
		address := net4or6(s.Host) + ":" + strconv.Itoa(port)
		return append(args, "-p", address), nil
	})
}

func net4or6(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

// account makes an account with a home, and removes those that killed programs
// left.
func (s *Server) account(password string) (home string, err error) {
	add, err := need("useradd", "passwd")
	if err != nil {
		return "", err
	}
	remove, err := need("userdel", "passwd")
	if err != nil {
		return "", err
	}
	sweepAccounts(remove)
	s.User = uniqueName()
	// Not in the folder, which others may not enter.
	if home, err = os.MkdirTemp("", s.User+"-"); err != nil {
		return "", fmt.Errorf("make home: %w", err)
	}
	s.undo = append(s.undo, func() error { return os.RemoveAll(home) })
	if err := accounts("", add, "-M", "-d", home, "-s", "/bin/sh", s.User); err != nil {
		return "", err
	}
	s.undo = append(s.undo, func() error { return accounts("", remove, "-f", s.User) })
	if password == "" {
		return home, nil
	}
	change, err := need("chpasswd", "passwd")
	if err != nil {
		return "", err
	}
	return home, accounts(s.User+":"+password+"\n", change)
}

var accountsLock sync.Mutex

// accounts runs a program that changes accounts: one at a time, and again while
// a program of somebody else holds the files.
func accounts(input, name string, args ...string) error {
	accountsLock.Lock()
	defer accountsLock.Unlock()
	deadline := time.Now().Add(startTime)
	for {
		cmd := exec.Command(name, args...)
		cmd.Stdin = strings.NewReader(input)
		out, err := cmd.CombinedOutput()
		if err == nil {
			return nil
		}
		if !strings.Contains(string(out), "lock") || time.Now().After(deadline) {
			return fmt.Errorf("%s: %w: %s", filepath.Base(name), err, out)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func sweepAccounts(remove string) {
	b, _ := os.ReadFile("/etc/passwd")
	for line := range strings.Lines(string(b)) {
		if name, _, _ := strings.Cut(line, ":"); abandoned(name) {
			_ = accounts("", remove, "-f", name)
		}
	}
}

// give makes an account the owner of a folder and all in it.
func give(folder, name string) error {
	u, err := user.Lookup(name)
	if err != nil {
		return fmt.Errorf("look up account: %w", err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	err = filepath.Walk(folder, func(path string, _ os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, uid, gid)
	})
	if err != nil {
		return fmt.Errorf("give home: %w", err)
	}
	return nil
}

func decodeBase32(s string) ([]byte, error) {
	return base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimRight(s, "="))
}
