package wire

import "fmt"

// Progress says what the relay is doing before the connection stands.
type Progress struct {
	Step   string // "resolve", "connect", "handshake", "authenticate", "open"
	Detail string // for the person, e.g. the address
}

// Append appends the record to dst.
func (m *Progress) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeProgress)
	dst = appendString(dst, m.Step)
	dst = appendString(dst, m.Detail)
	return finish(dst, at)
}

// Decode reads a record's body.
func (m *Progress) Decode(body []byte) error {
	f := fields{p: body}
	*m = Progress{Step: f.string(MaxName), Detail: f.string(MaxText)}
	return f.done(TypeProgress)
}

// PromptField is one line of a prompt.
type PromptField struct {
	Label string
	Echo  bool   // show what is typed
	Name  string // autofill hint, may be empty
}

// Prompt asks the person for something, e.g. a password.
type Prompt struct {
	ID          uint64
	Title       string
	Instruction string
	Fields      []PromptField // 1…MaxFields
}

// Append appends the record to dst.
func (m *Prompt) Append(dst []byte) []byte {
	dst, at := begin(dst, TypePrompt)
	dst = appendUint(dst, m.ID)
	dst = appendString(dst, m.Title)
	dst = appendString(dst, m.Instruction)
	dst = appendInt(dst, len(m.Fields))
	for _, p := range m.Fields {
		dst = appendString(dst, p.Label)
		dst = appendBool(dst, p.Echo)
		dst = appendString(dst, p.Name)
	}
	return finish(dst, at)
}

// Decode reads a record's body.
func (m *Prompt) Decode(body []byte) error {
	f := fields{p: body}
	*m = Prompt{ID: f.uint(), Title: f.string(MaxText), Instruction: f.string(MaxText)}
	n := f.int(1 << 16)
	if n > MaxFields {
		return fmt.Errorf("prompt: %d fields: %w", n, ErrTooLong)
	}
	for i := 0; i < n && f.err == nil; i++ {
		m.Fields = append(m.Fields, PromptField{Label: f.string(MaxText), Echo: f.bool(), Name: f.string(MaxName)})
	}
	return f.done(TypePrompt)
}

// Answer answers a Prompt. Values are secrets.
type Answer struct {
	ID        uint64
	Cancelled bool
	Values    []string // one for each field, at most MaxAnswer bytes each
}

// Append appends the record to dst.
func (m *Answer) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeAnswer)
	dst = appendUint(dst, m.ID)
	dst = appendBool(dst, m.Cancelled)
	dst = appendInt(dst, len(m.Values))
	for _, v := range m.Values {
		dst = appendString(dst, v)
	}
	return finish(dst, at)
}

// Decode reads a record's body.
func (m *Answer) Decode(body []byte) error {
	f := fields{p: body}
	*m = Answer{ID: f.uint(), Cancelled: f.bool()}
	n := f.int(1 << 16)
	if n > MaxFields {
		return fmt.Errorf("answer: %d values: %w", n, ErrTooLong)
	}
	for i := 0; i < n && f.err == nil; i++ {
		m.Values = append(m.Values, f.string(MaxAnswer))
	}
	return f.done(TypeAnswer)
}

// PromptGone withdraws a Prompt, e.g. because the target hung up meanwhile.
type PromptGone struct{ ID uint64 }

// Append appends the record to dst.
func (m *PromptGone) Append(dst []byte) []byte { return appendCount(dst, TypePromptGone, m.ID) }

// Decode reads a record's body.
func (m *PromptGone) Decode(body []byte) error { return decodeCount(body, TypePromptGone, &m.ID) }

// Connected says that the target is there and that output may follow.
type Connected struct{}

// Append appends the record to dst.
func (m *Connected) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeConnected)
	return finish(dst, at)
}

// Notice tells the person something that does not stop the connection.
type Notice struct {
	Code   string // stable, e.g. "host-key-first-seen"
	Text   string
	Detail string
}

// Append appends the record to dst.
func (m *Notice) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeNotice)
	dst = appendString(dst, m.Code)
	dst = appendString(dst, m.Text)
	dst = appendString(dst, m.Detail)
	return finish(dst, at)
}

// Decode reads a record's body.
func (m *Notice) Decode(body []byte) error {
	f := fields{p: body}
	*m = Notice{Code: f.string(MaxName), Text: f.string(MaxText), Detail: f.string(MaxText)}
	return f.done(TypeNotice)
}

// End is the last record of a connection: why it is over, at which step, and
// what to try.
type End struct {
	Code    string // one of the End… constants
	Step    string // where it failed; empty for an ordinary end
	Message string
	Remedy  string
	Retry   bool // connecting again may help
}

// Append appends the record to dst.
func (m *End) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeEnd)
	dst = appendString(dst, m.Code)
	dst = appendString(dst, m.Step)
	dst = appendString(dst, m.Message)
	dst = appendString(dst, m.Remedy)
	dst = appendBool(dst, m.Retry)
	return finish(dst, at)
}

