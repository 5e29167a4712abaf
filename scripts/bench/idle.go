package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/scripts/browser"
)

const (
	idleSessions = 1000
	idleOpeners  = 16 // that log in at a time
	idleOpening  = 2 * time.Minute
	idlePing     = 10 * time.Second // as the page does
	idleSeconds  = 20
	idleMemory   = 600 // MB
	idleCPU      = 2   // % of a core
)

// idle1000 opens many sessions, each with some output and a prompt, and measures
// the relay while nothing happens but the pages' own pings.
func idle1000(ctx context.Context, b *bench) ([]row, error) {
	n, wait := idleSessions, idleSeconds*time.Second
	if b.quick {
		n, wait = 100, 5*time.Second
	}
	if err := raiseFiles(uint64(4*n + 256)); err != nil {
		return nil, err
	}
	crowd, err := b.crowd(ctx)
	if err != nil {
		return nil, err
	}
	defer crowd.close()
	server, err := b.server("idle")
	if err != nil {
		return nil, err
	}
	defer server.Stop()
	if err := crowd.endpoint(server, "idle"); err != nil {
		return nil, err
	}
	before, err := resident(server.PID())
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	var lost atomic.Int64
	if err := openIdle(ctx, server, n, "idle", wire.Grid{Cols: 120, Rows: 40, CellWidth: 9, CellHeight: 18}, (*session).untilPrompt, &running, &lost); err != nil {
		return nil, err
	}
	// The work of opening is over when the garbage of it has been looked at.
	time.Sleep(3 * time.Second)
	begin, err := cpu(server.PID())
	if err != nil {
		return nil, err
	}
	select {
	case <-time.After(wait):
	case <-ctx.Done():
	}
	end, err := cpu(server.PID())
	if err != nil {
		return nil, err
	}
	memory, err := resident(server.PID())
	if err != nil {
		return nil, err
	}
	if k := lost.Load(); k > 0 {
		return nil, fmt.Errorf("%d of %d sessions were lost", k, n)
	}
	percent := 100 * (end - begin).Seconds() / wait.Seconds()
	return []row{
		most(fmt.Sprintf("relay with %d idle sessions, resident", n), float64(memory)/1e6, idleMemory, "MB",
			fmt.Sprintf("%.0f kB for each session beyond the %.0f MB of an empty relay", float64(memory-before)/1e3/float64(n), float64(before)/1e6)),
		most(fmt.Sprintf("relay with %d idle sessions, CPU", n), percent, idleCPU, "%",
			fmt.Sprintf("%v in %v, each page pinging every %v", end-begin, wait, idlePing)),
	}, nil
}

// openIdle opens n connections to an endpoint, which stay until ctx ends. ready
// returns when one of them has come up.
func openIdle(ctx context.Context, server *browser.Server, n int, endpoint string, grid wire.Grid, ready func(*session, context.Context) error, running *sync.WaitGroup, lost *atomic.Int64) error {
	a, err := logIn(ctx, server)
	if err != nil {
		return err
	}
	id, err := a.endpoint(ctx, endpoint)
	if err != nil {
		return err
	}
	// A session that does not come up in time fails the benchmark.
	opening, cancel := context.WithTimeout(ctx, idleOpening)
	defer cancel()
	slots := make(chan struct{}, idleOpeners)
	failed := make(chan error, n)
	for i := range n {
		running.Go(func() {
			slots <- struct{}{}
			s, err := a.open(opening, id, grid)
			if err == nil {
				err = ready(s, opening)
			}
			<-slots
			failed <- err
			if err == nil {
				defer s.close()
				s.stay(ctx, time.Duration(i)*idlePing/time.Duration(n), lost)
			}
		})
	}
	for range n {
		if err := <-failed; err != nil {
			return err
		}
	}
	return nil
}

// stay answers, and pings as a page does, until ctx ends. Pages do not ping all
// at once: first is when this one begins.
func (s *session) stay(ctx context.Context, first time.Duration, lost *atomic.Int64) {
	go func() {
		for wait := first; ; wait = idlePing {
			select {
			case <-time.After(wait):
				m := wire.Ping{Time: 1}
				if s.send(ctx, m.Append(nil)) != nil {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	for ctx.Err() == nil {
		if err := s.receive(ctx, func(wire.Type, []byte) error { return nil }); err != nil && ctx.Err() == nil {
			lost.Add(1)
			return
		}
	}
}

// raiseFiles lets this process and those it starts open as many files.
func raiseFiles(n uint64) error {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return fmt.Errorf("read limit of open files: %w", err)
	}
	if l.Cur >= n {
		return nil
	}
	l.Cur, l.Max = n, max(n, l.Max)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return fmt.Errorf("raise limit of open files to %d: %w (ulimit -n)", n, err)
	}
	return nil
}
