package wire

import "fmt"

// Type is the first byte of a record. Values below 0x40 belong to every
// connection, 0x40–0x5f to terminals; 0x60–0x8f are reserved for desktops
// (rectangles, video, cursor, input), 0x90–0x9f for audio, 0xa0–0xaf for files,
// 0xb0–0xbf for sharing.
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
)

var typeNames = map[Type]string{
	TypeHello: "hello", TypeWelcome: "welcome", TypeProgress: "progress", TypePrompt: "prompt",
	TypeAnswer: "answer", TypeNotice: "notice", TypeEnd: "end", TypePing: "ping", TypePong: "pong",
	TypeStats: "stats", TypeBye: "bye", TypeClipboard: "clipboard", TypeClipboardRequest: "clipboard-request",
	TypeVisibility: "visibility", TypeMark: "mark", TypeAck: "ack", TypeInputAck: "input-ack",
	TypePromptGone: "prompt-gone", TypeConnected: "connected",
	TypeOutput: "output", TypeState: "state", TypeResized: "resized", TypeInput: "input",
	TypePaste: "paste", TypeResize: "resize", TypeColors: "colors",
}

func (t Type) String() string {
	if s, ok := typeNames[t]; ok {
		return s
	}
	return fmt.Sprintf("type 0x%02x", byte(t))
}
