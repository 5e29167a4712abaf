// Package links finds the address under a cell: one that the program has given
// (OSC 8), or one that stands in the text. Only addresses with a scheme that is
// safe to hand to the browser count.
package links

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/porthole-rac/porthole/protocol/term"
	"github.com/porthole-rac/porthole/wasm/client/textline"
)

// maxLength bounds an address, bytes.
const maxLength = 2083

// Link is an address and where it stands.
type Link struct {
	URI      string
	From, To textline.Place // To is after the last cell; for an address in the text
	Number   int            // of an OSC 8 link; 0: in the text
}

// schemes may be opened by a click.
var schemes = []string{"https://", "http://", "mailto:", "ftp://", "ftps://"}

// Openable tells whether an address may be opened.
func Openable(uri string) bool {
	for _, s := range schemes {
		if len(uri) > len(s) && strings.EqualFold(uri[:len(s)], s) {
			return !strings.ContainsFunc(uri, func(r rune) bool { return r <= ' ' || r == 0x7f })
		}
	}
	return false
}

// At gives the link under a cell; ok is false when there is none.
func At(t *term.Terminal, row uint64, x int) (l Link, ok bool) {
	r := t.Line(row)
	if r == nil || x < 0 || x >= len(r.Cells) {
		return Link{}, false
	}
	if _, n := t.Extended(r.Cells[x]); n != 0 {
		uri := t.Link(n)
		return Link{URI: uri, Number: n}, Openable(uri)
	}
	if r.Cells[x].Attr&term.WideTail != 0 {
		x--
	}
	var line textline.Line
	line.Read(t, textline.Start(t, row))
	at := -1
	for i, p := range line.Places {
		if p == (textline.Place{Row: row, X: x}) {
			at = i
			break
		}
	}
	if at < 0 {
		return Link{}, false
	}
	from, to := find(line.Text, at)
	if from >= to {
		return Link{}, false
	}
	l = Link{URI: string(line.Text[from:to]), From: line.Places[from], To: line.End(t, to-1)}
	if strings.EqualFold(l.URI[:min(4, len(l.URI))], "www.") {
		l.URI = "https://" + l.URI
	}
	return l, Openable(l.URI)
}

// find gives the range of the address that holds byte at; from ≥ to: none.
func find(text []byte, at int) (from, to int) {
	lower := make([]byte, len(text)) // ASCII alone, so that places stay
	for i, c := range text {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	for _, s := range [...]string{"https://", "http://", "mailto:", "ftp://", "ftps://", "www."} {
		for i := max(0, at-maxLength); i <= at; {
			n := bytes.Index(lower[i:], []byte(s))
			if n < 0 || i+n > at {
				break
			}
			start := i + n
			i = start + 1
			if r, _ := utf8.DecodeLastRune(text[:start]); start > 0 && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
				continue
			}
			if end := start + length(text[start:]); end > at && end-start > len(s) {
				return start, end
			}
		}
	}
	return 0, 0
}

// length is how far an address goes: to what cannot be part of one, without the
// sentence's marks at its end and without brackets that were opened before it.
func length(text []byte) int {
	n := 0
	for n < len(text) && n < maxLength {
		r, size := utf8.DecodeRune(text[n:])
		if r <= ' ' || strings.ContainsRune("<>\"{}|\\^`", r) || unicode.IsSpace(r) || r == utf8.RuneError {
			break
		}
		n += size
	}
	for n > 0 {
		c := text[n-1]
		switch {
		case strings.IndexByte(".,:;!?'*", c) >= 0:
		case c == ')' && bytes.Count(text[:n], []byte("(")) < bytes.Count(text[:n], []byte(")")):
		case c == ']' && bytes.Count(text[:n], []byte("[")) < bytes.Count(text[:n], []byte("]")):
		default:
			return n
		}
		n--
	}
	return n
}
