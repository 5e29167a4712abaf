package session_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/session"
	"github.com/porthole-rac/porthole/relay/target"
)

// screenMachine is a desktop that tests drive: what do is given runs on the
// goroutine of Run, as a driver's reading does.
type screenMachine struct {
	do     chan func(target.Screen) error
	closed chan struct{}
	once   sync.Once

	mu      sync.Mutex
	calls   []string
	taken   uint64
	hold    bool // inputs are not taken
	painted []target.Painted
	renewed chan struct{}
}

func newScreenMachine() *screenMachine {
	return &screenMachine{do: make(chan func(target.Screen) error), closed: make(chan struct{}), renewed: make(chan struct{}, 8)}
}

func (m *screenMachine) Run(ctx context.Context, s target.Screen) error {
	if err := s.Begin(64, 48); err != nil {
		return err
	}
	for {
		select {
		case f, ok := <-m.do:
			if !ok {
				return nil
			}
			switch err := f(s); {
			case errors.Is(err, target.ErrRenew):
				m.note("renew seen")
			case err != nil:
				return err
			}
		case <-m.renewed:
			if err := s.Begin(64, 48); err != nil {
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (m *screenMachine) note(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls = append(m.calls, fmt.Sprintf(format, args...))
}

func (m *screenMachine) input(format string, args ...any) {
	m.note(format, args...)
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.hold {
		m.taken++
	}
}

func (m *screenMachine) did(call string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.calls {
		if c == call {
			return true
		}
	}
	return false
}

func (m *screenMachine) Pointer(p wire.Pointer) { m.input("pointer %d,%d %d", p.X, p.Y, p.Buttons) }
func (m *screenMachine) PointerRelative(p wire.PointerRelative) {
	m.input("move %d,%d", p.DX, p.DY)
}
func (m *screenMachine) Key(k wire.Key)               { m.input("key %v %#x", k.Down, k.Keysym) }
func (m *screenMachine) Typed(text string)            { m.input("typed %s", text) }
func (m *screenMachine) Power(a wire.PowerAction)     { m.input("power %d", a) }
func (m *screenMachine) Release()                     { m.note("release") }
func (m *screenMachine) Window(w target.Window)       { m.note("window %dx%d", w.Width, w.Height) }
func (m *screenMachine) Watched(on bool)              { m.note("watched %v", on) }
func (m *screenMachine) Refresh()                     { m.note("refresh") }
func (m *screenMachine) Renew(target.Browser)         { m.note("renew"); m.renewed <- struct{}{} }
func (m *screenMachine) Quality(level int)            { m.note("quality %d", level) }
func (m *screenMachine) Listen(on bool)               { m.note("listen %v", on) }
func (m *screenMachine) Clipboard(k string, p []byte) { m.note("clipboard %s %d", k, len(p)) }
func (m *screenMachine) Exit() string                 { return "The server has closed." }

func (m *screenMachine) Painted(p target.Painted) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.painted = append(m.painted, p)
}

func (m *screenMachine) Taken() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.taken
}

func (m *screenMachine) Close() error { m.once.Do(func() { close(m.closed) }); return nil }

// draw puts a rectangle of n bytes on the screen and ends the update.
func (m *screenMachine) draw(n int, fill byte) { m.do <- drawing(n, fill) }

func drawing(n int, fill byte) func(target.Screen) error {
	return func(s target.Screen) error {
		for n > 0 {
			k := min(n, wire.MaxRectData)
			p, err := s.Reserve(k + 64)
			if err != nil {
				return err
			}
			r := wire.Rect{Width: 1, Height: 1, Last: true, Data: bytes.Repeat([]byte{fill}, k)}
			s.Commit(r.Append(p))
			n -= k
		}
		if _, err := s.Mark(); err != nil {
			return err
		}
		s.Flush()
		return nil
	}
}

// desktops makes a relay whose endpoints are desktops.
func desktops(t *testing.T, set ...string) (*relay, *screenMachine) {
	m := newScreenMachine()
	r := newRelay(t, session.Config{
		OpenDesktop: func(context.Context, *authority.Grant, target.Window, target.Browser, target.Page) (target.Desktop, error) {
			return m, nil
		},
	}, set...)
	r.ledger.protocol = "vnc"
	return r, m
}

// viewing is a browser of a desktop: it counts the stream as a real one does.
type viewing struct {
	t      *testing.T
	socket *socket

	mu      sync.Mutex
	welcome wire.Welcome
	begin   wire.DesktopBegin
	begins  int
	offset  uint64
	bytes   map[byte]int // of rectangles, by what they are filled with
	mark    wire.Mark
	told    []wire.Type
	end     *wire.End
	input   uint64
	clips   []wire.Clipboard
	paused  bool // does not acknowledge
	done    chan struct{}
}

func (r *relay) view(token string, resume *viewing, change ...func(*wire.Hello)) *viewing {
	r.t.Helper()
	v := &viewing{t: r.t, socket: newSocket(), bytes: map[byte]int{}, done: make(chan struct{})}
	hello := wire.Hello{Version: 1, Screen: wire.Screen{Width: 800, Height: 600, Scale: 2000}}
	if resume != nil {
		hello.Resume = wire.Resume{Connection: resume.welcome.Connection, Secret: resume.welcome.Secret, Offset: resume.offset, Epoch: resume.begin.Stream}
		v.begin, v.offset, v.bytes = resume.begin, resume.offset, resume.bytes
	}
	for _, f := range change {
		f(&hello)
	}
	r.serve(v.socket, token)
	v.socket.send(hello.Append(nil))
	go v.run()
	r.t.Cleanup(func() { v.socket.Abort(); <-v.done })
	return v
}

func (v *viewing) run() {
	defer close(v.done)
	for {
		select {
		case p := <-v.socket.down:
			v.message(p)
		case <-v.socket.done:
			return
		}
	}
}

func (v *viewing) message(p []byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for len(p) > 0 {
		before := len(p)
		typ, body, rest, err := wire.Next(p)
		if err != nil {
			v.t.Errorf("record: %v", err)
			return
		}
		p = rest
		v.told = append(v.told, typ)
		if typ >= 0x61 && typ <= 0x6f || typ == wire.TypeMark {
			v.offset += uint64(before - len(rest))
		}
		switch typ {
		case wire.TypeWelcome:
			err = v.welcome.Decode(body)
		case wire.TypeDesktopBegin:
			err = v.begin.Decode(body)
			v.offset, v.bytes, v.mark = 0, map[byte]int{}, wire.Mark{}
			v.begins++
		case wire.TypeRect:
			var m wire.Rect
			err = m.Decode(body)
			v.bytes[m.Data[0]] += len(m.Data)
		case wire.TypeMark:
			err = v.mark.Decode(body)
			if !v.paused {
				ack := wire.Ack{Number: v.mark.Number}
				go v.socket.send(ack.Append(nil))
			}
		case wire.TypeInputAck:
			var m wire.InputAck
			err = m.Decode(body)
			v.input = m.Bytes
		case wire.TypeClipboard:
			var m wire.Clipboard
			err = m.Decode(body)
			m.Data = bytes.Clone(m.Data)
			v.clips = append(v.clips, m)
		case wire.TypeEnd:
			v.end = new(wire.End)
			err = v.end.Decode(body)
		}
		if err != nil {
			v.t.Errorf("%s: %v", typ, err)
		}
	}
}

func (v *viewing) has(f func() bool) func() bool {
	return func() bool {
		v.mu.Lock()
		defer v.mu.Unlock()
		return f()
	}
}

func (v *viewing) got(fill byte) func() int {
	return func() int {
		v.mu.Lock()
		defer v.mu.Unlock()
		return v.bytes[fill]
	}
}

func (v *viewing) send(records ...interface{ Append([]byte) []byte }) {
	var p []byte
	for _, m := range records {
		p = m.Append(p)
	}
	v.socket.send(p)
}

func TestDesktopReachesTheBrowser(t *testing.T) {
	r, m := desktops(t)
	v := r.view(r.ledger.token("g"), nil)
	m.draw(200_000, 'a')
	eventually(t, "the picture comes", v.has(func() bool { return v.bytes['a'] == 200_000 && v.mark.Number == 1 }))
	if v.begin.Width != 64 || v.begin.Height != 48 || v.begin.Stream == 0 {
		t.Errorf("the stream begins with %+v", v.begin)
	}
	if v.welcome.Protocol != "vnc" || v.welcome.InputWindow != target.InputWindow {
		t.Errorf("welcomed with %+v", v.welcome)
	}
	eventually(t, "the driver hears that it is painted", func() bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		return len(m.painted) > 0 && m.painted[0].Mark == 1 && m.painted[0].Delay > 0
	})
	if !m.did("watched true") {
		t.Error("the driver does not know that somebody looks")
	}
	close(m.do)
	eventually(t, "the end comes", v.has(func() bool { return v.end != nil }))
	if v.end.Code != wire.EndClosed || v.end.Message != "The server has closed." {
		t.Errorf("ended with %+v", v.end)
	}
	<-m.closed
}

func TestDesktopGoesOnWhereTheSocketBroke(t *testing.T) {
	r, m := desktops(t)
	v := r.view(r.ledger.token("g"), nil)
	m.draw(100_000, 'a')
	eventually(t, "the picture comes", v.has(func() bool { return v.mark.Number == 1 }))
	v.socket.Abort()
	<-v.done
	eventually(t, "the driver hears that nobody looks", func() bool { return m.did("watched false") && m.did("release") })
	m.draw(300_000, 'b')
	w := r.view("", v)
	eventually(t, "the rest comes", w.has(func() bool { return w.bytes['b'] == 300_000 && w.mark.Number == 2 }))
	if w.begins != 0 || w.bytes['a'] != 100_000 || w.welcome.Resumed != wire.ResumedContinue {
		t.Errorf("the stream began anew: begins %d, a %d, resumed %d", w.begins, w.bytes['a'], w.welcome.Resumed)
	}
	if m.did("renew") {
		t.Error("the driver was asked for a new stream")
	}
}

func TestNewBrowserGetsANewStream(t *testing.T) {
	r, m := desktops(t)
	v := r.view(r.ledger.token("g"), nil)
	m.draw(1000, 'a')
	eventually(t, "the picture comes", v.has(func() bool { return v.mark.Number == 1 }))
	w := r.view(r.ledger.token("g"), nil)
	eventually(t, "the first one is told", v.has(func() bool { return v.end != nil && v.end.Code == wire.EndTakenOver }))
	eventually(t, "a new stream begins", w.has(func() bool { return w.begins == 1 }))
	m.draw(2000, 'c')
	eventually(t, "its picture comes", w.has(func() bool { return w.bytes['c'] == 2000 && w.mark.Number == 1 }))
	if w.bytes['a'] != 0 || w.begin.Stream == v.begin.Stream {
		t.Errorf("the old stream went on: %d bytes, stream %d", w.bytes['a'], w.begin.Stream)
	}
}

func TestDriverThatWaitsIsWokenForANewStream(t *testing.T) {
	r, m := desktops(t)
	v := r.view(r.ledger.token("g"), nil)
	v.mu.Lock()
	v.paused = true
	v.mu.Unlock()
	stuck := make(chan struct{})
	m.do <- func(s target.Screen) error {
		defer close(stuck)
		for {
			if err := drawing(64<<10, 'a')(s); err != nil {
				return err
			}
		}
	}
	eventually(t, "the window is used", v.has(func() bool { return v.bytes['a'] >= 512<<10 }))
	select {
	case <-stuck:
		t.Fatal("the driver was not kept waiting")
	default:
	}
	if n := v.got('a')(); n > 2<<20 {
		t.Errorf("%d bytes came without one acknowledged", n)
	}
	w := r.view(r.ledger.token("g"), nil)
	<-stuck
	eventually(t, "a new stream begins", w.has(func() bool { return w.begins == 1 }))
	if !m.did("renew seen") {
		t.Error("the driver did not see that a new stream is wanted")
	}
}

func TestSlowBrowserSlowsTheTarget(t *testing.T) {
	r, m := desktops(t)
	v := r.view(r.ledger.token("g"), nil)
	v.mu.Lock()
	v.paused = true
	v.mu.Unlock()
	drawn := make(chan int, 1000)
	m.do <- func(s target.Screen) error {
		for i := range 200 {
			if err := drawing(10_000, 'a')(s); err != nil {
				return err
			}
			drawn <- i
		}
		return nil
	}
	eventually(t, "the window is used", v.has(func() bool { return v.bytes['a'] >= 500_000 }))
	before := len(drawn)
	if before == 200 {
		t.Fatal("the target was not slowed")
	}
	v.mu.Lock()
	v.paused = false
	n := v.mark.Number
	v.mu.Unlock()
	v.send(&wire.Ack{Number: n})
	eventually(t, "it goes on", v.has(func() bool { return v.bytes['a'] == 2_000_000 }))
}

func TestInputReachesTheDesktopAndIsCounted(t *testing.T) {
	r, m := desktops(t)
	v := r.view(r.ledger.token("g"), nil)
	m.draw(1, 'a')
	eventually(t, "it is there", v.has(func() bool { return v.mark.Number == 1 }))
	v.send(&wire.Pointer{X: 5, Y: 6, Buttons: wire.ButtonLeft}, &wire.PointerRelative{DX: -3, DY: 4},
		&wire.Key{Down: true, Keysym: 0xff0d}, &wire.Typed{Text: "ä"}, &wire.Power{Action: wire.PowerReboot})
	for _, call := range []string{"pointer 5,6 1", "move -3,4", "key true 0xff0d", "typed ä", "power 2"} {
		eventually(t, call, func() bool { return m.did(call) })
	}
	eventually(t, "the count comes without a picture", v.has(func() bool { return v.input == 5 }))
	v.send(&wire.Window{Width: 1600, Height: 900, Scale: 2000}, &wire.Quality{Level: 7}, &wire.AudioControl{On: true},
		&wire.Refresh{}, &wire.Visibility{Hidden: true})
	for _, call := range []string{"window 1600x900", "quality 7", "listen true", "refresh", "watched false"} {
		eventually(t, call, func() bool { return m.did(call) })
	}
}

func TestInputIsBounded(t *testing.T) {
	r, m := desktops(t)
	v := r.view(r.ledger.token("g"), nil)
	m.draw(1, 'a')
	eventually(t, "it is there", v.has(func() bool { return v.mark.Number == 1 }))
	v.send(&wire.Key{Keysym: 1})
	eventually(t, "one is taken", v.has(func() bool { return v.input == 1 }))
	m.mu.Lock()
	m.hold = true
	m.mu.Unlock()
	go func() {
		for range 3 * target.InputWindow {
			if !v.socket.send((&wire.Key{Keysym: 2}).Append(nil)) {
				return
			}
		}
	}()
	eventually(t, "the browser is sent away", v.has(func() bool { return v.end != nil && v.end.Code == wire.EndProtocol }))
}

func TestReadOnlyDesktopTakesNothing(t *testing.T) {
	r, m := desktops(t, "read-only", "true")
	v := r.view(r.ledger.token("g"), nil)
	m.draw(1, 'a')
	eventually(t, "it is there", v.has(func() bool { return v.mark.Number == 1 }))
	v.send(&wire.Key{Down: true, Keysym: 0x61}, &wire.Pointer{X: 1}, &wire.Typed{Text: "x"}, &wire.Power{Action: wire.PowerReset},
		&wire.Clipboard{Type: "text/plain", Data: []byte("x")}, &wire.Refresh{})
	eventually(t, "the refresh after them is done", func() bool { return m.did("refresh") })
	eventually(t, "all are counted", v.has(func() bool { return v.input == 4 }))
	for _, c := range m.calls {
		if c != "refresh" && c != "release" && c != "watched true" && c != "watched false" && c != "window 1600x1200" {
			t.Errorf("the target was told %q", c)
		}
	}
}

func TestDesktopClipboard(t *testing.T) {
	big := bytes.Repeat([]byte("x"), 200_000)
	for _, c := range []struct {
		name     string
		set      []string
		out, in  bool
		tooLarge bool
	}{
		{"allowed", nil, true, true, false},
		{"disable-copy", []string{"disable-copy", "true"}, false, true, false},
		{"disable-paste", []string{"disable-paste", "true"}, true, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, m := desktops(t, c.set...)
			v := r.view(r.ledger.token("g"), nil)
			m.draw(1, 'a')
			eventually(t, "it is there", v.has(func() bool { return v.mark.Number == 1 }))
			m.do <- func(s target.Screen) error { s.Clipboard("image/png", big); return nil }
			m.draw(1, 'z')
			eventually(t, "what comes after", v.has(func() bool { return v.mark.Number == 2 }))
			v.send(&wire.Clipboard{Type: "text/plain", More: true, Data: []byte("one ")}, &wire.Clipboard{Type: "text/plain", Data: []byte("two")},
				&wire.Refresh{})
			eventually(t, "what was sent after", func() bool { return m.did("refresh") })
			if got := m.did("clipboard text/plain 7"); got != c.in {
				t.Errorf("pasted: %v", got)
			}
			whole := func() bool {
				n, last := 0, false
				for _, p := range v.clips {
					n, last = n+len(p.Data), !p.More
				}
				return n == len(big) && last
			}
			if c.out {
				eventually(t, "the copy comes", v.has(whole))
			} else if len(v.clips) > 0 {
				t.Error("the copy came")
			}
		})
	}
}

