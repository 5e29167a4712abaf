package vnc

import (
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/porthole-rac/porthole/protocol/rfb"
)

// line is one connection to the server, logged in.
type line struct {
	conn  net.Conn      // the socket
	rw    io.ReadWriter // through what was chosen; one may read while another writes
	rest  []byte        // was read and belongs to the session
	ready *rfb.Ready
	rtt   time.Duration // how long TCP took to connect, about a round trip; 0: not known
}

// close breaks the connection for all who read and write.
func (l *line) close() { _ = l.conn.Close() }

// watched counts the time without a step forward, and can stop while a person
// thinks.
type watched struct {
	net.Conn
	limit   time.Duration
	timer   *time.Timer
	expired atomic.Bool
	read    atomic.Int64
}

func watch(conn net.Conn, limit time.Duration) *watched {
	w := &watched{Conn: conn, limit: limit}
	w.timer = time.AfterFunc(limit, func() {
		w.expired.Store(true)
		_ = conn.Close()
	})
	return w
}

func (w *watched) pause()  { w.timer.Stop() }
func (w *watched) resume() { w.timer.Reset(w.limit) }

// Read implements net.Conn.
func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.read.Add(int64(n))
	return n, err
}

// behind is a connection of which some bytes were read already.
type behind struct {
	net.Conn
	rest []byte
}

// Read implements net.Conn.
func (b *behind) Read(p []byte) (int, error) {
	if len(b.rest) > 0 {
		n := copy(p, b.rest)
		if b.rest = b.rest[n:]; len(b.rest) == 0 {
			b.rest = nil
		}
		return n, nil
	}
	return b.Conn.Read(p)
}

// keptBuffer is how large a buffer may be to be kept.
const keptBuffer = 64 << 10
