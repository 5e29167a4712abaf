package browser_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"

	drive "github.com/porthole-rac/porthole/scripts/browser"
)

func trim(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func (b *tab) wheel(col, row int, delta float64, mods int64) {
	b.t.Helper()
	x, y := b.cell(col, row)
	_, err := drive.Call(b.Page, input.DispatchMouseEvent, input.DispatchMouseEventParams{
		Type: input.DispatchMouseEventTypeMouseWheel, X: x, Y: y, DeltaX: .001, DeltaY: delta, Modifiers: mods,
	})
	b.must(err)
}

// back waits for the view to be so many rows back, as the scrollbar tells.
func (b *tab) topLine(want string) {
	b.t.Helper()
	b.eventually("line "+want+" at the top", func() bool {
		x, y := b.cell(0, 0)
		b.mouse(input.DispatchMouseEventTypeMousePressed, x, y, input.MouseButtonLeft, 1, 0)
		b.mouse(input.DispatchMouseEventTypeMouseReleased, x, y, input.MouseButtonLeft, 1, 0)
		b.click(0, 0, 3, input.MouseButtonLeft, 0)
		return strings.TrimSpace(eval[string](b, "porthole.ui.marked()")) == want
	})
}

func TestScrollback(t *testing.T) {
	b := open(t)
	b.shell("seq 1000")
	rows := int(eval[float64](b, "porthole.size().rows"))
	first := 1000 - rows + 2 // the first row of the screen: numbers and a prompt
	b.topLine(strconv.Itoa(first))
	b.key("PageUp", "PageUp", shift)
	b.topLine(strconv.Itoa(first - rows + 1))
	b.key("PageDown", "PageDown", shift)
	b.topLine(strconv.Itoa(first))
	b.key("Home", "Home", shift)
	b.until(`document.getElementById("scrollbar").classList.contains("moved")`)
	b.shot("scrollback")
	b.key("End", "End", shift)
	b.topLine(strconv.Itoa(first))
	_, h := b.cellSize()
	b.wheel(5, 5, -10*h, 0)
	b.topLine(strconv.Itoa(first - 10))

	// Output does not move what is looked at; typing goes back to the end.
	b.do("porthole.ui.sendKey({key: 'Enter'})")
	b.topLine(strconv.Itoa(first + 1))
	b.wheel(5, 5, -10*h, 0)
	b.topLine(strconv.Itoa(first + 1 - 10))
	b.key("x", "KeyX", 0)
	b.topLine(strconv.Itoa(first + 1))
	b.key("Backspace", "Backspace", 0)

	// The thumb drags.
	box := func() map[string]float64 {
		return eval[map[string]float64](b, `(({left, top, width, height}) => ({left, top, width, height}))(document.getElementById("thumb").getBoundingClientRect())`)
	}
	r := box()
	x, y := r["left"]+r["width"]/2, r["top"]+r["height"]/2
	b.mouse(input.DispatchMouseEventTypeMousePressed, x, y, input.MouseButtonLeft, 1, 0)
	b.mouse(input.DispatchMouseEventTypeMouseMoved, x, 0, input.MouseButtonLeft, 0, 0)
	b.mouse(input.DispatchMouseEventTypeMouseReleased, x, 0, input.MouseButtonLeft, 1, 0)
	b.eventually("the thumb at the top", func() bool { return box()["top"] < 5 })
	b.key("End", "End", shift)
	b.eventually("the thumb at the bottom", func() bool { return box()["top"] > 300 })
	if text := eval[string](b, "porthole.scrollback()"); !strings.Contains(text, "\n500\n501\n") {
		t.Errorf("scrollback() has no line 500: %.80q", text)
	}
}

// TestWheelOnTheAlternateScreen: programs like less get arrows.
func TestWheelOnTheAlternateScreen(t *testing.T) {
	b := open(t)
	k := b.runKeys(`\e[?1049h\e[?1007h`)
	_, h := b.cellSize()
	b.wheel(5, 5, 2*h, 0)
	b.eventually("arrows", func() bool { return strings.Contains(k.received(), "\x1b[B\x1b[B") })
	k.quit()
	b.until(`document.getElementById("scrollbar").hidden == (porthole.scrollback() == "")`)
}

func TestSearch(t *testing.T) {
	b := open(t)
	b.shell("seq 1000; echo Error here; echo 'an error: 漢字 (x)'")
	b.key("F", "KeyF", ctrl|shift)
	b.until(`document.activeElement.id == "search-text"`)
	count := func(text, want string) {
		t.Helper()
		b.do(`document.getElementById("search-text").value = %q, document.getElementById("search-text").dispatchEvent(new Event("input"))`, text)
		err := b.Until(fmt.Sprintf(`document.getElementById("search-count").textContent == %q`, want))
		if err != nil {
			t.Errorf("%q is counted as %q, want %q", text, eval[string](b, `document.getElementById("search-count").textContent`), want)
		}
	}
	box := func(id string) { b.do("document.getElementById(%q).click()", id) }
	count("error", "2/2")
	b.shot("search")
	box("search-case")
	count("error", "1/1")
	box("search-case")
	count("77", "19/19")
	count("nothing like it", "none")
	box("search-regex")
	count("^5.$", "10/10")
	count(`字 \(x\)`, "1/1")
	count("(", "pattern?")
	count("^500$", "1/1")
	if got := eval[string](b, `document.getElementById("search").className`); strings.Contains(got, "wrong") {
		t.Error("still marked as wrong")
	}
	// The find is scrolled to and marked.
	rows := int(eval[float64](b, "porthole.size().rows"))
	found := false
	for range 50 {
		m := b.picture()
		for y := range rows {
			found = found || near(b.color(m, 0, y, .02, .02), 0x0a5fb4)
		}
		if found {
			break
		}
	}
	if !found {
		t.Error("the find is not marked on the screen")
	}
	count("^99.$", "10/10")
	b.key("Enter", "Enter", 0)
	b.eventually("the find before", func() bool { return eval[string](b, `document.getElementById("search-count").textContent`) == "9/10" })
	b.key("Enter", "Enter", shift)
	b.key("Enter", "Enter", shift)
	b.eventually("the first find again", func() bool { return eval[string](b, `document.getElementById("search-count").textContent`) == "1/10" })
	// New output is searched too.
	b.send("echo 991\r")
	b.eventually("the new find", func() bool { return eval[string](b, `document.getElementById("search-count").textContent`) == "1/11" })
	b.key("Escape", "Escape", 0)
	b.until(`document.getElementById("search").hidden && document.activeElement.id == "keys"`)
}
