package session_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/session"
	"github.com/porthole-rac/porthole/relay/target"
)

func TestAShellInTheBrowser(t *testing.T) {
	r := newRelay(t, session.Config{ResumeFor: time.Minute})
	m := r.machine()
	b := r.open("c1")
	b.until("connected", func() bool { return b.ready })
	b.look(func() {
		w := &b.welcome
		if w.Connection != "c1" || len(w.Secret) != 32 || w.Endpoint != "box" || w.User != "ann" || w.Protocol != "ssh" ||
			w.Resumed != wire.ResumedNew || w.Epoch == 0 || w.Frames != session.MaxFrames || w.InputWindow != session.InputWindow || w.ResumeFor != 60 {
			t.Errorf("welcome %+v", w)
		}
	})
	if m.opened != (target.Size{Cols: 80, Rows: 24, Width: 640, Height: 384}) {
		t.Errorf("opened with %+v", m.opened)
	}
	m.print(t, "$ ")
	b.sees("$")
	b.send(&wire.Input{Data: []byte("ls\r")})
	eventually(t, "typed", func() bool { return m.typed() == "ls\r" })
	b.until("the input confirmed", func() bool { return b.taken == 3 })
	list := r.List()
	if len(list) != 1 || list[0].GrantID != "c1" || !list[0].Attached || list[0].State != "connected" || !list[0].Until.IsZero() {
		t.Errorf("list %+v", list)
	}
	m.exit = "The program ended with status 3."
	m.print(t, "bye")
	m.quit()
	b.ends(wire.EndClosed)
	b.look(func() {
		if b.end.Message != m.exit || !strings.Contains(b.term.Text(), "bye") {
			t.Errorf("end %+v, screen %q", b.end, b.term.Text())
		}
	})
	eventually(t, "reported", func() bool { return len(r.ledger.report("c1")) == 1 })
	rep := r.ledger.report("c1")[0]
	if rep.End.Code != wire.EndClosed || rep.Sent == 0 || rep.Received == 0 || rep.Duration <= 0 {
		t.Errorf("report %+v", rep)
	}
	eventually(t, "the list is empty", func() bool { return len(r.List()) == 0 })
	if n := r.Totals(); n.Started.Load() != 1 || n.Sent.Load() != rep.Sent || n.Received.Load() != rep.Received {
		t.Errorf("totals differ from the report %+v", rep)
	}
}

// asking is a driver that wants a password.
func asking(answers chan<- []string) func(context.Context, target.Page) error {
	return func(ctx context.Context, page target.Page) error {
		a, err := page.Ask(ctx, target.Form{
			Title: "Log in to box", Instruction: "Code from your phone",
			Fields: []target.Field{{Label: "Password", Name: "password"}, {Label: "Code", Echo: true, Name: "one-time-code"}},
		})
		if err != nil {
			return err
		}
		answers <- a
		return nil
	}
}

func TestQuestionIsAnsweredAfterAReconnect(t *testing.T) {
	r := newRelay(t, session.Config{})
	answers := make(chan []string, 1)
	r.ask = asking(answers)
	m := r.machine()
	b := r.open("c1")
	b.until("the question", func() bool { return b.prompt != nil })
	eventually(t, "the list says so", func() bool { l := r.List(); return len(l) == 1 && l[0].State == "prompting" })
	b.look(func() { b.prompt = nil })
	b.resume(r)
	b.until("the question again", func() bool { return b.prompt != nil })
	var id uint64
	b.look(func() {
		if last := b.steps[len(b.steps)-1]; last.Step != "connect" || last.Detail != "10.0.0.5:22" {
			t.Errorf("step %+v", last)
		}
		p := b.prompt
		if id = p.ID; p.Title != "Log in to box" || len(p.Fields) != 2 || p.Fields[0].Echo || !p.Fields[1].Echo || p.Fields[1].Name != "one-time-code" {
			t.Errorf("prompt %+v", p)
		}
	})
	b.send(&wire.Answer{ID: id + 7, Values: []string{"not", "mine"}}) // of another question
	b.send(&wire.Answer{ID: id, Values: []string{"hunter2", "123456", "one too many"}})
	if got := <-answers; len(got) != 2 || got[0] != "hunter2" || got[1] != "123456" {
		t.Errorf("answers %q", got)
	}
	b.until("connected", func() bool { return b.ready })
	b.send(&wire.Answer{ID: id, Values: []string{"late"}}) // changes nothing
	m.print(t, "in")
	b.sees("in")
}

func TestCancelledQuestionEndsTheConnection(t *testing.T) {
	r := newRelay(t, session.Config{})
	r.ask = asking(nil)
	b := r.open("c1")
	b.until("the question", func() bool { return b.prompt != nil })
	b.send(&wire.Answer{ID: b.prompt.ID, Cancelled: true})
	b.ends(wire.EndCancelled)
	b.look(func() {
		if b.end.Remedy == "" || b.end.Step != "authenticate" {
			t.Errorf("end %+v", b.end)
		}
	})
}

