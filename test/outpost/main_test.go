// Package outpost_test goes a person's ways through authentik: a double of authentik, a
// real porthole as its outpost, a real Chromium with Porthole's own page, real machines.
// What the outpost says to authentik is tested in authority/authentik.
//
// Like test/e2e it builds nothing, and photographs every state into .cache/screens.
package outpost_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/security"

	"github.com/porthole-rac/porthole/authority/authentik/authentiktest"
	"github.com/porthole-rac/porthole/relay/demo"
	"github.com/porthole-rac/porthole/scripts/browser"
)

const patience = 30 * time.Second

var (
	chromium *browser.Browser
	shell    *demo.Server
	binary   string
	screens  string
	absent   string // why there is nothing to test
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if binary, absent = browser.Binary(), browser.Absent(); absent != "" {
		if os.Getenv("CI") == "true" {
			fmt.Fprintln(os.Stderr, "tests of the outpost cannot run:", absent)
			return 1
		}
		return m.Run()
	}
	screens = filepath.Join(filepath.Dir(filepath.Dir(binary)), ".cache", "screens")
	err := os.MkdirAll(screens, 0o755)
	var home string
	if err == nil {
		home, err = os.MkdirTemp("", "porthole-outpost")
	}
	if err == nil {
		defer os.RemoveAll(home)
		err = os.Setenv("HOME", home) // shells start without the person's own start files
	}
	if err == nil {
		shell, err = demo.Start(slog.New(slog.DiscardHandler))
	}
	if err == nil {
		defer shell.Close()
		chromium, err = browser.Start(1280, 800)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer chromium.Close()
	return m.Run()
}

// site is authentik with an outpost, and a person who is logged in.
type site struct {
	t         *testing.T
	authentik *authentiktest.Server
	url       string // by which browsers come
	relay     string // the outpost's address for browsers
	log       string
	accessLog string // of a proxy
	session   *authentiktest.Session
	stop      func()
}

// options are what a site is like.
type options struct {
	config authentiktest.Config
	args   []string                           // of the outpost
	env    func(authentik string) []string    // of the outpost, besides its own
	front  func(s *site, relay string) string // a proxy in front: gives its address
}

// start makes a site; it is gone when the test ends.
func start(t *testing.T, o options) *site {
	t.Helper()
	if absent != "" {
		t.Skip(absent)
	}
	s := &site{t: t}
	var relay atomic.Pointer[httputil.ReverseProxy]
	mux := http.NewServeMux()
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: authentiktest.Cookie, Value: r.URL.Query().Get("cookie"), Path: "/", HttpOnly: true})
		fmt.Fprint(w, "<h1>My applications</h1>")
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if p := relay.Load(); p != nil && strings.Contains(r.URL.Path, "/if/rac/") {
			p.ServeHTTP(w, r)
			return
		}
		fmt.Fprint(w, "<h1>My applications</h1>")
	})
	o.config.Handler = mux
	s.authentik = authentiktest.Start(o.config)
	t.Cleanup(s.authentik.Close)
	s.url = s.authentik.URL
	s.startOutpost(o)
	if o.front != nil {
		s.url = o.front(s, s.relay)
	} else {
		relay.Store(&httputil.ReverseProxy{
			Rewrite: func(r *httputil.ProxyRequest) {
				r.SetURL(&url.URL{Scheme: "http", Host: s.relay})
				r.Out.Host = r.In.Host
			},
			ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
		})
	}
	s.session = s.authentik.Login("ann")
	return s
}

var pagesAt = regexp.MustCompile(`msg=pages address=(\S+)`)

