package keyboard_test

import (
	"testing"

	kb "github.com/porthole-rac/porthole/protocol/term/keyboard"
)

func TestKeys(t *testing.T) {
	app := kb.Modes{AppCursor: true}
	k1, k3, k31 := kb.Modes{KittyFlags: 1}, kb.Modes{KittyFlags: 3}, kb.Modes{KittyFlags: 31}
	for _, tt := range []struct {
		modes kb.Modes
		key   string
		code  string
		mods  kb.Mods
		typ   kb.Type
		want  string
	}{
		{kb.Modes{}, "a", "KeyA", 0, kb.Press, "a"},
		{kb.Modes{}, "A", "KeyA", kb.Shift, kb.Press, "A"},
		{kb.Modes{}, "é", "", 0, kb.Press, "é"},
		{kb.Modes{}, "c", "KeyC", kb.Ctrl, kb.Press, "\x03"},
		{kb.Modes{}, "C", "KeyC", kb.Ctrl | kb.Shift, kb.Press, "\x03"},
		{kb.Modes{}, " ", "Space", kb.Ctrl, kb.Press, "\x00"},
		{kb.Modes{}, "[", "", kb.Ctrl, kb.Press, "\x1b"},
		{kb.Modes{}, "/", "", kb.Ctrl, kb.Press, "\x1f"},
		{kb.Modes{}, "x", "KeyX", kb.Alt, kb.Press, "\x1bx"},
		{kb.Modes{}, "Enter", "Enter", 0, kb.Press, "\r"},
		{kb.Modes{NewLine: true}, "Enter", "Enter", 0, kb.Press, "\r\n"},
		{kb.Modes{}, "Tab", "Tab", kb.Shift, kb.Press, "\x1b[Z"},
		{kb.Modes{}, "Backspace", "", 0, kb.Press, "\x7f"},
		{kb.Modes{}, "Backspace", "", kb.Ctrl, kb.Press, "\x08"},
		{kb.Modes{Backspace: 8}, "Backspace", "", 0, kb.Press, "\x08"},
		{kb.Modes{}, "Escape", "", 0, kb.Press, "\x1b"},
		{kb.Modes{}, "ArrowUp", "", 0, kb.Press, "\x1b[A"},
		{app, "ArrowUp", "", 0, kb.Press, "\x1bOA"},
		{app, "ArrowUp", "", kb.Ctrl, kb.Press, "\x1b[1;5A"},
		{kb.Modes{}, "Home", "", 0, kb.Press, "\x1b[H"},
		{kb.Modes{}, "Delete", "", 0, kb.Press, "\x1b[3~"},
		{kb.Modes{}, "PageUp", "", kb.Shift, kb.Press, "\x1b[5;2~"},
		{kb.Modes{}, "F1", "", 0, kb.Press, "\x1bOP"},
		{kb.Modes{}, "F3", "", 0, kb.Press, "\x1bOR"},
		{kb.Modes{}, "F3", "", kb.Shift, kb.Press, "\x1b[1;2R"},
		{kb.Modes{}, "F5", "", 0, kb.Press, "\x1b[15~"},
		{kb.Modes{}, "F12", "", kb.Alt, kb.Press, "\x1b[24;3~"},
		{kb.Modes{AppKeypad: true}, "5", "Numpad5", 0, kb.Press, "\x1bOu"},
		{kb.Modes{AppKeypad: true}, "5", "Numpad5", kb.NumLock, kb.Press, "5"},
		{kb.Modes{}, "Shift", "ShiftLeft", kb.Shift, kb.Press, ""},
		{kb.Modes{}, "a", "KeyA", 0, kb.Release, ""},
		{kb.Modes{ModifyOtherKeys: 1}, "i", "KeyI", kb.Ctrl | kb.Shift, kb.Press, "\x1b[27;6;105~"},
		{kb.Modes{ModifyOtherKeys: 2}, "c", "KeyC", kb.Ctrl, kb.Press, "\x1b[27;5;99~"},
		{k1, "a", "KeyA", 0, kb.Press, "a"},
		{k1, "c", "KeyC", kb.Ctrl, kb.Press, "\x1b[99;5u"},
		{k1, "Escape", "Escape", 0, kb.Press, "\x1b[27u"},
		{k1, "Enter", "Enter", 0, kb.Press, "\r"},
		{k1, "Enter", "Enter", kb.Shift, kb.Press, "\x1b[13;2u"},
		{k1, "ArrowUp", "ArrowUp", 0, kb.Press, "\x1b[A"},
		{k1, "F1", "F1", 0, kb.Press, "\x1b[P"},
		{k1, "F3", "F3", 0, kb.Press, "\x1b[13~"},
		{k3, "ArrowUp", "ArrowUp", 0, kb.Release, "\x1b[1;1:3A"},
		{k3, "c", "KeyC", kb.Ctrl, kb.Repeat, "\x1b[99;5:2u"},
		{k31, "a", "KeyA", 0, kb.Press, "\x1b[97;;97u"},
		{k31, "A", "KeyA", kb.Shift, kb.Press, "\x1b[97:65;2;65u"},
		{k31, "ф", "KeyA", 0, kb.Press, "\x1b[1092::97;;1092u"},
		{k31, "Shift", "ShiftLeft", kb.Shift, kb.Press, "\x1b[57441;2u"},
	} {
		got := string(kb.AppendKey(nil, tt.modes, kb.Event{Key: tt.key, Code: tt.code, Mods: tt.mods, Type: tt.typ}))
		if got != tt.want {
			t.Errorf("%+v %q mods %d type %d: got %q, want %q", tt.modes, tt.key, tt.mods, tt.typ, got, tt.want)
		}
	}
}

