package main

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/porthole-rac/porthole/scripts/browser"
	"github.com/porthole-rac/porthole/scripts/targets"
)

// desktop photographs a desktop by VNC with its menu open.
func desktop(p *browser.Page, server *browser.Server, dir, file string) (err error) {
	folder := filepath.Join(dir, "vnc")
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	vnc, err := targets.TigerVNC(folder, targets.VNCOptions{Width: 1180, Height: 720, Security: []string{"X509Vnc"}, Password: "picture1"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, vnc.Close()) }()
	for _, program := range [][]string{
		{"xsetroot", "-solid", "#24425f"},
		{"xterm", "-geometry", "84x24+40+60", "-fa", "DejaVu Sans Mono", "-fs", "10", "-bg", "#12161c", "-fg", "#d7dae0", "-T", "ann@workshop", "-e", "htop", "-F", "Xtigervnc"},
		{"xterm", "-geometry", "56x13+180+480", "-fa", "DejaVu Sans Mono", "-fs", "10", "-bg", "#fdf6e3", "-fg", "#39505a", "-T", "notes", "-e", "vim", "-n", "-R", "README.md"},
	} {
		running, err := vnc.Display.Start(program[0], program[0], program[1:]...)
		if err != nil {
			return err
		}
		defer running.Stop()
	}
	secret := filepath.Join(dir, "vncpass")
	if err := os.WriteFile(secret, []byte(vnc.Password), 0o600); err != nil {
		return err
	}
	if _, err := server.Run("", "endpoint", "add", "workshop", "--protocol", "vnc", "--host", vnc.Address(), "--set-file", "password="+secret); err != nil {
		return err
	}
	for _, step := range []func() error{
		func() error { return p.As(browser.Look{Width: 1180, Height: 720, Scheme: "dark"}) },
		func() error { return p.Go(server.URL) },
		func() error { return p.Launch("workshop") },
		func() error { return p.State("connected") },
		func() error { return p.Until(`porthole.stats().framesPainted > 3`) },
		func() error {
			_, err := browser.Eval[bool](p, `(document.querySelector(".notice button")?.click(), document.querySelector("#handle").click(), true)`)
			return err
		},
		func() error { time.Sleep(3 * time.Second); return nil }, // the figures are there, htop has settled
		func() error { return p.Screenshot(file) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
