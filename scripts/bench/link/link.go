// Package link is a TCP line between two programs of a benchmark: it counts what
// passes, and can be as long as a line around the world.
package link

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	chunk = 64 << 10
	// inFlight bounds what is on the line in one direction, chunks: 16 MiB, more
	// than anybody sends in the delays that are measured.
	inFlight = 256
)

// Link passes connections on to an address.
type Link struct {
	listener net.Listener
	to       string
	delay    time.Duration
	done     sync.WaitGroup
	mu       sync.Mutex
	conns    map[net.Conn]bool // nil: closed
	down     atomic.Int64
	socket   atomic.Int64
	up       atomic.Int64
}

// New listens on a free port of this machine. Each direction takes delay.
func New(to string, delay time.Duration) (*Link, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	k := &Link{listener: l, to: to, delay: delay, conns: make(map[net.Conn]bool)}
	k.done.Go(k.accept)
	return k, nil
}

// Address is where to connect to.
func (k *Link) Address() string { return k.listener.Addr().String() }

// Down counts the bytes that came from the address, ever; Up those to it.
func (k *Link) Down() int64 { return k.down.Load() }

// Up counts the bytes that went to the address, ever.
func (k *Link) Up() int64 { return k.up.Load() }

// Socket is the part of Down that came over WebSockets of Porthole's.
func (k *Link) Socket() int64 { return k.socket.Load() }

// Close ends all connections.
func (k *Link) Close() {
	_ = k.listener.Close()
	k.mu.Lock()
	for c := range k.conns {
		_ = c.Close()
	}
	k.conns = nil
	k.mu.Unlock()
	k.done.Wait()
}

// keep remembers a connection, unless everything is closed.
func (k *Link) keep(c net.Conn) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.conns == nil {
		_ = c.Close()
		return false
	}
	k.conns[c] = true
	return true
}

func (k *Link) drop(c net.Conn) {
	_ = c.Close()
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.conns, c)
}

func (k *Link) accept() {
	for {
		near, err := k.listener.Accept()
		if err != nil {
			return
		}
		if k.keep(near) {
			k.done.Go(func() { k.serve(near) })
		}
	}
}

func (k *Link) serve(near net.Conn) {
	defer k.drop(near)
	far, err := net.Dial("tcp", k.to)
	if err != nil || !k.keep(far) {
		return
	}
	defer k.drop(far)
	var isSocket atomic.Bool
	var both sync.WaitGroup
	both.Go(func() {
		k.pass(far, near, func(p []byte) {
			if strings.HasPrefix(string(p[:min(len(p), 8)]), "GET /ws/") {
				isSocket.Store(true)
			}
			k.up.Add(int64(len(p)))
		})
	})
	both.Go(func() {
		k.pass(near, far, func(p []byte) {
			k.down.Add(int64(len(p)))
			if isSocket.Load() {
				k.socket.Add(int64(len(p)))
			}
		})
	})
	both.Wait()
}

// pass copies one direction, and ends it when it ends.
func (k *Link) pass(to, from net.Conn, count func([]byte)) {
	defer func() {
		if c, ok := to.(*net.TCPConn); ok {
			_ = c.CloseWrite()
		}
	}()
	if k.delay == 0 {
		buf := make([]byte, chunk)
		for {
			n, err := from.Read(buf)
			if n > 0 {
				count(buf[:n])
				if _, err := to.Write(buf[:n]); err != nil {
					_ = from.Close()
					return
				}
			}
			if err != nil {
				return
			}
		}
	}
	type piece struct {
		due  time.Time
		data []byte
	}
	line := make(chan piece, inFlight)
	failed := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		for p := range line {
			time.Sleep(time.Until(p.due))
			count(p.data)
			if _, err := to.Write(p.data); err != nil {
				close(failed)
				_ = from.Close()
				return
			}
		}
	})
	defer writer.Wait()
	defer close(line)
	for {
		buf := make([]byte, chunk)
		n, err := from.Read(buf)
		if n > 0 {
			select {
			case line <- piece{time.Now().Add(k.delay), buf[:n]}:
			case <-failed:
				return
			}
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				_ = to.Close()
			}
			return
		}
	}
}
