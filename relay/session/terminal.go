package session

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/porthole-rac/porthole/protocol/settings"
	"github.com/porthole-rac/porthole/protocol/term"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
)

const (
	readSize  = 32 << 10 // one SSH packet's worth of output
	errorSize = 1 << 10  // of the second stream, which hardly any target uses
)

// terminal is the content of a session whose target is a Terminal. Session.mu
// guards it.
type terminal struct {
	*Session
	prefs  settings.SSH // never leaves the relay as a whole
	input  *inputQueue
	screen screen
	feed   *terminalFeed // of the attached browser; nil: none
	clip   clipboardRead
	states uint64 // State records sent
	lean   bool   // the browser may lack lines of the scrollback: see position
	ending bool   // there will be no more output
}

var _ content = (*terminal)(nil)

func newTerminal(s *Session, hello *wire.Hello) *terminal {
	prefs, problems := settings.ParseSSH(s.grant.Settings)
	for _, p := range problems {
		s.log.Warn("setting", "name", p.Name, "problem", p.Text)
	}
	t := &terminal{Session: s, prefs: prefs, input: newInputQueue()}
	t.screen = screen{grid: hello.Grid, term: term.New(term.Config{
		Cols: hello.Grid.Cols, Rows: hello.Grid.Rows,
		Scrollback: prefs.Scrollback, Name: "Porthole " + s.reg.cfg.Version,
		Checksum: prefs.Checksum, ImageBytes: term.ImageBudget,
	})}
	t.screen.term.SetCellPixels(hello.Grid.CellWidth, hello.Grid.CellHeight)
	t.screen.term.SetPalette(palette(hello.Colors))
	t.screen.term.Handle(t.handler())
	return t
}

// serve implements content.
func (s *terminal) serve() (end *wire.End, wait func()) {
	s.mu.Lock()
	g := s.screen.grid
	s.input.sized()
	s.mu.Unlock()
	remote, err := s.reg.cfg.OpenTerminal(s.ctx, s.grant, s.prefs, windowSize(g), s.Session)
	if err != nil {
		return s.notOpened(err), func() {}
	}
	s.connected()

	var pumps sync.WaitGroup
	pumps.Go(func() { s.guard("input", func() { s.pumpInput(remote) }) })
	stop := make(chan struct{}) // closed when the output need not wait for the browser any more
	reader, second := make(chan error, 1), make(chan struct{})
	pumps.Go(func() {
		err := errPanic
		s.guard("output", func() { err = s.pumpOutput(remote, readSize, stop) })
		reader <- err
	})
	pumps.Go(func() {
		defer close(second)
		if r := remote.Errors(); r != nil {
			s.guard("second output", func() { _ = s.pumpOutput(r, errorSize, stop) }) // the first stream tells the reason
		}
	})

	select {
	case err := <-reader:
		end = s.targetEnd(remote, err)
		s.drain(second)
	case <-s.ctx.Done():
		end = endFor(context.Cause(s.ctx))
	}
	close(stop)
	s.input.close()
	pumps.Go(func() { s.guard("close", func() { _ = remote.Close() }) })
	return end, pumps.Wait
}

// pumpOutput reads the target until it ends. An attached browser that is too
// far behind stops it: that is how a slow line slows its own target.
func (s *terminal) pumpOutput(r io.Reader, size int, stop <-chan struct{}) error {
	buf := make([]byte, size)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			s.output(buf[:n], stop)
		}
		if err != nil {
			return err
		}
	}
}

// output takes output of the target, and returns when more may be read.
func (s *terminal) output(p []byte, stop <-chan struct{}) {
	s.targetBytes.Add(uint64(len(p)))
	v, room := s.apply(p)
	if v != nil {
		v.signal()
	}
	for room != nil {
		select {
		case <-room:
		case <-stop:
			return
		case <-s.ctx.Done():
			return
		}
		s.mu.Lock()
		room = s.roomLocked()
		s.mu.Unlock()
	}
}

// apply gives output to the terminal core.
func (s *terminal) apply(p []byte) (v *viewer, room chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock() // the core works on hostile bytes: see guard
	s.screen.write(p)
	return s.viewer, s.roomLocked()
}

// roomLocked gives nil when the output may go on, else a channel that is closed
// when the browser has caught up or gone.
func (s *terminal) roomLocked() chan struct{} {
	if s.feed != nil && s.screen.ring.head-s.feed.painted > maxLead {
		return s.changeLocked()
	}
	return nil
}

func (s *terminal) pumpInput(t target.Terminal) {
	buf := make([]byte, inputSlice)
	for {
		w, ok := s.input.next(buf)
		if !ok {
			return
		}
		if w.resized {
			if err := t.Resize(w.size); err != nil {
				s.log.Debug("resize refused", "error", err)
			}
		}
		if w.n > 0 {
			if _, err := t.Write(buf[:w.n]); err != nil {
				// The reader sees the end, with its reason; here there is only
				// nobody left to write to.
				return
			}
		}
		s.mu.Lock()
		v := s.viewer
		s.mu.Unlock()
		if v != nil {
			v.signal() // the browser's window opens
		}
	}
}

// targetEnd says why the target's output is over.
func (s *terminal) targetEnd(t target.Terminal, err error) *wire.End {
	if s.ctx.Err() != nil {
		return endFor(context.Cause(s.ctx))
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return endFor(err)
	}
	status, message := t.Exit()
	s.log.Info("target ended", "status", status)
	return &wire.End{Code: wire.EndClosed, Message: message, Retry: true}
}

// drain waits until the second stream has ended too and an attached browser has
// all output, for a short time.
func (s *terminal) drain(second <-chan struct{}) {
	deadline := time.NewTimer(drainTime)
	defer deadline.Stop()
	for {
		s.mu.Lock()
		s.ending = second == nil
		v, change := s.viewer, s.changeLocked()
		done := s.ending && (s.feed == nil || s.feed.painted >= s.screen.ring.head)
		s.mu.Unlock()
		if done {
			return
		}
		if v != nil {
			v.signal()
		}
		select {
		case <-second:
			second = nil
		case <-change:
		case <-deadline.C:
			return
		case <-s.ctx.Done():
			return
		}
	}
}

// resize sets the terminal's size for the browser and the target.
func (s *terminal) resize(v *viewer, g wire.Grid) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g == s.screen.grid || s.viewer != v {
		return
	}
	s.screen.resize(g)
	s.input.resize(windowSize(g))
	v.signal()
}

func windowSize(g wire.Grid) target.Size {
	return target.Size{Cols: g.Cols, Rows: g.Rows, Width: g.Cols * g.CellWidth, Height: g.Rows * g.CellHeight}
}

// palette turns the browser's theme into the terminal's base colours.
func palette(c wire.Colors) term.Palette {
	p := term.DefaultPalette()
	if c.Foreground != 0 || c.Background != 0 {
		p.Foreground, p.Background, p.Cursor = term.RGB(c.Foreground), term.RGB(c.Background), term.RGB(c.Cursor)
	}
	for i, v := range c.Palette {
		p.Colors[i] = term.RGB(v)
	}
	return p
}
