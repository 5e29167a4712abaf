//go:build js

package screen

import (
	"errors"
	"strconv"
	"syscall/js"

	"github.com/porthole-rac/porthole/protocol/term/paint"
)

// canvasGlyphs bounds the memory of glyphs, pixels.
const canvasGlyphs = 8 << 20

// canvas is the presenter for browsers without a graphics card. Ebiten is not
// started.
type canvas struct {
	painter  paint.Painter
	measures paint.Measures
	scale    float64 // device pixels for each CSS pixel
	grid     []byte
	cols     int
	rows     int

	element js.Value
	ctx     js.Value
	bytes   js.Value // the browser's copy of the pixels
	image   js.Value // the same as ImageData
	drawn   []span   // rows of pixels that are not on the canvas yet

	ask   js.Value // requestAnimationFrame
	frame js.Func
	asked bool
}

// span is a stretch of rows of pixels.
type span struct{ from, to int }

func newCanvas() (*canvas, error) {
	document := js.Global().Get("document")
	// Ebiten puts its canvas into the page as soon as it is part of the program.
	if c := document.Call("querySelector", "body > canvas"); c.Truthy() {
		c.Call("remove")
	}
	c := &canvas{element: document.Call("createElement", "canvas"), ask: js.Global().Get("requestAnimationFrame")}
	// In the browser's memory: to bring it to a graphics card that is none costs more.
	c.ctx = c.element.Call("getContext", "2d", map[string]any{"alpha": false, "willReadFrequently": true})
	if !c.ctx.Truthy() {
		return nil, errors.New("the browser gives no 2D canvas")
	}
	document.Get("body").Call("append", c.element)
	return c, nil
}

func (c *canvas) run(s *Screen) error {
	c.frame = js.FuncOf(func(js.Value, []js.Value) any {
		c.asked = false
		s.frame()
		return nil
	})
	c.wake()
	select {}
}

func (c *canvas) wake() {
	if !c.asked && c.frame.Truthy() {
		c.asked = true
		c.ask.Invoke(c.frame)
	}
}

func (c *canvas) setFont(f Font, m paint.Measures) (perRow, rows int) {
	c.measures, c.scale = m, f.Scale
	c.painter.Font = paint.NewFont(m)
	return max(canvasGlyphs/(m.Width*m.Height), 256), 1
}

func (c *canvas) storeGlyph(n, cells int, pix []byte, color bool) {
	c.painter.Font.SetGlyph(n, cells, pix, color)
}

func (c *canvas) setGrid(cells []byte, cols, rows int) { c.grid, c.cols, c.rows = cells, cols, rows }

func (c *canvas) upload(int, int) {}

// clear makes the canvas as large as the terminal, which may be larger than the
// window until the relay has heard of its new size.
func (c *canvas) clear(width, height int, background uint32) {
	w, h := min(c.cols*c.measures.Width, width), min(c.rows*c.measures.Height, height)
	if nowW, nowH := c.painter.Size(); nowW != w || nowH != h {
		c.painter.Resize(w, h)
		c.element.Set("width", w)
		c.element.Set("height", h)
		c.bytes = js.Global().Get("Uint8ClampedArray").New(4 * w * h)
		c.image = js.Global().Get("ImageData").New(c.bytes, w, h)
	}
	style := c.element.Get("style")
	for name, v := range map[string]int{"width": w, "height": h} {
		style.Set(name, strconv.FormatFloat(float64(v)/c.scale, 'f', -1, 64)+"px")
	}
	c.painter.Background = background
	c.painter.Clear()
}

func (c *canvas) cells(list []area, layer int, k colors) {
	c.painter.Background, c.painter.Cursor = k.background, k.cursor
	_, h := c.painter.Size()
	for _, a := range list {
		c.painter.Cells(c.grid, c.cols, a.x0, a.x1, a.y0, a.y1, layer)
		if layer == paint.AllBackgrounds { // the others, and pictures, are within these rows
			c.drawn = append(c.drawn, span{min(a.y0*c.measures.Height, h), min(a.y1*c.measures.Height, h)})
		}
	}
}

func (c *canvas) piece(p pixels, to, from paint.Rect, smooth bool) {
	c.painter.Draw(p.(*memory).picture, to, from, smooth)
}

func (c *canvas) finish() {
	w, _ := c.painter.Size()
	all := c.painter.Pixels()
	for _, s := range c.drawn {
		if s.from >= s.to || w == 0 {
			continue
		}
		js.CopyBytesToJS(c.bytes.Call("subarray", 4*w*s.from, 4*w*s.to), all[4*w*s.from:4*w*s.to])
		c.ctx.Call("putImageData", c.image, 0, 0, 0, s.from, w, s.to-s.from)
	}
	c.drawn = c.drawn[:0]
}

// memory is a picture's pixels.
type memory struct{ picture *paint.Picture }

func (c *canvas) pixels(w, h int) pixels { return &memory{paint.NewPicture(w, h)} }

func (m *memory) write(y int, pix []byte) { m.picture.SetRows(y, pix) }

func (m *memory) free() {}
