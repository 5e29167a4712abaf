package keysym

// extended marks a scan code that comes after 0xe0, as RFB writes it.
const extended = 0x80

// Scancode is the XT scan code of KeyboardEvent.code, as RFB's QEMU extended key
// event takes it; 0 for keys that have none.
func Scancode(code string) uint32 { return uint32(scancodes[code]) }

// scancodes of set 1, rows as on a keyboard. Print and Pause have the values that RFB
// prescribes for their sequences.
var scancodes = map[string]uint8{
	"Escape": 0x01, "F1": 0x3b, "F2": 0x3c, "F3": 0x3d, "F4": 0x3e, "F5": 0x3f, "F6": 0x40, "F7": 0x41, "F8": 0x42,
	"F9": 0x43, "F10": 0x44, "F11": 0x57, "F12": 0x58, "PrintScreen": 0x54, "ScrollLock": 0x46, "Pause": 0xc6,
	"F13": 0x64, "F14": 0x65, "F15": 0x66, "F16": 0x67, "F17": 0x68, "F18": 0x69, "F19": 0x6a, "F20": 0x6b,
	"F21": 0x6c, "F22": 0x6d, "F23": 0x6e, "F24": 0x76,

	"Backquote": 0x29, "Digit1": 0x02, "Digit2": 0x03, "Digit3": 0x04, "Digit4": 0x05, "Digit5": 0x06, "Digit6": 0x07,
	"Digit7": 0x08, "Digit8": 0x09, "Digit9": 0x0a, "Digit0": 0x0b, "Minus": 0x0c, "Equal": 0x0d, "IntlYen": 0x7d, "Backspace": 0x0e,

	"Tab": 0x0f, "KeyQ": 0x10, "KeyW": 0x11, "KeyE": 0x12, "KeyR": 0x13, "KeyT": 0x14, "KeyY": 0x15, "KeyU": 0x16,
	"KeyI": 0x17, "KeyO": 0x18, "KeyP": 0x19, "BracketLeft": 0x1a, "BracketRight": 0x1b, "Backslash": 0x2b,

	"CapsLock": 0x3a, "KeyA": 0x1e, "KeyS": 0x1f, "KeyD": 0x20, "KeyF": 0x21, "KeyG": 0x22, "KeyH": 0x23, "KeyJ": 0x24,
	"KeyK": 0x25, "KeyL": 0x26, "Semicolon": 0x27, "Quote": 0x28, "Enter": 0x1c,

	"ShiftLeft": 0x2a, "IntlBackslash": 0x56, "KeyZ": 0x2c, "KeyX": 0x2d, "KeyC": 0x2e, "KeyV": 0x2f, "KeyB": 0x30, "KeyN": 0x31,
	"KeyM": 0x32, "Comma": 0x33, "Period": 0x34, "Slash": 0x35, "IntlRo": 0x73, "ShiftRight": 0x36,

	"ControlLeft": 0x1d, "MetaLeft": extended | 0x5b, "AltLeft": 0x38, "Space": 0x39, "AltRight": extended | 0x38,
	"MetaRight": extended | 0x5c, "ContextMenu": extended | 0x5d, "ControlRight": extended | 0x1d,
	"KanaMode": 0x70, "Lang1": 0x72, "Lang2": 0x71, "Lang3": 0x78, "Lang4": 0x77, "Convert": 0x79, "NonConvert": 0x7b,

	"Insert": extended | 0x52, "Home": extended | 0x47, "PageUp": extended | 0x49,
	"Delete": extended | 0x53, "End": extended | 0x4f, "PageDown": extended | 0x51,
	"ArrowUp": extended | 0x48, "ArrowLeft": extended | 0x4b, "ArrowDown": extended | 0x50, "ArrowRight": extended | 0x4d,

	"NumLock": 0x45, "NumpadDivide": extended | 0x35, "NumpadMultiply": 0x37, "NumpadSubtract": 0x4a,
	"Numpad7": 0x47, "Numpad8": 0x48, "Numpad9": 0x49, "NumpadAdd": 0x4e,
	"Numpad4": 0x4b, "Numpad5": 0x4c, "Numpad6": 0x4d, "NumpadComma": 0x7e,
	"Numpad1": 0x4f, "Numpad2": 0x50, "Numpad3": 0x51, "NumpadEnter": extended | 0x1c, "NumpadEqual": 0x59,
	"Numpad0": 0x52, "NumpadDecimal": 0x53,

	"AudioVolumeMute": extended | 0x20, "AudioVolumeDown": extended | 0x2e, "AudioVolumeUp": extended | 0x30,
	"MediaTrackNext": extended | 0x19, "MediaTrackPrevious": extended | 0x10, "MediaStop": extended | 0x24,
	"MediaPlayPause": extended | 0x22, "MediaSelect": extended | 0x6d,
	"BrowserHome": extended | 0x32, "BrowserSearch": extended | 0x65, "BrowserFavorites": extended | 0x66,
	"BrowserRefresh": extended | 0x67, "BrowserStop": extended | 0x68, "BrowserForward": extended | 0x69, "BrowserBack": extended | 0x6a,
	"LaunchApp1": extended | 0x6b, "LaunchApp2": extended | 0x21, "LaunchMail": extended | 0x6c,
	"Power": extended | 0x5e, "Sleep": extended | 0x5f, "WakeUp": extended | 0x63,
}
