// Package search finds text in a terminal's scrollback and screen.
package search

import (
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/porthole-rac/porthole/protocol/term"
	"github.com/porthole-rac/porthole/wasm/client/textline"
)

// maxMatches bounds what a search keeps.
const maxMatches = 10_000

// Match is a find: from a cell to before another one, which may be on a later row
// where the text was wrapped.
type Match struct {
	From, To textline.Place
}

// Columns gives the columns from…to-1 that the find has in a row of cols columns.
func (m *Match) Columns(row uint64, cols int) (from, to int) {
	if row < m.From.Row || row > m.To.Row {
		return 0, 0
	}
	to = cols
	if row == m.From.Row {
		from = m.From.X
	}
	if row == m.To.Row {
		to = m.To.X
	}
	return from, to
}

// In gives the range first…last-1 of the finds that touch a row. They must be in
// order, as All gives them.
func In(list []Match, row uint64) (first, last int) {
	first = sort.Search(len(list), func(i int) bool { return list[i].To.Row >= row })
	last = first
	for last < len(list) && list[last].From.Row <= row {
		last++
	}
	return first, last
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
	var l textline.Line
	end := t.TopLine() + uint64(rows)
	for n := t.TopLine() - uint64(t.Scrollback()); n < end && len(out) < maxMatches; n = l.Next {
		l.Read(t, n)
		if l.Next <= n {
			l.Next = n + 1
		}
		for _, r := range find(string(l.Text)) {
			if r[0] >= r[1] || r[1] > len(l.Text) {
				continue
			}
			out = append(out, Match{l.Places[r[0]], l.End(t, r[1]-1)})
		}
	}
	return out
}
