//go:build js

package link

import (
	"context"
	"syscall/js"
	"time"

	"github.com/porthole-rac/porthole/protocol/wire"
)

const (
	firstWait   = 250 * time.Millisecond
	longestWait = 10 * time.Second
	dialTimeout = 15 * time.Second
	pingEvery   = 10 * time.Second
	deadAfter   = 3 * pingEvery

	statusNormal          = 1000 // RFC 6455, 7.4.1
	statusPolicyViolation = 4008 // RFC 6455's 1008 is not for pages
)

// Events is what a Link tells its owner. Only the link's goroutine calls it.
type Events struct {
	Hello   func() *wire.Hello // what to open with
	Message func(t wire.Type, body []byte)
	Batch   func() // all records of one message have been handled
	// Lost tells that the socket is gone, and when it is tried again.
	Lost func(attempt int, in time.Duration)
	// Hidden tells whether nobody sees the page; its timers are slow then.
	Hidden func() bool
	// Take, when not nil, gets each message as an ArrayBuffer and gives its records,
	// or what shall be handled in their place. Without it a message is copied whole.
	Take func(message js.Value) ([]byte, error)
}

// Link holds the connection.
type Link struct {
	url    string
	events Events
	conn   *socket
	closed bool
	clock  js.Value // performance
	retry  chan struct{}
	buf    []byte

	Sent, Received uint64 // bytes
	Welcomed       bool   // the relay has taken the hello on this socket
	RTT            time.Duration
	Connected      time.Time
	heard          time.Time
}

// New makes a link; Run runs it.
func New(url string, e Events) *Link {
	return &Link{url: url, events: e, clock: js.Global().Get("performance"), retry: make(chan struct{}, 1)}
}

// Run connects, reads, and connects again until Close. until bounds the time
// without a connection.
func (l *Link) Run(until func() time.Duration) {
	var lost time.Time
	for attempt := 0; !l.closed; attempt++ {
		if l.once() {
			attempt, lost = 0, time.Time{}
		}
		if l.closed {
			return
		}
		now := time.Now()
		if lost.IsZero() {
			lost = now
		}
		if now.Sub(lost) > until() {
			l.events.Lost(-1, 0)
			return
		}
		wait := min(firstWait<<min(attempt, 10), longestWait)
		l.events.Lost(attempt+1, wait)
		select {
		case <-time.After(wait):
		case <-l.retry:
		}
	}
}

// Retry connects now instead of waiting.
func (l *Link) Retry() {
	select {
	case l.retry <- struct{}{}:
	default:
	}
}

// once runs one socket until it ends; it tells whether it was welcomed.
func (l *Link) once() bool {
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
	conn, err := dial(ctx, l.url, l.events.Take)
	cancel()
	if err != nil {
		return false
	}
	l.conn, l.Welcomed = conn, false
	l.heard, l.Connected = time.Now(), time.Now()
	ctx, cancel = context.WithCancel(context.Background())
	defer cancel()
	l.Send(l.events.Hello().Append(nil))
	go l.ping(ctx, conn)
	for {
		p, n, err := conn.read()
		l.Received += uint64(n)
		if err != nil {
			l.conn = nil
			conn.abort()
			return l.Welcomed
		}
		l.heard = time.Now()
		for len(p) > 0 {
			var t wire.Type
			var body []byte
			if t, body, p, err = wire.Next(p); err != nil {
				conn.close(statusPolicyViolation, "record")
				break
			}
			l.receive(t, body)
		}
		l.events.Batch()
		conn.breathe()
	}
}

// receive handles what concerns the link alone, and hands the rest on.
func (l *Link) receive(t wire.Type, body []byte) {
	switch t {
	case wire.TypePing:
		var m wire.Ping
		if m.Decode(body) == nil {
			r := wire.Pong{Time: m.Time}
			l.Send(r.Append(l.buf[:0]))
		}
	case wire.TypePong:
		var m wire.Pong
		if m.Decode(body) == nil {
			l.RTT = time.Duration(l.micros()-m.Time) * time.Microsecond
		}
	case wire.TypeWelcome:
		l.Welcomed = true
		l.events.Message(t, body)
	default:
		l.events.Message(t, body)
	}
}

// ping measures the way there and back, and finds out that the line is dead.
func (l *Link) ping(ctx context.Context, conn *socket) {
	for {
		if time.Since(l.heard) > deadAfter {
			conn.abort()
			return
		}
		if !l.events.Hidden() {
			m := wire.Ping{Time: l.micros(), RTT: uint64(l.RTT.Microseconds())}
			l.Send(m.Append(l.buf[:0]))
		} else {
			l.heard = time.Now() // timers are slow in a hidden tab; the relay watches
		}
		select {
		case <-time.After(pingEvery):
		case <-ctx.Done():
			return
		}
	}
}

func (l *Link) micros() uint64 { return uint64(l.clock.Call("now").Float() * 1000) }

// Send sends records. Without a connection they are dropped; false tells so.
func (l *Link) Send(p []byte) bool {
	if l.conn == nil {
		return false
	}
	l.Sent += uint64(len(p))
	return l.conn.write(p)
}

// Open tells whether there is a socket that was welcomed.
func (l *Link) Open() bool { return l.conn != nil && l.Welcomed }

// Drop ends the socket; another one is opened at once.
func (l *Link) Drop() {
	if l.conn != nil {
		l.conn.abort()
	}
	l.Retry()
}

// Close ends the link for good.
func (l *Link) Close() {
	l.closed = true
	if l.conn != nil {
		l.conn.close(statusNormal, "")
	}
	l.Retry()
}
