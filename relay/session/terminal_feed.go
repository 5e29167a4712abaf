package session

import (
	"fmt"
	"time"

	"github.com/porthole-rac/porthole/protocol/wire"
)

const maxFrames = 6 // updates that a browser may have unpainted

// terminalFeed is one browser's view of a terminal. Session.mu guards it.
type terminalFeed struct {
	v       *viewer
	t       *terminal
	pos     position
	frames  uint64            // number of the last mark sent
	acked   uint64            // number of the last mark painted
	offsets [maxFrames]uint64 // output offset at each unpainted mark
	painted uint64            // output painted
	input   uint64            // input count last told
	whole   uint64            // number of the mark after a state with which the browser lacks nothing; 0: none since a lean one
	pasting pasting
}

// attachLocked implements content.
func (s *terminal) attachLocked(v *viewer, hello *wire.Hello) (feed, wire.Resumed) {
	f := &terminalFeed{v: v, t: s}
	s.clip.open, s.clip.data = false, nil // only the earlier browser was asked
	s.feed = f
	resumed := wire.ResumedNew
	switch pos, ok := s.screen.resumeAt(hello.Resume.Offset); {
	case s.epoch == 1:
		f.pos = position{}
	case hello.Resume.Epoch != 0 && ok:
		resumed = wire.ResumedContinue
		f.pos = pos
		f.pos.lean = s.lean // what it lacks comes at once
	default:
		resumed = wire.ResumedState
		f.pos = position{fresh: true, sent: s.screen.ring.head}
		s.lean = false
	}
	f.painted = f.pos.sent
	f.input = s.input.settle()
	s.screen.term.SetPalette(palette(hello.Colors))
	return f, resumed
}

// attached implements content.
func (s *terminal) attached(v *viewer, hello *wire.Hello) { s.resize(v, hello.Grid) }

// detachedLocked implements content.
func (s *terminal) detachedLocked() {
	s.feed = nil
	s.clip.open, s.clip.data = false, nil
}

// detached implements content.
func (s *terminal) detached() {}

// welcomeLocked implements content.
func (s *terminal) welcomeLocked(m *wire.Welcome) {
	p := &s.prefs
	m.ReadOnly, m.DisableCopy, m.DisablePaste = p.ReadOnly, p.DisableCopy, p.DisablePaste
	m.Clipboard, m.Frames, m.InputWindow = p.ClipboardBufferSize, maxFrames, inputWindow
	m.Scrollback, m.CopyOnSelect, m.Ligatures, m.Backspace = p.Scrollback, p.CopyOnSelect, p.Ligatures, p.Backspace
	m.FontName, m.FontSize, m.ColorScheme = clip(p.FontName, wire.MaxText), p.FontSize, clip(p.ColorScheme, wire.MaxText)
	m.InputBytes = s.feed.input
}

// statsLocked implements content.
func (s *terminal) statsLocked(m *wire.Stats) { m.ToTarget, m.States = s.input.count(), s.states }

// titleLocked implements content.
func (s *terminal) titleLocked() string { return s.screen.term.Title() }

// collectLocked implements feed.
func (f *terminalFeed) collectLocked(dst []byte, now time.Time) (out []byte, wait time.Duration) {
	s := f.t
	if (s.phase == running || s.phase == over) && f.frames-f.acked < maxFrames && s.screen.pending(&f.pos) {
		var state bool
		before := len(dst)
		dst, state, wait = s.screen.appendUpdate(dst, &f.pos, f.frames-f.acked, now, s.ending || s.phase == over)
		if len(dst) > before {
			f.frames++
			f.offsets[f.frames%maxFrames] = f.pos.sent
			f.input = s.input.count()
			m := wire.Mark{Number: f.frames, InputBytes: f.input}
			dst = m.Append(dst)
		}
		if state {
			s.states++
			f.leanLocked()
		}
	}
	if n := s.input.count(); n != f.input {
		f.input = n
		m := wire.InputAck{Bytes: n}
		dst = m.Append(dst)
	}
	return dst, wait
}

// leanLocked notes what a state that was sent has the browser lack. It may break off
// and come back before it has the whole one: only one that it has painted counts.
func (f *terminalFeed) leanLocked() {
	switch {
	case f.pos.lean:
		f.t.lean, f.whole = true, 0
	case f.t.lean && f.whole == 0:
		f.whole = f.frames
	}
}

// takeLocked implements feed.
func (f *terminalFeed) takeLocked() []byte { return nil }

// sentLocked implements feed.
func (f *terminalFeed) sentLocked() {}

// replacedLocked implements feed.
func (f *terminalFeed) replacedLocked() { f.closePasteLocked() }

// receive implements feed.
func (f *terminalFeed) receive(t wire.Type, body []byte) error {
	s := f.t
	switch t {
	case wire.TypeInput:
		var m wire.Input
		if err := m.Decode(body); err != nil {
			return err
		}
		if s.prefs.ReadOnly {
			return s.input.add(nil, len(m.Data))
		}
		return s.input.add(m.Data, len(m.Data))
	case wire.TypePaste:
		var m wire.Paste
		if err := m.Decode(body); err != nil {
			return err
		}
		return f.paste(&m)
	case wire.TypeAck:
		var m wire.Ack
		if err := m.Decode(body); err != nil {
			return err
		}
		return f.ack(m.Number)
	case wire.TypeResize:
		var m wire.Resize
		if err := m.Decode(body); err != nil {
			return err
		}
		s.resize(f.v, m.Grid)
	case wire.TypeColors:
		var m wire.Colors
		if err := m.Decode(body); err != nil {
			return err
		}
		s.mu.Lock()
		s.screen.term.SetPalette(palette(m))
		s.mu.Unlock()
	case wire.TypeClipboard:
		var m wire.Clipboard
		if err := m.Decode(body); err != nil {
			return err
		}
		s.clipboardAnswer(&m)
	}
	return nil
}

// ack notes what is painted, and lets the output go on.
func (f *terminalFeed) ack(number uint64) error {
	s := f.t
	s.mu.Lock()
	defer s.mu.Unlock()
	if number > f.frames {
		return &protocolError{fmt.Sprintf("update %d acknowledged, %d sent", number, f.frames)}
	}
	if number <= f.acked {
		return nil
	}
	f.acked = number
	f.painted = f.offsets[number%maxFrames]
	if s.feed == f && f.whole > 0 && number >= f.whole {
		s.lean, f.whole = false, 0
	}
	if s.feed == f {
		s.makeRoomLocked()
	}
	f.v.signal()
	return nil
}
