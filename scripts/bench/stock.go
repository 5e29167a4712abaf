package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/porthole-rac/porthole/protocol/guac"
	"github.com/porthole-rac/porthole/scripts/targets"
)

// Bars of pages that speak Guacamole.
const (
	stockIdle = 12 // MB for each idle connection
	stockCat  = 4  // s for 50 MB; guacd took 26.5
	stockEcho = 2  // ms
)

// stockMoving are the workloads with what guacd 1.6.1 made of them on two cores:
// pictures a second, and the CPU that it took, % of a core. Its scrolling is no bar.
var stockMoving = []struct {
	kind            targets.Workload
	least, guacdCPU float64
}{
	{targets.Text, 44, 100},
	{targets.Video, 29, 67},
	{targets.Scroll, 15, 100},
	{targets.Drag, 46, 84},
}

// stockPage is a page without a browser: it answers what it is asked, at once.
type stockPage struct {
	conn         *websocket.Conn
	ctx          context.Context
	syncs, bytes atomic.Int64
	drawn        atomic.Int64
	name         atomic.Value // string: the last one that the page was told
	err          error
	done         chan struct{}
}

// typed has text typed.
func (p *stockPage) typed(text string) error {
	var w guac.Writer
	for _, r := range text {
		keysym := int(r)
		if r == '\n' {
			keysym = 0xff0d
		}
		for down := 1; down >= 0; down-- {
			w.Begin("key")
			w.Int(keysym)
			w.Int(down)
			w.End()
		}
	}
	for m := range w.Messages {
		if err := p.conn.Write(p.ctx, websocket.MessageText, m); err != nil {
			return fmt.Errorf("type: %w", err)
		}
	}
	return nil
}

// until waits for a condition.
func (p *stockPage) until(what string, holds func() bool) error {
	for deadline := time.Now().Add(60 * time.Second); !holds(); time.Sleep(100 * time.Microsecond) {
		select {
		case <-p.done:
			return fmt.Errorf("wait for %s: %w", what, p.err)
		default:
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("wait for %s: it does not come", what)
		}
	}
	return nil
}

// openStock connects one, until ctx is done.
func openStock(ctx context.Context, address string) (*stockPage, error) {
	conn, _, err := websocket.Dial(ctx, "ws://"+address+"/", &websocket.DialOptions{Subprotocols: []string{"guacamole"}})
	if err != nil {
		return nil, fmt.Errorf("open tunnel: %w", err)
	}
	conn.SetReadLimit(1 << 20)
	p := &stockPage{conn: conn, ctx: ctx, done: make(chan struct{})}
	p.name.Store("")
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
			case "img", "cfill", "copy":
				p.drawn.Add(1)
			case "name":
				p.name.Store(string(in.Arg(0)))
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
	address, pid, stop, err := startStock(ctx, program, "vnc", vnc.Address(), "quality-level=6", "compress-level=2", "disable-display-resize=true")
	if err != nil {
		return nil, err
	}
	defer stop()
	watch := 5 * time.Second
	if b.quick {
		watch = 2 * time.Second
	}
	var rows []row
	for _, m := range stockMoving {
		seen, err := watchStock(ctx, vnc, m.kind, address, pid, watch)
		if err != nil {
			return rows, fmt.Errorf("%s: %w", m.kind, err)
		}
		name := string(m.kind) + " through Guacamole's protocol: "
		rows = append(rows, least(name+"pictures a second", seen.rate, m.least, "", seen.note),
			most(name+"CPU of the relay, half of guacd's", seen.cpu, m.guacdCPU/2, "% of a core", ""))
	}
	idle, err := idleStock(ctx, vnc, address, pid, b.quick)
	if rows = append(rows, idle...); err != nil {
		return rows, err
	}
	shell, err := shellStock(ctx, b, program)
	return append(rows, shell...), err
}

