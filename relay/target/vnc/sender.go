package vnc

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/porthole-rac/porthole/protocol/rfb"
)

const (
	// sendTime is how long a server may not read before it counts as lost.
	sendTime = 30 * time.Second
	// maxControl bounds what waits for a server that does not read, bytes.
	maxControl = 1 << 20
	// resizePause is between two sizes that are asked for.
	resizePause = 200 * time.Millisecond
)

// errSlow means that a server does not read what it is told.
var errSlow = errors.New("the server does not read")

// sender is the way to the server on one connection: whoever has something to say
// leaves it here, and one goroutine writes. The lock is never held while it does.
type sender struct {
	conn  net.Conn
	rw    io.Writer
	taken *atomic.Uint64 // inputs
	wake  chan struct{}
	done  chan struct{}

	mu      sync.Mutex
	control []byte // messages as they are
	bulk    []byte // the clipboard; a later one takes the place of what was not sent
	inputs  inputs
	pace    pacer
	size    sizer
	width   uint16 // of the framebuffer
	height  uint16

	sounds    bool // the server has sound
	listening bool // and plays it
	serverCaps

	err    error
	closed bool
	now    func() time.Time
}

func newSender(l *line, taken *atomic.Uint64, watched bool) *sender {
	s := &sender{
		conn: l.conn, rw: l.rw, taken: taken, wake: make(chan struct{}, 1), done: make(chan struct{}),
		pace: newPacer(l.rtt, watched), now: time.Now,
		width: uint16(l.ready.Width), height: uint16(l.ready.Height),
	}
	s.inputs.width, s.inputs.height = l.ready.Width, l.ready.Height
	return s
}

// do changes the state and has what follows from it sent.
func (s *sender) do(f func(s *sender)) {
	s.mu.Lock()
	if !s.closed {
		f(s)
	}
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// note changes the state as do, for what happens with each update: the goroutine is
// woken only where f tells that something may be due.
func (s *sender) note(f func(s *sender) (due bool)) {
	s.mu.Lock()
	due := !s.closed && f(s)
	s.mu.Unlock()
	if !due {
		return
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// say appends messages. Called within do.
func (s *sender) say(b []byte) {
	if len(s.control)+len(b) > maxControl {
		s.err = errSlow
		return
	}
	s.control = append(s.control, b...)
}

// close ends the goroutine; the socket must be closed too.
func (s *sender) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		s.taken.Add(uint64(s.inputs.drop()))
		close(s.done)
	}
}

// failure is why writing failed, if it did.
func (s *sender) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func (s *sender) area() rfb.Area { return rfb.Area{Width: s.width, Height: s.height} }

// resized says that the framebuffer has another size: what asks for all of it must
// say so.
func (s *sender) resized(width, height int) {
	s.width, s.height = uint16(width), uint16(height)
	s.inputs.width, s.inputs.height = width, height
	if s.pace.on {
		s.say(rfb.AppendContinuousUpdates(nil, true, s.area()))
	}
}

// follow switches continuous updates as the state wants them.
func (s *sender) follow(dst []byte) []byte {
	p := &s.pace
	want := p.continuous && p.watched && !p.paused
	if want == p.on {
		return dst
	}
	p.on = want
	return rfb.AppendContinuousUpdates(dst, want, s.area())
}

// fill takes what is to be written; wait is when to look again (0: when woken).
func (s *sender) fill(dst []byte) (out []byte, taken int, wait time.Duration, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return dst, 0, 0, s.err
	}
	now := s.now()
	dst = append(append(dst, s.control...), s.bulk...)
	s.bulk = nil
	if s.control = s.control[:0]; cap(s.control) > keptBuffer {
		s.control = nil
	}
	dst, fenced := s.pace.fences.answers(dst, now, s.pace.watched)
	dst = s.follow(dst)
	dst, sized := s.size.append(dst, now)
	ask, again := s.pace.due(now)
	if ask != requestNone {
		dst = rfb.AppendUpdateRequest(dst, ask == requestChanges, s.area())
		s.pace.asked(now)
		_, again = s.pace.due(now)
	}
	dst, taken = s.inputs.append(dst)
	return dst, taken, soonest(soonest(fenced, sized), again), nil
}

// soonest is the shorter one of two times to wait, of which 0 is for ever.
func soonest(a, b time.Duration) time.Duration {
	if a == 0 || b > 0 && b < a {
		return b
	}
	return a
}

// run writes until the connection or the session ends.
func (s *sender) run() {
	var buf []byte
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		var taken int
		var wait time.Duration
		var err error
		buf, taken, wait, err = s.fill(buf[:0])
		if err == nil && len(buf) > 0 {
			_ = s.conn.SetWriteDeadline(time.Now().Add(sendTime))
			_, err = s.rw.Write(buf)
		}
		s.taken.Add(uint64(taken))
		if err != nil {
			s.mu.Lock()
			s.err = err
			s.mu.Unlock()
			_ = s.conn.Close()
			s.close()
			return
		}
		if len(buf) > 0 || taken > 0 {
			continue
		}
		if cap(buf) > keptBuffer {
			buf = nil
		}
		if wait <= 0 {
			wait = time.Hour
		}
		timer.Reset(wait)
		select {
		case <-s.wake:
		case <-timer.C:
		case <-s.done:
			return
		}
	}
}
