package session

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
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
	viewer   *viewer              // the attached browser, nil: none
	epoch    uint64               // counts attachments
	secrets  [2][sha256.Size]byte // hashes of the newest resume secret and the one before
	abandon  *time.Timer          // runs while no browser is attached
	until    time.Time            // when it fires
	room     chan struct{}        // closed and renewed when the output may go on
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
		room:  make(chan struct{}),
		input: newInputQueue(),
	}
	s.ctx, s.cancel = context.WithCancelCause(grant.Context())
	s.screen = screen{grid: hello.Grid, term: term.New(term.Config{
		Cols: hello.Grid.Cols, Rows: hello.Grid.Rows,
		Scrollback: prefs.Scrollback, Name: "Porthole " + reg.cfg.Version,
		Checksum: prefs.Checksum, ImageBytes: imageBudget,
	})}
	s.screen.term.SetCellPixels(hello.Grid.CellWidth, hello.Grid.CellHeight)
	s.screen.term.SetPalette(palette(hello.Colors))
	s.screen.term.Handle(s.handler())
	return s
}

// imageBudget bounds the decoded pictures that one terminal keeps, bytes.
const imageBudget = 32 << 20

// run opens the target, serves it until something ends, and reports.
func (s *Session) run() {
	defer s.reg.wait.Done()
	end := s.openAndServe()
	s.finish(end)
}

func (s *Session) openAndServe() *wire.End {
	s.mu.Lock()
	g := s.screen.grid
	s.mu.Unlock()
	terminal, err := s.reg.cfg.Open(s.ctx, s.grant, s.prefs, windowSize(g), s)
	if err != nil {
		if s.ctx.Err() != nil {
			return endFor(context.Cause(s.ctx))
		}
		s.log.Info("target not opened", "error", err)
		return endFor(err)
	}
	s.mu.Lock()
	s.terminal = terminal
	s.phase = running
	changed := s.screen.grid != g // the window changed while the driver worked
	g = s.screen.grid
	if s.viewer != nil {
		m := wire.Connected{}
		s.viewer.control(m.Append(nil))
	}
	s.mu.Unlock()
	if changed {
		_ = terminal.Resize(windowSize(g))
	}
	s.log.Info("connected", "after", time.Since(s.started))

	writer := make(chan struct{})
	go func() { defer close(writer); s.pumpInput(terminal) }()
	reader := make(chan error, 1)
	go func() { reader <- s.pumpOutput(terminal, readSize) }()
	second := make(chan struct{})
	go func() {
		defer close(second)
		if r := terminal.Errors(); r != nil {
			_ = s.pumpOutput(r, errorSize) // the first stream tells the reason
		}
	}()

	var end *wire.End
	select {
	case err := <-reader:
		end = s.targetEnd(terminal, err)
		s.drain()
		_ = terminal.Close()
	case <-s.ctx.Done():
		end = endFor(context.Cause(s.ctx))
		_ = terminal.Close()
		<-reader
	}
	s.input.close()
	<-writer
	<-second
	return end
}

// pumpOutput reads the target until it ends. An attached browser that is too
// far behind stops it: that is how a slow line slows its own target.
func (s *Session) pumpOutput(r io.Reader, size int) error {
	buf := make([]byte, size)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			s.targetBytes.Add(uint64(n))
			s.mu.Lock()
			s.screen.write(buf[:n])
			room := s.roomLocked()
			v := s.viewer
			s.mu.Unlock()
			if v != nil {
				v.signal()
			}
			if room != nil {
				select {
				case <-room:
				case <-s.ctx.Done():
				}
			}
		}
		if err != nil {
			return err
		}
	}
}

// roomLocked gives nil when the output may go on, else a channel that is closed
// when the browser has caught up or gone.
func (s *Session) roomLocked() chan struct{} {
	if v := s.viewer; v != nil && s.screen.ring.head-v.painted > maxLead {
		return s.room
	}
	return nil
}

func (s *Session) makeRoomLocked() {
	close(s.room)
	s.room = make(chan struct{})
}

func (s *Session) pumpInput(t target.Terminal) {
	buf := make([]byte, 0)
	for {
		if cap(buf) == 0 {
			buf = make([]byte, inputSlice)
		}
		n, ok := s.input.next(buf)
		if !ok {
			return
		}
		if n > 0 {
			if _, err := t.Write(buf[:n]); err != nil {
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

// drain waits until an attached browser has all output, for a short time.
func (s *Session) drain() {
	deadline := time.NewTimer(drainTime)
	defer deadline.Stop()
	for {
		s.mu.Lock()
		v, head, room := s.viewer, s.screen.ring.head, s.room
		done := v == nil || v.painted >= head
		s.mu.Unlock()
		if done {
			return
		}
		v.signal()
		select {
		case <-room:
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
	if s.prompt != nil {
		s.prompt = nil
	}
	if s.abandon != nil {
		s.abandon.Stop()
	}
	v := s.viewer
	s.mu.Unlock()
	s.cancel(nil)
	if v != nil {
		v.finish(end)
	}
	s.reg.remove(s, end)
	s.reg.cfg.Authority.Ended(context.WithoutCancel(s.ctx), s.grant.ID, authority.Report{
		End:      authority.End{Code: end.Code, Message: end.Message},
		Duration: time.Since(s.started),
		Sent:     s.sentBytes.Load(), Received: s.receivedBytes.Load(),
	})
	s.log.Info("connection ended", "code", end.Code, "duration", time.Since(s.started),
		"sent", s.sentBytes.Load(), "received", s.receivedBytes.Load())
	close(s.gone)
}

// resize sets the terminal's size for the browser and the target.
func (s *Session) resize(g wire.Grid) {
	s.mu.Lock()
	if g == s.screen.grid {
		s.mu.Unlock()
		return
	}
	s.screen.resize(g)
	t, v := s.terminal, s.viewer
	s.mu.Unlock()
	if t != nil {
		if err := t.Resize(windowSize(g)); err != nil {
			s.log.Debug("resize refused", "error", err)
		}
	}
	if v != nil {
		v.signal()
	}
}

// newSecretLocked makes the resume secret of a new attachment. The one before
// stays good until the browser has shown that it got the new one.
func (s *Session) newSecretLocked() []byte {
	secret := make([]byte, secretSize)
	_, _ = rand.Read(secret) // never fails
	s.secrets[1] = s.secrets[0]
	s.secrets[0] = hashSecret(secret)
	return secret
}

// knows compares a resume secret.
func (s *Session) knows(secret []byte) bool {
	s.mu.Lock()
	hashes := s.secrets
	s.mu.Unlock()
	return knowsSecret(hashes, secret)
}

// confirmSecretLocked drops the secret before the newest: the browser has the
// newest one.
func (s *Session) confirmSecretLocked() { s.secrets[1] = s.secrets[0] }

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
