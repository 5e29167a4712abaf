package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/scripts/browser"
)

const (
	keyEvery  = time.Second / 150 // as fast as a key that repeats, and then some
	echoBlock = 100               // keys one way before the other has its turn
	echoLimit = time.Millisecond
)

// echo measures the round trip of a key through the relay, and that of a bare SSH
// client to the same server, in turns.
func echo(ctx context.Context, b *bench) ([]row, error) {
	crowd, err := b.crowd(ctx)
	if err != nil {
		return nil, err
	}
	defer crowd.close()
	server, err := b.server("echo")
	if err != nil {
		return nil, err
	}
	defer server.Stop()
	if err := crowd.endpoint(server, "echo"); err != nil {
		return nil, err
	}
	relayed, closeRelayed, err := relayedKeys(ctx, server)
	if err != nil {
		return nil, err
	}
	defer closeRelayed()
	bare, closeBare, err := bareKeys(crowd)
	if err != nil {
		return nil, err
	}
	defer closeBare()

	blocks := 25
	if b.quick {
		blocks = 3
	}
	ways := [2]func(byte) error{bare, relayed}
	var times [2][]time.Duration
	for i := range 2 * blocks {
		for k := range echoBlock {
			begin := time.Now()
			if err := ways[i%2]('a' + byte(k%26)); err != nil {
				return nil, err
			}
			took := time.Since(begin)
			times[i%2] = append(times[i%2], took)
			time.Sleep(keyEvery - took)
		}
	}
	for i := range times {
		slices.Sort(times[i])
	}
	p50 := quantile(times[1], .5) - quantile(times[0], .5)
	p99 := quantile(times[1], .99) - quantile(times[0], .99)
	return []row{most("relay adds to an echoed key, p99", milliseconds(p99), milliseconds(echoLimit), "ms",
		fmt.Sprintf("p50 +%.2f ms; relay %.2f / %.2f, bare client %.2f / %.2f ms (p50 / p99), %d keys each",
			milliseconds(p50), milliseconds(quantile(times[1], .5)), milliseconds(quantile(times[1], .99)),
			milliseconds(quantile(times[0], .5)), milliseconds(quantile(times[0], .99)), len(times[0])))}, nil
}

// relayedKeys gives a function that sends a key through the relay and waits for
// its echo.
func relayedKeys(ctx context.Context, server *browser.Server) (func(byte) error, func(), error) {
	a, err := logIn(ctx, server)
	if err != nil {
		return nil, nil, err
	}
	id, err := a.endpoint(ctx, "echo")
	if err != nil {
		return nil, nil, err
	}
	s, err := a.open(ctx, id, wire.Grid{Cols: 120, Rows: 40})
	if err != nil {
		return nil, nil, err
	}
	if err := s.untilPrompt(ctx); err != nil {
		return nil, nil, err
	}
	one := make([]byte, 1)
	return func(k byte) error {
		s.seen, one[0] = s.seen[:0], k
		if err := s.input(ctx, one); err != nil {
			return err
		}
		for len(s.seen) == 0 {
			if err := s.receive(ctx, s.take); err != nil {
				return err
			}
		}
		if s.seen[0] != k {
			return fmt.Errorf("sent %q, echoed %q", k, s.seen)
		}
		return nil
	}, s.close, nil
}

// bareKeys gives the same with a bare SSH client.
func bareKeys(c *crowd) (func(byte) error, func(), error) {
	client, err := ssh.Dial("tcp", c.address, &ssh.ClientConfig{
		User: "bench", Auth: []ssh.AuthMethod{ssh.Password("bench")},
		HostKeyCallback: ssh.InsecureIgnoreHostKey(), // a server that we have just started on loopback
	})
	if err != nil {
		return nil, nil, fmt.Errorf("connect: %w", err)
	}
	s, err := client.NewSession()
	if err != nil {
		return nil, nil, fmt.Errorf("open session: %w", err)
	}
	in, err := s.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	out, err := s.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := s.RequestPty("xterm", 40, 120, nil); err != nil {
		return nil, nil, fmt.Errorf("ask for terminal: %w", err)
	}
	if err := s.Shell(); err != nil {
		return nil, nil, fmt.Errorf("start shell: %w", err)
	}
	var seen []byte
	buf := make([]byte, 4096)
	for !bytes.HasSuffix(seen, []byte(prompt)) {
		n, err := out.Read(buf)
		if err != nil {
			return nil, nil, err
		}
		seen = append(seen, buf[:n]...)
	}
	one := make([]byte, 1)
	return func(k byte) error {
		one[0] = k
		if _, err := in.Write(one); err != nil {
			return err
		}
		if _, err := io.ReadFull(out, one); err != nil {
			return err
		}
		if one[0] != k {
			return fmt.Errorf("sent %q, echoed %q", k, one)
		}
		return nil
	}, func() { _ = client.Close() }, nil
}
