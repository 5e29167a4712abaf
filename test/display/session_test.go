package display_test

import (
	"context"
	"fmt"
	"io/fs"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	devtools "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"github.com/porthole-rac/porthole/protocol/wire"
	drive "github.com/porthole-rac/porthole/scripts/browser"
	"github.com/porthole-rac/porthole/web"
)

// sessions serves the real session page to the scripts, as a relay does.
var sessions = sync.OnceValue(func() *httptest.Server {
	bundle := http.FileServerFS(web.Bundle())
	mux := http.NewServeMux()
	mux.HandleFunc("/if/rac/{token}/", func(w http.ResponseWriter, r *http.Request) {
		name := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
		if name != "" {
			http.StripPrefix("/if/rac/"+r.PathValue("token"), bundle).ServeHTTP(w, r)
			return
		}
		text, _ := fs.ReadFile(web.Bundle(), "index.html")
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write(text)
	})
	mux.HandleFunc("/ws/rac/{token}/", func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path = "/ws/" + r.PathValue("token")
		serveScript(w, r)
	})
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		mux.ServeHTTP(w, r)
	}))
})

// person is somebody in front of the session page of a desktop.
type person struct {
	*desk
	marks uint64
	look  drive.Look
}

// plain is an ordinary window.
var plain = drive.Look{Name: "desktop", Width: 1280, Height: 800, Scheme: "dark"}

// visit opens the session page and waits for its socket.
func visit(t *testing.T, look drive.Look, hint string) *person {
	t.Helper()
	if absent != "" {
		t.Skip(absent)
	}
	p := &person{desk: &desk{t: t, lines: make(chan *line, 4)}, look: look}
	name := strings.ReplaceAll(t.Name(), "/", "-")
	scripts.Store(name, p.lines)
	t.Cleanup(func() { scripts.Delete(name) })
	page, err := chromium.Page()
	if err != nil {
		t.Fatal(err)
	}
	p.Page = page
	t.Cleanup(page.Close)
	t.Cleanup(func() { _, _ = drive.Eval[bool](page, `localStorage.clear(), true`) }) // it is that of all tabs
	if err := page.As(look); err != nil {
		t.Fatal(err)
	}
	if err := page.Go(sessions().URL + "/if/rac/" + name + "/" + hint); err != nil {
		t.Fatal(err)
	}
	p.attach()
	return p
}

// sit opens a session page whose desktop of a size is shown, in grey.
func sit(t *testing.T, look drive.Look, abilities wire.DesktopAbilities, width, height int) *person {
	t.Helper()
	p := visit(t, look, "#vnc")
	p.line.send(welcome(wire.ResumedNew, 1), &wire.Connected{}, info(abilities))
	p.show(&wire.DesktopBegin{Width: width, Height: height}, &wire.Fill{Width: width, Height: height, Color: 0x405060})
	p.until(`porthole.state === "connected" && porthole.size().width === ` + fmt.Sprint(width))
	return p
}

func info(abilities wire.DesktopAbilities) *wire.DesktopInfo {
	return &wire.DesktopInfo{Name: "A desktop", Protection: wire.ProtectAll, Security: "VeNCrypt, X509Vnc", Server: "RFB 3.8", Abilities: abilities}
}

// show sends an update and waits until it is painted.
func (p *person) show(records ...appender) {
	p.t.Helper()
	p.marks++
	p.line.send(append(records, &wire.Mark{Number: p.marks})...)
	p.line.acked(p.marks)
}

// hears waits until the relay has heard inputs, in words, and compares them.
func (p *person) hears(want string) {
	p.t.Helper()
	var got []string
	n := len(strings.Fields(want))
	timeout := time.After(patience)
	for len(got) < n {
		select {
		case r, ok := <-p.line.records:
			if !ok {
				p.t.Fatalf("the browser is gone; heard %v", got)
			}
			if w := word(p.t, r); w != "" {
				got = append(got, w)
			}
		case <-timeout:
			p.t.Fatalf("heard %v, want %s", got, want)
		}
	}
	if s := strings.Join(got, " "); s != want {
		p.t.Errorf("heard %s\nwant  %s", s, want)
	}
}

