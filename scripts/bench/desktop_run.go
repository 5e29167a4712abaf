package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/porthole-rac/porthole/scripts/bench/glass"
	"github.com/porthole-rac/porthole/scripts/bench/link"
	"github.com/porthole-rac/porthole/scripts/npm"
	"github.com/porthole-rac/porthole/scripts/targets"
)

const (
	deskWidth, deskHeight = 1920, 1080
	stampX, stampY        = deskWidth - stampWidth - 8, 8
	deskPatience          = 40 * time.Second
)

// desk is a remote screen with what is needed to look at it by both products.
type desk struct {
	b      *bench
	vnc    *targets.VNC
	pages  *glass.Handler
	copier string // the program
	dir    string
}

func (b *bench) desk(ctx context.Context) (*desk, error) {
	novnc, err := npm.NoVNC.Fetch(ctx, b.root)
	if err != nil {
		return nil, err
	}
	d := &desk{b: b}
	if d.copier, err = b.program(ctx, "wscopy"); err != nil {
		return nil, err
	}
	if d.dir, err = os.MkdirTemp(b.dir, "desk-"); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	if d.pages, err = glass.NewHandler(novnc); err != nil {
		return nil, err
	}
	d.vnc, err = targets.TigerVNC(d.dir, targets.VNCOptions{Width: deskWidth, Height: deskHeight, Args: []string{"-FrameRate", "60"}})
	if err != nil {
		d.pages.Close()
		return nil, err
	}
	return d, nil
}

func (d *desk) close() {
	d.pages.Close()
	_ = d.vnc.Close()
}

// product is one of those that are compared.
type product string

const (
	ours  product = "Porthole"
	peers product = "noVNC"
)

// glance is what one run has measured.
type glance struct {
	glass.Figures
	relay     time.Duration // CPU of the relay while it was looked at
	browser   time.Duration // CPU of Chromium
	bytes     int64         // to the browser, meanwhile
	target    int64         // from the server, meanwhile; only with counted
	untilSeen int64         // bytes to the browser until something was seen, without the socket's
	resident  int           // of the relay at the end
}

// look shows a product's page and measures it. delay is that of each direction
// between browser and relay. With counted the bytes from the server are counted, too,
// which costs a copy.
func (d *desk) look(ctx context.Context, p product, plan glass.Plan, delay time.Duration, counted bool) (g glance, err error) {
	dir, err := os.MkdirTemp(d.dir, "run-")
	if err != nil {
		return g, fmt.Errorf("make folder: %w", err)
	}
	defer os.RemoveAll(dir)
	server := d.vnc.Address()
	var behind *link.Link
	if counted {
		if behind, err = link.New(server, 0); err != nil {
			return g, err
		}
		defer behind.Close()
		server = behind.Address()
	}
	address, pid, stop, err := d.start(ctx, p, dir, server)
	if err != nil {
		return g, err
	}
	defer stop()
	host, path, _ := strings.Cut(strings.TrimPrefix(address, "http://"), "/")
	front, err := link.New(host, delay)
	if err != nil {
		return g, err
	}
	defer front.Close()
	url := "http://" + front.Address() + "/" + path
	if p == peers {
		url = d.pages.URL("novnc.html") + "?socket=ws://" + front.Address() + "/"
	}
	plan.Width, plan.Patience = deskWidth, deskPatience
	begin := func() {
		g.relay, g.browser, g.bytes = -must(cpu(pid)), -chromiumCPU(), -front.Down()
		if behind != nil {
			g.target = -behind.Down()
		}
	}
	end := func() {
		g.relay, g.browser, g.bytes = g.relay+must(cpu(pid)), g.browser+chromiumCPU(), g.bytes+front.Down()
		if behind != nil {
			g.target += behind.Down()
		}
		g.resident = must(resident(pid))
	}
	g.Figures, err = d.pages.Run(ctx, dir, url, plan, begin, end)
	g.untilSeen = front.Down() - front.Socket()
	if err != nil {
		return g, fmt.Errorf("%s: %w", p, err)
	}
	return g, nil
}

// must is for processes that are surely there; one that has gone shows in all else.
func must[T any](v T, _ error) T { return v }

func chromiumCPU() (total time.Duration) {
	all, _ := browserCPU()
	for _, p := range all {
		total += p.cpu
	}
	return total
}

// start starts a product's relay for one connection. Both get the quality that noVNC
// asks for by itself.
func (d *desk) start(ctx context.Context, p product, dir, server string) (address string, pid int, stop func(), err error) {
	c := exec.CommandContext(ctx, d.copier, server)
	if p == ours {
		c = exec.CommandContext(ctx, d.b.binary, "open", "vnc://"+server, "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "data"),
			"--set", "quality-level=6", "--set", "compress-level=2", "--set", "disable-display-resize=true")
	}
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	log, err := os.Create(filepath.Join(dir, "relay.log"))
	if err != nil {
		return "", 0, nil, fmt.Errorf("make log: %w", err)
	}
	defer log.Close()
	c.Stderr = log
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
	stop = func() {
		_ = stdin.Close()
		_ = c.Process.Signal(syscall.SIGTERM)
		killed := time.AfterFunc(5*time.Second, func() { _ = c.Process.Kill() })
		_ = c.Wait()
		killed.Stop()
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		b, _ := os.ReadFile(log.Name())
		return "", 0, nil, fmt.Errorf("start %s: %w: %s", p, err, b)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return strings.TrimSpace(line), c.Process.Pid, stop, nil
}

// pair is a run of each product, one after the other.
type pair struct{ ours, peer glance }

// compare runs both products in turns, n times each, while a workload runs. The order
// changes, as what comes second may be better or worse off.
func (d *desk) compare(ctx context.Context, kind targets.Workload, plan glass.Plan, delay time.Duration, n int) (pairs []pair, err error) {
	work, err := d.vnc.Display.Draw(kind)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, work.Stop()) }()
	if plan.Keys == 0 {
		s, err := startStamp(d.vnc.Display, work, stampX, stampY)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, s.stop()) }()
	}
	for i := range n {
		var r pair
		for j := range 2 {
			if (i+j)%2 == 0 {
				r.peer, err = d.look(ctx, peers, plan, delay, false)
				if plan.Drawing == glass.SwiftShader && errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
					r.peer, err = glance{}, nil // its page is busy: that is a result, too
				}
			} else {
				r.ours, err = d.look(ctx, ours, plan, delay, false)
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", kind, err)
			}
		}
		pairs = append(pairs, r)
	}
	return pairs, nil
}

// ratios gives the median of a figure's ratios of neighbours, ours ÷ the peer's, and
// the medians of the figure.
func ratios(pairs []pair, figure func(glance) float64) (ratio, ourMedian, peerMedian float64) {
	var r, a, b []float64
	for _, p := range pairs {
		x, y := figure(p.ours), figure(p.peer)
		a, b = append(a, x), append(b, y)
		if y > 0 {
			r = append(r, x/y)
		}
	}
	if len(r) == 0 {
		return 0, median(a), median(b)
	}
	return median(r), median(a), median(b)
}
