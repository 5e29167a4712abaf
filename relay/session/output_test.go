package session_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/protocol/term"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/session"
)

func itoa(i int) string { return strconv.Itoa(i) }

func TestAtMostSoManyUpdatesUnpainted(t *testing.T) {
	r := newRelay(t, session.Config{})
	m := r.machine()
	b := r.open("c1", unpainted)
	b.until("connected", func() bool { return b.ready })
	for i := range 4 * session.MaxFrames {
		m.print(t, fmt.Sprintf("%03d ", i))
		n := uint64(min(i+1, session.MaxFrames))
		b.until("an update", func() bool { return b.mark.Number == n })
	}
	b.send(&wire.Ping{Time: 1}) // its answer comes after whatever was sent before
	b.until("an answer", func() bool { return b.pongs == 1 })
	b.look(func() {
		if b.mark.Number != session.MaxFrames || strings.Contains(b.term.Text(), "006") {
			t.Errorf("%d updates, screen %q", b.mark.Number, b.term.Text())
		}
	})
	b.send(&wire.Ack{Number: 1})
	b.sees("023") // one update, with all that waited
	b.look(func() {
		if b.mark.Number != session.MaxFrames+1 {
			t.Errorf("%d updates", b.mark.Number)
		}
	})
}

// A browser that does not paint stops its own target at a bound, and no other.
func TestSlowBrowserSlowsItsTargetOnly(t *testing.T) {
	r := newRelay(t, session.Config{})
	slow := r.machine()
	b := r.open("c1", unpainted)
	b.until("connected", func() bool { return b.ready })
	var written atomic.Int64
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for chunk := []byte(strings.Repeat("0123456789abcdef 0123456789abcd\r\n", 1000)); ; {
			n, err := slow.say.Write(chunk)
			if written.Add(int64(n)); err != nil {
				return
			}
		}
	}()
	quick := r.machine()
	other := r.open("c2")
	other.until("connected", func() bool { return other.ready })
	for i := range 50 {
		quick.print(t, fmt.Sprintf("<%d>\r\n", i))
		other.sees(fmt.Sprintf("<%d>", i))
	}
	// The slow one can still be typed to, and ended.
	b.send(&wire.Input{Data: []byte("\x03")})
	eventually(t, "typed", func() bool { return slow.typed() == "\x03" })
	const most = session.MaxLead + 3*session.ReadSize + 64<<10
	eventually(t, "the target stands still", func() bool { return written.Load() > session.MaxLead-2*session.ReadSize })
	time.Sleep(50 * time.Millisecond) // in which it could go on
	if n := written.Load(); n > most {
		t.Errorf("%d bytes were read from the target, want at most %d", n, most)
	}
	b.ack() // lets it go on
	n := written.Load()
	eventually(t, "the target goes on", func() bool { return written.Load() > n })
	b.send(&wire.Bye{})
	b.ends(wire.EndDisconnected)
	<-stopped
}

// What the browser gets in place of bytes ends in the same screen and the same
// scrollback, complete up to its bound.
func TestFloodIsCaughtUpByStates(t *testing.T) {
	for _, lines := range []int{0, 1000, 20_000} {
		t.Run(itoa(lines), func(t *testing.T) {
			r := newRelay(t, session.Config{}, "scrollback", itoa(lines))
			m := r.machine()
			b := r.open("c1", unpainted)
			b.until("connected", func() bool { return b.ready })
			stop := make(chan struct{})
			defer close(stop)
			paint := func() { // a page that paints now and then
				for {
					select {
					case <-stop:
						return
					case <-time.After(5 * time.Millisecond):
						b.ack()
					}
				}
			}
			want := term.New(term.Config{Cols: 80, Rows: 24, Scrollback: lines})
			const total = 6 << 20
			var chunk strings.Builder
			for i, n, painting := 0, 0, false; n < total; {
				if n > total/2 && !painting {
					painting = true
					go paint()
				}
				chunk.Reset()
				for chunk.Len() < 60<<10 {
					fmt.Fprintf(&chunk, "\x1b[3%dmline %d\x1b[0m of a flood\r\n", i%8, i)
					i++
				}
				n += chunk.Len()
				_, _ = want.Write([]byte(chunk.String()))
				m.print(t, chunk.String())
			}
			m.print(t, "end of the flood")
			_, _ = want.Write([]byte("end of the flood"))
			b.sees("end of the flood")
			eventually(t, "all of the scrollback", func() bool { return r.Whole("c1") })
			if b.text() != want.ScrollbackText()+want.Text() {
				t.Error("screen or scrollback differ")
			}
			b.look(func() {
				t.Logf("%d states, %.1f %% of %d bytes went as bytes", len(b.states), 100*float64(b.bytes)/total, total)
				if len(b.states) == 0 {
					t.Error("every byte was sent")
				}
			})
		})
	}
}

