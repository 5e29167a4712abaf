package keysym

import (
	"sort"
	"unicode/utf8"
)

// Location is KeyboardEvent.location.
type Location uint8

// Locations of keys that exist more than once.
const (
	Standard Location = 0
	Left     Location = 1
	Right    Location = 2
	Numpad   Location = 3
)

// Keysyms that others than this table name.
const (
	ShiftLeft    = 0xffe1
	ShiftRight   = 0xffe2
	ControlLeft  = 0xffe3
	ControlRight = 0xffe4
	CapsLock     = 0xffe5
	AltLeft      = 0xffe9
	AltRight     = 0xffea
	SuperLeft    = 0xffeb
	SuperRight   = 0xffec
	Level3Shift  = 0xfe03 // AltGr
	NumLock      = 0xff7f
	ScrollLock   = 0xff14
	Delete       = 0xffff
)

// unicodeBase is added to a character that has no keysym of its own.
const unicodeBase = 0x01000000

// FromRune is the keysym of a character; 0 for control characters, which are made
// with Control, and for what is none.
func FromRune(r rune) uint32 {
	switch {
	case r == '\n' || r == '\r':
		return 0xff0d // Return
	case r == '\t':
		return 0xff09
	case r == '\b':
		return 0xff08
	case r == 0x1b:
		return 0xff1b
	case r >= 0x20 && r <= 0x7e || r >= 0xa0 && r <= 0xff:
		return uint32(r)
	case r < 0x100 || !utf8.ValidRune(r):
		return 0
	}
	i := sort.Search(len(legacy), func(i int) bool { return legacy[i].first > r }) - 1
	if i >= 0 && r-legacy[i].first < rune(legacy[i].count) {
		return uint32(legacy[i].keysym) + uint32(r-legacy[i].first)
	}
	return unicodeBase + uint32(r)
}

// FromKey is the keysym of KeyboardEvent.key at a location; 0 when the key has none
// that a server could use ("Unidentified", "Dead", "Process").
func FromKey(key string, at Location) uint32 {
	if r, n := utf8.DecodeRuneInString(key); n == len(key) && n > 0 {
		if at == Numpad {
			if k := numpad[key]; k != 0 {
				return k
			}
		}
		return FromRune(r)
	}
	if at == Numpad {
		if k := numpad[key]; k != 0 {
			return k
		}
	}
	k := named[key]
	if at == Right {
		if r := right[key]; r != 0 {
			return r
		}
	}
	return k
}

// right are keys whose right one has another keysym.
var right = map[string]uint32{
	"Shift": ShiftRight, "Control": ControlRight, "Alt": AltRight, "Meta": SuperRight, "Super": SuperRight, "Hyper": 0xffee,
}

// numpad are the keys of the keypad (XK_KP_…).
var numpad = map[string]uint32{
	"0": 0xffb0, "1": 0xffb1, "2": 0xffb2, "3": 0xffb3, "4": 0xffb4, "5": 0xffb5, "6": 0xffb6, "7": 0xffb7, "8": 0xffb8, "9": 0xffb9,
	".": 0xffae, ",": 0xffac, "+": 0xffab, "-": 0xffad, "*": 0xffaa, "/": 0xffaf, "=": 0xffbd,
	"Enter": 0xff8d, "Tab": 0xff89, " ": 0xff80,
	"Home": 0xff95, "ArrowLeft": 0xff96, "ArrowUp": 0xff97, "ArrowRight": 0xff98, "ArrowDown": 0xff99,
	"PageUp": 0xff9a, "PageDown": 0xff9b, "End": 0xff9c, "Clear": 0xff9d, "Insert": 0xff9e, "Delete": 0xff9f,
}

