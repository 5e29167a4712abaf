// Package selection is the part of a terminal's text that the person has marked.
// It knows lines by their absolute numbers, so that it stays on its text while
// output scrolls.
package selection

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/porthole-rac/porthole/protocol/term"
)

// Mode is how a selection grows.
type Mode uint8

// Modes.
const (
	Char Mode = iota
	Word
	Line
	Block
)

// Point is a place between cells: before column X of a line.
type Point struct {
	Line uint64
	X    int
}

func (p Point) before(q Point) bool { return p.Line < q.Line || p.Line == q.Line && p.X < q.X }

// Selection is what is marked. The zero value is nothing.
type Selection struct {
	Mode   Mode
	anchor Point // where it began
	head   Point // where it is drawn to
	active bool
	epoch  uint32
}

// Begin starts a selection at a cell.
func (s *Selection) Begin(t *term.Terminal, at Point, m Mode) {
	*s = Selection{Mode: m, anchor: at, head: at, active: true, epoch: t.Epoch()}
}

// Extend draws the selection to a cell.
func (s *Selection) Extend(at Point) {
	if s.active {
		s.head = at
	}
}

// Head gives the end that moves.
func (s *Selection) Head() Point { return s.head }

// Clear marks nothing.
func (s *Selection) Clear() { *s = Selection{} }

// Empty tells whether nothing is marked, also when the lines have got other
// numbers.
func (s *Selection) Empty(t *term.Terminal) bool {
	if !s.active || s.epoch != t.Epoch() {
		return true
	}
	return (s.Mode == Char || s.Mode == Block) && s.anchor == s.head
}

// bounds gives the marked range, words and lines filled up; from is before to.
func (s *Selection) bounds(t *term.Terminal) (from, to Point) {
	from, to = s.anchor, s.head
	if to.before(from) {
		from, to = to, from
	}
	switch s.Mode {
	case Word:
		from, _ = wordAt(t, from)
		_, to = wordAt(t, to)
	case Line:
		for isWrapped(t, from.Line-1) {
			from.Line--
		}
		for isWrapped(t, to.Line) {
			to.Line++
		}
		from.X = 0
		cols, _ := t.Size()
		to.X = cols
	}
	return from, to
}

func isWrapped(t *term.Terminal, n uint64) bool {
	l := t.Line(n)
	return l != nil && l.Wrapped
}

// Columns gives the marked columns from…to-1 of a line; none when from ≥ to.
func (s *Selection) Columns(t *term.Terminal, n uint64) (from, to int) {
	if s.Empty(t) {
		return 0, 0
	}
	cols, _ := t.Size()
	a, b := s.bounds(t)
	if n < a.Line || n > b.Line {
		return 0, 0
	}
	if s.Mode == Block {
		return min(s.anchor.X, s.head.X), max(s.anchor.X, s.head.X)
	}
	from, to = 0, cols
	if n == a.Line {
		from = a.X
	}
	if n == b.Line {
		to = b.X
	}
	return from, to
}

// class tells words, blanks and the rest apart; -1 outside of the text.
func class(t *term.Terminal, p Point) int {
	l := t.Line(p.Line)
	if l == nil || p.X < 0 || p.X >= len(l.Cells) {
		return -1
	}
	x := p.X
	if l.Cells[x].Attr&term.WideTail != 0 && x > 0 {
		x--
	}
	if l.Cells[x].Blank() {
		return 0
	}
	r, _ := utf8.DecodeRuneInString(t.Cluster(l.Cells[x]))
	if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_-./~:@%+#?&=", r) {
		return 1
	}
	return 2
}

// before and after give the neighbouring cells in the text: over the edge when
// the line was wrapped there.
func before(t *term.Terminal, p Point) Point {
	if p.X == 0 && p.Line > 0 && isWrapped(t, p.Line-1) {
		return Point{p.Line - 1, len(t.Line(p.Line-1).Cells) - 1}
	}
	return Point{p.Line, p.X - 1}
}

func after(t *term.Terminal, p Point) Point {
	if l := t.Line(p.Line); l != nil && l.Wrapped && p.X == len(l.Cells)-1 {
		return Point{p.Line + 1, 0}
	}
	return Point{p.Line, p.X + 1}
}

// longestWord bounds a word, cells.
const longestWord = 1 << 14

// wordAt gives the word around a cell: characters of one class.
func wordAt(t *term.Terminal, p Point) (from, to Point) {
	k := class(t, p)
	if k < 0 {
		return p, p
	}
	from, to = p, p
	for range longestWord {
		q := before(t, from)
		if class(t, q) != k {
			break
		}
		from = q
	}
	for range longestWord {
		q := after(t, to)
		if class(t, q) != k {
			break
		}
		to = q
	}
	to.X++
	return from, to
}

// NextWord gives the place of the next word's beginning, or, with a negative
// step, of the present or the one before.
func NextWord(t *term.Terminal, p Point, step int) Point {
	if step < 0 {
		q := before(t, p)
		for range longestWord {
			if class(t, q) != 0 {
				break
			}
			q = before(t, q)
		}
		if class(t, q) < 0 {
			return Point{p.Line, 0}
		}
		from, _ := wordAt(t, q)
		return from
	}
	_, q := wordAt(t, p)
	for range longestWord {
		if class(t, q) != 0 {
			break
		}
		q = after(t, q)
	}
	return q
}

// Text gives the marked text. Lines that were wrapped are joined, trailing
// blanks are cut.
func (s *Selection) Text(t *term.Terminal) string {
	if s.Empty(t) {
		return ""
	}
	var b []byte
	a, z := s.bounds(t)
	for n := a.Line; n <= z.Line; n++ {
		l := t.Line(n)
		if l == nil {
			continue
		}
		from, to := s.Columns(t, n)
		to = min(to, len(l.Cells))
		if from < to {
			part := term.Line{Cells: l.Cells[from:to]}
			if l.Wrapped && s.Mode != Block && to == len(l.Cells) {
				b = appendAll(t, b, &part)
			} else {
				b = t.AppendLine(b, &part)
			}
		}
		if n < z.Line && (!l.Wrapped || s.Mode == Block) {
			b = append(b, '\n')
		}
	}
	if s.Mode == Line {
		b = append(b, '\n')
	}
	return string(b)
}

// appendAll appends a line with its trailing blanks.
func appendAll(t *term.Terminal, b []byte, l *term.Line) []byte {
	for _, c := range l.Cells {
		switch {
		case c.Attr&term.WideTail != 0:
		case c.Blank():
			b = append(b, ' ')
		default:
			b = append(b, t.Cluster(c)...)
		}
	}
	return b
}

// All marks the whole scrollback and screen.
func (s *Selection) All(t *term.Terminal) {
	cols, rows := t.Size()
	top := t.TopLine() - uint64(t.Scrollback())
	s.Begin(t, Point{top, 0}, Char)
	s.Extend(Point{t.TopLine() + uint64(rows) - 1, cols})
}
