package e2e_test

import (
	"fmt"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/porthole-rac/porthole/scripts/browser"
)

// launch adds an endpoint and opens it.
func launch(t *testing.T, name, host string, settings map[string]string) *browser.Page {
	t.Helper()
	if absent != "" {
		t.Skip(absent)
	}
	endpoint(t, name, host, settings)
	p := visitor(t)
	must(t, p.Launch(name))
	return p
}

func TestWrongPasswordOfTheMachine(t *testing.T) {
	p := launch(t, "wrong password", shellAddress(), with(map[string]string{"password": "not this one"}))
	for i := range 3 {
		must(t, p.State("prompting"))
		must(t, p.Until(`document.querySelector("#prompt[open] input")`))
		if i == 0 {
			picture(t, p, "prompt-password")
		}
		must(t, p.Type("wrong too\r"))
		must(t, p.Until(fmt.Sprintf(`porthole.state === "ended" || porthole.state === "prompting" && (globalThis.asked ??= 0, document.querySelector("#prompt[open] input")?.value === "" && ++globalThis.asked > %d)`, i)))
		if state, _ := browser.Eval[string](p, "porthole.state"); state == "ended" {
			break
		}
	}
	ended(t, p, "auth-failed", "Log in")
	picture(t, p, "ended-auth-failed")
}

func TestCredentialsAreAskedFor(t *testing.T) {
	p := launch(t, "asks", shellAddress(), with(map[string]string{"username": "", "password": ""}))
	must(t, p.State("prompting"))
	must(t, p.Until(`document.querySelectorAll("#prompt[open] input").length === 2`))
	picture(t, p, "prompt-login")
	s := shell.Settings()
	must(t, p.Type(s["username"]+"\t"+s["password"]+"\r"))
	must(t, p.State("connected"))
	must(t, p.Shows("Porthole demo."))
	left, err := browser.Eval[bool](p, fmt.Sprintf("document.documentElement.outerHTML.includes(%q)", s["password"]))
	must(t, err)
	if left {
		t.Error("the password is still in the page")
	}
}

func TestWrongHostKey(t *testing.T) {
	p := launch(t, "wrong key", shellAddress(), with(map[string]string{"host-key": "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"}))
	ended(t, p, "host-key-changed", "SHA256:47DEQpj8", "host-key")
	picture(t, p, "ended-host-key-changed")
}

func TestFirstUseThenChangedKey(t *testing.T) {
	p := launch(t, "first use", shellAddress(), with(map[string]string{"host-key": ""}))
	must(t, p.State("connected"))
	must(t, p.Until(`document.querySelector("#notices").innerText.includes("SHA256:")`))
	picture(t, p, "notice-first-use")
}

func TestNothingListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := l.Addr().String()
	must(t, l.Close())
	p := launch(t, "nothing there", address, with(nil))
	ended(t, p, "unreachable", address)
	picture(t, p, "ended-unreachable")
}

func TestUnknownName(t *testing.T) {
	p := launch(t, "unknown name", "no-such-host.invalid", with(nil))
	ended(t, p, "unreachable", "no-such-host.invalid")
}

// TestStallsAfterBanner connects to a server that says who it is and no more.
func TestStallsAfterBanner(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			_, _ = c.Write([]byte("SSH-2.0-Stalling\r\n"))
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	p := launch(t, "stalls", l.Addr().String(), with(map[string]string{"timeout": "2"}))
	must(t, p.Until(`document.querySelector("#steps li.now")?.dataset.step === "handshake"`))
	picture(t, p, "connecting")
	ended(t, p, "timeout", "stopped answering")
}

func TestTokenIsUsedUp(t *testing.T) {
	p := atShell(t)
	address, err := browser.Eval[string](p, "location.href")
	must(t, err)
	// The same login, but not the tab that may resume.
	_, err = browser.Eval[bool](p, `sessionStorage.clear(), true`)
	must(t, err)
	must(t, p.Do(chromedp.Navigate("about:blank"), chromedp.Navigate(address)))
	ended(t, p, "token-used", "My applications")
	picture(t, p, "ended-token-used")

	stranger := visit(t)
	must(t, stranger.Do(chromedp.Navigate(address)))
	ended(t, stranger, "login-required")
}

func TestTokenExpires(t *testing.T) {
	if absent != "" {
		t.Skip(absent)
	}
	s, err := browser.StartServer(server.Binary, t.TempDir(), "--demo", "--token-expiry", "1s")
	must(t, err)
	defer s.Stop()
	p := visit(t)
	must(t, p.LogIn(s))
	url, err := browser.Eval[string](p, `fetch("./api/endpoints").then(r => r.json()).then(l => fetch("./api/endpoints/" + l[0].id + "/launch", {method: "POST"})).then(r => r.json()).then(a => a.url)`)
	must(t, err)
	time.Sleep(2100 * time.Millisecond) // tokens count in whole seconds
	must(t, p.Do(chromedp.Navigate(strings.TrimSuffix(s.URL, "/")+url)))
	ended(t, p, "token-expired")
}

func TestLogoutElsewhere(t *testing.T) {
	p := atShell(t)
	_, err := browser.Eval[int](p, `fetch("/api/logout", {method: "POST"}).then(r => r.status)`)
	must(t, err)
	began := time.Now()
	ended(t, p, "logout")
	if d := time.Since(began); d > 2*time.Second {
		t.Errorf("the page was told after %s", d)
	}
	picture(t, p, "ended-logout")
}

func TestAdministratorEndsIt(t *testing.T) {
	p := atShell(t)
	list, err := server.Run("", "token", "list")
	must(t, err)
	id := regexp.MustCompile(`(?m)^(\S+)\s+\S+\s+Demo shell\s+true`).FindStringSubmatch(list)
	if id == nil {
		t.Fatalf("no open token in\n%s", list)
	}
	if _, err := server.Run("", "token", "rm", id[1]); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	ended(t, p, "deleted")
	if d := time.Since(began); d > 2*time.Second {
		t.Errorf("the page was told after %s", d)
	}
	picture(t, p, "ended-deleted")
}

func TestRelayStops(t *testing.T) {
	if absent != "" {
		t.Skip(absent)
	}
	s, err := browser.StartServer(server.Binary, t.TempDir(), "--demo")
	must(t, err)
	p := visit(t)
	must(t, p.LogIn(s))
	must(t, p.Launch("Demo shell"))
	atPrompt(t, p)
	s.Stop()
	ended(t, p, "shutdown")
	picture(t, p, "ended-shutdown")
}
