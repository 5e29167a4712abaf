//go:build js

package screen

import (
	"strings"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"

	"github.com/porthole-rac/porthole/protocol/term"
	"github.com/porthole-rac/porthole/wasm/client/boxes"
	"github.com/porthole-rac/porthole/wasm/client/paint"
)

// buildRow writes row y of the view to the cells.
func (s *Screen) buildRow(y int) {
	s.missed = false
	defer func() { s.waiting[y] = s.missed }()
	v := s.view
	t := v.Term
	number := t.TopLine() + uint64(y) - uint64(v.Back)
	l := t.Line(number)
	markFrom, markTo := v.Marked(number)
	found := v.Found(number)
	hoverFrom, hoverTo := v.Hovered(number)
	s.ligated = 0
	stride := s.cols * paint.CellBytes
	s.row = s.cells[y*stride : (y+1)*stride]
	plain := markFrom >= markTo && hoverFrom >= hoverTo && len(found) == 0
	var last term.Cell
	for x := range s.cols {
		var c term.Cell
		if l != nil && x < len(l.Cells) {
			c = l.Cells[x]
			if v.Ligatures && s.ligated == 0 {
				s.ligate(l.Cells, x)
			}
		}
		if x > 0 && plain && c == last && c.Blank() && s.ligated == 0 {
			copy(s.row[x*paint.CellBytes:(x+1)*paint.CellBytes], s.row[(x-1)*paint.CellBytes:])
		} else {
			s.putCell(x, c, x >= markFrom && x < markTo, found)
		}
		last = c
		if x >= hoverFrom && x < hoverTo && s.row[x*paint.CellBytes+11]&paint.UnderlineMask == 0 {
			s.row[x*paint.CellBytes+11] |= byte(term.UnderlineSingle)
		}
	}
	s.ligated = 0
	s.putCursor(y)
}

// putCell writes one cell.
func (s *Screen) putCell(x int, c term.Cell, marked bool, found []Range) {
	v := s.view
	p := v.Term.Palette()
	fg, bg := s.colors(c, p)
	keep := byte(0)
	switch {
	case marked:
		bg, keep = v.Theme.Selection, paint.Solid
		if v.Theme.Foreground != 0 || fg == bg {
			fg = v.Theme.Foreground
		}
	default:
		for _, r := range found {
			if x >= r.From && x < r.To {
				bg, fg, keep = v.Theme.Match, v.Theme.Foreground, paint.Solid
				if r.Current {
					fg, bg = v.Theme.Background, v.Theme.Cursor
				}
			}
		}
	}
	g := s.glyphOf(c)
	line := fg
	bits := byte(c.Attr.Underline())
	under, link := v.Term.Extended(c)
	if !under.IsDefault() {
		line = p.Resolve(under, term.DefaultColor)
	}
	if link != 0 && link == v.Hover && bits == 0 {
		bits = byte(term.UnderlineSingle)
	}
	if c.Attr&term.Strike != 0 {
		bits |= paint.Strike
	}
	if c.Attr&term.Overline != 0 {
		bits |= paint.Overline
	}
	if g.color {
		bits |= paint.ColorGlyph
	}
	out := s.row[x*paint.CellBytes : x*paint.CellBytes+paint.CellBytes]
	put(out[0:], fg, byte(g.slot>>8)|keep)
	put(out[4:], bg, byte(g.slot))
	put(out[8:], line, bits)
}

func put(out []byte, rgb uint32, a byte) {
	out[0], out[1], out[2], out[3] = byte(rgb>>16), byte(rgb>>8), byte(rgb), a
}

// colors gives a cell's text colour and background as they are to be seen.
func (s *Screen) colors(c term.Cell, p *term.Palette) (fg, bg uint32) {
	fgColor := c.Fg
	if i, ok := fgColor.Index(); ok && i < 8 && c.Attr&term.Bold != 0 {
		fgColor = term.Indexed(i + 8) // bold is bright, as in xterm
	}
	fg, bg = p.Resolve(fgColor, p.Foreground), p.Resolve(c.Bg, p.Background)
	if (c.Attr&term.Inverse != 0) != s.view.Term.Modes().ReverseVideo {
		fg, bg = bg, fg
	}
	if c.Attr&term.Faint != 0 {
		fg = mix(fg, bg)
	}
	if c.Attr&term.Hidden != 0 || c.Attr&term.Blink != 0 && !s.view.BlinkOn {
		return bg, bg
	}
	if c.Fg.IsDefault() && c.Bg.IsDefault() || boxes.Has(rune(c.Char)) {
		return fg, bg // blocks are pictures: nobody reads them
	}
	return s.contrast.Readable(fg, bg), bg
}

// mix gives the colour two thirds of the way to a.
func mix(a, b uint32) uint32 {
	part := func(shift uint) uint32 { return (2*(a>>shift&0xff) + b>>shift&0xff) / 3 << shift }
	return part(16) | part(8) | part(0)
}

