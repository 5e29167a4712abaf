package main_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/porthole-rac/porthole/authority/authentik/authentiktest"
	"github.com/porthole-rac/porthole/scripts/targets"
)

// stockPage does of authentik's page what the relay waits for: it answers each sync.
type stockPage struct {
	conn *websocket.Conn
	t    *testing.T
	done chan struct{}

	mu             sync.Mutex
	images, frames int
	failure        string // the error that came
}

var syncAt = regexp.MustCompile(`4\.sync,(\d+\.\d+)`)

func openStock(t *testing.T, token *authentiktest.Token) *stockPage {
	t.Helper()
	conn, err := token.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &stockPage{conn: conn, t: t, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		for {
			_, text, err := conn.Read(context.Background())
			if err != nil {
				return
			}
			p.mu.Lock()
			p.images += strings.Count(string(text), "3.img,")
			if at := strings.Index(string(text), "5.error,"); at >= 0 {
				p.failure = string(text[at:])
			}
			p.mu.Unlock()
			for _, m := range syncAt.FindAllStringSubmatch(string(text), -1) {
				p.say("4.sync," + m[1] + ";")
				p.mu.Lock()
				p.frames++
				p.mu.Unlock()
			}
		}
	}()
	t.Cleanup(func() { _ = conn.CloseNow(); <-p.done })
	// As the page does, which speaks as soon as something has come.
	p.shows(0)
	p.say("4.size,4.1280,3.800;")
	return p
}

func (p *stockPage) say(text string) {
	_ = p.conn.Write(context.Background(), websocket.MessageText, []byte(text))
}

// shows waits for a picture of at least so many images.
func (p *stockPage) shows(images int) {
	p.t.Helper()
	eventually(p.t, fmt.Sprintf("%d images are shown", images), func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.failure != "" {
			p.t.Fatalf("error: %s", p.failure)
		}
		return p.images >= images && p.frames > 0
	})
}

// types presses and releases keys; a line break is Return.
func (p *stockPage) types(text string) {
	for _, r := range text {
		sym := fmt.Sprint(int(r))
		if r == '\n' {
			sym = "65293"
		}
		p.say(fmt.Sprintf("3.key,%d.%s,1.1;", len(sym), sym) + fmt.Sprintf("3.key,%d.%s,1.0;", len(sym), sym))
	}
}

func startOutpost(t *testing.T, s *authentiktest.Server) *process {
	t.Helper()
	p := start(t, t.TempDir(), []string{"AUTHENTIK_HOST=" + s.URL, "AUTHENTIK_TOKEN=" + authentiktest.DefaultToken, "PORTHOLE_LISTEN=127.0.0.1:0"}, "outpost", "--metrics", "127.0.0.1:0")
	eventually(t, "authentik knows the outpost", func() bool { return len(s.Instances()) == 1 })
	return p
}

// A shell on authentik's own page, through every version: what is typed reaches it, a
// replaced worker does not end it, a logout does.
func TestShellOnAuthentiksPage(t *testing.T) {
	ssh := targets.For(t, targets.OpenSSH, targets.Options{})
	for _, name := range []string{"2024.2.0", "2025.8.0", "2026.9.0"} {
		t.Run(name, func(t *testing.T) {
			s := authentiktest.Start(authentiktest.Config{Version: authentiktest.VersionOf(name)})
			defer s.Close()
			o := startOutpost(t, s)
			l := s.Login("ann")
			token := l.Connect(authentiktest.Token{
				Protocol: "ssh", Host: fmt.Sprintf("%s:%d", ssh.Host, ssh.Port),
				Settings: map[string]string{"username": ssh.User, "private-key": ssh.Key},
			})
			p := openStock(t, token)
			p.shows(1)
			folder := t.TempDir()
			if err := os.Chmod(folder, 0o777); err != nil {
				t.Fatal(err)
			}
			file := func(name string) string {
				b, _ := os.ReadFile(filepath.Join(folder, name))
				return strings.TrimSpace(string(b))
			}
			p.types("x=one; echo $x > " + folder + "/a\n")
			eventually(t, "what was typed has run", func() bool { return file("a") == "one" })

			s.Recycle(authentiktest.BrowserSockets, false)
			<-p.done
			p = openStock(t, token)
			p.shows(1)
			p.types("echo again $x > " + folder + "/b\n")
			eventually(t, "it is the same shell", func() bool { return file("b") == "again one" })
			eventually(t, "one connection is told", func() bool { return s.Instances()[0].Active() == 1 })

			l.Logout()
			if authentiktest.VersionOf(name).SessionEnd {
				at := time.Now()
				eventually(t, "the connection has ended", func() bool { return s.Instances()[0].Active() == 0 })
				if d := time.Since(at); d > 2*time.Second {
					t.Errorf("after a logout that was announced the connection lived for %v", d)
				}
			}
			stop(t, o)
			if strings.Contains(o.err.String(), "PRIVATE KEY") || strings.Contains(o.err.String(), token.Text) {
				t.Errorf("a secret is in the log:\n%s", &o.err)
			}
		})
	}
}

// A desktop on authentik's own page, and the outpost's stop, whose reason the page gets.
func TestDesktopOnAuthentiksPage(t *testing.T) {
	vnc := targets.For(t, targets.TigerVNC, targets.VNCOptions{Width: 800, Height: 600, Password: "vncpass1"})
	s := authentiktest.Start(authentiktest.Config{})
	defer s.Close()
	o := startOutpost(t, s)
	token := s.Login("ann").Connect(authentiktest.Token{Protocol: "vnc", Host: vnc.Address(), Settings: map[string]string{"password": "vncpass1"}})
	p := openStock(t, token)
	p.shows(0)
	eventually(t, "the picture is there", func() bool { p.mu.Lock(); defer p.mu.Unlock(); return p.frames > 1 })
	if err := o.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := o.stops(); code != 0 {
		t.Errorf("exit code %d:\n%s", code, &o.err)
	}
	eventually(t, "the page is told why", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return strings.Contains(p.failure, "restarted or stopped")
	})
}
