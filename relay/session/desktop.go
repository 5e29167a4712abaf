package session

import (
	"context"
	"errors"
	"time"

	"github.com/porthole-rac/porthole/protocol/settings"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
)

// desktop is the content of a session whose target is a Desktop. Session.mu guards
// it. It is the driver's Screen: what the driver commits is kept in a stream until
// the browser has painted it.
type desktop struct {
	*Session
	limits  settings.Common // what the session itself enforces
	window  target.Window
	browser target.Browser

	remote  target.Desktop // nil until running
	stream  stream
	flow    flow
	info    wire.DesktopInfo
	feed    *desktopFeed // of the attached browser; nil: none
	inputs  uint64       // that came from browsers, ever
	dropped uint64       // of them, those that the target was not told
	hidden  bool
	listens bool
	quality int
	clip    clipboards
	sound   sound
}

var (
	_ content       = (*desktop)(nil)
	_ target.Screen = (*desktop)(nil)
)

func newDesktop(s *Session, hello *wire.Hello) *desktop {
	return &desktop{
		Session: s, limits: settings.ParseCommon(s.grant.Settings),
		window: windowOf(hello), browser: browserOf(hello),
	}
}

func windowOf(m *wire.Hello) target.Window {
	s := m.Screen
	return target.Window{Width: s.Width * s.Scale / 1000, Height: s.Height * s.Scale / 1000, Scale: s.Scale}
}

func browserOf(m *wire.Hello) target.Browser {
	a := m.Abilities
	return target.Browser{
		Pictures: a[wire.AbilityPictures], Video: a[wire.AbilityVideo], Audio: a[wire.AbilityAudio],
		Keyboard: a[wire.AbilityKeyboard], TimeZone: a[wire.AbilityTimeZone], Locale: a[wire.AbilityLocale],
		Touch: a[wire.AbilityTouch] == "1",
	}
}

// serve implements content.
func (d *desktop) serve() (end *wire.End, wait func()) {
	d.mu.Lock()
	window, browser := d.window, d.browser
	d.mu.Unlock()
	remote, err := d.reg.cfg.OpenDesktop(d.ctx, d.grant, window, browser, d.Session)
	if err != nil {
		return d.notOpened(err), func() {}
	}
	d.mu.Lock()
	d.remote = remote
	changed := d.window != window
	window = d.window
	quality, listens, watched := d.quality, d.listens, d.watchedLocked()
	d.mu.Unlock()
	if changed {
		remote.Window(window)
	}
	if quality != 0 {
		remote.Quality(quality)
	}
	if listens {
		remote.Listen(true)
	}
	remote.Watched(watched)
	d.connected()

	err = errPanic
	d.guard("output", func() { err = remote.Run(d.ctx, d) })
	end = d.targetEnd(remote, err)
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		d.guard("close", func() { _ = remote.Close() })
	}()
	return end, func() { <-closed }
}

// targetEnd says why the target's picture is over.
func (d *desktop) targetEnd(remote target.Desktop, err error) *wire.End {
	switch {
	case d.ctx.Err() != nil:
		return endFor(context.Cause(d.ctx))
	case err != nil:
		d.log.Info("target failed", "error", err)
		return endFor(err)
	}
	message := remote.Exit()
	if message == "" {
		message = "The machine has ended the session."
	}
	d.log.Info("target ended")
	return &wire.End{Code: wire.EndClosed, Message: clip(message, wire.MaxText), Retry: true}
}

func (d *desktop) watchedLocked() bool { return d.feed != nil && !d.hidden }

// Begin implements target.Screen.
func (d *desktop) Begin(width, height int) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.ctx.Err(); err != nil {
		return context.Cause(d.ctx)
	}
	d.stream.begin(width, height)
	d.signalLocked()
	return nil
}

