package rdp_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	mrand "math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/protocol/rdp"
	"github.com/porthole-rac/porthole/protocol/rdp/dvc"
	"github.com/porthole-rac/porthole/protocol/rdp/rdptest"
	"github.com/porthole-rac/porthole/protocol/rdp/x224"
)

// certificate is a server's, the same for all tests.
var certificate = sync.OnceValue(func() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "server"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
})

func der() []byte { return certificate().Certificate[0] }

// alice logs in to host.
func alice() rdp.Config {
	return rdp.Config{
		Rand: mrand.NewChaCha8([32]byte{1}), Now: time.Unix(1700000000, 0), Host: "host", Protocols: x224.TLS | x224.Hybrid | x224.HybridEx,
		Credentials: &rdp.Credentials{User: `DOM\alice`, Password: "wonder-1"}, ClientName: "porthole", Width: 800, Height: 600,
		RemoteFX: true, NSCodec: true, Dynamic: func(name string) bool { return name == "known" },
	}
}

// wonderland is her server.
func wonderland(p x224.Protocols) rdptest.Config {
	return rdptest.Config{
		Protocols: p, Flags: x224.ExtendedClientData, Host: "host", User: "alice", Domain: "DOM", Password: "wonder-1", Certificate: der(),
		MessageChannel: true,
	}
}

// link joins a client and a server without sockets and without TLS, whose part is
// told to both.
type link struct {
	t      *testing.T
	c      *rdp.Client
	s      *rdptest.Server
	chunk  int                               // bytes that the client gets at a time
	mangle func(offset int, b []byte) []byte // of what the server sends

	toClient, toServer []byte
	sent               int // bytes of the server
	log                []string
	events             []rdptest.Event
	hash               []byte // of the picture that is arriving
	rect               string
	// on is called with each event of the client.
	on func(rdp.Event)
}

func newLink(t *testing.T, c rdp.Config, s rdptest.Config, chunk int) *link {
	t.Helper()
	client, err := rdp.NewClient(c)
	if err != nil {
		t.Fatal(err)
	}
	return &link{t: t, c: client, s: rdptest.New(s), chunk: chunk}
}

// run lets both talk until neither has anything to say, or the client fails.
func (l *link) run() error {
	for {
		l.toServer = append(l.toServer, l.c.Output()...)
		ev, n, err := l.s.Next(l.toServer)
		l.toServer = l.toServer[n:]
		out := l.s.Output()
		if l.mangle != nil {
			out = l.mangle(l.sent, append([]byte(nil), out...))
		}
		l.sent += len(out)
		l.toClient = append(l.toClient, out...)
		if ev != nil {
			l.events = append(l.events, ev)
			if _, ok := ev.(*rdptest.StartTLS); ok {
				l.s.Secured()
			}
		}
		moved, cerr := l.feed()
		if cerr != nil {
			return cerr
		}
		if err != nil {
			// A server that gave up closes; what it said was read before.
			if len(l.c.Output()) == 0 {
				return l.c.Closed()
			}
		}
		if ev == nil && n == 0 && !moved && len(l.toServer) == 0 {
			return nil
		}
		if err != nil {
			return l.c.Closed()
		}
	}
}

// feed gives the client what the server sent.
func (l *link) feed() (moved bool, err error) {
	for {
		in := l.toClient[:min(len(l.toClient), l.chunk)]
		for {
			ev, n, err := l.c.Next(in)
			in, l.toClient = in[n:], l.toClient[n:]
			if out := l.c.Output(); len(out) > 0 {
				l.toServer = append(l.toServer, out...)
				moved = true
			}
			if err != nil {
				return moved, err
			}
			if ev == nil {
				break
			}
			moved = true
			l.note(ev)
			if l.on != nil {
				l.on(ev)
			}
			if _, ok := ev.(*rdp.StartTLS); ok {
				if err := l.c.Secured(der()); err != nil {
					return moved, err
				}
			}
		}
		if len(l.toClient) == 0 || l.c.Waiting() {
			return moved, nil
		}
	}
}

// note writes an event down. Pictures are one line, however they arrived.
func (l *link) note(ev rdp.Event) {
	switch ev := ev.(type) {
	case *rdp.Rect:
		l.rect, l.hash = fmt.Sprintf("%d,%d-%d,%d %v %d", ev.Left, ev.Top, ev.Right, ev.Bottom, ev.Codec, ev.Length), nil
	case *rdp.Data:
		l.hash = append(l.hash, ev.Bytes...)
	case *rdp.RectEnd:
		sum := sha256.Sum256(l.hash)
		l.log = append(l.log, fmt.Sprintf("rect %s %x", l.rect, sum[:4]))
	case *rdp.Pointer:
		l.log = append(l.log, fmt.Sprintf("pointer %d %dx%d hot %d,%d bpp %d %x %x", ev.Index, ev.Width, ev.Height, ev.HotX, ev.HotY, ev.BPP, ev.XOR, ev.AND))
	case *rdp.Active:
		l.log = append(l.log, fmt.Sprintf("active %dx%d first=%v", ev.Width, ev.Height, ev.First))
	case *dvc.Data:
		l.log = append(l.log, fmt.Sprintf("dvc %s total %d first=%v last=%v %d bytes", ev.Name, ev.Total, ev.First, ev.Last, len(ev.Bytes)))
	default:
		l.log = append(l.log, fmt.Sprintf("%T %v", ev, ev))
	}
}

// find gives the first event of the server of a type.
func find[T any](l *link) *T {
	for _, ev := range l.events {
		if e, ok := ev.(*T); ok {
			return e
		}
	}
	return nil
}

// connected is a link in its session.
func connected(t *testing.T, c rdp.Config, s rdptest.Config, chunk int) *link {
	t.Helper()
	l := newLink(t, c, s, chunk)
	if err := l.run(); err != nil {
		t.Fatalf("%v; so far: %v", err, l.log)
	}
	if !l.c.Active() {
		t.Fatalf("not active; so far: %v", l.log)
	}
	l.log, l.events = nil, nil
	return l
}
