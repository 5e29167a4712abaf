package browser_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestTitleAndBell(t *testing.T) {
	b := open(t)
	b.do(`globalThis.heard = [], porthole.on("title", v => heard.push("title " + v)), porthole.on("bell", () => heard.push("bell"))`)
	b.shell(`printf '\e]0;my title\a'`)
	b.until(`document.title.startsWith("my title") && heard.includes("title my title")`)
	b.do(`globalThis.edges = 0, new MutationObserver(() => { if (!document.getElementById("bell-edge").hidden) edges++; }).observe(document.getElementById("bell-edge"), {attributes: true})`)
	b.shell(`printf '\a'`)
	b.until(`heard.includes("bell") && edges > 0`)
	// A program that rings for ever is not heard for ever.
	b.do("heard.length = 0")
	b.shell(`yes $'\a' | head -100000`)
	if n := eval[float64](b, `heard.filter(h => h == "bell").length`); n > 100 {
		t.Errorf("the bell rang %v times", n)
	}
	b.do(`Object.defineProperty(document, "hidden", {get: () => true, configurable: true})`)
	b.eventually("a sign in the title", func() bool {
		b.shell(`printf '\a'`)
		return eval[bool](b, `document.title.startsWith("🔔")`)
	})
	b.do(`delete document.hidden, document.dispatchEvent(new Event("visibilitychange"))`)
	b.until(`document.title.startsWith("my title")`)
}

// TestScreenReader: the screen can be read, and new lines are told.
func TestScreenReader(t *testing.T) {
	b := open(t)
	b.do(`globalThis.told = [], new MutationObserver(l => { for (const m of l) for (const n of m.addedNodes) told.push(n.textContent); }).observe(document.getElementById("live"), {childList: true})`)
	b.send("echo spoken words\r")
	b.until(`document.getElementById("screen").textContent.includes("\nspoken words")`)
	b.until(`told.join("\n").includes("spoken words")`)
	b.do("told.length = 0")
	b.send("seq 100000; echo the end\r")
	b.until(`told.join("\n").includes("the end")`)
	if n := eval[float64](b, `told.join("\n").length`); n > 20_000 {
		t.Errorf("%v characters are told", n)
	}
	b.until(`document.getElementById("live").children.length <= 30`)
	for _, id := range []string{"live", "screen"} {
		if eval[string](b, `getComputedStyle(document.getElementById(%q)).display`, id) == "none" {
			t.Errorf("#%s is hidden from screen readers", id)
		}
	}
}

func TestMenuByKeyboard(t *testing.T) {
	b := openOwn(t)
	active := func() string {
		return eval[string](b, `document.activeElement.dataset.do ?? document.activeElement.id`)
	}
	b.key("M", "KeyM", ctrl|shift)
	b.until(`!document.getElementById("menu").hidden`)
	if got := active(); got != "search" {
		t.Errorf("the focus is on %q", got)
	}
	b.shot("menu")
	if text := eval[string](b, `document.getElementById("menu").innerText`); !strings.Contains(text, "Connected") || !strings.Contains(text, " ms away") {
		t.Errorf("the menu says %q", text)
	}
	b.key("ArrowDown", "ArrowDown", 0)
	if got := active(); got != "copy" {
		t.Errorf("down goes to %q", got)
	}
	b.key("End", "End", 0)
	if got := active(); got != "disconnect" {
		t.Errorf("End goes to %q", got)
	}
	b.key("ArrowDown", "ArrowDown", 0)
	if got := active(); got != "search" {
		t.Errorf("down from the last goes to %q", got)
	}
	b.key("Escape", "Escape", 0)
	b.until(`document.getElementById("menu").hidden && document.activeElement.id == "keys"`)

	open := func(item, dialog string) {
		t.Helper()
		b.key("M", "KeyM", ctrl|shift)
		for range 20 {
			if active() == item {
				break
			}
			b.key("ArrowDown", "ArrowDown", 0)
		}
		b.key("Enter", "Enter", 0)
		b.until(`document.getElementById("` + dialog + `").open`)
	}
	open("settings", "settings")
	b.shot("settings")
	b.do(`document.getElementById("theme").value = "Contrast", document.getElementById("theme").dispatchEvent(new Event("change"))`)
	b.wantColor(0, 30, .5, .5, 0)
	b.key("Escape", "Escape", 0)
	b.until(`!document.getElementById("settings").open && document.activeElement.id == "keys"`)
	open("help", "help")
	b.shot("keys")
	b.key("Escape", "Escape", 0)
	b.until(`!document.getElementById("help").open && document.activeElement.id == "keys"`)

	// Options outlive the page.
	b.emulate(chromedp.Reload())
	b.must(b.State("connected"))
	b.wantColor(0, 30, .5, .5, 0)

	b.key("M", "KeyM", ctrl|shift)
	b.key("End", "End", 0)
	b.key("Enter", "Enter", 0)
	b.must(b.State("ended"))
	b.until(`document.activeElement.id == "home" || document.activeElement.id == "again"`)
	b.shot("disconnected")
}

