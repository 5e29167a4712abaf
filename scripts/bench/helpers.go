package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/porthole-rac/porthole/scripts/browser"
)

// program builds one of the programs below scripts/bench.
func (b *bench) program(ctx context.Context, name string) (string, error) {
	path := filepath.Join(b.dir, name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	c := exec.CommandContext(ctx, "go", "build", "-o", path, "./scripts/bench/"+name)
	c.Dir = b.root
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w: %s", name, err, out)
	}
	return path, nil
}

// server starts a porthole of its own for a benchmark.
func (b *bench) server(name string, args ...string) (*browser.Server, error) {
	dir := filepath.Join(b.dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	return browser.StartServer(b.binary, dir, args...)
}

// add runs `porthole endpoint add` and its like for a server.
func add(s *browser.Server) func(args ...string) error {
	return func(args ...string) error {
		_, err := s.Run("", args...)
		return err
	}
}

// crowd is a running scripts/bench/crowd.
type crowd struct {
	cmd              *exec.Cmd
	stdin            io.Closer
	address, hostKey string
}

func (b *bench) crowd(ctx context.Context) (*crowd, error) {
	path, err := b.program(ctx, "crowd")
	if err != nil {
		return nil, err
	}
	c := &crowd{cmd: exec.CommandContext(ctx, path)}
	c.cmd.Stderr = os.Stderr
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start crowd: %w", err)
	}
	out, err := c.cmd.StdoutPipe()
	if err == nil {
		err = c.cmd.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("start crowd: %w", err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		c.close()
		return nil, fmt.Errorf("start crowd: %w", err)
	}
	c.address, c.hostKey, _ = strings.Cut(strings.TrimSpace(line), " ")
	return c, nil
}

func (c *crowd) close() {
	_ = c.stdin.Close()
	_ = c.cmd.Wait()
}

// endpoint adds the server as an endpoint.
func (c *crowd) endpoint(s *browser.Server, name string) error {
	file := filepath.Join(s.Data, "bench-password")
	if err := os.WriteFile(file, []byte("bench\n"), 0o600); err != nil {
		return fmt.Errorf("write password: %w", err)
	}
	return add(s)("endpoint", "add", name, "--host", c.address, "--set", "username=bench", "--set-file", "password="+file, "--set", "host-key="+c.hostKey)
}
