package term_test

import (
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/term"
)

// A terminal that has seen everything once makes no garbage: what a program
// writes every day allocates nothing.
func TestWriteDoesNotAllocate(t *testing.T) {
	for name, s := range map[string]string{
		"scrolling":   strings.Repeat("y\r\n", 100),
		"full lines":  strings.Repeat(strings.Repeat("x", 120)+"\r\n", 50),
		"ragged":      strings.Repeat("a\r\nbcd efg\r\n\r\n"+strings.Repeat("z", 77)+"\r\n", 50),
		"colours":     strings.Repeat("\x1b[1;38;5;12;48;2;1;2;3mword\x1b[0m \x1b[4:3m~\x1b[m\r\n", 50),
		"full screen": "\x1b[?2026h\x1b[H" + strings.Repeat("\x1b[2K\x1b[1;5Hline\x1b[K", 40) + "\x1b[?2026l",
		"region":      "\x1b[5;20r\x1b[20;1H" + strings.Repeat("z\r\n", 50) + "\x1b[L\x1b[M\x1b[3@\x1b[3P\x1b[r",
		"unicode":     strings.Repeat("h\u00e9llo \u6f22\u5b57 \uac00\uac01 e\u0301 \U0001f469\u200d\U0001f680 \U0001f1e9\U0001f1ea\r\n", 50),
		"split":       "\xe6\xbc",
		"link":        strings.Repeat("\x1b[58;5;3m\x1b[4mx\x1b[m", 20),
	} {
		tt := term.New(term.Config{Cols: 120, Rows: 40, Scrollback: 1000})
		p := []byte(s)
		for range 200 {
			_, _ = tt.Write(p)
		}
		if n := testing.AllocsPerRun(100, func() { _, _ = tt.Write(p) }); n > 0 {
			t.Errorf("%s: %v allocations for each Write", name, n)
		}
	}
}
