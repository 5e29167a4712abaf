package term_test

import (
	"fmt"
	"testing"

	"github.com/porthole-rac/porthole/protocol/term"
)

// The rows that are drawn anew are those that changed, in tall windows too.
func TestDamage(t *testing.T) {
	for _, tt := range []struct {
		in       string
		from, to int // rows that change, to-1 the last
	}{
		{"\x1b[3;1Hx", 2, 3},
		{"\x1b[3;1H\x1b[K", 2, 3},
		{"\x1b[5;5H", 0, 0},
		{"\x1b[10;20r\x1b[20;1H\n", 9, 20},
		{"\x1b[60;70r\x1b[70;1H\n", 59, 70},
		{"\x1b[2;150r\x1b[150;1H\n", 1, 150},
		{"\x1b[64;65r\x1b[64;1H\x1bM", 63, 65},
		{"\x1b[128;129r\x1b[128;1H\x1b[L", 127, 129},
		{"\x1b[2;1H\x1b[J", 1, 150},
	} {
		a := term.New(term.Config{Cols: 10, Rows: 150, Scrollback: 5})
		a.ClearDamage()
		_, _ = a.Write([]byte(tt.in))
		got, want := "", ""
		for y := range 150 {
			if a.Changed(y) {
				got += fmt.Sprint(y, " ")
			}
			if y >= tt.from && y < tt.to {
				want += fmt.Sprint(y, " ")
			}
		}
		if got != want {
			t.Errorf("%q changes rows %s, want %s", tt.in, got, want)
		}
	}
}
