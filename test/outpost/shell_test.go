package outpost_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/authority/authentik"
	"github.com/porthole-rac/porthole/authority/authentik/authentiktest"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/scripts/browser"
)

// tunnelled is an outpost without a direct way.
var tunnelled = options{args: []string{"--direct=false"}}

// works types and looks at the answer.
func works(t *testing.T, p *browser.Page, word string) {
	t.Helper()
	must(t, p.Type("echo "+word[:1]+"''"+word[1:]+"\r"))
	must(t, p.Shows("\n"+word))
}

// The one route is enough: page, files and direct connection.
func TestShellByTheRoute(t *testing.T) {
	s := start(t, options{})
	p, token := s.atShell()
	s.goes(p, "direct")
	works(t, p, "hello")
	picture(t, p, "shell-direct")
	for _, secret := range []string{token.Text, s.session.Cookie, "porthole.secret"} {
		if strings.Contains(s.logged(), secret) {
			t.Errorf("%s… is in the log", secret[:8])
		}
	}
}

// The relay may have an address of its own; the page's origin is another one then.
func TestShellByThePublicURL(t *testing.T) {
	at := closedPort(t)
	s := start(t, options{env: func(string) []string {
		return []string{"PORTHOLE_LISTEN=" + at, "PORTHOLE_PUBLIC_URL=http://" + at + "/"}
	}})
	p, _ := s.atShell()
	s.goes(p, "direct")
	works(t, p, "hello")
}

func TestShellThroughTheTunnel(t *testing.T) {
	s := start(t, tunnelled)
	p, _ := s.atShell()
	s.goes(p, "tunnel")
	must(t, p.Until(`document.querySelector("#notices").textContent.includes("slower")`))
	picture(t, p, "shell-tunnel")
	works(t, p, "hello")
	// Much output, and much input: both have to be cut and put together.
	must(t, p.Type("seq 1 30000 | tail -n +1; echo d''one\r"))
	must(t, p.Shows("done"))
	must(t, p.Shows("30000"))
	must(t, p.Type("clear; cat > /dev/null; echo th''ere\r"))
	if _, err := browser.Eval[bool](p, `porthole.sendText("0123456789abcde\n".repeat(12000)) && porthole.sendText("\u0004"), true`); err != nil {
		t.Fatal(err)
	}
	must(t, p.Shows("there"))
	must(t, p.Until(`!document.querySelector("#menu-way").hidden`))
	if _, err := browser.Eval[bool](p, `document.querySelector("#handle").click(), true`); err != nil {
		t.Fatal(err)
	}
	picture(t, p, "shell-tunnel-menu")
	if n := s.authentik.Backlog(); n > 400<<10 {
		t.Errorf("%d bytes were on their way to the page", n)
	}
}

// The direct address cannot be reached: the page says so and goes through the tunnel.
func TestDirectWayIsBlocked(t *testing.T) {
	at := closedPort(t)
	s := start(t, options{env: func(string) []string { return []string{"PORTHOLE_PUBLIC_URL=http://" + at + "/"} }})
	p, _ := s.atShell()
	s.goes(p, "tunnel")
	must(t, p.Until(`document.querySelector("#menu-way").textContent.includes("cannot be reached")`))
	works(t, p, "hello")
}

func TestLogoutEndsIt(t *testing.T) {
	for name, o := range map[string]options{"direct": {}, "tunnel": tunnelled} {
		t.Run(name, func(t *testing.T) {
			s := start(t, o)
			p, _ := s.atShell()
			s.goes(p, name)
			began := time.Now()
			s.session.Logout()
			if name == "direct" {
				s.ended(p, wire.EndLogout)
			} else {
				s.ended(p, "authority-ended", wire.EndLogout)
			}
			t.Logf("after %v", time.Since(began))
			picture(t, p, "logout-"+name)
		})
	}
}

