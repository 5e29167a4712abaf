package vnc

import (
	"bytes"
	"slices"
	"time"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/porthole-rac/porthole/protocol/rfb"
	"github.com/porthole-rac/porthole/protocol/settings"
	"github.com/porthole-rac/porthole/protocol/wire"
)

const (
	// clipTogether is how far apart the parts of one copy may come: text, HTML and a
	// picture come one after the other.
	clipTogether = 300 * time.Millisecond
	// clipTypes are the media types that are passed on.
	typeText = "text/plain"
	typeHTML = "text/html"
	typePNG  = "image/png"
)

// clipboard is the browser's content, kept until the server asks for it.
type clipboard struct {
	copies, pastes bool // from the server, to the server
	limit          int
	charset        encoding.Encoding // of servers without the extended clipboard; nil: Latin-1

	formats  rfb.ClipboardFlags
	text     string
	html     []byte
	picture  []byte // PNG
	at       time.Time
	fromText string // the last text of the server's: it is not sent back
}

func newClipboard(s *settings.VNC) clipboard {
	c := clipboard{copies: !s.DisableCopy, pastes: !s.DisablePaste, limit: s.ClipboardBufferSize}
	if c.limit <= 0 {
		c.limit = rfb.DefaultMaxClipboard
	}
	switch s.ClipboardEncoding {
	case settings.UTF8:
		c.charset = unicode.UTF8
	case settings.UTF16:
		c.charset = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case settings.Windows1252:
		c.charset = charmap.Windows1252
	case settings.MacRoman:
		c.charset = charmap.Macintosh
	}
	return c
}

// serverCaps is what the server's clipboard can do.
type serverCaps struct {
	extended bool
	flags    rfb.ClipboardFlags
}

// Clipboard implements target.Desktop.
func (d *desktop) Clipboard(mediaType string, data []byte) {
	d.mu.Lock()
	out, c := d.out, &d.clip
	if !c.pastes || len(data) > c.limit {
		d.mu.Unlock()
		return
	}
	now := time.Now()
	if now.Sub(c.at) > clipTogether {
		c.formats, c.text, c.html, c.picture = 0, "", nil, nil
	}
	c.at = now
	var legacy []byte
	switch mediaType {
	case typeText:
		if string(data) == c.fromText {
			d.mu.Unlock()
			return
		}
		c.text, c.formats = string(data), c.formats|rfb.ClipText
		legacy = c.cutText()
	case typeHTML:
		c.html, c.formats = bytes.Clone(data), c.formats|rfb.ClipHTML
	case typePNG:
		c.picture, c.formats = bytes.Clone(data), c.formats|rfb.ClipDIB
	default:
		d.mu.Unlock()
		return
	}
	formats := c.formats
	d.mu.Unlock()
	provide := false
	out.do(func(s *sender) {
		switch {
		case !s.extended:
			if legacy != nil {
				s.bulk = legacy
			}
		case s.flags&rfb.ClipNotify != 0 || s.flags&rfb.ClipRequest == 0:
			s.offer(formats)
		default: // it takes no notice, as x11vnc
			provide = true
		}
	})
	if provide {
		d.provide(out, rfb.ClipText)
	}
}

// offer says what there is.
func (s *sender) offer(formats rfb.ClipboardFlags) {
	s.say(rfb.AppendClipboardAction(nil, rfb.ClipNotify, formats&s.flags))
}

// cutText is the text for a server of the old kind.
func (c *clipboard) cutText() []byte {
	if c.charset == nil {
		return rfb.AppendCutText(nil, c.text)
	}
	b, err := encoding.ReplaceUnsupported(c.charset.NewEncoder()).Bytes([]byte(c.text))
	if err != nil {
		return nil
	}
	return rfb.AppendCutBytes(nil, b)
}

// cutText takes the server's clipboard of the old kind.
func (v *viewer) cutText(ev *rfb.CutText) {
	d := v.d
	d.mu.Lock()
	c := &d.clip
	text := ev.Text
	if c.charset != nil {
		if b, err := c.charset.NewDecoder().Bytes(ev.Bytes); err == nil {
			text = cleanText(string(b))
		}
	}
	copies := c.copies && !(text == c.text && c.formats&rfb.ClipText != 0)
	if copies {
		c.fromText = text
	}
	d.mu.Unlock()
	if copies {
		v.screen.Clipboard(typeText, []byte(text))
	}
}

func cleanText(s string) string {
	b := bytes.ReplaceAll([]byte(s), []byte("\r\n"), []byte("\n"))
	return string(bytes.TrimRight(b, "\x00"))
}

