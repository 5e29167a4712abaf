package session_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/session"
	"github.com/porthole-rac/porthole/relay/target"
)

// soon is how long an end may take to reach target and page.
const soon = 2 * time.Second

func TestEveryEndOfTheGrantReachesTargetAndPage(t *testing.T) {
	for _, code := range []string{
		wire.EndLogout, wire.EndSessionExpired, wire.EndTokenExpired, wire.EndDeleted, wire.EndDenied, wire.EndShutdown,
	} {
		for _, attached := range []bool{true, false} {
			t.Run(fmt.Sprint(code, attached), func(t *testing.T) {
				r := newRelay(t, session.Config{})
				m := r.machine()
				b := r.open("c1")
				b.until("connected", func() bool { return b.ready })
				if !attached {
					b.drop()
				}
				start := time.Now()
				r.ledger.withdraw("c1", authority.End{Code: code, Message: "Because."})
				select {
				case <-m.closed:
				case <-time.After(soon):
					t.Error("the target was not closed")
				}
				if !attached {
					b.connect(r, "") // who comes back is told
				}
				b.ends(code)
				if d := time.Since(start); d > soon {
					t.Errorf("took %v", d)
				}
				b.look(func() {
					if b.end.Message != "Because." || b.end.Retry != (code != wire.EndDenied) {
						t.Errorf("end %+v", b.end)
					}
				})
				eventually(t, "reported", func() bool { return len(r.ledger.report("c1")) == 1 })
				if rep := r.ledger.report("c1")[0]; rep.End.Code != code {
					t.Errorf("report %+v", rep)
				}
			})
		}
	}
}

// slowClose is a target that takes its time to go.
type slowClose struct {
	*machine
	wait chan struct{}
}

func (s *slowClose) Close() error {
	<-s.wait
	return s.machine.Close()
}

func TestPageDoesNotWaitForTheTargetToClose(t *testing.T) {
	r := newRelay(t, session.Config{})
	s := &slowClose{newMachine(), make(chan struct{})}
	r.nextTerminal = s
	b := r.open("c1")
	b.until("connected", func() bool { return b.ready })
	r.ledger.withdraw("c1", authority.End{Code: wire.EndDeleted})
	b.ends(wire.EndDeleted)
	close(s.wait)
}

// A browser that reads nothing does not keep the target open.
func TestTargetDoesNotWaitForTheBrowser(t *testing.T) {
	r := newRelay(t, session.Config{})
	m := r.machine()
	s := r.raw("c1")
	<-s.down
	m.print(t, "stuck in the socket")
	r.ledger.withdraw("c1", authority.End{Code: wire.EndDeleted})
	select {
	case <-m.closed:
	case <-time.After(soon):
		t.Error("the target was not closed")
	}
	<-s.done
}

func TestFailureOfTheTargetIsExplained(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want wire.End
	}{
		{
			&target.Error{Code: wire.EndUnreachable, Step: target.StepConnect, Message: "No route.", Remedy: "Check it.", Err: errors.New("low level")},
			wire.End{Code: wire.EndUnreachable, Step: "connect", Message: "No route.", Remedy: "Check it.", Retry: true},
		},
		{fmt.Errorf("wrapped: %w", target.ErrCancelled), wire.End{Code: wire.EndCancelled, Step: "authenticate", Message: target.ErrCancelled.Message, Remedy: target.ErrCancelled.Remedy, Retry: true}},
		{errors.New("password hunter2 in a message"), wire.End{
			Code: wire.EndInternal, Message: "The relay met an unexpected fault.", Retry: true,
			Remedy: "Connect again; if it happens again, ask the administrator to look into the relay's log.",
		}},
	} {
		r := newRelay(t, session.Config{})
		r.ask = func(context.Context, target.Page) error { return tt.err }
		b := r.open("c1")
		b.ends(tt.want.Code)
		b.look(func() {
			if *b.end != tt.want {
				t.Errorf("got %+v, want %+v", *b.end, tt.want)
			}
		})
	}
	t.Run("while it runs", func(t *testing.T) {
		r := newRelay(t, session.Config{})
		m := r.machine()
		b := r.open("c1")
		b.until("connected", func() bool { return b.ready })
		m.print(t, "last words")
		m.say.CloseWithError(&target.Error{Code: wire.EndTargetLost, Step: target.StepSession, Message: "It broke."})
		m.shout.Close()
		b.ends(wire.EndTargetLost)
		b.sees("last words")
	})
}

func TestShutdownTellsTheSessions(t *testing.T) {
	r := newRelay(t, session.Config{})
	var browsers []*browser
	for i := range 5 {
		r.machine()
		b := r.open(fmt.Sprintf("c%d", i))
		b.until("connected", func() bool { return b.ready })
		browsers = append(browsers, b)
	}
	if err := r.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, b := range browsers {
		b.ends(wire.EndShutdown)
		if n := len(r.ledger.report(fmt.Sprintf("c%d", i))); n != 1 {
			t.Errorf("reported %d times", n)
		}
	}
	late := r.open("late")
	late.ends(wire.EndShutdown)
}

