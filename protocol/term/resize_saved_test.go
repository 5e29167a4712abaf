package term_test

import (
	"testing"

	"github.com/porthole-rac/porthole/protocol/term"
)

// A saved cursor that lies outside of a smaller window does not make a state
// that nobody can take.
func TestSnapshotAfterShrinkingBelowTheSavedCursor(t *testing.T) {
	for _, begin := range []string{"", "\x1b[?1049h"} {
		a := term.New(term.Config{Cols: 80, Rows: 24})
		_, _ = a.Write([]byte(begin + "\x1b[20;70H\x1b7\x1b[?1049h\x1b[19;60H\x1b7\x1b[?1049l"))
		a.Resize(20, 10)
		b := term.New(term.Config{Cols: 20, Rows: 10})
		if err := b.RestoreSnapshot(a.AppendSnapshot(nil, term.Base{})); err != nil {
			t.Fatal(err)
		}
		_, _ = a.Write([]byte("\x1b8x"))
		_, _ = b.Write([]byte("\x1b8x"))
		if a.Text() != b.Text() || a.Cursor() != b.Cursor() {
			t.Errorf("after %q: %q, want %q", begin, b.Text(), a.Text())
		}
	}
}
