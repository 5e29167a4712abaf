package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/scripts/targets"
)

const (
	idleDesktops      = 200
	idleDesktopMemory = 1   // MB each
	idleDesktopCPU    = 0.2 // % of a core each
)

// idle200 holds many desktops on which nothing happens but a blinking cursor.
func idle200(ctx context.Context, b *bench) ([]row, error) {
	n, wait := idleDesktops, idleSeconds*time.Second
	if b.quick {
		n, wait = 20, 5*time.Second
	}
	if err := raiseFiles(uint64(4*n + 256)); err != nil {
		return nil, err
	}
	dir := filepath.Join(b.dir, "idle200-vnc")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	vnc, err := targets.TigerVNC(dir, targets.VNCOptions{Width: deskWidth, Height: deskHeight})
	if err != nil {
		return nil, err
	}
	defer vnc.Close()
	work, err := vnc.Display.Draw(targets.Idle)
	if err != nil {
		return nil, err
	}
	defer work.Stop() //nolint:errcheck // nothing of it is used
	server, err := b.server("idle200")
	if err != nil {
		return nil, err
	}
	defer server.Stop()
	if err := add(server)("endpoint", "add", "desk", "--protocol", "vnc", "--host", vnc.Address(), "--set", "disable-display-resize=true"); err != nil {
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
	if err := openIdle(ctx, server, n, "desk", wire.Grid{Cols: 1, Rows: 1}, (*session).untilPicture, &running, &lost); err != nil {
		return nil, err
	}
	time.Sleep(3 * time.Second) // the work of opening is over
	begin, err := cpu(server.PID())
	if err != nil {
		return nil, err
	}
	select {
	case <-time.After(wait):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	end, err := cpu(server.PID())
	if err != nil {
		return nil, err
	}
	memory, err := resident(server.PID())
	if err != nil {
		return nil, err
	}
	each := float64(memory-before) / 1e6 / float64(n)
	percent := 100 * (end - begin).Seconds() / wait.Seconds()
	return []row{
		most(fmt.Sprintf("relay with %d idle desktops, resident for each", n), each, idleDesktopMemory, "MB",
			fmt.Sprintf("%.0f MB in all, %.0f MB before", float64(memory)/1e6, float64(before)/1e6)),
		most("the same, CPU for each", percent/float64(n), idleDesktopCPU, "% of a core", fmt.Sprintf("%v in %v", end-begin, wait)),
		most("desktops that were lost meanwhile", float64(lost.Load()), 0, "of them", fmt.Sprintf("%d were open", n)),
	}, nil
}

// untilPicture waits for a desktop's first picture.
func (s *session) untilPicture(ctx context.Context) error {
	for pictures := 0; pictures == 0; {
		err := s.receive(ctx, func(t wire.Type, _ []byte) error {
			if t == wire.TypeRect || t == wire.TypeFill {
				pictures++
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
