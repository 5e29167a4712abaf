// Package keyboard turns keys, mouse events and focus changes of a browser into
// the bytes that a program in a terminal expects.
//
// Sources: ctlseqs ("PC-Style Function Keys", "Mouse Tracking", modifyOtherKeys)
// and "Comprehensive keyboard handling in terminals" (kitty's protocol), both by
// the names of the sequences. Key names are those of the UI Events standard
// (KeyboardEvent.key and .code).
//
// All functions append to a slice and allocate nothing else.
package keyboard

// Modes are those of the terminal that matter here.
type Modes struct {
	AppCursor       bool // DECCKM
	AppKeypad       bool // DECKPAM
	BackspaceBS     bool // DECBKM: backspace sends BS
	Backspace       byte // code of backspace otherwise; 0: DEL
	NewLine         bool // LNM
	KittyFlags      uint8
	ModifyOtherKeys uint8
	MouseMode       uint16 // 0, 9, 1000, 1002, 1003
	MouseEncoding   uint16 // 0, 1005, 1006, 1015, 1016
}

// Mods are the modifiers held with a key.
type Mods uint8

// Modifiers, in kitty's order of bits.
const (
	Shift Mods = 1 << iota
	Alt
	Ctrl
	Super
	_ // hyper
	_ // meta
	CapsLock
	NumLock
)

// Flags of kitty's protocol ("Progressive enhancement").
const (
	kittyDisambiguate = 1 << iota
	kittyEvents
	kittyAlternate
	kittyAll
	kittyText
)
