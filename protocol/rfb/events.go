package rfb

// Events of a Decoder. All are given as pointers, and hold until the next call of
// Next.
type (
	// Update begins an update (RFB, "FramebufferUpdate").
	Update struct {
		Rects int // how many rectangles follow; at most: LastRect may end it before
	}
	// UpdateEnd ends it.
	UpdateEnd struct{}

	// Rect begins a rectangle of pixels. It lies within the framebuffer, or is empty.
	Rect struct {
		Area     Area
		Encoding Encoding
		// Inner is the encoding of a cursor with alpha that is not plain; Area's X
		// and Y are its hot spot then.
		Inner Encoding
		// SourceX and SourceY say where a CopyRect is from. It has no Data.
		SourceX, SourceY uint16
	}
	// Data are bytes of the rectangle as they came, in order: a part of the input.
	Data struct {
		Kind  DataKind
		Bytes []byte
		// Left is how many bytes of the same kind follow, where a length tells it.
		Left int
	}
	// RectEnd ends a rectangle.
	RectEnd struct{}

	// Resize is a new size of the framebuffer, or an answer to SetDesktopSize (RFB,
	// "DesktopSize" and "ExtendedDesktopSize Pseudo-encoding").
	Resize struct {
		Width, Height int // the size that holds now
		Changed       bool
		Extended      bool // SetDesktopSize may be used from now on
		Reason        ResizeReason
		Status        ResizeStatus // of ResizeByClient
		Screens       []Screen
	}
	// Format is a new pixel format that the server took by itself (RFB, "VMware
	// Display Mode Change Pseudo-encoding"); the Decoder reads it from now on.
	Format struct{ Format PixelFormat }

	// Cursor is a new shape of the pointer; without a size it is hidden.
	Cursor struct {
		HotX, HotY    int
		Width, Height int
		Pixels        []byte // R, G, B, A; colours not multiplied by alpha
	}
	// PointerMoved says where the server put the pointer (PointerPos; "VMware Cursor
	// Position Pseudo-encoding").
	PointerMoved struct{ X, Y int }
	// PointerMode says whether the server wants movements instead of positions
	// ("QEMU Pointer Motion Change", "VMware Cursor State").
	PointerMode struct{ Relative, Hidden bool }
	// LEDs are the lock keys ("QEMU LED State", "VMware LED State").
	LEDs struct{ Scroll, Num, Caps bool }
	// KeyRepeat says who repeats keys ("VMware Key Repeat"), in the server's units.
	KeyRepeat struct {
		Client        bool
		Period, Delay uint32
	}
	// MachineState are the flags of "VMware Virtual Machine State".
	MachineState struct{ FullScreen, UpdatesOff bool }
	// Name is a new name of the desktop, cleaned.
	Name struct{ Name string }
	// Confirmed says that the server takes the messages of an extension that has
	// nothing else to say: QEMU's extended keys, QEMU audio, extended mouse buttons.
	Confirmed struct{ Encoding Encoding }

	// ColourMap sets entries of the colour map (RFB, "SetColourMapEntries"). No
	// server is asked for pixels that need it; some send it all the same.
	ColourMap struct {
		First   int
		Colours [][3]uint16 // red, green, blue
	}
	// Bell rings.
	Bell struct{}
	// CutText is the server's clipboard the old way (RFB, "ServerCutText").
	CutText struct {
		Text      string // as Latin-1
		Bytes     []byte // as it came, for servers that mean another character set
		Truncated bool   // it was longer than the bound
	}
	// ClipboardTooLong is an extended clipboard message beyond the bound. It was
	// skipped.
	ClipboardTooLong struct{ Bytes int64 }
	// EndOfContinuousUpdates: they ended, or the server can send them (RFB,
	// "EndOfContinuousUpdates").
	EndOfContinuousUpdates struct{}
	// Fence is to be answered when it is a request (RFB, "ServerFence").
	Fence struct {
		Flags   FenceFlags
		Payload []byte // at most MaxFence
	}
	// XVP says that power actions are possible, or that one failed (RFB, "xvp Server
	// Message").
	XVP struct {
		Version byte
		Failed  bool
	}
	// Audio says that sound begins or ends (RFB, "QEMU Audio Server Message").
	Audio struct{ On bool }
	// AudioData are samples: a part of the input. Left is how many bytes of the same
	// message follow.
	AudioData struct {
		Bytes []byte
		Left  int
	}
	// TextChat is UltraVNC's: the server opened or closed a chat. What is said is
	// skipped.
	TextChat struct{ Open bool }
	// ServerState is UltraVNC's: a number and what became of it.
	ServerState struct{ State, Value uint32 }
)

// DataKind says what the bytes of a rectangle are.
type DataKind uint8

// Kinds of data.
const (
	dataNone DataKind = iota
	// DataHead: lengths, control bytes, palettes, fill colours of the encoding.
	DataHead
	// DataCoded: RRE, CoRRE, Hextile, TRLE, all of it.
	DataCoded
	// DataPixels: plain pixels, or palette indices, without compression.
	DataPixels
	// DataZlib: a part of a zlib stream.
	DataZlib
	// DataJPEG: a JPEG image.
	DataJPEG
	// DataPNG: a PNG image.
	DataPNG
	// DataH264: H.264 (RFB, "Open H.264 Encoding").
	DataH264
	dataAudio // reported as AudioData
)

// ResizeReason says who changed the screens (RFB, "ExtendedDesktopSize").
type ResizeReason uint16

// Reasons; others count as the first.
const (
	ResizeByServer ResizeReason = 0
	ResizeByClient ResizeReason = 1
	ResizeByOther  ResizeReason = 2
)

// ResizeStatus is the answer to SetDesktopSize (RFB, "ExtendedDesktopSize").
type ResizeStatus uint16

// Statuses.
const (
	ResizeDone       ResizeStatus = 0
	ResizeProhibited ResizeStatus = 1
	ResizeResources  ResizeStatus = 2
	ResizeInvalid    ResizeStatus = 3
	ResizeForwarded  ResizeStatus = 4 // may happen later
)

func (s ResizeStatus) String() string {
	switch s {
	case ResizeDone:
		return "done"
	case ResizeProhibited:
		return "prohibited"
	case ResizeResources:
		return "out of resources"
	case ResizeInvalid:
		return "invalid screen layout"
	case ResizeForwarded:
		return "forwarded"
	}
	return "failed"
}
