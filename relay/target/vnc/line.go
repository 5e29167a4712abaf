package vnc

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/porthole-rac/porthole/protocol/rfb"
	"github.com/porthole-rac/porthole/protocol/rfb/ra2"
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

// records is a connection through the record layer of RSA-AES.
type records struct {
	rw     io.ReadWriter
	opener *ra2.Opener
	sealer *ra2.Sealer
	in     []byte // room for a record
	have   int    // bytes in it
	plain  []byte // a part of in that was not given yet
	taken  int    // bytes of in that plain's record has
	out    []byte
}

func newRecords(rw io.ReadWriter, start *rfb.StartRecords) *records {
	return &records{rw: rw, opener: start.Opener, sealer: start.Sealer, in: make([]byte, ra2.MaxPlain+ra2.Overhead)}
}

// Read implements io.Reader.
func (r *records) Read(p []byte) (int, error) {
	for len(r.plain) == 0 {
		copy(r.in, r.in[r.taken:r.have])
		r.have -= r.taken
		r.taken = 0
		var err error
		if r.plain, r.taken, err = r.opener.Next(r.in[:r.have]); err != nil {
			return 0, fmt.Errorf("rsa-aes: %w", err)
		}
		if r.taken > 0 {
			continue // a record may be empty
		}
		n, err := r.rw.Read(r.in[r.have:])
		r.have += n
		if n == 0 && err != nil {
			return 0, err
		}
	}
	n := copy(p, r.plain)
	r.plain = r.plain[n:]
	return n, nil
}

// Write implements io.Writer.
func (r *records) Write(p []byte) (int, error) {
	r.out = r.sealer.Append(r.out[:0], p)
	if _, err := r.rw.Write(r.out); err != nil {
		return 0, err
	}
	if cap(r.out) > keptBuffer {
		r.out = nil
	}
	return len(p), nil
}

// keptBuffer is how large a buffer may be to be kept.
const keptBuffer = 64 << 10

// clone keeps bytes that belong to somebody else.
func clone(b []byte) []byte { return bytes.Clone(b) }