func TestResizesComeInOrderWithTheOutput(t *testing.T) {
	r := newRelay(t, session.Config{})
	m := r.machine()
	b := r.open("c1")
	b.until("connected", func() bool { return b.ready })
	want := term.New(term.Config{Cols: 80, Rows: 24, Scrollback: 1000})
	for i := range 40 {
		text := strings.Repeat(itoa(i%10), 100) + "\r\n"
		m.print(t, text)
		_, _ = want.Write([]byte(text))
		b.until("the output", func() bool { return b.offset == uint64(102*(i+1)) })
		g := wire.Grid{Cols: 40 + i, Rows: 20 + i%5}
		b.send(&wire.Resize{Grid: g})
		want.Resize(g.Cols, g.Rows)
		b.until("the size", func() bool { c, rows := b.term.Size(); return c == g.Cols && rows == g.Rows })
		eventually(t, "the target has it", func() bool { return m.size().Cols == g.Cols && m.size().Rows == g.Rows })
	}
	if b.text() != want.ScrollbackText()+want.Text() {
		t.Error("texts differ")
	}
}

// A person drags the window while the program says nothing.
func TestManyResizesWithoutOutput(t *testing.T) {
	r := newRelay(t, session.Config{})
	m := r.machine()
	b := r.open("c1")
	m.print(t, "text")
	b.sees("text")
	for i := range 3 * session.MaxResizes {
		g := wire.Grid{Cols: 50 + i, Rows: 24}
		b.send(&wire.Resize{Grid: g})
		b.until(fmt.Sprintf("size %d", i), func() bool { c, _ := b.term.Size(); return c == g.Cols })
	}
	// And all at once, while it does not look.
	b.look(func() { b.paint = false })
	for i := range 3 * session.MaxResizes {
		b.send(&wire.Resize{Grid: wire.Grid{Cols: 150 - i, Rows: 25}})
	}
	eventually(t, "the target has the last size", func() bool { return m.size().Cols == 150-3*session.MaxResizes+1 })
	b.look(func() { b.paint = true })
	b.ack()
	b.until("the last size", func() bool { c, rows := b.term.Size(); return c == 150-3*session.MaxResizes+1 && rows == 25 })
	b.sees("text")
}

// A target that reads nothing and a window that changes: the browser is heard
// all the same.
func TestFrozenTargetDoesNotBlockTheBrowser(t *testing.T) {
	r := newRelay(t, session.Config{})
	m := newMachine()
	m.block = make(chan struct{})
	r.next <- m
	b := r.open("c1")
	b.until("connected", func() bool { return b.ready })
	b.send(&wire.Input{Data: []byte("x")}, &wire.Resize{Grid: wire.Grid{Cols: 90, Rows: 20}})
	b.until("the new size", func() bool { c, _ := b.term.Size(); return c == 90 })
	b.send(&wire.Ping{})
	b.until("an answer", func() bool { return b.pongs == 1 })
	b.send(&wire.Bye{})
	b.ends(wire.EndDisconnected)
	<-m.closed
}

