package browser_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	drive "github.com/porthole-rac/porthole/scripts/browser"
)

// tab is a session page at the demo shell. Its methods fail the test.
type tab struct {
	*drive.Page
	t *testing.T
}

// newTab opens an empty tab.
func newTab(t *testing.T) *tab {
	t.Helper()
	if absent != "" {
		t.Skip(absent)
	}
	p, err := chromium.Page()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	b := &tab{p, t}
	b.watchErrors()
	t.Cleanup(func() {
		if t.Failed() {
			b.logErrors()
		}
	})
	return b
}

// shared is the tab that the tests use one after the other: to load the page for
// each would take most of the time.
var shared *drive.Page

func discard() {
	if shared != nil {
		_, _ = drive.Eval[bool](shared, `porthole.disconnect(), true`)
		shared.Close()
		shared = nil
	}
}

// pristine holds when nothing is left in the shared tab of the test before.
const pristine = `porthole.state == "connected" && localStorage.length == 0 && innerWidth == 1280 && innerHeight == 800 && devicePixelRatio == 1 &&
	!document.querySelector("dialog[open]") && document.activeElement.id == "keys" && document.getElementById("copy-hint").hidden &&
	document.getElementById("search").hidden && document.getElementById("menu").hidden`

// open gives a tab with a prompt of the demo shell on an empty screen.
func open(t *testing.T) *tab {
	t.Helper()
	if absent != "" {
		t.Skip(absent)
	}
	if shared != nil {
		if ok, err := drive.Eval[bool](shared, pristine); err != nil || !ok {
			discard()
		}
	}
	known := shared != nil
	if !known {
		p, err := chromium.Page()
		if err != nil {
			t.Fatal(err)
		}
		shared = p
	}
	b := &tab{shared, t}
	t.Cleanup(func() {
		if t.Failed() {
			b.logErrors()
			discard()
		}
	})
	if known {
		before := eval[float64](b, "porthole.stats().outputBytes")
		b.send("\x03")
		b.until(fmt.Sprintf(`porthole.stats().outputBytes > %v && porthole.text().trimEnd().endsWith("$")`, before))
		b.shell(`printf '\ec'; clear`)
		return b
	}
	b.watchErrors()
	b.emulate(chromedp.EmulateViewport(1280, 800))
	b.launch()
	return b
}

// openOwn opens a tab for this test alone.
func openOwn(t *testing.T) *tab {
	t.Helper()
	b := newTab(t)
	b.emulate(chromedp.EmulateViewport(1280, 800))
	b.launch()
	b.t.Cleanup(func() { // leaves no session behind
		_, _ = drive.Eval[bool](b.Page, `globalThis.porthole?.disconnect(), true`)
	})
	return b
}

// watchErrors collects what the page complains of; logErrors tells it.
func (b *tab) watchErrors() {
	b.t.Helper()
	b.script(`globalThis.testErrors = []; for (const n of ["error", "warn"]) { const f = console[n]; console[n] = (...a) => { testErrors.push(a.join(" ")); f.apply(console, a); }; }
		addEventListener("error", e => testErrors.push(e.message))`)
}

func (b *tab) logErrors() {
	text, _ := drive.Eval[[]string](b.Page, "testErrors")
	b.t.Logf("the page complains: %q", text)
}

func (b *tab) launch() {
	b.t.Helper()
	b.must(b.Do(chromedp.Navigate(server.URL)))
	b.do("localStorage.clear()") // what another tab left
	b.must(b.Launch(demo))
	b.must(b.State("connected"))
	b.do("localStorage.clear()") // what the test has chosen is in force now
	b.send("PS1='$ '; clear\r")
	b.until(`porthole.text().trim() == "$"`)
}

func (b *tab) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) until(js string) {
	b.t.Helper()
	b.must(b.Until(js))
}

func eval[T any](b *tab, js string, args ...any) T {
	b.t.Helper()
	if len(args) > 0 {
		js = fmt.Sprintf(js, args...)
	}
	v, err := drive.Eval[T](b.Page, js)
	b.must(err)
	return v
}

// do evaluates for the effect.
func (b *tab) do(js string, args ...any) {
	b.t.Helper()
	if len(args) > 0 {
		js = fmt.Sprintf(js, args...)
	}
	eval[bool](b, "("+js+"), true")
}

// send sends text by the automation API.
func (b *tab) send(text string) {
	b.t.Helper()
	b.do("porthole.sendText(%q)", text)
}

