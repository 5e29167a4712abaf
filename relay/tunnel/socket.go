package tunnel

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/protocol/tunnel"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/session"
)

var _ session.Socket = (*socket)(nil)

var (
	errShut   = errors.New("socket closed")
	errWindow = errors.New("the page sends more than it may")
	errAck    = errors.New("the page acknowledges what was not sent")
)

const keptMessage = 16 << 10 // bytes of a message's memory kept between messages

// socket is a browser's socket made of the parts that come through a tunnel.
type socket struct {
	tunnel authority.Tunnel
	number uint64
	closed chan struct{}
	came   chan struct{} // capacity 1: parts or acknowledgements may have come
	room   chan struct{} // capacity 1

	mu     sync.Mutex
	over   bool
	parts  [tunnel.Window]part // a ring; the memory of parts is used again
	first  int
	count  int
	sent   uint64 // parts to the page
	theirs uint64 // of them, acknowledged by the page

	// Of the reader.
	message []byte
	taken   uint64
	told    uint64 // parts acknowledged to the page
	ack     []byte
	// Of the writer.
	out []byte
}

type part struct {
	data []byte
	last bool
}

func newSocket(t authority.Tunnel, number uint64) *socket {
	return &socket{
		tunnel: t, number: number,
		closed: make(chan struct{}), came: make(chan struct{}, 1), room: make(chan struct{}, 1),
	}
}

// push takes a part from the tunnel. It fails for a page that ignores the window.
func (s *socket) push(d *tunnel.Data) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return nil
	}
	if s.count == len(s.parts) {
		return errWindow
	}
	p := &s.parts[(s.first+s.count)%len(s.parts)]
	var err error
	if p.data, err = d.Decode(p.data[:0]); err != nil {
		return err
	}
	p.last = d.Last
	s.count++
	signal(s.came)
	return nil
}

// acked notes that the page has taken parts.
func (s *socket) acked(parts uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if parts > s.sent {
		return errAck
	}
	s.theirs = max(s.theirs, parts)
	signal(s.room)
	return nil
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// shut ends the socket, for both directions.
func (s *socket) shut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.over {
		s.over = true
		close(s.closed)
	}
}

// Read implements session.Socket.
func (s *socket) Read(ctx context.Context) ([]byte, error) {
	if cap(s.message) > keptMessage {
		s.message = nil
	}
	s.message = s.message[:0]
	for {
		last, ok, err := s.take()
		if err != nil {
			return nil, fmt.Errorf("read message: %w", err)
		}
		if !ok {
			select {
			case <-s.came:
			case <-s.closed:
				return nil, fmt.Errorf("read message: %w", errShut)
			case <-ctx.Done():
				return nil, fmt.Errorf("read message: %w", ctx.Err())
			}
			continue
		}
		s.taken++
		if s.taken-s.told >= tunnel.AckEvery {
			s.told = s.taken
			s.ack = tunnel.AppendAck(s.ack[:0], s.number, s.taken)
			if err := s.tunnel.Write(ctx, s.ack); err != nil {
				return nil, fmt.Errorf("acknowledge: %w", err)
			}
		}
		if last {
			return s.message, nil
		}
	}
}

// take appends the next part to the message, if there is one.
func (s *socket) take() (last, ok bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.over:
		return false, false, errShut
	case s.count == 0:
		return false, false, nil
	}
	p := &s.parts[s.first]
	if len(s.message)+len(p.data) > wire.MaxFromBrowser {
		return false, false, wire.ErrTooLong
	}
	s.message = append(s.message, p.data...)
	s.first = (s.first + 1) % len(s.parts)
	s.count--
	return p.last, true, nil
}

// Write implements session.Socket.
func (s *socket) Write(ctx context.Context, p []byte) error {
	for first := true; first || len(p) > 0; first = false {
		if err := s.reserve(ctx); err != nil {
			return fmt.Errorf("write message: %w", err)
		}
		n := min(len(p), tunnel.MaxPart)
		s.out = tunnel.AppendData(s.out[:0], s.number, n == len(p), p[:n])
		p = p[n:]
		if err := s.tunnel.Write(ctx, s.out); err != nil {
			return fmt.Errorf("write message: %w", err)
		}
	}
	return nil
}

// reserve waits until one more part may be on its way.
func (s *socket) reserve(ctx context.Context) error {
	for {
		s.mu.Lock()
		ok := !s.over && s.sent-s.theirs < tunnel.Window
		if ok {
			s.sent++
		}
		s.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-s.room:
		case <-s.closed:
			return errShut
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Close implements session.Socket. What was written is with the tunnel already.
func (s *socket) Close() { s.shut() }

// Abort implements session.Socket.
func (s *socket) Abort() { s.shut() }