// clipboard takes a message of the extended clipboard.
func (v *viewer) clipboard(ev *rfb.Clipboard) {
	switch {
	case ev.Flags&rfb.ClipCaps != 0:
		v.clipboardCaps(ev)
	case ev.Flags&rfb.ClipProvide != 0:
		v.provided(&ev.Data)
	case ev.Flags&rfb.ClipNotify != 0:
		v.d.mu.Lock()
		copies := v.d.clip.copies
		v.d.mu.Unlock()
		if want := ev.Flags.Formats() & ourFormats; want != 0 && copies {
			v.out.do(func(s *sender) { s.say(rfb.AppendClipboardAction(nil, rfb.ClipRequest, want)) })
		}
	case ev.Flags&rfb.ClipRequest != 0:
		v.d.aside(func() { v.d.provide(v.out, ev.Flags.Formats()) })
	case ev.Flags&rfb.ClipPeek != 0:
		v.d.mu.Lock()
		formats := v.d.clip.formats
		v.d.mu.Unlock()
		v.out.do(func(s *sender) { s.offer(formats) })
	}
}

// ourFormats are those that a browser has.
const ourFormats = rfb.ClipText | rfb.ClipHTML | rfb.ClipDIB

// clipboardCaps answers what the server can with what we can.
func (v *viewer) clipboardCaps(ev *rfb.Clipboard) {
	d := v.d
	d.mu.Lock()
	c := &d.clip
	formats := ev.Flags.Formats() & ourFormats
	actions := rfb.ClipRequest | rfb.ClipPeek | rfb.ClipNotify | rfb.ClipProvide
	var sizes [rfb.ClipFormats]uint32
	if ev.Flags&rfb.ClipNotify == 0 && c.copies { // else nothing needs to come unasked
		sizes[0] = uint32(c.limit)
	}
	have := c.formats
	d.mu.Unlock()
	v.out.do(func(s *sender) {
		s.extended, s.flags = true, ev.Flags
		s.say(rfb.AppendClipboardCaps(nil, formats|actions, sizes))
		if have&formats != 0 && ev.Flags&rfb.ClipNotify != 0 {
			s.offer(have)
		}
	})
	_ = v.tolerate(v.ability(wire.CanClipText, formats&rfb.ClipText != 0))
	_ = v.tolerate(v.ability(wire.CanClipHTML, formats&rfb.ClipHTML != 0))
	_ = v.tolerate(v.ability(wire.CanClipImage, formats&rfb.ClipDIB != 0))
}

// provided passes the server's content on.
func (v *viewer) provided(data *rfb.ClipboardData) {
	d := v.d
	d.mu.Lock()
	c := &d.clip
	formats := data.Formats
	if !c.copies {
		formats = 0
	}
	if data.Text == c.text && c.formats&rfb.ClipText != 0 {
		formats &^= rfb.ClipText // our own comes back
	}
	if formats&rfb.ClipText != 0 {
		c.fromText = data.Text
	}
	limit := c.limit
	d.mu.Unlock()
	if formats&rfb.ClipText != 0 {
		v.screen.Clipboard(typeText, []byte(data.Text))
	}
	if formats&rfb.ClipHTML != 0 {
		v.screen.Clipboard(typeHTML, bytes.TrimRight(slices.Clone(data.HTML), "\x00"))
	}
	if formats&rfb.ClipDIB != 0 {
		dib := data.DIB
		d.aside(func() {
			png, err := pngFromDIB(dib, limit)
			if err != nil {
				d.log.Info("vnc: a picture in the server's clipboard", "error", err)
				return
			}
			v.screen.Clipboard(typePNG, png)
		})
	}
}

// provide gives the server what it asks for.
func (d *desktop) provide(out *sender, formats rfb.ClipboardFlags) {
	d.mu.Lock()
	c := &d.clip
	give := rfb.ClipboardData{Text: c.text, HTML: c.html, Formats: c.formats & formats & ourFormats}
	picture := c.picture
	limit := c.limit
	if !c.pastes {
		give.Formats = 0
	}
	d.mu.Unlock()
	if give.Formats&rfb.ClipDIB != 0 {
		dib, err := dibFromPNG(picture, limit)
		if err != nil {
			d.log.Info("vnc: a picture in the browser's clipboard", "error", err)
			give.Formats &^= rfb.ClipDIB
		}
		give.DIB = dib
	}
	msg, err := rfb.AppendClipboardProvide(nil, give)
	if err != nil {
		d.log.Info("vnc: clipboard", "error", err)
		return
	}
	out.do(func(s *sender) { s.bulk = msg })
}

// aside runs what may take a while beside the picture; in its way only when there is
// something of the kind already.
func (d *desktop) aside(f func()) {
	d.mu.Lock()
	if d.busy || d.closed {
		d.mu.Unlock()
		f()
		return
	}
	d.busy = true
	d.wg.Go(func() {
		f()
		d.mu.Lock()
		d.busy = false
		d.mu.Unlock()
	})
	d.mu.Unlock()
}
