package guacamole

import (
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/picture"
	keysyms "github.com/porthole-rac/porthole/protocol/rfb/keysym"
	"github.com/porthole-rac/porthole/protocol/wire"
)

// Desktop is the content of a desktop. It keeps no picture: what comes is painted on
// the page at once, and the target's own damage is what a slow page merges, as the
// relay asks for no more than was painted.
type Desktop struct {
	stream *picture.Stream
	to     Canvas // while Record runs
	image  codec.Image
	scale  int // × 1000
}

var _ Content = (*Desktop)(nil)

// NewDesktop makes the content of one connection to a desktop.
func NewDesktop() *Desktop {
	d := &Desktop{}
	d.stream = picture.NewWhole(screen{d})
	return d
}

// Hello implements Content.
func (d *Desktop) Hello(h *wire.Hello) {
	d.scale = h.Screen.Scale
	h.Abilities[wire.AbilityPictures] = "jpeg,png"
}

// Welcome implements Content.
func (d *Desktop) Welcome(*wire.Welcome) {}

// Record implements Content.
func (d *Desktop) Record(c Canvas, t wire.Type, body []byte) error {
	switch {
	case t == wire.TypeDesktopInfo:
		var m wire.DesktopInfo
		if err := m.Decode(body); err != nil {
			return err
		}
		if m.Name != "" {
			c.Name(m.Name)
		}
		return nil
	case t >= wire.TypeDesktopBegin && t < wire.TypePointer, t == wire.TypeMark:
		d.to = c
		err := d.stream.Record(t, body)
		d.to = nil
		if err != nil {
			return fmt.Errorf("picture: %w", err)
		}
	}
	return nil
}

// Draw implements Content.
func (d *Desktop) Draw(Canvas) time.Duration { return 0 }

// Idle lets go of memory while nothing is painted.
func (d *Desktop) Idle() { d.stream.Trim() }

// unicodeKeysym is set in keysyms that are characters by Unicode.
const unicodeKeysym = 0x01000000

// Key implements Content.
func (d *Desktop) Key(dst []byte, keysym uint32, down bool) []byte {
	if r := keysym &^ unicodeKeysym; keysym&unicodeKeysym != 0 && r <= utf8.MaxRune {
		keysym = keysyms.FromRune(rune(r)) // servers know the old numbers better
	}
	k := wire.Key{Down: down, Scan: scanCode(keysym), Keysym: keysym}
	return k.Append(dst)
}

// Pointer implements Content.
func (d *Desktop) Pointer(dst []byte, x, y int, buttons wire.Buttons) []byte {
	p := wire.Pointer{Buttons: buttons, X: x, Y: y}
	return p.Append(dst)
}

// clipboardPart is how much of a clipboard goes into a record.
const clipboardPart = 64 << 10

// Clipboard implements Content.
func (d *Desktop) Clipboard(dst []byte, mediaType string, data []byte) []byte {
	for {
		n := min(len(data), clipboardPart)
		m := wire.Clipboard{Selection: 'c', Type: mediaType, More: n < len(data), Data: data[:n]}
		dst = m.Append(dst)
		if data = data[n:]; len(data) == 0 {
			return dst
		}
	}
}

// Resize implements Content.
func (d *Desktop) Resize(dst []byte, width, height int) []byte {
	w := wire.Window{Width: width, Height: height, Scale: d.scale}
	return w.Append(dst)
}

// Prompt implements Content.
func (d *Desktop) Prompt(Canvas, *wire.Prompt) bool { return false }

// screen is what the stream is painted on.
type screen struct{ *Desktop }

func (s screen) Size(width, height int, _ bool) { s.to.Size(width, height) }

func (s screen) Pixels(r codec.Rect, pix []byte) { s.to.Pixels(r, pix, 4*r.W) }

// Image comes right before its Picture.
func (s screen) Image(i codec.Image) uint32 {
	s.image = i
	return 0
}

func (s screen) Picture(r codec.Rect, _ uint32) {
	s.to.Picture(r, s.image.Kind, s.image.Data)
	s.image = codec.Image{}
}

func (s screen) Copy(r codec.Rect, x, y int)     { s.to.Copy(r, x, y) }
func (s screen) Fill(r codec.Rect, color uint32) { s.to.Fill(r, color) }

func (s screen) Frame(number uint64) {
	s.stream.Painted() // the instructions are written: nothing is needed any more
	if number != 0 {
		s.to.Frame(number)
	}
}

func (s screen) Cursor(c *wire.Cursor) { s.to.Cursor(c) }
func (s screen) PointerMoved(x, y int) { s.to.PointerMoved(x, y) }
func (s screen) PointerMode(bool)      {} // pages of Guacamole only know places
func (s screen) LEDs(wire.LEDs)        {}
func (s screen) Bell()                 {}
