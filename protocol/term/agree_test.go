package term_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/porthole-rac/porthole/protocol/term"
)

// Two terminals that get the same bytes, sizes and snapshots of each other stay
// the same, in whatever order these come.
func TestTwoTerminalsAgree(t *testing.T) {
	for seed := range uint64(150) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		cfg := term.Config{Cols: 40, Rows: 10, Scrollback: []int{0, 5, 50}[rnd.IntN(3)]}
		a, b := term.New(cfg), term.New(cfg)
		synced := false // b follows the scrollback of a
		for step := range 30 {
			switch rnd.IntN(5) {
			case 0:
				cols, rows := 1+rnd.IntN(60), 1+rnd.IntN(20)
				a.Resize(cols, rows)
				b.Resize(cols, rows)
			case 1:
				var base term.Base
				if synced {
					base = b.Base()
				}
				if err := b.RestoreSnapshot(a.AppendSnapshot(nil, base)); err != nil {
					t.Fatalf("seed %d, step %d: %v", seed, step, err)
				}
				synced = true
			default:
				p := []byte(streams[rnd.IntN(len(streams))])
				_, _ = a.Write(p)
				_, _ = b.Write(p)
			}
			if d := cmp.Diff(dump(a), dump(b)); d != "" {
				t.Fatalf("seed %d, step %d:\n%s", seed, step, d)
			}
		}
		checkWhole(t, b)
	}
}
