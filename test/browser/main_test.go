// Package browser_test tries the client in a real Chromium against a real
// `porthole serve --demo`: what a person sees, presses and copies, and what the
// program at the other end receives. One file per theme.
//
// The tests build nothing: they need bin/porthole with the bundle in it, which
// `make build` makes; PORTHOLE_BINARY names another one. Without it or without
// Chromium they are skipped, except where CI=true. With PORTHOLE_SHOTS=DIR the
// states of the pages are written there as pictures.
package browser_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/browser"

	drive "github.com/porthole-rac/porthole/scripts/browser"
)

const demo = "Demo shell"

var (
	server   *drive.Server
	chromium *drive.Browser
	absent   string // why there is nothing to test
)

func TestMain(m *testing.M) {
	if name := os.Getenv("PORTHOLE_TEST_PROGRAM"); name != "" {
		program(name)
		return
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "porthole-browser")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary := drive.Binary()
	if absent = drive.Absent(); absent != "" {
		if os.Getenv("CI") == "true" {
			fmt.Fprintln(os.Stderr, "browser tests cannot run:", absent)
			return 1
		}
		return m.Run()
	}
	// The demo shell begins as on a new machine, whatever the person's files have
	// shells do.
	shell := filepath.Join(dir, "shell")
	if err := os.WriteFile(shell, []byte("#!/bin/sh\nexec bash --noprofile --norc -i\n"), 0o755); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	_ = os.Setenv("SHELL", shell)
	server, err = drive.StartServer(binary, dir, "--demo")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer server.Stop()
	if chromium, err = drive.Start(1280, 800); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer chromium.Close()
	defer func() { discard() }()
	if err := logIn(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// logIn logs in once; all tabs share the cookie and the clipboard's permission.
func logIn() error {
	p, err := chromium.Page()
	if err != nil {
		return err
	}
	defer p.Close()
	if err := p.LogIn(server); err != nil {
		return err
	}
	for _, name := range []string{"clipboard-read", "clipboard-write"} {
		if _, err := drive.CallBrowser(p, browser.SetPermission, browser.SetPermissionParams{
			Permission: &browser.PermissionDescriptor{Name: name, AllowWithoutGesture: true}, Setting: browser.PermissionSettingGranted,
		}); err != nil {
			return fmt.Errorf("allow %s: %w", name, err)
		}
	}
	return nil
}
