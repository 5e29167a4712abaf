package browser_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
)

// paste makes a real paste event: what a keyboard's shortcut or a menu gives.
func (b *tab) paste(text string) {
	b.t.Helper()
	b.do(`(text => { const d = new DataTransfer(); d.setData("text/plain", text);
		document.getElementById("keys").dispatchEvent(new ClipboardEvent("paste", {clipboardData: d, bubbles: true, cancelable: true})); })(%q)`, text)
}

func TestPasteAsksBeforeSeveralLines(t *testing.T) {
	b := open(t)
	k := b.runKeys("")
	question := func() bool { return eval[bool](b, `document.getElementById("question").open`) }

	b.paste("one line")
	k.expect(t, "one line", "one line")
	if question() {
		t.Error("asked about one line")
	}

	b.paste("rm -rf x\necho y\n")
	if !question() {
		t.Fatal("did not ask about two lines")
	}
	if text := eval[string](b, `document.getElementById("question").innerText`); !strings.Contains(text, "Paste 2 lines?") || !strings.Contains(text, "rm -rf x\necho y") {
		t.Errorf("the question is %q", text)
	}
	b.shot("paste-question")
	b.key("Escape", "Escape", 0)
	b.until(`!document.getElementById("question").open`)
	k.expect(t, "cancelled", "")

	b.paste("a\r\nb\rc")
	b.until(`document.getElementById("question").open`)
	b.key("Enter", "Enter", 0)
	got := ""
	b.eventually("the paste", func() bool { got += k.received(); return got != "" })
	if got != "a\rb\rc" {
		t.Errorf("allowed: the program got %q", got)
	}

	b.paste("line end\n")
	if !question() {
		t.Error("did not ask about a line with its end, which would run")
	}
	b.key("Escape", "Escape", 0)
	k.quit()

	k = b.runKeys(`\e[?2004h`)
	b.paste("x\ny")
	k.expect(t, "bracketed", "\x1b[200~x\ry\x1b[201~")
	b.paste("\x1b[201~evil")
	k.expect(t, "with an end mark inside", "\x1b[200~[201~evil\x1b[201~")
	k.quit()
}

func TestPasteByShortcut(t *testing.T) {
	b := open(t)
	k := b.runKeys("")
	b.setClipboard("from the clipboard")
	for _, p := range []input.DispatchKeyEventParams{
		{Key: "V", Code: "KeyV", Modifiers: ctrl | shift, WindowsVirtualKeyCode: 'V', Commands: []string{"paste"}},
		{Key: "Insert", Code: "Insert", Modifiers: shift, WindowsVirtualKeyCode: 45, Commands: []string{"paste"}},
	} {
		p.Type = input.DispatchKeyEventTypeRawKeyDown
		b.dispatch(p)
		p.Type, p.Commands = input.DispatchKeyEventTypeKeyUp, nil
		b.dispatch(p)
		b.eventually("the paste by "+p.Key, func() bool { return eval[float64](b, "porthole.stats().bytesOut") > 0 })
		k.expect(t, "paste by "+p.Key, "from the clipboard")
	}
	k.quit()
}

// TestPasteLong pastes 2 MB, many times the window, with text typed behind it.
func TestPasteLong(t *testing.T) {
	b := open(t)
	text := strings.Repeat("0123456789abcdefghijklmnopqrstuvwxyzäöü€\n", 50_000)[:2_000_000]
	text = strings.ToValidUTF8(text, "")
	b.run("paste", "")
	b.do(`globalThis.long = "0123456789abcdefghijklmnopqrstuvwxyzäöü€\n".repeat(50000)`)
	b.do(`globalThis.long = new TextDecoder().decode(new TextEncoder().encode(long).slice(0, 2000000)).replace("\ufffd", "")`)
	b.do(`(text => { const d = new DataTransfer(); d.setData("text/plain", text);
		document.getElementById("keys").dispatchEvent(new ClipboardEvent("paste", {clipboardData: d, bubbles: true, cancelable: true})); })(long)`)
	b.send("typed behind")
	want := strings.ReplaceAll(text, "\n", "\r")
	b.shows(fmt.Sprintf("pasted %d true %x", len(want), sha256.Sum256([]byte(want)))[:60])
	b.shows("\nafter it typed behind")
}

func TestSelectionByMouse(t *testing.T) {
	b := open(t)
	b.printf(`one two/three.go four\nfive six seven\n(eight) nine\n漢字 end\n`)
	for _, tt := range []struct {
		name string
		do   func()
		want string
	}{
		{"drag", func() { b.drag(4, 0, 8, 0, 0) }, "two/t"},
		{"drag backwards", func() { b.drag(3, 1, 0, 1, 0) }, "iv"},
		{"drag over a line end", func() { b.drag(17, 0, 3, 1, 0) }, "four\nfive"},
		{"double click", func() { b.click(6, 0, 2, input.MouseButtonLeft, 0) }, "two/three.go"},
		{"triple click", func() { b.click(6, 1, 3, input.MouseButtonLeft, 0) }, "five six seven\n"},
		{"Alt: a block", func() { b.drag(0, 0, 2, 2, alt) }, "one\nfiv\n(ei"},
		{"Shift: longer", func() { b.drag(0, 1, 3, 1, 0); b.click(8, 1, 1, input.MouseButtonLeft, shift) }, "five six"},
		{"wide characters", func() { b.drag(0, 3, 3, 3, 0) }, "漢字"},
	} {
		b.setClipboard("before")
		tt.do()
		b.key("C", "KeyC", ctrl|shift)
		got := b.clipboard("before")
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}

	b.setClipboard("before")
	b.key("Insert", "Insert", ctrl)
	if got := b.clipboard("before"); got != "漢字" {
		t.Errorf("Ctrl+Insert copies %q", got)
	}
	b.setClipboard("before")
	b.do(`porthole.ui.set("copyOnSelect", true)`)
	b.click(1, 1, 2, input.MouseButtonLeft, 0)
	if got := b.clipboard("before"); got != "five" {
		t.Errorf("selecting copies %q", got)
	}
	b.do(`porthole.ui.set("copyOnSelect", false)`)

	// The selection is seen, and goes when something is typed.
	b.wantColor(0, 1, .05, .05, 0xbcdcff)
	b.send("x")
	b.wantColor(0, 1, .05, .05, 0xfbfcfd)
	b.send("\x03")
}

