package guacamole_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"github.com/porthole-rac/porthole/relay/guacamole"
	drive "github.com/porthole-rac/porthole/scripts/browser"
	"github.com/porthole-rac/porthole/scripts/targets"
)

func tiger(t *testing.T, o targets.VNCOptions) *targets.VNC {
	t.Helper()
	if absent != "" {
		t.Skip(absent)
	}
	s, err := targets.TigerVNC(t.TempDir(), o)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// shown is what the page shows.
func shown(t *testing.T, page *drive.Page) *image.RGBA {
	t.Helper()
	p, err := drive.Eval[struct {
		Width  int    `json:"width"`
		Height int    `json:"height"`
		Data   string `json:"data"`
	}](page, "page.pixels()")
	if err != nil {
		t.Fatal(err)
	}
	pix, err := base64.StdEncoding.DecodeString(p.Data)
	if err != nil {
		t.Fatal(err)
	}
	return &image.RGBA{Pix: pix, Stride: 4 * p.Width, Rect: image.Rect(0, 0, p.Width, p.Height)}
}

// different counts the pixels that differ.
func different(a, b *image.RGBA) int {
	if a.Rect.Dx() != b.Rect.Dx() || a.Rect.Dy() != b.Rect.Dy() {
		return max(a.Rect.Dx()*a.Rect.Dy(), 1)
	}
	n := 0
	for i := 0; i+4 <= len(a.Pix) && i+4 <= len(b.Pix); i += 4 {
		if !bytes.Equal(a.Pix[i:i+3], b.Pix[i:i+3]) {
			n++
		}
	}
	return n
}

// same waits until the page shows what the server does, pixel by pixel.
func same(t *testing.T, page *drive.Page, s *targets.VNC) {
	t.Helper()
	n := 0
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		want, err := s.Screenshot()
		if err != nil {
			t.Fatal(err)
		}
		if n = different(shown(t, page), want); n == 0 {
			return
		}
	}
	t.Fatalf("%d pixels are not the server's", n)
}

var lossless = map[string]string{"force-lossless": "true"}

func settingsOf(s *targets.VNC, more map[string]string) map[string]string {
	all := s.Settings()
	for k, v := range more {
		all[k] = v
	}
	return all
}

func until(t *testing.T, page *drive.Page, js string) {
	t.Helper()
	if err := page.Until(js); err != nil {
		t.Fatal(err)
	}
}

// What the page shows is what the server shows, also after a lot has moved.
func TestPictureIsTheServers(t *testing.T) {
	s := tiger(t, targets.VNCOptions{Width: 1000, Height: 700})
	page := open(t, settingsOf(s, lossless), guacamole.Config{Width: 1000, Height: 700})
	until(t, page, "page.state == 3 && page.name")
	same(t, page, s)
	for _, kind := range []targets.Workload{targets.Text, targets.Drag, targets.Scroll} {
		before, err := drive.Eval[int](page, "page.syncs")
		if err != nil {
			t.Fatal(err)
		}
		work, err := s.Display.Draw(kind)
		if err != nil {
			t.Fatal(err)
		}
		until(t, page, fmt.Sprintf("page.syncs > %d", before+8)) // slow machines show few a second
		if err := work.Stop(); err != nil {
			t.Fatal(err)
		}
		// A server paints a pointer into the picture that its own programs have moved,
		// until the person moves it.
		if _, err := drive.Eval[bool](page, "page.move(7, 9), true"); err != nil {
			t.Fatal(err)
		}
		same(t, page, s)
	}
	until(t, page, "page.cursor && page.cursor.width > 1")
}

// eventually waits for something at the server.
func eventually(t *testing.T, what string, is func() bool, seen ...func() string) {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			for _, f := range seen {
				t.Log(f())
			}
			t.Fatalf("never happened: %s", what)
		}
	}
}

func TestInput(t *testing.T) {
	s := tiger(t, targets.VNCOptions{Width: 1000, Height: 700})
	page := open(t, settingsOf(s, map[string]string{"force-lossless": "true", "disable-display-resize": "true"}), guacamole.Config{Width: 1000, Height: 700})
	until(t, page, "page.state == 3 && page.name")
	in, err := s.Display.Input()
	if err != nil {
		t.Fatal(err)
	}
	if err := page.Type("aB1-\u00f6\u20ac\r"); err != nil {
		t.Fatal(err)
	}
	want := []string{"a", "B", "1", "minus", "odiaeresis", "EuroSign", "Return"}
	eventually(t, "all keys arrive", func() bool { return len(in.Typed()) >= len(want) }, func() string { return fmt.Sprint(in.Typed()) })
	if got := in.Typed(); !slices.Equal(got, want) {
		t.Errorf("typed %q, want %q", got, want)
	}
	if err := page.Do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, 321, 123), chromedp.MouseClickXY(321, 123)); err != nil {
		t.Fatal(err)
	}
	seen := func(kind string, button int) func() bool {
		return func() bool {
			return slices.ContainsFunc(in.Events(), func(e targets.InputEvent) bool {
				return e.Kind == kind && e.Button == button && e.X == 321 && e.Y == 123
			})
		}
	}
	eventually(t, "the button is pressed where it was clicked", seen("ButtonPress", 1))
	eventually(t, "and let go", seen("ButtonRelease", 1))
	if _, err := drive.Eval[bool](page, `document.elementFromPoint(321, 123).dispatchEvent(new WheelEvent("wheel", {deltaY: 120, clientX: 321, clientY: 123, bubbles: true, cancelable: true})), true`); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the wheel turns down", seen("ButtonPress", 5))
}

