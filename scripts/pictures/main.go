// Pictures makes the screenshots of README.md and docs/: a real porthole, a real
// Chromium, a shell with vim and tmux in it.
//
//	make build && go run ./scripts/pictures [FOLDER]
//
// FOLDER is docs/images unless it is given.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/porthole-rac/porthole/scripts/browser"
)

func main() {
	folder := filepath.Join("docs", "images")
	if len(os.Args) > 1 {
		folder = os.Args[1]
	}
	if err := run(folder); err != nil {
		fmt.Fprintf(os.Stderr, "pictures: %v\n", err)
		os.Exit(1)
	}
}

// machines are what My applications shows besides the demo.
var machines = [][2]string{
	{"build-7", "build-7.example.org"},
	{"gate", "gate.example.org:2222"},
	{"files", "files.example.org"},
	{"db-1", "db-1.example.org"},
	{"raspberry", "192.0.2.40"},
}

// startFile is what the demo's shell reads.
const startFile = `PS1='\[\e[32m\]ann@demo\[\e[0m\]:\[\e[34m\]\w\[\e[0m\]$ '; alias ls='ls --color=always'
`

func run(folder string) (err error) {
	binary := browser.Binary()
	if binary == "" {
		return errors.New("there is no bin/porthole; run make build")
	}
	root := filepath.Dir(filepath.Dir(binary))
	dir, err := os.MkdirTemp("", "porthole-pictures")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := errors.Join(
		os.Setenv("HOME", dir), os.Setenv("SHELL", "/bin/bash"),
		os.WriteFile(filepath.Join(dir, ".bashrc"), []byte(startFile), 0o600),
		os.WriteFile(filepath.Join(dir, ".bash_profile"), []byte(". ~/.bashrc\n"), 0o600),
		os.WriteFile(filepath.Join(dir, ".vimrc"), []byte("syntax on\nset background=dark number laststatus=2 nomodeline\n"), 0o600),
		os.WriteFile(filepath.Join(dir, ".tmux.conf"), []byte("set -g status-right ''\nset -g default-terminal tmux-256color\nset -g window-status-current-format porthole\n"), 0o600),
		os.Symlink(root, filepath.Join(dir, "porthole")),
		os.MkdirAll(folder, 0o755),
	); err != nil {
		return err
	}
	server, err := browser.StartServer(binary, dir, "--demo")
	if err != nil {
		return err
	}
	defer server.Stop()
	for _, m := range machines {
		if _, err := server.Run("", "endpoint", "add", m[0], "--host", m[1]); err != nil {
			return err
		}
	}
	defer func() { _ = exec.Command("tmux", "-S", filepath.Join(dir, "tmux"), "kill-server").Run() }()
	chromium, err := browser.Start(1280, 800)
	if err != nil {
		return err
	}
	defer chromium.Close()
	p, err := chromium.Page()
	if err != nil {
		return err
	}
	save := func(name string) error { return p.Screenshot(filepath.Join(folder, name)) }
	say := func(line string) error { return p.Type(line + "\r") }
	for _, step := range []func() error{
		func() error { return p.As(browser.Look{Width: 1180, Height: 720, Scheme: "dark"}) },
		func() error { return p.LogIn(server) },
		func() error { return p.Launch("Demo shell") },
		func() error { return p.State("connected") },
		func() error { return p.Shows("ann@demo") },
		func() error {
			return say(`clear; cd ~/porthole; tmux -f ~/.tmux.conf -S ~/tmux new-session 'vim -n -R relay/session/ring.go' \; split-window -h -l 46% \; split-window -v`)
		},
		func() error { return p.Shows("ringSize") },
		func() error {
			return say(`clear; git log --oneline --color=always | cut -c 1-60 | head -8; printf '漢字 かな Ελληνικά العربية 😀 🚀 👩‍🚀\n\e[4:3;58:5:9mcurly\e[0m \e[1mbold\e[0m \e[3mitalic\e[0m \e[9mstrike\e[0m \e[53moverline\e[0m \e[38;2;255;140;60mtrue colour\e[0m\n'`)
		},
		func() error { return p.Shows("true colour") },
		func() error {
			return p.Do(chromedp.KeyEvent("b", chromedp.KeyModifiers(chromedp.ModifierCtrl)), chromedp.KeyEvent(kb.ArrowUp))
		},
		func() error { return say(`clear; ls; df -h --output=target,size,pcent / | cat`) },
		func() error { return p.Shows("Mounted") },
		func() error { time.Sleep(time.Second); return nil }, // the cursor is drawn, vim has settled
		func() error { return save("shell.png") },
		func() error { return say("tmux kill-server") },
		func() error { return p.Do(chromedp.Navigate(server.URL)) },
		func() error {
			return p.Until(`document.querySelectorAll(".tile").length > 5 && document.querySelector("#connections button")`)
		},
		func() error { return save("applications.png") },
		func() error { return desktop(p, server, dir, filepath.Join(folder, "desktop.png")) },
		func() error { return p.Do(chromedp.Navigate(server.URL)) },
		func() error { return p.Until(`document.querySelector("#connections button.primary")`) },
		func() error { return p.As(browser.Look{Width: 390, Height: 760, Phone: true, Scheme: "dark"}) },
		func() error {
			_, err := browser.Eval[bool](p, `document.querySelector("#connections button.primary").click(), true`)
			return err
		},
		func() error { return p.Until(`globalThis.porthole?.state === "connected"`) },
		func() error { return say("clear; cd /usr; ls; vim --version | head -3") },
		func() error { return p.Shows("VIM") },
		func() error { time.Sleep(time.Second); return nil },
		func() error { return save("phone.png") },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
