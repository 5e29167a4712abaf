package wire

import "fmt"

// Type is the first byte of a record. Values below 0x40 belong to every
// connection, 0x40–0x5f to terminals, 0x60–0x6f to the stream of a desktop's
// picture, 0x70–0x7f to its input, 0x90–0x9f to sound. Reserved are 0x80–0x8f for
// desktops, 0xa0–0xaf for files and 0xb0–0xbf for sharing.
type Type byte

// Types of records and their direction.
const (
	TypeHello            Type = 0x01 // browser → relay
	TypeWelcome          Type = 0x02 // relay → browser
	TypeProgress         Type = 0x03 // relay → browser
	TypePrompt           Type = 0x04 // relay → browser
	TypeAnswer           Type = 0x05 // browser → relay
	TypeNotice           Type = 0x06 // relay → browser
	TypeEnd              Type = 0x07 // relay → browser
	TypePing             Type = 0x08 // both
	TypePong             Type = 0x09 // both
	TypeStats            Type = 0x0a // relay → browser
	TypeBye              Type = 0x0b // browser → relay
	TypeClipboard        Type = 0x0c // both
	TypeClipboardRequest Type = 0x0d // relay → browser
	TypeVisibility       Type = 0x0e // browser → relay
	TypeMark             Type = 0x10 // relay → browser
	TypeAck              Type = 0x11 // browser → relay
	TypeInputAck         Type = 0x12 // relay → browser
	TypePromptGone       Type = 0x13 // relay → browser
	TypeConnected        Type = 0x14 // relay → browser

	TypeOutput  Type = 0x40 // relay → browser
	TypeState   Type = 0x41 // relay → browser
	TypeResized Type = 0x42 // relay → browser
	TypeInput   Type = 0x43 // browser → relay
	TypePaste   Type = 0x44 // browser → relay
	TypeResize  Type = 0x45 // browser → relay
	TypeColors  Type = 0x46 // browser → relay

	TypeDesktopBegin Type = 0x60 // relay → browser
	TypeDesktopSize  Type = 0x61 // relay → browser
	TypeRect         Type = 0x62 // relay → browser
	TypeRectData     Type = 0x63 // relay → browser
	TypeCopy         Type = 0x64 // relay → browser
	TypeFill         Type = 0x65 // relay → browser
	TypeCursor       Type = 0x66 // relay → browser
	TypePointerMoved Type = 0x67 // relay → browser
	TypePointerMode  Type = 0x68 // relay → browser
	TypeLEDs         Type = 0x69 // relay → browser
	TypeBell         Type = 0x6a // relay → browser
	TypeDesktopInfo  Type = 0x6b // relay → browser

	TypePointer         Type = 0x70 // browser → relay
	TypePointerRelative Type = 0x71 // browser → relay
	TypeKey             Type = 0x72 // browser → relay
	TypeTyped           Type = 0x73 // browser → relay
	TypeWindow          Type = 0x74 // browser → relay
	TypePower           Type = 0x75 // browser → relay
	TypeQuality         Type = 0x76 // browser → relay
	TypeRefresh         Type = 0x77 // browser → relay

	TypeAudioFormat  Type = 0x90 // relay → browser
	TypeAudioData    Type = 0x91 // relay → browser
	TypeAudioControl Type = 0x92 // browser → relay
)

var typeNames = map[Type]string{
	TypeHello: "hello", TypeWelcome: "welcome", TypeProgress: "progress", TypePrompt: "prompt",
	TypeAnswer: "answer", TypeNotice: "notice", TypeEnd: "end", TypePing: "ping", TypePong: "pong",
	TypeStats: "stats", TypeBye: "bye", TypeClipboard: "clipboard", TypeClipboardRequest: "clipboard-request",
	TypeVisibility: "visibility", TypeMark: "mark", TypeAck: "ack", TypeInputAck: "input-ack",
	TypePromptGone: "prompt-gone", TypeConnected: "connected",
	TypeOutput: "output", TypeState: "state", TypeResized: "resized", TypeInput: "input",
	TypePaste: "paste", TypeResize: "resize", TypeColors: "colors",
	TypeDesktopBegin: "desktop-begin", TypeDesktopSize: "desktop-size", TypeRect: "rect", TypeRectData: "rect-data",
	TypeCopy: "copy", TypeFill: "fill", TypeCursor: "cursor", TypePointerMoved: "pointer-moved",
	TypePointerMode: "pointer-mode", TypeLEDs: "leds", TypeBell: "bell", TypeDesktopInfo: "desktop-info",
	TypePointer: "pointer", TypePointerRelative: "pointer-relative", TypeKey: "key", TypeTyped: "typed",
	TypeWindow: "window", TypePower: "power", TypeQuality: "quality", TypeRefresh: "refresh",
	TypeAudioFormat: "audio-format", TypeAudioData: "audio-data", TypeAudioControl: "audio-control",
}

func (t Type) String() string {
	if s, ok := typeNames[t]; ok {
		return s
	}
	return fmt.Sprintf("type 0x%02x", byte(t))
}
