// Package browser drives Porthole as a person would: a real server process, a
// real Chromium, the pages by their elements and the terminal by the automation
// API. Tests and benchmarks share it.
package browser

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// ErrNoChromium means that there is no browser to drive.
var ErrNoChromium = errors.New("chromium is not installed")

// Wait is how long anything may take before it counts as failed.
const Wait = 30 * time.Second

// Server is a running porthole.
type Server struct {
	cmd      *exec.Cmd
	URL      string // http://host:port/
	Data     string // its data folder
	User     string // the administrator
	Password string
	Log      string // path of its log
	Binary   string
}

// StartServer runs `porthole serve` on free ports with a data folder of its own.
func StartServer(binary, dir string, args ...string) (*Server, error) {
	s := &Server{Data: filepath.Join(dir, "data"), Log: filepath.Join(dir, "porthole.log"), Binary: binary}
	log, err := os.Create(s.Log)
	if err != nil {
		return nil, fmt.Errorf("make log: %w", err)
	}
	defer log.Close()
	args = append([]string{"serve", "--listen", "127.0.0.1:0", "--metrics", "", "--data", s.Data}, args...)
	s.cmd = exec.Command(binary, args...)
	s.cmd.Stderr = log
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start porthole: %w", err)
	}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start porthole: %w", err)
	}
	lines := bufio.NewScanner(out)
	for s.Password == "" && lines.Scan() {
		f := strings.Fields(lines.Text())
		for i, w := range f {
			switch {
			case strings.HasPrefix(w, "http"):
				s.URL = w
			case w == "name" && i+1 < len(f):
				s.User = f[i+1]
			case w == "password" && i+1 < len(f):
				s.Password = f[i+1]
			}
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	if s.URL == "" || s.Password == "" {
		s.Stop()
		b, _ := os.ReadFile(s.Log)
		return nil, fmt.Errorf("porthole did not start: %s", b)
	}
	return s, nil
}

// PID is the server's process.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Run runs another porthole command on the server's data.
func (s *Server) Run(stdin string, args ...string) (string, error) {
	c := exec.Command(s.Binary, append(args, "--data", s.Data)...)
	c.Stdin = strings.NewReader(stdin)
	b, err := c.CombinedOutput()
	if err != nil {
		return string(b), fmt.Errorf("porthole %s: %w: %s", strings.Join(args, " "), err, b)
	}
	return string(b), nil
}

// Stop ends the server as a service manager would.
func (s *Server) Stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	done := time.AfterFunc(20*time.Second, func() { _ = s.cmd.Process.Kill() })
	_ = s.cmd.Wait()
	done.Stop()
}

// Browser is a running Chromium.
type Browser struct {
	ctx  context.Context
	stop []context.CancelFunc
}

// Start starts a headless Chromium of a window size.
func Start(width, height int) (*Browser, error) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return nil, ErrNoChromium
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WindowSize(width, height),
		chromedp.Flag("headless", "new"), chromedp.Flag("disable-gpu", false),
		chromedp.Flag("enable-unsafe-swiftshader", true),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("lang", "en-US"),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-sync", true))
	b := &Browser{}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	b.stop = append(b.stop, cancel)
	b.ctx, cancel = chromedp.NewContext(ctx)
	b.stop = append(b.stop, cancel)
	if err := chromedp.Do(b.ctx, chromedp.Navigate("about:blank")); err != nil {
		b.Close()
		return nil, fmt.Errorf("start chromium: %w", err)
	}
	return b, nil
}

// Close ends the browser.
func (b *Browser) Close() {
	for i := len(b.stop) - 1; i >= 0; i-- {
		b.stop[i]()
	}
}

// Page is one tab.
type Page struct {
	ctx   context.Context
	close context.CancelFunc
}

// Page opens a tab.
func (b *Browser) Page() (*Page, error) {
	p := &Page{}
	p.ctx, p.close = chromedp.NewContext(b.ctx)
	if err := chromedp.Do(p.ctx, chromedp.Navigate("about:blank")); err != nil {
		p.close()
		return nil, fmt.Errorf("open tab: %w", err)
	}
	return p, nil
}

// Close closes the tab.
func (p *Page) Close() { p.close() }

// Do runs actions, for at most Wait.
func (p *Page) Do(actions ...chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(p.ctx, Wait)
	defer cancel()
	return chromedp.Do(ctx, actions...)
}

