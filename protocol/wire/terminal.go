package wire

import (
	"encoding/binary"
	"fmt"
)

// Output is the target's output as it came.
type Output struct {
	Offset uint64 // of the first byte, since the connection began
	Data   []byte // at most MaxOutput bytes; aliases the message when decoded
}

// Append appends the record to dst.
func (m *Output) Append(dst []byte) []byte {
	// The length is known beforehand: the data is copied once.
	var head [2 * binary.MaxVarintLen64]byte
	h := appendInt(appendUint(head[:0], m.Offset), len(m.Data))
	dst = appendInt(dst, 1+len(h)+len(m.Data))
	dst = append(dst, byte(TypeOutput))
	dst = append(dst, h...)
	return append(dst, m.Data...)
}

// Decode reads a record's body.
func (m *Output) Decode(body []byte) error {
	f := fields{p: body}
	*m = Output{Offset: f.uint(), Data: f.bytes(MaxOutput)}
	return f.done(TypeOutput)
}

// State is the terminal as it is after Offset bytes of output, in the snapshot
// form of protocol/term. It replaces all output before; when it is not Complete
// it needs the scrollback or the pictures that the browser already has.
type State struct {
	Offset   uint64
	Complete bool
	Snapshot []byte // the rest of the body; aliases the message when decoded
}

// Begin appends the record without its snapshot, which the caller appends
// before it calls Finish with at. This spares a copy of what can be megabytes.
func (m *State) Begin(dst []byte) (out []byte, at int) {
	dst, at = begin(dst, TypeState)
	dst = appendUint(dst, m.Offset)
	return appendBool(dst, m.Complete), at
}

// Finish closes a record that Begin opened at at.
func (m *State) Finish(dst []byte, at int) []byte { return finish(dst, at) }

// Append appends the record to dst.
func (m *State) Append(dst []byte) []byte {
	dst, at := m.Begin(dst)
	return m.Finish(append(dst, m.Snapshot...), at)
}

// Decode reads a record's body.
func (m *State) Decode(body []byte) error {
	f := fields{p: body}
	*m = State{Offset: f.uint(), Complete: f.bool(), Snapshot: f.p}
	return f.done(TypeState)
}

// Resized says that the terminal got a new size after Offset bytes of output.
// The browser's terminal changes its size here and nowhere else, so that both
// sides lay out the same bytes on the same grid.
type Resized struct {
	Offset uint64
	Grid   Grid
}

// Append appends the record to dst.
func (m *Resized) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeResized)
	dst = appendUint(dst, m.Offset)
	dst = m.Grid.append(dst)
	return finish(dst, at)
}

// Decode reads a record's body.
func (m *Resized) Decode(body []byte) error {
	f := fields{p: body}
	*m = Resized{Offset: f.uint()}
	m.Grid.decode(&f)
	return f.done(TypeResized)
}

// Input is what was typed, as bytes for the program on the target: keys, mouse
// and focus reports, encoded by the browser.
type Input struct{ Data []byte }

// Append appends the record to dst.
func (m *Input) Append(dst []byte) []byte { return appendData(dst, TypeInput, m.Data) }

// Decode reads a record's body.
func (m *Input) Decode(body []byte) error {
	f := fields{p: body}
	m.Data = f.bytes(MaxInput)
	return f.done(TypeInput)
}

// Paste is pasted text, UTF-8. The relay brackets it when the program asked for
// that, and refuses it when pasting is disabled. Text longer than MaxInput goes
// in parts, More set on all but the last.
type Paste struct {
	More bool
	Data []byte
}

// Append appends the record to dst.
func (m *Paste) Append(dst []byte) []byte {
	dst, at := begin(dst, TypePaste)
	dst = appendBool(dst, m.More)
	dst = appendString(dst, m.Data)
	return finish(dst, at)
}

// Decode reads a record's body.
func (m *Paste) Decode(body []byte) error {
	f := fields{p: body}
	*m = Paste{More: f.bool(), Data: f.bytes(MaxInput)}
	return f.done(TypePaste)
}

// Resize asks for a new terminal size; Resized confirms it.
type Resize struct{ Grid Grid }

// Append appends the record to dst.
func (m *Resize) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeResize)
	dst = m.Grid.append(dst)
	return finish(dst, at)
}

// Decode reads a record's body.
func (m *Resize) Decode(body []byte) error {
	f := fields{p: body}
	m.Grid.decode(&f)
	return f.done(TypeResize)
}

// Colors are the browser's theme as 0xRRGGBB, so that the relay can answer
// programs that ask (OSC 4, 10, 11, 12).
type Colors struct {
	Foreground, Background, Cursor uint32
	Palette                        []uint32 // none or 16
}

func (m *Colors) append(dst []byte) []byte {
	dst = appendUint(dst, uint64(m.Foreground))
	dst = appendUint(dst, uint64(m.Background))
	dst = appendUint(dst, uint64(m.Cursor))
	dst = appendInt(dst, len(m.Palette))
	for _, c := range m.Palette {
		dst = appendUint(dst, uint64(c))
	}
	return dst
}

func (m *Colors) decode(f *fields) {
	color := func() uint32 { return uint32(f.int(0xffffff)) }
	*m = Colors{Foreground: color(), Background: color(), Cursor: color()}
	n := f.int(1 << 16)
	if n > 16 && f.err == nil {
		f.err = fmt.Errorf("%d colours: %w", n, ErrTooLong)
	}
	for i := 0; i < n && f.err == nil; i++ {
		m.Palette = append(m.Palette, color())
	}
}

// Append appends the record to dst.
func (m *Colors) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeColors)
	dst = m.append(dst)
	return finish(dst, at)
}

// Decode reads a record's body.
func (m *Colors) Decode(body []byte) error {
	f := fields{p: body}
	m.decode(&f)
	return f.done(TypeColors)
}

func appendData(dst []byte, t Type, data []byte) []byte {
	dst, at := begin(dst, t)
	dst = appendString(dst, data)
	return finish(dst, at)
}
