package e2e_test

import (
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/porthole-rac/porthole/scripts/browser"
)

func itoa(n int) string { return strconv.Itoa(n) }

func TestReloadResumes(t *testing.T) {
	p := atShell(t)
	run1(t, p, "seq 500; echo still $((20+2))")
	must(t, p.Shows("still 22"))
	before, err := browser.Eval[string](p, "porthole.scrollback() + porthole.text()")
	must(t, err)
	must(t, p.Do(chromedp.Reload()))
	must(t, p.State("connected"))
	must(t, p.Shows("still 22"))
	after, err := browser.Eval[string](p, "porthole.scrollback() + porthole.text()")
	must(t, err)
	if before != after {
		t.Errorf("screen and scrollback have changed from %d to %d characters", len(before), len(after))
	}
	run1(t, p, "echo and $((1+1)) works")
	must(t, p.Shows("and 2 works"))
}

func TestAnotherBrowserTakesOver(t *testing.T) {
	first := atShell(t)
	run1(t, first, "echo left here")
	must(t, first.Shows("left here"))
	second := visitor(t)
	newest := `[...document.querySelectorAll("#connections button.primary")].at(-1)`
	must(t, second.Until(newest))
	picture(t, second, "open-connections")
	_, err := browser.Eval[bool](second, newest+`.click(), true`)
	must(t, err)
	must(t, second.Until(`globalThis.porthole?.state === "connected"`))
	must(t, second.Shows("left here"))
	ended(t, first, "taken-over")
	picture(t, first, "ended-taken-over")
	run1(t, second, "exit")
	ended(t, second, "closed")
}

// TestLineBreaks cuts the way between browser and relay while the shell writes.
func TestLineBreaks(t *testing.T) {
	p := visit(t)
	w := newWay(t)
	s := *server
	s.URL = w.url
	must(t, p.LogIn(&s))
	must(t, p.Launch("Demo shell"))
	atPrompt(t, p)
	run1(t, p, "for i in $(seq 40); do echo line $i; sleep .05; done; echo all $((1+1)) done")
	must(t, p.Shows("line 3"))
	w.break_()
	must(t, p.State("reconnecting"))
	picture(t, p, "reconnecting")
	w.mend()
	_, err := browser.Eval[bool](p, `document.querySelector("#reconnect").click(), true`)
	must(t, err)
	must(t, p.State("connected"))
	must(t, p.Shows("all 2 done"))
	text, err := browser.Eval[string](p, "porthole.scrollback() + porthole.text()")
	must(t, err)
	for i := 1; i <= 40; i++ {
		if n := strings.Count(text, "line "+itoa(i)+"\n"); n != 1 {
			t.Errorf("line %d is there %d times", i, n)
		}
	}
}

// way is a TCP proxy to the server that can be cut.
type way struct {
	url   string
	to    string
	l     net.Listener
	wait  sync.WaitGroup
	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]bool
}

func newWay(t *testing.T) *way {
	t.Helper()
	u, err := url.Parse(server.URL)
	must(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	w := &way{to: u.Host, l: l, url: "http://" + l.Addr().String() + "/", conns: make(map[net.Conn]bool)}
	w.wait.Go(w.accept)
	t.Cleanup(func() {
		_ = l.Close()
		w.break_()
		w.wait.Wait()
	})
	return w
}

func (w *way) accept() {
	for {
		from, err := w.l.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("tcp", w.to)
		if err != nil {
			_ = from.Close()
			continue
		}
		w.mu.Lock()
		if w.cut {
			_ = from.Close()
			_ = to.Close()
		}
		w.conns[from], w.conns[to] = true, true
		w.mu.Unlock()
		pipe := func(a, b net.Conn) {
			_, _ = io.Copy(a, b)
			_ = a.Close()
			_ = b.Close()
		}
		w.wait.Go(func() { pipe(from, to) })
		w.wait.Go(func() { pipe(to, from) })
	}
}

// break_ cuts every connection; new ones are cut at once.
func (w *way) break_() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = true
	for c := range w.conns {
		_ = c.Close()
	}
	clear(w.conns)
}

func (w *way) mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = false
}
