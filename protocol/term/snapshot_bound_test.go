package term_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/term"
)

// A snapshot that would be too large is one of the newest lines.
func TestSnapshotOfTheNewestLines(t *testing.T) {
	a := term.New(term.Config{Cols: 80, Rows: 4, Scrollback: 1000})
	for i := range 1000 {
		fmt.Fprintf(a, "line %d %s\r\n", i, strings.Repeat("x", 50))
	}
	bare := len(a.AppendSnapshot(nil, term.Base{Line: a.TopLine()}))
	for _, most := range []int{0, 1, 100, 5000, 20_000, 1 << 30} {
		since := a.SnapshotSince(most)
		p := a.AppendSnapshot(nil, term.Base{Line: since})
		if len(p) > bare+most+8 {
			t.Errorf("%d bytes with a bound of %d", len(p), most)
		}
		b := term.New(term.Config{Cols: 80, Rows: 4, Scrollback: 1000})
		_, _ = b.Write([]byte(strings.Repeat("what was before\r\n", 100)))
		if err := b.RestoreSnapshot(p); err != nil {
			t.Fatal(err)
		}
		if b.Text() != a.Text() || !strings.HasSuffix(a.ScrollbackText(), b.ScrollbackText()) || uint64(b.Scrollback()) != a.TopLine()-since {
			t.Errorf("bound %d: %d lines", most, b.Scrollback())
		}
		if most == 20_000 && b.Scrollback() < 100 || most == 1<<30 && b.Scrollback() != a.Scrollback() {
			t.Errorf("bound %d: only %d lines", most, b.Scrollback())
		}
	}
}
