package guacamole

import (
	"time"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/wire"
)

// Content turns the records of one kind of target into a picture, and what the person
// does into records: a desktop's ([NewDesktop]) or a terminal's (relay/guacamole/shell).
//
// The sink calls it under one lock, never two methods at once; none may wait for
// anything. The methods that give records append them to dst (for the relay, as a
// browser would send them) and return it; the sink holds them back while
// Welcome.InputWindow is used up.
type Content interface {
	// Hello adds to the hello what the relay must know of such a browser: Screen and
	// the ability for sound are there, a terminal adds Grid, Colors and
	// AbilitySnapshot, a desktop AbilityPictures.
	Hello(h *wire.Hello)
	// Welcome is the relay's answer, before any record.
	Welcome(w *wire.Welcome)
	// Record takes a record of the relay: those of the content (0x40–0x6f), Mark,
	// Connected, Progress, Notice, PromptGone and ClipboardRequest. The body is only
	// lent. An error ends the connection.
	Record(c Canvas, t wire.Type, body []byte) error
	// Draw paints what has changed, if anything, and ends with Frame then. The sink
	// calls it when the page can take another picture: after records, input and sizes,
	// at once when nothing is on its way, and never more often than pages draw. A
	// content that paints in Record has nothing to do here. wait asks to be called again
	// after that time even if nothing comes; 0: not.
	Draw(c Canvas) (wait time.Duration)

	// Key is a key by X11's keysym, as the page found it: a character that the layout
	// gives, or a key by name.
	Key(dst []byte, keysym uint32, down bool) []byte
	// Pointer is the mouse, in pixels of the picture. A step of the wheel is a press
	// and a release.
	Pointer(dst []byte, x, y int, buttons wire.Buttons) []byte
	// Clipboard is what the person has copied anywhere, whole: the stock page tells
	// every change by itself, long before somebody pastes.
	Clipboard(dst []byte, mediaType string, data []byte) []byte
	// Resize is the size of the page's window in pixels.
	Resize(dst []byte, width, height int) []byte

	// Prompt asks the person, if the content has a way to: a terminal by its own
	// lines. It answers with a wire.Answer among the records of Key or Canvas.Send.
	// False: it has none, and the connection ends with an error that says which
	// setting is missing.
	Prompt(c Canvas, p *wire.Prompt) bool
}

// clipboards is a Content that takes the target's clipboard, too, and gives the page
// what it wants by Canvas.Clipboard; else the sink passes it on.
type clipboards interface{ Clipboards() }

// Canvas is the page's picture and what else a content may tell the page and the
// relay. What is painted is seen with the next Frame. Rectangles lie in the size.
type Canvas interface {
	// Size gives the picture a size: pixels inside both sizes stay, others are black.
	Size(width, height int)
	// Pixels paints a rectangle: R, G, B and a byte that means nothing; pix begins
	// with its first pixel, stride is the bytes from a row to the next. It is sent as
	// PNG, or as JPEG where it looks like a photo and losses are allowed. pix is only
	// lent.
	Pixels(r codec.Rect, pix []byte, stride int)
	// Picture paints a compressed picture of the rectangle's size, or larger by up to
	// 15 pixels that are cut off. data is only lent.
	Picture(r codec.Rect, kind codec.Kind, data []byte)
	// Copy copies a rectangle of r's size at x, y to r; the two may overlap.
	Copy(r codec.Rect, x, y int)
	// Fill paints one colour, 0xRRGGBB.
	Fill(r codec.Rect, color uint32)
	// Frame ends an update. mark is the last wire.Mark that it shows: the sink
	// acknowledges it to the relay when the page has painted it. 0: none.
	Frame(mark uint64)

	// Cursor gives the pointer a shape; one without a size hides it.
	Cursor(c *wire.Cursor)
	// PointerMoved says that the target put the pointer somewhere.
	PointerMoved(x, y int)
	// Name is what the page calls the connection.
	Name(name string)
	// Clipboard gives the page something to copy.
	Clipboard(mediaType string, data []byte)
	// Send sends records to the relay, as a browser would, past the input window:
	// for what is no input.
	Send(records []byte)
	// Lag is how long pictures lately took to the page and back, beyond the shortest
	// time seen: what waits in queues. A content may draw less when it grows.
	Lag() time.Duration
}
