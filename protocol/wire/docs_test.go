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
	if types < 26 {
		t.Errorf("only %d types found in types.go", types)
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
	want := example()
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
		if fmt.Sprintf("%T", s.full) == fmt.Sprintf("%T", r) {
			return s.into
		}
	}
	return r
}

// emptyBytes makes nil and empty the same: on the wire they are.
func emptyBytes(p []byte) string { return string(p) }