// word tells an input in short; "" for other records.
func word(t *testing.T, r record) string {
	t.Helper()
	check := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	switch r.kind {
	case wire.TypeKey:
		var k wire.Key
		check(k.Decode(r.body))
		return fmt.Sprintf("%s%02x/%x", map[bool]string{true: "+", false: "-"}[k.Down], k.Scan, k.Keysym)
	case wire.TypePointer:
		var m wire.Pointer
		check(m.Decode(r.body))
		return fmt.Sprintf("p%d@%d,%d", m.Buttons, m.X, m.Y)
	case wire.TypePointerRelative:
		var m wire.PointerRelative
		check(m.Decode(r.body))
		return fmt.Sprintf("r%d@%d,%d", m.Buttons, m.DX, m.DY)
	case wire.TypeTyped:
		var m wire.Typed
		check(m.Decode(r.body))
		return "typed:" + strings.ReplaceAll(m.Text, " ", "_")
	case wire.TypePower:
		var m wire.Power
		check(m.Decode(r.body))
		return fmt.Sprintf("power%d", m.Action)
	case wire.TypeQuality:
		var m wire.Quality
		check(m.Decode(r.body))
		return fmt.Sprintf("quality%d", m.Level)
	case wire.TypeClipboard:
		var m wire.Clipboard
		check(m.Decode(r.body))
		return fmt.Sprintf("clip:%s:%s", m.Type, strings.ReplaceAll(string(m.Data), " ", "_"))
	}
	return ""
}

// Modifiers of the DevTools protocol.
const (
	alt   = 1
	ctrl  = 2
	meta  = 4
	shift = 8
)

// keys presses and releases keys: "+KeyA:a" and "-KeyA:a"; with modifiers behind.
func (p *person) keys(mods int64, script string) {
	p.t.Helper()
	for _, s := range strings.Fields(script) {
		code, key, _ := strings.Cut(s[1:], ":")
		e := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyUp, Code: code, Key: key, Modifiers: mods}
		if s[0] == '+' {
			e.Type = input.DispatchKeyEventTypeRawKeyDown
		}
		if len([]rune(key)) == 1 {
			e.WindowsVirtualKeyCode = int64(strings.ToUpper(key)[0])
			if s[0] == '+' && mods == 0 {
				e.Type, e.Text = input.DispatchKeyEventTypeKeyDown, key
			}
		}
		if key == "v" && mods&ctrl != 0 {
			e.Commands = []string{"paste"}
		}
		p.send(e)
	}
}

func (p *person) send(e input.DispatchKeyEventParams) {
	p.t.Helper()
	if err := p.Do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, input.DispatchKeyEvent, e)
		return err
	})); err != nil {
		p.t.Fatal(err)
	}
}

func (p *person) mouse(kind input.DispatchMouseEventType, x, y float64, button input.MouseButton, buttons int64, more ...func(*input.DispatchMouseEventParams)) {
	p.t.Helper()
	e := input.DispatchMouseEventParams{Type: kind, X: x, Y: y, Button: button, Buttons: buttons, ClickCount: 1}
	for _, f := range more {
		f(&e)
	}
	if _, err := drive.Call(p.Page, input.DispatchMouseEvent, e); err != nil {
		p.t.Fatal(err)
	}
}

func (p *person) touch(kind input.DispatchTouchEventType, points ...*input.TouchPoint) {
	p.t.Helper()
	if _, err := drive.Call(p.Page, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: kind, TouchPoints: points}); err != nil {
		p.t.Fatal(err)
	}
}

// choose clicks an item of the menu.
func (p *person) choose(selector string) {
	p.t.Helper()
	p.run(`document.getElementById("menu").hidden && document.getElementById("handle").click()`)
	p.until(`!document.getElementById("menu").hidden`)
	p.run(fmt.Sprintf(`document.querySelector(%q).click()`, "#menu "+selector))
}

func (p *person) run(js string) {
	p.t.Helper()
	if _, err := drive.Eval[any](p.Page, "void ("+js+")"); err != nil {
		p.t.Fatal(err)
	}
}

// places is where the picture lies in the window: left, top, width, height.
func (p *person) places() [4]float64 {
	p.t.Helper()
	v, err := drive.Eval[[]float64](p.Page, `(() => { const r = document.getElementById("picture").getBoundingClientRect(); return [r.left, r.top, r.width, r.height]; })()`)
	if err != nil {
		p.t.Fatal(err)
	}
	return [4]float64(v)
}

// shot keeps a picture of the page, where pictures are wanted.
func (p *person) shot(name string) {
	p.t.Helper()
	dir := os.Getenv("PORTHOLE_SHOTS")
	if dir == "" {
		return
	}
	if err := p.Screenshot(filepath.Join(dir, name+"-"+p.look.Name+".png")); err != nil {
		p.t.Fatal(err)
	}
}

