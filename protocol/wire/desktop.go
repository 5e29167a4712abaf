package wire

// The records of a desktop's picture. Those from the relay, together with the
// marks between them, are one stream: the browser counts their bytes for Resume.
// Coordinates are framebuffer pixels from the top left corner.

// Bounds of desktops.
const (
	MaxSide     = 1 << 15  // pixels of a desktop's side
	MaxCursor   = 1024     // pixels of a cursor's side
	MaxRectData = 64 << 10 // picture bytes in one record
	MaxTyped    = 64 << 10 // bytes of one Type record
)

// DesktopBegin begins a stream. What the browser's decoders remember is worth
// nothing any more, its offset is zero after this record, and marks count from 1.
// The old picture may stay in view until the first mark.
type DesktopBegin struct {
	Width, Height int
	Stream        uint64 // names the stream: what Hello.Resume.Epoch is to be, never 0
}

// Append appends the record to dst.
func (m *DesktopBegin) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeDesktopBegin)
	dst = appendInt(dst, m.Width)
	dst = appendInt(dst, m.Height)
	dst = appendUint(dst, m.Stream)
	return finish(dst, at)
}

// Decode reads a record's body.
func (m *DesktopBegin) Decode(body []byte) error {
	f := fields{p: body}
	*m = DesktopBegin{Width: f.int(MaxSide), Height: f.int(MaxSide), Stream: f.uint()}
	return f.done(TypeDesktopBegin)
}

// DesktopSize is a new size within the stream: pixels inside both sizes stay,
// others are black.
type DesktopSize struct{ Width, Height int }

// Append appends the record to dst.
func (m *DesktopSize) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeDesktopSize)
	dst = appendInt(dst, m.Width)
	dst = appendInt(dst, m.Height)
	return finish(dst, at)
}

// Decode reads a record's body.
func (m *DesktopSize) Decode(body []byte) error {
	f := fields{p: body}
	*m = DesktopSize{Width: f.int(MaxSide), Height: f.int(MaxSide)}
	return f.done(TypeDesktopSize)
}

// Codec says how a rectangle's bytes are to be read. Codecs that remember what
// came before (zlib streams) do so from DesktopBegin on, for each codec apart.
type Codec uint16

// Codecs of rectangles. The pixel format of those from RFB is R, G, B, unused, in
// memory order, 8 bits each (in compact pixels R, G, B).
const (
	CodecRGBX      Codec = 0  // plain pixels, rows from the top
	CodecDeflate   Codec = 1  // the same, as one zlib stream of its own (RFC 1950)
	CodecJPEG      Codec = 2  // one JPEG file
	CodecPNG       Codec = 3  // one PNG file
	CodecRRE       Codec = 16 // RFB, "RRE Encoding", and so on
	CodecCoRRE     Codec = 17
	CodecHextile   Codec = 18
	CodecZlib      Codec = 19
	CodecTight     Codec = 20 // any of its kinds; of a rectangle without a size a control byte alone, which resets streams
	CodecTRLE      Codec = 21
	CodecZRLE      Codec = 22
	CodecRFBJPEG   Codec = 23 // RFB, "JPEG Encoding": tables may be left out and are then those before
	CodecRFBH264   Codec = 24 // RFB, "Open H.264 Encoding", with its head of flags
	CodecRFBCursor Codec = 25 // RFB, "Cursor With Alpha": a shape of the pointer, at most MaxCursor a side; X and Y are its hot spot
	CodecZlibHex   Codec = 26
)

// Pixels of fewer bits, in the upper byte of a Codec: of CodecRGBX, CodecDeflate and those
// from CodecRRE to CodecZRLE, and CodecZlibHex. A compact pixel is a whole one then.
const (
	Pixels16 Codec = 1 << 8 // 16 bits, little-endian: red in the upper five, green in six, blue in the lower five
	Pixels8  Codec = 2 << 8 // 8 bits: blue in the upper two, green in three, red in the lower three

	codecPixels Codec = 0xff00
)

// Split tells how the bytes are to be read, and which pixels they have: 0, Pixels16,
// Pixels8, or what is not known.
func (c Codec) Split() (how, pixels Codec) { return c &^ codecPixels, c & codecPixels }

// Rect begins a rectangle; those after it are painted later and may cover it. When
// Last is not set its bytes go on in RectData records, with no other record of the
// stream between.
type Rect struct {
	X, Y, Width, Height int
	Codec               Codec
	Last                bool
	Data                []byte // the rest of the body, at most MaxRectData bytes; aliases the message when decoded
}