func TestFullScreen(t *testing.T) {
	b := open(t)
	b.do(`globalThis.locked = 0, navigator.keyboard && (navigator.keyboard.lock = async () => { locked++; })`)
	b.emulate(chromedp.Click("#handle"))
	b.emulate(chromedp.Click("[data-do=fullscreen]"))
	b.until(`document.fullscreenElement == document.documentElement`)
	b.until(`!navigator.keyboard || locked == 1`)
	b.until(`document.getElementById("fullscreen-text").textContent == "Leave full screen"`)
	b.emulate(chromedp.Click("#handle"))
	b.emulate(chromedp.Click("[data-do=fullscreen]"))
	b.until(`!document.fullscreenElement && document.activeElement.id == "keys"`)
}

// TestReload: the tab comes back to its session, with scrollback.
func TestReload(t *testing.T) {
	b := openOwn(t)
	b.shell("seq 500; X=kept")
	b.emulate(chromedp.Reload())
	b.must(b.State("connected"))
	b.until(`porthole.scrollback().includes("\n100\n101\n")`)
	b.send("clear; echo $X\r")
	b.shows("kept\n")
}

func TestTakenOver(t *testing.T) {
	b := openOwn(t)
	b.shell(`X=mine; printf '\e]0;this one\a'`)
	other := newTab(t)
	other.emulate(chromedp.EmulateViewport(1280, 800), chromedp.Navigate(server.URL))
	row := `[...document.querySelectorAll("#connections li")].find(e => e.textContent.includes("this one"))`
	other.until(row)
	other.shot("home")
	other.do(row + `.querySelector(".primary").click()`)
	other.until(`location.pathname.startsWith("/if/rac/") && globalThis.porthole?.state == "connected"`)
	b.must(b.State("ended"))
	if code := eval[string](b, "porthole.reason.code"); code != "taken-over" {
		t.Fatalf("the reason is %q", code)
	}
	b.shot("taken-over")
	b.do(`document.getElementById("again").click()`) // this tab is behind the other one, where a mouse does not reach
	b.until(`globalThis.porthole?.state == "connected"`)
	b.send("clear; echo $X\r")
	b.shows("mine\n")
	other.must(other.State("ended"))
}

func TestReconnect(t *testing.T) {
	b := openOwn(t)
	b.do(`globalThis.states = [], porthole.on("state", s => states.push(s))`)
	b.do(`porthole.ui.dropLink()`)
	b.until(`states.includes("reconnecting") && porthole.state == "connected"`)
	b.until(`document.getElementById("banner").hidden`)
	b.send("echo still here\r")
	b.shows("\nstill here")
}

// TestClosingWithCtrl: Ctrl+W, a word deleted in a shell, asks before the tab closes.
func TestClosingWithCtrl(t *testing.T) {
	b := open(t)
	asks := func() bool {
		return eval[bool](b, `!dispatchEvent(new Event("beforeunload", {cancelable: true}))`)
	}
	if asks() {
		t.Error("asks without Ctrl")
	}
	b.do(`dispatchEvent(new KeyboardEvent("keydown", {key: "Control", ctrlKey: true}))`)
	if !asks() {
		t.Error("does not ask while Ctrl is held")
	}
	b.do(`dispatchEvent(new KeyboardEvent("keyup", {key: "Control"}))`)
	if asks() {
		t.Error("asks after Ctrl was let go")
	}
}