// shell runs a command that ends by itself, on a screen of its own. The prompt
// from before the command does not count: there was output since.
func (b *tab) shell(command string) {
	b.t.Helper()
	before := eval[float64](b, "porthole.stats().outputBytes")
	b.send("clear; " + command + "\r")
	b.until(fmt.Sprintf(`porthole.stats().outputBytes > %v && /(^|\n)\$$/.test(porthole.text().trimEnd()) && !porthole.text().includes("clear;")`, before))
}

// printf has the shell print a format and wait, so that no prompt is in the way.
func (b *tab) printf(format string) {
	b.t.Helper()
	b.send("clear; printf '" + format + "'; read -s x\r")
	b.until(`!porthole.text().startsWith("$")`)
}

// shows waits for text on the terminal.
func (b *tab) shows(text string) {
	b.t.Helper()
	b.must(b.Shows(text))
}

// selection of the modifiers, as the DevTools protocol counts them.
const (
	alt   = 1
	ctrl  = 2
	meta  = 4
	shift = 8
)

// key presses and releases a key, with the text that a keyboard would give.
func (b *tab) key(key, code string, mods int64) {
	b.t.Helper()
	p := input.DispatchKeyEventParams{Key: key, Code: code, Modifiers: mods, WindowsVirtualKeyCode: virtual(key, code)}
	p.Type = input.DispatchKeyEventTypeRawKeyDown
	if mods&(ctrl|alt|meta) == 0 {
		text := key
		if key == "Enter" {
			text = "\r"
		}
		if len([]rune(text)) == 1 {
			p.Type, p.Text = input.DispatchKeyEventTypeKeyDown, text
		}
	}
	b.dispatch(p)
	p.Type, p.Text = input.DispatchKeyEventTypeKeyUp, ""
	b.dispatch(p)
}

func (b *tab) dispatch(p input.DispatchKeyEventParams) {
	b.t.Helper()
	_, err := drive.Call(b.Page, input.DispatchKeyEvent, p)
	b.must(err)
}

// virtual gives Windows' code of a key, by which the browser finds its commands.
func virtual(key, code string) int64 {
	if n, ok := map[string]int64{
		"Enter": 13, "Tab": 9, "Escape": 27, "Backspace": 8, "Delete": 46, "Insert": 45, "Home": 36, "End": 35,
		"PageUp": 33, "PageDown": 34, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, " ": 32,
		"Shift": 16, "Control": 17, "Alt": 18,
	}[key]; ok {
		return n
	}
	if len(code) == 4 && strings.HasPrefix(code, "Key") {
		return int64(code[3])
	}
	if len(code) == 6 && strings.HasPrefix(code, "Digit") {
		return int64(code[5])
	}
	var n int64
	if _, err := fmt.Sscanf(key, "F%d", &n); err == nil {
		return 111 + n
	}
	return 0
}

// cell gives the middle of a cell in CSS pixels.
func (b *tab) cell(col, row int) (x, y float64) {
	b.t.Helper()
	w, h := b.cellSize()
	left, top := b.corner()
	return left + (float64(col)+.5)*w, top + (float64(row)+.5)*h
}

// corner is where the terminal begins, CSS pixels.
func (b *tab) corner() (left, top float64) {
	b.t.Helper()
	r := eval[map[string]float64](b, `(({left, top}) => ({left, top}))(document.getElementById("terminal").getBoundingClientRect())`)
	return r["left"], r["top"]
}

// cellSize is a cell's size in CSS pixels.
func (b *tab) cellSize() (w, h float64) {
	b.t.Helper()
	s := eval[map[string]float64](b, `(({cellWidth, cellHeight}) => ({cellWidth, cellHeight}))(porthole.size())`)
	return s["cellWidth"], s["cellHeight"]
}

func (b *tab) mouse(kind input.DispatchMouseEventType, x, y float64, button input.MouseButton, clicks, mods int64) {
	b.t.Helper()
	p := input.DispatchMouseEventParams{Type: kind, X: x, Y: y, Button: button, ClickCount: clicks, Modifiers: mods}
	if kind != input.DispatchMouseEventTypeMouseReleased && button != input.MouseButtonNone {
		p.Buttons = map[input.MouseButton]int64{input.MouseButtonLeft: 1, input.MouseButtonRight: 2, input.MouseButtonMiddle: 4}[button]
	}
	_, err := drive.Call(b.Page, input.DispatchMouseEvent, p)
	b.must(err)
}

// click clicks n times on a cell.
func (b *tab) click(col, row int, n int, button input.MouseButton, mods int64) {
	b.t.Helper()
	x, y := b.cell(col, row)
	for i := 1; i <= n; i++ {
		b.mouse(input.DispatchMouseEventTypeMousePressed, x, y, button, int64(i), mods)
		b.mouse(input.DispatchMouseEventTypeMouseReleased, x, y, button, int64(i), mods)
	}
}

