package guacamole

import (
	"time"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/guac"
	"github.com/porthole-rac/porthole/protocol/wire"
)

// Layers and streams of the page. Layers below 0 are not seen.
const (
	layerPicture = 0
	layerCursor  = -1
	layerAside   = -2
	layerMoved   = -3

	streamPicture   = 1
	streamSound     = 2
	streamClipboard = 3
)

// Channel masks: how what is painted goes with what is there.
const (
	maskOver    = 14
	maskReplace = 12 // the whole layer: the rest of it becomes transparent
)

// canvas is the Canvas of a sink; Sink.mu is held.
type canvas struct{ *Sink }

var _ Canvas = canvas{}

// Size implements Canvas.
func (c canvas) Size(width, height int) {
	if width == c.width && height == c.height {
		return
	}
	c.size(layerPicture, width, height)
	if width > c.width {
		c.Fill(codec.Rect{X: c.width, W: width - c.width, H: height}, 0)
	}
	if height > c.height {
		c.Fill(codec.Rect{Y: c.height, W: min(c.width, width), H: height - c.height}, 0)
	}
	c.width, c.height = width, height
}

func (c canvas) size(layer, width, height int) {
	w := &c.out
	w.Begin("size")
	w.Int(layer)
	w.Int(width)
	w.Int(height)
	w.End()
}

// Pixels implements Canvas.
func (c canvas) Pixels(r codec.Rect, pix []byte, stride int) {
	if r.W <= 0 || r.H <= 0 {
		return
	}
	e := encoders.Get().(*encoder)
	defer encoders.Put(e)
	c.parts = e.parts(c.parts[:0], pix, stride, r)
	for _, p := range c.parts {
		if p.look == plain {
			c.Fill(p.r, p.color)
			continue
		}
		e.take(pix[(p.r.Y-r.Y)*stride+4*(p.r.X-r.X):], stride, p.r.W, p.r.H)
		if p.look == photo && !c.cfg.Lossless && !c.welcome.Lossless {
			if data := e.jpeg(c.pace.quality()); data != nil {
				c.image(layerPicture, maskOver, p.r.X, p.r.Y, codec.JPEG, data)
				continue
			}
		}
		c.image(layerPicture, maskOver, p.r.X, p.r.Y, codec.PNG, e.png())
	}
	e.pix = nil
}

// Picture implements Canvas.
func (c canvas) Picture(r codec.Rect, kind codec.Kind, data []byte) {
	i := codec.Image{Kind: kind, Rect: r, Data: data}
	width, height, ok := i.Size()
	switch {
	case !ok:
	case width == r.W && height == r.H:
		c.image(layerPicture, maskOver, r.X, r.Y, kind, data)
	default: // what is beyond the rectangle must not be seen
		c.size(layerAside, width, height)
		c.image(layerAside, maskReplace, 0, 0, kind, data)
		c.copy(layerAside, 0, 0, r)
		c.size(layerAside, 0, 0)
	}
}

// image sends a compressed picture.
func (c canvas) image(layer, mask, x, y int, kind codec.Kind, data []byte) {
	w := &c.out
	w.Begin("img")
	w.Int(streamPicture)
	w.Int(mask)
	w.Int(layer)
	w.Text(kind.String())
	w.Int(x)
	w.Int(y)
	w.End()
	w.Blobs(streamPicture, data)
	w.Begin("end")
	w.Int(streamPicture)
	w.End()
}

// Copy implements Canvas. It goes by a layer of its own: browsers copy the whole canvas
// first when it is drawn on itself (a window dragged on 1920×1080 in Chromium without a
// graphics card: 33 frames a second that way, 53 this way).
func (c canvas) Copy(r codec.Rect, x, y int) {
	if c.movedWidth != c.width || c.movedHeight != c.height {
		c.movedWidth, c.movedHeight = c.width, c.height
		c.size(layerMoved, c.width, c.height)
	}
	c.copyTo(layerPicture, x, y, layerMoved, codec.Rect{W: r.W, H: r.H})
	c.copy(layerMoved, 0, 0, r)
}

