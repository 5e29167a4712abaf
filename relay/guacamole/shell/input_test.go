package shell_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/guacamole/shell"
)

// Keysyms that the tests press.
const (
	shift, ctrl, alt, super, level3 = 0xffe1, 0xffe3, 0xffe9, 0xffeb, 0xfe03
	enter, up, pageUp, insert       = 0xff0d, 0xff52, 0xff55, 0xff63
)

// press presses keys one after the other and lets go of them in the opposite order.
func (p *page) press(keys ...uint32) {
	for _, k := range keys {
		p.Key(k, true)
	}
	for i := range keys {
		p.Key(keys[len(keys)-1-i], false)
	}
}

func TestKeys(t *testing.T) {
	for _, x := range []struct {
		name, modes string
		keys        []uint32
		want        string
	}{
		{"a letter", "", []uint32{'a'}, "a"},
		{"a capital", "", []uint32{shift, 'A'}, "A"},
		{"umlaut", "", []uint32{0xe4}, "ä"},
		{"euro", "", []uint32{0x010020ac}, "€"},
		{"beyond the first plane", "", []uint32{0x0101f600}, "😀"},
		{"control", "", []uint32{ctrl, 'c'}, "\x03"},
		{"alt", "", []uint32{alt, 'x'}, "\x1bx"},
		{"AltGr is no Alt", "", []uint32{level3, '@'}, "@"},
		{"AltGr as Windows has it", "", []uint32{ctrl, level3, '{'}, "{"},
		{"return", "", []uint32{enter}, "\r"},
		{"tab back", "", []uint32{shift, 0xff09}, "\x1b[Z"},
		{"tab back as X has it", "", []uint32{0xfe20}, "\x1b[Z"},
		{"backspace", "", []uint32{0xff08}, "\x7f"},
		{"delete", "", []uint32{0xffff}, "\x1b[3~"},
		{"arrow", "", []uint32{up}, "\x1b[A"},
		{"arrow in application mode", "\x1b[?1h", []uint32{up}, "\x1bOA"},
		{"arrow with control", "", []uint32{ctrl, up}, "\x1b[1;5A"},
		{"F1", "", []uint32{0xffbe}, "\x1bOP"},
		{"F12", "", []uint32{0xffc9}, "\x1b[24~"},
		{"F5 with shift", "", []uint32{shift, 0xffc2}, "\x1b[15;2~"},
		{"keypad digit", "", []uint32{0xffb7}, "7"},
		{"keypad arrow", "", []uint32{0xff97}, "\x1b[A"},
		{"keypad enter", "", []uint32{0xff8d}, "\r"},
		{"page up of a full screen program", "\x1b[?1049h", []uint32{shift, pageUp}, "\x1b[5;2~"},
		{"kitty, escape", "\x1b[>1u", []uint32{0xff1b}, "\x1b[27u"},
		{"kitty, releases", "\x1b[>2u", []uint32{'a'}, "a"},
		{"kitty, all keys and releases", "\x1b[>10u", []uint32{'a'}, "\x1b[97u\x1b[97;1:3u"},
		{"modifyOtherKeys", "\x1b[>4;2m", []uint32{ctrl, 'i'}, "\x1b[27;5;105~"},
		{"nothing", "", []uint32{0xfe51, 0x12345, shift, ctrl}, ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			p := newPage(t, 640, 400, nil)
			p.output(x.modes)
			p.records()
			p.press(x.keys...)
			got := ""
			for _, r := range p.records() {
				var part string
				if _, err := fmt.Sscanf(r, "input %q", &part); err != nil {
					t.Fatalf("%s: %v", r, err)
				}
				got += part
			}
			if got != x.want {
				t.Errorf("%q, not %q", got, x.want)
			}
		})
	}
}

// TestReleasedKeys: keys that were down when the page lost the focus are up.
func TestReleasedKeys(t *testing.T) {
	p := newPage(t, 640, 400, nil)
	p.records()
	p.Key(ctrl, true)
	p.ReleaseKeys()
	p.press('c')
	p.want("after the focus was lost", `input "c"`)
}

