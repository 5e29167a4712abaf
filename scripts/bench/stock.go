package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/porthole-rac/porthole/protocol/guac"
	"github.com/porthole-rac/porthole/scripts/targets"
)

// Bars of pages that speak Guacamole.
const (
	stockScroll = 15 // pictures a second
	stockIdle   = 12 // MB for each idle connection
)

// stockPage is a page without a browser: it answers what it is asked, at once.
type stockPage struct {
	syncs, bytes atomic.Int64
	err          error
	done         chan struct{}
}

// openStock connects one, until ctx is done.
func openStock(ctx context.Context, address string) (*stockPage, error) {
	conn, _, err := websocket.Dial(ctx, "ws://"+address+"/", &websocket.DialOptions{Subprotocols: []string{"guacamole"}})
	if err != nil {
		return nil, fmt.Errorf("open tunnel: %w", err)
	}
	conn.SetReadLimit(1 << 20)
	p := &stockPage{done: make(chan struct{})}
	go func() {
		defer close(p.done)
		defer func() { _ = conn.CloseNow() }()
		p.err = p.run(ctx, conn)
	}()
	return p, nil
}

func (p *stockPage) run(ctx context.Context, conn *websocket.Conn) error {
	parser := guac.Parser{Units: 1 << 20}
	var w guac.Writer
	buf := make([]byte, 64<<10)
	for {
		_, r, err := conn.Reader(ctx)
		if err != nil {
			return err
		}
		n := 0
		for err == nil {
			if n == len(buf) {
				buf = append(buf, make([]byte, n)...)
			}
			var m int
			m, err = r.Read(buf[n:])
			n += m
		}
		if err != io.EOF { //nolint:errorlint // io.Reader's contract
			return err
		}
		p.bytes.Add(int64(n))
		for rest := buf[:n]; len(rest) > 0; {
			var in guac.Instruction
			if in, rest, err = parser.Next(rest); err != nil {
				return err
			}
			switch string(in.Opcode) {
			case "sync":
				p.syncs.Add(1)
				stamp, _ := in.Int(0)
				w.Reset()
				w.Begin("sync")
				w.Int(stamp)
				w.End()
				for m := range w.Messages {
					if err := conn.Write(ctx, websocket.MessageText, m); err != nil {
						return err
					}
				}
			case "error":
				return fmt.Errorf("the page is told: %s", in.Arg(0))
			}
		}
	}
}

// stock measures what a page gets that speaks Guacamole, without its browser.
func stock(ctx context.Context, b *bench) ([]row, error) {
	program, err := b.program(ctx, "stock")
	if err != nil {
		return nil, err
	}
	vnc, err := targets.TigerVNC(filepath.Join(b.dir), targets.VNCOptions{Width: deskWidth, Height: deskHeight, Args: []string{"-FrameRate", "60"}})
	if err != nil {
		return nil, err
	}
	defer vnc.Close()
	address, pid, stop, err := startStock(ctx, program, vnc.Address())
	if err != nil {
		return nil, err
	}
	defer stop()
	watch := 5 * time.Second
	if b.quick {
		watch = 2 * time.Second
	}
	var rows []row
	for _, kind := range []targets.Workload{targets.Text, targets.Video, targets.Scroll, targets.Drag} {
		r, err := watchStock(ctx, vnc, kind, address, pid, watch)
		if err != nil {
			return rows, fmt.Errorf("%s: %w", kind, err)
		}
		rows = append(rows, r)
	}
	idle, err := idleStock(ctx, vnc, address, pid, b.quick)
	return append(rows, idle...), err
}

func startStock(ctx context.Context, program, server string) (address string, pid int, stop func(), err error) {
	c := exec.CommandContext(ctx, program, server, "quality-level=6", "compress-level=2", "disable-display-resize=true")
	stdin, err := c.StdinPipe()
	if err != nil {
		return "", 0, nil, fmt.Errorf("start relay: %w", err)
	}
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		return "", 0, nil, fmt.Errorf("start relay: %w", err)
	}
	stop = func() { _ = stdin.Close(); _ = c.Wait() }
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return "", 0, nil, fmt.Errorf("start relay: %w", err)
	}
	return strings.TrimSpace(line), c.Process.Pid, stop, nil
}

// watchStock looks at a workload for a while.
func watchStock(ctx context.Context, vnc *targets.VNC, kind targets.Workload, address string, pid int, watch time.Duration) (row, error) {
	work, err := vnc.Display.Draw(kind)
	if err != nil {
		return row{}, err
	}
	defer work.Stop() //nolint:errcheck // what was seen counts
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p, err := openStock(ctx, address)
	if err != nil {
		return row{}, err
	}
	time.Sleep(1500 * time.Millisecond) // what comes first is over
	syncs, bytes, made, used, from := p.syncs.Load(), p.bytes.Load(), work.Frames(), must(cpu(pid)), time.Now()
	select {
	case <-time.After(watch):
	case <-p.done:
		return row{}, p.err
	}
	seconds := time.Since(from).Seconds()
	rate := float64(p.syncs.Load()-syncs) / seconds
	used = must(cpu(pid)) - used
	cancel()
	<-p.done
	bar := 1.0
	if kind == targets.Scroll {
		bar = stockScroll
	}
	return least(string(kind)+" through Guacamole's protocol: pictures a second", rate, bar, "", fmt.Sprintf(
		"relay %.0f %% of a core, %.1f MB/s to the page, %.0f pictures a second drawn", 100*used.Seconds()/seconds,
		float64(p.bytes.Load()-bytes)/seconds/1e6, float64(work.Frames()-made)/seconds)), nil
}

// idleStock holds many connections.
func idleStock(ctx context.Context, vnc *targets.VNC, address string, pid int, quick bool) ([]row, error) {
	n := 500
	if quick {
		n = 20
	}
	if err := raiseFiles(uint64(4*n + 256)); err != nil {
		return nil, err
	}
	work, err := vnc.Display.Draw(targets.Idle)
	if err != nil {
		return nil, err
	}
	defer work.Stop() //nolint:errcheck // nothing of it is used
	before := must(resident(pid))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var pages []*stockPage
	for range n {
		p, err := openStock(ctx, address)
		if err != nil {
			return nil, err
		}
		pages = append(pages, p)
		for deadline := time.Now().Add(10 * time.Second); p.syncs.Load() < 2 && time.Now().Before(deadline); {
			time.Sleep(5 * time.Millisecond)
		}
	}
	time.Sleep(6 * time.Second) // memory is let go
	used := must(cpu(pid))
	time.Sleep(5 * time.Second)
	used = must(cpu(pid)) - used
	lost := 0
	for _, p := range pages {
		select {
		case <-p.done:
			lost++
		default:
		}
	}
	memory := must(resident(pid))
	cancel()
	for _, p := range pages {
		<-p.done
	}
	return []row{
		most(fmt.Sprintf("relay with %d idle pages of Guacamole, resident for each", n), float64(memory-before)/1e6/float64(n), stockIdle, "MB",
			fmt.Sprintf("%.0f MB in all, %.0f MB before; %.2f %% of a core each", float64(memory)/1e6, float64(before)/1e6, 100*used.Seconds()/5/float64(n))),
		most("pages that were lost meanwhile", float64(lost), 0, "of them", fmt.Sprintf("%d were open", n)),
	}, nil
}