func TestMiddleClickPastesTheSelection(t *testing.T) {
	b := open(t)
	b.send("clear; echo marked; cat -v\r")
	b.until(`porthole.text().startsWith("marked")`)
	b.click(1, 0, 2, input.MouseButtonLeft, 0)
	b.click(1, 5, 1, input.MouseButtonMiddle, 0)
	b.until(`porthole.text().startsWith("marked\nmarked")`)
	b.send("\x03")
}

func TestSelectionScrollsAtTheEdge(t *testing.T) {
	b := open(t)
	b.shell("seq 1000")
	x, y := b.cell(10, 5)
	b.mouse(input.DispatchMouseEventTypeMousePressed, x, y, input.MouseButtonLeft, 1, 0)
	b.mouse(input.DispatchMouseEventTypeMouseMoved, 1, 1, input.MouseButtonLeft, 0, 0)
	b.until("porthole.ui.marked().split('\\n').length > 60") // more than a screen, without another move
	b.mouse(input.DispatchMouseEventTypeMouseReleased, 1, 1, input.MouseButtonLeft, 1, 0)
}

func TestSelectionByKeyboard(t *testing.T) {
	b := open(t)
	b.printf(`one two three\nfour five\n`)
	mode := func() {
		b.t.Helper()
		b.key(" ", "Space", ctrl|shift)
		b.until(`!document.getElementById("copy-hint").hidden`)
	}
	for _, tt := range []struct {
		name string
		keys [][2]any
		want string
	}{
		{"Shift and arrows", [][2]any{{"ArrowUp", 0}, {"ArrowRight", shift}, {"ArrowRight", shift}}, "fo"},
		{"by words", [][2]any{{"ArrowUp", 0}, {"ArrowUp", 0}, {"ArrowRight", ctrl}, {"ArrowRight", ctrl | shift}}, "two"},
		{"to the end of the line", [][2]any{{"ArrowUp", 0}, {"End", shift}}, "four five"},
		{"from the beginning", [][2]any{{"Home", ctrl}, {"ArrowDown", shift}, {"ArrowRight", shift}}, "one two three\nf"},
		{"with Space", [][2]any{{"ArrowUp", 0}, {" ", 0}, {"ArrowRight", 0}, {"ArrowRight", 0}, {"ArrowRight", 0}}, "fou"},
		{"a block", [][2]any{{"Home", ctrl}, {"b", 0}, {"ArrowDown", 0}, {"ArrowRight", 0}, {"ArrowRight", 0}}, "on\nfo"},
	} {
		b.setClipboard("before")
		mode()
		for _, k := range tt.keys {
			m, _ := k[1].(int)
			b.key(k[0].(string), k[0].(string), int64(m))
		}
		if eval[string](b, "porthole.ui.marked()") == "" {
			t.Errorf("%s: nothing is marked", tt.name)
			b.key("Escape", "Escape", 0)
			continue
		}
		if tt.name == "a block" {
			b.shot("copy-mode")
		}
		b.key("Enter", "Enter", 0)
		if got := b.clipboard("before"); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
		b.until(`document.getElementById("copy-hint").hidden`)
	}
	mode()
	b.key("ArrowUp", "ArrowUp", shift)
	b.key("Escape", "Escape", 0)
	b.until(`document.getElementById("copy-hint").hidden && porthole.ui.marked() == ""`)
	b.send("\r")
}

func TestProgramsAndTheClipboard(t *testing.T) {
	b := open(t)
	b.setClipboard("before")
	b.shell(`printf '\e]52;c;aGVsbG8=\a'`)
	if got := b.clipboard("before"); got != "hello" {
		t.Errorf("the program wrote %q", got)
	}

	b.setClipboard("secret")
	k := b.runKeys(`\e]52;c;?\a`)
	b.until(`document.getElementById("question").open`)
	b.shot("clipboard-question")
	b.key("Enter", "Enter", 0) // by somebody who was typing
	b.until(`!document.getElementById("question").open`)
	b.send("-")
	if got := k.received(); strings.Contains(got, "c2VjcmV0") {
		t.Errorf("refused, and the program got %q", got)
	}
	k.quit()

	k = b.runKeys(`\e]52;c;?\a`)
	b.until(`document.getElementById("question").open`)
	b.do(`document.getElementById("question-yes").click()`)
	b.until(`!document.getElementById("question").open`)
	b.eventually("the answer", func() bool { return strings.Contains(k.received(), "52;c;c2VjcmV0") })
	k.quit()
}
