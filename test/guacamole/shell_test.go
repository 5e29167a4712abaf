package guacamole_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/protocol/settings"
	"github.com/porthole-rac/porthole/relay/guacamole"
	"github.com/porthole-rac/porthole/relay/guacamole/shell"
	"github.com/porthole-rac/porthole/relay/session"
	"github.com/porthole-rac/porthole/relay/target"
	"github.com/porthole-rac/porthole/relay/target/ssh"
	drive "github.com/porthole-rac/porthole/scripts/browser"
	"github.com/porthole-rac/porthole/scripts/targets"
)

// openShell shows a session of a real sshd.
func openShell(t *testing.T, o targets.Options, changes map[string]string) (*drive.Page, *targets.Server) {
	t.Helper()
	if absent != "" {
		t.Skip(absent)
	}
	s, err := targets.OpenSSH(t.TempDir(), o)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	ctx, cancel := context.WithCancel(context.Background())
	grant := authority.NewGrant(ctx, authority.Grant{
		ID: t.Name(), User: authority.User{ID: "u", Name: "ann"}, Settings: s.With(changes),
		Endpoint: authority.Endpoint{ID: "e", Name: "Ann's shell", Protocol: "ssh"},
	})
	registry := session.NewRegistry(session.Config{
		Authority: &ledger{grant}, Logger: quiet,
		OpenTerminal: func(ctx context.Context, g *authority.Grant, prefs settings.SSH, size target.Size, page target.Page) (target.Terminal, error) {
			return ssh.Connect(ctx, ssh.Config{Settings: prefs, EndpointID: "e", Trust: memory{}, Endpoint: g.Endpoint.Name, Size: size, Logger: quiet}, page)
		},
	})
	name := strings.ReplaceAll(t.Name(), "/", "-")
	connections.Store(name, &connection{
		registry: registry, cfg: guacamole.Config{Width: 1000, Height: 640, Lossless: true},
		content: func() guacamole.Content { return shell.NewContent(1000, 640, 96) },
	})
	page, err := chromium.Page()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			_ = page.Screenshot(filepath.Join(os.TempDir(), name+".png"))
		}
		page.Close()
		cancel()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := registry.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		connections.Delete(name)
	})
	if err := page.Resize(1000, 640); err != nil {
		t.Fatal(err)
	}
	if err := page.Go(site.URL + "/page.html?name=" + name); err != nil {
		t.Fatal(err)
	}
	until(t, page, "page.state == 3")
	return page, s
}

// picture leaves what the page shows, to be looked at, where PORTHOLE_PICTURES says.
func picture(t *testing.T, page *drive.Page, name string) {
	t.Helper()
	dir := os.Getenv("PORTHOLE_PICTURES")
	if dir == "" {
		return
	}
	if err := page.Screenshot(filepath.Join(dir, name+".png")); err != nil {
		t.Fatal(err)
	}
}

func syncs(t *testing.T, page *drive.Page) int {
	t.Helper()
	n, err := drive.Eval[int](page, "page.syncs")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// settle waits until the page has had nothing new to paint for a while.
func settle(t *testing.T, page *drive.Page) {
	t.Helper()
	last, since := syncs(t, page), time.Now()
	for deadline := time.Now().Add(patience); time.Since(since) < 700*time.Millisecond && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if n := syncs(t, page); n != last {
			last, since = n, time.Now()
		}
	}
}

// line gives a row of the screen as three clicks copy it, "" when there is none.
func line(t *testing.T, page *drive.Page, row int) string {
	t.Helper()
	y := row*17 + 8
	script := fmt.Sprintf(`page.copied = null; for (let i = 0; i < 6; i++) page.client.sendMouseState(new Guacamole.Mouse.State(90, %d, i %% 2 == 0)); true`, y)
	if _, err := drive.Eval[bool](page, strings.ReplaceAll(script, "Guacamole.", "page.Guacamole.")); err != nil {
		t.Fatal(err)
	}
	time.Sleep(500 * time.Millisecond) // the next click is none of these
	text, err := drive.Eval[string](page, `page.copied?.data ?? ""`)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(text)
}

// prompted waits for the shell's prompt.
func prompted(t *testing.T, page *drive.Page) {
	t.Helper()
	eventually(t, "a prompt comes", func() bool { return strings.ContainsAny(line(t, page, 0), "#$") })
}

