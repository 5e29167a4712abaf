package outpost_test

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/porthole-rac/porthole/authority/authentik/authentiktest"
	"github.com/porthole-rac/porthole/protocol/guac"
	"github.com/porthole-rac/porthole/scripts/targets"
)

// stockPage is authentik's own page without a browser: it answers syncs and counts what
// it is told.
type stockPage struct {
	t    *testing.T
	conn *websocket.Conn
	done chan struct{}

	mu    sync.Mutex
	count map[string]int // by opcode
	last  map[string]string
}

func openStock(t *testing.T, token *authentiktest.Token) *stockPage {
	t.Helper()
	conn, err := token.Open(context.Background(), nil)
	must(t, err)
	p := &stockPage{t: t, conn: conn, done: make(chan struct{}), count: map[string]int{}, last: map[string]string{}}
	go p.run()
	t.Cleanup(func() { _ = conn.CloseNow(); <-p.done })
	return p
}

func (p *stockPage) run() {
	defer close(p.done)
	parser := guac.Parser{Units: 1 << 20}
	for {
		kind, m, err := p.conn.Read(context.Background())
		if err != nil {
			return
		}
		if kind != websocket.MessageText {
			p.t.Error("a binary message, which newer releases of authentik drop")
		}
		for len(m) > 0 {
			in, rest, err := parser.Next(m)
			if err != nil {
				p.t.Errorf("%.80q: %v", m, err)
				return
			}
			m = rest
			p.mu.Lock()
			p.count[string(in.Opcode)]++
			p.last[string(in.Opcode)] = string(in.Arg(0))
			p.mu.Unlock()
			if in.Is("sync") {
				p.say("sync", string(in.Arg(0)))
			}
		}
	}
}

func (p *stockPage) say(opcode string, args ...string) {
	var w guac.Writer
	w.Begin(opcode)
	for _, a := range args {
		w.Text(a)
	}
	w.End()
	for m := range w.Messages {
		_ = p.conn.Write(context.Background(), websocket.MessageText, m)
	}
}

// typed presses keys.
func (p *stockPage) typed(text string) {
	for _, r := range text {
		sym := itoa(int(r))
		if r == '\n' {
			sym = "65293"
		}
		p.say("key", sym, "1")
		p.say("key", sym, "0")
	}
}

func (p *stockPage) told(opcode string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count[opcode]
}

func (p *stockPage) arg(opcode string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last[opcode]
}

// authentik's own page shows shells and desktops, comes back after a worker was
// replaced, and hears what went wrong.
func TestStockPage(t *testing.T) {
	s := start(t, options{})
	t.Run("shell", func(t *testing.T) {
		token := s.in(t).shell()
		p := openStock(t, token)
		until(t, "the prompt is drawn", func() bool { return p.told("img") > 1 })
		before := p.told("img")
		p.typed("printf '\\033]0;title %s\\007' here; echo done\n")
		until(t, "what is typed changes the picture", func() bool { return p.told("img") > before })
		until(t, "the title is told", func() bool { return p.arg("name") == "title here" })
		s.authentik.Recycle(authentiktest.BrowserSockets, true)
		<-p.done
		q := openStock(t, token)
		until(t, "the picture is there again", func() bool { return q.told("img") > 1 })
		q.typed("printf '\\033]0;again\\007'\n")
		until(t, "the same shell goes on", func() bool { return q.arg("name") == "again" })
		q.typed("exit\n")
		until(t, "its end ends the page", func() bool { return q.told("disconnect") == 1 })
		if q.told("error") != 0 {
			t.Errorf("an ordinary end is an error, which the page answers by connecting anew: %s", q.arg("error"))
		}
	})
	t.Run("desktop", func(t *testing.T) {
		s := s.in(t)
		vnc, err := targets.TigerVNC(t.TempDir(), targets.VNCOptions{Width: 1024, Height: 768, Password: "vncpass1"})
		if missing := new(targets.Missing); errors.As(err, &missing) {
			t.Skip(missing)
		}
		must(t, err)
		defer func() { must(t, vnc.Close()) }()
		settings := vnc.Settings()
		delete(settings, "hostname")
		delete(settings, "port")
		p := openStock(t, s.session.Connect(authentiktest.Token{Protocol: "vnc", Host: vnc.Address(), Settings: settings}))
		until(t, "the page is connected", func() bool { return p.told("sync") > 0 })
		p.say("size", "1100", "700")
		until(t, "the desktop follows the window", func() bool {
			w, h, err := vnc.Display.Size()
			return err == nil && w == 1100 && h == 700
		})
		settings["password"] = ""
		q := openStock(t, s.session.Connect(authentiktest.Token{Protocol: "vnc", Host: vnc.Address(), Settings: settings}))
		until(t, "a missing password is told", func() bool { return q.told("error") == 1 })
	})
}