// Decode reads a record's body.
func (m *End) Decode(body []byte) error {
	f := fields{p: body}
	*m = End{
		Code: f.string(MaxName), Step: f.string(MaxName),
		Message: f.string(MaxText), Remedy: f.string(MaxText), Retry: f.bool(),
	}
	return f.done(TypeEnd)
}

// Ping asks for a Pong. Time is the sender's own clock in microseconds and is
// given back unchanged; RTT is the sender's last measured round trip.
type Ping struct {
	Time uint64 // µs
	RTT  uint64 // µs, 0: not measured yet
}

// Append appends the record to dst.
func (m *Ping) Append(dst []byte) []byte {
	dst, at := begin(dst, TypePing)
	dst = appendUint(dst, m.Time)
	dst = appendUint(dst, m.RTT)
	return finish(dst, at)
}

// Decode reads a record's body.
func (m *Ping) Decode(body []byte) error {
	f := fields{p: body}
	*m = Ping{Time: f.uint(), RTT: f.uint()}
	return f.done(TypePing)
}

// Pong answers a Ping.
type Pong struct{ Time uint64 }

// Append appends the record to dst.
func (m *Pong) Append(dst []byte) []byte { return appendCount(dst, TypePong, m.Time) }

// Decode reads a record's body.
func (m *Pong) Decode(body []byte) error { return decodeCount(body, TypePong, &m.Time) }

// Stats tells what the relay sees of the connection. The relay sends it after
// it got a Ping, at most once a second.
type Stats struct {
	FromTarget uint64 // bytes
	ToTarget   uint64 // bytes
	States     uint64 // State records sent since the connection began
	TargetRTT  uint64 // µs, 0: not measured
}

// Append appends the record to dst.
func (m *Stats) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeStats)
	dst = appendUint(dst, m.FromTarget)
	dst = appendUint(dst, m.ToTarget)
	dst = appendUint(dst, m.States)
	dst = appendUint(dst, m.TargetRTT)
	return finish(dst, at)
}

// Decode reads a record's body.
func (m *Stats) Decode(body []byte) error {
	f := fields{p: body}
	*m = Stats{FromTarget: f.uint(), ToTarget: f.uint(), States: f.uint(), TargetRTT: f.uint()}
	return f.done(TypeStats)
}

// Bye ends the connection on the person's wish.
type Bye struct{}

// Append appends the record to dst.
func (m *Bye) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeBye)
	return finish(dst, at)
}

// Visibility tells whether the tab can be seen.
type Visibility struct{ Hidden bool }

// Append appends the record to dst.
func (m *Visibility) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeVisibility)
	dst = appendBool(dst, m.Hidden)
	return finish(dst, at)
}

// Decode reads a record's body.
func (m *Visibility) Decode(body []byte) error {
	f := fields{p: body}
	*m = Visibility{Hidden: f.bool()}
	return f.done(TypeVisibility)
}

// Mark ends a picture update.
type Mark struct {
	Number     uint64 // 1, 2, 3… in each attachment; of a desktop in each stream
	InputBytes uint64 // input (of a desktop: inputs) that the target had taken when the update was made
}

// Append appends the record to dst.
func (m *Mark) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeMark)
	dst = appendUint(dst, m.Number)
	dst = appendUint(dst, m.InputBytes)
	return finish(dst, at)
}

// Decode reads a record's body.
func (m *Mark) Decode(body []byte) error {
	f := fields{p: body}
	*m = Mark{Number: f.uint(), InputBytes: f.uint()}
	return f.done(TypeMark)
}

// Ack says that the update with this number, and all before it, are painted.
type Ack struct{ Number uint64 }

// Append appends the record to dst.
func (m *Ack) Append(dst []byte) []byte { return appendCount(dst, TypeAck, m.Number) }

// Decode reads a record's body.
func (m *Ack) Decode(body []byte) error { return decodeCount(body, TypeAck, &m.Number) }

// InputAck says how many bytes of Input and Paste, or inputs to a desktop, the
// target has taken since the connection began.
type InputAck struct{ Bytes uint64 }

// Append appends the record to dst.
func (m *InputAck) Append(dst []byte) []byte { return appendCount(dst, TypeInputAck, m.Bytes) }

// Decode reads a record's body.
func (m *InputAck) Decode(body []byte) error { return decodeCount(body, TypeInputAck, &m.Bytes) }

// appendCount and decodeCount serve the records with one number.
func appendCount(dst []byte, t Type, v uint64) []byte {
	dst, at := begin(dst, t)
	dst = appendUint(dst, v)
	return finish(dst, at)
}

func decodeCount(body []byte, t Type, v *uint64) error {
	f := fields{p: body}
	*v = f.uint()
	return f.done(t)
}
