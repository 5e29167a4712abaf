package e2e_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/porthole-rac/porthole/scripts/browser"
	"github.com/porthole-rac/porthole/scripts/targets"
)

func TestWrongPasswordThenIn(t *testing.T) {
	p := visit(t)
	must(t, p.Do(chromedp.Navigate(server.URL), chromedp.WaitVisible(chromedp.CSS("#login-form")),
		chromedp.SendKeys(chromedp.CSS("#username"), server.User), chromedp.SendKeys(chromedp.CSS("#password"), "wrong"),
		chromedp.Click(chromedp.CSS("#login-form button[type=submit]"))))
	must(t, p.Until(`document.querySelector("#login-error").innerText.includes("wrong")`))
	picture(t, p, "login-refused")
	must(t, p.LogIn(server))
}

func TestTypeAndLeave(t *testing.T) {
	p := atShell(t)
	run1(t, p, "echo $((6*7)) äöü 漢字")
	must(t, p.Shows("42 äöü 漢字"))
	picture(t, p, "shell")
	run1(t, p, "exit 3")
	ended(t, p, "closed")
	picture(t, p, "ended-closed")
}

// TestRealServer works in a shell of OpenSSH, through jump hosts of OpenSSH.
func TestRealServer(t *testing.T) {
	p := visitor(t)
	s := targets.For(t, targets.OpenSSH, targets.Options{})
	endpoint(t, "real", s.Address(), s.Settings())
	must(t, p.Do(chromedp.Reload()))
	must(t, p.Launch("real"))
	must(t, p.State("connected"))
	run1(t, p, "echo $SSH_CONNECTION | wc -w; tty")
	must(t, p.Shows("/dev/pts/"))
	run1(t, p, "exit")
	ended(t, p, "closed")
}

// TestPrograms compares the screens of programs with what they show anywhere.
func TestPrograms(t *testing.T) {
	p := atShell(t)
	text := func() string {
		t.Helper()
		s, err := p.Text()
		must(t, err)
		return s
	}
	t.Run("vim", func(t *testing.T) {
		run1(t, p, "seq 200 > numbers; TERM=xterm-256color vim -u NONE -c 'set ruler laststatus=2' numbers")
		must(t, p.Shows("numbers"))
		must(t, p.Type("100G"))
		must(t, p.Until(`porthole.text().includes("100,1")`))
		lines := strings.Split(text(), "\n")
		size, err := browser.Eval[map[string]int](p, "porthole.size()")
		must(t, err)
		if len(lines) != size["rows"] || !strings.HasPrefix(lines[size["rows"]-2], "numbers") {
			t.Errorf("vim shows\n%s", text())
		}
		must(t, p.Type("dd:wq\r"))
		must(t, p.Until(`porthole.text().trimEnd().endsWith(">")`))
		run1(t, p, "clear; wc -l numbers")
		must(t, p.Shows("199 numbers"))
	})
	t.Run("htop", func(t *testing.T) {
		run1(t, p, "clear; htop")
		must(t, p.Until(`/F10Quit/.test(porthole.text()) && /Tasks:/.test(porthole.text())`))
		picture(t, p, "htop")
		must(t, p.Type("q"))
		must(t, p.Until(`!porthole.text().includes("F10Quit")`))
	})
	t.Run("tmux", func(t *testing.T) {
		run1(t, p, "clear; tmux -L porthole-e2e -f /dev/null new-session 'PS1=\"in tmux> \" sh'")
		must(t, p.Until(`porthole.text().startsWith("in tmux>")`)) // the line that was typed has it, too
		// Ctrl+B %: split
		must(t, p.Do(chromedp.KeyEvent("b", chromedp.KeyModifiers(chromedp.ModifierCtrl))))
		must(t, p.Type("%"))
		must(t, p.Until(`porthole.text().split("\n")[3].includes("│")`))
		picture(t, p, "tmux")
		run1(t, p, "tmux kill-server")
		must(t, p.Until(`!porthole.text().includes("│")`))
	})
}

func TestWindowDrivesTheSize(t *testing.T) {
	p := atShell(t)
	for _, size := range [][2]int{{900, 500}, {1280, 720}} {
		before, err := browser.Eval[map[string]int](p, "porthole.size()")
		must(t, err)
		must(t, p.Resize(size[0], size[1]))
		must(t, p.Until(`porthole.size().cols !== `+itoa(before["cols"])))
		run1(t, p, "clear; stty size")
		must(t, p.Until(`porthole.text().includes(porthole.size().rows + " " + porthole.size().cols)`))
	}
}

// TestStaticBundle serves the bundle from another web server, whose porthole.json
// names the relay.
func TestStaticBundle(t *testing.T) {
	p := visit(t)
	dist := http.FileServer(http.Dir(filepath.Join(filepath.Dir(filepath.Dir(server.Binary)), "web", "dist")))
	var relay string
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/desk/porthole.json" {
			_, _ = fmt.Fprintf(w, `{"relay": %q}`, relay)
			return
		}
		http.StripPrefix("/desk", dist).ServeHTTP(w, r)
	}))
	defer other.Close()
	s, err := browser.StartServer(server.Binary, t.TempDir(), "--demo", "--origin", other.URL)
	must(t, err)
	defer s.Stop()
	relay = s.URL
	there := *s
	there.URL = other.URL + "/desk/"
	must(t, p.LogIn(&there))
	must(t, p.Until(`location.pathname === "/desk/home.html"`))
	find := `[...document.querySelectorAll(".tile")].find(e => e.textContent.includes("Demo shell"))`
	must(t, p.Until(find))
	_, err = browser.Eval[bool](p, find+`.click(), true`)
	must(t, err)
	must(t, p.Until(`location.pathname === "/desk/" && globalThis.porthole?.state === "connected"`))
	must(t, p.Shows("Porthole demo."))
	must(t, p.Do(chromedp.Reload()))
	must(t, p.State("connected"))
	must(t, p.Shows("Porthole demo."))
}

// TestBackspaceSetting works on a machine that erases with BS, as old gear does.
func TestBackspaceSetting(t *testing.T) {
	p := launch(t, "erases with BS", shellAddress(), with(map[string]string{"backspace": "8"}))
	must(t, p.State("connected"))
	must(t, p.Shows("Porthole demo."))
	run1(t, p, "stty -echoctl; echo rea''dy; cat -v")
	must(t, p.Shows("ready"))        // the terminal is the program's, not the shell's, from here on
	must(t, p.Type("wrong\x16\b\r")) // quoted: shows what the key sends
	must(t, p.Shows("wrong^H"))
	must(t, p.Do(chromedp.KeyEvent("d", chromedp.KeyModifiers(chromedp.ModifierCtrl))))
}
