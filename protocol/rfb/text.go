package rfb

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what a server says in words.
const (
	// MaxName is how many bytes a desktop's name may have on the wire.
	MaxName = 64 << 10
	// MaxReason is how many bytes of a reason are read.
	MaxReason = 4 << 10
	// maxShown is how many characters of either are kept.
	maxShown = 256
)

// cleaned makes text of a server fit for a page or a log: UTF-8 (RFB, "String
// Encodings": older servers send Latin-1), one line, without control characters
// and without the marks that turn the direction of text around.
func cleaned(b []byte) string {
	var out strings.Builder
	latin := !utf8.Valid(b)
	n := 0
	space := false
	for len(b) > 0 && n < maxShown {
		r, w := rune(b[0]), 1
		if !latin {
			r, w = utf8.DecodeRune(b)
		}
		b = b[w:]
		switch {
		case r == '\n' || r == '\t' || r == '\r' || r == ' ':
			space = n > 0
		case !unicode.IsGraphic(r):
		default:
			if space {
				out.WriteByte(' ')
				n++
				space = false
			}
			out.WriteRune(r)
			n++
		}
	}
	return out.String()
}

// fromLatin1 is Latin-1 text in UTF-8, with line feeds alone at the ends of lines
// and without the NUL that some servers send at the end.
func fromLatin1(b []byte) string {
	var out strings.Builder
	out.Grow(len(b))
	for i, c := range b {
		switch {
		case c == '\r' && i+1 < len(b) && b[i+1] == '\n', c == 0:
		case c == '\r':
			out.WriteByte('\n')
		default:
			out.WriteRune(rune(c))
		}
	}
	return out.String()
}

// appendLatin1 appends text as Latin-1, with '?' for what that cannot say, and
// with line feeds alone (RFB, "ClientCutText").
func appendLatin1(dst []byte, s string) []byte {
	for i, r := range s {
		switch {
		case r == '\r' && i+1 < len(s) && s[i+1] == '\n':
		case r == '\r':
			dst = append(dst, '\n')
		case r > 0xff:
			dst = append(dst, '?')
		default:
			dst = append(dst, byte(r))
		}
	}
	return dst
}
