package wire_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/porthole-rac/porthole/protocol/wire"
)

const page = "../../docs/wire.md"

func readPage(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Somebody who writes another client reads docs/wire.md: every type must be in
// its table, with the number and direction that the code has.
func TestPageNamesEveryType(t *testing.T) {
	text := readPage(t)
	file, err := parser.ParseFile(token.NewFileSet(), "types.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	types := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Type") {
			return true
		}
		types++
		name := strings.TrimPrefix(spec.Names[0].Name, "Type")
		number := spec.Values[0].(*ast.BasicLit).Value
		direction := strings.TrimSpace(spec.Comment.Text())
		row := fmt.Sprintf("| %s | [%s](#%s-%s) | %s |", number, name, strings.ToLower(name), number, direction)
		if !strings.Contains(text, row+"\n") {
			t.Errorf("%s lacks the row %s", page, row)
		}
		if !strings.Contains(text, fmt.Sprintf("\n### %s (%s)\n", name, number)) {
			t.Errorf("%s has no section for %s", page, name)
		}
		if v, err := strconv.ParseUint(number, 0, 8); err != nil || strings.HasPrefix(wire.Type(v).String(), "type 0x") {
			t.Errorf("%s has no name in String", name)
		}
		return true
	})
	if types < 49 {
		t.Errorf("only %d types found in types.go", types)
	}
}

// Codecs and abilities are told by their numbers.
func TestPageNamesCodecsAndAbilities(t *testing.T) {
	text := readPage(t)
	file, err := parser.ParseFile(token.NewFileSet(), "desktop.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	ast.Inspect(file, func(n ast.Node) bool {
		decl, ok := n.(*ast.GenDecl)
		if !ok || decl.Tok != token.CONST {
			return true
		}
		for i, spec := range decl.Specs {
			spec := spec.(*ast.ValueSpec)
			row := ""
			if name, ok := strings.CutPrefix(spec.Names[0].Name, "Codec"); ok {
				row = fmt.Sprintf("| %s | %s |", spec.Values[0].(*ast.BasicLit).Value, name)
			} else if strings.HasPrefix(spec.Names[0].Name, "Can") {
				row = fmt.Sprintf("| %d | %s |", i, spec.Names[0].Name)
			} else {
				continue
			}
			if rows++; !strings.Contains(text, "\n"+row) {
				t.Errorf("%s lacks the row %s", page, row)
			}
		}
		return false
	})
	if rows < 23 {
		t.Errorf("only %d codecs and abilities found in desktop.go", rows)
	}
}

// The example on the page, message by message.
func example() [][]record {
	return [][]record{
		{&wire.Hello{
			Version: 1, Screen: wire.Screen{Width: 720, Height: 432, Scale: 1000},
			Grid:      wire.Grid{Cols: 80, Rows: 24, CellWidth: 9, CellHeight: 18},
			Colors:    wire.Colors{Foreground: 0xd7dae0, Background: 0x12161c, Cursor: 0x6cb6ff},
			Abilities: map[wire.Ability]string{wire.AbilityLocale: "en"},
		}},
		{
			&wire.Welcome{
				Version: 1, Connection: "C1", Secret: []byte{1, 2, 3, 4}, Resumed: wire.ResumedNew, Epoch: 1,
				Protocol: "ssh", Endpoint: "build-7", User: "ann", Clipboard: 262144, Frames: 6, InputWindow: 262144,
				ResumeFor: 600, Scrollback: 1000,
			},
			&wire.Progress{Step: "connect", Detail: "10.0.0.5:22"},
		},
		{&wire.Prompt{ID: 1, Title: "Log in to build-7", Fields: []wire.PromptField{{Label: "Password of ann", Name: "password"}}}},
		{&wire.Answer{ID: 1, Values: []string{"pw"}}},
		{
			&wire.PromptGone{ID: 1}, &wire.Connected{}, &wire.Output{Offset: 0, Data: []byte("$ ")}, &wire.Mark{Number: 1},
		},
		{&wire.Ack{Number: 1}},
		{&wire.Input{Data: []byte("ls\r")}},
		{&wire.Output{Offset: 2, Data: []byte("ls\r\n")}, &wire.Mark{Number: 2, InputBytes: 3}},
		{&wire.Ack{Number: 2}, &wire.Ping{Time: 5_000_000, RTT: 800}},
		{&wire.Pong{Time: 5_000_000}},
		{&wire.Bye{}},
		{&wire.End{Code: wire.EndDisconnected, Message: "You disconnected.", Retry: true}},
	}
}

