package authentik_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/porthole-rac/porthole/authority/authentik"
	"github.com/porthole-rac/porthole/authority/authentik/authentiktest"
	"github.com/porthole-rac/porthole/protocol/wire"
)

// Something comes through an idle tunnel all the time, so that the page does not
// give up and authentik looks at the token's expiry.
func TestIdleTunnelIsKeptInMotion(t *testing.T) {
	s := newServer(t, authentiktest.Config{})
	f := run(t, s.URL)
	f.up(s)
	conn, err := sshToken(s).Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }()
	f.next()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	start := time.Now()
	for range 5 {
		_, p, err := conn.Read(ctx)
		if err != nil || string(p) != "3.nop;" {
			t.Fatalf("%q, %v", p, err)
		}
	}
	if d := time.Since(start); d < 3*quick.Nop {
		t.Errorf("five signs of life in %v", d)
	}
}

// A page that was heard, and is not heard for long, has gone with its worker.
func TestDeafTunnelIsClosed(t *testing.T) {
	s := newServer(t, authentiktest.Config{})
	f := run(t, s.URL, withTiming(func(x *authentik.Timing) { x.Deaf = 300 * time.Millisecond }))
	f.up(s)
	p := open(t, sshToken(s))
	c := f.next()
	p.works()
	s.Recycle(authentiktest.BrowserSockets, true)
	p.closed()
	c.lives(t)
	c.ends(t, wire.EndAbandoned)
	f.logged("has long said nothing")
}

// Binary messages and long ones come through as far as authentik passes them on.
func TestMessagesOfEveryVersion(t *testing.T) {
	for _, name := range []string{"2025.10.0", "2026.9.0"} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, authentiktest.Config{Version: authentiktest.VersionOf(name)})
			f := run(t, s.URL)
			f.up(s)
			p := open(t, sshToken(s))
			f.next()
			p.works()
			long := "4.blob,1.0," + "60000." + strings.Repeat("x", 60000) + ";"
			p.say(long)
			p.say("0.,4.ping,1.1;")
			p.say("0.,4.ping,1.2;4.sync,1.9;")
			_ = p.Write(t.Context(), websocket.MessageBinary, []byte("4.sync,1.8;"))
			p.say("3.end;")
			want := []string{long, "0.,4.ping,1.1;", "0.,4.ping,1.2;4.sync,1.9;", "4.sync,1.8;", "3.end;"}
			if authentiktest.VersionOf(name).Parses {
				want = []string{"4.sync,1.9;", "3.end;"}
			}
			for _, w := range want {
				select {
				case got := <-p.echoes:
					if strings.HasPrefix(got, "4.sync,8.") {
						t.Fatal("an answer to what was answered")
					}
					if got != w {
						t.Errorf("got %.80q, want %.80q", got, w)
					}
				case <-time.After(10 * time.Second):
					t.Fatalf("never came: %.80q", w)
				}
			}
		})
	}
}

// line is a TCP proxy that can be cut, and choked so that nothing passes any more and
// nobody is told.
type line struct {
	net.Listener
	to     string
	choked atomic.Bool
	wait   sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]bool
}

func newLine(t *testing.T, to string) (l *line, address string) {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	n, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l = &line{Listener: n, to: u.Host, conns: make(map[net.Conn]bool)}
	l.wait.Go(func() {
		for {
			c, err := n.Accept()
			if err != nil {
				return
			}
			l.wait.Go(func() { l.carry(c) })
		}
	})
	t.Cleanup(func() { n.Close(); l.cut(); l.wait.Wait() })
	u.Host = n.Addr().String()
	return l, u.String()
}

func (l *line) carry(c net.Conn) {
	d, err := net.Dial("tcp", l.to)
	if err != nil {
		c.Close()
		return
	}
	l.mu.Lock()
	l.conns[c], l.conns[d] = true, true
	l.mu.Unlock()
	pass := func(dst, src net.Conn) {
		defer dst.Close()
		b := make([]byte, 32<<10)
		for {
			n, err := src.Read(b)
			if err != nil {
				return
			}
			if !l.choked.Load() {
				if _, err := dst.Write(b[:n]); err != nil {
					return
				}
			}
		}
	}
	l.wait.Go(func() { pass(c, d) })
	pass(d, c)
}

