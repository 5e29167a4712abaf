package input_test

import (
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/wasm/display/input"
)

const (
	win  = input.OptionWindows
	mac  = input.OptionMac | input.OptionCmdIsControl | input.OptionOptionIsAltGr
	chrs = input.OptionByMeaning
)

// Keys as browsers tell of them, and what the target hears.
func TestKeys(t *testing.T) {
	for _, c := range []struct {
		name    string
		options input.Option
		script  string
		want    string
	}{
		{"a letter", 0, "+KeyA:a -KeyA:a", "+1e/61 -1e/61"},
		{"a repeat", 0, "+KeyA:a *KeyA:a -KeyA:a", "+1e/61 +1e/61 -1e/61"},
		{"shift", 0, "+ShiftLeft:Shift:S +KeyA:A:S -KeyA:A:S -ShiftLeft:Shift", "+2a/ffe1 +1e/41 -1e/41 -2a/ffe1"},
		{"the release is that of the press", 0, "+ShiftLeft:Shift:S +Digit1:!:S -ShiftLeft:Shift -Digit1:1", "+2a/ffe1 +02/21 -2a/ffe1 -02/21"},
		{"the keypad", 0, "+Numpad7:7:N -Numpad7:7:N +NumpadEnter:Enter -NumpadEnter:Enter", "+47/ffb7 -47/ffb7 +9c/ff8d -9c/ff8d"},
		{"a key after 0xe0", 0, "+ArrowRight:ArrowRight -ArrowRight:ArrowRight", "+cd/ff53 -cd/ff53"},
		{"a release without a press", 0, "-KeyA:a", ""},
		{"composing", 0, "~KeyA:Process ~KeyA:a", ""},
		{"a phone's key", 0, "+Unidentified:ä +:b -:b", "+00/e4 -00/e4 +00/62 -00/62"},
		{"by meaning", chrs, "+KeyY:z -KeyY:z +ShiftLeft:Shift:S -ShiftLeft:Shift", "+00/7a -00/7a +2a/ffe1 -2a/ffe1"},

		// German AltGr.
		{"AltGr on Linux", 0, "+AltRight:AltGraph:G +KeyQ:@:G -KeyQ:@:G -AltRight:AltGraph", "+b8/fe03 +10/40 -10/40 -b8/fe03"},
		{
			"AltGr on Windows", win, "+ControlLeft:Control:C +AltRight:AltGraph:G +KeyQ:@:G -KeyQ:@:G -ControlLeft:Control:G -AltRight:AltGraph",
			"+b8/fe03 +10/40 -10/40 -b8/fe03",
		},
		{
			"AltGr on Windows held", win, "+ControlLeft:Control:C +AltRight:AltGraph:G *ControlLeft:Control:CG *AltRight:AltGraph:G +KeyE:€:G -KeyE:€:G -ControlLeft:Control:G -AltRight:AltGraph",
			"+b8/fe03 +b8/fe03 +12/20ac -12/20ac -b8/fe03",
		},
		{"Ctrl on Windows", win, "+ControlLeft:Control:C +KeyC:c:C -KeyC:c:C -ControlLeft:Control", "+1d/ffe3 +2e/63 -2e/63 -1d/ffe3"},
		{"Ctrl alone on Windows", win, "+ControlLeft:Control:C -ControlLeft:Control", "+1d/ffe3 -1d/ffe3"},
		{"Ctrl and AltGr on Windows", win, "+ControlRight:Control:C +AltRight:AltGraph:CG -AltRight:AltGraph:C -ControlRight:Control", "+9d/ffe4 +b8/fe03 -b8/fe03 -9d/ffe4"},

		// Dead keys.
		{"dead, by scan code", 0, "+Backquote:Dead -Backquote:Dead +KeyA:â -KeyA:â", "+29/0 -29/0 +1e/e2 -1e/e2"},
		{"dead, by meaning", chrs, "+Backquote:Dead -Backquote:Dead +KeyA:â -KeyA:â", "+00/e2 -00/e2"},

		// Shortcuts of other scripts.
		{"Ctrl+С", chrs, "+ControlLeft:Control:C +KeyC:с:C -KeyC:с:C -ControlLeft:Control", "+1d/ffe3 +00/63 -00/63 -1d/ffe3"},
		{"с without Ctrl", chrs, "+KeyC:с -KeyC:с", "+00/6d3 -00/6d3"},

		// Keys that the system has moved.
		{"Caps Lock as Control", 0, "+CapsLock:Control:C +KeyC:c:C -KeyC:c:C -CapsLock:Control", "+1d/ffe3 +2e/63 -2e/63 -1d/ffe3"},
		{"Shift+Alt of X11", 0, "+ShiftLeft:Shift:S +AltLeft:Meta:SA -AltLeft:Meta:S -ShiftLeft:Shift", "+2a/ffe1 +38/ffe9 -38/ffe9 -2a/ffe1"},

		// What was lost to other windows.
		{"a stuck Alt", 0, "+AltLeft:Alt:A +KeyA:a -KeyA:a", "+38/ffe9 -38/ffe9 +1e/61 -1e/61"},
		{"a stuck Shift on release", 0, "+ShiftLeft:Shift:S +KeyA:A:S -KeyA:a", "+2a/ffe1 +1e/41 -2a/ffe1 -1e/41"},
		{"a Control from before", 0, "+KeyC:c:C -KeyC:c:C +KeyC:c -KeyC:c", "+1d/ffe3 +2e/63 -2e/63 -1d/ffe3 +2e/63 -2e/63"},
		{"a stuck AltGr", 0, "+AltRight:AltGraph:G +KeyA:a -KeyA:a", "+b8/fe03 -b8/fe03 +1e/61 -1e/61"},

		// A Mac.
		{"Cmd+C", mac, "+MetaLeft:Meta:M +KeyC:c:M -MetaLeft:Meta", "+1d/ffe3 +2e/63 -2e/63 -1d/ffe3"},
		{"Cmd+V twice", mac, "+MetaLeft:Meta:M +KeyV:v:M +KeyV:v:M -MetaLeft:Meta", "+1d/ffe3 +2f/76 -2f/76 +2f/76 -2f/76 -1d/ffe3"},
		{"Cmd+Shift+Z", mac, "+MetaLeft:Meta:M +ShiftLeft:Shift:MS +KeyZ:z:MS -ShiftLeft:Shift:M -MetaLeft:Meta", "+2a/ffe1 +1d/ffe3 +2c/7a -2c/7a -2a/ffe1 -1d/ffe3"},
		{"Cmd+D", mac, "+MetaLeft:Meta:M +KeyD:d:M -MetaLeft:Meta", "+db/ffeb +20/64 -20/64 -db/ffeb"},
		{"Cmd+C, then Cmd+D", mac, "+MetaLeft:Meta:M +KeyC:c:M +KeyD:d:M -MetaLeft:Meta", "+1d/ffe3 +2e/63 -2e/63 -1d/ffe3 +db/ffeb +20/64 -20/64 -db/ffeb"},
		{"Cmd alone", mac, "+MetaLeft:Meta:M -MetaLeft:Meta", "+db/ffeb -db/ffeb"},
		{"a lost Cmd", mac, "+MetaLeft:Meta:M +KeyC:c:M +KeyD:d -KeyD:d", "+1d/ffe3 +2e/63 -2e/63 -1d/ffe3 +20/64 -20/64"},
		{"Cmd as Super", input.OptionMac, "+MetaLeft:Meta:M +KeyC:c:M -MetaLeft:Meta", "+db/ffeb +2e/63 -2e/63 -db/ffeb"},
		{"Option+L is @", mac, "+AltLeft:Alt:A +KeyL:@:A -KeyL:@:A -AltLeft:Alt", "+00/40 -00/40"},
		{"Option with an arrow", mac, "+AltLeft:Alt:A +ArrowLeft:ArrowLeft:A -ArrowLeft:ArrowLeft:A -AltLeft:Alt", "+38/ffe9 +cb/ff51 -cb/ff51 -38/ffe9"},
		{"Option as Alt", input.OptionMac, "+AltLeft:Alt:A +KeyL:@:A -KeyL:@:A -AltLeft:Alt", "+38/ffe9 +26/6c -26/6c -38/ffe9"},
		{"Caps Lock of a Mac", mac, "+CapsLock:CapsLock:L -CapsLock:CapsLock", "+3a/ffe5 -3a/ffe5 +3a/ffe5 -3a/ffe5"},
		{"Control+C on a Mac", mac, "+ControlLeft:Control:C +KeyC:c:C -KeyC:c:C -ControlLeft:Control", "+1d/ffe3 +2e/63 -2e/63 -1d/ffe3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHands(t, c.options)
			if got := h.keys(c.script); got != c.want {
				t.Errorf("%s\ngot  %s\nwant %s", c.script, got, c.want)
			}
			if n := h.Held(); n != 0 {
				t.Errorf("%d keys are held for ever", n)
			}
		})
	}
}

