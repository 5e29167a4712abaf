package glyph

import (
	"image"
	"unicode"
	"unicode/utf8"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
	"golang.org/x/text/unicode/norm"

	"github.com/porthole-rac/porthole/protocol/term/boxes"
)

// drawer draws glyphs into masks of whole cells. It is not safe for concurrent use.
type drawer struct {
	metrics
	buf  sfnt.Buffer
	v    vector.Rasterizer
	mask []byte       // coverage, of cells×width columns
	one  *image.Alpha // of a single outline
}

// slant is how far italics lean: pixels to the right for each one up.
const slant = 0.2

// draw gives the coverage of each pixel of a text that covers cells.
func (d *drawer) draw(text string, st Style, cells int) []byte {
	w := cells * d.width
	n := w * d.height
	if cap(d.mask) < n {
		d.mask = make([]byte, n)
	}
	d.mask = d.mask[:n]
	clear(d.mask)
	first, size := utf8.DecodeRuneInString(text)
	switch {
	case size == len(text) && boxes.Has(first):
		copy(d.mask, boxes.Draw(first, w, d.height))
	case isFlag(first) && cells > 1:
		d.flag(text, st, w)
	default:
		d.cluster(text, st, w)
	}
	return d.mask
}

// cluster draws a character and the marks that belong to it.
func (d *drawer) cluster(text string, st Style, w int) {
	if !isSingle(text) {
		text = norm.NFC.String(text)
	}
	for i, r := range text {
		switch {
		case i == 0:
			if !d.rune(r, st, 0, w, w) {
				d.missing(w)
			}
		case r == zeroWidthJoiner:
			return // the first sign of a sequence stands for all
		case isSelector(r) || isTone(r):
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Mc):
			d.rune(r, st, 0, min(w, d.width), w)
		default: // Hangul letters, tags and the like: drawn over the first one
			if !unicode.Is(unicode.Cf, r) {
				d.rune(r, st, 0, w, w)
			}
		}
	}
}

// flag draws the letters of a flag side by side.
func (d *drawer) flag(text string, st Style, w int) {
	x := 0
	for _, r := range text {
		if isFlag(r) && x+d.width <= w {
			d.rune(r, st, x, d.width, w)
			x += d.width
		}
	}
}

const zeroWidthJoiner = '\u200d'

func isFlag(r rune) bool { return r >= 0x1f1e6 && r <= 0x1f1ff }

func isSelector(r rune) bool { return r >= 0xfe00 && r <= 0xfe0f || r >= 0xe0100 && r <= 0xe01ef }

// isTone tells a colour of skin.
func isTone(r rune) bool { return r >= 0x1f3fb && r <= 0x1f3ff }

func isSingle(text string) bool {
	_, n := utf8.DecodeRuneInString(text)
	return n == len(text)
}

// rune draws one character into columns x…x+room-1 of a mask that is stride wide;
// false when no font has it.
func (d *drawer) rune(r rune, st Style, x, room, stride int) bool {
	f := outlines(st&Bold != 0)
	if i, err := f.GlyphIndex(&d.buf, r); err == nil && i != 0 {
		return d.outline(f, i, st, x, room, stride)
	}
	if st&Bold != 0 { // the bold font has fewer characters
		f = outlines(false)
		if i, err := f.GlyphIndex(&d.buf, r); err == nil && i != 0 {
			return d.outline(f, i, st, x, room, stride)
		}
	}
	b, ok := bitmaps().find(r)
	if ok {
		if st&Bold != 0 {
			b.bold()
		}
		d.bitmap(&b, st, x, room, stride)
	}
	return ok
}