// Eval evaluates an expression; of a promise it gives the result.
func Eval[T any](p *Page, js string) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, Wait)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise))
	if err != nil {
		return v, fmt.Errorf("evaluate %.80s: %w", js, err)
	}
	return v, nil
}

// Until waits for a condition, an expression, to hold.
func (p *Page) Until(js string) error {
	deadline := time.Now().Add(Wait)
	for {
		ok, err := Eval[bool](p, "Boolean("+js+")")
		if ok {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s did not come true (%w)", js, errors.Join(err, p.describe()))
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// describe says what the page shows, for errors.
func (p *Page) describe() error {
	text, err := Eval[string](p, `(globalThis.porthole ? "state "+porthole.state+" "+JSON.stringify(porthole.reason)+"\n"+porthole.text() : document.body.innerText)`)
	if err != nil {
		return err
	}
	return errors.New(text)
}

// Go navigates to an address.
func (p *Page) Go(url string) error { return p.Do(chromedp.Navigate(url)) }

// LogIn logs in at the server and waits for My applications.
func (p *Page) LogIn(s *Server) error {
	if err := p.Do(chromedp.Navigate(s.URL), chromedp.WaitVisible("#login-form"),
		chromedp.SendKeys("#username", s.User), chromedp.SendKeys("#password", s.Password),
		chromedp.Click("#login-form button[type=submit]")); err != nil {
		return fmt.Errorf("log in: %w", err)
	}
	return p.Until(`!document.querySelector("#apps").hidden`)
}

// Launch clicks an endpoint's tile on My applications.
func (p *Page) Launch(name string) error {
	find := fmt.Sprintf(`[...document.querySelectorAll(".tile")].find(e => e.textContent.includes(%q))`, name)
	if err := p.Until(find); err != nil {
		return err
	}
	if _, err := Eval[bool](p, find+".click(), true"); err != nil {
		return err
	}
	return p.Until(`location.pathname.startsWith("/if/rac/") && globalThis.porthole`)
}

// State waits for the session to be in a state.
func (p *Page) State(state string) error { return p.Until(fmt.Sprintf("porthole.state == %q", state)) }

// Shows waits for the terminal to show a text.
func (p *Page) Shows(text string) error {
	return p.Until(fmt.Sprintf("porthole.text().includes(%q)", text))
}

// Type types on the keyboard. Each key is one event with its text, as from a real
// keyboard: a page that takes the key down gets no text besides.
func (p *Page) Type(text string) error {
	return p.Do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		for _, r := range text {
			for _, k := range kb.Encode(r) {
				switch k.Type {
				case kb.KeyChar:
					continue
				case kb.KeyDown:
					if key, ok := kb.Keys[r]; !ok || key.Print {
						k.Text = string(r)
					}
				}
				if _, err := cdp.Call(ctx, t, input.DispatchKeyEvent, *k); err != nil {
					return err
				}
			}
		}
		return nil
	}))
}

// Text gives the terminal's text.
func (p *Page) Text() (string, error) { return Eval[string](p, "porthole.text()") }

// Reason gives why the session ended.
func (p *Page) Reason() (code, message, remedy string, err error) {
	r, err := Eval[map[string]string](p, "porthole.reason")
	return r["code"], r["message"], r["remedy"], err
}

// Screenshot writes what the tab shows to a PNG file.
func (p *Page) Screenshot(path string) error {
	ctx, cancel := context.WithTimeout(p.ctx, Wait)
	defer cancel()
	b, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return fmt.Errorf("screenshot: %w", err)
	}
	return os.WriteFile(path, b, 0o644)
}

// Resize changes the size of the tab's view.
func (p *Page) Resize(width, height int) error {
	return p.Do(chromedp.EmulateViewport(int64(width), int64(height)))
}

// Call sends a command of the DevTools protocol to the tab.
func Call[P, R any](p *Page, cmd cdp.Command[P, R], params P) (R, error) {
	ctx, cancel := context.WithTimeout(p.ctx, Wait)
	defer cancel()
	return chromedp.Call(ctx, cmd, params)
}

// CallBrowser sends a command of the DevTools protocol to the browser.
func CallBrowser[P, R any](p *Page, cmd cdp.Command[P, R], params P) (R, error) {
	ctx, cancel := context.WithTimeout(p.ctx, Wait)
	defer cancel()
	return chromedp.CallBrowser(ctx, cmd, params)
}
