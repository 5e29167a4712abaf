package wire_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/porthole-rac/porthole/protocol/wire"
)

// record is what every message type can do.
type record interface {
	Append(dst []byte) []byte
}

type decoder interface{ Decode(body []byte) error }

// samples has one of every message, with every field set, and an empty one to
// decode into.
func samples() []struct {
	typ  wire.Type
	full record
	into decoder
} {
	grid := wire.Grid{Cols: 120, Rows: 40, CellWidth: 9, CellHeight: 18}
	colors := wire.Colors{Foreground: 0xd0d0d0, Background: 0x101010, Cursor: 0xffffff, Palette: []uint32{0, 1, 0xff00ff}}
	return []struct {
		typ  wire.Type
		full record
		into decoder
	}{
		{wire.TypeHello, &wire.Hello{
			Version: 1, Resume: wire.Resume{Connection: "c-1", Secret: []byte("secret"), Offset: 1 << 40, Epoch: 3},
			Screen: wire.Screen{Width: 1280, Height: 800, Scale: 1500}, Grid: grid, Hidden: true, Colors: colors,
			Abilities: map[wire.Ability]string{wire.AbilityLocale: "de-DE", wire.AbilityTimeZone: "Europe/Berlin"},
		}, &wire.Hello{}},
		{wire.TypeWelcome, &wire.Welcome{
			Version: 1, Connection: "c-1", Secret: []byte("next"), Resumed: wire.ResumedState, Epoch: 4,
			Protocol: "ssh", Endpoint: "build 7", User: "ann", ReadOnly: true, DisableCopy: true, DisablePaste: true,
			Clipboard: 262144, Frames: 6, InputWindow: 262144, ResumeFor: 600, Scrollback: 1000, FontName: "Mono",
			FontSize: 12, ColorScheme: "gray-black", CopyOnSelect: true, Ligatures: true, InputBytes: 77, Backspace: 8,
		}, &wire.Welcome{}},
		{wire.TypeProgress, &wire.Progress{Step: "connect", Detail: "10.0.0.5:22"}, &wire.Progress{}},
		{wire.TypePrompt, &wire.Prompt{ID: 2, Title: "Log in", Instruction: "Hello", Fields: []wire.PromptField{
			{Label: "Password", Name: "password"}, {Label: "Code", Echo: true},
		}}, &wire.Prompt{}},
		{wire.TypeAnswer, &wire.Answer{ID: 2, Cancelled: true, Values: []string{"a", ""}}, &wire.Answer{}},
		{wire.TypePromptGone, &wire.PromptGone{ID: 9}, &wire.PromptGone{}},
		{wire.TypeNotice, &wire.Notice{Code: "host-key-first-seen", Text: "New host.", Detail: "SHA256:x"}, &wire.Notice{}},
		{wire.TypeEnd, &wire.End{Code: wire.EndTimeout, Step: "connect", Message: "No answer.", Remedy: "Wait.", Retry: true}, &wire.End{}},
		{wire.TypePing, &wire.Ping{Time: 5, RTT: 6}, &wire.Ping{}},
		{wire.TypePong, &wire.Pong{Time: 5}, &wire.Pong{}},
		{wire.TypeStats, &wire.Stats{FromTarget: 1, ToTarget: 2, States: 3, TargetRTT: 4}, &wire.Stats{}},
		{wire.TypeClipboard, &wire.Clipboard{Request: 1, Selection: 'c', Type: "text/plain", More: true, Denied: true, Data: []byte("x")}, &wire.Clipboard{}},
		{wire.TypeClipboardRequest, &wire.ClipboardRequest{Request: 1, Selection: 'p'}, &wire.ClipboardRequest{}},
		{wire.TypeVisibility, &wire.Visibility{Hidden: true}, &wire.Visibility{}},
		{wire.TypeMark, &wire.Mark{Number: 1000, InputBytes: 12}, &wire.Mark{}},
		{wire.TypeAck, &wire.Ack{Number: 1000}, &wire.Ack{}},
		{wire.TypeInputAck, &wire.InputAck{Bytes: 1 << 33}, &wire.InputAck{}},
		{wire.TypeOutput, &wire.Output{Offset: 1 << 35, Data: bytes.Repeat([]byte("ab"), 300)}, &wire.Output{}},
		{wire.TypeState, &wire.State{Offset: 9, Complete: true, Snapshot: bytes.Repeat([]byte{1}, 200)}, &wire.State{}},
		{wire.TypeResized, &wire.Resized{Offset: 9, Grid: grid}, &wire.Resized{}},
		{wire.TypeInput, &wire.Input{Data: []byte("ls\r")}, &wire.Input{}},
		{wire.TypePaste, &wire.Paste{More: true, Data: []byte("text")}, &wire.Paste{}},
		{wire.TypeResize, &wire.Resize{Grid: grid}, &wire.Resize{}},
		{wire.TypeColors, &colors, &wire.Colors{}},
	}
}

