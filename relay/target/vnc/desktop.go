package vnc

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/porthole-rac/porthole/protocol/rfb"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
)

// turn is what became of a second login.
type turn int32

const (
	turnNone turn = iota
	turnNew       // next is a new connection
	turnOld       // the server does not let us in again
)

// desktop is a target.Desktop.
type desktop struct {
	cfg     *Config
	log     *slog.Logger
	login   *connector // without a page: what it knows is enough, or it fails
	ctx     context.Context
	cancel  context.CancelFunc
	wg      sync.WaitGroup
	taken   atomic.Uint64
	turn    atomic.Int32
	turned  chan struct{} // has something when turn was set
	deflate atomic.Bool   // plain pixels are worth compressing

	mu        sync.Mutex // never held over I/O; before that of a sender
	line      *line
	out       *sender
	next      *line
	browser   target.Browser
	window    target.Window
	watched   bool
	listens   bool
	renewing  bool
	impatient bool // the second login takes long; a stream began without it
	plain     bool // no encodings that remember
	busy      bool // something is done aside
	running   bool
	closed    bool
	quality   quality
	clip      clipboard
	pulse     pulse
	exit      string
}

func newDesktop(ctx context.Context, cfg *Config, c *connector, l *line) *desktop {
	ctx, cancel := context.WithCancel(ctx)
	again := *c
	again.page, again.retries = nil, 0
	d := &desktop{
		cfg: cfg, log: cfg.Logger, login: &again, ctx: ctx, cancel: cancel, turned: make(chan struct{}, 1),
		line: l, browser: cfg.Browser, window: cfg.Window, watched: true,
		quality: newQuality(&cfg.Settings), clip: newClipboard(&cfg.Settings),
	}
	d.out = d.attach(l)
	context.AfterFunc(ctx, func() {
		for _, l := range d.lines() {
			l.close()
		}
	})
	return d
}

// attach makes the way to the server on a new connection, and says how we want
// things. Called with mu held, or before others know of d.
func (d *desktop) attach(l *line) *sender {
	out := newSender(l, &d.taken, d.watched)
	out.size.never = d.cfg.Settings.DisableDisplayResize
	out.size.now = [2]int{l.ready.Width, l.ready.Height}
	out.size.view(d.window.Width, d.window.Height, out.now())
	format := d.cfg.pixels().format
	if d.cfg.Settings.SwapRedBlue { // the server mixes them up, so it is asked for the other order
		format.RedShift, format.BlueShift = format.BlueShift, format.RedShift
		format.RedMax, format.BlueMax = format.BlueMax, format.RedMax
	}
	out.control = rfb.AppendSetPixelFormat(out.control, format)
	out.control = rfb.AppendSetEncodings(out.control, wanted(&d.cfg.Settings, d.browser, d.quality.level(), false))
	return out
}

// current is the way to the server.
func (d *desktop) current() *sender {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.out
}

// abilities are those of the browser.
func (d *desktop) abilities() target.Browser {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.browser
}

// start has a sender's goroutine run.
func (d *desktop) start(out *sender) { d.wg.Go(out.run) }

// Run implements target.Desktop.
func (d *desktop) Run(ctx context.Context, screen target.Screen) error {
	d.mu.Lock()
	if d.closed || d.running {
		d.mu.Unlock()
		return errors.New("vnc: closed, or run twice")
	}
	d.running = true
	l, out := d.line, d.out
	d.start(out)
	d.mu.Unlock()
	stop := context.AfterFunc(ctx, d.cancel)
	defer stop()
	v := newViewer(d, screen)
	defer v.end()
	d.hearing(screen)
	defer d.hearing(nil)
	err := v.run(l, out)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case d.ctx.Err() != nil:
		return context.Cause(d.ctx)
	case err == nil:
		d.mu.Lock()
		d.exit = "The VNC server closed the connection."
		d.mu.Unlock()
		return nil
	}
	return d.login.sessionError(err)
}

// Pointer implements target.Desktop.
func (d *desktop) Pointer(p wire.Pointer) {
	d.input(input{kind: inputPointer, buttons: rfb.Buttons(p.Buttons), x: p.X, y: p.Y})
}

// PointerRelative implements target.Desktop.
func (d *desktop) PointerRelative(p wire.PointerRelative) {
	d.input(input{kind: inputRelative, buttons: rfb.Buttons(p.Buttons), x: p.DX, y: p.DY})
}

// Key implements target.Desktop.
func (d *desktop) Key(k wire.Key) {
	d.input(input{kind: inputKey, down: k.Down, scan: k.Scan, keysym: k.Keysym})
}

// Typed implements target.Desktop.
func (d *desktop) Typed(text string) {
	d.input(input{kind: inputTyped, text: strings.ReplaceAll(text, "\r\n", "\n")})
}

// Power implements target.Desktop.
func (d *desktop) Power(a wire.PowerAction) {
	action := powerAction(a)
	if action == 0 {
		d.taken.Add(1)
		return
	}
	d.input(input{kind: inputPower, action: action})
}

func (d *desktop) input(in input) {
	in.counts = 1
	dropped := 1 // by a sender that is closed
	d.current().do(func(s *sender) { dropped = s.inputs.add(in) })
	d.taken.Add(uint64(dropped))
}

// Taken implements target.Desktop.
func (d *desktop) Taken() uint64 { return d.taken.Load() }

// Release implements target.Desktop.
func (d *desktop) Release() { d.current().do(func(s *sender) { s.inputs.release() }) }

// Window implements target.Desktop.
func (d *desktop) Window(w target.Window) {
	d.mu.Lock()
	d.window = w
	out := d.out
	d.mu.Unlock()
	out.do(func(s *sender) { s.size.view(w.Width, w.Height, s.now()) })
}

// Watched implements target.Desktop.
func (d *desktop) Watched(on bool) {
	d.mu.Lock()
	changed := d.watched != on
	d.watched = on
	out := d.out
	d.mu.Unlock()
	if !changed {
		return
	}
	out.do(func(s *sender) {
		s.pace.watched = on
		if on && s.pace.want == requestNone {
			s.pace.want = requestChanges
		}
	})
}

// Refresh implements target.Desktop.
func (d *desktop) Refresh() { d.current().do(func(s *sender) { s.pace.want = requestAll }) }

// Listen implements target.Desktop.
func (d *desktop) Listen(on bool) {
	d.mu.Lock()
	d.listens = on
	d.hear(false)
	out := d.out
	d.mu.Unlock()
	out.do(func(s *sender) { s.listen(on) })
}

// Exit implements target.Desktop.
func (d *desktop) Exit() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.exit
}

// Close implements target.Desktop.
func (d *desktop) Close() error {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.cancel()
	for _, l := range d.lines() {
		l.close()
	}
	d.current().close()
	d.wg.Wait()
	return nil
}

// lines are the connections that there are.
func (d *desktop) lines() []*line {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.next != nil {
		return []*line{d.line, d.next}
	}
	return []*line{d.line}
}

// ended tells a normal end of the connection from a broken one.
func ended(err error) bool { return errors.Is(err, io.EOF) }
