package shell

import (
	"unicode"
	"unicode/utf8"

	"github.com/porthole-rac/porthole/protocol/rfb/keysym"
	"github.com/porthole-rac/porthole/protocol/term/keyboard"
	"github.com/porthole-rac/porthole/relay/guacamole/shell/glyph"
)

// keys is what is known of the keyboard.
type keys struct {
	held  heldMods
	taken uint32 // key that the page itself took: its release is not the program's
	text  [utf8.UTFMax]byte
	out   []byte
}

// heldMods are the modifiers that are down, left and right ones apart.
type heldMods uint16

const (
	heldShift heldMods = 3 << (2 * iota)
	heldCtrl
	heldAlt
	heldSuper
	heldLevel3 // AltGr: it makes characters and is no Alt
)

// modifierKeys gives the bit of each.
var modifierKeys = map[uint32]heldMods{
	keysym.ShiftLeft: 1, keysym.ShiftRight: 2,
	keysym.ControlLeft: 1 << 2, keysym.ControlRight: 2 << 2,
	keysym.AltLeft: 1 << 4, keysym.AltRight: 2 << 4, 0xffe7: 1 << 4, 0xffe8: 2 << 4, // Meta
	keysym.SuperLeft: 1 << 6, keysym.SuperRight: 2 << 6,
	keysym.Level3Shift: 1 << 8, 0xff7e: 2 << 8, // Mode_switch
}

// modifierCodes are their KeyboardEvent.code, which kitty's protocol reports.
var modifierCodes = map[uint32][2]string{
	keysym.ShiftLeft: {"Shift", "ShiftLeft"}, keysym.ShiftRight: {"Shift", "ShiftRight"},
	keysym.ControlLeft: {"Control", "ControlLeft"}, keysym.ControlRight: {"Control", "ControlRight"},
	keysym.AltLeft: {"Alt", "AltLeft"}, keysym.AltRight: {"Alt", "AltRight"},
	0xffe7: {"Alt", "AltLeft"}, 0xffe8: {"Alt", "AltRight"},
	keysym.SuperLeft: {"Meta", "MetaLeft"}, keysym.SuperRight: {"Meta", "MetaRight"},
	keysym.Level3Shift: {"AltGraph", "AltRight"}, 0xff7e: {"AltGraph", "AltRight"},
}

func (h heldMods) mods() (m keyboard.Mods) {
	if h&heldShift != 0 {
		m |= keyboard.Shift
	}
	if h&heldCtrl != 0 {
		m |= keyboard.Ctrl
	}
	if h&heldAlt != 0 {
		m |= keyboard.Alt
	}
	if h&heldSuper != 0 {
		m |= keyboard.Super
	}
	return m
}

// named are keys without a character: KeyboardEvent.key and .code by keysym.
var named = map[uint32][2]string{
	0xff08: {"Backspace", "Backspace"}, 0xff09: {"Tab", "Tab"}, 0xfe20: {"Tab", "Tab"}, 0xff0d: {"Enter", "Enter"},
	0xff1b: {"Escape", "Escape"}, 0xffff: {"Delete", "Delete"},
	0xff50: {"Home", "Home"}, 0xff51: {"ArrowLeft", "ArrowLeft"}, 0xff52: {"ArrowUp", "ArrowUp"},
	0xff53: {"ArrowRight", "ArrowRight"}, 0xff54: {"ArrowDown", "ArrowDown"},
	0xff55: {"PageUp", "PageUp"}, 0xff56: {"PageDown", "PageDown"}, 0xff57: {"End", "End"}, 0xff63: {"Insert", "Insert"},
	0xff67: {"ContextMenu", "ContextMenu"}, 0xff61: {"PrintScreen", "PrintScreen"}, 0xff13: {"Pause", "Pause"},
	0xff14: {"ScrollLock", "ScrollLock"}, 0xff7f: {"NumLock", "NumLock"}, 0xffe5: {"CapsLock", "CapsLock"},
	// The keypad. Digits come when Num Lock is on, the others when it is off.
	0xff80: {" ", "Space"}, 0xff89: {"Tab", "Tab"}, 0xff8d: {"Enter", "NumpadEnter"},
	0xff95: {"Home", "Numpad7"}, 0xff96: {"ArrowLeft", "Numpad4"}, 0xff97: {"ArrowUp", "Numpad8"},
	0xff98: {"ArrowRight", "Numpad6"}, 0xff99: {"ArrowDown", "Numpad2"}, 0xff9a: {"PageUp", "Numpad9"},
	0xff9b: {"PageDown", "Numpad3"}, 0xff9c: {"End", "Numpad1"}, 0xff9e: {"Insert", "Numpad0"}, 0xff9f: {"Delete", "NumpadDecimal"},
	0xffaa: {"*", "NumpadMultiply"}, 0xffab: {"+", "NumpadAdd"}, 0xffac: {",", "NumpadComma"}, 0xffad: {"-", "NumpadSubtract"},
	0xffae: {".", "NumpadDecimal"}, 0xffaf: {"/", "NumpadDivide"}, 0xffbd: {"=", "NumpadEqual"},
}

