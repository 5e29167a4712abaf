//go:build js

package screen

import (
	"math"
	"syscall/js"

	"github.com/porthole-rac/porthole/protocol/term"
)

const (
	textureBudget = 96 << 20 // bytes of pictures ready to be drawn
	maxTexture    = 4094     // pixels of a side: with the border 4096, as much as nearly any WebGL 2 has
	maxPixels     = 4 << 20  // of one picture; a larger one is made smaller
	stripBytes    = 1 << 20  // of pixels converted at once
)

// ready is a picture that is ready to be drawn, or is getting ready.
type ready struct {
	pixels         pixels  // nil while it is not there
	scaleX, scaleY float32 // its pixels for each of the picture's
	bytes          int
	used           uint64 // number of the frame
	decoded        []byte // came from the browser, to be written in the next frame
	width, height  int
}

// gallery holds the pictures that were drawn lately. Files are decoded by the
// browser, one at a time.
type gallery struct {
	all      map[*term.Picture]*ready
	bytes    int
	frame    uint64
	complete uint64 // the last frame that drew everything
	queue    []*term.Picture
	busy     bool
	changed  func() // called when a picture can be drawn
	strip    []byte
	to       presenter
}

// begin is called at the beginning of a frame; all tells that everything is
// drawn. What the terminal has dropped goes.
func (c *gallery) begin(t *term.Terminal, all bool) {
	c.frame++
	if len(c.all) == 0 || !all {
		return
	}
	for p := range c.all {
		if !t.HasPicture(p) {
			c.drop(p)
		}
	}
	c.complete = c.frame
}

func (c *gallery) drop(p *term.Picture) {
	x := c.all[p]
	delete(c.all, p)
	c.bytes -= x.bytes
	if x.pixels != nil {
		x.pixels.free()
	}
}

// get gives a picture for drawing, nil while it is not ready.
func (c *gallery) get(p *term.Picture) *ready {
	x := c.all[p]
	if x == nil {
		if x = c.make(p); x == nil {
			return nil
		}
	}
	x.used = c.frame
	if x.decoded != nil {
		x.pixels = c.to.pixels(x.width, x.height)
		c.write(x, func(dst []byte, y, n int) []byte {
			return append(dst, x.decoded[4*x.width*y:4*x.width*(y+n)]...)
		})
		x.decoded = nil
	}
	if x.pixels == nil {
		return nil
	}
	return x
}

// make begins a picture. Those that were not in the last complete frame make
// room for it; when those that are would have to, it is not drawn.
func (c *gallery) make(p *term.Picture) *ready {
	x := &ready{width: p.Width, height: p.Height}
	if f := math.Sqrt(float64(maxPixels) / float64(p.Width*p.Height)); f < 1 {
		x.width, x.height = max(int(float64(p.Width)*f), 1), max(int(float64(p.Height)*f), 1)
	}
	x.width, x.height = min(x.width, maxTexture), min(x.height, maxTexture)
	if p.Format.MediaType() == "" { // within the bounds already
		x.width, x.height = p.Width, p.Height
	}
	x.bytes = 4 * (x.width + 2) * (x.height + 2)
	for c.bytes+x.bytes > textureBudget {
		var oldest *term.Picture
		for q, y := range c.all {
			if y.used < c.complete && (oldest == nil || y.used < c.all[oldest].used) {
				oldest = q
			}
		}
		if oldest == nil {
			return nil
		}
		c.drop(oldest)
	}
	x.scaleX, x.scaleY = float32(x.width)/float32(p.Width), float32(x.height)/float32(p.Height)
	if c.all == nil {
		c.all = make(map[*term.Picture]*ready)
	}
	c.all[p] = x
	c.bytes += x.bytes
	switch p.Format {
	case term.FormatRGBA, term.FormatRGB, term.FormatIndexed:
		x.pixels = c.to.pixels(x.width, x.height)
		c.write(x, p.AppendRows)
	default:
		c.queue = append(c.queue, p)
		c.next()
	}
	return x
}

// write writes a picture, some rows at once. rows appends rows y…y+n-1 with
// straight alpha; presenters want it multiplied.
func (c *gallery) write(x *ready, rows func(dst []byte, y, n int) []byte) {
	step := max(stripBytes/(4*x.width), 1)
	for y := 0; y < x.height; y += step {
		c.strip = rows(c.strip[:0], y, min(step, x.height-y))
		premultiply(c.strip)
		x.pixels.write(y, c.strip)
	}
}

func premultiply(pix []byte) {
	for i := 0; i+3 < len(pix); i += 4 {
		switch a := uint(pix[i+3]); a {
		case 255:
		case 0:
			pix[i], pix[i+1], pix[i+2] = 0, 0, 0
		default:
			pix[i] = byte(uint(pix[i]) * a / 255)
			pix[i+1] = byte(uint(pix[i+1]) * a / 255)
			pix[i+2] = byte(uint(pix[i+2]) * a / 255)
		}
	}
}

// next has the browser decode the next file that is still wanted. One that it
// cannot decode stays without pixels and is not drawn.
func (c *gallery) next() {
	if c.busy || len(c.queue) == 0 {
		return
	}
	p := c.queue[0]
	c.queue = c.queue[1:]
	x := c.all[p]
	if x == nil {
		c.next()
		return
	}
	c.busy = true
	data := js.Global().Get("Uint8Array").New(len(p.Data))
	js.CopyBytesToJS(data, p.Data)
	blob := js.Global().Get("Blob").New([]any{data}, map[string]any{"type": p.Format.MediaType()})
	options := map[string]any{}
	if x.width != p.Width || x.height != p.Height {
		options = map[string]any{"resizeWidth": x.width, "resizeHeight": x.height, "resizeQuality": "high"}
	}
	var done, failed js.Func
	finish := func() {
		done.Release()
		failed.Release()
		c.busy = false
		c.next()
	}
	done = js.FuncOf(func(_ js.Value, args []js.Value) any {
		bitmap := args[0]
		w, h := bitmap.Get("width").Int(), bitmap.Get("height").Int()
		if c.all[p] == x && w == x.width && h == x.height {
			canvas := js.Global().Get("OffscreenCanvas").New(w, h)
			ctx := canvas.Call("getContext", "2d", map[string]any{"willReadFrequently": true})
			ctx.Call("drawImage", bitmap, 0, 0)
			x.decoded = make([]byte, 4*w*h)
			js.CopyBytesToGo(x.decoded, ctx.Call("getImageData", 0, 0, w, h).Get("data"))
			c.changed()
		}
		bitmap.Call("close")
		finish()
		return nil
	})
	failed = js.FuncOf(func(js.Value, []js.Value) any {
		finish()
		return nil
	})
	js.Global().Call("createImageBitmap", blob, options).Call("then", done, failed)
}
