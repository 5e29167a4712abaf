package link

import "github.com/porthole-rac/porthole/protocol/wire"

// Owner is told what the records say that sessions of every protocol have.
type Owner interface {
	Welcomed(m *wire.Welcome)
	Progress(m *wire.Progress)
	Connected()
	Prompted(m *wire.Prompt)
	PromptGone(id uint64)
	Noticed(m *wire.Notice)
	Ended(m *wire.End)
	// Confirmed tells how many inputs (or bytes of them) the target has.
	Confirmed(input uint64)
}

// Record tells the owner of a record, and false when it is none of these. One that cannot
// be read is dropped.
func Record(o Owner, t wire.Type, body []byte) bool {
	switch t {
	case wire.TypeWelcome:
		m := new(wire.Welcome)
		if m.Decode(body) == nil {
			o.Welcomed(m)
		}
	case wire.TypeProgress:
		m := new(wire.Progress)
		if m.Decode(body) == nil {
			o.Progress(m)
		}
	case wire.TypeConnected:
		o.Connected()
	case wire.TypePrompt:
		m := new(wire.Prompt)
		if m.Decode(body) == nil {
			o.Prompted(m)
		}
	case wire.TypePromptGone:
		var m wire.PromptGone
		if m.Decode(body) == nil {
			o.PromptGone(m.ID)
		}
	case wire.TypeNotice:
		m := new(wire.Notice)
		if m.Decode(body) == nil {
			o.Noticed(m)
		}
	case wire.TypeEnd:
		m := new(wire.End)
		if m.Decode(body) == nil {
			o.Ended(m)
		}
	case wire.TypeInputAck:
		var m wire.InputAck
		if m.Decode(body) == nil {
			o.Confirmed(m.Bytes)
		}
	default:
		return false
	}
	return true
}

// Question is a prompt as the page's scripts take it.
func Question(m *wire.Prompt) map[string]any {
	fields := make([]any, len(m.Fields))
	for i, f := range m.Fields {
		fields[i] = map[string]any{"label": f.Label, "echo": f.Echo, "name": f.Name}
	}
	return map[string]any{"id": m.ID, "title": m.Title, "instruction": m.Instruction, "fields": fields}
}
