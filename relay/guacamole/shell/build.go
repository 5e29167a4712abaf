package shell

import (
	"unicode/utf8"

	"github.com/porthole-rac/porthole/protocol/term"
	"github.com/porthole-rac/porthole/protocol/term/boxes"
	"github.com/porthole-rac/porthole/protocol/term/look"
	"github.com/porthole-rac/porthole/protocol/term/paint"
	"github.com/porthole-rac/porthole/relay/guacamole/shell/glyph"
)

const cellBytes = paint.CellBytes

// buildRow writes row y of the view to the new cells. Cells that look alike are alike:
// what is not to be seen of them is zero.
func (s *Shell) buildRow(y int) {
	f := &s.frame
	t := s.shown()
	back := s.rowsBack()
	number := t.TopLine() + uint64(y) - uint64(back)
	l := t.Line(number)
	markFrom, markTo := 0, 0
	if s.talk.term == nil {
		markFrom, markTo = s.sel.Columns(t, number)
	}
	row := f.cells[y*f.cols*cellBytes : (y+1)*f.cols*cellBytes]
	var cells []term.Cell
	f.salts[y] = 0
	if l != nil {
		cells = l.Cells
		f.salts[y] = s.salt(l)
	}
	var last term.Cell
	var fg, bg uint32
	var tail uint16
	known, lastMarked := false, false
	for x := range f.cols {
		var c term.Cell
		if x < len(cells) {
			c = cells[x]
		}
		marked := x >= markFrom && x < markTo
		out := row[x*cellBytes : (x+1)*cellBytes]
		same := known && c.Fg == last.Fg && c.Bg == last.Bg && c.Attr == last.Attr && c.Ext == last.Ext && marked == lastMarked
		if same && c.Char == last.Char && c.Blank() {
			copy(out, row[(x-1)*cellBytes:])
			continue
		}
		if !same || boxes.Has(rune(c.Char)) != boxes.Has(rune(last.Char)) {
			fg, bg = s.look.Colors(c)
			if marked {
				fg, bg = s.theme.Foreground, s.theme.Selection
			}
		}
		last, lastMarked, known = c, marked, true
		n := uint16(0)
		switch {
		case c.Attr&term.WideTail != 0:
			n, tail = tail, 0
		case !c.Blank():
			n, tail = s.glyphOf(t, c)
		default:
			tail = 0
		}
		s.look.Put(out, c, look.Cell{Fg: fg, Bg: bg, Glyph: n, Solid: marked})
		tidy(out, n)
	}
	s.putCursor(t, y, back)
	if y == 0 && s.notice != "" && s.talk.term == nil {
		s.putNotice(row)
	}
}

// tidy makes zero what a cell does not show.
func tidy(out []byte, n uint16) {
	bits := out[11]
	if bits&paint.UnderlineMask == 0 {
		out[8], out[9], out[10] = 0, 0, 0
	}
	if n == 0 && bits&(paint.Strike|paint.Overline) == 0 {
		out[0], out[1], out[2] = 0, 0, 0
	}
}

// glyphOf gives the numbers of a cell's glyph and of its right half.
func (s *Shell) glyphOf(t *term.Terminal, c term.Cell) (n, tail uint16) {
	st := glyph.Style(0)
	if c.Attr&term.Bold != 0 {
		st |= glyph.Bold
	}
	if c.Attr&term.Italic != 0 {
		st |= glyph.Italic
	}
	wide := c.Attr&term.Wide != 0
	if c.Char <= utf8.MaxRune {
		n = s.face.Rune(rune(c.Char), st, wide)
	} else {
		n = s.face.Cluster(t.Cluster(c), st, wide)
	}
	if wide && n != 0 {
		tail = n + 1
	}
	return n, tail
}

// cursorRow gives the row of the view with the cursor, -1: none is shown.
func (s *Shell) cursorRow(t *term.Terminal, back int) int {
	if c := t.Cursor(); c.Visible && c.Y+back < s.frame.rowsShown {
		return c.Y + back
	}
	return -1
}

func (s *Shell) putCursor(t *term.Terminal, y, back int) {
	if y != s.cursorRow(t, back) {
		return
	}
	c := t.Cursor()
	f := &s.frame
	if c.X < f.cols {
		s.look.PutCursor(f.cells[(y*f.cols+c.X)*cellBytes:][:cellBytes], c.Style, false)
	}
}

// putNotice writes the notice over a row.
func (s *Shell) putNotice(row []byte) {
	fg, bg := s.theme.Background, s.theme.Cursor
	text := s.notice
	for x := 0; x*cellBytes < len(row); x++ {
		r, size := utf8.DecodeRuneInString(text)
		text = text[size:]
		c := term.Cell{Char: uint32(r)}
		if size == 0 {
			c.Char = 0
		}
		n := uint16(0)
		if !c.Blank() {
			n = s.face.Rune(r, 0, false)
		}
		out := row[x*cellBytes : (x+1)*cellBytes]
		s.look.Put(out, c, look.Cell{Fg: fg, Bg: bg, Glyph: n, Solid: true})
		tidy(out, n)
	}
}

// printable makes one line of what others have written.
func printable(text string) string {
	b := make([]rune, 0, len(text))
	for _, r := range text {
		if r < 0x20 || r >= 0x7f && r < 0xa0 {
			r = ' '
		}
		b = append(b, r)
	}
	return string(b)
}
