package wire

import "fmt"

// Ability is one thing that a browser can do or is. Unknown ones are skipped.
type Ability uint8

// Abilities. Values are UTF-8 text, comma-separated where there are several.
const (
	AbilityTimeZone  Ability = 1 // IANA name
	AbilityLocale    Ability = 2 // BCP 47 tag
	AbilityKeyboard  Ability = 3 // keyboard layout, where the browser tells it
	AbilityTouch     Ability = 4 // "1": the main pointer is a finger
	AbilityPictures  Ability = 5 // picture formats that can be decoded: "jpeg,png,webp"
	AbilityVideo     Ability = 6 // WebCodecs strings: "avc1.42e01e,vp09.00.10.08"
	AbilityAudio     Ability = 7 // "opus,aac,pcm"
	AbilityUserAgent Ability = 8 // short name of the client, for logs
	AbilitySnapshot  Ability = 9 // version of the snapshots in State that it restores, decimal

	maxAbilities = 32
)

// Screen is the size of the browser's view.
type Screen struct {
	Width, Height int // CSS pixels
	Scale         int // device pixel ratio × 1000
}

// Grid is a terminal's size.
type Grid struct {
	Cols, Rows            int // cells, 1…1000 and 1…500
	CellWidth, CellHeight int // device pixels of a cell, 0 if unknown
}

const maxPixels = 1 << 16

// Resume names the connection to be continued.
type Resume struct {
	Connection string // Welcome.Connection; empty: a new connection
	Secret     []byte // Welcome.Secret
	Offset     uint64 // output applied so far, in bytes since the connection began; of a desktop: bytes of the stream taken over
	Epoch      uint64 // Welcome.Epoch under which Offset counts (of a desktop: DesktopBegin.Stream); 0: nothing kept, send everything
}

// Hello opens the browser's side.
type Hello struct {
	Version   int
	Resume    Resume
	Screen    Screen
	Grid      Grid
	Hidden    bool               // the tab is in the background
	Colors    Colors             // the theme, for programs that ask for colours
	Abilities map[Ability]string // at most 32 entries of MaxName bytes
}

// Append appends the record to dst.
func (m *Hello) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeHello)
	dst = appendInt(dst, m.Version)
	dst = appendString(dst, m.Resume.Connection)
	dst = appendString(dst, m.Resume.Secret)
	dst = appendUint(dst, m.Resume.Offset)
	dst = appendUint(dst, m.Resume.Epoch)
	dst = appendInt(dst, m.Screen.Width)
	dst = appendInt(dst, m.Screen.Height)
	dst = appendInt(dst, m.Screen.Scale)
	dst = m.Grid.append(dst)
	dst = appendBool(dst, m.Hidden)
	dst = m.Colors.append(dst)
	dst = appendInt(dst, len(m.Abilities))
	for a := range 1 << 8 { // in order, so that equal hellos are equal bytes
		if v, ok := m.Abilities[Ability(a)]; ok {
			dst = appendInt(dst, a)
			dst = appendString(dst, v)
		}
	}
	return finish(dst, at)
}

// Decode reads a record's body.
func (m *Hello) Decode(body []byte) error {
	f := fields{p: body}
	*m = Hello{Version: f.int(1 << 16)}
	m.Resume = Resume{
		Connection: f.string(MaxName),
		Secret:     append([]byte(nil), f.bytes(64)...),
		Offset:     f.uint(),
		Epoch:      f.uint(),
	}
	m.Screen = Screen{Width: f.int(maxPixels), Height: f.int(maxPixels), Scale: f.int(maxPixels)}
	m.Grid.decode(&f)
	m.Hidden = f.bool()
	m.Colors.decode(&f)
	n := f.int(1 << 16)
	if n > maxAbilities {
		return fmt.Errorf("hello: %d abilities: %w", n, ErrTooLong)
	}
	for range n {
		a, v := Ability(f.int(255)), f.string(MaxName)
		if f.err != nil {
			break
		}
		if m.Abilities == nil {
			m.Abilities = make(map[Ability]string, n)
		}
		m.Abilities[a] = v
	}
	return f.done(TypeHello)
}

func (g *Grid) append(dst []byte) []byte {
	dst = appendInt(dst, g.Cols)
	dst = appendInt(dst, g.Rows)
	dst = appendInt(dst, g.CellWidth)
	return appendInt(dst, g.CellHeight)
}

