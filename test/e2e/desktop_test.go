package e2e_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/scripts/browser"
	"github.com/porthole-rac/porthole/scripts/targets"
)

const patience = 30 * time.Second

// desktop starts a TigerVNC server with an endpoint for it, or skips.
func desktop(t *testing.T, o targets.VNCOptions, settings map[string]string) *targets.VNC {
	t.Helper()
	if absent != "" {
		t.Skip(absent)
	}
	vnc, err := targets.TigerVNC(t.TempDir(), o)
	if missing := new(targets.Missing); errors.As(err, &missing) {
		t.Skip(missing)
	}
	must(t, err)
	t.Cleanup(func() {
		if err := vnc.Close(); err != nil {
			t.Error(err)
		}
	})
	all := vnc.Settings()
	for k, v := range settings {
		all[k] = v
	}
	delete(all, "hostname")
	delete(all, "port")
	addEndpoint(t, t.Name(), "vnc", vnc.Address(), all)
	return vnc
}

// atDesktop is a visitor who sees the desktop of the test's endpoint.
func atDesktop(t *testing.T) *browser.Page {
	t.Helper()
	p := visitor(t)
	must(t, p.Launch(t.Name()))
	seen(t, p)
	return p
}

func seen(t *testing.T, p *browser.Page) {
	t.Helper()
	must(t, p.State("connected"))
	must(t, p.Until(`porthole.stats().framesPainted > 0`))
}

// terminal starts an xterm that writes what is typed into a file.
func terminal(t *testing.T, vnc *targets.VNC) (typed func() string) {
	t.Helper()
	file := filepath.Join(vnc.Dir, "typed")
	x, err := vnc.Display.Start("xterm", "xterm", "-geometry", "60x12+20+20", "-e", "cat > "+file)
	must(t, err)
	t.Cleanup(x.Stop)
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(file); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the terminal did not start")
		}
	}
	return func() string {
		b, _ := os.ReadFile(file)
		return string(b)
	}
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(30 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
	}
}

// shown is what the page's canvas shows of the desktop.
func shown(t *testing.T, p *browser.Page) image.Image {
	t.Helper()
	text, err := browser.Eval[string](p, `porthole.screenshot().then((b) => new Promise((done) => {
		const r = new FileReader();
		r.onload = () => done(r.result.split(",")[1]);
		r.readAsDataURL(b);
	}))`)
	must(t, err)
	b, err := base64.StdEncoding.DecodeString(text)
	must(t, err)
	img, err := png.Decode(bytes.NewReader(b))
	must(t, err)
	return img
}

// same waits until the page shows what the server's screen has, but for JPEG's loss.
func same(t *testing.T, p *browser.Page, vnc *targets.VNC, most int) {
	t.Helper()
	var last string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		want, err := vnc.Screenshot()
		must(t, err)
		got := shown(t, p)
		if got.Bounds().Size() != want.Bounds().Size() {
			last = fmt.Sprintf("the page shows %v, the server has %v", got.Bounds(), want.Bounds())
			continue
		}
		worst, at := 0, image.Point{}
		for y := range want.Bounds().Dy() {
			for x := range want.Bounds().Dx() {
				r, g, b, _ := got.At(x, y).RGBA()
				c := want.RGBAAt(x, y)
				for _, d := range [3]int{int(r>>8) - int(c.R), int(g>>8) - int(c.G), int(b>>8) - int(c.B)} {
					if d = max(d, -d); d > worst {
						worst, at = d, image.Pt(x, y)
					}
				}
			}
		}
		if worst <= most {
			return
		}
		last = fmt.Sprintf("the page differs by %d at %v", worst, at)
	}
	picture(t, p, "desktop-differs")
	t.Fatal(last)
}

