package keyboard

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Type says what happened to a key.
type Type uint8

// Types of events, with kitty's numbers.
const (
	Press   Type = 1
	Repeat  Type = 2
	Release Type = 3
)

// Event is one event of a key.
type Event struct {
	Key  string // KeyboardEvent.key: a character, or a name such as "Enter"
	Code string // KeyboardEvent.code: the place of the key, e.g. "KeyA"
	Mods Mods
	Type Type
}

// function is a key that has no character.
type function struct {
	number int  // CSI number ~, or kitty's code with final 'u'
	final  byte // '~', a letter, or 'u' for keys that only kitty's protocol has
	ss3    bool // letter keys: SS3 when plain (always, or in application mode)
}

// functions by KeyboardEvent.key (ctlseqs, "PC-Style Function Keys"; kitty,
// "Functional key definitions").
var functions = map[string]function{
	"ArrowUp": {1, 'A', true}, "ArrowDown": {1, 'B', true}, "ArrowRight": {1, 'C', true}, "ArrowLeft": {1, 'D', true},
	"Home": {1, 'H', true}, "End": {1, 'F', true},
	"Insert": {2, '~', false}, "Delete": {3, '~', false}, "PageUp": {5, '~', false}, "PageDown": {6, '~', false},
	"F1": {1, 'P', true}, "F2": {1, 'Q', true}, "F3": {13, '~', true}, "F4": {1, 'S', true},
	"F5": {15, '~', false}, "F6": {17, '~', false}, "F7": {18, '~', false}, "F8": {19, '~', false},
	"F9": {20, '~', false}, "F10": {21, '~', false}, "F11": {23, '~', false}, "F12": {24, '~', false},
	"F13": {25, '~', false}, "F14": {26, '~', false}, "F15": {28, '~', false}, "F16": {29, '~', false},
	"F17": {31, '~', false}, "F18": {32, '~', false}, "F19": {33, '~', false}, "F20": {34, '~', false},
	"CapsLock": {57358, 'u', false}, "ScrollLock": {57359, 'u', false}, "NumLock": {57360, 'u', false},
	"PrintScreen": {57361, 'u', false}, "Pause": {57362, 'u', false}, "ContextMenu": {57363, 'u', false},
}

// modifierKeys are reported by kitty's protocol only when all keys are.
var modifierKeys = map[string]int{
	"ShiftLeft": 57441, "ControlLeft": 57442, "AltLeft": 57443, "MetaLeft": 57444,
	"ShiftRight": 57447, "ControlRight": 57448, "AltRight": 57449, "MetaRight": 57450,
}

// keypad gives the final of SS3 in application keypad mode (VT100) by
// KeyboardEvent.code.
var keypad = map[string]byte{
	"NumpadMultiply": 'j', "NumpadAdd": 'k', "NumpadComma": 'l', "NumpadSubtract": 'm', "NumpadDecimal": 'n',
	"NumpadDivide": 'o', "Numpad0": 'p', "Numpad1": 'q', "Numpad2": 'r', "Numpad3": 's', "Numpad4": 't',
	"Numpad5": 'u', "Numpad6": 'v', "Numpad7": 'w', "Numpad8": 'x', "Numpad9": 'y', "NumpadEnter": 'M', "NumpadEqual": 'X',
}

// AppendKey appends what a key event means to the program; nothing if it means
// nothing.
func AppendKey(dst []byte, m Modes, e Event) []byte {
	if e.Type == Release && m.KittyFlags&kittyEvents == 0 {
		return dst
	}
	if m.KittyFlags != 0 {
		return appendKitty(dst, m, e)
	}
	if f, ok := functions[e.Key]; ok {
		if f.final == 'u' {
			return dst
		}
		return appendFunction(dst, m, f, e, 0)
	}
	return appendLegacy(dst, m, e)
}

// parameter is the modifiers' number in sequences: 1 + bits.
func (m Mods) parameter() int { return 1 + int(m&(Shift|Alt|Ctrl|Super)) }

