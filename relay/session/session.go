package session

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/protocol/settings"
	"github.com/porthole-rac/porthole/protocol/term"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
)

const (
	readSize   = 32 << 10        // one SSH packet's worth of output
	errorSize  = 1 << 10         // of the second stream, which hardly any target uses
	drainTime  = 2 * time.Second // for a browser to take the last output after the target ended
	maxNotices = 16              // notices kept for a browser that comes later
	secretSize = 32
)

// phase is where a session stands. It only goes forward, but for the change
// between opening and asking.
type phase int

const (
	opening phase = iota // the driver works
	asking               // the driver waits for the person
	running              // the target is there
	over
)

func (p phase) String() string {
	return [...]string{"connecting", "prompting", "connected", "ended"}[p]
}

// Session is one live connection. See the package comment.
type Session struct {
	reg     *Registry
	grant   *authority.Grant
	prefs   settings.SSH // never leaves the relay as a whole
	log     *slog.Logger
	started time.Time

	ctx    context.Context // done when the session must end; the cause says why
	cancel context.CancelCauseFunc
	gone   chan struct{} // closed when the session is over and reported

	input *inputQueue

	sentBytes, receivedBytes atomic.Uint64 // browser side
	targetBytes              atomic.Uint64 // from the target
	stateCount               atomic.Uint64

	mu       sync.Mutex
	phase    phase
	terminal target.Terminal // nil until running
	screen   screen
	viewer   *viewer       // the attached browser, nil: none
	epoch    uint64        // counts attachments
	abandon  *time.Timer   // runs while no browser is attached
	until    time.Time     // when it fires
	room     chan struct{} // see changeLocked; nil: nobody waits

	// Hashes of resume secrets: the newest, and the last one that a browser is
	// known to have. confirmed: that is the newest.
	secrets   [2][sha256.Size]byte
	confirmed bool
	former    [2][sha256.Size]byte // those of a browser that was replaced

	progress wire.Progress
	notices  []wire.Notice
	prompt   *prompt
	prompts  uint64
	clip     clipboardRead
	end      *wire.End // set once
}

func newSession(reg *Registry, grant *authority.Grant, prefs settings.SSH, hello *wire.Hello) *Session {
	s := &Session{
		reg: reg, grant: grant, prefs: prefs, started: time.Now(),
		log:   reg.cfg.Logger.With("connection", grant.ID, "user", grant.User.Name, "endpoint", grant.Endpoint.Name),
		gone:  make(chan struct{}),
		input: newInputQueue(),
	}
	s.ctx, s.cancel = context.WithCancelCause(grant.Context())
	s.screen = screen{grid: hello.Grid, term: term.New(term.Config{
		Cols: hello.Grid.Cols, Rows: hello.Grid.Rows,
		Scrollback: prefs.Scrollback, Name: "Porthole " + reg.cfg.Version,
		Checksum: prefs.Checksum, ImageBytes: term.ImageBudget,
	})}
	s.screen.term.SetCellPixels(hello.Grid.CellWidth, hello.Grid.CellHeight)
	s.screen.term.SetPalette(palette(hello.Colors))
	s.screen.term.Handle(s.handler())
	return s
}

// run opens the target, serves it until something ends, and reports.
func (s *Session) run() {
	defer s.reg.wait.Done()
	end, wait := endFor(nil), func() {}
	s.guard("driver", func() { end, wait = s.openAndServe() })
	s.finish(end)
	wait()
	close(s.gone)
}

// guard keeps a fault from taking other sessions along: it ends this one.
func (s *Session) guard(where string, f func()) {
	defer func() {
		if r := recover(); r != nil {
			s.log.Error("session panicked", "where", where, "panic", r, "stack", string(debug.Stack()))
			s.cancel(errPanic)
		}
	}()
	f()
}

var errPanic = errors.New("panic")

// openAndServe gives the reason of the end as soon as there is one; the target is
// being closed then, and wait waits for that. So neither a target that is slow to
// close keeps the page waiting, nor a browser that is slow the target.
func (s *Session) openAndServe() (end *wire.End, wait func()) {
	s.mu.Lock()
	g := s.screen.grid
	s.input.sized()
	s.mu.Unlock()
	terminal, err := s.reg.cfg.Open(s.ctx, s.grant, s.prefs, windowSize(g), s)
	if err != nil {
		if s.ctx.Err() != nil {
			return endFor(context.Cause(s.ctx)), func() {}
		}
		s.log.Info("target not opened", "error", err)
		return endFor(err), func() {}
	}
	s.mu.Lock()
	s.terminal = terminal
	s.phase = running
	if s.viewer != nil {
		m := wire.Connected{}
		s.viewer.control(m.Append(nil))
	}
	s.mu.Unlock()
	s.log.Info("connected", "after", time.Since(s.started))

	var pumps sync.WaitGroup
	pumps.Go(func() { s.guard("input", func() { s.pumpInput(terminal) }) })
	stop := make(chan struct{}) // closed when the output need not wait for the browser any more
	reader, second := make(chan error, 1), make(chan struct{})
	pumps.Go(func() {
		err := errPanic
		s.guard("output", func() { err = s.pumpOutput(terminal, readSize, stop) })
		reader <- err
	})
	pumps.Go(func() {
		defer close(second)
		if r := terminal.Errors(); r != nil {
			s.guard("second output", func() { _ = s.pumpOutput(r, errorSize, stop) }) // the first stream tells the reason
		}
	})

	select {
	case err := <-reader:
		end = s.targetEnd(terminal, err)
		s.drain(second)
	case <-s.ctx.Done():
		end = endFor(context.Cause(s.ctx))
	}
	close(stop)
	s.input.close()
	pumps.Go(func() { s.guard("close", func() { _ = terminal.Close() }) })
	return end, pumps.Wait
}