func TestMouse(t *testing.T) {
	at := kb.MouseEvent{Button: kb.Left, Col: 4, Row: 9, X: 40, Y: 90}
	up, move, drag, wheel, far := at, at, at, at, at
	up.Action, move.Action, drag.Action, wheel.Button = kb.Up, kb.Move, kb.Move, kb.WheelUp
	move.Button, far.Col = kb.None, 300
	for _, tt := range []struct {
		mode, encoding uint16
		event          kb.MouseEvent
		want           string
	}{
		{0, 1006, at, ""},
		{9, 0, at, "\x1b[M %*"},
		{9, 0, up, ""},
		{1000, 0, at, "\x1b[M %*"},
		{1000, 0, up, "\x1b[M#%*"},
		{1000, 0, drag, ""},
		{1000, 0, far, ""},
		{1000, 1006, at, "\x1b[<0;5;10M"},
		{1000, 1006, up, "\x1b[<0;5;10m"},
		{1000, 1006, wheel, "\x1b[<64;5;10M"},
		{1002, 1006, drag, "\x1b[<32;5;10M"},
		{1002, 1006, move, ""},
		{1003, 1006, move, "\x1b[<35;5;10M"},
		{1000, 1015, at, "\x1b[32;5;10M"},
		{1000, 1016, at, "\x1b[<0;40;90M"},
		{1000, 1005, far, "\x1b[M \u014d*"},
	} {
		if got := string(kb.AppendMouse(nil, kb.Modes{MouseMode: tt.mode, MouseEncoding: tt.encoding}, tt.event)); got != tt.want {
			t.Errorf("%d/%d %+v: got %q, want %q", tt.mode, tt.encoding, tt.event, got, tt.want)
		}
	}
}

func TestTypingDoesNotAllocate(t *testing.T) {
	buf := make([]byte, 0, 64)
	e := kb.Event{Key: "ArrowUp", Code: "ArrowUp", Mods: kb.Ctrl, Type: kb.Press}
	if n := testing.AllocsPerRun(100, func() { buf = kb.AppendKey(buf[:0], kb.Modes{}, e) }); n != 0 {
		t.Errorf("%v allocations a key", n)
	}
}

func FuzzKeys(f *testing.F) {
	f.Add("a", "KeyA", uint8(1), uint8(1), uint8(0))
	f.Fuzz(func(t *testing.T, key, code string, mods, flags, typ uint8) {
		if len(key) > 64 {
			return
		}
		out := kb.AppendKey(nil, kb.Modes{KittyFlags: flags & 31, ModifyOtherKeys: flags >> 6}, kb.Event{Key: key, Code: code, Mods: kb.Mods(mods), Type: kb.Type(typ%3 + 1)})
		if len(out) > 64 {
			t.Errorf("%q gives %d bytes", key, len(out))
		}
	})
}