// shellStock floods a shell, and types in it.
func shellStock(ctx context.Context, b *bench, program string) ([]row, error) {
	size, keys := 50_000_000, 300
	if b.quick {
		size, keys = 5_000_000, 50
	}
	sshd, err := b.openSSH()
	if err != nil {
		return nil, err
	}
	t, err := makeText(b.dir, size)
	if err != nil {
		return nil, err
	}
	address, _, stop, err := startStock(ctx, program, "ssh", sshd.Address(), "username="+sshd.User, "private-key=@"+sshd.KeyFile, "host-key="+sshd.HostKeys[0], "command="+shell)
	if err != nil {
		return nil, err
	}
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p, err := openStock(ctx, address)
	if err != nil {
		return nil, err
	}
	// A title says what is over; the command itself must not have it as the shell echoes it.
	say := func(what string) string { return "printf '\\033]0;%s\\007' " + what + "\n" }
	told := func(what string) func() bool { return func() bool { return p.name.Load() == what } }
	if err = p.until("the prompt", func() bool { return p.drawn.Load() > 1 }); err != nil { // what is typed before has nobody to take it
		return nil, err
	}
	for tries := 0; !told("ready")(); tries++ {
		if tries == 20 {
			return nil, errors.New("the shell does not answer")
		}
		if err = p.typed(say("ready")); err != nil {
			return nil, err
		}
		time.Sleep(500 * time.Millisecond)
	}
	var times []time.Duration
	for range keys {
		n, from := p.drawn.Load(), time.Now()
		if err = p.typed("x"); err == nil {
			err = p.until("a key to be drawn", func() bool { return p.drawn.Load() > n })
		}
		if err != nil {
			return nil, err
		}
		times = append(times, time.Since(from))
		time.Sleep(20 * time.Millisecond) // a person is no faster
	}
	slices.Sort(times)
	if err = p.typed("\n" + say("typed")); err == nil {
		err = p.until("the shell", told("typed"))
	}
	if err != nil {
		return nil, err
	}
	var floods []float64
	for i := range 3 {
		from := time.Now()
		if err = p.typed("cat " + t.path + "; " + say(fmt.Sprint("over", i))); err == nil {
			err = p.until("the end of the text", told(fmt.Sprint("over", i)))
		}
		if err != nil {
			return nil, err
		}
		floods = append(floods, time.Since(from).Seconds())
	}
	return []row{
		most(fmt.Sprintf("cat of %d MB through Guacamole's protocol", size/1_000_000), median(floods), stockCat, "s", fmt.Sprintf("%.1f s; guacd 26.5 s", floods)),
		most("key to its picture through Guacamole's protocol, without a browser, p50", milliseconds(quantile(times, .5)), stockEcho, "ms",
			fmt.Sprintf("p95 %.1f ms", milliseconds(quantile(times, .95)))),
	}, nil
}

func startStock(ctx context.Context, program string, args ...string) (address string, pid int, stop func(), err error) {
	c := exec.CommandContext(ctx, program, args...)
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

// stockSeen is what a page got of a workload.
type stockSeen struct {
	rate, cpu float64 // pictures a second, and the relay's % of a core
	note      string
}

// watchStock looks at a workload for a while.
func watchStock(ctx context.Context, vnc *targets.VNC, kind targets.Workload, address string, pid int, watch time.Duration) (seen stockSeen, err error) {
	work, err := vnc.Display.Draw(kind)
	if err != nil {
		return seen, err
	}
	defer work.Stop() //nolint:errcheck // what was seen counts
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p, err := openStock(ctx, address)
	if err != nil {
		return seen, err
	}
	time.Sleep(1500 * time.Millisecond) // what comes first is over
	syncs, bytes, made, used, from := p.syncs.Load(), p.bytes.Load(), work.Frames(), must(cpu(pid)), time.Now()
	select {
	case <-time.After(watch):
	case <-p.done:
		return seen, p.err
	}
	seconds := time.Since(from).Seconds()
	rate := float64(p.syncs.Load()-syncs) / seconds
	used = must(cpu(pid)) - used
	cancel()
	<-p.done
	return stockSeen{rate, 100 * used.Seconds() / seconds, fmt.Sprintf("%.1f MB/s to the page, %.0f pictures a second drawn",
		float64(p.bytes.Load()-bytes)/seconds/1e6, float64(work.Frames()-made)/seconds)}, nil
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