// drag draws from the left edge of a cell to the right edge of another one.
func (b *tab) drag(col, row, toCol, toRow int, mods int64) {
	b.t.Helper()
	w, _ := b.cellSize()
	x, y := b.cell(col, row)
	b.mouse(input.DispatchMouseEventTypeMousePressed, x-w/3, y, input.MouseButtonLeft, 1, mods)
	x, y = b.cell(toCol, toRow)
	b.mouse(input.DispatchMouseEventTypeMouseMoved, x, y, input.MouseButtonLeft, 0, mods)
	b.mouse(input.DispatchMouseEventTypeMouseMoved, x+w/3, y, input.MouseButtonLeft, 0, mods)
	b.mouse(input.DispatchMouseEventTypeMouseReleased, x+w/3, y, input.MouseButtonLeft, 1, mods)
}

// setClipboard fills the browser's clipboard.
func (b *tab) setClipboard(text string) {
	b.t.Helper()
	b.do(`globalThis.clipDone = false, navigator.clipboard.writeText(%q).then(() => clipDone = true)`, text)
	b.until("clipDone")
}

// clipboard waits for the clipboard to hold something other than what
// setClipboard left there.
func (b *tab) clipboard(before string) string {
	b.t.Helper()
	b.do(`globalThis.clip = %q, globalThis.clipPoll = setInterval(async () => { clip = await navigator.clipboard.readText(); }, 20)`, before)
	err := b.Until(fmt.Sprintf("clip != %q", before))
	b.do("clearInterval(clipPoll)")
	b.must(err)
	return eval[string](b, "clip")
}

// picture takes a screenshot of the terminal after everything was painted.
func (b *tab) picture() image.Image {
	b.t.Helper()
	format := page.CaptureScreenshotFormatPng
	r, err := drive.Call(b.Page, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: format})
	b.must(err)
	m, err := png.Decode(bytes.NewReader(r.Data))
	b.must(err)
	return m
}

// color gives the colour at a place of a cell, 0…1 across and down, as 0xRRGGBB.
func (b *tab) color(m image.Image, col, row int, fx, fy float64) uint32 {
	b.t.Helper()
	w, h := b.cellSize()
	left, top := b.corner()
	scale := float64(m.Bounds().Dx()) / eval[float64](b, "innerWidth")
	x, y := (left+(float64(col)+fx)*w)*scale, (top+(float64(row)+fy)*h)*scale
	r, g, bl, _ := m.At(int(x), int(y)).RGBA()
	return r>>8<<16 | g>>8<<8 | bl>>8
}

// wantColor waits for a place of a cell to have a colour.
func (b *tab) wantColor(col, row int, fx, fy float64, want uint32) {
	b.t.Helper()
	var got uint32
	for range 25 {
		if got = b.color(b.picture(), col, row, fx, fy); near(got, want) {
			return
		}
	}
	b.t.Errorf("cell %d,%d at %.2f,%.2f is %06x, want %06x", col, row, fx, fy, got, want)
}

func near(a, b uint32) bool {
	for s := 0; s < 24; s += 8 {
		if d := int(a>>s&255) - int(b>>s&255); d < -3 || d > 3 {
			return false
		}
	}
	return true
}

// shot writes a picture where PORTHOLE_SHOTS says.
func (b *tab) shot(name string) {
	b.t.Helper()
	dir := os.Getenv("PORTHOLE_SHOTS")
	if dir == "" {
		return
	}
	b.must(os.MkdirAll(dir, 0o755))
	b.must(b.Screenshot(filepath.Join(dir, name+".png")))
}

// emulate makes the tab a device.
func (b *tab) emulate(a ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	b.must(b.Do(a...))
}

// eventually tries f until it is true.
func (b *tab) eventually(what string, f func() bool) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), drive.Wait)
	defer cancel()
	for !f() {
		select {
		case <-ctx.Done():
			b.t.Fatalf("%s did not happen", what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// script has a script run in every document of the tab before its own.
func (b *tab) script(js string) {
	b.t.Helper()
	_, err := drive.Call(b.Page, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: js})
	b.must(err)
}

// blockWebGL makes a browser without WebGL.
func (b *tab) blockWebGL() {
	b.t.Helper()
	b.script(`HTMLCanvasElement.prototype.getContext = (real => function (kind, ...rest) {
		return kind.startsWith("webgl") ? null : real.call(this, kind, ...rest); })(HTMLCanvasElement.prototype.getContext)`)
}
