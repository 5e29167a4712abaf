package tunnel_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/porthole-rac/porthole/authority"
	wiretunnel "github.com/porthole-rac/porthole/protocol/tunnel"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/session"
	"github.com/porthole-rac/porthole/relay/tunnel"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 10 * time.Second

// pipe is a tunnel of the authority in memory, with the page's side for the test.
type pipe struct {
	toRelay, toPage chan []byte
	gone            chan struct{}
	once            sync.Once
	mu              sync.Mutex
	aborted         bool
}

func newPipe() *pipe {
	return &pipe{toRelay: make(chan []byte, 1024), toPage: make(chan []byte, 1024), gone: make(chan struct{})}
}

var errGone = errors.New("tunnel gone")

func (p *pipe) Read(ctx context.Context) ([]byte, error) {
	select {
	case m := <-p.toRelay:
		return m, nil
	case <-p.gone:
		return nil, errGone
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pipe) Write(ctx context.Context, m []byte) error {
	select {
	case p.toPage <- bytes.Clone(m):
		return nil
	case <-p.gone:
		return errGone
	case <-ctx.Done():
		return ctx.Err()
	}
}
func (p *pipe) Close() { p.once.Do(func() { close(p.gone) }) }
func (p *pipe) Abort() {
	p.mu.Lock()
	p.aborted = true
	p.mu.Unlock()
	p.Close()
}

// sessions stands for the relay's.
type sessions func(ctx context.Context, s session.Socket, p authority.Presented)

func (f sessions) Serve(ctx context.Context, s session.Socket, p authority.Presented) { f(ctx, s, p) }

// echo sends each message back.
func echo(ctx context.Context, s session.Socket, _ authority.Presented) {
	for {
		m, err := s.Read(ctx)
		if err != nil {
			s.Abort()
			return
		}
		if string(m) == "bye" {
			s.Close()
			return
		}
		if s.Write(ctx, m) != nil {
			return
		}
	}
}

type fixture struct {
	*pipe
	t      *testing.T
	server *tunnel.Server
	done   chan struct{}
	issued int
	clock  time.Time
	mu     sync.Mutex
}

func start(t *testing.T, address string, f sessions) *fixture {
	t.Helper()
	x := &fixture{pipe: newPipe(), t: t, done: make(chan struct{}), clock: time.Unix(1e9, 0)}
	x.server = tunnel.New(tunnel.Config{Sessions: f, Address: address, Now: func() time.Time {
		x.mu.Lock()
		defer x.mu.Unlock()
		return x.clock
	}})
	go func() {
		defer close(x.done)
		x.server.Serve(context.Background(), tunnel.Connection{Tunnel: x.pipe, Protocol: "ssh", Secret: func() string {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.issued++
			return fmt.Sprint("secret-", x.issued)
		}})
	}()
	t.Cleanup(x.stop)
	return x
}

func (x *fixture) stop() {
	x.Close()
	select {
	case <-x.done:
	case <-time.After(patience):
		x.t.Error("Serve does not return")
	}
}

func (x *fixture) say(m []byte) { x.toRelay <- m }

// next is the next instruction for the page.
func (x *fixture) next() string {
	x.t.Helper()
	select {
	case m := <-x.toPage:
		return string(m)
	case <-time.After(patience):
		x.t.Fatal("the relay says nothing")
		return ""
	}
}

func (x *fixture) wants(want string) {
	x.t.Helper()
	if got := x.next(); got != want {
		x.t.Errorf("got %.80s, want %s", got, want)
	}
}

// over waits until the tunnel is served no more.
func (x *fixture) over() (aborted bool) {
	x.t.Helper()
	select {
	case <-x.done:
	case <-time.After(patience):
		x.t.Fatal("the tunnel is still served")
	}
	x.pipe.mu.Lock()
	defer x.pipe.mu.Unlock()
	return x.aborted
}

func TestOffers(t *testing.T) {
	x := start(t, "direct/", echo)
	x.wants("8.porthole,1.1,8.secret-1,7.direct/,3.ssh;")
	x.say([]byte("12.porthole-ask;"))
	x.wants("8.porthole,1.1,8.secret-2,7.direct/,3.ssh;")
	for _, s := range []string{"", "secret-1", "secret-3", strings.Repeat("x", 1000)} {
		if x.server.Admit(s) {
			t.Errorf("%.20q opens", s)
		}
	}
	if !x.server.Admit("secret-2") {
		t.Error("the newest does not open")
	}
	if x.server.Admit("secret-2") {
		t.Error("it opens twice")
	}
	x.say([]byte("12.porthole-ask;"))
	x.next()
	x.mu.Lock()
	x.clock = x.clock.Add(30 * time.Second)
	x.mu.Unlock()
	if x.server.Admit("secret-3") {
		t.Error("it opens after 30 seconds")
	}
	x.say([]byte("12.porthole-ask;"))
	x.next()
	x.Close()
	x.over()
	if x.server.Admit("secret-4") {
		t.Error("it opens after the tunnel's end")
	}
}

func TestNoDirectWay(t *testing.T) {
	x := start(t, "", echo)
	x.wants("8.porthole,1.1,0.,0.,3.ssh;")
	if x.server.Admit("") {
		t.Error("the empty secret opens")
	}
}

func TestMessagesThroughTheTunnel(t *testing.T) {
	var seen authority.Presented
	x := start(t, "", func(ctx context.Context, s session.Socket, p authority.Presented) {
		seen = p
		echo(ctx, s, p)
	})
	x.next()
	x.say([]byte("3.nop;4.sync,1.5;7.unknown,1.x;" + string(wiretunnel.AppendData(nil, 1, true, []byte("hello")))))
	x.wants(string(wiretunnel.AppendData(nil, 1, true, []byte("hello"))))
	// One in three parts comes back as one.
	for i, s := range []string{"a", "b", "c"} {
		x.say(wiretunnel.AppendData(nil, 1, i == 2, []byte(s)))
	}
	x.wants(string(wiretunnel.AppendData(nil, 1, true, []byte("abc"))))
	x.say(wiretunnel.AppendData(nil, 1, true, nil))
	x.wants(string(wiretunnel.AppendData(nil, 1, true, nil)))
	x.say(wiretunnel.AppendData(nil, 1, true, []byte("bye")))
	x.wants("14.porthole-close,1.1;")
	if seen.Token != "secret-1" {
		t.Errorf("presented %q", seen.Token)
	}
	// A new socket, with a secret of its own; what comes late for the old one is skipped.
	x.say(wiretunnel.AppendData(nil, 2, true, []byte("again")))
	x.wants(string(wiretunnel.AppendData(nil, 2, true, []byte("again"))))
	x.say(wiretunnel.AppendData(nil, 1, true, []byte("late")))
	x.say(wiretunnel.AppendData(nil, 2, true, []byte("more")))
	x.wants(string(wiretunnel.AppendData(nil, 2, true, []byte("more"))))
	if seen.Token != "secret-2" {
		t.Errorf("presented %q", seen.Token)
	}
	x.say([]byte("14.porthole-close,1.2;"))
	x.wants("14.porthole-close,1.2;")
}

// A page that does not acknowledge gets no more than the window.
func TestWindowToThePage(t *testing.T) {
	large := bytes.Repeat([]byte("x"), (wiretunnel.Window+10)*wiretunnel.MaxPart)
	x := start(t, "", func(ctx context.Context, s session.Socket, _ authority.Presented) {
		if _, err := s.Read(ctx); err == nil {
			_ = s.Write(ctx, large)
		}
		s.Close()
	})
	x.next()
	x.say(wiretunnel.AppendData(nil, 1, true, []byte("go")))
	for range wiretunnel.Window {
		if got := x.next(); !strings.HasPrefix(got, "13.porthole-data,1.1,1.0,") {
			t.Fatalf("got %.60s", got)
		}
	}
	select {
	case m := <-x.toPage:
		t.Errorf("beyond the window: %.60s", m)
	case <-time.After(50 * time.Millisecond):
	}
	x.say(wiretunnel.AppendAck(nil, 1, 4))
	for range 4 {
		x.next()
	}
	x.say(wiretunnel.AppendAck(nil, 1, wiretunnel.Window))
	for i := range 6 {
		last := strings.HasPrefix(x.next(), "13.porthole-data,1.1,1.1,")
		if last != (i == 5) {
			t.Errorf("part %d, last %t", i, last)
		}
	}
	x.wants("14.porthole-close,1.1;")
}

// The relay acknowledges what its session takes, and not what only arrives.
func TestWindowToTheRelay(t *testing.T) {
	read := make(chan struct{})
	x := start(t, "", func(ctx context.Context, s session.Socket, _ authority.Presented) {
		<-read
		for range wiretunnel.Window {
			if _, err := s.Read(ctx); err != nil {
				t.Error(err)
			}
		}
		s.Close()
	})
	x.next()
	for range wiretunnel.Window {
		x.say(wiretunnel.AppendData(nil, 1, true, []byte("x")))
	}
	select {
	case m := <-x.toPage:
		t.Errorf("before it was read: %s", m)
	case <-time.After(50 * time.Millisecond):
	}
	close(read)
	for i := range wiretunnel.Window / wiretunnel.AckEvery {
		x.wants(string(wiretunnel.AppendAck(nil, 1, uint64(i+1)*wiretunnel.AckEvery)))
	}
}

// What no page of ours does ends its tunnel, and only that.
func TestHostilePages(t *testing.T) {
	waiting := func(ctx context.Context, s session.Socket, _ authority.Presented) {
		<-ctx.Done()
		s.Abort()
	}
	many := bytes.Repeat(wiretunnel.AppendData(nil, 1, false, []byte("x")), wiretunnel.Window+1)
	var sockets []byte
	for i := range uint64(10) {
		sockets = wiretunnel.AppendData(sockets, i+1, true, []byte("x"))
	}
	for name, message := range map[string]string{
		"no instruction":       "hello",
		"cut off":              "13.porthole-data,1.1",
		"arguments lack":       "13.porthole-data,1.1;",
		"no base64":            "13.porthole-data,1.1,1.1,4.####;",
		"no number":            "12.porthole-ack,1.x,1.1;",
		"acknowledges nothing": string(wiretunnel.AppendData(nil, 1, true, nil)) + "12.porthole-ack,1.1,1.5;",
		"beyond the window":    string(many),
		"too many sockets":     string(sockets),
	} {
		t.Run(name, func(t *testing.T) {
			x := start(t, "direct/", waiting)
			x.next()
			x.say([]byte(message))
			if !x.over() {
				t.Error("the tunnel was closed as if all were well")
			}
		})
	}
}

func TestMessagesAreBounded(t *testing.T) {
	failed := make(chan error, 1)
	x := start(t, "", func(ctx context.Context, s session.Socket, _ authority.Presented) {
		_, err := s.Read(ctx)
		failed <- err
		s.Abort()
	})
	x.next()
	part := wiretunnel.AppendData(nil, 1, false, make([]byte, wiretunnel.MaxPart))
	for i := range wire.MaxFromBrowser/wiretunnel.MaxPart + 1 {
		x.say(part)
		if (i+1)%wiretunnel.AckEvery == 0 {
			x.next()
		}
	}
	if err := <-failed; !errors.Is(err, wire.ErrTooLong) {
		t.Errorf("got %v", err)
	}
	x.wants("14.porthole-close,1.1;")
}

func TestGoodbye(t *testing.T) {
	ended := make(chan struct{})
	x := start(t, "", func(ctx context.Context, s session.Socket, _ authority.Presented) {
		defer close(ended)
		echo(ctx, s, authority.Presented{})
	})
	x.next()
	x.say(wiretunnel.AppendData(nil, 1, true, []byte("x")))
	x.next()
	x.say([]byte("10.disconnect;"))
	if x.over() {
		t.Error("aborted")
	}
	<-ended
}

// Nothing that a page sends makes the relay panic or hang.
func FuzzPage(f *testing.F) {
	f.Add([]byte("12.porthole-ask;3.nop;"))
	f.Add(wiretunnel.AppendData(wiretunnel.AppendData(nil, 1, false, []byte("a")), 1, true, []byte("b")))
	f.Add(wiretunnel.AppendClose(wiretunnel.AppendAck(wiretunnel.AppendData(nil, 3, true, nil), 3, 1), 3))
	f.Fuzz(func(t *testing.T, p []byte) {
		x := newPipe()
		s := tunnel.New(tunnel.Config{Sessions: sessions(echo), Address: "direct/"})
		x.toRelay <- p
		x.toRelay <- []byte("10.disconnect;")
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.Serve(t.Context(), tunnel.Connection{Tunnel: x, Secret: func() string { return "s" }})
		}()
		select {
		case <-done:
		case <-time.After(patience):
			t.Fatal("hangs")
		}
		if s.Admit("s") {
			t.Error("the secret outlives the tunnel")
		}
	})
}