// A worker of authentik is replaced: the session goes on.
func TestRecycledWorker(t *testing.T) {
	for name, o := range map[string]options{"direct": {}, "tunnel": tunnelled} {
		for _, hard := range []bool{false, true} {
			if hard {
				name += ", killed"
			}
			t.Run(name, func(t *testing.T) {
				s := start(t, o)
				p, _ := s.atShell()
				must(t, p.Type("HELD=yes\r"))
				for range 2 {
					before := s.authentik.Requests("ws/rac/" + tokenOf(t, p) + "/")
					s.authentik.Recycle(authentiktest.BrowserSockets, hard)
					until(t, "the page opens the tunnel again", func() bool {
						return s.authentik.Requests("ws/rac/"+tokenOf(t, p)+"/") > before && s.authentik.Browsers() == 1
					})
					must(t, p.State("connected"))
					must(t, p.Type("clear; echo st''ill $HELD\r"))
					must(t, p.Shows("still yes"))
				}
			})
		}
	}
}

func tokenOf(t *testing.T, p *browser.Page) string {
	t.Helper()
	token, err := browser.Eval[string](p, `location.pathname.split("/").at(-2)`)
	must(t, err)
	return token
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
	}
}

// A page that is loaded anew comes back to its session, and so does one whose line blinked.
func TestComingBack(t *testing.T) {
	for name, o := range map[string]options{"direct": {}, "tunnel": tunnelled} {
		t.Run(name, func(t *testing.T) {
			s := start(t, o)
			p, token := s.atShell()
			must(t, p.Type("HELD=yes\r"))
			s.open(p, token)
			must(t, p.State("connected"))
			must(t, p.Type("clear; echo st''ill $HELD\r"))
			must(t, p.Shows("still yes"))
			if _, err := browser.Eval[bool](p, `porthole.ui.dropLink(), true`); err != nil {
				t.Fatal(err)
			}
			must(t, p.State("connected"))
			must(t, p.Type("clear; echo ag''ain $HELD\r"))
			must(t, p.Shows("again yes"))
			s.goes(p, name)
			// In the middle of output, with updates that are not painted yet.
			must(t, p.Type("clear; for i in $(seq 1 600); do echo line $i; sleep 0.002; done; echo th''ere\r"))
			must(t, p.Shows("line 3")) // what is typed as the line is lost may be lost with it
			for range 15 {
				if _, err := browser.Eval[bool](p, `porthole.ui.dropLink(), new Promise((r) => setTimeout(r, 300, true))`); err != nil {
					t.Fatal(err)
				}
			}
			must(t, p.Shows("there"))
		})
	}
}

// Nobody comes back: the session ends after the grace, and the shell with it.
func TestClosedTabEndsIt(t *testing.T) {
	s := start(t, options{args: []string{"--tunnel-grace=300ms"}})
	p, _ := s.atShell()
	p.Close()
	until(t, "the connection ends", func() bool { return strings.Contains(s.logged(), "code="+wire.EndAbandoned) })
}

func TestOutpostStops(t *testing.T) {
	for name, o := range map[string]options{"direct": {}, "tunnel": tunnelled} {
		t.Run(name, func(t *testing.T) {
			s := start(t, o)
			p, _ := s.atShell()
			s.stop()
			s.ended(p, wire.EndShutdown)
		})
	}
}

// By https the page connects to nothing that is http, and says why it is slower.
func TestByTLS(t *testing.T) {
	for name, o := range map[string]options{
		"direct": {},
		"tunnel": {env: func(string) []string { return []string{"PORTHOLE_PUBLIC_URL=http://relay.test/"} }},
	} {
		t.Run(name, func(t *testing.T) {
			env := o.env
			o.config.TLS = true
			o.env = func(a string) []string {
				all := []string{"AUTHENTIK_INSECURE=true"}
				if env != nil {
					all = append(all, env(a)...)
				}
				return all
			}
			s := start(t, o)
			p, _ := s.atShell()
			s.goes(p, name)
			if name == "tunnel" {
				must(t, p.Until(`document.querySelector("#menu-way").textContent.includes("not protected")`))
			}
			works(t, p, "hello")
		})
	}
}