func TestEveryMessageSurvivesTheTrip(t *testing.T) {
	for _, s := range samples() {
		p := s.full.Append(nil)
		typ, body, rest, err := wire.Next(p)
		if err != nil || typ != s.typ || len(rest) != 0 {
			t.Errorf("%s: split into %s, rest %d, error %v", s.typ, typ, len(rest), err)
			continue
		}
		if err := s.into.Decode(body); err != nil {
			t.Errorf("%s: %v", s.typ, err)
			continue
		}
		if d := cmp.Diff(any(s.full), any(s.into)); d != "" {
			t.Errorf("%s changed on the way:\n%s", s.typ, d)
		}
	}
}

func TestRecordsFollowEachOther(t *testing.T) {
	var p []byte
	for _, s := range samples() {
		p = s.full.Append(p)
	}
	for _, s := range samples() {
		typ, _, rest, err := wire.Next(p)
		if err != nil || typ != s.typ {
			t.Fatalf("got %s (%v), want %s", typ, err, s.typ)
		}
		p = rest
	}
	if typ, _, _, err := wire.Next(p); typ != 0 || err != nil {
		t.Errorf("after the last record: %s, %v", typ, err)
	}
}

// A newer peer may append fields, an older one may lack them.
func TestMessagesGrowAtTheEnd(t *testing.T) {
	var m wire.Progress
	if err := m.Decode([]byte{1, 'x', 1, 'y', 99, 1, 2, 3}); err != nil || m.Detail != "y" {
		t.Errorf("longer message: %+v, %v", m, err)
	}
	if err := m.Decode([]byte{1, 'x'}); err != nil || m.Step != "x" || m.Detail != "" {
		t.Errorf("shorter message: %+v, %v", m, err)
	}
}

func TestBoundsAreKept(t *testing.T) {
	long := strings.Repeat("x", wire.MaxText+1)
	tests := []struct {
		name string
		body []byte
		into decoder
		want error
	}{
		{"text", (&wire.Progress{Detail: long}).Append(nil)[3:], &wire.Progress{}, wire.ErrTooLong},
		{"fields", []byte{1, 0, 0, wire.MaxFields + 1}, &wire.Prompt{}, wire.ErrTooLong},
		{"answers", []byte{1, 0, wire.MaxFields + 1}, &wire.Answer{}, wire.ErrTooLong},
		{"cut off", []byte{5, 'a'}, &wire.Progress{}, wire.ErrTruncated},
		{"varint cut off", []byte{0x80}, &wire.Ack{}, wire.ErrTruncated},
		{"varint too long", bytes.Repeat([]byte{0xff}, 11), &wire.Ack{}, wire.ErrVarint},
	}
	for _, tt := range tests {
		if err := tt.into.Decode(tt.body); !errors.Is(err, tt.want) {
			t.Errorf("%s: error %v, want %v", tt.name, err, tt.want)
		}
	}
	for _, p := range [][]byte{{0}, {5, 1, 2}, {0x80}, bytes.Repeat([]byte{0xff}, 11)} {
		if _, _, _, err := wire.Next(p); err == nil {
			t.Errorf("record % x taken", p)
		}
	}
}

// Typing and output must not make garbage: a relay serves many at once.
func TestHotPathsDoNotAllocate(t *testing.T) {
	buf := make([]byte, 0, 256<<10)
	data := bytes.Repeat([]byte("x"), 4096)
	n := testing.AllocsPerRun(100, func() {
		out := wire.Output{Offset: 12345, Data: data}
		mark := wire.Mark{Number: 7, InputBytes: 8}
		p := mark.Append(out.Append(buf[:0]))
		_, body, rest, _ := wire.Next(p)
		var o wire.Output
		_ = o.Decode(body)
		_, body, _, _ = wire.Next(rest)
		var m wire.Mark
		_ = m.Decode(body)
		in := wire.Input{Data: data[:3]}
		_ = in.Append(buf[:0])
	})
	if n != 0 {
		t.Errorf("%v allocations per update", n)
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range samples() {
		f.Add(s.full.Append(nil))
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		for len(p) > 0 {
			typ, body, rest, err := wire.Next(p)
			if err != nil {
				return
			}
			p = rest
			for _, s := range samples() {
				if s.typ != typ {
					continue
				}
				if s.into.Decode(body) != nil {
					break
				}
				// What was taken must mean the same when it is sent on.
				again := s.into.(record).Append(nil)
				_, body, _, err := wire.Next(again)
				if err != nil {
					t.Fatalf("%s: own record refused: %v", typ, err)
				}
				for _, o := range samples() {
					if o.typ == typ {
						if err := o.into.Decode(body); err != nil {
							t.Fatalf("%s: own body refused: %v", typ, err)
						}
						if d := cmp.Diff(s.into, o.into); d != "" {
							t.Fatalf("%s is not stable:\n%s", typ, d)
						}
					}
				}
			}
		}
	})
}
