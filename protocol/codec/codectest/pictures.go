// Package codectest makes pictures, and encodes them as an RFB server could, for the
// tests and benchmarks of the decoders. The encoders try to use everything that an
// encoding has, not to be good.
package codectest

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/porthole-rac/porthole/protocol/codec"
)

// Kinds are kinds of pictures, by how many colours a tile of them has.
var Kinds = [...]string{"solid", "two", "three", "few", "many", "text", "photo", "noise"}

// New is a picture of a kind; the same seed gives the same one. All of it is opaque.
func New(kind string, w, h int, seed uint64) codec.Target {
	t, err := codec.NewTarget(w, h)
	if err != nil {
		panic(err)
	}
	r := rand.New(rand.NewPCG(seed, 77))
	colors := func(n int) func(x, y int) uint32 {
		palette := make([]uint32, n)
		for i := range palette {
			palette[i] = r.Uint32()
		}
		// runs of random lengths, and some vertical order
		left, v := 0, uint32(0)
		return func(x, y int) uint32 {
			if left--; left < 0 {
				left, v = r.IntN(40)*r.IntN(2), palette[r.IntN(n)]
			}
			if x%13 == 0 {
				return palette[0]
			}
			return v
		}
	}
	var paint func(x, y int) uint32
	switch kind {
	case "solid":
		paint = colors(1)
	case "two":
		paint = colors(2)
	case "three":
		paint = colors(3)
	case "few":
		paint = colors(14)
	case "many":
		paint = colors(100)
	case "text": // dark glyphs on white, antialiased, lines with gaps, a coloured margin
		paint = func(x, y int) uint32 {
			column, line := x/8, y/16
			switch {
			case x < w/10:
				return 0x604020
			case y%16 >= 12, (column*31+line*17)%5 == 0, line%7 == 6:
				return 0xffffff
			}
			glyph := uint32(column*7+line*13+column*line) % 29
			switch (glyph*uint32(x%8*3+y%16*5+1) + uint32(x%8)) % 7 {
			case 0, 1:
				return 0x101010
			case 2:
				return 0x909090
			}
			return 0xffffff
		}
	case "photo": // smooth, with a little noise
		paint = func(x, y int) uint32 {
			n := r.Uint32()
			return uint32(x*200/w+int(n&7))&255 | uint32(y*200/h+int(n>>8&3))&255<<8 | uint32((x+y)*100/(w+h)+60+int(n>>16&7))&255<<16
		}
	case "noise":
		paint = func(_, _ int) uint32 { return r.Uint32() }
	default:
		panic(fmt.Sprintf("codectest: no picture of kind %q", kind))
	}
	for y := range h {
		for x := range w {
			binary.LittleEndian.PutUint32(t.Row(x, y, 1), paint(x, y)|0xff000000)
		}
	}
	return t
}

// At is the value of a pixel without alpha.
func At(t *codec.Target, x, y int) uint32 {
	return binary.LittleEndian.Uint32(t.Row(x, y, 1)) & 0xffffff
}

// Different is where two pictures first differ, "" if they do not.
func Different(got, want *codec.Target) string {
	if got.Width != want.Width || got.Height != want.Height {
		return fmt.Sprintf("%d×%d pixels, not %d×%d", got.Width, got.Height, want.Width, want.Height)
	}
	for y := range want.Height {
		for x := range want.Width {
			if g, w := got.Row(x, y, 1), want.Row(x, y, 1); string(g) != string(w) {
				return fmt.Sprintf("pixel %d,%d is % x, not % x", x, y, g, w)
			}
		}
	}
	return ""
}

// Farthest is the largest difference of a colour of two pictures of the same size.
func Farthest(got, want *codec.Target) int {
	most := 0
	for y := range want.Height {
		g, w := got.Row(0, y, want.Width), want.Row(0, y, want.Width)
		for i := range w {
			if i%4 != 3 {
				most = max(most, int(g[i])-int(w[i]), int(w[i])-int(g[i]))
			}
		}
	}
	return most
}

// PSNR is the peak signal-to-noise ratio of two pictures' colours, in dB.
func PSNR(got, want *codec.Target) float64 {
	sum, n := 0.0, 0
	for y := range want.Height {
		g, w := got.Row(0, y, want.Width), want.Row(0, y, want.Width)
		for i := range w {
			if i%4 != 3 {
				d := float64(g[i]) - float64(w[i])
				sum += d * d
				n++
			}
		}
	}
	return 10 * math.Log10(255*255*float64(n)/sum)
}