// appendFunction appends the sequence of a key without a character. event is 0
// unless kitty's event types are wanted.
func appendFunction(dst []byte, m Modes, f function, e Event, event Type) []byte {
	mods := e.Mods.parameter()
	plain := mods == 1 && event <= Press
	if plain && f.ss3 {
		ss3 := m.AppCursor
		final := f.final
		switch e.Key {
		case "F1", "F2", "F4":
			ss3 = m.KittyFlags == 0
		case "F3":
			if m.KittyFlags == 0 {
				return append(dst, "\x1bOR"...)
			}
			ss3 = false
		}
		if final != '~' {
			if ss3 {
				return append(dst, 0x1b, 'O', final)
			}
			return append(dst, 0x1b, '[', final)
		}
	}
	if e.Key == "F3" && m.KittyFlags == 0 { // ctlseqs: CSI 1;2R
		f = function{1, 'R', true}
	}
	dst = append(dst, 0x1b, '[')
	if !plain || f.final == '~' || f.final == 'u' {
		dst = strconv.AppendInt(dst, int64(f.number), 10)
	}
	if !plain {
		dst = append(dst, ';')
		dst = strconv.AppendInt(dst, int64(mods), 10)
		if event > Press {
			dst = append(dst, ':')
			dst = strconv.AppendInt(dst, int64(event), 10)
		}
	}
	return append(dst, f.final)
}

// appendLegacy appends characters and C0 keys as xterm sends them.
func appendLegacy(dst []byte, m Modes, e Event) []byte {
	if m.AppKeypad && e.Mods&(Ctrl|Alt|Shift) == 0 && e.Mods&NumLock == 0 {
		if c, ok := keypad[e.Code]; ok {
			return append(dst, 0x1b, 'O', c)
		}
	}
	switch e.Key {
	case "Enter":
		if m.ModifyOtherKeys == 2 && e.Mods.parameter() > 1 {
			return appendOther(dst, e.Mods, 13)
		}
		dst = appendAlt(dst, e.Mods)
		if m.NewLine {
			return append(dst, "\r\n"...)
		}
		return append(dst, '\r')
	case "Tab":
		if m.ModifyOtherKeys == 2 && e.Mods.parameter() > 1 && e.Mods&(Ctrl|Alt) != 0 {
			return appendOther(dst, e.Mods, 9)
		}
		if e.Mods&Shift != 0 {
			return append(appendAlt(dst, e.Mods), "\x1b[Z"...)
		}
		return append(appendAlt(dst, e.Mods), '\t')
	case "Backspace":
		if m.ModifyOtherKeys == 2 && e.Mods&Alt != 0 {
			return appendOther(dst, e.Mods, 127)
		}
		return append(appendAlt(dst, e.Mods), backspace(m, e.Mods))
	case "Escape":
		return append(appendAlt(dst, e.Mods), 0x1b)
	}
	r, ok := single(e.Key)
	if !ok {
		return dst
	}
	if m.ModifyOtherKeys > 0 && wantsOther(m, e.Mods, r) {
		return appendOther(dst, e.Mods, r)
	}
	if e.Mods&Ctrl != 0 {
		if c, ok := control(r); ok {
			return append(appendAlt(dst, e.Mods), c)
		}
	}
	return utf8.AppendRune(appendAlt(dst, e.Mods), r)
}

func appendAlt(dst []byte, m Mods) []byte {
	if m&Alt != 0 {
		return append(dst, 0x1b)
	}
	return dst
}

// backspace is DEL or what is set; Ctrl gives the other one.
func backspace(m Modes, mods Mods) byte {
	c := m.Backspace
	if c == 0 {
		c = 0x7f
	}
	if m.BackspaceBS != (mods&Ctrl != 0) {
		if c == 0x7f {
			return 0x08
		}
		return 0x7f
	}
	return c
}

// single gives the character of a key that has exactly one.
func single(key string) (rune, bool) {
	r, n := utf8.DecodeRuneInString(key)
	return r, n == len(key) && n > 0 && r != utf8.RuneError
}

// control maps a character to its C0 control, as xterm and the VT keyboards do.
func control(r rune) (byte, bool) {
	switch {
	case r >= 'a' && r <= 'z':
		return byte(r - 'a' + 1), true
	case r >= '@' && r <= '_':
		return byte(r - '@'), true
	}
	switch r {
	case ' ', '2':
		return 0, true
	case '3':
		return 0x1b, true
	case '4':
		return 0x1c, true
	case '5':
		return 0x1d, true
	case '6', '~', '`':
		return 0x1e, true
	case '7', '/', '-':
		return 0x1f, true
	case '8', '?':
		return 0x7f, true
	}
	return 0, false
}

