package shell

import (
	"image"
	"maps"
	"strings"
	"time"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/guacamole"
)

// Content joins a Shell to the sink of relay/guacamole.
type Content struct {
	shell *Shell
	w, h  int

	out     []byte // records for the relay that have not gone yet
	clip    string // for the page, when clipped
	clipped bool
	title   string
	titled  bool
	mark    uint64 // the last one that the page was given
	pointer bool   // the page has its shape
}

var _ guacamole.Content = (*Content)(nil)

// NewContent makes the content of one connection to a terminal; the size is that of
// the page's view in pixels.
func NewContent(width, height, dpi int) *Content {
	c := &Content{w: clampSide(width), h: clampSide(height)}
	c.shell = New(Config{
		Width: width, Height: height, DPI: dpi,
		Send:      func(p []byte) { c.out = append(c.out, p...) },
		Clipboard: func(text string) { c.clip, c.clipped = text, true },
		Title:     func(title string) { c.title, c.titled = title, true },
	})
	return c
}

// Clipboards has the sink give Record the clipboards that programs set.
func (c *Content) Clipboards() {}

// Hello implements guacamole.Content.
func (c *Content) Hello(h *wire.Hello) {
	m := c.shell.Hello()
	h.Grid, h.Colors = m.Grid, m.Colors
	maps.Copy(h.Abilities, m.Abilities)
}

// Welcome implements guacamole.Content. What the shell has to say to it goes with the
// next record.
func (c *Content) Welcome(w *wire.Welcome) { c.shell.welcomed(w) }

// Record implements guacamole.Content.
func (c *Content) Record(to guacamole.Canvas, t wire.Type, body []byte) error {
	err := c.shell.Receive(t, body)
	c.tell(to)
	return err
}

// tell passes on what the shell has said meanwhile.
func (c *Content) tell(to guacamole.Canvas) {
	if len(c.out) > 0 {
		to.Send(c.out)
		clear(c.out)
		c.out = c.out[:0]
	}
	if c.clipped {
		to.Clipboard("text/plain", []byte(c.clip))
		c.shell.SetClipboard(c.clip) // the sink keeps the page's echo of it back
		c.clip, c.clipped = "", false
	}
	if c.titled {
		to.Name(c.title)
		c.titled = false
	}
}

// Draw implements guacamole.Content.
func (c *Content) Draw(to guacamole.Canvas) (wait time.Duration) {
	c.tell(to)
	to.Size(c.w, c.h)
	p := painter{to: to}
	if !c.pointer {
		to.Cursor(beam())
		c.pointer, p.painted = true, true
	}
	wait = c.shell.Draw(&p, time.Now())
	if mark := c.shell.Mark(); wait == 0 && (p.painted || mark != c.mark) {
		c.mark = mark
		to.Frame(mark)
	}
	return wait
}

// taken appends what the shell has sent and leaves nothing of it.
func (c *Content) taken(dst []byte) []byte {
	dst = append(dst, c.out...)
	clear(c.out) // there may be an answer in it
	c.out = c.out[:0]
	return dst
}

// Key implements guacamole.Content.
func (c *Content) Key(dst []byte, keysym uint32, down bool) []byte {
	c.shell.Key(keysym, down)
	return c.taken(dst)
}

// Pointer implements guacamole.Content.
func (c *Content) Pointer(dst []byte, x, y int, buttons wire.Buttons) []byte {
	c.shell.Mouse(x, y, uint8(buttons&0x1f), time.Now())
	return c.taken(dst)
}

// Clipboard implements guacamole.Content.
func (c *Content) Clipboard(dst []byte, mediaType string, data []byte) []byte {
	if strings.HasPrefix(mediaType, "text/") {
		c.shell.SetClipboard(string(data))
	}
	return c.taken(dst)
}

// Resize implements guacamole.Content.
func (c *Content) Resize(dst []byte, width, height int) []byte {
	c.w, c.h = clampSide(width), clampSide(height)
	c.shell.Resize(width, height)
	return c.taken(dst)
}

// Prompt implements guacamole.Content: a terminal asks by its own lines.
func (c *Content) Prompt(to guacamole.Canvas, m *wire.Prompt) bool {
	c.shell.ask(m)
	c.tell(to)
	return true
}

// painter is the Canvas of a Shell on that of a sink.
type painter struct {
	to      guacamole.Canvas
	painted bool
}

func rectOf(r image.Rectangle) codec.Rect {
	return codec.Rect{X: r.Min.X, Y: r.Min.Y, W: r.Dx(), H: r.Dy()}
}

// Copy implements Canvas.
func (p *painter) Copy(src image.Rectangle, dst image.Point) {
	p.painted = true
	p.to.Copy(codec.Rect{X: dst.X, Y: dst.Y, W: src.Dx(), H: src.Dy()}, src.Min.X, src.Min.Y)
}

// Fill implements Canvas.
func (p *painter) Fill(r image.Rectangle, rgb uint32) {
	p.painted = true
	p.to.Fill(rectOf(r), rgb)
}

// Image implements Canvas.
func (p *painter) Image(r image.Rectangle, pix []byte) {
	p.painted = true
	p.to.Pixels(rectOf(r), pix, 4*r.Dx())
}
