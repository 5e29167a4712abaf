//go:build js

package screen

import (
	"time"

	"github.com/porthole-rac/porthole/protocol/term/boxes"
	"github.com/porthole-rac/porthole/protocol/term/paint"
)

// glyphBudget is how long a frame may draw glyphs; what is left comes in the next
// ones. A screen full of new signs would else stop the page for a second.
const glyphBudget = 8 * time.Millisecond

// glyphKey names a glyph.
type glyphKey struct {
	text  string
	style uint8
	wide  bool
}

// glyph is a glyph that the presenter has: the number of its first cell.
type glyph struct {
	slot  uint16
	color bool
}

// glyphs knows those that were drawn. Slots are numbered along the rows; slot 0 is
// empty. When all are taken it begins anew.
type glyphs struct {
	raster  *raster
	to      presenter
	known   map[glyphKey]glyph
	ascii   [4][128]glyph // by style: no map for most text
	next    int
	perRow  int
	rows    int
	missing []glyphKey
	asked   map[glyphKey]bool // what is in missing
	full    bool
	pix     []byte
	one     []byte
}

func newGlyphs(f Font, to presenter) *glyphs {
	a := &glyphs{raster: newRaster(f), to: to}
	a.perRow, a.rows = to.setFont(f, a.raster.metrics.measures())
	a.perRow = min(a.perRow, paint.Solid<<8-1)
	a.rows = min(a.rows, (paint.Solid<<8-1)/a.perRow)
	a.reset()
	return a
}

func (a *glyphs) reset() {
	a.known = make(map[glyphKey]glyph)
	a.ascii = [4][128]glyph{}
	a.next, a.full = 1, false
	a.asked = make(map[glyphKey]bool)
	a.forget()
}

// forget drops what was asked for.
func (a *glyphs) forget() {
	a.missing = a.missing[:0]
	clear(a.asked)
}

// find gives a glyph; ok is false when it is not there yet, and then fill will
// draw it.
func (a *glyphs) find(k glyphKey) (glyph, bool) {
	if len(k.text) == 1 && k.text[0] < 128 {
		if g := a.ascii[k.style][k.text[0]]; g.slot != 0 {
			return g, true
		}
	} else if g, ok := a.known[k]; ok {
		return g, true
	}
	if !a.asked[k] {
		a.asked[k] = true
		a.missing = append(a.missing, k)
	}
	return glyph{}, false
}

// fill draws missing glyphs until the time is over, but at least one.
func (a *glyphs) fill(until time.Time) {
	done := 0
	for done < len(a.missing) && !a.full {
		var batch []request
		cells := 0
		for _, k := range a.missing[done:] {
			q := request{k.text, k.style, k.cells()}
			if cells += q.cells; cells > batchCells {
				break
			}
			batch = append(batch, q)
		}
		n := a.store(a.missing[done:], batch, until)
		for _, k := range a.missing[done : done+n] {
			delete(a.asked, k)
		}
		if done += n; !time.Now().Before(until) {
			break
		}
	}
	a.missing = append(a.missing[:0], a.missing[done:]...)
}

// cells is how many cells a glyph covers.
func (k glyphKey) cells() int {
	switch {
	case k.wide:
		return 2
	case len(k.text) > 1 && isSign(uint32(k.text[0])) && isSign(uint32(k.text[1])):
		return len(k.text) // a ligature
	}
	return 1
}

func (a *glyphs) remember(k glyphKey, g glyph) {
	if len(k.text) == 1 && k.text[0] < 128 {
		a.ascii[k.style][k.text[0]] = g
		return
	}
	a.known[k] = g
}

// slot takes n slots side by side; false when the atlas is full.
func (a *glyphs) slot(n int) (int, bool) {
	if a.next%a.perRow+n > a.perRow {
		a.next += a.perRow - a.next%a.perRow
	}
	if a.next+n > a.perRow*a.rows {
		a.full = true
		return 0, false
	}
	s := a.next
	a.next += n
	return s, true
}

// store draws a batch and gives it to the presenter. It gives how many it got to.
func (a *glyphs) store(keys []glyphKey, batch []request, until time.Time) (done int) {
	var width int
	a.pix, width, done = a.raster.draw(batch, a.pix, until)
	m := a.raster.metrics
	x := 0
	for i, q := range batch[:done] {
		w := q.cells * m.cellW
		s, ok := a.slot(q.cells)
		if !ok {
			return i
		}
		one := a.buffer(w * m.cellH * 4)
		color := false
		if r := []rune(q.text); len(r) == 1 && boxes.Has(r[0]) {
			for i, v := range boxes.Draw(r[0], m.cellW, m.cellH) {
				one[4*i], one[4*i+1], one[4*i+2], one[4*i+3] = v, v, v, v
			}
		} else {
			color = cut(one, a.pix[4*x:], w, m.cellH, width)
		}
		a.to.storeGlyph(s, q.cells, one, color)
		a.remember(keys[i], glyph{uint16(s), color})
		x += w
	}
	return done
}

// cut copies w×h pixels from a strip that is width pixels wide. The strip has
// straight alpha, glyphs have it multiplied. It tells whether there are colours.
func cut(one, strip []byte, w, h, width int) (color bool) {
	for y := range h {
		row := strip[y*width*4:]
		out := one[y*w*4:]
		for p := 0; p < w*4; p += 4 {
			r, g, b, al := row[p], row[p+1], row[p+2], row[p+3]
			color = color || al > 0 && (r != g || g != b)
			out[p] = byte(uint(r) * uint(al) / 255)
			out[p+1] = byte(uint(g) * uint(al) / 255)
			out[p+2] = byte(uint(b) * uint(al) / 255)
			out[p+3] = al
		}
	}
	return color
}

func (a *glyphs) buffer(n int) []byte {
	if cap(a.one) < n {
		a.one = make([]byte, n)
	}
	return a.one[:n]
}
