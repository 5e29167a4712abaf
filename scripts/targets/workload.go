package targets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/porthole-rac/porthole/scripts/targets/x11"
)

// Workload is something to look at on a display. It looks the same to whoever
// looks: pictures depend on nothing but their number.
type Workload string

// Workloads.
const (
	Text   Workload = "text"   // 60 changing lines each 16 ms in an xterm
	Slow   Workload = "slow"   // ten lines of a build log each 100 ms in an xterm
	Scroll Workload = "scroll" // a page like a photo, as large as the screen, moved 24 px a frame, 60 frames/s
	Drag   Workload = "drag"   // a window with a picture, 800×600, moved 60 times a second
	Noise  Workload = "noise"  // 1280×720 of light noise, 30 frames/s
	Video  Workload = "video"  // a clip of 1280×720, 30 frames/s, in mpv (Debian: mpv, ffmpeg)
	Idle   Workload = "idle"   // an xterm whose cursor blinks
	Echo   Workload = "echo"   // an xterm that shows what is typed
)

// Work is a running workload.
type Work struct {
	frames  atomic.Int64
	cancel  context.CancelFunc
	done    chan struct{}
	err     error
	program *Running
	once    sync.Once
}

// Frames is how many pictures (bursts of lines) it made so far; 0 for those that
// other programs make.
func (w *Work) Frames() int64 { return w.frames.Load() }

// Stop ends the workload. It gives the error that ended it before, if any.
func (w *Work) Stop() error {
	w.once.Do(func() {
		w.cancel()
		if w.program != nil {
			w.program.Stop()
		}
		<-w.done
	})
	if errors.Is(w.err, context.Canceled) {
		return nil
	}
	return w.err
}