// The example of a desktop. The offset in the second Hello is what the browser has
// counted by then.
func desktopExample() [][]record {
	first := []record{
		&wire.Connected{},
		&wire.DesktopBegin{Width: 4, Height: 2, Stream: 1},
		&wire.DesktopInfo{Name: "desk:1", Security: "VncAuth", Server: "RFB 3.8", Abilities: wire.CanScanCodes | wire.CanResize},
		&wire.Cursor{Width: 1, Height: 1, Pixels: []byte{255, 255, 255, 255}},
		&wire.Fill{Width: 4, Height: 2, Color: 0x336699},
		&wire.Rect{X: 1, Y: 1, Width: 2, Height: 1, Codec: wire.CodecRGBX, Data: []byte{255, 0, 0, 0, 0}},
		&wire.RectData{Last: true, Data: []byte{255, 0, 0}},
		&wire.Mark{Number: 1},
	}
	second := []record{&wire.Copy{X: 0, Y: 0, Width: 2, Height: 1, SourceX: 1, SourceY: 1}, &wire.Mark{Number: 2, InputBytes: 4}}
	offset := 0
	for _, r := range append(first[2:len(first):len(first)], second...) {
		offset += len(r.Append(nil))
	}
	return [][]record{
		{&wire.Hello{
			Version: 1, Screen: wire.Screen{Width: 1280, Height: 720, Scale: 1500}, Grid: wire.Grid{Cols: 1, Rows: 1},
			Abilities: map[wire.Ability]string{wire.AbilityPictures: "jpeg,png", wire.AbilityAudio: "opus,pcm"},
		}},
		{&wire.Welcome{
			Version: 1, Connection: "C2", Secret: []byte{1, 2, 3, 4}, Epoch: 1, Protocol: "vnc", Endpoint: "desk", User: "ann",
			Clipboard: 262144, Frames: 64, InputWindow: 1024, ResumeFor: 600,
		}},
		first,
		{&wire.Ack{Number: 1}},
		{
			&wire.Pointer{Buttons: wire.ButtonLeft, X: 2, Y: 1},
			&wire.Pointer{X: 2, Y: 1},
			&wire.Key{Down: true, Scan: 0x1e, Keysym: 'a'},
			&wire.Key{Scan: 0x1e, Keysym: 'a'},
		},
		second,
		{&wire.Hello{
			Version: 1, Resume: wire.Resume{Connection: "C2", Secret: []byte{1, 2, 3, 4}, Offset: uint64(offset), Epoch: 1},
			Screen: wire.Screen{Width: 1280, Height: 720, Scale: 1500}, Grid: wire.Grid{Cols: 1, Rows: 1},
			Abilities: map[wire.Ability]string{wire.AbilityPictures: "jpeg,png", wire.AbilityAudio: "opus,pcm"},
		}},
		{
			&wire.Welcome{
				Version: 1, Connection: "C2", Secret: []byte{5, 6, 7, 8}, Resumed: wire.ResumedContinue, Epoch: 2, Protocol: "vnc",
				Endpoint: "desk", User: "ann", Clipboard: 262144, Frames: 64, InputWindow: 1024, ResumeFor: 600, InputBytes: 4,
			},
			&wire.Connected{},
		},
		{&wire.Ack{Number: 2}, &wire.AudioControl{On: true}},
		{
			&wire.AudioFormat{Codec: wire.AudioPCM, Rate: 48000, Channels: 1},
			&wire.AudioData{Time: 20000, Data: []byte{0, 0, 1, 0}},
			&wire.Clipboard{Selection: 'c', Type: "text/plain", Data: []byte("hi")},
		},
	}
}

// hexBlocks gives the bytes of the page's ```hex blocks; remarks follow a
// semicolon.
func hexBlocks(t *testing.T, text string) [][]byte {
	t.Helper()
	var blocks [][]byte
	in := false
	for i, line := range strings.Split(text, "\n") {
		switch {
		case line == "```hex":
			in, blocks = true, append(blocks, nil)
		case line == "```":
			in = false
		case in:
			digits, _, _ := strings.Cut(line, ";")
			p, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
			if err != nil {
				t.Fatalf("%s:%d: %v", page, i+1, err)
			}
			blocks[len(blocks)-1] = append(blocks[len(blocks)-1], p...)
		}
	}
	return blocks
}

func TestExampleOnThePageIsTrue(t *testing.T) {
	blocks := hexBlocks(t, readPage(t))
	want := append(example(), desktopExample()...)
	if len(blocks) != len(want) {
		t.Fatalf("%d messages on the page, want %d", len(blocks), len(want))
	}
	for i, records := range want {
		var p []byte
		for _, r := range records {
			p = r.Append(p)
		}
		if !bytes.Equal(p, blocks[i]) {
			t.Errorf("message %d is on the page\n% x, the code writes\n% x", i+1, blocks[i], p)
			continue
		}
		p = blocks[i]
		for _, r := range records {
			_, body, rest, err := wire.Next(p)
			if err != nil {
				t.Fatalf("message %d: %v", i+1, err)
			}
			p = rest
			got := fresh(r)
			d, ok := got.(decoder)
			if !ok {
				if len(body) > 0 {
					t.Errorf("message %d: %T has a body", i+1, r)
				}
				continue // a record without fields
			}
			if err := d.Decode(body); err != nil {
				t.Errorf("message %d: %T: %v", i+1, r, err)
			}
			if diff := cmp.Diff(any(r), got, cmp.Transformer("empty", emptyBytes)); diff != "" {
				t.Errorf("message %d: %T decodes otherwise:\n%s", i+1, r, diff)
			}
		}
		if len(p) > 0 {
			t.Errorf("message %d: % x is left over", i+1, p)
		}
	}
}

// fresh makes an empty record of the same type.
func fresh(r record) any {
	for _, s := range samples() {
		if s.into != nil && fmt.Sprintf("%T", s.full) == fmt.Sprintf("%T", r) {
			return s.into
		}
	}
	return r
}

// emptyBytes makes nil and empty the same: on the wire they are.
func emptyBytes(p []byte) string { return string(p) }