// wantsOther tells whether modifyOtherKeys reports the key: level 1 those that
// have no sequence of their own, level 2 all with modifiers.
func wantsOther(m Modes, mods Mods, r rune) bool {
	if mods&(Ctrl|Alt|Super) == 0 {
		return false
	}
	if m.ModifyOtherKeys >= 2 {
		return true
	}
	if mods&Ctrl == 0 {
		return false
	}
	_, ok := control(r)
	return !ok || mods&Shift != 0
}

// appendOther appends CSI 27 ; modifiers ; code ~.
func appendOther(dst []byte, mods Mods, r rune) []byte {
	dst = append(dst, "\x1b[27;"...)
	dst = strconv.AppendInt(dst, int64(mods.parameter()), 10)
	dst = append(dst, ';')
	dst = strconv.AppendInt(dst, int64(r), 10)
	return append(dst, '~')
}

// appendKitty appends a key by kitty's protocol.
func appendKitty(dst []byte, m Modes, e Event) []byte {
	flags := m.KittyFlags
	event := Type(0)
	if flags&kittyEvents != 0 {
		event = e.Type
	}
	if f, ok := functions[e.Key]; ok {
		return appendFunction(dst, m, f, e, event)
	}
	if n, ok := modifierKeys[e.Code]; ok {
		if flags&kittyAll == 0 {
			return dst
		}
		return appendKittyCode(dst, n, 0, 0, e.Mods, event, "")
	}
	code, isText := 0, false
	switch e.Key {
	case "Enter":
		code = 13
	case "Tab":
		code = 9
	case "Backspace":
		code = 127
	case "Escape":
		code = 27
	default:
		r, ok := single(e.Key)
		if !ok {
			return dst
		}
		code, isText = int(unicode.ToLower(r)), true
	}
	mods := e.Mods & (Shift | Alt | Ctrl | Super)
	if flags&kittyAll == 0 {
		switch {
		case isText && mods&^Shift == 0:
			if e.Type == Release {
				return dst
			}
			return append(dst, e.Key...)
		case code != 27 && !isText && mods == 0:
			// Enter, Tab and Backspace stay as they are, so that a broken program
			// can be left.
			if e.Type == Release {
				return dst
			}
			return appendLegacy(dst, m, e)
		}
	}
	shifted, base := 0, 0
	if flags&kittyAlternate != 0 && isText {
		if r, _ := single(e.Key); mods&Shift != 0 && int(r) != code {
			shifted = int(r)
		}
		if b := baseKey(e.Code); b != 0 && b != code {
			base = b
		}
	}
	text := ""
	if flags&kittyText != 0 && isText && mods&^Shift == 0 && e.Type != Release {
		text = e.Key
	}
	return appendKittyCode(dst, code, shifted, base, e.Mods, event, text)
}

// appendKittyCode appends CSI code:shifted:base ; modifiers:event ; text u.
func appendKittyCode(dst []byte, code, shifted, base int, mods Mods, event Type, text string) []byte {
	dst = append(dst, 0x1b, '[')
	dst = strconv.AppendInt(dst, int64(code), 10)
	if shifted != 0 || base != 0 {
		dst = append(dst, ':')
		if shifted != 0 {
			dst = strconv.AppendInt(dst, int64(shifted), 10)
		}
		if base != 0 {
			dst = append(dst, ':')
			dst = strconv.AppendInt(dst, int64(base), 10)
		}
	}
	p := 1 + int(mods)
	if p > 1 || event > Press || text != "" {
		dst = append(dst, ';')
		if p > 1 || event > Press {
			dst = strconv.AppendInt(dst, int64(p), 10)
		}
		if event > Press {
			dst = append(dst, ':')
			dst = strconv.AppendInt(dst, int64(event), 10)
		}
	}
	for i, r := range text {
		sep := byte(':')
		if i == 0 {
			sep = ';'
		}
		dst = append(dst, sep)
		dst = strconv.AppendInt(dst, int64(r), 10)
	}
	return append(dst, 'u')
}

// baseKey gives the character at a key's place on a US keyboard.
func baseKey(code string) int {
	if rest, ok := strings.CutPrefix(code, "Key"); ok && len(rest) == 1 {
		return int(rest[0]) + 'a' - 'A'
	}
	if rest, ok := strings.CutPrefix(code, "Digit"); ok && len(rest) == 1 {
		return int(rest[0])
	}
	return 0
}

// AppendFocus appends the report of a focus change (mode 1004).
func AppendFocus(dst []byte, in bool) []byte {
	if in {
		return append(dst, "\x1b[I"...)
	}
	return append(dst, "\x1b[O"...)
}
