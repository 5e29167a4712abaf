package session_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/protocol/term"
	"github.com/porthole-rac/porthole/protocol/wire"
)

// browser is a small client that speaks wire as the page does.
type browser struct {
	t    *testing.T
	grid wire.Grid

	// Told in the hello.
	abilities map[wire.Ability]string

	mu      sync.Mutex
	paint   bool // acknowledges at once
	socket  *socket
	reading sync.WaitGroup
	term    *term.Terminal
	offset  uint64
	welcome wire.Welcome
	ready   bool
	mark    wire.Mark
	unacked int // most marks seen without an acknowledgement
	acked   uint64
	states  []wire.State // without their snapshots
	kept    []int        // lines of scrollback after each
	bytes   uint64       // of output
	prompt  *wire.Prompt
	steps   []wire.Progress
	notices []wire.Notice
	resizes []wire.Resized
	clips   []wire.Clipboard
	asked   []wire.ClipboardRequest
	stats   []wire.Stats
	taken   uint64
	end     *wire.End
	pongs   int
	pause   chan struct{} // not nil: reading waits
	failed  error
	largest int // bytes of a message
}

func newBrowser(t *testing.T) *browser {
	return &browser{t: t, grid: wire.Grid{Cols: 80, Rows: 24, CellWidth: 8, CellHeight: 16}, paint: true}
}

func unpainted(b *browser) { b.paint = false }

// connect opens a socket, with what is needed to resume if there is something.
func (b *browser) connect(r *relay, token string) {
	s := newSocket()
	b.mu.Lock()
	b.socket, b.end = s, nil
	hello := wire.Hello{Version: wire.Version, Grid: b.grid, Abilities: b.abilities}
	if b.welcome.Connection != "" && token == "" {
		hello.Resume = wire.Resume{
			Connection: b.welcome.Connection, Secret: b.welcome.Secret, Offset: b.offset, Epoch: b.welcome.Epoch,
		}
	}
	b.mu.Unlock()
	r.serve(s, token)
	s.send(hello.Append(nil))
	b.reading.Go(func() { b.read(s) })
}

// resume connects anew and waits until the relay has answered.
func (b *browser) resume(r *relay) {
	b.t.Helper()
	b.drop()
	b.mu.Lock()
	epoch := b.welcome.Epoch
	b.mu.Unlock()
	b.connect(r, "")
	b.until("resumed", func() bool { return b.welcome.Epoch != epoch || b.end != nil })
}

// drop loses the socket and forgets what was on its way.
func (b *browser) drop() {
	b.socket.Abort()
	b.reading.Wait()
}

func (b *browser) read(s *socket) {
	for {
		b.mu.Lock()
		pause := b.pause
		b.mu.Unlock()
		if pause != nil {
			select {
			case <-pause:
			case <-s.done:
				return
			}
		}
		select {
		case p := <-s.down:
			b.mu.Lock()
			dead := s.chop != nil && s.chop()
			b.mu.Unlock()
			if dead {
				s.Abort()
				return
			}
			if reply := b.message(p); len(reply) > 0 {
				s.send(reply)
			}
		case <-s.done:
			return
		}
	}
}

// message applies one message and gives what is to be answered.
func (b *browser) message(p []byte) (reply []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.largest = max(b.largest, len(p))
	for len(p) > 0 {
		t, body, rest, err := wire.Next(p)
		if err == nil {
			err = b.record(t, body)
		}
		if err != nil && b.failed == nil {
			b.failed = fmt.Errorf("%s: %w", t, err)
			b.t.Errorf("browser: %v", b.failed)
			return nil
		}
		p = rest
	}
	b.unacked = max(b.unacked, int(b.mark.Number-b.acked))
	if b.paint && b.mark.Number > b.acked {
		b.acked = b.mark.Number
		reply = (&wire.Ack{Number: b.acked}).Append(nil)
	}
	return reply
}

var errGap = errors.New("output that is not the next")

