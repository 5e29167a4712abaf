package glyph

import (
	"sync"
	"testing"

	"github.com/porthole-rac/porthole/protocol/term/paint"
)

// TestManyDrawAtOnce: sessions share a face, and draw while others add to it.
func TestManyDrawAtOnce(t *testing.T) {
	f := Get(9)
	var wait sync.WaitGroup
	for i := range rune(4) {
		wait.Go(func() {
			w, h := f.Cell()
			p := paint.Painter{Font: f.Font}
			p.Resize(2*w, h)
			seen := make(map[rune]uint16)
			for n := range rune(600) {
				r := 0x4e00 + (n*7+i)%300
				got := f.Rune(r, 0, true)
				if before, ok := seen[r]; got == 0 || ok && before != got {
					t.Errorf("%c is %d, and was %d", r, got, before)
					return
				}
				seen[r] = got
				p.Cells([]byte{1, 2, 3, byte(got >> 8), 0, 0, 0, byte(got), 0, 0, 0, 0}, 1, 0, 1, 0, 1, paint.AllBackgrounds)
			}
		})
	}
	wait.Wait()
}