// Without scan codes a dead key is nothing: its character follows.
func TestDeadKeyOfKeysymServers(t *testing.T) {
	h := newHands(t, 0)
	h.ScanCodes(false)
	if got := h.keys("+Backquote:Dead -Backquote:Dead ~KeyA:â") + h.do(new(events).text("â")); got != `"â"` {
		t.Error(got)
	}
}

// A Control on Windows is pressed at the latest when time has passed.
func TestControlWaitsOnWindows(t *testing.T) {
	h := newHands(t, win)
	if got := h.keys("+ControlLeft:Control:C"); got != "" {
		t.Fatal("at once:", got)
	}
	if got := h.do(new(events).pointer(0, 2, 5, 5)); got != "p0@5,5" {
		t.Fatal("a movement:", got)
	}
	if got := h.do(new(events).tick(50)); got != "+1d/ffe3" {
		t.Fatal("a tick:", got)
	}
	h = newHands(t, win)
	h.keys("+ControlLeft:Control:C")
	if got := h.do(new(events).pointer(1, 2, 5, 5)); got != "+1d/ffe3 p1@5,5" {
		t.Fatal("Ctrl+click:", got)
	}
	// Pressed long before, it is a true one.
	h = newHands(t, win)
	e := new(events).key(down, "ControlLeft", "Control", 2, 1, 100).key(down, "AltRight", "AltGraph", 16, 2, 400)
	if got := h.do(e); got != "+1d/ffe3 +b8/fe03" {
		t.Fatal("Ctrl, then AltGr:", got)
	}
}

