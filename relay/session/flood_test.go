package session_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/protocol/term"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/session"
)

// flood brings a browser to where it has been sent a state within a flood of lines, and
// has two updates to paint, so that nothing more comes. want has everything.
func flood(t *testing.T, lines, scrollback int) (r *relay, m *machine, b *browser, want *term.Terminal) {
	t.Helper()
	r = newRelay(t, session.Config{}, "scrollback", itoa(scrollback))
	m = r.machine()
	b = r.open("c1", unpainted)
	b.until("connected", func() bool { return b.ready })
	want = term.New(term.Config{Cols: 80, Rows: 24, Scrollback: scrollback})
	say := func(s string) {
		_, _ = want.Write([]byte(s))
		m.print(t, s)
	}
	for i := range session.MaxFrames {
		say("before\r\n")
		b.until("an update", func() bool { return b.mark.Number == uint64(i+1) })
	}
	for at := 0; at < lines; at += 500 {
		var s strings.Builder
		for i := at; i < min(at+500, lines); i++ {
			fmt.Fprintf(&s, "%0*d\r\n", 78, i)
		}
		say(s.String())
	}
	m.applied(t)
	b.send(&wire.Ack{Number: session.MaxFrames - 1})
	b.until("a state", func() bool { return len(b.states) == 1 })
	return r, m, b, want
}

// whole waits for a scrollback of so many lines, and compares all there is.
func (b *browser) whole(lines int, want *term.Terminal) {
	b.t.Helper()
	b.until(fmt.Sprintf("%d lines of scrollback", lines), func() bool { return b.term != nil && b.term.Scrollback() == lines })
	b.same(want.ScrollbackText() + want.Text())
}

func (b *browser) same(want string) {
	b.t.Helper()
	if got := b.text(); got != want {
		b.t.Errorf("the browser has %d bytes of text, want %d; it begins %.80q, want %.80q", len(got), len(want), got, want)
	}
}

// In a flood the browser has the screen and the newest lines; it has all of them soon
// after, without anything having to happen.
func TestFloodLeavesTheScrollbackForLater(t *testing.T) {
	_, m, b, want := flood(t, 5000, 1000)
	all := want.ScrollbackText()
	lines := strings.SplitAfter(all, "\n")
	b.same(strings.Join(lines[len(lines)-1-session.LeanLines:], "") + want.Text())
	b.ack()
	b.whole(1000, want)
	b.ack()
	m.print(t, "and on\r\n")
	_, _ = want.Write([]byte("and on\r\n"))
	b.sees("and on")
	b.whole(1000, want)
	b.look(func() {
		if len(b.states) != 2 {
			t.Errorf("%d states", len(b.states))
		}
	})
}

// A burst that is short against a long scrollback goes as what is new.
func TestBurstKeepsALongScrollback(t *testing.T) {
	r, m, b, want := flood(t, 30_000, 20_000)
	b.ack()
	b.whole(20_000, want)
	b.ack()
	eventually(t, "the relay knows", func() bool { return r.Whole("c1") })
	b.until("two states", func() bool { return len(b.states) == 2 })
	at := b.mark.Number
	for i := range session.MaxFrames {
		m.print(t, "between\r\n")
		_, _ = want.Write([]byte("between\r\n"))
		b.until("an update", func() bool { return b.mark.Number == at+uint64(i+1) })
	}
	burst := strings.Repeat(strings.Repeat("b", 78)+"\r\n", 900)
	_, _ = want.Write([]byte(burst))
	m.print(t, burst)
	m.applied(t)
	b.ack()
	b.until("a state", func() bool { return len(b.states) == 3 })
	b.whole(20_000, want)
	b.look(func() {
		if b.states[2].Complete || !r.Whole("c1") {
			t.Errorf("%+v", b.states)
		}
	})
}

// applied waits until the relay's terminal has what was printed.
func (m *machine) applied(t *testing.T) {
	t.Helper()
	if _, err := m.say.Write(nil); err != nil { // taken by the next Read
		t.Fatal(err)
	}
}

// A browser whose line breaks within a flood goes on where it was, and gets what it
// lacks.
func TestResumeWithinAFlood(t *testing.T) {
	for name, breakOff := range map[string]func(r *relay, b *browser){
		"before all of it was sent": func(*relay, *browser) {},
		"and it was lost": func(r *relay, b *browser) {
			lost := make(chan struct{})
			b.look(func() { b.socket.chop = func() bool { close(lost); return true } })
			b.ack()
			<-lost
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, m, b, want := flood(t, 5000, 1000)
			breakOff(r, b)
			b.resume(r)
			b.whole(1000, want)
			b.look(func() {
				if b.welcome.Resumed != wire.ResumedContinue || len(b.states) != 2 {
					t.Errorf("resumed %d, %d states", b.welcome.Resumed, len(b.states))
				}
			})
			b.ack()
			eventually(t, "the relay knows", func() bool { return r.Whole("c1") })
			b.resume(r) // now it lacks nothing
			m.print(t, "and on")
			_, _ = want.Write([]byte("and on"))
			b.sees("and on")
			b.whole(1000, want)
			b.look(func() {
				if len(b.states) != 2 {
					t.Errorf("%d states", len(b.states))
				}
			})
		})
	}
}

// A browser that comes new within a flood gets everything at once.
func TestNewBrowserAfterAFloodHasEverything(t *testing.T) {
	r, _, _, want := flood(t, 5000, 1000)
	b := r.open("c1")
	b.whole(1000, want)
	b.look(func() {
		if len(b.kept) != 1 {
			t.Errorf("states with %d lines", b.kept)
		}
	})
}

// The end comes after the last lines and those that a flood has left out, though the
// browser is still painting.
func TestScrollbackIsWholeAtTheEnd(t *testing.T) {
	for name, end := range map[string]func(r *relay, m *machine){
		wire.EndClosed:  func(_ *relay, m *machine) { m.shout.Close(); m.say.Close() },
		wire.EndDeleted: func(r *relay, _ *machine) { r.ledger.withdraw("c1", authority.End{Code: wire.EndDeleted}) },
	} {
		t.Run(name, func(t *testing.T) {
			r, m, b, want := flood(t, 5000, 1000)
			end(r, m)
			b.ends(name)
			b.same(want.ScrollbackText() + want.Text())
		})
	}
}

// A window that changes while the browser lacks lines: both sides would lay out
// different lines.
func TestResizeWithinAFlood(t *testing.T) {
	_, m, b, want := flood(t, 5000, 1000)
	b.send(&wire.Resize{Grid: wire.Grid{Cols: 60, Rows: 200}})
	eventually(t, "the target has the size", func() bool { return m.size().Rows == 200 })
	want.Resize(60, 200)
	b.ack()
	b.until("the size", func() bool { _, rows := b.term.Size(); return rows == 200 })
	b.whole(want.Scrollback(), want)
	b.look(func() {
		if len(b.resizes) > 0 {
			t.Error("the browser was to lay out its few lines anew")
		}
	})
}
