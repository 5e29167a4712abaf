package rlgr_test

import (
	"math/rand/v2"
	"testing"

	"github.com/porthole-rac/porthole/protocol/codec/codectest"
	"github.com/porthole-rac/porthole/protocol/codec/rlgr"
)

func decode(three bool, p []byte, shifts *rlgr.Shifts) (c rlgr.Coefficients, any bool) {
	v := rlgr.RLGR1
	if three {
		v = rlgr.RLGR3
	}
	any = v.Decode(&c, p, shifts)
	return c, any
}

// sparse and dense coefficients, small ones and large ones.
func coefficients(r *rand.Rand, often, most int) []int32 {
	c := make([]int32, rlgr.Count)
	for i := range c {
		if r.IntN(often) == 0 {
			c[i] = int32(r.IntN(2*most+1) - most)
		}
	}
	return c
}

func TestRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, three := range []bool{false, true} {
		for _, often := range []int{1, 2, 10, 300, 100_000} {
			for _, most := range []int{1, 3, 50, 8191} {
				want := coefficients(r, often, most)
				p := codectest.RLGR(want, three)
				got, any := decode(three, p, new(rlgr.Shifts))
				nothing := true
				for i, v := range want {
					if int32(got.At(i)) != v {
						t.Fatalf("RLGR3 %v, one of %d, up to %d: coefficient %d is %d, want %d", three, often, most, i, got.At(i), v)
					}
					nothing = nothing && v == 0
				}
				if any == nothing {
					t.Errorf("RLGR3 %v, one of %d: any is %v", three, often, any)
				}
			}
		}
	}
}

// Shifts dequantize, and what no picture has is bounded.
func TestShifts(t *testing.T) {
	c := make([]int32, rlgr.Count)
	c[3], c[64], c[4095] = 5, -7, 8000
	shifts := rlgr.Shifts{0: 2, 1: 3, 63: 5}
	got, _ := decode(false, codectest.RLGR(c, false), &shifts)
	for i, want := range map[int]int16{3: 20, 64: -56, 4095: 8191, 0: 0} {
		if got.At(i) != want {
			t.Errorf("coefficient %d is %d, want %d", i, got.At(i), want)
		}
	}
}

// A stream that ends anywhere is followed by zeros.
func TestEnds(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	want := coefficients(r, 3, 100)
	p := codectest.RLGR(want, true)
	for n := range p {
		c, _ := decode(true, p[:n], new(rlgr.Shifts))
		same := 0
		for same < rlgr.Count && int32(c.At(same)) == want[same] {
			same++
		}
		// All but the last few come through, and nothing follows them.
		if from := rlgr.Count * n / len(p); same < from-300 {
			t.Fatalf("%d of %d bytes: %d coefficients", n, len(p), same)
		}
		for i := min(rlgr.Count-1, rlgr.Count*n/len(p)+600); i < rlgr.Count; i++ {
			if c.At(i) != 0 && n < len(p)/2 {
				t.Fatalf("%d of %d bytes: coefficient %d is %d", n, len(p), i, c.At(i))
			}
		}
	}
	if _, any := decode(false, nil, new(rlgr.Shifts)); any {
		t.Error("nothing has coefficients")
	}
}

// FuzzDecode: no stream breaks it, and none has more than the limit.
func FuzzDecode(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, often := range []int{1, 3, 50} {
		p := codectest.RLGR(coefficients(r, often, 500), often%2 == 0)
		f.Add(often%2 == 0, p[:min(100, len(p))]) // short ones, as they are made shorter at length
	}
	f.Add(true, []byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, three bool, p []byte) {
		c, any := decode(three, p, new(rlgr.Shifts))
		seen := false
		for i := range rlgr.Count {
			v := c.At(i)
			seen = seen || v != 0
			if v > 8191 || v < -8191 {
				t.Fatalf("coefficient %d is %d", i, v)
			}
		}
		if seen && !any {
			t.Fatal("coefficients that are said not to be")
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, three := range []bool{false, true} {
		for name, often := range map[string]int{"sparse": 40, "dense": 2} {
			p := codectest.RLGR(coefficients(r, often, 20), three)
			b.Run(name, func(b *testing.B) {
				for b.Loop() {
					decode(three, p, new(rlgr.Shifts))
				}
			})
		}
	}
}
