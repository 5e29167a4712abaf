package wire_test

import (
	"bytes"
	"errors"
	"math"
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
// decode into; nil: the message has no fields.
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
			FontSize: 12, ColorScheme: "gray-black", CopyOnSelect: true, Ligatures: true, InputBytes: 77, Backspace: 8, Lossless: true,
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

		{wire.TypeDesktopBegin, &wire.DesktopBegin{Width: 1920, Height: 1080, Stream: 3}, &wire.DesktopBegin{}},
		{wire.TypeDesktopSize, &wire.DesktopSize{Width: 1, Height: wire.MaxSide}, &wire.DesktopSize{}},
		{wire.TypeRect, &wire.Rect{
			X: 1, Y: 200, Width: 3000, Height: 4, Codec: wire.CodecRFBH264, Last: true, Data: bytes.Repeat([]byte("ab"), 300),
		}, &wire.Rect{}},
		{wire.TypeRectData, &wire.RectData{Last: true, Data: []byte("x")}, &wire.RectData{}},
		{wire.TypeCopy, &wire.Copy{X: 1, Y: 2, Width: 3, Height: 400, SourceX: 5, SourceY: 6}, &wire.Copy{}},
		{wire.TypeFill, &wire.Fill{X: 1, Y: 2, Width: 300, Height: 4, Color: 0xabcdef}, &wire.Fill{}},
		{wire.TypeCursor, &wire.Cursor{HotX: 1, HotY: 2, Width: 16, Height: 3, Pixels: bytes.Repeat([]byte{1, 2, 3, 4}, 48)}, &wire.Cursor{}},
		{wire.TypePointerMoved, &wire.PointerMoved{X: 1, Y: 200}, &wire.PointerMoved{}},
		{wire.TypePointerMode, &wire.PointerMode{Relative: true}, &wire.PointerMode{}},
		{wire.TypeLEDs, &wire.LEDs{Scroll: true, Num: false, Caps: true}, &wire.LEDs{}},
		{wire.TypeBell, &wire.Bell{}, nil},
		{wire.TypeDesktopInfo, &wire.DesktopInfo{
			Name: "desk", Protection: wire.ProtectUnverified, Security: "VeNCrypt TLSVnc", Server: "RFB 3.8", Abilities: wire.CanSound | wire.CanResize,
		}, &wire.DesktopInfo{}},
		{wire.TypePointer, &wire.Pointer{Buttons: wire.ButtonForward | wire.ButtonLeft, X: 1919, Y: 1}, &wire.Pointer{}},
		{wire.TypePointerRelative, &wire.PointerRelative{Buttons: wire.WheelUp, DX: -1, DY: wire.MaxSide}, &wire.PointerRelative{}},
		{wire.TypeKey, &wire.Key{Down: true, Scan: 0xd2, Keysym: 0x0100fffd}, &wire.Key{}},
		{wire.TypeTyped, &wire.Typed{Text: "grüß dich"}, &wire.Typed{}},
		{wire.TypeWindow, &wire.Window{Width: 1920, Height: 1080, Scale: 1500}, &wire.Window{}},
		{wire.TypePower, &wire.Power{Action: wire.PowerReset}, &wire.Power{}},
		{wire.TypeQuality, &wire.Quality{Level: 10}, &wire.Quality{}},
		{wire.TypeRefresh, &wire.Refresh{}, nil},

		{wire.TypeAudioFormat, &wire.AudioFormat{Codec: wire.AudioPCM, Rate: 48000, Channels: 2}, &wire.AudioFormat{}},
		{wire.TypeAudioData, &wire.AudioData{Time: 1 << 40, Data: []byte("opus")}, &wire.AudioData{}},
		{wire.TypeAudioControl, &wire.AudioControl{On: true}, &wire.AudioControl{}},
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
		if s.into == nil {
			if len(body) > 0 {
				t.Errorf("%s has a body: % x", s.typ, body)
			}
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
		{"rectangle", body(&wire.Rect{Data: make([]byte, wire.MaxRectData+1)}), &wire.Rect{}, wire.ErrTooLong},
		{"rectangle's rest", body(&wire.RectData{Data: make([]byte, wire.MaxRectData+1)}), &wire.RectData{}, wire.ErrTooLong},
		{"cursor cut off", body(&wire.Cursor{Width: 2, Height: 2, Pixels: make([]byte, 15)}), &wire.Cursor{}, wire.ErrTruncated},
		{"typed", body(&wire.Typed{Text: strings.Repeat("x", wire.MaxTyped+1)}), &wire.Typed{}, wire.ErrTooLong},
		{"name of a desktop", body(&wire.DesktopInfo{Name: long}), &wire.DesktopInfo{}, wire.ErrTooLong},
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

// body is a record without length and type.
func body(m record) []byte {
	_, body, _, _ := wire.Next(m.Append(nil))
	return body
}

// Numbers beyond what makes sense are taken as the most that does.
func TestNumbersOfDesktopsAreClamped(t *testing.T) {
	var pointer wire.Pointer
	if err := pointer.Decode([]byte{0xff, 0xff, 0x03, 0xff, 0xff, 0xff, 0x7f, 5}); err != nil || pointer != (wire.Pointer{Buttons: 1<<9 - 1, X: wire.MaxSide, Y: 5}) {
		t.Errorf("%+v, %v", pointer, err)
	}
	for _, d := range []int{0, 1, -1, 63, -64, wire.MaxSide, -wire.MaxSide, wire.MaxSide + 1, -wire.MaxSide - 1, math.MaxInt, math.MinInt} {
		var m wire.PointerRelative
		err := m.Decode(body(&wire.PointerRelative{DX: d, DY: 1}))
		if want := max(-wire.MaxSide, min(wire.MaxSide, d)); err != nil || m.DX != want || m.DY != 1 {
			t.Errorf("%d: %+v, %v", d, m, err)
		}
	}
	var cursor wire.Cursor
	huge := wire.Cursor{Width: 1 << 20, Height: 1 << 20, Pixels: make([]byte, 64)}
	if err := cursor.Decode(body(&huge)); !errors.Is(err, wire.ErrTruncated) {
		t.Errorf("a huge cursor: %v", err)
	}
	// What comes after the pixels is of a newer peer.
	longer := wire.Cursor{Width: 1, Height: 1, Pixels: []byte{1, 2, 3, 4, 5}}
	if err := cursor.Decode(body(&longer)); err != nil || len(cursor.Pixels) != 4 {
		t.Errorf("a longer cursor: %v, %v", cursor, err)
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

		rect := wire.Rect{X: 1, Y: 2, Width: 300, Height: 400, Codec: wire.CodecTight, Data: data}
		tail := wire.RectData{Last: true, Data: data}
		p = tail.Append(rect.Append(buf[:0]))
		_, body, rest, _ = wire.Next(p)
		_ = rect.Decode(body)
		_, body, _, _ = wire.Next(rest)
		_ = tail.Decode(body)
		pointer := wire.Pointer{X: 1000, Y: 1000}
		_, body, _, _ = wire.Next(pointer.Append(buf[:0]))
		_ = pointer.Decode(body)
		sound := wire.AudioData{Time: 1 << 30, Data: data}
		_ = sound.Append(buf[:0])
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
				if s.typ != typ || s.into == nil {
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
