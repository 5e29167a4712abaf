// Package e2e_test goes the ways that a person goes, in a real Chromium against a
// real porthole: log in, launch, work, come back, and every way in which that can
// fail. What the client can do by itself is in test/browser.
//
// The tests build nothing: make build makes bin/porthole; PORTHOLE_BINARY names
// another one. Without it or without Chromium they are skipped, except where
// CI=true. Every state is photographed into .cache/screens, to be looked at.
package e2e_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/relay/demo"
	"github.com/porthole-rac/porthole/scripts/browser"
)

var (
	server   *browser.Server
	chromium *browser.Browser
	shell    *demo.Server // an SSH server whose password the tests know
	screens  string       // folder of the pictures
	absent   string       // why there is nothing to test
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	binary := browser.Binary()
	if absent = browser.Absent(); absent != "" {
		if os.Getenv("CI") == "true" {
			fmt.Fprintln(os.Stderr, "end-to-end tests cannot run:", absent)
			return 1
		}
		return m.Run()
	}
	screens = filepath.Join(filepath.Dir(filepath.Dir(binary)), ".cache", "screens")
	dir, err := os.MkdirTemp("", "porthole-e2e")
	if err == nil {
		defer os.RemoveAll(dir)
		err = os.MkdirAll(screens, 0o755)
	}
	if err == nil {
		// Shells start without the person's own start files, which may take long
		// and change the prompt.
		err = os.Setenv("HOME", dir)
	}
	if err == nil {
		shell, err = demo.Start(slog.New(slog.DiscardHandler))
	}
	if err == nil {
		defer shell.Close()
		server, err = browser.StartServer(binary, dir, "--demo")
	}
	if err == nil {
		defer server.Stop()
		chromium, err = browser.Start(1280, 800)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer chromium.Close()
	return m.Run()
}

// visit opens a browser of its own, not logged in, that closes with the test.
func visit(t *testing.T) *browser.Page {
	t.Helper()
	if absent != "" {
		t.Skip(absent)
	}
	p, err := chromium.Another()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			_ = p.Screenshot(filepath.Join(screens, "failed-"+strings.ReplaceAll(t.Name(), "/", "-")+".png"))
		}
		_, _ = browser.Eval[bool](p, `globalThis.porthole?.disconnect(), true`) // leave nothing open
		p.Close()
	})
	return p
}

// visitor is a browser that is logged in.
func visitor(t *testing.T) *browser.Page {
	t.Helper()
	p := visit(t)
	must(t, p.LogIn(server))
	return p
}

// atShell is a visitor in the demo shell, at its prompt.
func atShell(t *testing.T) *browser.Page {
	t.Helper()
	p := visitor(t)
	must(t, p.Launch("Demo shell"))
	atPrompt(t, p)
	return p
}

// atPrompt waits for the shell and sets a prompt that is the same everywhere.
func atPrompt(t *testing.T, p *browser.Page) {
	t.Helper()
	must(t, p.State("connected"))
	must(t, p.Shows("Porthole demo."))
	run1(t, p, "PS1='> '; cd /tmp; clear")
	must(t, p.Until(`porthole.text().trimEnd() === ">"`))
}

// run1 types a line.
func run1(t *testing.T, p *browser.Page, line string) {
	t.Helper()
	must(t, p.Type(line+"\r"))
}

// endpoint adds an endpoint for the test. Secrets go through files.
func endpoint(t *testing.T, name, host string, settings map[string]string) {
	t.Helper()
	addEndpoint(t, name, "ssh", host, settings)
}

func addEndpoint(t *testing.T, name, protocol, host string, settings map[string]string) {
	t.Helper()
	args := []string{"endpoint", "add", name, "--protocol", protocol, "--host", host}
	for k, v := range settings {
		file := filepath.Join(t.TempDir(), k)
		must(t, os.WriteFile(file, []byte(v), 0o600))
		args = append(args, "--set-file", k+"="+file)
	}
	if _, err := server.Run("", args...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = server.Run("", "endpoint", "rm", name) })
}

// shellAddress is where the SSH server listens; "" when there is nothing to test.
func shellAddress() string {
	if shell == nil {
		return ""
	}
	return shell.Address()
}

// with is the shell's settings with changes; an empty value takes one away.
func with(changes map[string]string) map[string]string {
	if shell == nil {
		return nil
	}
	s := shell.Settings()
	for k, v := range changes {
		if s[k] = v; v == "" {
			delete(s, k)
		}
	}
	return s
}

// ended waits for the end page and compares its code and texts.
func ended(t *testing.T, p *browser.Page, code string, says ...string) {
	t.Helper()
	must(t, p.State("ended"))
	got, message, remedy, err := p.Reason()
	must(t, err)
	if got != code {
		t.Errorf("ended with %q (%s), want %q", got, message, code)
	}
	must(t, p.Until(`!document.querySelector("#end").hidden`))
	text, err := browser.Eval[string](p, `document.querySelector("#end").innerText`)
	must(t, err)
	for _, s := range append(says, message, remedy) {
		if !strings.Contains(text, s) {
			t.Errorf("the page says %q, without %q", text, s)
		}
	}
}

// picture photographs a state.
func picture(t *testing.T, p *browser.Page, name string) {
	t.Helper()
	must(t, p.Screenshot(filepath.Join(screens, name+".png")))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
