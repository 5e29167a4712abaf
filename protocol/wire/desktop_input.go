package wire

// The records of a person's input to a desktop. Pointer, PointerRelative, Key,
// Typed and Power count one each for Welcome.InputWindow, Mark.InputBytes and
// InputAck, where terminals count bytes.

// Buttons are those of a mouse that are held; a step of the wheel is a press and
// a release.
type Buttons uint16

// Buttons of a mouse.
const (
	ButtonLeft Buttons = 1 << iota
	ButtonMiddle
	ButtonRight
	WheelUp
	WheelDown
	WheelLeft
	WheelRight
	ButtonBack
	ButtonForward

	allButtons = 1<<9 - 1
)

// Pointer puts the pointer somewhere.
type Pointer struct {
	Buttons Buttons
	X, Y    int // framebuffer pixels
}

// Append appends the record to dst.
func (m *Pointer) Append(dst []byte) []byte {
	dst, at := begin(dst, TypePointer)
	dst = appendUint(dst, uint64(m.Buttons))
	dst = appendInt(dst, m.X)
	dst = appendInt(dst, m.Y)
	return finish(dst, at)
}

// Decode reads a record's body.
func (m *Pointer) Decode(body []byte) error {
	f := fields{p: body}
	*m = Pointer{Buttons: Buttons(f.uint() & allButtons), X: f.int(MaxSide), Y: f.int(MaxSide)}
	return f.done(TypePointer)
}

// PointerRelative moves the pointer; only while PointerMode is relative.
type PointerRelative struct {
	Buttons Buttons
	DX, DY  int // pixels, at most ±MaxSide; zigzag on the wire
}

// Append appends the record to dst.
func (m *PointerRelative) Append(dst []byte) []byte {
	dst, at := begin(dst, TypePointerRelative)
	dst = appendUint(dst, uint64(m.Buttons))
	dst = appendSigned(dst, m.DX)
	dst = appendSigned(dst, m.DY)
	return finish(dst, at)
}

// Decode reads a record's body.
func (m *PointerRelative) Decode(body []byte) error {
	f := fields{p: body}
	*m = PointerRelative{Buttons: Buttons(f.uint() & allButtons), DX: f.signed(MaxSide), DY: f.signed(MaxSide)}
	return f.done(TypePointerRelative)
}

// appendSigned appends a number in zigzag form: 0, -1, 1, -2, 2…
func appendSigned(dst []byte, v int) []byte {
	return appendUint(dst, uint64(v)<<1^uint64(v>>63))
}

// signed reads one and clamps it to ±most.
func (f *fields) signed(most int) int {
	v := f.uint()
	n := int64(v>>1) ^ -int64(v&1)
	return int(max(-int64(most), min(int64(most), n)))
}

// Key presses or releases a key, by its place, what it means, or both.
type Key struct {
	Down bool
	// Scan is the key's XT scan code (set 1), with 0x80 set for codes after 0xe0;
	// 0: unknown.
	Scan uint8
	// Keysym is what the key means, as X11 numbers it; 0: unknown.
	Keysym uint32
}

// Append appends the record to dst.
func (m *Key) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeKey)
	dst = appendBool(dst, m.Down)
	dst = appendUint(dst, uint64(m.Scan))
	dst = appendUint(dst, uint64(m.Keysym))
	return finish(dst, at)
}

// Decode reads a record's body.
func (m *Key) Decode(body []byte) error {
	f := fields{p: body}
	*m = Key{Down: f.bool(), Scan: uint8(f.int(255)), Keysym: uint32(f.int(1<<32 - 1))}
	return f.done(TypeKey)
}

// Typed types characters, such as a clipboard into a log-in screen, or what an
// input method has composed. The relay presses and releases a key for each.
type Typed struct{ Text string } // at most MaxTyped bytes of UTF-8

// MaxComposed is how many bytes of a Typed record count as typed by a person; longer
// ones are pasted, and refused where pasting is.
const MaxComposed = 256

// Append appends the record to dst.
func (m *Typed) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeTyped)
	dst = appendString(dst, m.Text)
	return finish(dst, at)
}

// Decode reads a record's body.
func (m *Typed) Decode(body []byte) error {
	f := fields{p: body}
	*m = Typed{Text: f.string(MaxTyped)}
	return f.done(TypeTyped)
}

// Window is the size that the desktop should have: that of the browser's view, in
// device pixels, and its device pixel ratio × 1000.
type Window struct{ Width, Height, Scale int }

// Append appends the record to dst.
func (m *Window) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeWindow)
	dst = appendInt(dst, m.Width)
	dst = appendInt(dst, m.Height)
	dst = appendInt(dst, m.Scale)
	return finish(dst, at)
}

// Decode reads a record's body.
func (m *Window) Decode(body []byte) error {
	f := fields{p: body}
	*m = Window{Width: f.int(MaxSide), Height: f.int(MaxSide), Scale: f.int(1 << 16)}
	return f.done(TypeWindow)
}

// PowerAction is asked of a machine.
type PowerAction uint8

// Power actions.
const (
	PowerShutdown PowerAction = 1
	PowerReboot   PowerAction = 2
	PowerReset    PowerAction = 3
)

// Power asks the machine for a power action that DesktopInfo offers.
type Power struct{ Action PowerAction }

// Append appends the record to dst.
func (m *Power) Append(dst []byte) []byte { return appendCount(dst, TypePower, uint64(m.Action)) }

// Decode reads a record's body.
func (m *Power) Decode(body []byte) error {
	f := fields{p: body}
	*m = Power{Action: PowerAction(f.int(255))}
	return f.done(TypePower)
}

// Quality is how good the picture should be: 0 lets the relay follow the line, 1
// (least bytes) to 9 fix it, 10 is without loss.
type Quality struct{ Level int }

// Append appends the record to dst.
func (m *Quality) Append(dst []byte) []byte { return appendCount(dst, TypeQuality, uint64(m.Level)) }

// Decode reads a record's body.
func (m *Quality) Decode(body []byte) error {
	f := fields{p: body}
	*m = Quality{Level: f.int(10)}
	return f.done(TypeQuality)
}

// Refresh asks for the whole picture anew.
type Refresh struct{}

// Append appends the record to dst.
func (m *Refresh) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeRefresh)
	return finish(dst, at)
}
