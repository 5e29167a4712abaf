package keysym_test

import (
	"testing"

	"github.com/porthole-rac/porthole/protocol/rfb/keysym"
)

func TestKeysyms(t *testing.T) {
	for _, c := range []struct {
		key  string
		at   keysym.Location
		want uint32
	}{
		{"a", 0, 'a'},
		{"A", 0, 'A'},
		{"ß", 0, 0xdf},
		{"€", 0, 0x20ac},      // XK_EuroSign
		{"ł", 0, 0x1b3},       // XK_lstroke
		{"ж", 0, 0x6d6},       // XK_Cyrillic_zhe
		{"λ", 0, 0x7eb},       // XK_Greek_lamda
		{"א", 0, 0xce0},       // XK_hebrew_aleph
		{"ア", 0, 0x4b1},       // XK_kana_A
		{"ẞ", 0, 0x01001e9e},  // no keysym of its own
		{"😀", 0, 0x0101f600},  // beyond the BMP
		{"4", 3, 0xffb4},      // XK_KP_4
		{"4", 0, '4'},         // above the letters
		{"Enter", 3, 0xff8d},  // XK_KP_Enter
		{"Enter", 0, 0xff0d},  // XK_Return
		{"Shift", 2, 0xffe2},  // XK_Shift_R
		{"Shift", 1, 0xffe1},  // XK_Shift_L
		{"Delete", 2, 0xffff}, // a location that makes no difference
		{"AltGraph", 0, 0xfe03},
		{"F24", 0, 0xffd5},
		{"Dead", 0, 0},
		{"Unidentified", 0, 0},
		{"", 0, 0},
	} {
		if got := keysym.FromKey(c.key, c.at); got != c.want {
			t.Errorf("%q at %d: %#x, want %#x", c.key, c.at, got, c.want)
		}
	}
	if keysym.FromRune('\x01') != 0 || keysym.FromRune('\n') != 0xff0d || keysym.FromRune(-1) != 0 {
		t.Error("control characters")
	}
}

func TestScancodes(t *testing.T) {
	for code, want := range map[string]uint32{
		"KeyA": 0x1e, "ArrowRight": 0xcd, "PrintScreen": 0x54, "Pause": 0xc6, // as RFB's table has them
		"ControlRight": 0x9d, "NumpadEnter": 0x9c, "Enter": 0x1c, "IntlBackslash": 0x56, "": 0, "Nothing": 0,
	} {
		if got := keysym.Scancode(code); got != want {
			t.Errorf("%s: %#x, want %#x", code, got, want)
		}
	}
}

// No two keys share a scan code.
func TestScancodesAreDistinct(t *testing.T) {
	seen := map[uint32]string{}
	for _, code := range keysym.Codes() {
		if other := seen[keysym.Scancode(code)]; other != "" {
			t.Errorf("%s and %s are both %#x", code, other, keysym.Scancode(code))
		}
		seen[keysym.Scancode(code)] = code
	}
}

// The key at a place of a US keyboard; every place that has a scan code and a meaning
// of its own has a keysym.
func TestPlaces(t *testing.T) {
	for code, want := range map[string]uint32{
		"KeyA": 'a', "KeyZ": 'z', "Digit0": '0', "Numpad7": 0xffb7, "NumpadEnter": 0xff8d, "NumpadAdd": 0xffab, "ControlRight": 0xffe4,
		"AltRight": 0xffea, "Space": ' ', "Slash": '/', "F12": 0xffc9, "Delete": 0xffff, "PrintScreen": 0xff61, "MetaLeft": 0xffeb,
		"": 0, "Key": 0, "KeyÄ": 0, "Keya": 0, "Digit": 0, "NumpadX": 0, "Nothing": 0,
	} {
		if got := keysym.FromCode(code); got != want {
			t.Errorf("%s: %#x, want %#x", code, got, want)
		}
	}
}