func TestDesktop(t *testing.T) {
	vnc := desktop(t, targets.VNCOptions{Width: 1024, Height: 768, Password: "vncpass1"}, map[string]string{"force-lossless": "true"})
	p := atDesktop(t)
	typed := terminal(t, vnc)
	must(t, p.Until(`porthole.size().width > 1024`)) // the window drives the size
	same(t, p, vnc, 0)
	picture(t, p, "desktop")

	ok, err := browser.Eval[bool](p, `porthole.pointer({x: 100, y: 100})`)
	must(t, err)
	if !ok {
		t.Fatal("the pointer was not taken")
	}
	must(t, p.Type("hello, World 42\r"))
	until(t, "what is typed arrives", func() bool { return typed() == "hello, World 42\n" })
	_, err = browser.Eval[bool](p, `porthole.sendText("straße €\r")`)
	must(t, err)
	until(t, "text arrives", func() bool { return strings.HasSuffix(typed(), "straße €\n") })
	same(t, p, vnc, 0)

	must(t, p.Resize(900, 700))
	must(t, p.Until(`porthole.size().width < 1000`))
	same(t, p, vnc, 0)
	picture(t, p, "desktop-smaller")
}

func TestDesktopClipboard(t *testing.T) {
	vnc := desktop(t, targets.VNCOptions{Password: "vncpass1"}, nil)
	p := atDesktop(t)
	must(t, vnc.Display.Copy("from the machine: äöü €"))
	must(t, p.Until(`porthole.clipboard() === "from the machine: äöü €"`))
	_, err := browser.Eval[bool](p, `porthole.clipboard("to the machine: ñ ✓"), true`)
	must(t, err)
	until(t, "the machine has it", func() bool {
		text, err := vnc.Display.Paste()
		return err == nil && text == "to the machine: ñ ✓"
	})
}

func TestDesktopAfterReload(t *testing.T) {
	vnc := desktop(t, targets.VNCOptions{Width: 1024, Height: 768, Password: "vncpass1"}, map[string]string{"force-lossless": "true"})
	p := atDesktop(t)
	terminal(t, vnc)
	same(t, p, vnc, 0)
	must(t, p.Do(chromedp.Reload()))
	seen(t, p)
	same(t, p, vnc, 0)
	_, err := browser.Eval[bool](p, `porthole.ui.dropLink(), true`)
	must(t, err)
	must(t, p.State("connected"))
	x, err := vnc.Display.Start("xterm", "xterm", "-geometry", "40x10+300+200")
	must(t, err)
	defer x.Stop()
	same(t, p, vnc, 0)
}

func TestDesktopLooks(t *testing.T) {
	vnc := desktop(t, targets.VNCOptions{Width: 1280, Height: 800, Password: "vncpass1"}, nil)
	p := atDesktop(t)
	terminal(t, vnc)
	same(t, p, vnc, 40)
	_, err := browser.Eval[bool](p, `document.querySelector("#handle").click(), true`)
	must(t, err)
	must(t, p.Until(`!document.querySelector("#menu").hidden`))
	picture(t, p, "desktop-menu")
}

func TestDesktopWrongPassword(t *testing.T) {
	desktop(t, targets.VNCOptions{Password: "vncpass1"}, map[string]string{"password": "wrong"})
	p := visitor(t)
	must(t, p.Launch(t.Name()))
	must(t, p.Until(`document.querySelector("dialog[open] input[type=password]")`))
	picture(t, p, "desktop-password")
	must(t, p.Type("vncpass1\r"))
	seen(t, p)
}

func TestDesktopServerGoes(t *testing.T) {
	vnc := desktop(t, targets.VNCOptions{Password: "vncpass1"}, nil)
	p := atDesktop(t)
	must(t, vnc.Close())
	must(t, p.State("ended"))
	code, message, _, err := p.Reason()
	must(t, err)
	if code != wire.EndClosed && code != wire.EndTargetLost {
		t.Errorf("ended with %s: %s", code, message)
	}
	picture(t, p, "desktop-ended")
}

func TestDesktopNothingListens(t *testing.T) {
	if absent != "" {
		t.Skip(absent)
	}
	addEndpoint(t, t.Name(), "vnc", "127.0.0.1:1", nil)
	p := visitor(t)
	must(t, p.Launch(t.Name()))
	ended(t, p, wire.EndUnreachable)
}