// pumpOutput reads the target until it ends. An attached browser that is too
// far behind stops it: that is how a slow line slows its own target.
func (s *Session) pumpOutput(r io.Reader, size int, stop <-chan struct{}) error {
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
func (s *Session) output(p []byte, stop <-chan struct{}) {
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
func (s *Session) apply(p []byte) (v *viewer, room chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock() // the core works on hostile bytes: see guard
	s.screen.write(p)
	return s.viewer, s.roomLocked()
}

// roomLocked gives nil when the output may go on, else a channel that is closed
// when the browser has caught up or gone.
func (s *Session) roomLocked() chan struct{} {
	if v := s.viewer; v != nil && s.screen.ring.head-v.painted > maxLead {
		return s.changeLocked()
	}
	return nil
}

// changeLocked gives a channel that is closed when the browser has painted
// something, or when another one or none is attached.
func (s *Session) changeLocked() chan struct{} {
	if s.room == nil {
		s.room = make(chan struct{})
	}
	return s.room
}

func (s *Session) makeRoomLocked() {
	if s.room != nil {
		close(s.room)
		s.room = nil
	}
}

func (s *Session) pumpInput(t target.Terminal) {
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
func (s *Session) targetEnd(t target.Terminal, err error) *wire.End {
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
func (s *Session) drain(second <-chan struct{}) {
	deadline := time.NewTimer(drainTime)
	defer deadline.Stop()
	for {
		s.mu.Lock()
		v, change := s.viewer, s.changeLocked()
		done := second == nil && (v == nil || v.painted >= s.screen.ring.head)
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

// finish makes the end known to everybody, once.
func (s *Session) finish(end *wire.End) {
	s.mu.Lock()
	s.phase = over
	s.end = end
	s.prompt = nil
	if s.abandon != nil {
		s.abandon.Stop()
	}
	v := s.viewer
	s.mu.Unlock()
	s.cancel(nil)
	if v != nil {
		v.finish(end)
	}
	// First the authority, then the list: a browser that comes in between finds
	// the session over, and none can start it anew.
	s.reg.cfg.Authority.Ended(context.WithoutCancel(s.ctx), s.grant.ID, authority.Report{
		End:      authority.End{Code: end.Code, Message: end.Message},
		Duration: time.Since(s.started),
		Sent:     s.sentBytes.Load(), Received: s.receivedBytes.Load(),
	})
	s.reg.remove(s, end)
	s.log.Info("connection ended", "code", end.Code, "duration", time.Since(s.started),
		"sent", s.sentBytes.Load(), "received", s.receivedBytes.Load())
}

// resize sets the terminal's size for the browser and the target.
func (s *Session) resize(v *viewer, g wire.Grid) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g == s.screen.grid || s.viewer != v {
		return
	}
	s.screen.resize(g)
	s.input.resize(windowSize(g))
	v.signal()
}

// newSecretLocked makes the resume secret of a new attachment. The last one that
// the browser is known to have stays good until it has shown that it got the
// new one, however many of those are lost on the way.
func (s *Session) newSecretLocked() []byte {
	secret := make([]byte, secretSize)
	_, _ = rand.Read(secret) // never fails
	if s.confirmed {
		s.secrets[1] = s.secrets[0]
	}
	s.secrets[0], s.confirmed = hashSecret(secret), false
	return secret
}

// knows compares a resume secret. A browser whose connection was taken over is
// told so.
func (s *Session) knows(secret []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case knowsSecret(s.secrets, secret):
		s.confirmed = s.confirmed || knowsSecret([2][sha256.Size]byte{s.secrets[0]}, secret)
		return nil
	case knowsSecret(s.former, secret):
		return &endError{takenOver()}
	}
	return authority.ErrToken
}

// confirmSecretLocked drops the secret before the newest: the browser has the
// newest one.
func (s *Session) confirmSecretLocked() {
	if !s.confirmed {
		s.confirmed, s.secrets[1] = true, [sha256.Size]byte{}
	}
}

// revokeSecretsLocked makes the resume secrets useless: another browser has the
// connection.
func (s *Session) revokeSecretsLocked() {
	if s.confirmed || s.secrets[1] == ([sha256.Size]byte{}) {
		s.former = [2][sha256.Size]byte{s.secrets[0]}
	} else {
		s.former = s.secrets
	}
	s.secrets, s.confirmed = [2][sha256.Size]byte{}, false
}

// ended gives the end of a session that is over, else nil.
func (s *Session) ended() *wire.End {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end
}

func windowSize(g wire.Grid) target.Size {
	return target.Size{Cols: g.Cols, Rows: g.Rows, Width: g.Cols * g.CellWidth, Height: g.Rows * g.CellHeight}
}

// endFor turns an error into what the page shows.
func endFor(err error) *wire.End {
	var end *authority.End
	var failure *target.Error
	switch {
	case errors.As(err, &end):
		return &wire.End{Code: end.Code, Message: end.Message, Retry: end.Code != wire.EndDenied}
	case errors.As(err, &failure):
		return &wire.End{
			Code: failure.Code, Step: string(failure.Step),
			Message: failure.Message, Remedy: failure.Remedy, Retry: true,
		}
	default:
		return &wire.End{
			Code: wire.EndInternal, Message: "The relay met an unexpected fault.",
			Remedy: "Connect again; if it happens again, ask the administrator to look into the relay's log.", Retry: true,
		}
	}
}

func hashSecret(secret []byte) [sha256.Size]byte { return sha256.Sum256(secret) }
