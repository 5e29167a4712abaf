package link_test

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/porthole-rac/porthole/scripts/bench/link"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Everything arrives, in order, no sooner than it may, and is counted.
func TestLink(t *testing.T) {
	for _, delay := range []time.Duration{0, 30 * time.Millisecond} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go func() {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			_, _ = io.Copy(c, c)
		}()
		k, err := link.New(l.Addr().String(), delay)
		if err != nil {
			t.Fatal(err)
		}
		c, err := net.Dial("tcp", k.Address())
		if err != nil {
			t.Fatal(err)
		}
		data := bytes.Repeat([]byte("GET /ws/"), 100_000)
		begin := time.Now()
		go func() {
			_, _ = c.Write(data)
			_ = c.(*net.TCPConn).CloseWrite()
		}()
		got, err := io.ReadAll(c)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%v: %d of %d bytes, %v", delay, len(got), len(data), err)
		}
		if took := time.Since(begin); took < 2*delay {
			t.Errorf("%v: there and back in %v", delay, took)
		}
		_ = c.Close()
		k.Close()
		if n := int64(len(data)); k.Up() != n || k.Down() != n || k.Socket() != n {
			t.Errorf("%v: counted %d up, %d down, %d of a socket; want %d", delay, k.Up(), k.Down(), k.Socket(), n)
		}
	}
}
