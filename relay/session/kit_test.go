package session_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/protocol/settings"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/session"
	"github.com/porthole-rac/porthole/relay/target"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// eventually waits for a condition.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
	}
}

// ledger is an authority in memory.
type ledger struct {
	mu       sync.Mutex
	settle   map[string]string // settings of new grants
	protocol string            // of new grants; empty: ssh
	grants   map[string]*authority.Grant
	cancels  map[string]context.CancelCauseFunc
	tokens   map[string]string // token to grant; used ones lead to ""
	denied   error             // what Reattach answers
	reports  map[string][]authority.Report
}

func (l *ledger) token(id string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.grants[id] == nil {
		ctx, cancel := context.WithCancelCause(context.Background())
		l.cancels[id] = cancel
		l.grants[id] = authority.NewGrant(ctx, authority.Grant{
			ID: id, User: authority.User{ID: "u", Name: "ann"}, Settings: l.settle,
			Endpoint: authority.Endpoint{ID: "e", Name: "box", Protocol: cmp.Or(l.protocol, "ssh")},
		})
	}
	token := fmt.Sprintf("%s-%d", id, len(l.tokens))
	l.tokens[token] = id
	return token
}

func (l *ledger) Redeem(_ context.Context, p authority.Presented) (*authority.Grant, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	id, ok := l.tokens[p.Token]
	switch {
	case !ok:
		return nil, authority.ErrToken
	case id == "":
		return nil, authority.ErrTokenUsed
	case l.grants[id] == nil:
		return nil, authority.ErrGone
	}
	l.tokens[p.Token] = ""
	return l.grants[id], nil
}

func (l *ledger) Reattach(context.Context, string, authority.Presented) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.denied
}

func (l *ledger) Ended(_ context.Context, id string, r authority.Report) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reports[id] = append(l.reports[id], r)
	if cancel := l.cancels[id]; cancel != nil {
		cancel(nil)
		delete(l.cancels, id)
	}
	delete(l.grants, id)
}

// withdraw ends a grant.
func (l *ledger) withdraw(id string, end authority.End) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cancels[id](&end)
}

func (l *ledger) report(id string) []authority.Report {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.reports[id]
}

// machine is a remote side that tests drive. Its output goes through pipes, so
// that writing to it blocks until the relay reads.
type machine struct {
	out, err   *io.PipeReader
	say, shout *io.PipeWriter
	exit       string
	block      chan struct{} // not nil: Write waits for its end

	mu     sync.Mutex
	got    []byte
	sizes  []target.Size
	opened target.Size
	closed chan struct{}
	once   sync.Once
}

func newMachine() *machine {
	m := &machine{exit: "The session has ended.", closed: make(chan struct{})}
	m.out, m.say = io.Pipe()
	m.err, m.shout = io.Pipe()
	return m
}

func (m *machine) Read(p []byte) (int, error) { return m.out.Read(p) }
func (m *machine) Errors() io.Reader          { return m.err }
func (m *machine) Exit() (int, string)        { return 0, m.exit }

func (m *machine) Write(p []byte) (int, error) {
	if m.block != nil {
		select {
		case <-m.block:
		case <-m.closed:
			return 0, io.ErrClosedPipe
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.got = append(m.got, p...)
	return len(p), nil
}

func (m *machine) Resize(s target.Size) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sizes = append(m.sizes, s)
	return nil
}

func (m *machine) Close() error {
	m.once.Do(func() {
		close(m.closed)
		m.out.CloseWithError(io.ErrClosedPipe)
		m.err.CloseWithError(io.ErrClosedPipe)
		m.say.CloseWithError(io.ErrClosedPipe)
		m.shout.CloseWithError(io.ErrClosedPipe)
	})
	return nil
}

// quit ends the machine's output in the ordinary way.
func (m *machine) quit() { m.say.Close(); m.shout.Close() }

func (m *machine) print(t *testing.T, s string) {
	t.Helper()
	if _, err := io.WriteString(m.say, s); err != nil {
		t.Errorf("target could not write: %v", err)
	}
}

func (m *machine) typed() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return string(m.got)
}

func (m *machine) size() target.Size {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.sizes) == 0 {
		return m.opened
	}
	return m.sizes[len(m.sizes)-1]
}

