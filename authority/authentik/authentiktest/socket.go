package authentiktest

import (
	"context"
	"net/http"
	"sync"

	"github.com/coder/websocket"
)

// frame is a WebSocket message.
type frame struct {
	binary bool
	data   []byte
}

// socket is a WebSocket with a queue that has no bound, as authentik's channel
// layer has none.
type socket struct {
	conn *websocket.Conn
	done chan struct{} // closed when the writer has gone

	mu      sync.Mutex
	queue   []frame
	bytes   int // in queue
	most    int // ever
	closing *websocket.CloseError
	wake    chan struct{} // capacity 1
}

func accept(w http.ResponseWriter, r *http.Request, subprotocols ...string) (*socket, error) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols: subprotocols, InsecureSkipVerify: true, CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(16 << 20)
	s := &socket{conn: conn, done: make(chan struct{}), wake: make(chan struct{}, 1)}
	go s.write()
	return s, nil
}

// send queues a message.
func (s *socket) send(f frame) {
	s.mu.Lock()
	if s.closing == nil {
		s.queue = append(s.queue, f)
		s.bytes += len(f.data)
		s.most = max(s.most, s.bytes)
	}
	s.mu.Unlock()
	s.signal()
}

func (s *socket) text(t string) { s.send(frame{data: []byte(t)}) }

// close closes the socket when what is queued has been sent.
func (s *socket) close(code websocket.StatusCode) {
	s.mu.Lock()
	if s.closing == nil {
		s.closing = &websocket.CloseError{Code: code}
	}
	s.mu.Unlock()
	s.signal()
}

// cut ends the socket without a word.
func (s *socket) cut() { _ = s.conn.CloseNow() }

func (s *socket) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// write runs until the socket ends.
func (s *socket) write() {
	defer close(s.done)
	for range s.wake {
		for {
			s.mu.Lock()
			if len(s.queue) == 0 {
				closing := s.closing
				s.mu.Unlock()
				if closing != nil {
					_ = s.conn.Close(closing.Code, "")
					return
				}
				break
			}
			f := s.queue[0]
			s.queue = s.queue[1:]
			s.bytes -= len(f.data)
			s.mu.Unlock()
			kind := websocket.MessageText
			if f.binary {
				kind = websocket.MessageBinary
			}
			if s.conn.Write(context.Background(), kind, f.data) != nil {
				return
			}
		}
	}
}

// over ends what is left of the socket and waits for its writer.
func (s *socket) over() {
	_ = s.conn.CloseNow()
	s.close(websocket.StatusNormalClosure)
	<-s.done
}
