package keysym

import "strings"

// FromCode is the keysym of the key at a place, KeyboardEvent.code, as a US keyboard
// has it without modifiers; 0 for places that it does not have. It serves keys that a
// program presses and shortcuts, which count letters of a Latin keyboard.
func FromCode(code string) uint32 {
	if k, ok := places[code]; ok {
		return k
	}
	if letter, ok := strings.CutPrefix(code, "Key"); ok && len(letter) == 1 && letter[0] >= 'A' && letter[0] <= 'Z' {
		return uint32(letter[0] - 'A' + 'a')
	}
	if digit, ok := strings.CutPrefix(code, "Digit"); ok && len(digit) == 1 && digit[0] >= '0' && digit[0] <= '9' {
		return uint32(digit[0])
	}
	if key, ok := strings.CutPrefix(code, "Numpad"); ok {
		switch {
		case len(key) == 1:
			return numpad[key]
		case key == "Enter" || key == "Clear":
			return numpad[key]
		}
		return 0
	}
	return named[code]
}

// places are those whose code is not the name of the key.
var places = map[string]uint32{
	"ShiftLeft": ShiftLeft, "ShiftRight": ShiftRight, "ControlLeft": ControlLeft, "ControlRight": ControlRight,
	"AltLeft": AltLeft, "AltRight": AltRight, "MetaLeft": SuperLeft, "MetaRight": SuperRight,
	"Backquote": '`', "Minus": '-', "Equal": '=', "BracketLeft": '[', "BracketRight": ']', "Backslash": '\\',
	"Semicolon": ';', "Quote": '\'', "Comma": ',', "Period": '.', "Slash": '/', "Space": ' ', "IntlBackslash": '<',
	"NumpadAdd": 0xffab, "NumpadSubtract": 0xffad, "NumpadMultiply": 0xffaa, "NumpadDivide": 0xffaf,
	"NumpadDecimal": 0xffae, "NumpadComma": 0xffac, "NumpadEqual": 0xffbd,
	"Sleep": 0x1008ff2f,
}