func TestLeaving(t *testing.T) {
	s := start(t, options{})
	p, _ := s.atShell()
	must(t, p.Type("exit\r"))
	s.ended(p, wire.EndClosed)
	until(t, "the tunnel is closed", func() bool { return s.authentik.Browsers() == 0 })
	// The same link opens it anew, as authentik lets it.
	if _, err := browser.Eval[bool](p, `document.querySelector("#again").click(), true`); err != nil {
		t.Fatal(err)
	}
	must(t, p.Until(`globalThis.porthole?.state === "connected"`))
	must(t, p.Shows("Porthole demo."))
}

func TestWhatAuthentikRefuses(t *testing.T) {
	s := start(t, options{})
	p := s.person()
	t.Run("unknown token", func(t *testing.T) {
		s := s.in(t)
		must(t, p.Go(s.url+"if/rac/"+strings.Repeat("x", 60)+"/"))
		s.ended(p, "authority-refused")
		picture(t, p, "refused")
	})
	t.Run("another person's", func(t *testing.T) {
		s := s.in(t)
		other := s.authentik.Login("bob").Connect(authentiktest.Token{Protocol: "ssh", Host: shell.Address(), Settings: shell.Settings()})
		s.open(p, other)
		s.ended(p, "authority-refused")
	})
	t.Run("a machine that is not there", func(t *testing.T) {
		s := s.in(t)
		s.open(p, s.session.Connect(authentiktest.Token{Protocol: "ssh", Host: closedPort(t), Settings: shell.Settings()}))
		s.ended(p, wire.EndUnreachable)
		picture(t, p, "unreachable")
	})
}

// It is said whose fault it is when another kind of outpost answers, or none.
func TestOtherOutposts(t *testing.T) {
	s := start(t, options{config: authentiktest.Config{Outposts: []*authentiktest.Outpost{
		{Token: authentiktest.DefaultToken, Name: "porthole", Providers: []int{1}},
		{Token: "pictures", Name: "draws", Providers: []int{2}},
		{Token: "errors", Name: "fails", Providers: []int{3}},
		{Token: "nobody", Name: "not there", Providers: []int{4}},
	}}})
	other := func(token, says string) {
		host, err := authentik.ParseHost(s.authentik.URL)
		must(t, err)
		o, err := authentik.New(authentik.Config{
			Host: host, Token: token, Version: "1", Build: "x", Logger: slog.New(slog.DiscardHandler),
			Serve: func(ctx context.Context, c authentik.Connection) {
				_ = c.Tunnel.Write(ctx, []byte(says))
				for {
					if _, err := c.Tunnel.Read(ctx); err != nil {
						return
					}
				}
			},
		})
		must(t, err)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { defer close(done); o.Run(ctx) }()
		t.Cleanup(func() { cancel(); <-done })
		until(t, "the other outpost is connected", func() bool { return o.Status().Connected })
	}
	other("pictures", "4.size,1.0,4.1024,3.768;4.sync,1.1;")
	other("errors", "5.error,12.No route now,3.519;")
	p := s.person()
	for _, tt := range []struct {
		provider int
		code     string
	}{{2, "not-porthole"}, {3, "outpost"}, {4, "no-outpost"}, {5, "authority-refused"}} {
		t.Run(tt.code, func(t *testing.T) {
			s := s.in(t)
			if tt.provider == 4 && testing.Short() {
				t.Skip("waits 15 seconds")
			}
			s.open(p, s.session.Connect(authentiktest.Token{Protocol: "ssh", Host: shell.Address(), Provider: tt.provider}))
			s.ended(p, tt.code)
			picture(t, p, "ended-"+tt.code)
		})
	}
}