// outline draws a glyph of an outline font.
func (d *drawer) outline(f *sfnt.Font, i sfnt.GlyphIndex, st Style, x, room, stride int) bool {
	units := f.UnitsPerEm()
	segments, err := f.LoadGlyph(&d.buf, i, fixed.Int26_6(units), nil) // in units of the font
	if err != nil {
		return false
	}
	if len(segments) == 0 {
		return true
	}
	bounds := segments.Bounds()
	left, right := float32(bounds.Min.X), float32(bounds.Max.X)
	shift := float32(0)
	if mid := (left + right) / 2; mid < 0 {
		shift = d.advance // a mark that reaches back over the character before
	}
	origin := float32(x) + float32(room-d.width)/2
	lean := float32(0)
	if st&Italic != 0 {
		lean = slant
	}
	at := func(p fixed.Point26_6) (float32, float32) {
		up := d.snap(-float32(p.Y))
		return origin + (float32(p.X)+shift)*d.scaleX + lean*(up-d.middle), float32(d.baseline) - up
	}
	d.v.Reset(stride, d.height)
	for _, s := range segments {
		x0, y0 := at(s.Args[0])
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			d.v.ClosePath()
			d.v.MoveTo(x0, y0)
		case sfnt.SegmentOpLineTo:
			d.v.LineTo(x0, y0)
		case sfnt.SegmentOpQuadTo:
			x1, y1 := at(s.Args[1])
			d.v.QuadTo(x0, y0, x1, y1)
		case sfnt.SegmentOpCubeTo:
			x1, y1 := at(s.Args[1])
			x2, y2 := at(s.Args[2])
			d.v.CubeTo(x0, y0, x1, y1, x2, y2)
		}
	}
	d.v.ClosePath()
	if d.one == nil || d.one.Stride != stride {
		d.one = image.NewAlpha(image.Rect(0, 0, stride, d.height))
	}
	clear(d.one.Pix)
	d.v.Draw(d.one, d.one.Bounds(), image.Opaque, image.Point{})
	for i, a := range d.one.Pix {
		d.mask[i] = max(d.mask[i], a)
	}
	return true
}

// snap gives the height of a point above the base line in pixels. Heights that many
// letters share come to whole pixels, which makes them sharp, and what round letters
// go beyond these is cut.
func (d *drawer) snap(y float32) float32 {
	const over = 0.016 // of an em
	o := over * d.em
	switch {
	case y >= -o && y <= 0:
		return 0
	case y < 0:
		return y * d.scaleY
	case y <= d.xHeight+o:
		return min(y/d.xHeight, 1) * d.xPixels
	case y <= d.capHeight+o:
		return d.xPixels + min((y-d.xHeight)/(d.capHeight-d.xHeight), 1)*(d.capPixels-d.xPixels)
	}
	return d.capPixels + (y-d.capHeight)*d.scaleY
}

// bitmap draws a bitmap as large as fits the room, and in its own size where it can.
func (d *drawer) bitmap(b *bitmap, st Style, x, room, stride int) {
	columns := b.kind.columns()
	sx, sy := float32(room)/float32(columns), float32(d.height)/side
	if sx > sy && columns*int(sy+1) > room {
		sx = sy
	}
	sx, sy = whole(sx), whole(sy)
	if sx > sy*1.3 {
		sx = sy
	}
	left := float32(x) + float32(int((float32(room)-sx*float32(columns))/2))
	top := min(max(float32(d.baseline)-sy*(side-below), 0), float32(d.height)-sy*side)
	top = float32(int(top + .5))
	lean := float32(0)
	if st&Italic != 0 {
		lean = slant
	}
	const n = 4 // samples of a pixel each way
	for y := range d.height {
		for px := x; px < x+room; px++ {
			in := 0
			for i := range n * n {
				fy := (float32(y) + (float32(i/n)+.5)/n - top) / sy
				fx := (float32(px) + (float32(i%n)+.5)/n - left) / sx
				fx += lean * (fy - side/2)
				if fx >= 0 && fx < side && fy >= 0 && fy < side && b.rows[int(fy)]&(1<<(side-1-int(fx))) != 0 {
					in++
				}
			}
			at := y*stride + px
			d.mask[at] = max(d.mask[at], byte(in*255/(n*n)))
		}
	}
}

// whole takes a scale that is just above a whole number as that number: the pixels
// stay sharp.
func whole(s float32) float32 {
	if n := float32(int(s)); n >= 1 && s-n < .25*n {
		return n
	}
	return s
}

// missing draws an empty box.
func (d *drawer) missing(w int) {
	top, bottom := max(d.baseline-int(d.capPixels), 0), min(d.baseline, d.height)
	for y := top; y < bottom; y++ {
		for x := 1; x < w-1; x++ {
			if y == top || y == bottom-1 || x == 1 || x == w-2 {
				d.mask[y*w+x] = 160
			}
		}
	}
}