func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		c.Close()
	}
	clear(l.conns)
}

// Lines between outpost and authentik are cut all the time: tunnels are lost with
// them, and whoever comes afterwards is served.
func TestChaosOnTheLine(t *testing.T) {
	s := newServer(t, authentiktest.Config{})
	l, address := newLine(t, s.URL)
	f := run(t, address, withGrace(long))
	f.up(s)
	k := sshToken(s)
	for range 10 {
		q := open(t, k)
		l.cut()
		wait(t, "connected again", func() bool { return f.Status().Connected })
		_ = q.CloseNow()
	}
	l.cut()
	wait(t, "a connection works", func() bool {
		q := open(t, k)
		defer func() { _ = q.CloseNow() }()
		for range 20 {
			q.say("4.sync,1.1;")
			select {
			case <-q.echoes:
				return true
			case <-q.over:
				return false
			case <-time.After(20 * time.Millisecond):
			}
		}
		return false
	})
	wait(t, "one connection is told", func() bool { return len(s.Instances()) == 1 && s.Instances()[0].Active() == 1 })
}

// AUTHENTIK_HOST's query and the proxy of the environment are used for every request.
func TestProxyAndQuery(t *testing.T) {
	var without atomic.Int32
	var mu sync.Mutex
	seen := make(map[string]bool)
	s := newServer(t, authentiktest.Config{Path: "/auth/", TLS: true})
	gate := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A proxy: CONNECT to authentik.
		if r.Method != http.MethodConnect {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		mu.Lock()
		seen[r.Host] = true
		mu.Unlock()
		d, err := net.Dial("tcp", r.Host)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		w.WriteHeader(http.StatusOK)
		c, buffered, err := w.(http.Hijacker).Hijack()
		if err != nil {
			d.Close()
			return
		}
		go func() { _, _ = io.Copy(d, buffered); d.Close() }()
		_, _ = io.Copy(c, d)
		c.Close()
	}))
	defer gate.Close()
	at, _ := url.Parse(gate.URL)
	s.Watch(func(r *http.Request) {
		if r.URL.Query().Get("gate") != "s3cret" && !strings.Contains(r.URL.Path, "/ws/rac/") {
			without.Add(1)
		}
	})
	f := run(t, s.URL+"?gate=s3cret", func(c *authentik.Config) {
		c.Insecure = true
		c.Proxy = http.ProxyURL(at)
	})
	f.up(s)
	p := open(t, sshToken(s))
	f.next()
	p.works()
	mu.Lock()
	if u, _ := url.Parse(s.URL); !seen[u.Host] {
		t.Error("the proxy was not used")
	}
	mu.Unlock()
	if n := without.Load(); n > 0 {
		t.Errorf("%d requests without the query", n)
	}
	f.stop()
}

func TestMetrics(t *testing.T) {
	s := newServer(t, authentiktest.Config{})
	f := run(t, s.URL, withGrace(long))
	f.up(s)
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(f)
	p := open(t, sshToken(s))
	f.next()
	p.works()
	value := func(name string) float64 {
		all, err := reg.Gather()
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, m := range all {
			if m.GetName() == name {
				for _, one := range m.GetMetric() {
					sum += one.GetGauge().GetValue() + one.GetCounter().GetValue()
				}
			}
		}
		return sum
	}
	for name, want := range map[string]float64{
		"authentik_outpost_info": 1, "authentik_outpost_connection": 1, "porthole_outpost_tunnels": 1, "porthole_outpost_connections": 1,
		"porthole_outpost_requests_total": 1, "porthole_outpost_control_opened_total": 1, "porthole_outpost_control_failed_total": 0,
	} {
		if got := value(name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if at := value("authentik_outpost_last_update"); at < float64(time.Now().Add(-time.Minute).Unix()) {
		t.Errorf("last update %v", at)
	}
	s.Down(502)
	s.Recycle(authentiktest.ControlSockets, true)
	wait(t, "the loss is counted", func() bool {
		return value("authentik_outpost_connection") == 0 && value("porthole_outpost_control_failed_total") > 1
	})
}