// Append appends the record to dst.
func (m *Rect) Append(dst []byte) []byte {
	var head [8 * 10]byte
	h := appendInt(head[:0], m.X)
	h = appendInt(h, m.Y)
	h = appendInt(h, m.Width)
	h = appendInt(h, m.Height)
	h = appendInt(h, int(m.Codec))
	h = appendBool(h, m.Last)
	return appendBlock(dst, TypeRect, h, m.Data)
}

// Decode reads a record's body.
func (m *Rect) Decode(body []byte) error {
	f := fields{p: body}
	*m = Rect{
		X: f.int(MaxSide), Y: f.int(MaxSide), Width: f.int(MaxSide), Height: f.int(MaxSide),
		Codec: Codec(f.int(1<<16 - 1)), Last: f.bool(), Data: f.p,
	}
	if f.err == nil && len(m.Data) > MaxRectData {
		f.err = ErrTooLong
	}
	return f.done(TypeRect)
}

// RectData goes on with the rectangle that was begun last.
type RectData struct {
	Last bool
	Data []byte // the rest of the body, at most MaxRectData bytes; aliases the message when decoded
}

// Append appends the record to dst.
func (m *RectData) Append(dst []byte) []byte {
	var head [1]byte
	return appendBlock(dst, TypeRectData, appendBool(head[:0], m.Last), m.Data)
}

// Decode reads a record's body.
func (m *RectData) Decode(body []byte) error {
	f := fields{p: body}
	*m = RectData{Last: f.bool(), Data: f.p}
	if f.err == nil && len(m.Data) > MaxRectData {
		f.err = ErrTooLong
	}
	return f.done(TypeRectData)
}

// appendBlock appends a record whose length is known beforehand, so that data is
// copied once.
func appendBlock(dst []byte, t Type, head, data []byte) []byte {
	dst = appendInt(dst, 1+len(head)+len(data))
	dst = append(dst, byte(t))
	dst = append(dst, head...)
	return append(dst, data...)
}

// Copy copies a part of the picture to another place; the two may overlap.
type Copy struct{ X, Y, Width, Height, SourceX, SourceY int }

// Append appends the record to dst.
func (m *Copy) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeCopy)
	dst = appendInt(dst, m.X)
	dst = appendInt(dst, m.Y)
	dst = appendInt(dst, m.Width)
	dst = appendInt(dst, m.Height)
	dst = appendInt(dst, m.SourceX)
	dst = appendInt(dst, m.SourceY)
	return finish(dst, at)
}

// Decode reads a record's body.
func (m *Copy) Decode(body []byte) error {
	f := fields{p: body}
	*m = Copy{
		X: f.int(MaxSide), Y: f.int(MaxSide), Width: f.int(MaxSide), Height: f.int(MaxSide),
		SourceX: f.int(MaxSide), SourceY: f.int(MaxSide),
	}
	return f.done(TypeCopy)
}

// Fill fills a rectangle with one colour, 0xRRGGBB.
type Fill struct {
	X, Y, Width, Height int
	Color               uint32
}

// Append appends the record to dst.
func (m *Fill) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeFill)
	dst = appendInt(dst, m.X)
	dst = appendInt(dst, m.Y)
	dst = appendInt(dst, m.Width)
	dst = appendInt(dst, m.Height)
	dst = appendUint(dst, uint64(m.Color))
	return finish(dst, at)
}

// Decode reads a record's body.
func (m *Fill) Decode(body []byte) error {
	f := fields{p: body}
	*m = Fill{
		X: f.int(MaxSide), Y: f.int(MaxSide), Width: f.int(MaxSide), Height: f.int(MaxSide),
		Color: uint32(f.int(0xffffff)),
	}
	return f.done(TypeFill)
}

// Cursor is a new shape of the pointer. Without a size it is hidden.
type Cursor struct {
	HotX, HotY    int
	Width, Height int    // at most MaxCursor
	Pixels        []byte // R, G, B, A, not multiplied; 4·Width·Height bytes, the rest of the body
}

// Append appends the record to dst.
func (m *Cursor) Append(dst []byte) []byte {
	var head [4 * 10]byte
	h := appendInt(head[:0], m.HotX)
	h = appendInt(h, m.HotY)
	h = appendInt(h, m.Width)
	h = appendInt(h, m.Height)
	return appendBlock(dst, TypeCursor, h, m.Pixels)
}