func TestLastOutputIsShownBeforeTheEnd(t *testing.T) {
	r := newRelay(t, session.Config{})
	m := r.machine()
	b := r.open("c1")
	b.until("connected", func() bool { return b.ready })
	for i := range 20_000 {
		m.print(t, "row "+itoa(i)+"\r\n")
	}
	shout := make(chan struct{})
	go func() { defer close(shout); _, _ = m.shout.Write([]byte("and an error")); m.shout.Close() }()
	m.say.Close()
	<-shout
	b.ends(wire.EndClosed)
	b.look(func() {
		if s := b.term.Text(); !strings.Contains(s, "row 19999") || !strings.Contains(s, "and an error") {
			t.Errorf("screen at the end: %q", s)
		}
	})
}

// A browser that hangs does not keep an ended target's connection.
func TestEndDoesNotWaitForAHungBrowser(t *testing.T) {
	r := newRelay(t, session.Config{})
	m := r.machine()
	b := r.open("c1", unpainted)
	b.until("connected", func() bool { return b.ready })
	flooded := make(chan struct{})
	go func() { // on the second stream, until it waits for the browser
		defer close(flooded)
		for chunk := make([]byte, 64<<10); ; {
			if _, err := m.shout.Write(chunk); err != nil {
				return
			}
		}
	}()
	b.until("some output", func() bool { return b.mark.Number >= 2 }) // states wait when two are unpainted
	m.say.Close()
	b.ends(wire.EndClosed)
	<-flooded
	<-m.closed
}

// A state that no browser takes would have it come back again and again.
func TestStateFitsIntoAMessage(t *testing.T) {
	t.Cleanup(session.SetMaxState(20_000)) // after the sessions have ended
	r := newRelay(t, session.Config{}, "scrollback", "5000")
	m := r.machine()
	b := r.open("c1")
	all := term.New(term.Config{Cols: 80, Rows: 24, Scrollback: 5000})
	for i := range 1000 {
		text := strings.Repeat("\x1b[38;5;"+itoa(i%256)+"mx\x1b[39my", 38) + itoa(i) + "\r\n"
		_, _ = all.Write([]byte(text))
		m.print(t, text)
	}
	b.sees("999")
	full := all.ScrollbackText() + all.Text()
	fresh := r.open("c1")
	fresh.sees("999")
	if got := fresh.text(); !strings.HasSuffix(full, got) || len(got) >= len(full) || len(got) < 2_000 {
		t.Errorf("%d bytes of %d", len(got), len(full))
	}
	fresh.look(func() {
		if !fresh.states[0].Complete || fresh.largest > 60_000 {
			t.Errorf("states %+v, largest message %d bytes", fresh.states, fresh.largest)
		}
	})
	m.print(t, "and on")
	fresh.sees("and on")
}

// The screen of the browser is the target's, whatever happens to the line: it is
// cut into pieces, it is slow, it is lost in the middle of a message, the window
// changes, the browser paints late, or another one takes over.
func TestScreensAgreeOverABadLine(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(itoa(int(seed)), func(t *testing.T) { badLine(t, seed) })
	}
}

