// Package textline reads the terminal's text as the program wrote it: rows that
// were only wrapped are one line again.
package textline

import "github.com/porthole-rac/porthole/protocol/term"

// MaxRows bounds the rows that are joined to one line.
const MaxRows = 64

// Place is a cell: column X of a row, counted as [term.Terminal.Line] does.
type Place struct {
	Row uint64
	X   int
}

// Line is a line of text with the place of each of its bytes.
type Line struct {
	Text   []byte
	Places []Place // of each byte of Text
	Next   uint64  // the row after the line's last one
}

// Read gives the line that begins in a row, without blanks at its end, into l's
// memory.
func (l *Line) Read(t *term.Terminal, row uint64) {
	l.Text, l.Places = l.Text[:0], l.Places[:0]
	for range MaxRows {
		r := t.Line(row)
		if r == nil {
			break
		}
		l.add(t, row, r)
		row++
		if !r.Wrapped {
			break
		}
	}
	l.Next = row
	end := len(l.Text)
	for end > 0 && l.Text[end-1] == ' ' {
		end--
	}
	l.Text, l.Places = l.Text[:end], l.Places[:end]
}

func (l *Line) add(t *term.Terminal, row uint64, r *term.Line) {
	for x, c := range r.Cells {
		before := len(l.Text)
		switch {
		case c.Attr&term.WideTail != 0:
		case c.Blank():
			l.Text = append(l.Text, ' ')
		case c.Char < 0x80:
			l.Text = append(l.Text, byte(c.Char))
		default:
			l.Text = append(l.Text, t.Cluster(c)...)
		}
		for range len(l.Text) - before {
			l.Places = append(l.Places, Place{row, x})
		}
	}
}

// Start gives the row in which the line of a row begins.
func Start(t *term.Terminal, row uint64) uint64 {
	for range MaxRows - 1 {
		if row == 0 {
			break
		}
		above := t.Line(row - 1)
		if above == nil || !above.Wrapped {
			break
		}
		row--
	}
	return row
}

// End gives the cell after the one that holds byte i, on the same row.
func (l *Line) End(t *term.Terminal, i int) Place {
	p := l.Places[i]
	if r := t.Line(p.Row); r != nil && p.X < len(r.Cells) && r.Cells[p.X].Attr&term.Wide != 0 {
		p.X++
	}
	p.X++
	return p
}
