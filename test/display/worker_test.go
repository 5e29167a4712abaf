package display_test

import (
	"bytes"
	"testing"

	"github.com/porthole-rac/porthole/protocol/wire"
)

// A view that changes is told once it rests, in device pixels, and only while it is to
// give the desktop its size.
func TestTheViewGivesTheSize(t *testing.T) {
	d := connect(t, "", 64, 64)
	windows := func() wire.Window {
		t.Helper()
		var w wire.Window
		if err := w.Decode(d.line.next(wire.TypeWindow)); err != nil {
			t.Fatal(err)
		}
		return w
	}
	if w := windows(); w != (wire.Window{Width: 640, Height: 400, Scale: 1000}) {
		t.Errorf("at first %+v", w)
	}
	d.until(`(() => { for (let i = 0; i < 20; i++) display.send({ t: "view", width: 700 + i, height: 401, scale: 1.5, drive: true }); return true; })()`)
	if w := windows(); w != (wire.Window{Width: 1079, Height: 602, Scale: 1500}) {
		t.Errorf("after many changes %+v", w)
	}
	d.until(`(display.send({ t: "view", width: 300, height: 300, scale: 1, drive: false }), true)`)
	d.until(`(setTimeout(() => display.send({ t: "view", width: 301, height: 300, scale: 1, drive: true }), 400), true)`)
	if w := windows(); w.Width != 301 {
		t.Errorf("a view that gives no size was told: %+v", w)
	}
}

// Clipboards go both ways whole, whatever their size; what the relay withdraws is
// dropped.
func TestClipboardRecords(t *testing.T) {
	d := connect(t, "", 8, 8)
	d.line.send(&wire.Clipboard{Selection: 'c', Type: "text/plain", More: true, Data: []byte("lost")},
		&wire.Clipboard{Selection: 'c', Type: "text/plain", Denied: true},
		&wire.Clipboard{Selection: 'c', Type: "text/plain", More: true, Data: []byte("grü")},
		&wire.Clipboard{Selection: 'c', Type: "text/plain", Data: []byte("ße")},
		&wire.Clipboard{Selection: 'c', Type: "image/png", Data: []byte{1, 2, 255}})
	d.until(`of("clipboard").length == 2 && of("clipboard")[0].data == "grüße" && of("clipboard")[1].data.join() == "1,2,255"`)
	d.until(`(display.send({ t: "clipboard", type: "text/plain", data: "ä".repeat(300000) }), true)`)
	var text []byte
	for {
		var m wire.Clipboard
		if err := m.Decode(d.line.next(wire.TypeClipboard)); err != nil {
			t.Fatal(err)
		}
		text = append(text, m.Data...)
		if !m.More {
			break
		}
	}
	if want := bytes.Repeat([]byte("ä"), 300_000); !bytes.Equal(text, want) {
		t.Errorf("%d bytes of text reach the relay, want %d", len(text), len(want))
	}
	d.until(`(display.send({ t: "clipboard", type: "text/plain", data: "x".repeat(1 << 20 | 1) }), true)`) // welcome allows 1 MB
	d.until(`of("notice").some((n) => n.code == "clipboard-not-sent")`)
}

// figures waits for the session's figures, s, to be so.
func (d *desk) figures(js string) {
	d.t.Helper()
	d.until("(globalThis.figuresAre = false, true)")
	d.until("(display.stats().then((s) => { globalThis.figuresAre = " + js + "; }), globalThis.figuresAre)")
}

// From a key to the picture that shows it: by the count of inputs in the mark.
func TestKeyToPaint(t *testing.T) {
	d := connect(t, "", 8, 8)
	d.until(`of("connected").length == 1`)
	d.until(`(display.send({ t: "typed", text: "a" }), display.send({ t: "typed", text: "b" }), true)`)
	d.line.next(wire.TypeTyped)
	d.line.next(wire.TypeTyped)
	d.line.send(&wire.Fill{Width: 8, Height: 8}, &wire.Mark{Number: 1, InputBytes: 1})
	d.line.acked(1)
	d.figures(`s.keyToPaint.count == 1 && s.framesPainted == 1 && s.bytesIn > 0`)
	d.line.send(&wire.Fill{Width: 8, Height: 8}, &wire.Mark{Number: 2, InputBytes: 2})
	d.line.acked(2)
	d.figures(`s.keyToPaint.count == 2 && s.keyToPaint.p50 > 0 && s.width == 8`)
}

// Prompts, their answers, and the end reach the page and the relay.
func TestTalk(t *testing.T) {
	d := open(t, "")
	d.line.send(welcome(wire.ResumedNew, 1), &wire.Progress{Step: "connect", Detail: "there"},
		&wire.Prompt{ID: 3, Title: "Who?", Fields: []wire.PromptField{{Label: "Name", Echo: true}, {Label: "Password"}}})
	d.until(`of("prompt").length == 1 && of("prompt")[0].fields[1].label == "Password" && of("state").at(-1).state == "prompting" && of("progress")[0].detail == "there"`)
	d.until(`(display.send({ t: "answer", id: 3, values: ["ann", "pw"] }), true)`)
	var a wire.Answer
	if err := a.Decode(d.line.next(wire.TypeAnswer)); err != nil || a.ID != 3 || len(a.Values) != 2 || a.Values[1] != "pw" {
		t.Errorf("answer %+v, %v", a, err)
	}
	d.line.send(&wire.End{Code: wire.EndAuthFailed, Step: "authenticate", Message: "No.", Retry: true})
	d.until(`of("end").length == 1 && of("end")[0].code == "auth-failed" && of("end")[0].canReconnect && of("end")[0].forget && of("state").at(-1).state == "ended"`)
}

// A cursor comes as pixels; without a size it is hidden.
func TestCursor(t *testing.T) {
	d := connect(t, "", 8, 8)
	d.line.send(&wire.Cursor{HotX: 1, Width: 2, Height: 1, Pixels: []byte{1, 2, 3, 4, 5, 6, 7, 255}}, &wire.Cursor{},
		&wire.PointerMode{Relative: true}, &wire.LEDs{Caps: true}, &wire.PointerMoved{X: 3, Y: 4})
	d.until(`of("cursor").length == 2 && of("cursor")[0].pixels.join() == "1,2,3,4,5,6,7,255" && of("cursor")[0].x == 1 && of("cursor")[1].width == 0`)
	d.until(`of("pointerMode")[0].relative && of("leds")[0].caps && of("pointerMoved")[0].y == 4`)
}

// A tab that is not seen says so, and paints all the same.
func TestHidden(t *testing.T) {
	d := connect(t, "", 8, 8)
	d.until(`(display.send({ t: "hidden", on: true }), true)`)
	var v wire.Visibility
	if err := v.Decode(d.line.next(wire.TypeVisibility)); err != nil || !v.Hidden {
		t.Errorf("visibility %+v, %v", v, err)
	}
	d.line.send(&wire.Fill{Width: 8, Height: 8, Color: 9}, &wire.Mark{Number: 1})
	d.line.acked(1)
}
