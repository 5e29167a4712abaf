package session

import (
	"time"

	"github.com/porthole-rac/porthole/protocol/term"
	"github.com/porthole-rac/porthole/protocol/wire"
)

const (
	maxRaw     = wire.MaxOutput // bytes that an update carries as they came; beyond, the screen's state is less
	maxLead    = 8 << 20        // bytes that the target may be ahead of what an attached browser has painted
	maxResizes = 16             // size changes remembered in order with the output

	// stateRate bounds the bandwidth of State records, bytes per second: with
	// a long scrollback a state can be megabytes, and sending one for every
	// painted frame would keep both sides busy with lines that scroll out at once.
	stateRate = 24 << 20
)

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
	resizes []resized // oldest first, all within the ring
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
}

// replayable tells whether the output and size changes from offset on are all
// here. With the list of changes full, one may have been forgotten.
func (s *screen) replayable(offset uint64) bool {
	return s.ring.holds(offset) && (len(s.resizes) < maxResizes || s.resizes[0].offset < offset)
}

// resizedAt tells whether the size changed at exactly this offset: a browser
// that has the output up to it may or may not have been told.
func (s *screen) resizedAt(offset uint64) bool {
	for _, r := range s.resizes {
		if r.offset == offset {
			return true
		}
	}
	return false
}

// position is what one attached browser has of the screen.
type position struct {
	sent    uint64 // output up to here has been sent
	resizes int    // of those at exactly sent, how many have been sent
	fresh   bool   // the browser has nothing yet: the next update is a complete State

	// Where the browser's terminal stands after what was sent, for a State that
	// is not complete. Only known when the browser was sent everything.
	based bool
	epoch uint32
	line  uint64

	nextState time.Time // not before: see stateRate
}

// pending tells whether an update has anything to say.
func (s *screen) pending(p *position) bool {
	return p.fresh || p.sent < s.ring.head || s.resizesFrom(p) > 0
}

// resizesFrom counts the size changes that the browser has not been told.
func (s *screen) resizesFrom(p *position) int {
	n := 0
	for _, r := range s.resizes {
		if r.offset >= p.sent {
			n++
		}
	}
	return n - p.resizes
}

// appendUpdate appends to dst what brings the browser up to date, and moves its
// position. wait is not zero when a State is due but must wait that long.
func (s *screen) appendUpdate(dst []byte, p *position, now time.Time) (out []byte, state bool, wait time.Duration) {
	head := s.ring.head
	if p.fresh || head-p.sent > maxRaw || !s.replayable(p.sent) {
		if wait := p.nextState.Sub(now); wait > 0 && !p.fresh {
			return dst, false, wait
		}
		dst = s.appendState(dst, p, now)
		return dst, true, 0
	}
	for _, r := range s.resizes {
		if r.offset < p.sent {
			continue
		}
		if r.offset == p.sent && p.resizes > 0 {
			p.resizes--
			continue
		}
		dst = s.appendOutput(dst, p.sent, r.offset)
		p.sent = r.offset
		m := wire.Resized{Offset: r.offset, Grid: r.grid}
		dst = m.Append(dst)
	}
	dst = s.appendOutput(dst, p.sent, head)
	s.moveTo(p, head)
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
	m := wire.State{Offset: s.ring.head, Complete: true}
	var epoch uint32
	var line uint64
	if p.based && !p.fresh {
		epoch, line = p.epoch, p.line
		m.Complete = epoch != s.term.Epoch()
	}
	before := len(dst)
	dst, at := m.Begin(dst)
	dst = m.Finish(s.term.AppendSnapshot(dst, epoch, line), at)
	size := len(dst) - before
	p.fresh = false
	p.nextState = now.Add(time.Duration(size) * time.Second / stateRate)
	s.moveTo(p, s.ring.head)
	return dst
}

// moveTo notes that the browser has everything up to the head.
func (s *screen) moveTo(p *position, head uint64) {
	p.sent = head
	p.resizes = 0
	for _, r := range s.resizes {
		if r.offset == head {
			p.resizes++
		}
	}
	p.based, p.epoch, p.line = true, s.term.Epoch(), s.term.TopLine()
}