// named are the keys without a character, by KeyboardEvent.key. The left one, where
// there are two.
var named = map[string]uint32{
	"Backspace": 0xff08, "Tab": 0xff09, "Clear": 0xff0b, "Enter": 0xff0d, "Escape": 0xff1b, "Delete": Delete,
	"Home": 0xff50, "ArrowLeft": 0xff51, "ArrowUp": 0xff52, "ArrowRight": 0xff53, "ArrowDown": 0xff54,
	"PageUp": 0xff55, "PageDown": 0xff56, "End": 0xff57, "Insert": 0xff63,
	"Select": 0xff60, "PrintScreen": 0xff61, "Execute": 0xff62, "Undo": 0xff65, "Redo": 0xff66, "ContextMenu": 0xff67,
	"Find": 0xff68, "Cancel": 0xff69, "Help": 0xff6a, "Pause": 0xff13,
	"Shift": ShiftLeft, "Control": ControlLeft, "Alt": AltLeft, "Meta": SuperLeft, "Super": SuperLeft, "Hyper": 0xffed,
	"AltGraph": Level3Shift, "CapsLock": CapsLock, "NumLock": NumLock, "ScrollLock": ScrollLock,

	"F1": 0xffbe, "F2": 0xffbf, "F3": 0xffc0, "F4": 0xffc1, "F5": 0xffc2, "F6": 0xffc3, "F7": 0xffc4, "F8": 0xffc5,
	"F9": 0xffc6, "F10": 0xffc7, "F11": 0xffc8, "F12": 0xffc9, "F13": 0xffca, "F14": 0xffcb, "F15": 0xffcc, "F16": 0xffcd,
	"F17": 0xffce, "F18": 0xffcf, "F19": 0xffd0, "F20": 0xffd1, "F21": 0xffd2, "F22": 0xffd3, "F23": 0xffd4, "F24": 0xffd5,

	// Input methods.
	"Compose": 0xff20, "KanjiMode": 0xff21, "NonConvert": 0xff22, "Convert": 0xff23, "Romaji": 0xff24, "Hiragana": 0xff25,
	"Katakana": 0xff26, "HiraganaKatakana": 0xff27, "Zenkaku": 0xff28, "Hankaku": 0xff29, "ZenkakuHankaku": 0xff2a,
	"KanaMode": 0xff2d, "Eisu": 0xff2f, "Alphanumeric": 0xff30, "HangulMode": 0xff31, "HanjaMode": 0xff34, "JunjaMode": 0xff38,
	"CodeInput": 0xff37, "SingleCandidate": 0xff3c, "AllCandidates": 0xff3d, "PreviousCandidate": 0xff3e, "ModeChange": 0xff7e,
	"GroupFirst": 0xfe0c, "GroupLast": 0xfe0e, "GroupNext": 0xfe08, "GroupPrevious": 0xfe0a,

	// XF86keysym.h.
	"AudioVolumeDown": 0x1008ff11, "AudioVolumeMute": 0x1008ff12, "AudioVolumeUp": 0x1008ff13, "MicrophoneToggle": 0x1008ffb2,
	"MediaPlayPause": 0x1008ff14, "MediaPlay": 0x1008ff14, "MediaStop": 0x1008ff15, "MediaTrackPrevious": 0x1008ff16,
	"MediaTrackNext": 0x1008ff17, "MediaRecord": 0x1008ff1c, "MediaRewind": 0x1008ff3e, "MediaPause": 0x1008ff31,
	"MediaFastForward": 0x1008ff97, "Eject": 0x1008ff2c,
	"BrowserHome": 0x1008ff18, "BrowserSearch": 0x1008ff1b, "BrowserBack": 0x1008ff26, "BrowserForward": 0x1008ff27,
	"BrowserStop": 0x1008ff28, "BrowserRefresh": 0x1008ff29, "BrowserFavorites": 0x1008ff30,
	"LaunchMail": 0x1008ff19, "LaunchApplication1": 0x1008ff33, "LaunchApplication2": 0x1008ff1d, "LaunchCalculator": 0x1008ff1d,
	"LaunchMediaPlayer": 0x1008ff32,
	"Copy":              0x1008ff57, "Cut": 0x1008ff58, "Paste": 0x1008ff6d,
	"BrightnessUp": 0x1008ff02, "BrightnessDown": 0x1008ff03, "Power": 0x1008ff2a, "PowerOff": 0x1008ff2a, "Standby": 0x1008ff10,
	"WakeUp": 0x1008ff2b, "Hibernate": 0x1008ffa8,
}
