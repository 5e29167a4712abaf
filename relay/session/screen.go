package session

import (
	"time"

	"github.com/porthole-rac/porthole/protocol/term"
	"github.com/porthole-rac/porthole/protocol/wire"
)

const (
	maxRaw     = wire.MaxOutput // bytes that an update carries as they came; beyond, the screen's state is less
	maxLead    = 32 << 20       // bytes that the target may be ahead of what an attached browser has painted; nothing is kept for it, the newest screen is what is sent
	maxResizes = 16             // size changes remembered in order with the output

	// stateRate bounds the bandwidth of State records, bytes per second: with
	// a long scrollback a state can be megabytes, and sending one for every
	// painted frame would keep both sides busy with lines that scroll out at once.
	stateRate = 24 << 20

	// While the target floods, a browser gets the screen as it is at most this
	// often, and not before it has painted the last but one: nobody reads more,
	// and a state that waits behind another one is work for a picture that is
	// never seen. It is the newest that counts.
	stateEvery  = 40 * time.Millisecond
	stateFrames = 2 // updates unpainted
)

// maxState bounds the scrollback of a State record, bytes: what a browser takes
// in a message, less room for the screens, pictures and what goes with them. Text comes
// nowhere near it; a program that gives each cell of a long scrollback a colour
// of its own does, and loses the oldest lines in a browser that comes new.
var maxState = wire.MaxFromRelay - term.ImageBudget - 8<<20

// cellBytes is about the most that a cell takes in a State.
const cellBytes = 96

// resized is a size change at its place in the output.
type resized struct {
	offset uint64
	grid   wire.Grid
}

// screen is the relay's copy of the terminal and the newest output as bytes.
// Session.mu guards it.
type screen struct {
	term    *term.Terminal
	grid    wire.Grid
	ring    ring
	resizes []resized // the newest, oldest first
	resized uint64    // size changes ever
}

// write takes output of the target.
func (s *screen) write(p []byte) {
	_, _ = s.term.Write(p) // never fails
	s.ring.write(p)
}

// resize changes the size after the output so far.
func (s *screen) resize(g wire.Grid) {
	s.grid = g
	s.term.Resize(g.Cols, g.Rows)
	s.term.SetCellPixels(g.CellWidth, g.CellHeight)
	if len(s.resizes) == maxResizes {
		s.resizes = append(s.resizes[:0], s.resizes[1:]...)
	}
	s.resizes = append(s.resizes, resized{s.ring.head, g})
	s.resized++
}

// replayable tells whether the output and size changes that a browser lacks are
// all here.
func (s *screen) replayable(p *position) bool {
	return s.ring.holds(p.sent) && s.resized-p.resized <= uint64(len(s.resizes))
}

// resumeAt gives the position of a browser that has kept what it was sent up to
// offset. ok is false when it cannot go on from there: the bytes or size changes
// after it are not all here, or the size changed at exactly this offset, of which
// the browser may or may not have been told.
func (s *screen) resumeAt(offset uint64) (p position, ok bool) {
	if !s.ring.holds(offset) {
		return p, false
	}
	later := 0
	for _, r := range s.resizes {
		switch {
		case r.offset == offset:
			return p, false
		case r.offset > offset:
			later++
		}
	}
	if later == maxResizes {
		return p, false // there may have been more
	}
	return position{sent: offset, resized: s.resized - uint64(later)}, true
}

// position is what one attached browser has of the screen.
type position struct {
	sent    uint64 // output up to here has been sent
	resized uint64 // and this many size changes
	fresh   bool   // the browser has nothing yet: the next update is a complete State

	// Where the browser's terminal stands after what was sent, for a State that
	// is not complete. Only known when the browser was sent everything.
	based bool
	base  term.Base

	nextState time.Time // not before: see stateRate
}

// pending tells whether an update has anything to say.
func (s *screen) pending(p *position) bool {
	return p.fresh || p.sent < s.ring.head || p.resized < s.resized
}

// appendUpdate appends to dst what brings the browser up to date, and moves its
// position. unpainted is how many updates the browser has still to paint. A State
// may be due and have to wait: for wait, or, with wait zero and nothing appended,
// until another update has been painted.
func (s *screen) appendUpdate(dst []byte, p *position, unpainted uint64, now time.Time) (out []byte, state bool, wait time.Duration) {
	head := s.ring.head
	if p.fresh || head-p.sent > maxRaw || !s.replayable(p) {
		if !p.fresh {
			if unpainted >= stateFrames {
				return dst, false, 0
			}
			if wait := p.nextState.Sub(now); wait > 0 {
				return dst, false, wait
			}
		}
		return s.appendState(dst, p, now), true, 0
	}
	for _, r := range s.resizes[len(s.resizes)-int(s.resized-p.resized):] {
		dst = s.appendOutput(dst, p.sent, r.offset)
		p.sent = r.offset
		m := wire.Resized{Offset: r.offset, Grid: r.grid}
		dst = m.Append(dst)
	}
	dst = s.appendOutput(dst, p.sent, head)
	s.moveTo(p)
	return dst, false, 0
}

func (s *screen) appendOutput(dst []byte, from, to uint64) []byte {
	for from < to {
		m := wire.Output{Offset: from, Data: s.ring.slice(from, to)}
		dst = m.Append(dst)
		from += uint64(len(m.Data))
	}
	return dst
}

func (s *screen) appendState(dst []byte, p *position, now time.Time) []byte {
	t := s.term
	oldest := t.TopLine() - uint64(t.Scrollback())
	m := wire.State{Offset: s.ring.head, Complete: true}
	var base term.Base
	if p.based && !p.fresh && p.base.Epoch == t.Epoch() && p.base.Line >= oldest {
		m.Complete, base = false, p.base
	}
	cols, _ := t.Size()
	from := max(base.Line, oldest)
	if lines := t.TopLine() - from; lines*uint64(cols) > uint64(maxState)/cellBytes { // which it seldom is
		if since := t.SnapshotSince(maxState); since > from {
			m.Complete, base = true, term.Base{Line: since}
		}
	}
	before := len(dst)
	dst, at := m.Begin(dst)
	dst = m.Finish(t.AppendSnapshot(dst, base), at)
	size := len(dst) - before
	p.fresh = false
	p.nextState = now.Add(max(stateEvery, time.Duration(size)*time.Second/stateRate))
	s.moveTo(p)
	return dst
}

// moveTo notes that the browser has everything up to the head.
func (s *screen) moveTo(p *position) {
	p.sent, p.resized = s.ring.head, s.resized
	p.based, p.base = true, s.term.Base()
}