func TestDesktopClipboardHasABound(t *testing.T) {
	r, m := desktops(t, "clipboard-buffer-size", "262144")
	v := r.view(r.ledger.token("g"), nil)
	m.draw(1, 'a')
	eventually(t, "it is there", v.has(func() bool { return v.mark.Number == 1 }))
	m.do <- func(s target.Screen) error { s.Clipboard("image/png", make([]byte, 262145)); return nil }
	eventually(t, "the person is told", v.has(func() bool { return len(v.told) > 0 && v.told[len(v.told)-1] == wire.TypeNotice }))
	part := wire.Clipboard{Type: "text/plain", More: true, Data: make([]byte, 200_000)}
	v.send(&part, &part, &wire.Clipboard{Type: "text/plain"}, &wire.Clipboard{Type: "text/plain", Data: []byte("ok")}, &wire.Refresh{})
	eventually(t, "what was sent after", func() bool { return m.did("refresh") })
	if m.did("clipboard text/plain 400000") || !m.did("clipboard text/plain 2") {
		t.Errorf("the target was told %q", m.calls)
	}
}

func TestSoundOnlyForThoseWhoListen(t *testing.T) {
	r, m := desktops(t)
	v := r.view(r.ledger.token("g"), nil)
	play := func(s target.Screen) error {
		s.SoundFormat(wire.AudioFormat{Codec: wire.AudioPCM, Rate: 48000, Channels: 2})
		s.Sound(wire.AudioData{Data: make([]byte, 1000)})
		return nil
	}
	m.do <- play
	m.draw(1, 'a')
	eventually(t, "it is there", v.has(func() bool { return v.mark.Number == 1 }))
	count := func(t wire.Type) (n int) {
		for _, x := range v.told {
			if x == t {
				n++
			}
		}
		return n
	}
	v.mu.Lock()
	if count(wire.TypeAudioData) > 0 {
		t.Error("sound came unasked")
	}
	v.mu.Unlock()
	v.send(&wire.AudioControl{On: true})
	eventually(t, "the driver is told", func() bool { return m.did("listen true") })
	m.do <- play
	eventually(t, "sound comes", v.has(func() bool { return count(wire.TypeAudioData) > 0 && count(wire.TypeAudioFormat) > 0 }))
}

func TestDesktopThatCannotBeOpened(t *testing.T) {
	r := newRelay(t, session.Config{
		OpenDesktop: func(context.Context, *authority.Grant, target.Window, target.Browser, target.Page) (target.Desktop, error) {
			return nil, &target.Error{Code: wire.EndTimeout, Step: target.StepConnect, Message: "No answer.", Remedy: "Wait."}
		},
	})
	r.ledger.protocol = "vnc"
	v := r.view(r.ledger.token("g"), nil)
	eventually(t, "the end comes", v.has(func() bool { return v.end != nil }))
	if v.end.Code != wire.EndTimeout || v.end.Step != "connect" || v.end.Remedy != "Wait." {
		t.Errorf("ended with %+v", v.end)
	}
}