// functionKeys and digitKeys are the names of F1… and of the keypad's digits.
var (
	functionKeys = [...]string{
		"F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F10",
		"F11", "F12", "F13", "F14", "F15", "F16", "F17", "F18", "F19", "F20",
	}
	digitKeys = [...][2]string{
		{"0", "Numpad0"},
		{"1", "Numpad1"},
		{"2", "Numpad2"},
		{"3", "Numpad3"},
		{"4", "Numpad4"},
		{"5", "Numpad5"},
		{"6", "Numpad6"},
		{"7", "Numpad7"},
		{"8", "Numpad8"},
		{"9", "Numpad9"},
	}
)

const (
	keysymF1     = 0xffbe
	keysymDigit0 = 0xffb0
	unicodeBase  = 0x01000000
)

// event makes of a keysym what a browser would say; false for keys that mean nothing.
func (k *keys) event(sym uint32) (e keyboard.Event, ok bool) {
	e.Mods = k.held.mods()
	switch {
	case sym >= keysymF1 && sym < keysymF1+uint32(len(functionKeys)):
		name := functionKeys[sym-keysymF1]
		e.Key, e.Code = name, name
		return e, true
	case sym >= keysymDigit0 && sym < keysymDigit0+uint32(len(digitKeys)):
		d := digitKeys[sym-keysymDigit0]
		e.Key, e.Code, e.Mods = d[0], d[1], e.Mods|keyboard.NumLock
		return e, true
	}
	if n, ok := named[sym]; ok {
		e.Key, e.Code = n[0], n[1]
		if sym == 0xfe20 { // ISO_Left_Tab is Tab with Shift
			e.Mods |= keyboard.Shift
		}
		if sym >= 0xffaa && sym <= 0xffbd || sym == 0xff8d {
			e.Mods |= keyboard.NumLock // what it is, nobody tells; mostly it is on
		}
		return e, true
	}
	if n, ok := modifierCodes[sym]; ok {
		e.Key, e.Code = n[0], n[1]
		return e, true
	}
	r := character(sym)
	if r == 0 {
		return e, false
	}
	n := utf8.EncodeRune(k.text[:], r)
	e.Key = oneOf(k.text[:n])
	if k.held&heldLevel3 != 0 { // AltGr made this character: it is no Ctrl+Alt
		e.Mods &^= keyboard.Ctrl | keyboard.Alt
	}
	return e, true
}

// ascii holds every ASCII character at its own index.
const ascii = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f" +
	" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\x7f"

// oneOf gives one character as a string, without garbage where that is easy.
func oneOf(p []byte) string {
	if len(p) == 1 && p[0] < 128 {
		return ascii[p[0] : p[0]+1]
	}
	return string(p)
}

