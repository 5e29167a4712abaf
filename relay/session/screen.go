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

	// In a flood hundreds of lines and more pass between two states, and the next one
	// would replace them all: a scrollback that nobody can have looked at, and the
	// most of what a browser has to read. So a state has only the newest lines then,
	// enough for a glance upwards, and the rest follows when the flood is over: when
	// the output has been little enough for a while to go as bytes. A whole scrollback
	// after each of many short floods would be the same waste again: they keep a
	// distance according to their size.
	leanLines  = 100
	wholeAfter = 150 * time.Millisecond // since the last state
	wholeRate  = 1 << 20                // bytes per second

	// A long scrollback costs more than what has come new: an eighth of it, up to so
	// many lines, goes with a state as it is.
	maxDelta = 1000
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

	// The browser lacks lines of the scrollback: its newest state was a lean one, and
	// no whole one has followed. Then the relay's terminal and the browser's do not
	// take a new size in the same way, and its pictures may be fewer.
	lean    bool
	touched bool      // bytes or sizes were sent since the newest state
	whole   time.Time // when a whole state is due, if the browser is not behind
	next    time.Time // and not before
}

// pending tells whether an update has anything to say.
func (s *screen) pending(p *position) bool {
	return p.fresh || p.lean || p.sent < s.ring.head || p.resized < s.resized
}

// appendUpdate appends to dst what brings the browser up to date, and moves its
// position. unpainted is how many updates the browser has still to paint. A State
// may be due and have to wait: for wait, or, with wait zero and nothing appended,
// until another update has been painted. With last there is no later: a browser that
// lacks lines gets them now.
func (s *screen) appendUpdate(dst []byte, p *position, unpainted uint64, now time.Time, last bool) (out []byte, state bool, wait time.Duration) {
	head := s.ring.head
	behind := head-p.sent > maxRaw || !s.replayable(p)
	whole := p.fresh || last && (behind || p.lean) || p.lean && !behind && (p.resized < s.resized || !now.Before(p.whole))
	if behind || whole {
		if !p.fresh && !last {
			if unpainted >= stateFrames {
				return dst, false, 0
			}
			if wait := p.nextState.Sub(now); wait > 0 {
				return dst, false, wait
			}
		}
		return s.appendState(dst, p, now, whole), true, 0
	}
	for _, r := range s.resizes[len(s.resizes)-int(s.resized-p.resized):] {
		dst = s.appendOutput(dst, p.sent, r.offset)
		p.sent, p.touched = r.offset, true
		m := wire.Resized{Offset: r.offset, Grid: r.grid}
		dst = m.Append(dst)
	}
	p.touched = p.touched || p.sent < head
	dst = s.appendOutput(dst, p.sent, head)
	s.moveTo(p)
	if p.lean {
		wait = p.whole.Sub(now)
	}
	return dst, false, wait
}

func (s *screen) appendOutput(dst []byte, from, to uint64) []byte {
	for from < to {
		m := wire.Output{Offset: from, Data: s.ring.slice(from, to)}
		dst = m.Append(dst)
		from += uint64(len(m.Data))
	}
	return dst
}

// appendState appends the screen as it is: with the whole scrollback, or as a lean
// state where that is long.
func (s *screen) appendState(dst []byte, p *position, now time.Time, whole bool) []byte {
	t := s.term
	top, lines := t.TopLine(), uint64(t.Scrollback())
	oldest := top - lines
	m := wire.State{Offset: s.ring.head}
	base := term.Base{Line: oldest}
	// Pictures that no line shows go when there is little room: with fewer lines, other
	// ones in the browser than here, unless states is all that it was sent.
	if p.based && !p.fresh && !(p.lean && p.touched) {
		base.Pictures = p.base.Pictures
	}
	known := p.based && !p.fresh && p.base.Epoch == t.Epoch() && p.base.Line >= oldest
	few := min(max(leanLines, lines/8), maxDelta)
	switch {
	case known && top-p.base.Line <= few && !(whole && p.lean):
		base.Line, base.Epoch = p.base.Line, p.base.Epoch
	case !whole && lines > leanLines:
		base.Line, p.lean = top-leanLines, true
	default:
		p.lean = false
	}
	cols, _ := t.Size()
	if (top-base.Line)*uint64(cols) > uint64(maxState)/cellBytes { // which it seldom is
		if since := t.SnapshotSince(maxState); since > base.Line {
			base.Line, base.Epoch = since, 0
			p.lean = false // there is no more
		}
	}
	m.Complete = base.Epoch == 0 && base.Pictures == 0
	before := len(dst)
	dst, at := m.Begin(dst)
	dst = m.Finish(t.AppendSnapshot(dst, base), at)
	size := time.Duration(len(dst) - before)
	p.fresh, p.touched = false, false
	p.nextState = now.Add(max(stateEvery, size*time.Second/stateRate))
	if p.lean {
		p.whole = now.Add(wholeAfter)
		if p.whole.Before(p.next) {
			p.whole = p.next
		}
	} else if base.Epoch == 0 {
		p.next = now.Add(size * time.Second / wholeRate)
	}
	s.moveTo(p)
	return dst
}

// moveTo notes that the browser has everything up to the head.
func (s *screen) moveTo(p *position) {
	p.sent, p.resized = s.ring.head, s.resized
	p.based, p.base = true, s.term.Base()
}