// Decode reads a record's body.
func (m *Cursor) Decode(body []byte) error {
	f := fields{p: body}
	*m = Cursor{
		HotX: f.int(MaxCursor), HotY: f.int(MaxCursor), Width: f.int(MaxCursor), Height: f.int(MaxCursor),
		Pixels: f.p,
	}
	switch n := 4 * m.Width * m.Height; {
	case f.err != nil:
	case len(m.Pixels) < n:
		f.err = ErrTruncated
	default:
		m.Pixels = m.Pixels[:n:n]
	}
	return f.done(TypeCursor)
}

// PointerMoved says that the target put the pointer somewhere.
type PointerMoved struct{ X, Y int }

// Append appends the record to dst.
func (m *PointerMoved) Append(dst []byte) []byte {
	dst, at := begin(dst, TypePointerMoved)
	dst = appendInt(dst, m.X)
	dst = appendInt(dst, m.Y)
	return finish(dst, at)
}

// Decode reads a record's body.
func (m *PointerMoved) Decode(body []byte) error {
	f := fields{p: body}
	*m = PointerMoved{X: f.int(MaxSide), Y: f.int(MaxSide)}
	return f.done(TypePointerMoved)
}

// PointerMode says whether the target takes movements instead of positions: the
// browser locks the pointer then and sends PointerRelative.
type PointerMode struct{ Relative bool }

// Append appends the record to dst.
func (m *PointerMode) Append(dst []byte) []byte {
	dst, at := begin(dst, TypePointerMode)
	dst = appendBool(dst, m.Relative)
	return finish(dst, at)
}

// Decode reads a record's body.
func (m *PointerMode) Decode(body []byte) error {
	f := fields{p: body}
	*m = PointerMode{Relative: f.bool()}
	return f.done(TypePointerMode)
}

// LEDs are the target's lock keys.
type LEDs struct{ Scroll, Num, Caps bool }

// Append appends the record to dst.
func (m *LEDs) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeLEDs)
	dst = appendBool(dst, m.Scroll)
	dst = appendBool(dst, m.Num)
	dst = appendBool(dst, m.Caps)
	return finish(dst, at)
}

// Decode reads a record's body.
func (m *LEDs) Decode(body []byte) error {
	f := fields{p: body}
	*m = LEDs{Scroll: f.bool(), Num: f.bool(), Caps: f.bool()}
	return f.done(TypeLEDs)
}

// Bell rings.
type Bell struct{}

// Append appends the record to dst.
func (m *Bell) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeBell)
	return finish(dst, at)
}

// DesktopAbilities are what the target takes.
type DesktopAbilities uint64

// Abilities of a desktop.
const (
	CanResize      DesktopAbilities = 1 << iota // Window changes its size
	CanScanCodes                                // Key with scan codes; else keysyms
	CanBackForward                              // the buttons back and forward
	CanClipText                                 // clipboard beyond Latin-1
	CanClipHTML
	CanClipImage
	CanShutdown // Power
	CanReboot
	CanReset
	CanSound
)

// DesktopInfo says what the target is and can. It comes when something of it
// changes, and always holds everything.
type DesktopInfo struct {
	Name       string // of the desktop, as the target says
	Protection Protection
	Security   string // what was chosen, e.g. "VeNCrypt, X509Vnc"
	Server     string // what is known of the software and protocol, e.g. "RFB 3.8"
	Abilities  DesktopAbilities
}

// Protection says what the connection from the relay to the target protects.
type Protection uint8

// Kinds of protection.
const (
	ProtectNothing    Protection = 0 // login and picture travel in the clear
	ProtectLogin      Protection = 1 // the login is encrypted, the picture is not
	ProtectUnverified Protection = 2 // encrypted; who the server is, is not known
	ProtectAll        Protection = 3 // encrypted, and the server is known
)

// Append appends the record to dst.
func (m *DesktopInfo) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeDesktopInfo)
	dst = appendString(dst, m.Name)
	dst = appendUint(dst, uint64(m.Protection))
	dst = appendString(dst, m.Security)
	dst = appendString(dst, m.Server)
	dst = appendUint(dst, uint64(m.Abilities))
	return finish(dst, at)
}

// Decode reads a record's body.
func (m *DesktopInfo) Decode(body []byte) error {
	f := fields{p: body}
	*m = DesktopInfo{
		Name: f.string(MaxText), Protection: Protection(f.int(255)), Security: f.string(MaxText),
		Server: f.string(MaxText), Abilities: DesktopAbilities(f.uint()),
	}
	return f.done(TypeDesktopInfo)
}
