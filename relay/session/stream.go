package session

import (
	"sync"
	"time"

	"github.com/porthole-rac/porthole/protocol/wire"
)

const (
	chunkSize = 64 << 10 // bytes of a chunk, and of a message to the browser at most
	chunkRoom = wire.MaxRectData + 128

	maxMarks  = 128      // marks that a browser may have unpainted: about two for an update of a VNC server
	maxUnsent = 1 << 20  // bytes that wait for the socket
	maxKept   = 24 << 20 // bytes kept for a browser that comes back; more only by one giant update
)

// chunk holds a piece of the stream: whole records.
type chunk struct {
	buf   []byte // what is committed; its capacity has room for more
	start uint64 // offset of the first byte
	users int    // writers that are sending it
}

func (c *chunk) end() uint64 { return c.start + uint64(len(c.buf)) }

var chunkPool = sync.Pool{New: func() any { return &chunk{buf: make([]byte, 0, chunkSize+chunkRoom)} }}

// mark is an update that was not painted yet.
type mark struct {
	number uint64
	end    uint64 // offset after it
	done   uint64 // what was painted when it was ready
	ready  time.Time
}

// stream is what of a desktop's records a browser may still need: those that it
// has not painted. Session.mu guards it.
type stream struct {
	id     uint64 // of DesktopBegin; 0: none was begun
	open   bool   // the driver has begun it, and no new one is wanted
	width  int
	height int

	chunks   []*chunk // oldest first
	reserved bool     // the driver has the room at the end of the last one
	head     uint64   // offset after the newest byte
	number   uint64   // of the last mark
	marks    []mark   // not painted, oldest first; at most maxMarks
	done     uint64   // offset up to which it is painted
}

// begin begins a new stream.
func (s *stream) begin(width, height int) {
	s.drop()
	s.id++
	s.open, s.width, s.height = true, width, height
	s.head, s.number, s.done = 0, 0, 0
}

// drop forgets everything.
func (s *stream) drop() {
	for i, c := range s.chunks {
		if i < len(s.chunks)-1 || !s.reserved {
			c.release()
		}
	}
	s.chunks, s.marks, s.open, s.reserved = s.chunks[:0], s.marks[:0], false, false
}

// release gives a chunk back, unless a writer or the driver still has it.
func (c *chunk) release() {
	if c.users == 0 && cap(c.buf) == chunkSize+chunkRoom {
		c.buf = c.buf[:0]
		chunkPool.Put(c)
	}
}

// reserve gives room for n bytes at the end.
func (s *stream) reserve(n int) []byte {
	s.reserved = true
	if k := len(s.chunks); k > 0 {
		c := s.chunks[k-1]
		if len(c.buf) < chunkSize && cap(c.buf)-len(c.buf) >= n {
			return c.buf[len(c.buf):]
		}
	}
	var c *chunk
	if n <= chunkRoom {
		c = chunkPool.Get().(*chunk)
		c.users = 0
	} else {
		c = &chunk{buf: make([]byte, 0, n)}
	}
	c.start = s.head
	s.chunks = append(s.chunks, c)
	return c.buf[:0]
}

// commit adds what was appended to the room that reserve gave.
func (s *stream) commit(p []byte) {
	s.reserved = false
	if len(p) == 0 {
		return
	}
	c := s.chunks[len(s.chunks)-1]
	at := len(c.buf)
	if room := c.buf[at:cap(c.buf)]; len(room) >= len(p) && &room[0] == &p[0] {
		c.buf = c.buf[:at+len(p)]
	} else { // it outgrew the room: a piece of its own
		s.chunks = append(s.chunks, &chunk{buf: p, start: s.head})
	}
	s.head += uint64(len(p))
	s.trim()
}

// trim keeps the bound: what is oldest goes, though it is not painted.
func (s *stream) trim() {
	for len(s.chunks) > 1 && s.head-s.chunks[0].start > maxKept && s.chunks[0].users == 0 {
		s.shift()
	}
}

func (s *stream) shift() {
	s.chunks[0].release()
	n := copy(s.chunks, s.chunks[1:])
	s.chunks[n] = nil
	s.chunks = s.chunks[:n]
}

// mark ends an update.
func (s *stream) mark(input uint64, now time.Time) uint64 {
	s.number++
	m := wire.Mark{Number: s.number, InputBytes: input}
	s.commit(m.Append(s.reserve(32)))
	s.marks = append(s.marks, mark{s.number, s.head, s.done, now})
	return s.number
}

// paint takes the news that an update was painted, of which up to sent was sent,
// and forgets what came before its end. ok is false when that is no news.
func (s *stream) paint(number, sent uint64) (m mark, ok bool) {
	n := 0
	for n < len(s.marks) && s.marks[n].number <= number && s.marks[n].end <= sent {
		m, ok = s.marks[n], true
		n++
	}
	if !ok {
		return m, false
	}
	s.marks = s.marks[:copy(s.marks, s.marks[n:])]
	s.done = m.end
	for len(s.chunks) > 0 && s.chunks[0].end() <= s.done && (len(s.chunks) > 1 || !s.reserved) {
		s.shift()
	}
	return m, true
}

// holds tells whether everything from an offset on is here.
func (s *stream) holds(offset uint64) bool {
	switch {
	case !s.open || offset > s.head:
		return false
	case len(s.chunks) == 0:
		return offset == s.head
	}
	return offset >= s.chunks[0].start
}

// from gives the piece of the stream that begins at an offset, and its chunk; nil
// at the end.
func (s *stream) from(offset uint64) (p []byte, c *chunk) {
	for i := len(s.chunks) - 1; i >= 0; i-- {
		if c := s.chunks[i]; c.start <= offset {
			if offset >= c.end() {
				if i+1 == len(s.chunks) {
					return nil, nil
				}
				c = s.chunks[i+1]
			}
			return c.buf[offset-c.start:], c
		}
	}
	return nil, nil
}

// full tells whether the target has to wait for the browser that has been sent the
// stream up to sent: too much waits for the socket, or to be painted. What belongs
// to an update that has not ended cannot be painted, and does not count.
func (s *stream) full(sent, window uint64) bool {
	if s.head-min(sent, s.head) > maxUnsent || len(s.marks) >= maxMarks {
		return true
	}
	n := len(s.marks)
	return n > 0 && s.marks[n-1].end-s.done > window
}