func TestResize(t *testing.T) {
	s := tiger(t, targets.VNCOptions{Width: 1000, Height: 700})
	page := open(t, settingsOf(s, lossless), guacamole.Config{Width: 1024, Height: 768})
	until(t, page, "page.state == 3 && page.name")
	for _, size := range [][2]int{{800, 500}, {1100, 650}} {
		if err := page.Resize(size[0], size[1]); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the desktop has the window's size", func() bool {
			w, h, err := s.Display.Size()
			return err == nil && w == size[0] && h == size[1]
		})
		same(t, page, s)
	}
}

func TestClipboard(t *testing.T) {
	s := tiger(t, targets.VNCOptions{Width: 800, Height: 600})
	page := open(t, settingsOf(s, lossless), guacamole.Config{Width: 800, Height: 600})
	until(t, page, "page.state == 3 && page.name")
	same(t, page, s)
	const there, here = "from there: \u00e4\u20ac", "from here: \u00f6\u20ac"
	if err := s.Display.Copy(there); err != nil {
		t.Fatal(err)
	}
	until(t, page, fmt.Sprintf("page.copied?.data == %q", there))
	if _, err := drive.Eval[bool](page, fmt.Sprintf("page.copy(%q), true", here)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the machine has what the page copied", func() bool {
		text, err := s.Display.Paste()
		return err == nil && text == here
	})
}

func TestErrors(t *testing.T) {
	s := tiger(t, targets.VNCOptions{Width: 800, Height: 600, Password: "secret"})
	for name, c := range map[string]struct {
		settings map[string]string
		code     int
		word     string
	}{
		"wrong password": {map[string]string{"password": "wrong"}, 0x301, "password"},
		"no password":    {map[string]string{"password": ""}, 0x301, "authentik"},
		"nobody there":   {map[string]string{"port": "1"}, 0x207, "nothing listens"},
	} {
		t.Run(name, func(t *testing.T) {
			page := open(t, settingsOf(s, c.settings), guacamole.Config{Width: 800, Height: 600})
			until(t, page, "page.error")
			e, err := drive.Eval[struct {
				Code    int    `json:"code"`
				Message string `json:"message"`
			}](page, "page.error")
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%#x %s", e.Code, e.Message)
			if e.Code != c.code || !strings.Contains(e.Message, c.word) {
				t.Errorf("the page is told %#x, %q; want %#x and %q", e.Code, e.Message, c.code, c.word)
			}
		})
	}
}

// TestLooks leaves pictures to be looked at, where PORTHOLE_PICTURES says.
func TestLooks(t *testing.T) {
	dir := os.Getenv("PORTHOLE_PICTURES")
	if dir == "" {
		t.Skip("PORTHOLE_PICTURES is not set")
	}
	s := tiger(t, targets.VNCOptions{Width: 1000, Height: 700})
	page := open(t, s.Settings(), guacamole.Config{Width: 1000, Height: 700})
	until(t, page, "page.state == 3 && page.name")
	for _, kind := range []targets.Workload{targets.Text, targets.Drag, targets.Scroll, targets.Noise} {
		work, err := s.Display.Draw(kind)
		if err != nil {
			t.Fatal(err)
		}
		before, _ := drive.Eval[int](page, "page.syncs")
		until(t, page, fmt.Sprintf("page.syncs > %d", before+8)) // slow machines show few a second
		if err := page.Screenshot(filepath.Join(dir, "guacamole-"+string(kind)+".png")); err != nil {
			t.Fatal(err)
		}
		if err := work.Stop(); err != nil {
			t.Fatal(err)
		}
	}
}

// Nothing is lost where the endpoint says so, whatever the server's encoding: what
// looks like a photo is not made a JPEG on the way.
func TestLossless(t *testing.T) {
	s := tiger(t, targets.VNCOptions{Width: 1000, Height: 600})
	page := open(t, settingsOf(s, map[string]string{"force-lossless": "true", "encodings": "zrle", "disable-display-resize": "true"}), guacamole.Config{Width: 1000, Height: 600})
	until(t, page, "page.state == 3 && page.name")
	work, err := s.Display.Draw(targets.Noise)
	if err != nil {
		t.Fatal(err)
	}
	until(t, page, "page.syncs > 5")
	if err := work.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := drive.Eval[bool](page, "page.move(7, 9), true"); err != nil {
		t.Fatal(err)
	}
	same(t, page, s)
}
