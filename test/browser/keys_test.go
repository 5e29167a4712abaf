package browser_test

import (
	"testing"
)

// TestKeys presses keys of a real keyboard event and compares what a program in
// raw mode receives.
func TestKeys(t *testing.T) {
	b := open(t)
	type press struct {
		key, code string
		mods      int64
		want      string
	}
	for _, tt := range []struct {
		name  string
		modes string
		keys  []press
	}{
		{"plain", "", []press{
			{"a", "KeyA", 0, "a"},
			{"A", "KeyA", shift, "A"},
			{"é", "", 0, "é"},
			{"€", "KeyE", 0, "€"},
			{"Enter", "Enter", 0, "\r"},
			{"Tab", "Tab", 0, "\t"},
			{"Tab", "Tab", shift, "\x1b[Z"},
			{"Escape", "Escape", 0, "\x1b"},
			{"Backspace", "Backspace", 0, "\x7f"},
			{"Backspace", "Backspace", ctrl, "\b"},
			{"Delete", "Delete", 0, "\x1b[3~"},
			{"ArrowUp", "ArrowUp", 0, "\x1b[A"},
			{"ArrowLeft", "ArrowLeft", ctrl, "\x1b[1;5D"},
			{"ArrowRight", "ArrowRight", shift | alt, "\x1b[1;4C"},
			{"Home", "Home", 0, "\x1b[H"},
			{"End", "End", 0, "\x1b[F"},
			{"Insert", "Insert", 0, "\x1b[2~"},
			{"PageUp", "PageUp", 0, "\x1b[5~"},
			{"PageDown", "PageDown", ctrl, "\x1b[6;5~"},
			{"F1", "F1", 0, "\x1bOP"},
			{"F5", "F5", 0, "\x1b[15~"},
			{"F11", "F11", 0, "\x1b[23~"},
			{"F12", "F12", shift, "\x1b[24;2~"},
			{"c", "KeyC", ctrl, "\x03"},
			{"d", "KeyD", ctrl, "\x04"},
			{"r", "KeyR", ctrl, "\x12"},
			{"w", "KeyW", ctrl, "\x17"},
			{"z", "KeyZ", ctrl, "\x1a"},
			{" ", "Space", ctrl, "\x00"},
			{"[", "BracketLeft", ctrl, "\x1b"},
			{"_", "Minus", ctrl | shift, "\x1f"},
			{"x", "KeyX", alt, "\x1bx"},
			{"X", "KeyX", alt | shift, "\x1bX"},
			{"x", "KeyX", ctrl | alt, "\x1b\x18"},
			{"ArrowLeft", "ArrowLeft", alt, "\x1b[1;3D"},
		}},
		{"application cursor", `\e[?1h`, []press{
			{"ArrowUp", "ArrowUp", 0, "\x1bOA"},
			{"ArrowUp", "ArrowUp", ctrl, "\x1b[1;5A"},
			{"Home", "Home", 0, "\x1bOH"},
		}},
		{"kitty", `\e[>1u`, []press{
			{"a", "KeyA", 0, "a"},
			{"Escape", "Escape", 0, "\x1b[27u"},
			{"c", "KeyC", ctrl, "\x1b[99;5u"},
			{"a", "KeyA", alt, "\x1b[97;3u"},
			{"Enter", "Enter", ctrl, "\x1b[13;5u"},
		}},
		{"kitty with releases", `\e[>3u`, []press{
			{"F3", "F3", 0, "\x1b[13~\x1b[13;1:3~"},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := b.runKeys(tt.modes)
			defer k.quit()
			for _, p := range tt.keys {
				k.key(p.key, p.code, p.mods)
				k.expect(t, p.key+" "+modNames(p.mods), p.want)
			}
		})
	}
}

func modNames(m int64) (s string) {
	for _, n := range []struct {
		bit  int64
		name string
	}{{ctrl, "+ctrl"}, {alt, "+alt"}, {shift, "+shift"}, {meta, "+meta"}} {
		if m&n.bit != 0 {
			s += n.name
		}
	}
	return s
}