// allowClipboard lets pages use the clipboard without asking, as a browser does for
// a person who has agreed.
func allowClipboard(t *testing.T, p *drive.Page) {
	t.Helper()
	for _, name := range []string{"clipboard-read", "clipboard-write"} {
		if _, err := drive.CallBrowser(p, devtools.SetPermission, devtools.SetPermissionParams{
			Permission: &devtools.PermissionDescriptor{Name: name, AllowWithoutGesture: true}, Setting: devtools.PermissionSettingGranted,
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// The hint in the address loads the desktop's program; keys, text, buttons and the
// wheel reach the relay.
func TestHands(t *testing.T) {
	p := sit(t, plain, wire.CanScanCodes, 1280, 800)
	t.Run("keys", func(t *testing.T) {
		p.t = t
		p.keys(0, "+KeyA:a -KeyA:a")
		p.hears("+1e/61 -1e/61")
		p.keys(ctrl, "+ControlLeft:Control +KeyW:w -KeyW:w")
		p.keys(0, "-ControlLeft:Control")
		p.hears("+1d/ffe3 +11/77 -11/77 -1d/ffe3")
		p.keys(0, "+Tab:Tab -Tab:Tab +F5:F5 -F5:F5")
		p.hears("+0f/ff09 -0f/ff09 +3f/ffc2 -3f/ffc2")
	})
	t.Run("an input method", func(t *testing.T) {
		p.t = t
		if _, err := drive.Call(p.Page, input.ImeSetComposition, input.ImeSetCompositionParams{Text: "に", SelectionStart: 1, SelectionEnd: 1}); err != nil {
			t.Fatal(err)
		}
		p.until(`document.getElementById("typing").classList.contains("composing")`)
		p.shot("composing")
		if _, err := drive.Call(p.Page, input.InsertText, input.InsertTextParams{Text: "日本"}); err != nil {
			t.Fatal(err)
		}
		p.hears("typed:日本")
	})
	t.Run("mouse", func(t *testing.T) {
		p.t = t
		p.mouse(input.DispatchMouseEventTypeMouseMoved, 100, 200, input.MouseButtonNone, 0)
		p.mouse(input.DispatchMouseEventTypeMousePressed, 100, 200, input.MouseButtonLeft, 1)
		p.mouse(input.DispatchMouseEventTypeMouseMoved, 300, 220, input.MouseButtonLeft, 1)
		p.mouse(input.DispatchMouseEventTypeMouseReleased, 300, 220, input.MouseButtonLeft, 0)
		p.hears("p0@100,200 p1@100,200 p1@300,220 p0@300,220")
		p.mouse(input.DispatchMouseEventTypeMousePressed, 300, 220, input.MouseButtonRight, 2)
		p.mouse(input.DispatchMouseEventTypeMouseReleased, 300, 220, input.MouseButtonRight, 0)
		p.hears("p4@300,220 p0@300,220")
		p.mouse(input.DispatchMouseEventTypeMousePressed, 300, 220, input.MouseButtonBack, 8)
		p.mouse(input.DispatchMouseEventTypeMouseReleased, 300, 220, input.MouseButtonBack, 0)
		p.hears("p128@300,220 p0@300,220")
		p.mouse(input.DispatchMouseEventTypeMouseWheel, 300, 220, input.MouseButtonNone, 0, func(e *input.DispatchMouseEventParams) { e.DeltaX, e.DeltaY = .001, 120 })
		p.hears("p16@300,220 p0@300,220")
	})
	t.Run("nothing stays pressed", func(t *testing.T) {
		p.t = t
		p.keys(shift, "+ShiftLeft:Shift")
		p.hears("+2a/ffe1")
		p.run(`window.dispatchEvent(new Event("blur"))`)
		p.hears("-2a/ffe1")
	})
	t.Run("the menu has its own keys", func(t *testing.T) {
		p.t = t
		p.keys(ctrl|shift, "+KeyM:M -KeyM:M")
		p.until(`!document.getElementById("menu").hidden`)
		p.keys(0, "+ArrowDown:ArrowDown -ArrowDown:ArrowDown +Escape:Escape -Escape:Escape")
		p.until(`document.getElementById("menu").hidden`)
		p.keys(0, "+KeyB:b -KeyB:b")
		p.hears("+30/62 -30/62")
	})
	t.Run("keys from the menu", func(t *testing.T) {
		p.t = t
		p.choose("[data-do=combo]")
		p.hears("+1d/ffe3 +38/ffe9 +d3/ffff -d3/ffff -38/ffe9 -1d/ffe3")
		p.choose("[data-do=keys]")
		p.until(`document.getElementById("more-keys").open`)
		p.shot("more-keys")
		p.run(`[...document.querySelectorAll("#key-grid button")].find((b) => b.textContent === "Alt+F4").click()`)
		p.hears("+38/ffe9 +3e/ffc1 -3e/ffc1 -38/ffe9")
		p.until(`document.activeElement.id === "typing"`)
	})
	t.Run("the automation API", func(t *testing.T) {
		p.t = t
		p.run(`porthole.sendKey("ControlLeft+KeyC")`)
		p.hears("+1d/ffe3 +2e/63 -2e/63 -1d/ffe3")
		p.run(`porthole.pointer({ x: 5, y: 6, buttons: 1 }), porthole.pointer({ x: 5, y: 6 })`)
		p.hears("p1@5,6 p0@5,6")
		p.run(`porthole.sendText("äß x")`)
		p.hears("typed:äß_x")
		if n, err := drive.Eval[float64](p.Page, `porthole.screenshot().then((b) => b.size)`); err != nil || n < 100 {
			t.Errorf("screenshot: %v bytes, %v", n, err)
		}
		if err := p.Until(`porthole.stats().framesPainted >= 1`); err != nil {
			t.Error(err)
		}
	})
}

// How large the desktop is shown, and that the pointer hits what it points at.
func TestScaling(t *testing.T) {
	p := sit(t, plain, 0, 1000, 1000)
	p.until(`document.getElementById("picture").getBoundingClientRect().height === 800`)
	if got := p.places(); got != [4]float64{240, 0, 800, 800} {
		t.Error("fit:", got)
	}
	p.mouse(input.DispatchMouseEventTypeMouseMoved, 640, 400, input.MouseButtonNone, 0)
	p.hears("p0@500,500")
	p.shot("fit")
	p.choose(`[data-do=scaling][data-value=one]`)
	if got := p.places(); got[2] != 1000 || got[3] != 1000 || got[0] != 140-7 && got[0] != 140 && math.Abs(got[0]-135) > 10 {
		t.Error("1:1:", got)
	}
	p.run(`document.getElementById("handle").click()`)
	p.mouse(input.DispatchMouseEventTypeMouseMoved, 640, 400, input.MouseButtonNone, 0)
	p.until(`document.getElementById("desktop").scrollHeight > 900`)
	p.choose(`[data-do=scaling][data-value=auto]`)
	p.line.send(info(wire.CanResize))
	p.until(`document.getElementById("picture").getBoundingClientRect().height === 800`)
	// The window's size is asked for.
	if err := p.Resize(1000, 700); err != nil {
		t.Fatal(err)
	}
	p.asks(wire.Window{Width: 1000, Height: 700, Scale: 1000})
	if err := p.Resize(1280, 800); err != nil {
		t.Fatal(err)
	}
	p.asks(wire.Window{Width: 1280, Height: 800, Scale: 1000})
	p.show(&wire.DesktopSize{Width: 1280, Height: 800})
	p.until(`document.getElementById("picture").getBoundingClientRect().width === 1280`)
	// A small desktop that can follow is not enlarged; one that cannot, is, by whole
	// pixels where that is wanted.
	p.show(&wire.DesktopSize{Width: 320, Height: 200})
	p.until(`document.getElementById("picture").getBoundingClientRect().width === 320`)
	p.choose(`[data-do=scaling][data-value=integer]`)
	p.until(`document.getElementById("picture").getBoundingClientRect().width === 1280`)
	p.until(`document.getElementById("picture").classList.contains("pixels")`)
	if err := p.Do(chromedp.EmulateViewport(1280, 800, chromedp.EmulateScale(2))); err != nil {
		t.Fatal(err)
	}
	p.choose(`[data-do=scaling][data-value=one]`)
	p.until(`document.getElementById("picture").getBoundingClientRect().width === 160`)
	p.choose(`[data-do=scaling][data-value=auto]`)
	p.asks(wire.Window{Width: 2560, Height: 1600, Scale: 2000})
}

// asks waits until the page asks for a size of the desktop.
func (p *person) asks(want wire.Window) {
	p.t.Helper()
	for {
		var w wire.Window
		if err := w.Decode(p.line.next(wire.TypeWindow)); err != nil {
			p.t.Fatal(err)
		}
		if w == want {
			return
		}
	}
}