func (b *browser) record(t wire.Type, body []byte) error {
	switch t {
	case wire.TypeWelcome:
		var m wire.Welcome
		if err := m.Decode(body); err != nil {
			return err
		}
		b.welcome, b.mark, b.acked, b.ready = m, wire.Mark{}, 0, false
		b.taken = m.InputBytes
		if m.Resumed != wire.ResumedContinue {
			b.term, b.offset = term.New(term.Config{Cols: b.grid.Cols, Rows: b.grid.Rows, Scrollback: m.Scrollback, ImageBytes: term.ImageBudget}), 0
		}
	case wire.TypeConnected:
		b.ready, b.prompt = true, nil
	case wire.TypeProgress:
		var m wire.Progress
		b.steps = append(b.steps, m)
		return b.steps[len(b.steps)-1].Decode(body)
	case wire.TypePrompt:
		b.prompt = new(wire.Prompt)
		return b.prompt.Decode(body)
	case wire.TypePromptGone:
		b.prompt = nil
	case wire.TypeNotice:
		b.notices = append(b.notices, wire.Notice{})
		return b.notices[len(b.notices)-1].Decode(body)
	case wire.TypeEnd:
		b.end = new(wire.End)
		return b.end.Decode(body)
	case wire.TypeOutput:
		var m wire.Output
		if err := m.Decode(body); err != nil {
			return err
		}
		if m.Offset != b.offset {
			return fmt.Errorf("%w: at %d, got %d", errGap, b.offset, m.Offset)
		}
		_, _ = b.term.Write(m.Data)
		b.offset += uint64(len(m.Data))
		b.bytes += uint64(len(m.Data))
	case wire.TypeState:
		var m wire.State
		if err := m.Decode(body); err != nil {
			return err
		}
		if err := b.term.RestoreSnapshot(m.Snapshot); err != nil {
			return err
		}
		b.offset = m.Offset
		b.states = append(b.states, wire.State{Offset: m.Offset, Complete: m.Complete})
		b.kept = append(b.kept, b.term.Scrollback())
	case wire.TypeResized:
		var m wire.Resized
		if err := m.Decode(body); err != nil {
			return err
		}
		if m.Offset != b.offset {
			return fmt.Errorf("resize: %w: at %d, got %d", errGap, b.offset, m.Offset)
		}
		b.term.Resize(m.Grid.Cols, m.Grid.Rows)
		b.term.SetCellPixels(m.Grid.CellWidth, m.Grid.CellHeight)
		b.resizes = append(b.resizes, m)
	case wire.TypeMark:
		var m wire.Mark
		if err := m.Decode(body); err != nil {
			return err
		}
		if m.Number != b.mark.Number+1 {
			return fmt.Errorf("mark %d after %d", m.Number, b.mark.Number)
		}
		b.mark = m
		b.taken = max(b.taken, m.InputBytes)
	case wire.TypeInputAck:
		var m wire.InputAck
		if err := m.Decode(body); err != nil {
			return err
		}
		b.taken = max(b.taken, m.Bytes)
	case wire.TypeClipboard:
		var m wire.Clipboard
		if err := m.Decode(body); err != nil {
			return err
		}
		m.Data = append([]byte(nil), m.Data...)
		b.clips = append(b.clips, m)
	case wire.TypeClipboardRequest:
		b.asked = append(b.asked, wire.ClipboardRequest{})
		return b.asked[len(b.asked)-1].Decode(body)
	case wire.TypeStats:
		b.stats = append(b.stats, wire.Stats{})
		return b.stats[len(b.stats)-1].Decode(body)
	case wire.TypePong:
		b.pongs++
	}
	return nil
}

// until waits for a condition on what the browser has seen.
func (b *browser) until(what string, ok func() bool) {
	b.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		b.mu.Lock()
		done, end, failed := ok(), b.end, b.failed
		b.mu.Unlock()
		switch {
		case done:
			return
		case failed != nil:
			b.t.Fatalf("browser never saw: %s; it failed: %v", what, failed)
		case time.Now().After(deadline):
			b.t.Fatalf("browser never saw: %s; end %+v", what, end)
		}
	}
}

// look runs f on what the browser has seen.
func (b *browser) look(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
}

func (b *browser) send(records ...interface{ Append([]byte) []byte }) bool {
	var p []byte
	for _, m := range records {
		p = m.Append(p)
	}
	return b.socket.send(p)
}

// sees waits until the screen holds a text.
func (b *browser) sees(text string) {
	b.t.Helper()
	b.until(fmt.Sprintf("%q on the screen", text), func() bool { return b.term != nil && strings.Contains(b.term.Text(), text) })
}

// ends waits for the end and checks its code.
func (b *browser) ends(code string) {
	b.t.Helper()
	b.until("the end "+code, func() bool { return b.end != nil })
	b.look(func() {
		if b.end.Code != code {
			b.t.Errorf("ended with %+v, want %s", b.end, code)
		}
	})
}

// ack acknowledges all that was seen.
func (b *browser) ack() {
	b.mu.Lock()
	b.acked = b.mark.Number
	m := wire.Ack{Number: b.acked}
	b.mu.Unlock()
	b.send(&m)
}

// text is the scrollback and the screen.
func (b *browser) text() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.term.ScrollbackText() + b.term.Text()
}