// Who loses the keyboard holds nothing: the newest key is let go first.
func TestRelease(t *testing.T) {
	h := newHands(t, 0)
	h.keys("+ControlLeft:Control:C +KeyA:a:C")
	h.do(new(events).pointer(1, 2, 7, 8))
	if got := h.do(new(events).release()); got != "-1e/61 -1d/ffe3 p0@7,8" {
		t.Error(got)
	}
	if got := h.keys("-KeyA:a -ControlLeft:Control"); got != "" {
		t.Error("released twice:", got)
	}
}

// The person's lock keys are the target's, as soon as it tells of them.
func TestLockKeys(t *testing.T) {
	h := newHands(t, 0)
	if got := h.keys("+KeyA:A:L -KeyA:A:L"); got != "+1e/41 -1e/41" {
		t.Error("a target that tells nothing:", got)
	}
	h.LEDs(wire.LEDs{Num: true})
	if got := h.keys("+KeyA:A:LN"); got != "+3a/ffe5 -3a/ffe5 +1e/41" {
		t.Error("caps:", got)
	}
	if got := h.keys("-KeyA:A:LN +KeyB:B:LN"); got != "-1e/41 +30/42" {
		t.Error("again, before the target answers:", got)
	}
	h.LEDs(wire.LEDs{Num: true}) // it does not follow
	h.LEDs(wire.LEDs{Num: true, Caps: true})
	if got := h.keys("-KeyB:B:LN +KeyB:b:L"); got != "-30/42 +45/ff7f -45/ff7f +30/62" {
		t.Error("num off:", got)
	}
	// The person presses the key: it is not undone.
	h = newHands(t, 0)
	h.LEDs(wire.LEDs{})
	if got := h.keys("+CapsLock:CapsLock:L -CapsLock:CapsLock:L +KeyA:A:L"); got != "+3a/ffe5 -3a/ffe5 +1e/41" {
		t.Error("pressed here:", got)
	}
	// A target that never follows is not pressed for every key.
	h = newHands(t, 0)
	h.LEDs(wire.LEDs{})
	h.keys("+KeyA:A:L -KeyA:A:L")
	if got := h.keys("+KeyA:A:L"); got != "+1e/41" {
		t.Error("tried again:", got)
	}
	h = newHands(t, input.OptionNoLocks)
	h.LEDs(wire.LEDs{Num: true})
	if got := h.keys("+KeyA:a"); got != "+1e/61" {
		t.Error("a phone:", got)
	}
}