func TestEndOfTheGrantTakesAQuestionAway(t *testing.T) {
	r := newRelay(t, session.Config{})
	r.ask = asking(nil)
	b := r.open("c1")
	b.until("the question", func() bool { return b.prompt != nil })
	r.ledger.withdraw("c1", authority.End{Code: wire.EndLogout, Message: "You were logged out."})
	b.ends(wire.EndLogout)
}

func TestResumeContinuesWhereItWas(t *testing.T) {
	r := newRelay(t, session.Config{})
	m := r.machine()
	b := r.open("c1")
	m.print(t, "one ")
	b.sees("one")
	b.drop()
	eventually(t, "detached", func() bool { l := r.List(); return !l[0].Attached && !l[0].Until.IsZero() })
	m.print(t, "two ") // nobody looks
	b.resume(r)
	b.sees("one two")
	b.look(func() {
		if b.welcome.Resumed != wire.ResumedContinue || len(b.states) != 0 || b.bytes != 8 {
			t.Errorf("resumed %d with %d states, %d bytes", b.welcome.Resumed, len(b.states), b.bytes)
		}
	})
	if n := r.Totals().Resumed.Load(); n != 1 {
		t.Errorf("resumed %d times", n)
	}
}

func TestResumeAfterTooMuchOutputGetsTheScreen(t *testing.T) {
	r := newRelay(t, session.Config{}, "scrollback", "5000")
	m := r.machine()
	b := r.open("c1")
	m.print(t, "begin\r\n")
	b.sees("begin")
	b.drop()
	for i := range 2 * session.RingSize / 64 {
		m.print(t, strings.Repeat("x", 55)+itoa(i)+"\r\n")
	}
	last := itoa(2*session.RingSize/64 - 1)
	b.resume(r)
	b.sees(last)
	b.look(func() {
		if b.welcome.Resumed != wire.ResumedState || len(b.states) != 1 || !b.states[0].Complete {
			t.Errorf("resumed %d, states %+v", b.welcome.Resumed, b.states)
		}
		if n := b.term.Scrollback(); n != 5000 {
			t.Errorf("%d lines of scrollback", n)
		}
	})
}

func TestAnotherBrowserTakesTheConnection(t *testing.T) {
	r := newRelay(t, session.Config{})
	m := r.machine()
	first := r.open("c1")
	first.until("connected", func() bool { return first.ready })
	m.print(t, "line\r\n\x1b[31mred")
	first.sees("red")
	second := r.open("c1", func(b *browser) { b.grid = wire.Grid{Cols: 100, Rows: 30} })
	second.sees("red")
	first.ends(wire.EndTakenOver)
	second.look(func() {
		if second.welcome.Resumed != wire.ResumedState || !second.welcome.ReadOnly && second.welcome.Connection != "c1" {
			t.Errorf("welcome %+v", second.welcome)
		}
	})
	eventually(t, "the target has the second one's size", func() bool { return m.size().Cols == 100 })
	second.until("its size", func() bool { c, rows := second.term.Size(); return c == 100 && rows == 30 })
	second.send(&wire.Input{Data: []byte("x")})
	eventually(t, "typed", func() bool { return m.typed() == "x" })

	// The first one's secret is worth nothing any more, and it is told why.
	first.mu.Lock()
	first.welcome.Epoch = 99
	first.mu.Unlock()
	first.resume(r)
	first.ends(wire.EndTakenOver)
	second.look(func() {
		if second.end != nil {
			t.Errorf("the second one ended: %+v", second.end)
		}
	})
}

// A browser that was replaced and does not go has nothing to say any more.
func TestReplacedBrowserCannotType(t *testing.T) {
	r := newRelay(t, session.Config{})
	m := r.machine()
	s := r.raw("c1")
	<-s.down // Welcome; it reads no more, so the relay cannot say goodbye
	s.send((&wire.Input{Data: []byte("a")}).Append(nil))
	eventually(t, "typed", func() bool { return m.typed() == "a" })
	m.print(t, "x") // stuck in the first one's socket
	b := r.open("c1")
	b.sees("x")
	s.send((&wire.Input{Data: []byte("evil")}).Append(nil))
	s.send((&wire.Bye{}).Append(nil))
	s.send((&wire.Resize{Grid: wire.Grid{Cols: 10, Rows: 10}}).Append(nil))
	eventually(t, "the relay has read it", func() bool { return len(s.up) == 0 })
	b.send(&wire.Input{Data: []byte("b")})
	eventually(t, "typed", func() bool { return strings.HasSuffix(m.typed(), "b") })
	if m.typed() != "ab" || m.size().Cols != 80 {
		t.Errorf("typed %q, size %+v", m.typed(), m.size())
	}
	s.Abort()
}

