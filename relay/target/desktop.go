package target

import (
	"context"
	"errors"
	"time"

	"github.com/porthole-rac/porthole/protocol/wire"
)

// Window is the size of a browser's view in device pixels, and its device pixel
// ratio × 1000; zeros: unknown.
type Window struct{ Width, Height, Scale int }

// Browser is what a browser can do, as far as a desktop needs to know.
type Browser struct {
	Pictures string // formats that it decodes, e.g. "jpeg,png,webp"
	Video    string // WebCodecs strings, e.g. "avc1.42e01e"
	Audio    string // "opus,pcm"
	Keyboard string // layout, where it tells
	TimeZone string
	Locale   string
	Touch    bool
}

// Desktop is a graphical session that a driver has opened and logged in to. Run
// serves it; the other methods may be called at any time from other goroutines,
// before Run too, and never block: what they cannot do at once they leave to the
// driver's own goroutines, in a queue with a bound.
type Desktop interface {
	// Run reads the target and puts what the browser shall show on the screen,
	// until the target ends (nil, or an *Error that says why) or ctx is done.
	Run(ctx context.Context, screen Screen) error

	// Pointer, PointerRelative, Key and Typed are a person's input, in order. The
	// session does not call them when the endpoint is read-only, and lets a browser
	// have at most InputWindow inputs that are not yet taken.
	Pointer(p wire.Pointer)
	PointerRelative(p wire.PointerRelative)
	Key(k wire.Key)
	Typed(text string)
	Power(a wire.PowerAction)
	// Taken counts the inputs (Pointer, PointerRelative, Key, Typed, Power) that were
	// handed to the target or dropped, ever.
	Taken() uint64
	// Release lets go of all keys and buttons: the browser has gone.
	Release()

	// Window says how large the browser's view is.
	Window(w Window)
	// Watched says whether anybody looks: without, the driver asks for no updates.
	Watched(on bool)
	// Refresh asks for the whole picture within the stream.
	Refresh()
	// Renew asks for a new stream with the whole picture, for a browser that has
	// none of what came before: Screen.Begin follows. Screen.Reserve fails with
	// ErrRenew until then.
	Renew(b Browser)
	// Painted says what has become of an update; see Painted.
	Painted(p Painted)
	// Quality is the person's wish, as in wire.Quality.
	Quality(level int)
	// Listen says whether the person wants to hear sound.
	Listen(on bool)
	// Clipboard is the browser's clipboard, whole: a media type and its content.
	// The session has checked what the endpoint allows and its size.
	Clipboard(mediaType string, data []byte)

	// Exit gives, after Run has returned nil, what the remote side said about its
	// end in a sentence, if anything.
	Exit() string
	// Close ends the connection and waits until the driver's goroutines have gone.
	Close() error
}

// Painted says that a browser has painted an update.
type Painted struct {
	Mark  uint64        // its number; all before are painted too
	Delay time.Duration // since it was ready to be sent
	RTT   time.Duration // shortest delay seen lately: the line and the browser without a queue
	Rate  int           // bytes per second that the line carried lately, 0: not known
}

// Screen is where a driver puts what the browser shall show: the records of a
// desktop's stream. Only the goroutine of Desktop.Run may call it, but for Clipboard
// and Sound.
//
// A driver appends records to a buffer from Reserve and commits them; it flushes
// before it waits for more from the target. So the session may send what is there
// without copying it again.
type Screen interface {
	// Begin begins a new stream: a DesktopBegin record. What was not sent is dropped.
	Begin(width, height int) error
	// Reserve gives an empty buffer with a capacity of at least n bytes, at most
	// MaxReserve. Up to MaxRectData and a little is cheap. It waits while the browser is too far behind: that is how a slow line
	// slows its own target. It fails with ErrRenew, or when the session ends.
	Reserve(n int) ([]byte, error)
	// Commit takes the buffer of the last Reserve, with whole records of the stream
	// (0x60–0x6f) appended and no Mark.
	Commit(p []byte)
	// Mark ends an update, and gives its number.
	Mark() (number uint64, err error)
	// Flush has what was committed sent.
	Flush()

	// Info says what the target is and can; the session makes the record.
	Info(i wire.DesktopInfo) error
	// Clipboard is the target's clipboard, whole. The session checks what the
	// endpoint allows.
	Clipboard(mediaType string, data []byte)
	// SoundFormat and Sound carry sound to a browser that listens. They never wait:
	// what a slow line cannot carry is left away.
	SoundFormat(f wire.AudioFormat)
	Sound(d wire.AudioData)
	// FromTarget counts bytes that were read from the target.
	FromTarget(n int)
}

// InputWindow is how many inputs a browser may have that are not yet taken.
const InputWindow = 1024

// MaxReserve is the most that Screen.Reserve gives at once, bytes. A Rect with
// MaxRectData bytes fits, and the largest Cursor.
const MaxReserve = 4*wire.MaxCursor*wire.MaxCursor + 128

// ErrRenew is what Screen gives while a new stream is wanted: see Desktop.Renew.
var ErrRenew = errors.New("target: a new stream is wanted")
