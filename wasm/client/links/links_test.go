package links_test

import (
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/term"
	"github.com/porthole-rac/porthole/wasm/client/links"
)

func TestAt(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		x, y       int
		want       string
	}{
		{"plain", "see https://example.org/a?b=c#d now", 6, 0, "https://example.org/a?b=c#d"},
		{"last character", "https://a.de/x y", 13, 0, "https://a.de/x"},
		{"after it", "https://a.de/x y", 14, 0, ""},
		{"before it", "see https://a.de", 2, 0, ""},
		{"end of a sentence", "Go to http://a.de/b.", 10, 0, "http://a.de/b"},
		{"in brackets", "(http://a.de/b)", 5, 0, "http://a.de/b"},
		{"brackets of its own", "http://a.de/b_(c)", 16, 0, "http://a.de/b_(c)"},
		{"in angle brackets", "<mailto:me@a.de>", 5, 0, "mailto:me@a.de"},
		{"in quotes", `href="http://a.de/"`, 8, 0, "http://a.de/"},
		{"upper case", "HTTP://A.DE/", 3, 0, "HTTP://A.DE/"},
		{"without scheme", "www.a.de", 3, 0, "https://www.a.de"},
		{"scheme inside a word", "xhttp://a.de", 6, 0, ""},
		{"script", "javascript:alert(1)", 4, 0, ""},
		{"only a scheme", "https:// x", 3, 0, ""},
		{"the second of two", "http://a.de,http://b.de", 15, 0, "http://a.de,http://b.de"},
		{"not ASCII", "https://de.org/Straße x", 18, 0, "https://de.org/Straße"},
		{"after wide text", "漢字 https://a.de", 8, 0, "https://a.de"},
		{"wrapped", strings.Repeat("x ", 18) + "https://example.org/long", 3, 1, "https://example.org/long"},
		{"OSC 8", "\x1b]8;;https://a.de/\x1b\\text\x1b]8;;\x1b\\", 1, 0, "https://a.de/"},
		{"OSC 8 with a script", "\x1b]8;;javascript:alert(1)\x1b\\text\x1b]8;;\x1b\\", 1, 0, ""},
		{"OSC 8 with a file", "\x1b]8;;file:///etc/passwd\x1b\\text\x1b]8;;\x1b\\", 1, 0, ""},
	} {
		term := term.New(term.Config{Cols: 40, Rows: 4})
		_, _ = term.Write([]byte(tt.text))
		l, ok := links.At(term, term.TopLine()+uint64(tt.y), tt.x)
		if got := l.URI; ok != (tt.want != "") || ok && got != tt.want {
			t.Errorf("%s: %q, %v, want %q", tt.name, got, ok, tt.want)
		}
	}
}

func TestOutside(t *testing.T) {
	term := term.New(term.Config{Cols: 10, Rows: 2})
	for _, x := range []int{-1, 10, 1000} {
		if _, ok := links.At(term, 0, x); ok {
			t.Error("a link at column", x)
		}
	}
	if _, ok := links.At(term, 1<<40, 0); ok {
		t.Error("a link in a row that is not there")
	}
}
