// Package search finds text in a terminal's scrollback and screen.
package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/porthole-rac/porthole/protocol/term"
)

// maxMatches bounds what a search keeps.
const maxMatches = 10_000

// Match is a find: columns From…To-1 of a line.
type Match struct {
	Line     uint64
	From, To int
}

// Finder gives the byte ranges of all finds in a text.
type Finder func(text string) [][2]int

// Plain finds a text, in any case unless matchCase is set.
func Plain(what string, matchCase bool) Finder {
	fold := func(s string) string { return s }
	if !matchCase {
		// Folding must not change lengths, as ranges are those of the text.
		fold = func(s string) string {
			return strings.Map(func(r rune) rune {
				if l := unicode.ToLower(r); utf8.RuneLen(l) == utf8.RuneLen(r) {
					return l
				}
				return r
			}, s)
		}
	}
	what = fold(what)
	return func(text string) (found [][2]int) {
		if what == "" {
			return nil
		}
		text = fold(text)
		for at := 0; ; {
			i := strings.Index(text[at:], what)
			if i < 0 {
				return found
			}
			found = append(found, [2]int{at + i, at + i + len(what)})
			at += i + len(what)
		}
	}
}

// All finds in all lines, oldest first.
func All(t *term.Terminal, find Finder) []Match {
	var out []Match
	_, rows := t.Size()
	var text []byte
	var columns []int // column of each byte
	for n := t.TopLine() - uint64(t.Scrollback()); n < t.TopLine()+uint64(rows) && len(out) < maxMatches; n++ {
		l := t.Line(n)
		if l == nil {
			continue
		}
		text, columns = text[:0], columns[:0]
		for x, c := range l.Cells {
			before := len(text)
			switch {
			case c.Attr&term.WideTail != 0:
			case c.Blank():
				text = append(text, ' ')
			default:
				text = append(text, t.Cluster(c)...)
			}
			for range len(text) - before {
				columns = append(columns, x)
			}
		}
		for _, r := range find(string(text)) {
			if r[0] >= r[1] || r[1] > len(text) {
				continue
			}
			last := columns[r[1]-1]
			if l.Cells[last].Attr&term.Wide != 0 {
				last++
			}
			out = append(out, Match{n, columns[r[0]], last + 1})
		}
	}
	return out
}