// relay is a registry with everything around it.
type relay struct {
	*session.Registry
	t            *testing.T
	ledger       *ledger
	next         chan *machine   // what Open gives next
	nextTerminal target.Terminal // in place of that
	ask          func(ctx context.Context, page target.Page) error
	serves       sync.WaitGroup
}

func newRelay(t *testing.T, cfg session.Config, set ...string) *relay {
	t.Helper()
	l := &ledger{
		settle: map[string]string{}, grants: map[string]*authority.Grant{}, cancels: map[string]context.CancelCauseFunc{},
		tokens: map[string]string{}, reports: map[string][]authority.Report{},
	}
	for i := 0; i < len(set); i += 2 {
		l.settle[set[i]] = set[i+1]
	}
	r := &relay{t: t, ledger: l, next: make(chan *machine, 64)}
	cfg.Authority = l
	cfg.OpenTerminal = func(ctx context.Context, _ *authority.Grant, _ settings.SSH, size target.Size, page target.Page) (target.Terminal, error) {
		page.Progress(target.StepConnect, "10.0.0.5:22")
		if r.ask != nil {
			if err := r.ask(ctx, page); err != nil {
				return nil, err
			}
		}
		if r.nextTerminal != nil {
			return r.nextTerminal, nil
		}
		select {
		case m := <-r.next:
			m.opened = size
			return m, nil
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	r.Registry = session.NewRegistry(cfg)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := r.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		r.serves.Wait()
	})
	return r
}

// machine makes the machine that the next connection finds.
func (r *relay) machine() *machine {
	m := newMachine()
	r.next <- m
	return m
}

// serve runs one socket with a token.
func (r *relay) serve(s *socket, token string) {
	r.serves.Go(func() {
		r.Serve(r.t.Context(), s, authority.Presented{Token: token, Client: "192.0.2.1"})
	})
}

// open opens a connection and gives its browser.
func (r *relay) open(id string, change ...func(*browser)) *browser {
	r.t.Helper()
	b := newBrowser(r.t)
	for _, f := range change {
		f(b)
	}
	b.connect(r, r.ledger.token(id))
	return b
}

// socket is the relay's end of a WebSocket in memory. Messages wait in small
// channels, so a browser that does not read stops the relay's writing.
type socket struct {
	up, down chan []byte
	done     chan struct{}
	once     sync.Once
	closed   bool               // in the ordinary way
	chop     func() (dead bool) // guarded by the browser
}

func newSocket() *socket {
	return &socket{up: make(chan []byte, 16), down: make(chan []byte), done: make(chan struct{})}
}

var errSocket = errors.New("socket is gone")

func (s *socket) Read(ctx context.Context) ([]byte, error) {
	select {
	case p := <-s.up:
		return p, nil
	default:
	}
	select {
	case p := <-s.up:
		return p, nil
	case <-s.done:
		return nil, errSocket
	case <-ctx.Done():
		s.Abort()
		return nil, ctx.Err()
	}
}

func (s *socket) Write(ctx context.Context, p []byte) error {
	select { // one that is gone takes nothing
	case <-s.done:
		return errSocket
	default:
	}
	select {
	case s.down <- append([]byte(nil), p...):
		return nil
	case <-s.done:
		return errSocket
	case <-ctx.Done():
		s.Abort()
		return ctx.Err()
	}
}

func (s *socket) Close() { s.once.Do(func() { s.closed = true; close(s.done) }) }
func (s *socket) Abort() { s.once.Do(func() { close(s.done) }) }

var _ session.Socket = (*socket)(nil)

// send puts a message in front of the relay; false: the socket is gone.
func (s *socket) send(p []byte) bool {
	select {
	case s.up <- p:
		return true
	case <-s.done:
		return false
	}
}

// lines is a log that may be written by many.
type lines struct {
	mu sync.Mutex
	to io.Writer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(p)
}

func logger(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(&lines{to: w}, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// raw sends a hello and then whatever a test wants.
func (r *relay) raw(id string) *socket {
	s := newSocket()
	r.serve(s, r.ledger.token(id))
	s.send((&wire.Hello{Version: 1, Grid: wire.Grid{Cols: 80, Rows: 24}}).Append(nil))
	return s
}
