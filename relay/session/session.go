package session

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
)

const (
	drainTime  = 2 * time.Second // for a browser to take the last output after the target ended
	maxNotices = 16              // notices kept for a browser that comes later
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
	log     *slog.Logger
	started time.Time

	ctx    context.Context // done when the session must end; the cause says why
	cancel context.CancelCauseFunc
	gone   chan struct{} // closed when the session is over and reported

	content content // a terminal or a desktop

	sentBytes, receivedBytes atomic.Uint64 // browser side
	targetBytes              atomic.Uint64 // from the target

	mu      sync.Mutex
	phase   phase
	viewer  *viewer       // the attached browser, nil: none
	epoch   uint64        // counts attachments
	abandon *time.Timer   // runs while no browser is attached
	until   time.Time     // when it fires
	room    chan struct{} // see changeLocked; nil: nobody waits

	// Hashes of resume secrets: the newest, and the last one that a browser is
	// known to have. confirmed: that is the newest.
	secrets   [2][sha256.Size]byte
	confirmed bool
	former    [2][sha256.Size]byte // those of a browser that was replaced

	progress wire.Progress
	notices  []wire.Notice
	prompt   *prompt
	prompts  uint64
	end      *wire.End // set once
}

// content is what a session is about. Methods whose name ends with Locked are
// called with Session.mu held.
type content interface {
	// serve opens the target and serves it. It gives the reason of the end as soon
	// as there is one; the target is being closed then, and wait waits for that. So
	// neither a target that is slow to close keeps the page waiting, nor a browser
	// that is slow the target.
	serve() (end *wire.End, wait func())
	// attachLocked makes the feed of a browser that takes the place of any other, and
	// says how it goes on.
	attachLocked(v *viewer, hello *wire.Hello) (feed, wire.Resumed)
	// attached follows without the lock.
	attached(v *viewer, hello *wire.Hello)
	// detachedLocked says that there is no browser any more, detached follows without
	// the lock.
	detachedLocked()
	detached()
	// welcomeLocked fills in what belongs to the content.
	welcomeLocked(m *wire.Welcome)
	statsLocked(m *wire.Stats)
	titleLocked() string
}

// feed is what one attached browser gets of the content, and says to it.
type feed interface {
	// collectLocked appends records that are to be sent now. Nothing more will be due
	// before wait has passed, unless the viewer is signalled.
	collectLocked(dst []byte, now time.Time) (out []byte, wait time.Duration)
	// takeLocked gives a message that is to be sent after them as it is, nil: none; it
	// must not change before sentLocked.
	takeLocked() []byte
	sentLocked()
	// receive acts on a record that is not every connection's.
	receive(t wire.Type, body []byte) error
	// replacedLocked says that this browser has no say any more.
	replacedLocked()
}

func newSession(reg *Registry, grant *authority.Grant, hello *wire.Hello) *Session {
	s := &Session{
		reg: reg, grant: grant, started: time.Now(),
		log:  reg.cfg.Logger.With("connection", grant.ID, "user", grant.User.Name, "endpoint", grant.Endpoint.Name),
		gone: make(chan struct{}),
	}
	s.ctx, s.cancel = context.WithCancelCause(grant.Context())
	if grant.Endpoint.Protocol == protocolSSH {
		s.content = newTerminal(s, hello)
	} else {
		s.content = newDesktop(s, hello)
	}
	return s
}

// protocolSSH is the one protocol of terminals.
const protocolSSH = "ssh"

// run opens the target, serves it until something ends, and reports.
func (s *Session) run() {
	defer s.reg.wait.Done()
	end, wait := endFor(nil), func() {}
	s.guard("driver", func() { end, wait = s.content.serve() })
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

// connected says that the target is there.
func (s *Session) connected() {
	s.mu.Lock()
	s.phase = running
	if s.viewer != nil {
		m := wire.Connected{}
		s.viewer.control(m.Append(nil))
	}
	s.mu.Unlock()
	s.log.Info("connected", "after", time.Since(s.started))
}

// notOpened gives the end of a session whose target could not be opened.
func (s *Session) notOpened(err error) *wire.End {
	if s.ctx.Err() != nil {
		return endFor(context.Cause(s.ctx))
	}
	s.log.Info("target not opened", "error", err)
	return endFor(err)
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

// ended gives the end of a session that is over, else nil.
func (s *Session) ended() *wire.End {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end
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
