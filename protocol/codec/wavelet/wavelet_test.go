package wavelet_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/codectest"
	"github.com/porthole-rac/porthole/protocol/codec/rlgr"
	"github.com/porthole-rac/porthole/protocol/codec/wavelet"
)

// line undoes a row or column, one number at a time, by the equations of MS-RDPRFX
// §3.1.8.2.4.
func line(low, high []int) []int {
	n := len(low) + len(high)
	h := func(i int) int { return high[min(max(i, 0), len(high)-1)] }
	x := make([]int, n)
	for i := range low {
		x[2*i] = low[i] - (h(i-1)+h(i)+1)>>1
	}
	for i := range high {
		next := x[2*i]
		if 2*i+2 < n {
			next = x[2*i+2]
		}
		x[2*i+1] = 2*high[i] + (x[2*i]+next)>>1
	}
	return x
}

// inverse undoes the transform of bands, rows first.
func inverse(bands [10][][]int, reduce bool) [][]int {
	ll := bands[9]
	for level := 2; level >= 0; level-- {
		hl, lh, hh := bands[3*level], bands[3*level+1], bands[3*level+2]
		var rows [][]int
		for y := range ll {
			high := hl[y]
			if reduce && level == 0 {
				high = append(append([]int(nil), high...), 0)
			}
			rows = append(rows, line(ll[y], high))
		}
		lows := len(rows)
		for y := range lh {
			high := hh[y]
			if reduce && level == 0 {
				high = append(append([]int(nil), high...), 0)
			}
			rows = append(rows, line(lh[y], high))
		}
		if reduce && level == 0 {
			rows = append(rows, make([]int, len(rows[0])))
		}
		size := len(rows[0])
		out := make([][]int, len(rows))
		for y := range out {
			out[y] = make([]int, size)
		}
		for x := range size {
			var low, high []int
			for y := range rows {
				if y < lows {
					low = append(low, rows[y][x])
				} else {
					high = append(high, rows[y][x])
				}
			}
			for y, v := range line(low, high) {
				out[y][x] = v
			}
		}
		ll = out
	}
	return ll
}

// Four numbers at a time are what one at a time is, for everything that a picture can
// have.
func TestAgainstOneAtATime(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, reduce := range []bool{false, true} {
		for round := range 20 {
			var c rlgr.Coefficients
			var bands [10][][]int
			shift := [10]uint8{}
			for i, b := range wavelet.Bands(reduce) {
				shift[i] = uint8(r.IntN(6))
				most := []int{1, 100, 700, 1800}[round%4]
				if i == wavelet.LL3 {
					most = 4096
				}
				for y := range b.Rows {
					row := make([]int, b.Columns)
					for x := range row {
						if r.IntN(2) == 0 {
							v := (r.IntN(2*most+1) - most) >> shift[i]
							c.Set(b.At+y*b.Columns+x, int16(v))
							row[x] = v << shift[i]
						}
					}
					bands[i] = append(bands[i], row)
				}
			}
			var s wavelet.Scratch
			var got wavelet.Plane
			s.Quantized(&got, &c, &shift, reduce)
			want := inverse(bands, reduce)
			for y := range 64 {
				for x := range 64 {
					if got.At(x, y) != want[y][x] {
						t.Fatalf("reduce %v, round %d: number %d,%d is %d, want %d", reduce, round, x, y, got.At(x, y), want[y][x])
					}
				}
			}
		}
	}
}

// Colours are those of the matrix of MS-RDPRFX §3.1.8.2.5, rounded.
func TestColors(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var planes [3]wavelet.Plane
	var s wavelet.Scratch
	for round := range 50 {
		// LL3 alone, all the same, is a tile of one colour.
		var v [3]int
		for i := range planes {
			v[i] = r.IntN(8192) - 4096
			if round%5 == 0 && i > 0 {
				v[i] = 0
			}
			var c rlgr.Coefficients
			c.Set(4032, int16(v[i]))
			s.Plain(&planes[i], &c)
		}
		dst, _ := codec.NewTarget(64, 64)
		all := codec.Rect{W: 64, H: 64}
		if err := wavelet.Paint(dst, all, []codec.Rect{all}, 0, 0, &planes); err != nil {
			t.Fatal(err)
		}
		y, cb, cr := float64(v[0])/32+128, float64(v[1])/32, float64(v[2])/32
		for i, want := range [3]float64{y + 1.402525*cr, y - 0.343730*cb - 0.714401*cr, y + 1.769905*cb} {
			want = min(max(math.Round(want), 0), 255)
			if got := float64(dst.Pix[4*(64*30+29)+i]); math.Abs(got-want) > 1 {
				t.Errorf("YCbCr %v: colour %d is %v, want %v", v, i, got, want)
			}
		}
		if got := codectest.At(&dst, 63, 63); got != codectest.At(&dst, 0, 0) {
			t.Errorf("YCbCr %v: %06x and %06x in a tile of one colour", v, codectest.At(&dst, 0, 0), got)
		}
	}
}

func TestPaintOutside(t *testing.T) {
	var planes [3]wavelet.Plane
	dst, _ := codec.NewTarget(64, 64)
	if err := wavelet.Paint(dst, codec.Rect{X: 1, W: 64, H: 64}, nil, 0, 0, &planes); err == nil {
		t.Error("a frame outside of its target is painted")
	}
}

func BenchmarkPlain(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	var c rlgr.Coefficients
	for range 500 {
		c.Set(r.IntN(4096), int16(r.IntN(1000)-500))
	}
	var s wavelet.Scratch
	var out wavelet.Plane
	for b.Loop() {
		s.Plain(&out, &c)
	}
}
