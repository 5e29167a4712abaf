package browser_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	drive "github.com/porthole-rac/porthole/scripts/browser"
)

func TestInputMethod(t *testing.T) {
	b := open(t)
	k := b.runKeys("")
	compose := func(text string) {
		t.Helper()
		n := int64(len([]rune(text)))
		_, err := drive.Call(b.Page, input.ImeSetComposition, input.ImeSetCompositionParams{Text: text, SelectionStart: n, SelectionEnd: n})
		b.must(err)
	}
	compose("に")
	compose("にほん")
	b.shot("input-method")
	// What is being composed is seen at the cursor, and not sent.
	at := eval[map[string]string](b, `(({left, top}) => ({left, top}))(document.getElementById("keys").style)`)
	if at["left"] == "0.0px" && at["top"] == "0.0px" {
		t.Error("the composition is not at the cursor")
	}
	_, err := drive.Call(b.Page, input.InsertText, input.InsertTextParams{Text: "日本"})
	b.must(err)
	k.expect(t, "composed text", "日本")

	compose("x")
	compose("")
	k.expect(t, "a composition that was given up", "")

	_, err = drive.Call(b.Page, input.InsertText, input.InsertTextParams{Text: "😀"})
	b.must(err)
	k.expect(t, "text of an on-screen keyboard", "😀")

	// Keys that an input method takes are not the terminal's.
	b.do(`document.getElementById("keys").dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", code: "Enter", keyCode: 229, bubbles: true, cancelable: true}))`)
	b.do(`document.getElementById("keys").dispatchEvent(new KeyboardEvent("keydown", {key: "Dead", code: "Quote", bubbles: true, cancelable: true}))`)
	k.expect(t, "keys of the input method", "")
	k.quit()
}

// TestAltGr: on Windows AltGr comes as Ctrl+Alt.
func TestAltGr(t *testing.T) {
	b := open(t)
	k := b.runKeys("")
	b.do(`document.getElementById("keys").dispatchEvent(new KeyboardEvent("keydown", {key: "@", code: "KeyQ", ctrlKey: true, altKey: true, modifierAltGraph: true, bubbles: true, cancelable: true}))`)
	b.do(`document.getElementById("keys").dispatchEvent(new KeyboardEvent("keydown", {key: "{", code: "Digit7", modifierAltGraph: true, bubbles: true, cancelable: true}))`)
	k.expect(t, "AltGr", "@{")
	k.quit()
}

func TestMouseReports(t *testing.T) {
	b := open(t)
	k := b.runKeys(`\e[?1003h\e[?1006h`)
	x, y := b.cell(4, 2)
	b.mouse(input.DispatchMouseEventTypeMouseMoved, x, y, input.MouseButtonNone, 0, 0)
	k.expect(t, "a move", "\x1b[<35;5;3M")
	b.click(4, 2, 1, input.MouseButtonLeft, 0)
	k.expect(t, "a click", "\x1b[<0;5;3M\x1b[<0;5;3m")
	b.click(4, 2, 1, input.MouseButtonRight, ctrl)
	k.expect(t, "a right click with Ctrl", "\x1b[<18;5;3M\x1b[<18;5;3m")
	_, h := b.cellSize()
	b.wheel(4, 2, h, 0)
	b.eventually("the wheel", func() bool { return strings.HasPrefix(k.received(), "\x1b[<65;5;3M") })
	b.drag(1, 1, 3, 1, 0)
	if got := k.received(); !strings.HasPrefix(got, "\x1b[<") || !strings.Contains(got, "\x1b[<32;4;2M") || !strings.HasSuffix(got, "\x1b[<0;4;2m") {
		t.Errorf("a drag gives %q", got)
	}
	// Shift gives the mouse to the person.
	b.click(0, 0, 2, input.MouseButtonLeft, shift)
	if eval[string](b, "porthole.ui.marked()") == "" {
		t.Error("a double click with Shift marks nothing")
	}
	k.expect(t, "a click with Shift", "")
	k.quit()
}

func TestFocusReports(t *testing.T) {
	b := open(t)
	k := b.runKeys(`\e[?1004h`)
	b.do(`document.getElementById("keys").blur()`)
	b.do("porthole.ui.focus()")
	k.expect(t, "focus lost and got", "\x1b[O\x1b[I")
	k.quit()
}

// phone makes the tab a phone.
func (b *tab) phone() {
	b.t.Helper()
	b.emulate(chromedp.EmulateViewport(390, 844, chromedp.EmulateScale(3), chromedp.EmulateMobile, chromedp.EmulateTouch))
	_, err := drive.Call(b.Page, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true, MaxTouchPoints: 5})
	b.must(err)
}

