//go:build js

package screen

import (
	"strings"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"

	"github.com/porthole-rac/porthole/protocol/term"
	"github.com/porthole-rac/porthole/protocol/term/look"
	"github.com/porthole-rac/porthole/protocol/term/paint"
)

// buildRow writes row y of the view to the cells.
func (s *Screen) buildRow(y int) {
	s.missed = false
	defer func() { s.waiting[y] = s.missed }()
	v := s.view
	t := v.Term
	s.look.Term, s.look.BlinkOn = t, v.BlinkOn
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
	fg, bg := s.look.Colors(c)
	keep := false
	switch {
	case marked:
		bg, keep = v.Theme.Selection, true
		if v.Theme.Foreground != 0 || fg == bg {
			fg = v.Theme.Foreground
		}
	default:
		for _, r := range found {
			if x >= r.From && x < r.To {
				bg, fg, keep = v.Theme.Match, v.Theme.Foreground, true
				if r.Current {
					fg, bg = v.Theme.Background, v.Theme.Cursor
				}
			}
		}
	}
	g := s.glyphOf(c)
	_, link := v.Term.Extended(c)
	s.look.Put(s.row[x*paint.CellBytes:], c, look.Cell{
		Fg: fg, Bg: bg, Glyph: g.slot, Color: g.color, Solid: keep, Link: link != 0 && link == v.Hover,
	})
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
	s.look.PutCursor(s.row[c.X*paint.CellBytes:(c.X+1)*paint.CellBytes], c.Style, !v.Focused)
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
