package guacamole

import (
	"github.com/porthole-rac/porthole/protocol/wire"
)

// maxHeld bounds the records that wait for a target that takes none, bytes.
const maxHeld = 1 << 20

// gate holds input back while the target has as much of it unconfirmed as the relay
// allows. What is no input keeps its place between the others.
type gate struct {
	window int
	sent   uint64 // inputs, as Welcome.InputWindow counts them
	taken  uint64

	held []byte // whole records
	last int    // where the last one begins; -1: it is not a pointer's
	lost bool   // something did not fit
}

// open begins with the relay's answer.
func (g *gate) open(w *wire.Welcome) {
	*g = gate{window: w.InputWindow, sent: w.InputBytes, taken: w.InputBytes, last: -1}
}

// cost is how much of the window a record takes.
func cost(t wire.Type, body []byte) int {
	switch t {
	case wire.TypePointer, wire.TypePointerRelative, wire.TypeKey, wire.TypeTyped, wire.TypePower:
		return 1
	case wire.TypeInput:
		var m wire.Input
		if m.Decode(body) == nil {
			return len(m.Data)
		}
	case wire.TypePaste:
		var m wire.Paste
		if m.Decode(body) == nil {
			return len(m.Data)
		}
	}
	return 0
}

// add appends to dst what may go, and keeps the rest of the records.
func (g *gate) add(dst, records []byte) []byte {
	for len(records) > 0 {
		t, body, rest, err := wire.Next(records)
		if err != nil || t == 0 {
			return dst
		}
		record := records[:len(records)-len(rest)]
		records = rest
		if len(g.held) == 0 && g.pass(t, body) {
			dst = append(dst, record...)
			continue
		}
		g.hold(t, body, record)
	}
	return dst
}

// pass tells whether a record may go, and counts it.
func (g *gate) pass(t wire.Type, body []byte) bool {
	n := cost(t, body)
	if n > 0 && g.sent-g.taken+uint64(n) > uint64(g.window) {
		return false
	}
	g.sent += uint64(n)
	return true
}

// hold keeps a record. Of movements only the last counts, while the buttons stay.
func (g *gate) hold(t wire.Type, body, record []byte) {
	pointer := t == wire.TypePointer
	if pointer && g.last >= 0 {
		var now, before wire.Pointer
		_, b, _, err := wire.Next(g.held[g.last:])
		if err == nil && before.Decode(b) == nil && now.Decode(body) == nil && now.Buttons == before.Buttons {
			g.held = append(g.held[:g.last], record...)
			return
		}
	}
	if len(g.held)+len(record) > maxHeld {
		g.lost = true
		return
	}
	if g.last = -1; pointer {
		g.last = len(g.held)
	}
	g.held = append(g.held, record...)
}

// confirm says how much the target has taken, and appends what may go now.
func (g *gate) confirm(dst []byte, taken uint64) []byte {
	if taken > g.taken && taken <= g.sent {
		g.taken = taken
	}
	at := 0
	for at < len(g.held) {
		t, body, rest, err := wire.Next(g.held[at:])
		if err != nil || !g.pass(t, body) {
			break
		}
		end := len(g.held) - len(rest)
		dst = append(dst, g.held[at:end]...)
		at = end
	}
	if at == 0 {
		return dst
	}
	g.held = append(g.held[:0], g.held[at:]...)
	if g.last -= at; g.last < 0 {
		g.last = -1
	}
	if len(g.held) == 0 && cap(g.held) > 16<<10 {
		g.held = nil
	}
	return dst
}