// A stored password that is wrong is tried once, though the page connects anew by
// itself: some machines lock an account after a few.
func TestStockPageDoesNotRepeatALogin(t *testing.T) {
	s := start(t, options{}).in(t)
	vnc, err := targets.TigerVNC(t.TempDir(), targets.VNCOptions{Width: 320, Height: 240, Password: "vncpass1"})
	if missing := new(targets.Missing); errors.As(err, &missing) {
		t.Skip(missing)
	}
	must(t, err)
	defer func() { must(t, vnc.Close()) }()
	front, logins := counted(t, vnc.Address())
	token := s.session.Connect(authentiktest.Token{Protocol: "vnc", Host: front, Settings: map[string]string{"password": "another"}})
	var first int64
	for i := range 3 {
		p := openStock(t, token)
		until(t, "the refusal is told", func() bool { return p.told("error") == 1 })
		if text := p.arg("error"); !strings.Contains(text, "refused") || !strings.Contains(text, "orrect") {
			t.Errorf("the page is told: %s", text)
		}
		if i == 0 {
			first = logins.Load() // one that is refused, and one that asks for another password
		}
	}
	if n := logins.Load(); n != first || n == 0 {
		t.Errorf("the machine was asked %d times, then %d", first, n)
	}
}

// counted is a way to a server that counts its connections.
func counted(t *testing.T, to string) (address string, n *atomic.Int64) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	n = new(atomic.Int64)
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			n.Add(1)
			out, err := net.Dial("tcp", to)
			if err != nil {
				_ = in.Close()
				continue
			}
			copied := func(dst, src net.Conn) {
				_, _ = io.Copy(dst, src)
				_, _ = dst.Close(), src.Close()
			}
			wait.Go(func() { copied(in, out) })
			wait.Go(func() { copied(out, in) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); wait.Wait() })
	return l.Addr().String(), n
}

// A flood of text passes without being painted line by line.
func TestStockFlood(t *testing.T) {
	s := start(t, options{})
	p := openStock(t, s.in(t).shell())
	until(t, "the prompt is drawn", func() bool { return p.told("img") > 1 })
	var times []time.Duration
	for range 100 {
		n, from := p.told("img")+p.told("cfill"), time.Now()
		p.typed("x")
		for deadline := from.Add(patience); p.told("img")+p.told("cfill") == n; time.Sleep(100 * time.Microsecond) {
			if time.Now().After(deadline) {
				t.Fatal("a key is not drawn")
			}
		}
		times = append(times, time.Since(from))
		time.Sleep(20 * time.Millisecond) // a person is no faster
	}
	slices.Sort(times)
	t.Logf("a key is drawn after %v (p50), %v (p95)", times[50], times[95])
	p.typed("\n") // the shell finds no such command
	from := time.Now()
	p.typed("head -c 37000000 /dev/zero | base64 -w 100; printf '\\033]0;over\\007'\n")
	until(t, "the flood is over", func() bool { return p.arg("name") == "over" })
	t.Logf("50 MB in %.1f s, %d pictures, %d frames", time.Since(from).Seconds(), p.told("img"), p.told("sync"))
}