func (b *tab) touch(kind input.DispatchTouchEventType, points ...[2]float64) {
	b.t.Helper()
	list := []*input.TouchPoint{}
	for i, p := range points {
		list = append(list, &input.TouchPoint{X: p[0], Y: p[1], ID: ptr(float64(i))})
	}
	_, err := drive.Call(b.Page, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: kind, TouchPoints: list})
	b.must(err)
}

func TestTouch(t *testing.T) {
	b := newTab(t)
	b.phone()
	b.launch()
	b.until(`!document.getElementById("keybar").hidden`)
	b.shell("seq 1000")
	b.shot("phone")

	// A quick finger scrolls. On a busy machine it may come too late and count as a
	// long press; then it tries again.
	b.eventually("a finger scrolls", func() bool {
		b.touch(input.DispatchTouchEventTypeTouchStart, [2]float64{100, 300})
		for y := 320.0; y <= 500; y += 20 {
			b.touch(input.DispatchTouchEventTypeTouchMove, [2]float64{100, y})
		}
		b.touch(input.DispatchTouchEventTypeTouchEnd)
		return eval[bool](b, `document.getElementById("scrollbar").classList.contains("moved")`)
	})
	b.key("End", "End", shift)

	// A long press marks a word, and offers to copy it.
	b.shell("echo pressed long")
	x, y := b.cell(2, 0)
	b.touch(input.DispatchTouchEventTypeTouchStart, [2]float64{x, y})
	b.until(`porthole.ui.marked() == "pressed"`)
	x, y = b.cell(10, 0)
	b.touch(input.DispatchTouchEventTypeTouchMove, [2]float64{x, y})
	b.until(`porthole.ui.marked() == "pressed long"`)
	b.touch(input.DispatchTouchEventTypeTouchEnd)
	b.until(`document.querySelector(".notice")?.textContent.includes("pressed long")`)
	b.shot("phone-marked")
	b.setClipboard("before")
	b.do(`[...document.querySelectorAll(".notice button")].find(e => e.textContent == "Copy").click()`)
	if got := b.clipboard("before"); got != "pressed long" {
		t.Errorf("copied %q", got)
	}

	// Two fingers zoom.
	w, _ := b.cellSize()
	b.touch(input.DispatchTouchEventTypeTouchStart, [2]float64{150, 300}, [2]float64{200, 300})
	b.touch(input.DispatchTouchEventTypeTouchMove, [2]float64{100, 300}, [2]float64{250, 300})
	b.touch(input.DispatchTouchEventTypeTouchEnd)
	b.until(fmt.Sprintf("porthole.size().cellWidth > %v", w))
	b.do("porthole.ui.zoom(0)")

	// A tap opens the keyboard, and clicks where the program wants it.
	k := b.runKeys(`\e[?1000h\e[?1006h`)
	b.do("document.activeElement.blur()")
	x, y = b.cell(4, 2)
	b.touch(input.DispatchTouchEventTypeTouchStart, [2]float64{x, y})
	b.touch(input.DispatchTouchEventTypeTouchEnd)
	b.until(`document.activeElement.id == "keys"`)
	k.expect(t, "a tap", "\x1b[<0;5;3M\x1b[<0;5;3m")
	k.quit()
}

func TestKeyBar(t *testing.T) {
	b := newTab(t)
	b.phone()
	b.launch()
	k := b.runKeys("")
	press := func(what string) {
		t.Helper()
		b.do(`document.querySelector('#keybar [%s]').click()`, what)
	}
	press(`data-key="Escape"`)
	press(`data-key="ArrowUp"`)
	press(`data-key="~"`)
	k.expect(t, "Esc, Up and ~", "\x1b\x1b[A~")
	press(`data-mod="ctrl"`)
	if eval[string](b, `document.querySelector('#keybar [data-mod=ctrl]').ariaPressed`) != "true" {
		t.Error("Ctrl does not stay pressed")
	}
	_, err := drive.Call(b.Page, input.InsertText, input.InsertTextParams{Text: "c"})
	b.must(err)
	k.expect(t, "Ctrl and c of the on-screen keyboard", "\x03")
	b.until(`document.querySelector('#keybar [data-mod=ctrl]').ariaPressed == "false"`)
	press(`data-mod="alt"`)
	press(`data-key="ArrowLeft"`)
	k.expect(t, "Alt and Left", "\x1b[1;3D")
	k.quit()
	over := eval[bool](b, `document.getElementById("terminal").getBoundingClientRect().bottom <= document.getElementById("keybar").getBoundingClientRect().top`)
	if !over {
		t.Error("the bar covers the terminal")
	}
}