// TestShell: a person types, reads, copies and pastes in a shell.
func TestShell(t *testing.T) {
	page, s := openShell(t, targets.Options{}, nil)
	until(t, page, "page.cursor && page.cursor.width > 1")
	prompted(t, page)
	out := filepath.Join(s.Dir, "typed")
	// Not to the shell, which has no UTF-8 here.
	if err := page.Type("clear; echo a line to copy; cat > " + out + "\r"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "cat runs", func() bool { _, err := os.Stat(out); return err == nil })
	if err := page.Type("\u00e4\u00f6\u20ac {}\r"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "what was typed arrives", func() bool {
		b, _ := os.ReadFile(out)
		return string(b) == "\u00e4\u00f6\u20ac {}\n"
	})
	eventually(t, "three clicks copy the line", func() bool { return line(t, page, 0) == "a line to copy" })
	picture(t, page, "shell")
}

// TestShellPastes: Ctrl+Shift+V pastes what the person has copied elsewhere.
func TestShellPastes(t *testing.T) {
	page, s := openShell(t, targets.Options{}, nil)
	prompted(t, page)
	out := filepath.Join(s.Dir, "pasted")
	if err := page.Type("cat > " + out + "\r"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "cat runs", func() bool { _, err := os.Stat(out); return err == nil })
	if _, err := drive.Eval[bool](page, `page.copy("from here: \u00f6\u20ac\n"), true`); err != nil {
		t.Fatal(err)
	}
	const shortcut = `for (const [down, sym] of [[1, 0xffe3], [1, 0xffe1], [1, 0x56], [0, 0x56], [0, 0xffe1], [0, 0xffe3]]) page.client.sendKeyEvent(down, sym); true`
	eventually(t, "the text arrives", func() bool {
		if _, err := drive.Eval[bool](page, shortcut); err != nil {
			t.Fatal(err)
		}
		b, _ := os.ReadFile(out)
		return strings.HasPrefix(string(b), "from here: \u00f6\u20ac\n")
	})
}

// TestShellAsks: what the server asks is asked in the page, which has no forms.
func TestShellAsks(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("a server that takes passwords needs root")
	}
	page, s := openShell(t, targets.Options{Password: "S3cret"}, map[string]string{"password": "", "private-key": "", "username": ""})
	asked := func(what string) {
		t.Helper()
		until(t, page, fmt.Sprintf("page.syncs > %d", syncs(t, page)))
		settle(t, page)
		picture(t, page, what)
	}
	settle(t, page)
	picture(t, page, "shell-asks")
	out := filepath.Join(s.Dir, "in")
	if err := page.Type(s.User + "\r"); err != nil {
		t.Fatal(err)
	}
	asked("shell-asks-2")
	if err := page.Type("S3cret\r"); err != nil {
		t.Fatal(err)
	}
	prompted(t, page)
	if err := page.Type("touch " + out + "\r"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the shell is there", func() bool { _, err := os.Stat(out); return err == nil })
}

// TestShellLooks leaves pictures of programs.
func TestShellLooks(t *testing.T) {
	if os.Getenv("PORTHOLE_PICTURES") == "" {
		t.Skip("PORTHOLE_PICTURES is not set")
	}
	page, _ := openShell(t, targets.Options{}, nil)
	prompted(t, page)
	for _, x := range []struct{ name, text, leave string }{
		{"shell-htop", "htop\r", "q"},
		{"shell-vim", "vim -c 'syntax on' -c 'set number' /etc/ssh/ssh_config\r", "\x1b:q!\r"},
		{"shell-tmux", "tmux -u -f /dev/null new 'tmux split-window -h \"seq 1 200; sleep 60\"; ls -l --color /usr/bin | tail -50; printf \"日本語 😀\\n\"; sleep 60'\r", "\x02&y"},
	} {
		if err := page.Type(x.text); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		picture(t, page, x.name)
		if err := page.Type(x.leave); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
	}
}

// TestShellFlood: output without end is skipped over, and the page has its end soon.
func TestShellFlood(t *testing.T) {
	page, s := openShell(t, targets.Options{}, nil)
	prompted(t, page)
	big := filepath.Join(s.Dir, "big")
	text := strings.Repeat("0123456789abcdef", 4) + "\n"
	if err := os.WriteFile(big, []byte(strings.Repeat(text, 50_000_000/len(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	done := filepath.Join(s.Dir, "done")
	if err := page.Type(fmt.Sprintf("a=$(date +%%s%%N); cat %s; echo $((($(date +%%s%%N)-a)/1000000)) > %s.new; mv %s.new %s\r", big, done, done, done)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "all is read", func() bool { _, err := os.Stat(done); return err == nil })
	ms, _ := os.ReadFile(done)
	t.Logf("50 MB took %s ms", strings.TrimSpace(string(ms)))
	eventually(t, "the prompt is on the last row", func() bool { return strings.ContainsAny(line(t, page, 640/17-1), "#$") })
	picture(t, page, "shell-flood")
}
