package browser_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestAPI(t *testing.T) {
	b := openOwn(t)
	b.shell("seq 200")
	for name, js := range map[string]string{
		"state":               `porthole.state === "connected"`,
		"reason":              `porthole.reason === null`,
		"text":                `porthole.text().split("\n").length === porthole.size().rows`,
		"scrollback":          `porthole.scrollback().startsWith("1\n2\n") || porthole.scrollback().includes("\n5\n6\n")`,
		"size":                `(s => s.cols > 20 && s.rows > 5 && s.cellWidth > 1 && s.cellHeight > 1)(porthole.size())`,
		"stats":               `(s => s.framesPainted > 0 && s.bytesIn > 500 && s.bytesOut > 20 && s.cols === porthole.size().cols && s.outputBytes > 0)(porthole.stats())`,
		"state is read only":  `(() => { try { porthole.state = "x"; } catch {} return porthole.state === "connected"; })()`,
		"on wants a function": `(() => { try { porthole.on("state", 5); } catch (e) { return e instanceof TypeError; } })()`,
		"sendText tells":      `porthole.sendText("") === false && porthole.sendText() === true`,
	} {
		if !eval[bool](b, "Boolean("+js+")") {
			t.Errorf("%s: %s does not hold", name, js)
		}
	}
	b.send("\x15") // what sendText() sent

	// Listeners: one that fails does not keep others from hearing; off is off.
	b.do(`globalThis.heard = [], globalThis.off = porthole.on("title", t => heard.push(t)), porthole.on("title", () => { throw new Error("a listener's fault"); }), porthole.on("title", t => heard.push("also " + t))`)
	b.shell(`printf '\e]2;one\a'`)
	b.until(`heard.join() == "one,also one"`)
	b.do("off(), off()")
	b.shell(`printf '\e]2;two\a'`)
	b.until(`heard.join() == "one,also one,also two"`)

	// Key to paint is measured for keys.
	b.key("x", "KeyX", 0)
	b.until("porthole.stats().keyToPaint.count > 0 && porthole.stats().keyToPaint.p50 > 0")
	b.until("porthole.stats().rtt > 0")
	b.send("\x15")

	// Text of any length arrives complete.
	b.send("clear; stty -echo; wc -c\r")
	b.do(`porthole.sendText("123456789\n".repeat(60000) + "\x04")`)
	b.shows("600000")
	b.send("stty echo\r")

	b.do(`globalThis.ends = [], porthole.on("ended", r => ends.push(r)), porthole.on("state", s => ends.push(s)), porthole.disconnect()`)
	b.must(b.State("ended"))
	if got := eval[string](b, "JSON.stringify([ends.length, ends[0], ends[1].code, porthole.reason.code])"); got != `[2,"ended","disconnected","disconnected"]` {
		t.Errorf("heard of the end: %s", got)
	}
	if eval[bool](b, `porthole.sendText("x")`) {
		t.Error("sendText is true after the end")
	}
}

// TestAPIFromTheStart: listeners may be there before the program.
func TestAPIFromTheStart(t *testing.T) {
	b := newTab(t)
	b.emulate(chromedp.EmulateViewport(1280, 800), chromedp.Navigate(server.URL))
	b.script(`globalThis.states = []; const wait = setInterval(() => { if (globalThis.porthole) { clearInterval(wait); states.push(porthole.state); porthole.on("state", s => states.push(s));
		porthole.stats().framesPainted; porthole.text(); porthole.size().cols; porthole.sendText("ignored"); } }, 0)`)
	b.must(b.Launch(demo))
	b.must(b.State("connected"))
	got := eval[string](b, "states.join()")
	if !strings.HasPrefix(got, "loading,connecting") || !strings.HasSuffix(got, ",connected") {
		t.Errorf("states were %s", got)
	}
	b.do("porthole.disconnect()")
	b.must(b.State("ended"))
}