func TestMouseReports(t *testing.T) {
	for _, x := range []struct {
		name, modes string
		want        []string
	}{
		{"none", "", nil},
		{"X10", "\x1b[?9h", []string{`input "\x1b[M #\""`}},
		{"normal", "\x1b[?1000h", []string{`input "\x1b[M #\""`, `input "\x1b[M#$#"`}},
		{"SGR", "\x1b[?1000h\x1b[?1006h", []string{`input "\x1b[<0;3;2M"`, `input "\x1b[<0;4;3m"`}},
		{"drag", "\x1b[?1002h\x1b[?1006h", []string{`input "\x1b[<0;3;2M"`, `input "\x1b[<32;4;3M"`, `input "\x1b[<0;4;3m"`}},
		{"all", "\x1b[?1003h\x1b[?1006h", []string{`input "\x1b[<35;3;2M"`, `input "\x1b[<0;3;2M"`, `input "\x1b[<32;4;3M"`, `input "\x1b[<0;4;3m"`}},
		{"pixels", "\x1b[?1000h\x1b[?1016h", []string{`input "\x1b[<0;17;18M"`, `input "\x1b[<0;25;35m"`}},
	} {
		t.Run(x.name, func(t *testing.T) {
			p := newPage(t, 640, 400, nil)
			p.output(x.modes)
			p.records()
			p.Mouse(17, 18, 0, p.now)
			p.Mouse(17, 18, shell.ButtonLeft, p.now)
			p.Mouse(25, 35, shell.ButtonLeft, p.now)
			p.Mouse(25, 35, 0, p.now)
			p.want(x.name, x.want...)
		})
	}
}

// TestShiftTakesTheMouse: with Shift the person marks text in a program that wants the
// mouse.
func TestShiftTakesTheMouse(t *testing.T) {
	p := newPage(t, 640, 400, nil)
	p.output("word \x1b[?1003h")
	p.records()
	p.Key(shift, true)
	p.doubleClick(8, 8)
	p.want("with shift")
	if p.clipboard != "word" {
		t.Errorf("%q was copied", p.clipboard)
	}
}

func (p *page) doubleClick(x, y int) {
	p.Mouse(x, y, 0, p.now)
	for range 2 {
		p.Mouse(x, y, shell.ButtonLeft, p.now)
		p.Mouse(x, y, 0, p.now)
	}
}

func TestWheel(t *testing.T) {
	p := newPage(t, 640, 17*10, nil)
	for i := range 50 {
		p.output(fmt.Sprintf("%d\r\n", i))
	}
	p.records()
	notch := func(b uint8) {
		p.Mouse(9, 9, b, p.now)
		p.Mouse(9, 9, 0, p.now)
	}
	top := func() string {
		p.draw()
		p.clipboard = ""
		p.Mouse(1, 1, 0, p.now)
		for range 3 {
			p.Mouse(1, 1, shell.ButtonLeft, p.now)
			p.Mouse(1, 1, 0, p.now)
		}
		p.now = p.now.Add(time.Minute)
		return strings.TrimSpace(p.clipboard)
	}
	notch(shell.ButtonUp)
	notch(shell.ButtonUp)
	if got := top(); got != "35" {
		t.Errorf("two notches up: the first line is %q", got)
	}
	p.output("more\r\nand more\r\n")
	if got := top(); got != "35" {
		t.Errorf("output has moved what is read: the first line is %q", got)
	}
	p.same("scrolled back")
	notch(shell.ButtonDown)
	if got := top(); got != "38" {
		t.Errorf("a notch down: the first line is %q", got)
	}
	p.want("scrolling is the page's own")
	p.press('x')
	p.want("typing", `input "x"`)
	if got := top(); got != "43" {
		t.Errorf("typing leads back to the end: the first line is %q", got)
	}
	p.press(shift, pageUp)
	if got := top(); got != "34" {
		t.Errorf("Shift+PageUp: the first line is %q", got)
	}
	p.press('x')
	p.records()
	p.output("\x1b[?1049h")
	notch(shell.ButtonUp)
	p.want("a full screen program gets arrows", `input "\x1b[A\x1b[A\x1b[A"`)
	p.output("\x1b[?1000h\x1b[?1006h")
	notch(shell.ButtonDown)
	p.want("or the wheel, if it wants the mouse", `input "\x1b[<65;2;1M"`)
}

func TestCopyAndPaste(t *testing.T) {
	p := newPage(t, 640, 400, nil)
	p.output("alpha beta\r\ngamma\r\n")
	p.records()
	p.Mouse(8*6, 5, shell.ButtonLeft, p.now)
	p.Mouse(8*5, 17+5, shell.ButtonLeft, p.now)
	p.Mouse(8*5, 17+5, 0, p.now)
	if p.clipboard != "beta\ngamma" {
		t.Errorf("%q was copied", p.clipboard)
	}
	p.SetClipboard("one\ntwo")
	p.press(ctrl, shift, 'V')
	p.want("Ctrl+Shift+V", `paste "one\ntwo" false`)
	p.press(shift, insert)
	p.want("Shift+Insert", `paste "one\ntwo" false`)
	p.Mouse(8, 8, shell.ButtonMiddle, p.now)
	p.Mouse(8, 8, 0, p.now)
	p.want("the middle button", `paste "one\ntwo" false`)
	p.clipboard = ""
	p.now = p.now.Add(time.Minute)
	p.doubleClick(8, 8)
	p.clipboard = ""
	p.press(ctrl, shift, 'C')
	p.want("Ctrl+Shift+C")
	if p.clipboard != "alpha" {
		t.Errorf("%q was copied", p.clipboard)
	}

	p = newPage(t, 640, 400, func(m *wire.Welcome) { m.DisableCopy, m.DisablePaste = true, true })
	p.output("alpha beta\r\n")
	p.records()
	p.doubleClick(8, 8)
	p.SetClipboard("x")
	p.press(ctrl, shift, 'V')
	p.want("pasting is switched off")
	if p.clipboard != "" {
		t.Errorf("%q was copied", p.clipboard)
	}
}