func TestPageKeyboard(t *testing.T) {
	for _, c := range []struct {
		name string
		e    *events
		want string
	}{
		{"Ctrl+Alt+Del", new(events).combo("ControlLeft", "AltLeft", "Delete"), "+1d/ffe3 +38/ffe9 +d3/ffff -d3/ffff -38/ffe9 -1d/ffe3"},
		{"F5", new(events).press("F5", ""), "+3f/ffc2 -3f/ffc2"},
		{"a sign", new(events).press("", "|"), "+00/7c -00/7c"},
		{"its own place", new(events).press("Slash", "/"), "+35/2f -35/2f"},
		{"Ctrl, then C typed", new(events).latch(1, "ControlLeft").text("C"), "+1d/ffe3 +00/63 -00/63 -1d/ffe3"},
		{"Ctrl, then a key", new(events).latch(1, "ControlLeft").key(down, "KeyC", "c", 0, 0, 1), "+1d/ffe3 +2e/63 -1d/ffe3"},
		{"Ctrl, off again", new(events).latch(1, "ControlLeft").latch(0, "ControlLeft"), "+1d/ffe3 -1d/ffe3"},
		{"Ctrl twice", new(events).latch(1, "ControlLeft").latch(1, "ControlLeft").release(), "+1d/ffe3 -1d/ffe3"},
		{"no modifier", new(events).latch(1, "KeyA"), ""},
		{"text", new(events).text("größer 東京"), `"größer 東京"`},
		{"no text", new(events).text(""), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHands(t, 0)
			if got := h.do(c.e); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	h := newHands(t, 0)
	h.do(new(events).latch(1, "AltLeft"))
	if p := h.ForPage(); len(p) != 2 || p[0] != input.PageLatch || p[1] != input.ModAlt {
		t.Error("the page is not told:", p)
	}
}

// A long text goes out in pieces of whole characters.
func TestLongText(t *testing.T) {
	h := newHands(t, 0)
	text := "x" + strings.Repeat("€", 60_000)
	p := h.Typed(nil, text)
	var whole string
	for len(p) > 0 {
		_, body, rest, err := wire.Next(p)
		if err != nil {
			t.Fatal(err)
		}
		var m wire.Typed
		if err := m.Decode(body); err != nil {
			t.Fatal(err)
		}
		whole += m.Text
		p = rest
	}
	if whole != text {
		t.Errorf("%d bytes of %d", len(whole), len(text))
	}
	if got := words(t, h.Typed(nil, "\xff\xfe")); len(got) > 20 {
		t.Error(got)
	}
}

// Read-only and a lost line: nothing goes out, nothing is remembered.
func TestNobodyListens(t *testing.T) {
	h := newHands(t, 0)
	h.keys("+KeyA:a")
	h.Away()
	if got := h.keys("+KeyB:b -KeyA:a") + h.do(new(events).pointer(1, 0, 1, 1).combo("F1").text("x")) + words(t, h.Power(nil, 1)); got != "" {
		t.Error("while away:", got)
	}
	h.Begin(7, 1024, false)
	if h.Sent() != 7 || h.Held() != 0 {
		t.Error("after coming back:", h.Sent(), h.Held())
	}
	if got := h.keys("*KeyB:b -KeyB:b"); got != "+30/62 -30/62" {
		t.Error("a key that is still held:", got)
	}
	h.Begin(0, 1024, true)
	if got := h.keys("+KeyA:a") + h.do(new(events).pointer(1, 0, 1, 1)) + words(t, h.Typed(nil, "x")); got != "" {
		t.Error("read-only:", got)
	}
}