// Reserve implements target.Screen.
func (d *desktop) Reserve(n int) ([]byte, error) {
	if n > target.MaxReserve {
		return nil, errors.New("more reserved than may be")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.waitLocked(); err != nil {
		return nil, err
	}
	return d.stream.reserve(n), nil
}

// waitLocked waits until the browser is not too far behind. It lets go of the lock
// meanwhile.
func (d *desktop) waitLocked() error {
	for {
		switch {
		case d.ctx.Err() != nil:
			return context.Cause(d.ctx)
		case !d.stream.open:
			return target.ErrRenew
		case !d.fullLocked():
			return nil
		}
		room := d.changeLocked()
		d.signalLocked()
		d.mu.Unlock()
		select {
		case <-room:
		case <-d.ctx.Done():
		}
		d.mu.Lock()
	}
}

func (d *desktop) fullLocked() bool {
	sent := d.stream.done
	if f := d.feed; f != nil && f.stream == d.stream.id {
		sent = f.sent
	}
	return d.stream.full(sent, d.flow.window())
}

// Commit implements target.Screen.
func (d *desktop) Commit(p []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.stream.open || !d.stream.reserved { // there is another stream since
		return
	}
	d.stream.commit(p)
	if f := d.feed; f != nil && d.stream.head-f.sent >= chunkSize {
		f.v.signal()
	}
}

// Mark implements target.Screen.
func (d *desktop) Mark() (uint64, error) {
	input := d.taken()
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.waitLocked(); err != nil {
		return 0, err
	}
	if d.feed != nil {
		d.feed.input = d.dropped + input
	}
	return d.stream.mark(d.dropped+input, time.Now()), nil
}

// taken counts the inputs that the target has.
func (d *desktop) taken() uint64 {
	d.mu.Lock()
	remote := d.remote
	d.mu.Unlock()
	if remote == nil {
		return 0
	}
	return remote.Taken()
}

// Flush implements target.Screen.
func (d *desktop) Flush() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f := d.feed; f != nil && (f.stream != d.stream.id || f.sent < d.stream.head) {
		f.v.signal()
	}
}

// Info implements target.Screen.
func (d *desktop) Info(i wire.DesktopInfo) error {
	i.Name, i.Security, i.Server = clip(i.Name, wire.MaxText), clip(i.Security, wire.MaxText), clip(i.Server, wire.MaxText)
	p, err := d.Reserve(4 * wire.MaxText)
	if err != nil {
		return err
	}
	d.Commit(i.Append(p))
	d.mu.Lock()
	defer d.mu.Unlock()
	d.info = i
	return nil
}

// FromTarget implements target.Screen.
func (d *desktop) FromTarget(n int) { d.targetBytes.Add(uint64(n)) }

func (d *desktop) signalLocked() {
	if d.feed != nil {
		d.feed.v.signal()
	}
}

// statsLocked implements content.
func (d *desktop) statsLocked(m *wire.Stats) { m.ToTarget = d.inputs }

// titleLocked implements content.
func (d *desktop) titleLocked() string { return d.info.Name }

// welcomeLocked implements content.
func (d *desktop) welcomeLocked(m *wire.Welcome) {
	l := &d.limits
	m.ReadOnly, m.DisableCopy, m.DisablePaste, m.Clipboard = l.ReadOnly, l.DisableCopy, l.DisablePaste, l.ClipboardBufferSize
	m.Lossless = l.ForceLossless
	m.Frames, m.InputWindow, m.InputBytes = maxMarks, target.InputWindow, d.inputs
}

// attachLocked implements content.
func (d *desktop) attachLocked(v *viewer, hello *wire.Hello) (feed, wire.Resumed) {
	f := &desktopFeed{v: v, d: d, input: d.inputs}
	d.feed = f
	d.hidden = hello.Hidden
	d.browser, d.window = browserOf(hello), windowOf(hello)
	d.flow = flow{}
	d.clip.in = clipboardParts{}
	d.sound.clear()
	switch r := hello.Resume; {
	case r.Epoch != 0 && r.Epoch == d.stream.id && d.stream.holds(r.Offset):
		f.stream, f.sent = d.stream.id, r.Offset
		return f, wire.ResumedContinue
	case d.epoch == 1:
		return f, wire.ResumedNew
	case d.stream.id != 0:
		d.stream.drop()
		f.renew = true
	}
	return f, wire.ResumedState
}

// attached implements content.
func (d *desktop) attached(v *viewer, _ *wire.Hello) {
	d.mu.Lock()
	remote, window, browser, watched := d.remote, d.window, d.browser, d.watchedLocked()
	renew := d.feed != nil && d.feed.v == v && d.feed.renew
	d.mu.Unlock()
	if remote == nil {
		return
	}
	remote.Release() // what another browser held
	if renew {
		remote.Renew(browser)
	}
	remote.Window(window)
	remote.Watched(watched)
}

// detachedLocked implements content.
func (d *desktop) detachedLocked() {
	d.feed, d.listens = nil, false
	d.sound.clear()
}

// detached implements content.
func (d *desktop) detached() {
	d.mu.Lock()
	remote, watched := d.remote, d.watchedLocked()
	d.mu.Unlock()
	if remote == nil || watched {
		return
	}
	remote.Release()
	remote.Watched(false)
	remote.Listen(false)
}
