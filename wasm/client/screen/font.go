//go:build js

package screen

import (
	"math"
	"strconv"
	"syscall/js"
	"time"
	"unicode/utf8"

	"github.com/porthole-rac/porthole/protocol/term/boxes"
	"github.com/porthole-rac/porthole/protocol/term/paint"
)

// Font is how text is drawn.
type Font struct {
	Family string  // CSS font-family list
	Size   float64 // CSS pixels
	Scale  float64 // device pixels for each CSS pixel
}

// metrics are a font's measures in device pixels.
type metrics struct {
	cellW, cellH int
	baseline     float64
	size         float64
}

// measures are what cells are drawn with.
func (m *metrics) measures() paint.Measures {
	thick := math.Max(1, math.Round(m.size/14))
	return paint.Measures{
		Width: m.cellW, Height: m.cellH, Thick: float32(thick),
		Underline: float32(math.Min(m.baseline+thick*1.5+1, float64(m.cellH)-thick)),
		Strike:    float32(math.Round(m.baseline - m.size*.27)),
	}
}

// raster draws glyphs by the browser's font engine on a canvas that is never
// shown.
type raster struct {
	font    Font
	metrics metrics
	canvas  js.Value
	ctx     js.Value
	w, h    int // of the canvas
}

// batchCells is how many cells are drawn and read back at once.
const batchCells = 64

func newRaster(f Font) *raster {
	r := &raster{font: f}
	r.canvas = js.Global().Get("OffscreenCanvas").New(16, 16)
	r.ctx = r.canvas.Call("getContext", "2d", map[string]any{"willReadFrequently": true})
	size := math.Round(f.Size * f.Scale)
	r.ctx.Set("font", r.css(size, 0))
	m := r.ctx.Call("measureText", "0")
	ascent, descent := m.Get("fontBoundingBoxAscent").Float(), m.Get("fontBoundingBoxDescent").Float()
	width := m.Get("width").Float()
	height := math.Ceil(ascent + descent)
	// A little room between lines, less where the font has its own.
	leading := math.Max(0, math.Round(size*1.2)-height)
	r.metrics = metrics{
		cellW: max(1, int(math.Round(width))), cellH: max(1, int(height+leading)),
		baseline: math.Round(ascent + leading/2), size: size,
	}
	r.w, r.h = r.metrics.cellW*batchCells, r.metrics.cellH
	r.canvas.Set("width", r.w)
	r.canvas.Set("height", r.h)
	return r
}

// Styles of a face.
const (
	styleBold = 1 << iota
	styleItalic
)

func (r *raster) css(size float64, style uint8) string {
	s := ""
	if style&styleItalic != 0 {
		s = "italic "
	}
	if style&styleBold != 0 {
		s += "bold "
	}
	return s + strconv.FormatFloat(size, 'f', -1, 64) + "px " + r.font.Family
}

// request is a glyph to be drawn: a text of some cells' width.
type request struct {
	text  string
	style uint8
	cells int
}

// draw draws glyphs side by side and gives the pixels of the strip, four bytes
// each and width in a row. When the time is over it stops, but not before the
// first: done tells how many there are. Boxes are left empty.
func (r *raster) draw(list []request, pix []byte, until time.Time) (strip []byte, width, done int) {
	style := uint8(255)
	fresh := true
	for _, q := range list {
		w := q.cells * r.metrics.cellW
		if first, size := utf8.DecodeRuneInString(q.text); size < len(q.text) || !boxes.Has(first) {
			if fresh {
				r.ctx.Call("clearRect", 0, 0, r.w, r.h)
				r.ctx.Set("fillStyle", "#fff")
				r.ctx.Set("textBaseline", "alphabetic")
				fresh = false
			}
			if q.style != style {
				style = q.style
				r.ctx.Set("font", r.css(r.metrics.size, style))
			}
			r.one(q.text, width, q.cells)
		}
		width += w
		if done++; !time.Now().Before(until) {
			break
		}
	}
	n := width * r.h * 4
	if cap(pix) < n {
		pix = make([]byte, n)
	}
	pix = pix[:n]
	if !fresh {
		js.CopyBytesToGo(pix, r.ctx.Call("getImageData", 0, 0, width, r.h).Get("data"))
	}
	return pix, width, done
}

// one draws a glyph at column x.
func (r *raster) one(text string, x, cells int) {
	w := cells * r.metrics.cellW
	r.ctx.Call("save")
	r.ctx.Call("beginPath")
	r.ctx.Call("rect", x, 0, w, r.h)
	r.ctx.Call("clip")
	// A fallback font may be wider than the cells: it is squeezed.
	natural := r.ctx.Call("measureText", text).Get("width").Float()
	if natural > float64(w)+1 {
		r.ctx.Call("translate", x, 0)
		r.ctx.Call("scale", float64(w)/natural, 1)
		r.ctx.Call("fillText", text, 0, r.metrics.baseline)
	} else {
		offset := 0.0
		if cells > 1 {
			offset = math.Floor((float64(w) - natural) / 2)
		}
		r.ctx.Call("fillText", text, float64(x)+offset, r.metrics.baseline)
	}
	r.ctx.Call("restore")
}
