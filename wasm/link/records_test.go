package link_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/wasm/link"
)

// heard notes what it is told.
type heard string

func (h *heard) note(format string, args ...any) { *h += heard(fmt.Sprintf(format+";", args...)) }

func (h *heard) Welcomed(m *wire.Welcome)  { h.note("welcome %s", m.Connection) }
func (h *heard) Progress(m *wire.Progress) { h.note("progress %s", m.Step) }
func (h *heard) Connected()                { h.note("connected") }
func (h *heard) Prompted(m *wire.Prompt)   { h.note("prompt %v", link.Question(m)["fields"]) }
func (h *heard) PromptGone(id uint64)      { h.note("gone %d", id) }
func (h *heard) Noticed(m *wire.Notice)    { h.note("notice %s", m.Code) }
func (h *heard) Ended(m *wire.End)         { h.note("end %s", m.Code) }
func (h *heard) Confirmed(input uint64)    { h.note("confirmed %d", input) }

// Records of every session are told; others are left, and broken ones dropped.
func TestRecord(t *testing.T) {
	for want, r := range map[string]interface{ Append([]byte) []byte }{
		"welcome c1;":       &wire.Welcome{Connection: "c1", Secret: make([]byte, 32)},
		"progress connect;": &wire.Progress{Step: "connect"},
		"connected;":        &wire.Connected{},
		"prompt [map[echo:true label:Name name:username]];": &wire.Prompt{ID: 7, Fields: []wire.PromptField{{Label: "Name", Echo: true, Name: "username"}}},
		"gone 7;":       &wire.PromptGone{ID: 7},
		"notice x;":     &wire.Notice{Code: "x"},
		"end closed;":   &wire.End{Code: wire.EndClosed},
		"confirmed 42;": &wire.InputAck{Bytes: 42},
		"":              &wire.Mark{Number: 1},
	} {
		kind, body, _, err := wire.Next(r.Append(nil))
		if err != nil {
			t.Fatal(err)
		}
		var h heard
		if taken := link.Record(&h, kind, body); string(h) != want || taken != (want != "") {
			t.Errorf("heard %q, want %q; taken: %v", h, want, taken)
		}
		if want == "" || kind == wire.TypeConnected {
			continue
		}
		h = ""
		if taken := link.Record(&h, kind, bytes.Repeat([]byte{0xff}, 11)); h != "" || !taken {
			t.Errorf("%v that cannot be read: heard %q; taken: %v", kind, h, taken)
		}
	}
}
