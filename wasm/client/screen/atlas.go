//go:build js

package screen

import (
	"image"

	"github.com/hajimehoshi/ebiten/v2"

	"github.com/porthole-rac/porthole/wasm/client/boxes"
)

const (
	atlasWidth  = 1024
	atlasHeight = 2048
)

// glyphKey names a glyph in the atlas.
type glyphKey struct {
	text  string
	style uint8
	wide  bool
}

// glyph is where a glyph is: the number of its first slot.
type glyph struct {
	slot  uint16
	color bool
}

// atlas holds the glyphs that were drawn. Slots are numbered along the rows; slot
// 0 is empty. When it is full it begins anew.
type atlas struct {
	raster  *raster
	image   *ebiten.Image
	glyphs  map[glyphKey]glyph
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

func newAtlas(f Font) *atlas {
	a := &atlas{raster: newRaster(f)}
	a.image = ebiten.NewImageWithOptions(image.Rect(0, 0, atlasWidth, atlasHeight), &ebiten.NewImageOptions{Unmanaged: true})
	a.perRow = atlasWidth / a.raster.metrics.cellW
	a.rows = min(atlasHeight/a.raster.metrics.cellH, (solid<<8-1)/a.perRow)
	a.reset()
	return a
}

func (a *atlas) reset() {
	a.glyphs = make(map[glyphKey]glyph)
	a.ascii = [4][128]glyph{}
	a.next, a.full = 1, false
	a.missing, a.asked = a.missing[:0], make(map[glyphKey]bool)
}

// find gives a glyph; ok is false when it is not there yet, and then fill will
// draw it.
func (a *atlas) find(k glyphKey) (glyph, bool) {
	if len(k.text) == 1 && k.text[0] < 128 {
		if g := a.ascii[k.style][k.text[0]]; g.slot != 0 {
			return g, true
		}
	} else if g, ok := a.glyphs[k]; ok {
		return g, true
	}
	if !a.asked[k] {
		a.asked[k] = true
		a.missing = append(a.missing, k)
	}
	return glyph{}, false
}

// fill draws the missing glyphs. It tells whether any were.
func (a *atlas) fill() bool {
	if len(a.missing) == 0 {
		return false
	}
	list := a.missing
	a.missing = nil
	clear(a.asked)
	var batch []request
	var keys []glyphKey
	cells := 0
	flush := func() {
		if len(batch) > 0 {
			a.store(batch, keys)
		}
		batch, keys, cells = batch[:0], keys[:0], 0
	}
	for _, k := range list {
		n := 1
		if k.wide {
			n = 2
		}
		if len(k.text) > 1 && isSign(uint32(k.text[0])) && isSign(uint32(k.text[1])) {
			n = len(k.text) // a ligature
		}
		if r := []rune(k.text); len(r) == 1 && boxes.Has(r[0]) {
			a.storeBox(k, r[0])
			continue
		}
		if cells+n > batchCells {
			flush()
		}
		batch = append(batch, request{k.text, k.style, n})
		keys = append(keys, k)
		cells += n
	}
	flush()
	return true
}

func (a *atlas) remember(k glyphKey, g glyph) {
	if len(k.text) == 1 && k.text[0] < 128 {
		a.ascii[k.style][k.text[0]] = g
		return
	}
	a.glyphs[k] = g
}

// slot takes n slots side by side; false when the atlas is full.
func (a *atlas) slot(n int) (int, bool) {
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

// store draws a batch and writes it to the atlas.
func (a *atlas) store(batch []request, keys []glyphKey) {
	var width int
	a.pix, width = a.raster.draw(batch, a.pix)
	m := a.raster.metrics
	x := 0
	for i, q := range batch {
		w := q.cells * m.cellW
		s, ok := a.slot(q.cells)
		if !ok {
			x += w
			continue
		}
		one := a.buffer(w * m.cellH * 4)
		color := false
		for y := range m.cellH {
			row := a.pix[(y*width+x)*4:]
			out := one[y*w*4:]
			for p := 0; p < w*4; p += 4 {
				r, g, b, al := row[p], row[p+1], row[p+2], row[p+3]
				color = color || al > 0 && (r != g || g != b)
				// The canvas gives straight alpha, the atlas holds premultiplied.
				out[p] = byte(uint(r) * uint(al) / 255)
				out[p+1] = byte(uint(g) * uint(al) / 255)
				out[p+2] = byte(uint(b) * uint(al) / 255)
				out[p+3] = al
			}
		}
		a.write(s, w, m.cellH, one)
		a.remember(keys[i], glyph{uint16(s), color})
		x += w
	}
}

func (a *atlas) storeBox(k glyphKey, r rune) {
	m := a.raster.metrics
	s, ok := a.slot(1)
	if !ok {
		return
	}
	one := a.buffer(m.cellW * m.cellH * 4)
	for i, v := range boxes.Draw(r, m.cellW, m.cellH) {
		one[4*i], one[4*i+1], one[4*i+2], one[4*i+3] = v, v, v, v
	}
	a.write(s, m.cellW, m.cellH, one)
	a.remember(k, glyph{slot: uint16(s)})
}

func (a *atlas) buffer(n int) []byte {
	if cap(a.one) < n {
		a.one = make([]byte, n)
	}
	return a.one[:n]
}

func (a *atlas) write(slot, w, h int, pix []byte) {
	m := a.raster.metrics
	x, y := slot%a.perRow*m.cellW, slot/a.perRow*m.cellH
	a.image.SubImage(image.Rect(x, y, x+w, y+h)).(*ebiten.Image).WritePixels(pix)
}