// startOutpost starts the program as a container would, with its environment alone.
func (s *site) startOutpost(o options) {
	s.t.Helper()
	dir := s.t.TempDir()
	s.log = filepath.Join(dir, "outpost.log")
	log, err := os.Create(s.log)
	must(s.t, err)
	c := exec.Command(binary, append([]string{"outpost"}, o.args...)...)
	c.Env = []string{
		"AUTHENTIK_HOST=" + s.authentik.URL, "AUTHENTIK_TOKEN=" + authentiktest.DefaultToken, "AUTHENTIK_LISTEN__METRICS=127.0.0.1:0",
		"PORTHOLE_LISTEN=127.0.0.1:0", "PORTHOLE_DATA=" + dir, "HOME=" + dir,
	}
	if o.env != nil {
		c.Env = append(c.Env, o.env(s.authentik.URL)...)
	}
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := c.StderrPipe()
	must(s.t, err)
	must(s.t, c.Start())
	ready := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer log.Close()
		lines := bufio.NewScanner(out)
		for waiting := true; lines.Scan(); {
			fmt.Fprintln(log, lines.Text())
			if m := pagesAt.FindStringSubmatch(lines.Text()); m != nil {
				s.relay = m[1]
			}
			if waiting && strings.Contains(lines.Text(), "connected to authentik") {
				waiting = false
				close(ready)
			}
		}
	}()
	s.stop = func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		kill := time.AfterFunc(20*time.Second, func() { _ = c.Process.Kill() })
		<-done
		_ = c.Wait()
		kill.Stop()
		s.stop = func() {}
	}
	s.t.Cleanup(func() {
		s.stop()
		if s.t.Failed() {
			text, _ := os.ReadFile(s.log)
			s.t.Logf("log of the outpost:\n%s", text)
		}
	})
	select {
	case <-ready:
	case <-done:
		s.t.Fatal("the outpost ended")
	case <-time.After(patience):
		s.t.Fatal("the outpost does not connect")
	}
	until(s.t, "authentik has heard the outpost's HELLO", func() bool { return len(s.authentik.Instances()) > 0 })
}

// logged is what the outpost has logged.
func (s *site) logged() string {
	b, _ := os.ReadFile(s.log)
	return string(b)
}

// in is the site in a subtest.
func (s *site) in(t *testing.T) *site {
	c := *s
	c.t = t
	return &c
}

// person is a browser that is logged in.
func (s *site) person() *browser.Page {
	s.t.Helper()
	p, err := chromium.Another()
	must(s.t, err)
	s.t.Cleanup(func() {
		if s.t.Failed() {
			_ = p.Screenshot(filepath.Join(screens, "failed-"+strings.ReplaceAll(s.t.Name(), "/", "-")+".png"))
		}
		p.Close()
	})
	if s.url[:5] == "https" {
		_, err := browser.Call(p, security.SetIgnoreCertificateErrors, security.SetIgnoreCertificateErrorsParams{Ignore: true})
		must(s.t, err)
	}
	must(s.t, p.Go(s.url+"login?cookie="+s.session.Cookie))
	return p
}

// shell is a connection to the shell of this machine.
func (s *site) shell() *authentiktest.Token {
	settings := shell.Settings()
	return s.session.Connect(authentiktest.Token{Protocol: "ssh", Host: shell.Address(), Settings: settings})
}

// open goes to the page of a connection.
func (s *site) open(p *browser.Page, token *authentiktest.Token) {
	s.t.Helper()
	must(s.t, p.Go(s.url+"if/rac/"+token.Text+"/"))
}

// atShell is a person at the prompt of the shell.
func (s *site) atShell() (*browser.Page, *authentiktest.Token) {
	s.t.Helper()
	p, token := s.person(), s.shell()
	s.open(p, token)
	must(s.t, p.State("connected"))
	must(s.t, p.Shows("Porthole demo."))
	must(s.t, p.Type("PS1='> '; cd /tmp; clear\r"))
	must(s.t, p.Until(`porthole.text().trimEnd() === ">"`))
	return p, token
}

// goes checks by which way the messages go.
func (s *site) goes(p *browser.Page, way string) {
	s.t.Helper()
	if got, err := browser.Eval[string](p, "porthole.ui.way()"); err != nil || got != way {
		s.t.Errorf("the page goes %q, want %q (%v)", got, way, err)
	}
}

// ended waits for the end and checks its code.
func (s *site) ended(p *browser.Page, codes ...string) {
	s.t.Helper()
	must(s.t, p.State("ended"))
	must(s.t, p.Until(`!document.querySelector("#end").hidden`))
	got, message, remedy, err := p.Reason()
	must(s.t, err)
	for _, c := range codes {
		if got == c {
			if message == "" {
				s.t.Error("no message")
			}
			return
		}
	}
	s.t.Errorf("ended with %q (%s %s), want %q", got, message, remedy, codes)
}

func picture(t *testing.T, p *browser.Page, name string) {
	t.Helper()
	must(t, p.Screenshot(filepath.Join(screens, "outpost-"+name+".png")))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// closedPort is an address where nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	must(t, err)
	must(t, l.Close())
	return l.Addr().String()
}