func badLine(t *testing.T, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 1))
	r := newRelay(t, session.Config{}, "scrollback", itoa([]int{0, 200, 3000}[rnd.IntN(3)]))
	m := r.machine()
	b := r.open("c1")
	b.until("connected", func() bool { return b.ready })
	done := make(chan struct{})
	source := rand.New(rand.NewPCG(seed, 2))
	go func() {
		defer close(done)
		for range 150 {
			if _, err := m.say.Write(noise(source)); err != nil {
				return
			}
		}
	}()
	running := true
	var grid wire.Grid // the size asked for last, if it must arrive
	for step := 0; running || step < 20; step++ {
		select {
		case <-done:
			running = false
		default:
		}
		switch rnd.IntN(6) {
		case 0: // the line breaks at once
			b.resume(r)
			grid = wire.Grid{}
		case 1: // or within a message
			left := rnd.IntN(20)
			b.look(func() { b.socket.chop = func() bool { left--; return left < 0 } })
			time.Sleep(time.Duration(rnd.IntN(5)) * time.Millisecond)
			b.resume(r)
			grid = wire.Grid{}
		case 2:
			grid = wire.Grid{Cols: 20 + rnd.IntN(100), Rows: 5 + rnd.IntN(40)}
			b.send(&wire.Resize{Grid: grid})
		case 3: // slow
			b.look(func() { b.paint = false })
			time.Sleep(time.Duration(rnd.IntN(10)) * time.Millisecond)
			b.look(func() { b.paint = true })
			b.ack()
		case 4: // a pause in reading
			p := make(chan struct{})
			b.look(func() { b.pause = p })
			time.Sleep(time.Duration(rnd.IntN(10)) * time.Millisecond)
			b.look(func() { b.pause = nil })
			close(p)
		case 5: // another browser, of another size
			b = r.open("c1", func(n *browser) { n.grid = wire.Grid{Cols: 20 + rnd.IntN(100), Rows: 5 + rnd.IntN(40)} })
			b.until("connected", func() bool { return b.ready })
			grid = wire.Grid{}
		}
	}
	m.print(t, "\x1b\\\x18\x1b[?2026l\x1b[?1049l\x1b[0m\r\nthe very end")
	b.ack()
	b.until("the end", func() bool {
		return b.term != nil && strings.Contains(b.term.ScrollbackText()+b.term.Text(), "the very end")
	})
	if grid.Cols > 0 { // a size that is on its way would be the relay's alone
		b.until("the last size", func() bool {
			cols, rows := b.term.Size()
			return cols == grid.Cols && rows == grid.Rows
		})
	}
	eventually(t, "all of the scrollback", func() bool { return r.Whole("c1") })
	// A browser that comes now is given the relay's own state: both must be equal.
	fresh := r.open("c1", func(n *browser) { n.grid.Cols, n.grid.Rows = b.term.Size() })
	fresh.until("the end", func() bool {
		return fresh.term != nil && strings.Contains(fresh.term.ScrollbackText()+fresh.term.Text(), "the very end")
	})
	if b.text() != fresh.text() {
		t.Errorf("screens differ:\n%s\n---\n%s", b.term.Text(), fresh.term.Text())
	}
	if a, z := b.term.Cursor(), fresh.term.Cursor(); a != z {
		t.Errorf("cursor %+v, want %+v", a, z)
	}
}

// noise is output of a program: text, colours, moves, and sequences that are cut
// anywhere.
func noise(rnd *rand.Rand) []byte {
	var b []byte
	for n := 1 + rnd.IntN(40); n > 0; n-- {
		switch rnd.IntN(10) {
		case 0:
			b = fmt.Appendf(b, "\x1b[%d;%dH", 1+rnd.IntN(30), 1+rnd.IntN(100))
		case 1:
			b = fmt.Appendf(b, "\x1b[38;2;%d;9;9m", rnd.IntN(256))
		case 2:
			b = append(b, "\x1b[?1049h"...)
		case 3:
			b = append(b, "\x1b[?1049l"...)
		case 4:
			b = append(b, "日本語 e\u0301 👩‍👧 "...)
		case 5:
			b = fmt.Appendf(b, "\x1b]0;title %d\x07", rnd.IntN(9))
		case 6:
			for range rnd.IntN(300) {
				b = fmt.Appendf(b, "%d\r\n", rnd.IntN(1e6))
			}
		case 7:
			b = fmt.Appendf(b, "\x1b[%dL\x1b[%dP\x1b[J", rnd.IntN(5), rnd.IntN(9))
		default:
			b = append(b, strings.Repeat("word ", rnd.IntN(60))...)
		}
	}
	return b[:len(b)-rnd.IntN(min(len(b), 3)+1)]
}
