package authentik

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/porthole-rac/porthole/authority"
)

var _ authority.Tunnel = (*tunnel)(nil)

const (
	maxTunnelMessage = 1 << 20 // bytes from the browser; its clipboard comes in blobs of 6 KiB
	tunnelBuffer     = 4 << 10 // bytes of the read buffer kept between messages
	nopLimit         = 10 * time.Second
)

var (
	nop     = []byte("3.nop;")
	goodbye = "0.authentik.disconnect" // no instruction: it lacks the end
)

// errGoodbye means that authentik has closed a tunnel in the ordinary way.
var errGoodbye = errors.New("authentik said goodbye")

// tunnel is a data WebSocket.
type tunnel struct {
	conn  *websocket.Conn
	log   *slog.Logger
	ended func(goodbye bool) // called once, as soon as the tunnel is known to be over

	ctx    context.Context // until the tunnel has ended
	cancel context.CancelFunc
	once   sync.Once

	buf     []byte
	writing atomic.Int32
	wrote   atomic.Bool  // since the last beat
	heard   atomic.Int64 // when the browser said something last, unix nanoseconds; 0: never
	sent    atomic.Bool  // anything but nop, ever
}

func newTunnel(ctx context.Context, conn *websocket.Conn, log *slog.Logger, ended func(goodbye bool)) *tunnel {
	conn.SetReadLimit(maxTunnelMessage)
	t := &tunnel{conn: conn, log: log, ended: ended}
	t.ctx, t.cancel = context.WithCancel(ctx)
	return t
}

// Read implements authority.Tunnel.
func (t *tunnel) Read(ctx context.Context) ([]byte, error) {
	p, err := t.read(ctx)
	if err != nil { // an ended ctx, too, ends a WebSocket
		t.over(errors.Is(err, errGoodbye))
	}
	return p, err
}

func (t *tunnel) read(ctx context.Context) ([]byte, error) {
	_, r, err := t.conn.Reader(ctx)
	if err != nil {
		return nil, fmt.Errorf("read tunnel: %w", err)
	}
	if t.buf == nil || cap(t.buf) > 4*tunnelBuffer {
		t.buf = make([]byte, tunnelBuffer)
	}
	t.buf = t.buf[:cap(t.buf)]
	n := 0
	for {
		if n == len(t.buf) {
			t.buf = append(t.buf, 0)
			t.buf = t.buf[:cap(t.buf)]
		}
		m, err := r.Read(t.buf[n:])
		n += m
		switch {
		case err == io.EOF: //nolint:errorlint // io.Reader's contract
			if string(t.buf[:n]) == goodbye {
				return nil, fmt.Errorf("read tunnel: %w", errGoodbye)
			}
			t.heard.Store(time.Now().UnixNano())
			return t.buf[:n], nil
		case err != nil:
			return nil, fmt.Errorf("read tunnel: %w", err)
		}
	}
}

// Write implements authority.Tunnel.
func (t *tunnel) Write(ctx context.Context, p []byte) error {
	t.sent.Store(true)
	return t.write(ctx, p)
}

func (t *tunnel) write(ctx context.Context, p []byte) error {
	t.writing.Add(1)
	defer t.writing.Add(-1)
	t.wrote.Store(true)
	if err := t.conn.Write(ctx, websocket.MessageText, p); err != nil {
		return fmt.Errorf("write tunnel: %w", err)
	}
	return nil
}

// Close implements authority.Tunnel.
func (t *tunnel) Close() {
	_ = t.conn.Close(websocket.StatusNormalClosure, "")
	t.over(false)
}

// Abort implements authority.Tunnel.
func (t *tunnel) Abort() {
	_ = t.conn.CloseNow()
	t.over(false)
}

// over makes the end known, once.
func (t *tunnel) over(goodbye bool) {
	t.once.Do(func() {
		t.ended(goodbye)
		t.cancel()
	})
}

// beat keeps the tunnel in motion until it ends: authentik looks at the expiry of
// a connection token only when something passes, and the stock page gives up
// after ten seconds without a message. Pings find out that the line is dead.
func (t *tunnel) beat(timing *Timing) {
	every := timing.Nop
	tick := time.NewTicker(every)
	defer tick.Stop()
	started := time.Now()
	for beats := 1; ; beats++ {
		select {
		case <-t.ctx.Done():
			return
		case <-tick.C:
		}
		// What is being written at this moment is as good, and it may well be
		// waiting for a line that is full.
		if !t.wrote.Swap(false) && t.writing.Load() == 0 {
			if err := t.within(nopLimit, func(ctx context.Context) error { return t.write(ctx, nop) }); err != nil {
				return
			}
			t.wrote.Store(false)
		}
		if beats%5 == 0 && t.writing.Load() == 0 {
			if err := t.within(max(4*every, nopLimit), t.conn.Ping); err != nil {
				return
			}
		}
		if why := t.silent(started, timing); why != "" {
			t.log.Warn(why)
			t.Abort()
			return
		}
	}
}

// silent says why a tunnel through which nothing comes is to be closed, empty: it
// is not.
func (t *tunnel) silent(started time.Time, timing *Timing) string {
	switch heard := t.heard.Load(); {
	case heard != 0 && time.Since(time.Unix(0, heard)) > timing.Deaf:
		// When a worker of authentik dies with the browser's socket, nobody says so.
		return "the browser has long said nothing, so its tunnel is closed"
	case heard == 0 && t.sent.Load() && time.Since(started) > timing.Mute:
		// The loser of two outposts is never told, and what it sends reaches the
		// browser all the same.
		return "nothing comes from the browser through this tunnel, so it is closed; if this happens again, look whether two outposts have " +
			"the same provider: each provider may have one, with any number of instances"
	}
	return ""
}

// within runs f with a limit; when it fails the tunnel is over.
func (t *tunnel) within(limit time.Duration, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(t.ctx, limit)
	defer cancel()
	err := f(ctx)
	if err != nil && t.ctx.Err() == nil && !errors.Is(err, net.ErrClosed) {
		t.log.Info("tunnel does not answer", "error", err)
		t.Abort()
	}
	return err
}
