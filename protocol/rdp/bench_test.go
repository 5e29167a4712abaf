package rdp_test

import (
	"testing"

	"github.com/porthole-rac/porthole/protocol/rdp"
	"github.com/porthole-rac/porthole/protocol/rdp/input"
	"github.com/porthole-rac/porthole/protocol/rdp/rdptest"
	"github.com/porthole-rac/porthole/protocol/rdp/update"
	"github.com/porthole-rac/porthole/protocol/rdp/x224"
)

// inSession is a client in its session.
func inSession(b *testing.B) (*rdp.Client, *rdptest.Server) {
	l := &link{chunk: 1 << 20, s: rdptest.New(wonderland(x224.TLS))}
	var err error
	if l.c, err = rdp.NewClient(alice()); err != nil {
		b.Fatal(err)
	}
	if err := l.run(); err != nil || !l.c.Active() {
		b.Fatal(err)
	}
	return l.c, l.s
}

// BenchmarkPictures frames 100 KB of RemoteFX in fragments of 12 KB, as read at once, and
// as read in pieces of 16 KB, of which some cut frames.
func BenchmarkPictures(b *testing.B) {
	for name, chunk := range map[string]int{"at once": 1 << 20, "in pieces": 16 << 10} {
		b.Run(name, func(b *testing.B) {
			c, s := inSession(b)
			s.FastPath(update.Surface, rdptest.Frame(7, 0, 0, 640, 64, 3, make([]byte, 100_000)), 0)
			wire := s.Output()
			b.SetBytes(int64(len(wire)))
			b.ReportAllocs()
			for b.Loop() {
				for at := 0; at < len(wire); at += chunk {
					for in := wire[at:min(at+chunk, len(wire))]; ; {
						ev, n, err := c.Next(in)
						in = in[n:]
						if err != nil {
							b.Fatal(err)
						}
						if ev == nil {
							break
						}
					}
				}
				c.Output()
			}
		})
	}
}

// BenchmarkInput sends a movement of the mouse.
func BenchmarkInput(b *testing.B) {
	c, _ := inSession(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Input(input.Move(1, 2)); err != nil {
			b.Fatal(err)
		}
		c.Output()
	}
}

// BenchmarkConnect is a whole connection with NLA, both sides of it.
func BenchmarkConnect(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		l := &link{chunk: 1 << 20, s: rdptest.New(wonderland(x224.Hybrid))}
		l.c, _ = rdp.NewClient(alice())
		if err := l.run(); err != nil || !l.c.Active() {
			b.Fatal(err)
		}
	}
}