// Draw starts a workload and returns when it shows.
func (d *Display) Draw(kind Workload) (*Work, error) {
	ctx, cancel := context.WithCancel(context.Background())
	w := &Work{cancel: cancel, done: make(chan struct{})}
	var draw func(ctx context.Context, w *Work) error
	var err error
	switch kind {
	case Scroll:
		draw, err = d.screen(scroll)
	case Drag:
		draw, err = d.screen(drag)
	case Noise:
		draw, err = d.screen(noise)
	case Text:
		draw, err = d.lines(w, 16*time.Millisecond, textBurst)
	case Slow:
		draw, err = d.lines(w, 100*time.Millisecond, slowBurst)
	case Idle:
		err = d.xterm(w, true, "sleep", "86400")
	case Echo:
		err = d.xterm(w, false, "cat")
	case Video:
		err = d.video(w)
	default:
		err = fmt.Errorf("no workload %q", kind)
	}
	if err != nil {
		cancel()
		return nil, err
	}
	d.works = append(d.works, w)
	go func() {
		defer close(w.done)
		if draw != nil {
			w.err = draw(ctx, w)
		}
	}()
	if draw != nil {
		if err := waitFor("the workload begins", func() bool { return w.Frames() > 0 || isClosed(w.done) }); err != nil {
			return nil, errors.Join(err, w.Stop())
		}
		if isClosed(w.done) {
			return nil, errors.Join(fmt.Errorf("workload %s ended", kind), w.Stop())
		}
	}
	return w, nil
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// beat calls a function at a rate until the context ends. Beats that were missed
// are not made up for.
func beat(ctx context.Context, every time.Duration, f func() error) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := f(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// xterm starts an xterm below the pointer and gives it the keyboard, without which
// its cursor would not blink.
func (d *Display) xterm(w *Work, blink bool, command ...string) error {
	c, err := d.Dial()
	if err != nil {
		return err
	}
	defer c.Close()
	c.Warp(c.Width/3, c.Height/2)
	if err := c.Sync(); err != nil {
		return err
	}
	args := append([]string{
		"-geometry", "200x60+0+0", "-fa", "DejaVu Sans Mono", "-fs", "10", "-xrm", fmt.Sprintf("XTerm*cursorBlink: %v", blink), "-e",
	}, command...)
	err = d.shows("xterm shows its window", func() error {
		w.program, err = d.Start("xterm", "xterm", args...)
		return err
	})
	if err != nil {
		return err
	}
	return c.Focus()
}

// lines shows bursts of lines in an xterm.
func (d *Display) lines(w *Work, every time.Duration, burst func(n int) string) (func(context.Context, *Work) error, error) {
	pipe, err := os.MkdirTemp(d.dir, "lines-")
	if err != nil {
		return nil, fmt.Errorf("make pipe: %w", err)
	}
	pipe = filepath.Join(pipe, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		return nil, fmt.Errorf("make pipe: %w", err)
	}
	// For reading too: else opening waits for the reader.
	f, err := os.OpenFile(pipe, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("open pipe: %w", err)
	}
	// As small as it gets: what waits in it is behind the screen.
	if _, err := fcntl(f, syscall.F_SETPIPE_SZ, 4096); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("pipe: %w", err)
	}
	if err := d.xterm(w, false, "cat", pipe); err != nil {
		_ = f.Close()
		return nil, err
	}
	return func(ctx context.Context, w *Work) error {
		defer f.Close()
		stop := context.AfterFunc(ctx, func() { _ = f.SetWriteDeadline(time.Now()) })
		defer stop()
		n := 0
		return beat(ctx, every, func() error {
			if _, err := io.WriteString(f, burst(n)); err != nil {
				return errors.Join(context.Cause(ctx), err)
			}
			n++
			w.frames.Add(1)
			return nil
		})
	}, nil
}

func fcntl(f *os.File, command, value uintptr) (uintptr, error) {
	c, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	var r uintptr
	var errno syscall.Errno
	if err := c.Control(func(fd uintptr) { r, _, errno = syscall.Syscall(syscall.SYS_FCNTL, fd, command, value) }); err != nil {
		return 0, err
	}
	if errno != 0 {
		return 0, errno
	}
	return r, nil
}

var alphabet = strings.Fields("alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima")

func textBurst(n int) string {
	var b strings.Builder
	for i := n * 60; i < n*60+60; i++ {
		fmt.Fprintf(&b, "%08d %s %s 0x%08x %s\r\n", i, alphabet[i%12], alphabet[i*7%12], uint32(i*2654435761), strings.Repeat(alphabet[i*5%12], i%5+1))
	}
	return b.String()
}

func slowBurst(n int) string {
	var b strings.Builder
	for i := n * 10; i < n*10+10; i++ {
		fmt.Fprintf(&b, "%08d  cc -O2 -c src/module_%d/file_%d.c -o obj/%08x.o\r\n", i, i%7, i%97, uint32(i*2654435761))
	}
	return b.String()
}

// screen runs a workload with a connection to the display.
func (d *Display) screen(draw func(context.Context, *x11.Conn, *Work) error) (func(context.Context, *Work) error, error) {
	c, err := d.Dial()
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, w *Work) error {
		defer c.Close()
		return draw(ctx, c, w)
	}, nil
}

// photo is a picture like a photo with text on it: gradients, light noise, flat
// blocks with dark marks. first is its first line on the page.
func photo(w, h, first int, seed *uint32) []byte {
	pix := make([]byte, 4*w*h)
	for y := range h {
		for x := range w {
			*seed ^= *seed << 13
			*seed ^= *seed >> 17
			*seed ^= *seed << 5
			n, fx, fy := float64(*seed&7), float64(x), float64(y+first)
			r := 128 + 60*math.Sin(fx*0.011) + 50*math.Sin(fy*0.007) + n
			g := 128 + 70*math.Sin((fx+fy)*0.005) + 30*math.Sin(fy*0.031) + n
			b := 128 + 80*math.Cos(fx*0.003-fy*0.009) + n
			if ly := y + first; (x/160+ly/120)%4 == 0 {
				r, g, b = 240, 240, 235
				if ly%14 < 9 && (x*7+ly/14*13)%11 < 4 {
					r, g, b = 20, 20, 20
				}
			}
			p := pix[4*(y*w+x):]
			p[0], p[1], p[2] = clamp(b), clamp(g), clamp(r)
		}
	}
	return pix
}