func TestShutdownIsBoundedByItsContext(t *testing.T) {
	r := newRelay(t, session.Config{})
	s := &slowClose{newMachine(), make(chan struct{})}
	r.nextTerminal = s
	b := r.open("c1")
	b.until("connected", func() bool { return b.ready })
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := r.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	close(s.wait)
}

func TestMaximumOfSessions(t *testing.T) {
	r := newRelay(t, session.Config{MaxSessions: 2})
	var first *browser
	for i := range 2 {
		r.machine()
		first = r.open(fmt.Sprintf("c%d", i))
		first.until("connected", func() bool { return first.ready })
	}
	third := r.open("c9")
	third.ends(wire.EndBusy)
	if n := len(r.ledger.report("c9")); n != 1 { // its right is given back
		t.Errorf("reported %d times", n)
	}
	first.resume(r) // who is in may come back
	first.until("connected", func() bool { return first.ready })
	first.send(&wire.Bye{})
	first.ends(wire.EndDisconnected)
	eventually(t, "room", func() bool { return len(r.List()) == 1 })
	r.machine()
	fourth := r.open("c10")
	fourth.until("connected", func() bool { return fourth.ready })
}

func TestReasonsAreRememberedWithinABound(t *testing.T) {
	r := newRelay(t, session.Config{})
	fail := &target.Error{Code: wire.EndAuthFailed, Step: target.StepAuthenticate, Message: "No."}
	r.ask = func(context.Context, target.Page) error {
		// A browser that comes after the end gets it without a secret to ask with.
		eventually(t, "the browser is there", func() bool {
			return slices.ContainsFunc(r.List(), func(c authority.Connection) bool { return c.State == "connecting" && c.Attached })
		})
		return fail
	}
	oldest := r.open("c-first")
	oldest.ends(wire.EndAuthFailed)
	var newest *browser
	for i := range session.MaxTombstones {
		newest = r.open(fmt.Sprintf("c%d", i))
		newest.ends(wire.EndAuthFailed)
	}
	eventually(t, "all are over", func() bool { return len(r.List()) == 0 })
	newest.connect(r, "")
	newest.ends(wire.EndAuthFailed)
	oldest.connect(r, "")
	oldest.ends(wire.EndGone)
	n := uint64(0)
	r.Totals().Ends.Each(func(code string, k uint64) {
		if code == wire.EndAuthFailed {
			n = k
		}
	})
	if n != session.MaxTombstones+1 {
		t.Errorf("%d ends counted", n)
	}
}

func TestListAndCloseByHand(t *testing.T) {
	r := newRelay(t, session.Config{})
	m := r.machine()
	b := r.open("c1")
	m.print(t, "\x1b]0;build\x07$")
	b.sees("$")
	if l := r.List(); l[0].Title != "build" || l[0].User.Name != "ann" || l[0].Endpoint.Name != "box" {
		t.Errorf("list %+v", l)
	}
	if r.Close("nobody", authority.End{}) {
		t.Error("closed what is not there")
	}
	if !r.Close("c1", authority.End{Code: wire.EndDeleted, Message: "Ended by hand."}) {
		t.Error("not closed")
	}
	b.ends(wire.EndDeleted)
}

// Nothing of the settings comes to a browser or into the log.
func TestSecretsStayInTheRelay(t *testing.T) {
	var log strings.Builder
	r := newRelay(t, session.Config{Logger: logger(&log)}, "password", "hunter2", "private-key", "KEYKEY", "nonsense", "hunter3")
	m := r.machine()
	s := newSocket()
	token := r.ledger.token("c1")
	r.serve(s, token)
	s.send((&wire.Hello{Version: 1}).Append(nil))
	var all []byte
	all = append(all, <-s.down...)
	m.print(t, "x")
	all = append(all, <-s.down...)
	s.Abort()
	r.serves.Wait()
	if err := r.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"hunter2", "KEYKEY", "hunter3", token} {
		if strings.Contains(string(all), secret) || strings.Contains(log.String(), secret) {
			t.Errorf("%q came out", secret)
		}
	}
}

type panicking struct {
	*machine
	in string
}

func (p *panicking) Read(b []byte) (int, error) {
	if p.in == "read" {
		panic("read")
	}
	return p.machine.Read(b)
}

func (p *panicking) Write(b []byte) (int, error) { panic("write") }

// A fault of the relay itself costs one session.
func TestPanicEndsOneSession(t *testing.T) {
	r := newRelay(t, session.Config{})
	m := r.machine()
	other := r.open("other")
	other.until("connected", func() bool { return other.ready })
	for _, in := range []string{"open", "read", "write"} {
		p := &panicking{newMachine(), in}
		r.nextTerminal = p
		r.ask = func(context.Context, target.Page) error {
			if in == "open" {
				panic("open")
			}
			return nil
		}
		b := r.open("c-" + in)
		if in == "write" {
			b.until("connected", func() bool { return b.ready })
			b.send(&wire.Input{Data: []byte("x")})
		}
		b.ends(wire.EndInternal)
		if in != "open" {
			<-p.closed
		}
	}
	m.print(t, "unharmed")
	other.sees("unharmed")
}