func TestWrongResumeSecret(t *testing.T) {
	r := newRelay(t, session.Config{})
	r.machine()
	b := r.open("c1")
	b.until("connected", func() bool { return b.ready })
	for _, secret := range [][]byte{nil, make([]byte, 32), append(b.welcome.Secret[:31:31], b.welcome.Secret[31]^1)} {
		thief := newBrowser(t)
		thief.welcome = wire.Welcome{Connection: "c1", Secret: secret, Epoch: 1}
		thief.connect(r, "")
		thief.ends(wire.EndTokenInvalid)
	}
	r.ledger.mu.Lock()
	r.ledger.denied = authority.ErrDenied
	r.ledger.mu.Unlock()
	thief := newBrowser(t)
	thief.welcome = b.welcome
	thief.connect(r, "")
	thief.ends(wire.EndDenied) // the right secret, and another person's login
	b.look(func() {
		if b.end != nil {
			t.Errorf("the owner was disturbed: %+v", b.end)
		}
	})
}

// However many answers are lost on a bad line, the secret that the browser has
// stays good.
func TestLostWelcomesDoNotLoseTheConnection(t *testing.T) {
	r := newRelay(t, session.Config{})
	m := r.machine()
	b := r.open("c1")
	b.until("connected", func() bool { return b.ready })
	b.drop()
	for range 3 {
		s := newSocket()
		r.serve(s, "")
		s.send((&wire.Hello{Version: 1, Grid: b.grid, Resume: wire.Resume{Connection: "c1", Secret: b.welcome.Secret, Epoch: 1}}).Append(nil))
		<-s.down // taken off the line, never arrived
		s.Abort()
	}
	b.resume(r)
	old := b.welcome.Secret
	m.print(t, "still here")
	b.sees("still here")
	b.drop()
	// And what it got is the newest one.
	b.resume(r)
	b.sees("still here")
	if string(old) == string(b.welcome.Secret) {
		t.Error("the secret did not change")
	}
}

func TestAbandonedConnectionEnds(t *testing.T) {
	r := newRelay(t, session.Config{ResumeFor: 50 * time.Millisecond})
	m := r.machine()
	b := r.open("c1")
	b.until("connected", func() bool { return b.ready })
	b.drop()
	eventually(t, "reported", func() bool { return len(r.ledger.report("c1")) == 1 })
	if rep := r.ledger.report("c1")[0]; rep.End.Code != wire.EndAbandoned {
		t.Errorf("report %+v", rep)
	}
	<-m.closed
	// Who comes too late is told why, if it knows the secret.
	b.connect(r, "")
	b.ends(wire.EndAbandoned)
	stranger := newBrowser(t)
	stranger.welcome = wire.Welcome{Connection: "c1", Secret: make([]byte, 32)}
	stranger.connect(r, "")
	stranger.ends(wire.EndGone)
}

func TestNoticesWaitForABrowser(t *testing.T) {
	r := newRelay(t, session.Config{})
	pages := make(chan target.Page, 1)
	r.ask = func(_ context.Context, page target.Page) error { pages <- page; return nil }
	r.machine()
	b := r.open("c1")
	b.until("connected", func() bool { return b.ready })
	page := <-pages
	page.Notice(target.Notice{Code: "now", Text: strings.Repeat("é", wire.MaxText)})
	b.until("a notice", func() bool { return len(b.notices) == 1 })
	b.drop()
	eventually(t, "detached", func() bool { return !r.List()[0].Attached })
	for range session.MaxNotices + 5 {
		page.Notice(target.Notice{Code: "host-key-first-seen", Text: "First connection.", Detail: "SHA256:x"})
	}
	b.resume(r)
	b.until("the notices", func() bool { return len(b.notices) == 1+session.MaxNotices })
	b.look(func() {
		if n := b.notices[1]; n.Code != "host-key-first-seen" || n.Detail != "SHA256:x" {
			t.Errorf("notice %+v", n)
		}
	})
}

func TestRefusals(t *testing.T) {
	r := newRelay(t, session.Config{})
	r.machine()
	token := r.ledger.token("c1")
	b := newBrowser(t)
	b.connect(r, token)
	b.until("connected", func() bool { return b.ready })
	again := newBrowser(t)
	again.connect(r, token)
	again.ends(wire.EndTokenUsed)
	wrong := newBrowser(t)
	wrong.connect(r, "no such token")
	wrong.ends(wire.EndTokenInvalid)
	wrong.look(func() {
		if wrong.end.Message == "" || wrong.end.Remedy == "" {
			t.Errorf("end %+v", wrong.end)
		}
	})
}