func clamp(v float64) byte { return byte(max(0, min(255, v))) }

const firstSeed = 12345

func scroll(ctx context.Context, c *x11.Conn, work *Work) error {
	const strip, longest, step = 64, 8000, 24
	w, h := c.Width, c.Height
	page := min(4*h, longest)
	gc, pm := c.GC(0), c.Pixmap(w, page)
	seed := uint32(firstSeed)
	for y := 0; y < page; y += strip {
		c.Put(pm, gc, 0, y, w, photo(w, min(strip, page-y), y, &seed))
	}
	window := c.Window(0, 0, w, h, pm)
	at, by := 0, step
	return beat(ctx, time.Second/60, func() error {
		c.Copy(pm, window, gc, 0, at, 0, 0, w, h)
		if at += by; at+h >= page || at <= 0 {
			at, by = max(0, min(at, page-h)), -by
		}
		work.frames.Add(1)
		return c.Sync()
	})
}

func drag(ctx context.Context, c *x11.Conn, work *Work) error {
	const w, h = 800, 600
	seed := uint32(firstSeed)
	gc, pm := c.GC(0), c.Pixmap(w, h)
	c.Put(pm, gc, 0, 0, w, photo(w, h, 0, &seed))
	window := c.Window(100, 100, w, h, pm)
	roomX, roomY := float64(c.Width-w)/2, float64(c.Height-h)/2
	return beat(ctx, time.Second/60, func() error {
		t := float64(work.frames.Load()) / 60
		c.Move(window, int(roomX*(1+math.Cos(t*1.3))), int(roomY*(1+math.Sin(t*1.7))))
		work.frames.Add(1)
		return c.Sync()
	})
}

func noise(ctx context.Context, c *x11.Conn, work *Work) error {
	const w, h = 1280, 720
	seed := uint32(firstSeed)
	base, frame := photo(w, h, 0, &seed), make([]byte, 4*w*h)
	gc := c.GC(0)
	window := c.Window(max(0, min(200, c.Width-w)), max(0, min(100, c.Height-h)), w, h, 0)
	return beat(ctx, time.Second/30, func() error {
		shift := int(work.frames.Load()) * 4
		left := 4 * (shift % w)
		for y := range h {
			line := base[4*w*((y+shift/2)%h):][:4*w]
			to := frame[4*w*y:][:4*w]
			copy(to[copy(to, line[left:]):], line[:left])
		}
		c.Put(window, gc, 0, 0, w, frame)
		work.frames.Add(1)
		return c.Sync()
	})
}

// video plays a test picture that ffmpeg makes.
func (d *Display) video(w *Work) error {
	ffmpeg, err := need("ffmpeg", "ffmpeg")
	if err != nil {
		return err
	}
	clip := filepath.Join(d.dir, "clip.mp4")
	if _, err := os.Stat(clip); err != nil {
		p, err := run(filepath.Join(d.dir, "ffmpeg.log"), program{path: ffmpeg, args: []string{
			"-nostdin", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30", "-t", "10", "-c:v", "mpeg4", "-q:v", "3", clip,
		}})
		if err != nil {
			return err
		}
		<-p.done
		if !p.cmd.ProcessState.Success() {
			return fmt.Errorf("ffmpeg: %v", p.cmd.ProcessState)
		}
	}
	return d.shows("mpv shows its window", func() error {
		w.program, err = d.Start("mpv", "mpv", "--vo=x11", "--really-quiet", "--no-audio", "--loop=inf", "--no-border", "--geometry=1280x720+200+100",
			"--no-osc", "--no-input-default-bindings", "--framedrop=vo", "--no-config", clip)
		return err
	})
}