func (c canvas) copy(layer, x, y int, r codec.Rect) { c.copyTo(layer, x, y, layerPicture, r) }

func (c canvas) copyTo(layer, x, y, to int, r codec.Rect) {
	w := &c.out
	w.Begin("copy")
	w.Int(layer)
	w.Int(x)
	w.Int(y)
	w.Int(r.W)
	w.Int(r.H)
	w.Int(maskOver)
	w.Int(to)
	w.Int(r.X)
	w.Int(r.Y)
	w.End()
}

// Fill implements Canvas.
func (c canvas) Fill(r codec.Rect, color uint32) {
	if r.W <= 0 || r.H <= 0 {
		return
	}
	w := &c.out
	w.Begin("rect")
	w.Int(layerPicture)
	w.Int(r.X)
	w.Int(r.Y)
	w.Int(r.W)
	w.Int(r.H)
	w.End()
	w.Begin("cfill")
	w.Int(maskOver)
	w.Int(layerPicture)
	w.Int(int(color >> 16 & 0xff))
	w.Int(int(color >> 8 & 0xff))
	w.Int(int(color & 0xff))
	w.Int(255)
	w.End()
}

// Frame implements Canvas.
func (c canvas) Frame(mark uint64) {
	now := time.Now()
	c.lastEvent, c.idle = now, false
	if c.pace.owe(mark, now) {
		c.sync(now)
		return
	}
	signal(c.wake)
}

// sync has the page show what was painted.
func (c canvas) sync(now time.Time) {
	w := &c.out
	w.Begin("sync")
	w.Int64(c.pace.frame(c.began, now))
	w.End()
}

// Cursor implements Canvas.
func (c canvas) Cursor(m *wire.Cursor) {
	if m.Width <= 0 || m.Height <= 0 {
		m = nothing
	}
	e := encoders.Get().(*encoder)
	defer encoders.Put(e)
	e.take(m.Pixels, 4*m.Width, m.Width, m.Height)
	c.size(layerCursor, m.Width, m.Height)
	c.image(layerCursor, maskReplace, 0, 0, codec.PNG, e.pngAlpha())
	e.pix = nil
	w := &c.out
	w.Begin("cursor")
	w.Int(m.HotX)
	w.Int(m.HotY)
	w.Int(layerCursor)
	w.Int(0)
	w.Int(0)
	w.Int(m.Width)
	w.Int(m.Height)
	w.End()
}

// PointerMoved implements Canvas.
func (c canvas) PointerMoved(x, y int) {
	w := &c.out
	w.Begin("mouse")
	w.Int(x)
	w.Int(y)
	w.End()
}

// Name implements Canvas.
func (c canvas) Name(name string) {
	c.out.Begin("name")
	c.out.Text(simple(name))
	c.out.End()
}

// Clipboard implements Canvas.
func (c canvas) Clipboard(mediaType string, data []byte) {
	c.clipboardPart(mediaType, data, false)
}

// clipboardPart begins a clipboard or goes on with it.
func (c canvas) clipboardPart(mediaType string, data []byte, more bool) {
	w := &c.out
	if !c.copying {
		w.Begin("clipboard")
		w.Int(streamClipboard)
		w.Text(simple(mediaType))
		w.End()
		c.copying = true
		c.page.given.Reset()
	}
	_, _ = c.page.given.Write(data)
	w.Blobs(streamClipboard, data)
	if !more {
		c.endClipboard()
	}
}

func (c canvas) endClipboard() {
	if c.copying {
		c.copying = false
		c.out.Begin("end")
		c.out.Int(streamClipboard)
		c.out.End()
	}
}

// Send implements Canvas.
func (c canvas) Send(records []byte) { c.toRelay(records) }

// Lag implements Canvas.
func (c canvas) Lag() time.Duration { return c.pace.lag() }

// ack answers a blob or a stream of the page.
func (c canvas) ack(stream int, text string, status guac.Status) {
	w := &c.out
	w.Begin("ack")
	w.Int(stream)
	w.Text(text)
	w.Int(int(status))
	w.End()
}
