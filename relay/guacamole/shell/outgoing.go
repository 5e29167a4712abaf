package shell

import (
	"slices"

	"github.com/porthole-rac/porthole/protocol/wire"
)

const heldInput = 1 << 10 // bytes typed before the target is there that are kept

// outgoing is what is on its way to the target. The session takes as much as its window
// has room for; the rest waits here, in order, within bounds.
type outgoing struct {
	sent    uint64 // bytes sent
	confirm uint64 // bytes that the target took
	window  uint64
	queue   []parcel
	waiting int // bytes in queue
}

// parcel is input of one kind.
type parcel struct {
	paste bool
	data  []byte
}

func (o *outgoing) welcome(bytes uint64, window int) {
	o.sent, o.confirm, o.window = bytes, bytes, uint64(max(window, 0))
}

// room is how many bytes may be sent.
func (o *outgoing) room() int { return int(o.window - min(o.sent-min(o.confirm, o.sent), o.window)) }

func (s *Shell) confirmed(n uint64) {
	s.out.confirm = max(s.out.confirm, n)
	s.flush()
}

// sendInput sends bytes for the program, now or after what waits.
func (s *Shell) sendInput(p []byte) {
	o := &s.out
	if len(p) == 0 || s.welcome.ReadOnly {
		return
	}
	if len(o.queue) == 0 && s.ready && len(p) <= min(o.room(), wire.MaxInput) {
		o.sent += uint64(len(p))
		m := wire.Input{Data: p}
		s.send(m.Append(s.buf[:0]))
		return
	}
	s.enqueue(false, p)
}

// enqueue has bytes sent in their turn; false when there is no room for them.
func (s *Shell) enqueue(paste bool, p []byte) bool {
	o := &s.out
	limit := heldInput
	if s.ready {
		limit = max(s.welcome.Clipboard, wire.MaxInput)
	}
	if o.waiting+len(p) > limit {
		return false
	}
	o.waiting += len(p)
	if n := len(o.queue); n > 0 && !paste && !o.queue[n-1].paste {
		o.queue[n-1].data = append(o.queue[n-1].data, p...)
	} else {
		o.queue = append(o.queue, parcel{paste, slices.Clone(p)})
	}
	s.flush()
	return true
}

// flush sends as much of what waits as the window has room for.
func (s *Shell) flush() {
	o := &s.out
	for len(o.queue) > 0 && s.ready {
		q := &o.queue[0]
		n := min(len(q.data), wire.MaxInput, o.room())
		if n <= 0 {
			return
		}
		o.sent += uint64(n)
		o.waiting -= n
		if q.paste {
			m := wire.Paste{More: n < len(q.data), Data: q.data[:n]}
			s.send(m.Append(s.buf[:0]))
		} else {
			m := wire.Input{Data: q.data[:n]}
			s.send(m.Append(s.buf[:0]))
		}
		if q.data = q.data[n:]; len(q.data) == 0 {
			o.queue = o.queue[1:]
		}
	}
	if len(o.queue) == 0 {
		o.queue = nil
	}
}