// glyphOf gives a cell's glyph; slot 0 when it shows nothing, or not yet.
func (s *Screen) glyphOf(c term.Cell) glyph {
	if c.Attr&term.WideTail != 0 {
		return s.tail
	}
	s.tail = glyph{}
	if s.ligated > 0 {
		s.ligated--
		s.ligSlot++
		return glyph{slot: uint16(s.ligSlot - 1)}
	}
	if c.Blank() {
		return glyph{}
	}
	k := glyphKey{style: style(c.Attr), wide: c.Attr&term.Wide != 0}
	if c.Char < 0x80 {
		k.text = asciiText[c.Char : c.Char+1]
	} else {
		k.text = s.view.Term.Cluster(c)
	}
	g, ok := s.glyphs.find(k)
	s.missed = s.missed || !ok
	if k.wide && g.slot != 0 {
		s.tail = glyph{g.slot + 1, g.color}
	}
	return g
}

// longestLigature is how many characters are drawn as one.
const longestLigature = 4

// ligate looks up the ligature that begins at a cell: signs of one look that
// stand together, as "->" and "!=", which the font may draw as one.
func (s *Screen) ligate(cells []term.Cell, x int) {
	if x > 0 && together(cells[x-1], cells[x]) && !s.afterLigature(cells, x) {
		return
	}
	n := 1
	for n < longestLigature && x+n < len(cells) && together(cells[x], cells[x+n]) {
		n++
	}
	if n < 2 || !isSign(cells[x].Char) {
		return
	}
	var text [longestLigature]byte
	for i := range n {
		text[i] = byte(cells[x+i].Char)
	}
	if g, ok := s.glyphs.find(glyphKey{text: string(text[:n]), style: style(cells[x].Attr)}); ok {
		s.ligated, s.ligSlot = n, int(g.slot)
	} else {
		s.missed = true
	}
}

// afterLigature tells whether the longest ligature ends before a cell.
func (s *Screen) afterLigature(cells []term.Cell, x int) bool {
	n := 0
	for x-n > 0 && together(cells[x-n-1], cells[x]) {
		n++
	}
	return n%longestLigature == 0
}

func together(a, b term.Cell) bool {
	return isSign(a.Char) && isSign(b.Char) && a.Attr == b.Attr && a.Fg == b.Fg && a.Bg == b.Bg && a.Ext == b.Ext
}

func isSign(c uint32) bool {
	return c < 0x80 && strings.IndexByte("!#$%&*+-./:;<=>?@\\^_|~", byte(c)) >= 0
}

// asciiText holds every ASCII character at its own index.
var asciiText = func() string {
	var b [128]byte
	for i := range b {
		b[i] = byte(i)
	}
	return string(b[:])
}()

func style(a term.Attr) (st uint8) {
	if a&term.Bold != 0 {
		st |= styleBold
	}
	if a&term.Italic != 0 {
		st |= styleItalic
	}
	return st
}

// putCursor draws the cursor, and what is being composed, into the row.
func (s *Screen) putCursor(y int) {
	v := s.view
	c := v.Term.Cursor()
	if y != s.cursorRow() {
		return
	}
	if _, x, on := v.Place(); on {
		x = min(x, s.cols-1)
		s.row[x*paint.CellBytes+11] |= paint.CursorHollow << paint.CursorShift
		return
	}
	if v.Preedit != "" {
		s.putPreedit(c.X)
		return
	}
	if !c.Visible || v.Focused && c.Blink && !v.BlinkOn {
		return
	}
	out := s.row[c.X*paint.CellBytes : c.X*paint.CellBytes+paint.CellBytes]
	kind := byte(0)
	switch {
	case !v.Focused:
		kind = paint.CursorHollow
	case c.Style == term.CursorBar:
		kind = paint.CursorBar
	case c.Style == term.CursorUnderline:
		kind = paint.CursorUnderline
	default:
		cursor := v.Term.Palette().Resolve(v.Term.Palette().Cursor, term.DefaultColor)
		put(out[0:], v.Term.Palette().Resolve(term.DefaultColor, v.Term.Palette().Background), out[3]|paint.Solid)
		put(out[4:], cursor, out[7])
	}
	out[11] |= kind << paint.CursorShift
}

// putPreedit draws the text of an input method, underlined.
func (s *Screen) putPreedit(x int) {
	text := s.view.Preedit
	for len(text) > 0 && x < s.cols {
		r, n := utf8.DecodeRuneInString(text)
		text = text[n:]
		c := term.Cell{Char: uint32(r)}
		w := runewidth.RuneWidth(r)
		if w == 2 {
			c.Attr = term.Wide
		}
		s.putCell(x, c, false, nil)
		s.row[x*paint.CellBytes+11] |= byte(term.UnderlineSingle)
		if x++; w == 2 && x < s.cols {
			s.putCell(x, term.Cell{Attr: term.WideTail}, false, nil)
			s.row[x*paint.CellBytes+11] |= byte(term.UnderlineSingle)
			x++
		}
	}
}