// character gives the character of a keysym (X11 protocol, appendix A: Latin-1 and
// Unicode, which is all that the page sends); 0: it has none.
func character(sym uint32) rune {
	switch {
	case sym >= 0x20 && sym <= 0x7e, sym >= 0xa0 && sym <= 0xff:
		return rune(sym)
	case sym > unicodeBase+0xff && sym <= unicodeBase+unicode.MaxRune && utf8.ValidRune(rune(sym-unicodeBase)):
		return rune(sym - unicodeBase)
	}
	return 0
}

// modes are those of the terminal, for the keyboard package.
func (s *Shell) modes() keyboard.Modes {
	m := s.term.Modes()
	return keyboard.Modes{
		AppCursor: m.AppCursor, AppKeypad: m.AppKeypad, Backspace: s.welcome.Backspace, BackspaceBS: m.Backarrow, NewLine: m.NewLine,
		KittyFlags: m.KittyFlags, ModifyOtherKeys: m.ModifyOtherKeys, MouseMode: m.MouseMode, MouseEncoding: m.MouseEncoding,
	}
}

// Key takes a key, as an X keysym, that went down or up. A key that repeats comes down
// again.
func (s *Shell) Key(sym uint32, down bool) {
	k := &s.keys
	if bit, ok := modifierKeys[sym]; ok {
		if down {
			k.held |= bit
		} else {
			k.held &^= bit
		}
	}
	e, ok := k.event(sym)
	if !ok {
		return
	}
	if e.Type = keyboard.Release; down {
		e.Type = keyboard.Press
	}
	switch {
	case !down && k.taken == sym:
		k.taken = 0
		return
	case down && s.command(e):
		k.taken = sym
		return
	case s.talk.term != nil && s.talk.asked:
		// Also between questions: a password that is typed ahead is nothing for a shell.
		if down {
			s.answerKey(e)
		}
		return
	}
	k.out = keyboard.AppendKey(k.out[:0], s.modes(), e)
	if len(k.out) == 0 {
		return
	}
	if down {
		s.userTyped()
	}
	s.sendInput(k.out)
}

// ReleaseKeys forgets all keys that are down, as when the page has lost the focus.
func (s *Shell) ReleaseKeys() { s.keys.held, s.keys.taken = 0, 0 }

// userTyped brings the view back to the bottom.
func (s *Shell) userTyped() {
	if s.back != 0 {
		s.scrollTo(0)
	}
	if !s.sel.Empty(s.term) || s.notice != "" {
		s.sel.Clear()
		s.notice = ""
		s.frame.rows = true
	}
}

// command does what the page itself does with a key, by the habits of terminals.
func (s *Shell) command(e keyboard.Event) bool {
	const all = keyboard.Ctrl | keyboard.Shift | keyboard.Alt | keyboard.Super
	mods := e.Mods & all
	ctrlShift, ctrl, shift := mods == keyboard.Ctrl|keyboard.Shift, mods == keyboard.Ctrl, mods == keyboard.Shift
	_, rows := s.term.Size()
	switch {
	case ctrlShift && (e.Key == "c" || e.Key == "C"), ctrl && e.Key == "Insert":
		s.copySelection()
	case ctrlShift && (e.Key == "v" || e.Key == "V"), shift && e.Key == "Insert":
		s.paste()
	case ctrlShift && (e.Key == "a" || e.Key == "A"):
		s.sel.All(s.term)
		s.frame.rows = true
	case (ctrl || ctrlShift) && (e.Key == "+" || e.Key == "="):
		s.setZoom(s.zoom + 1)
	case ctrl && e.Key == "-":
		s.setZoom(s.zoom - 1)
	case ctrl && e.Key == "0":
		s.setZoom(0)
	case !shift || s.term.Modes().AltScreen:
		return false
	case e.Key == "PageUp":
		s.scrollTo(s.back + rows - 1)
	case e.Key == "PageDown":
		s.scrollTo(s.back - rows + 1)
	case e.Key == "Home":
		s.scrollTo(s.term.Scrollback())
	case e.Key == "End":
		s.scrollTo(0)
	default:
		return false
	}
	return true
}

func (s *Shell) setZoom(n int) {
	s.zoom = min(max(n, -glyph.MaxSize), glyph.MaxSize)
	s.changeFont()
}