// TestClipboardOfPrograms: a program may write the clipboard, and not read it.
func TestClipboardOfPrograms(t *testing.T) {
	p := newPage(t, 640, 400, nil)
	p.records()
	m := wire.Clipboard{Selection: 'c', Type: "text/plain", Data: []byte("from the program")}
	p.record(wire.TypeClipboard, m.Append)
	if p.clipboard != "from the program" {
		t.Errorf("%q", p.clipboard)
	}
	r := wire.ClipboardRequest{Request: 7, Selection: 'c'}
	p.record(wire.TypeClipboardRequest, r.Append)
	p.want("a question for the clipboard", "clipboard 7 denied true")
}

// TestLongPaste goes in parts.
func TestLongPaste(t *testing.T) {
	p := newPage(t, 640, 400, nil)
	p.SetClipboard(strings.Repeat("x", wire.MaxInput+1))
	p.records()
	p.press(ctrl, shift, 'v')
	got := p.records()
	if len(got) != 2 || !strings.HasSuffix(got[0], "true") || got[1] != `paste "x" false` {
		t.Errorf("%d records", len(got))
	}
}

// TestReadOnly: nothing that is typed, pasted or clicked leaves the page.
func TestReadOnly(t *testing.T) {
	p := newPage(t, 640, 400, func(m *wire.Welcome) { m.ReadOnly = true })
	p.output("\x1b[?1003h")
	p.records()
	p.SetClipboard("x")
	p.press('a')
	p.press(ctrl, shift, 'v')
	p.Mouse(9, 9, shell.ButtonLeft, p.now)
	p.want("read only")
}

func TestZoom(t *testing.T) {
	p := newPage(t, 800, 400, nil)
	p.records()
	p.press(ctrl, '+')
	p.want("larger", "resize 88×22 of 9×18")
	p.press(ctrl, '0')
	p.want("as it was", "resize 100×23 of 8×17")
	p.same("zoomed")
}

// TestDialogue: what the relay asks is asked on the page, and secrets are not shown.
func TestDialogue(t *testing.T) {
	p := openPage(t, 8*60, 17*12)
	p.welcome(nil)
	for _, m := range []wire.Progress{{Step: "connect", Detail: "10.0.0.5:22"}, {Step: "authenticate", Detail: "ann@10.0.0.5"}} {
		p.record(wire.TypeProgress, m.Append)
	}
	q := wire.Prompt{ID: 3, Title: "Log in to build-7", Instruction: "Authorised \x1b[31muse only.\nBe kind.", Fields: []wire.PromptField{
		{Label: "Username", Echo: true}, {Label: "Password:"},
	}}
	p.records()
	p.press('l')
	p.want("typed before the target is there: the session keeps it", `input "l"`)
	p.record(wire.TypePrompt, q.Append)
	p.records()
	for _, r := range "anx" {
		p.press(uint32(r))
	}
	p.press(0xff08)
	p.press('n')
	p.press(enter)
	p.press(shift, 'S')
	p.press('3', 0xff1a) // a key without a meaning
	p.want("nothing goes out before all is answered")
	p.golden("dialogue")
	p.same("dialogue")
	p.SetClipboard("cret\nrm -rf /")
	p.press(ctrl, shift, 'V')
	p.want("the answer", `answer 3 false ["ann" "S3cret"]`)
	p.press('x')
	p.want("nothing is asked")
	gone := wire.PromptGone{ID: 3}
	p.record(wire.TypePromptGone, gone.Append)
	p.record(wire.TypeConnected, (&wire.Connected{}).Append)
	p.output("$ ")
	p.same("the session")
	p.press('x')
	p.want("the session has the keys", `input "x"`)

	p = openPage(t, 640, 400)
	p.welcome(nil)
	p.record(wire.TypePrompt, q.Append)
	p.records()
	p.press('a')
	p.press(ctrl, 'c')
	p.want("the person does not want to", "answer 3 true []")
}

// TestTitleAndBell are told.
func TestTitleAndBell(t *testing.T) {
	p := newPage(t, 640, 400, nil)
	p.output("\x1b]2;a title\a\a")
	if len(p.titles) == 0 || p.titles[len(p.titles)-1] != "a title" || p.bells != 1 {
		t.Errorf("%q, %d bells", p.titles, p.bells)
	}
}
