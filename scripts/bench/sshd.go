package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"time"

	"golang.org/x/crypto/ssh"
)

// sshd is a running OpenSSH server on loopback, with a key of its own for the
// present user.
type sshd struct {
	cmd     *exec.Cmd
	address string
	user    string
	key     string // path of the private key
	hostKey ssh.PublicKey
}

// openSSH gives the OpenSSH server, started when first needed.
func (b *bench) openSSH() (*sshd, error) {
	if b.sshd == nil {
		s, err := startSSHD(filepath.Join(b.dir, "sshd"))
		if err != nil {
			return nil, err
		}
		b.sshd = s
	}
	return b.sshd, nil
}

func (b *bench) close() {
	if b.sshd != nil {
		_ = b.sshd.cmd.Process.Kill()
		_ = b.sshd.cmd.Wait()
	}
}

func startSSHD(dir string) (*sshd, error) {
	path := "/usr/sbin/sshd"
	if _, err := os.Stat(path); err != nil {
		return nil, errors.New("openssh-server is not installed")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	if os.Geteuid() == 0 { // where sshd separates its privileges
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			return nil, fmt.Errorf("make folder: %w", err)
		}
	}
	u, err := user.Current()
	if err != nil {
		return nil, fmt.Errorf("find user: %w", err)
	}
	s := &sshd{user: u.Username, key: filepath.Join(dir, "user_key")}
	host, err := writeKey(filepath.Join(dir, "host_key"))
	if err != nil {
		return nil, err
	}
	s.hostKey = host
	login, err := writeKey(s.key)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("find port: %w", err)
	}
	s.address = l.Addr().String()
	_, port, _ := net.SplitHostPort(s.address)
	config := fmt.Sprintf("ListenAddress 127.0.0.1\nPort %s\nHostKey %s/host_key\nAuthorizedKeysFile %s/authorized_keys\n"+
		"PidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\nPrintMotd no\nPrintLastLog no\nLogLevel ERROR\nMaxStartups 100\n",
		port, dir, dir)
	if err := errors.Join(
		os.WriteFile(filepath.Join(dir, "authorized_keys"), ssh.MarshalAuthorizedKey(login), 0o600),
		os.WriteFile(filepath.Join(dir, "config"), []byte(config), 0o600),
		os.WriteFile(filepath.Join(dir, "known_hosts"), fmt.Appendf(nil, "[127.0.0.1]:%s %s", port, ssh.MarshalAuthorizedKey(host)), 0o600),
		l.Close(),
	); err != nil {
		return nil, fmt.Errorf("configure sshd: %w", err)
	}
	var out bytes.Buffer
	s.cmd = exec.Command(path, "-D", "-e", "-f", filepath.Join(dir, "config"))
	s.cmd.Stderr = &out
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start sshd: %w", err)
	}
	for range 200 {
		if c, err := net.Dial("tcp", s.address); err == nil {
			return s, c.Close()
		}
		time.Sleep(10 * time.Millisecond)
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	return nil, fmt.Errorf("sshd did not start: %s", out.String())
}

// writeKey makes a key and writes its private half.
func writeKey(path string) (ssh.PublicKey, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err == nil {
		err = os.WriteFile(path, pem.EncodeToMemory(block), 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("write key: %w", err)
	}
	return ssh.NewPublicKey(public)
}

// ssh runs a command on the server with OpenSSH's client, its output thrown away,
// and gives the time from start to end.
func (s *sshd) ssh(ctx context.Context, command string) (time.Duration, error) {
	_, port, _ := net.SplitHostPort(s.address)
	c := exec.CommandContext(ctx, "ssh", "-F", "none", "-i", s.key, "-p", port, "-o", "BatchMode=yes",
		"-o", "UserKnownHostsFile="+filepath.Join(filepath.Dir(s.key), "known_hosts"), s.user+"@127.0.0.1", command)
	var problem bytes.Buffer
	c.Stderr = &problem // standard output goes to /dev/null
	begin := time.Now()
	if err := c.Run(); err != nil {
		return 0, fmt.Errorf("ssh %s: %w: %s", command, err, problem.String())
	}
	return time.Since(begin), nil
}

// endpoint adds the server as an endpoint with a shell of known looks.
func (s *sshd) endpoint(add func(args ...string) error, name string, settings ...string) error {
	args := []string{
		"endpoint", "add", name, "--host", s.address, "--set", "username=" + s.user, "--set-file", "private-key=" + s.key,
		"--set", "host-key=" + string(bytes.TrimSpace(ssh.MarshalAuthorizedKey(s.hostKey))), "--set", "command=" + shell,
	}
	for _, v := range settings {
		args = append(args, "--set", v)
	}
	return add(args...)
}

// shell starts the same everywhere; its prompt is the one that the benchmarks
// wait for.
const (
	shell  = "env PS1='bench> ' HISTFILE= bash --norc --noprofile -i"
	prompt = "bench> "
)
