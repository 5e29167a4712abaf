package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/porthole-rac/porthole/scripts/targets"
)

// sshd is a running OpenSSH server on loopback.
type sshd struct {
	*targets.Server
	known string // file of its host key, for ssh
}

// openSSH gives the OpenSSH server, started when first needed.
func (b *bench) openSSH() (*sshd, error) {
	if b.sshd != nil {
		return b.sshd, nil
	}
	dir := filepath.Join(b.dir, "sshd")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	// bash reads the person's .bashrc when sshd has started it, unless it thinks
	// that another shell did; what is in there is not to be measured.
	server, err := targets.OpenSSH(dir, targets.Options{HostKeys: []string{"ed25519"}, Config: []string{"SetEnv SHLVL=2"}})
	if err != nil {
		return nil, err
	}
	b.sshd = &sshd{server, filepath.Join(dir, "known_hosts")}
	line := fmt.Sprintf("[%s]:%d %s\n", server.Host, server.Port, server.HostKeys[0])
	if err := os.WriteFile(b.sshd.known, []byte(line), 0o600); err != nil {
		return nil, fmt.Errorf("write host key: %w", err)
	}
	return b.sshd, nil
}

func (b *bench) close() {
	if b.sshd != nil {
		_ = b.sshd.Close()
	}
}

// ssh runs a command on the server with OpenSSH's client, its output thrown away,
// and gives the time from start to end.
func (s *sshd) ssh(ctx context.Context, command string, flags ...string) (time.Duration, error) {
	c := exec.CommandContext(ctx, "ssh", append(flags, "-F", "none", "-i", s.KeyFile, "-p", strconv.Itoa(s.Port), "-o", "BatchMode=yes",
		"-o", "UserKnownHostsFile="+s.known, s.User+"@"+s.Host, command)...)
	var problem bytes.Buffer
	c.Stderr = &problem // standard output goes to /dev/null
	begin := time.Now()
	if err := c.Run(); err != nil {
		return 0, fmt.Errorf("ssh %s: %w: %s", command, err, problem.String())
	}
	return time.Since(begin).Round(time.Millisecond), nil
}

// endpoint adds the server as an endpoint with a shell of known looks.
func (s *sshd) endpoint(add func(args ...string) error, name string, settings ...string) error {
	args := []string{
		"endpoint", "add", name, "--host", s.Address(), "--set", "username=" + s.User, "--set-file", "private-key=" + s.KeyFile,
		"--set", "host-key=" + s.HostKeys[0], "--set", "command=" + shell,
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