func (g *Grid) decode(f *fields) {
	*g = Grid{
		Cols: max(1, f.int(1000)), Rows: max(1, f.int(500)),
		CellWidth: f.int(1000), CellHeight: f.int(1000),
	}
}

// Resumed says how a connection continues.
type Resumed uint64

// How a connection continues.
const (
	ResumedNew      Resumed = 0 // it is new
	ResumedContinue Resumed = 1 // from Hello's offset; the browser keeps its screen
	ResumedState    Resumed = 2 // a complete State follows
)

// Welcome opens the relay's side.
type Welcome struct {
	Version      int
	Connection   string // identifies the connection, not a secret
	Secret       []byte // for Resume, 32 bytes
	Resumed      Resumed
	Epoch        uint64 // names this attachment for Resume, never 0
	Protocol     string // "ssh"
	Endpoint     string // its name, for the person
	User         string // login name of the person
	ReadOnly     bool
	DisableCopy  bool
	DisablePaste bool
	Clipboard    int    // clipboard bound, bytes
	Frames       int    // marks without Ack that the relay keeps at most
	InputWindow  int    // bytes of Input and Paste that may be unconfirmed
	ResumeFor    int    // seconds for which the connection is kept without a browser
	Scrollback   int    // lines
	FontName     string // empty: the browser's choice
	FontSize     int    // points, 0: the browser's choice
	ColorScheme  string // guacd's color-scheme setting as given; empty: the browser's theme
	CopyOnSelect bool
	Ligatures    bool
	InputBytes   uint64 // input the target took so far: where the browser's count goes on
	Backspace    byte   // what the Backspace key sends; 0: DEL
	Lossless     bool   // nothing of a picture may be lost: who encodes it again uses no JPEG
}

// Append appends the record to dst.
func (m *Welcome) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeWelcome)
	dst = appendInt(dst, m.Version)
	dst = appendString(dst, m.Connection)
	dst = appendString(dst, m.Secret)
	dst = appendUint(dst, uint64(m.Resumed))
	dst = appendUint(dst, m.Epoch)
	dst = appendString(dst, m.Protocol)
	dst = appendString(dst, m.Endpoint)
	dst = appendString(dst, m.User)
	dst = appendBool(dst, m.ReadOnly)
	dst = appendBool(dst, m.DisableCopy)
	dst = appendBool(dst, m.DisablePaste)
	dst = appendInt(dst, m.Clipboard)
	dst = appendInt(dst, m.Frames)
	dst = appendInt(dst, m.InputWindow)
	dst = appendInt(dst, m.ResumeFor)
	dst = appendInt(dst, m.Scrollback)
	dst = appendString(dst, m.FontName)
	dst = appendInt(dst, m.FontSize)
	dst = appendString(dst, m.ColorScheme)
	dst = appendBool(dst, m.CopyOnSelect)
	dst = appendBool(dst, m.Ligatures)
	dst = appendUint(dst, m.InputBytes)
	dst = appendUint(dst, uint64(m.Backspace))
	dst = appendBool(dst, m.Lossless)
	return finish(dst, at)
}

// Decode reads a record's body.
func (m *Welcome) Decode(body []byte) error {
	f := fields{p: body}
	*m = Welcome{
		Version:    f.int(1 << 16),
		Connection: f.string(MaxName),
		Secret:     append([]byte(nil), f.bytes(64)...),
		Resumed:    Resumed(f.uint()),
		Epoch:      f.uint(),
		Protocol:   f.string(MaxName), Endpoint: f.string(MaxText), User: f.string(MaxText),
		ReadOnly: f.bool(), DisableCopy: f.bool(), DisablePaste: f.bool(),
		Clipboard: f.int(MaxClipboard), Frames: f.int(1 << 10), InputWindow: f.int(1 << 30),
		ResumeFor: f.int(1 << 30), Scrollback: f.int(1 << 20),
		FontName: f.string(MaxText), FontSize: f.int(1000), ColorScheme: f.string(MaxText),
		CopyOnSelect: f.bool(), Ligatures: f.bool(), InputBytes: f.uint(),
		Backspace: byte(f.int(255)), Lossless: f.bool(),
	}
	return f.done(TypeWelcome)
}
