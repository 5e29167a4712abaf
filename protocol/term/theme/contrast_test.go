package theme

import "testing"

func TestTextStaysReadable(t *testing.T) {
	var c Contrast
	for _, x := range []struct {
		name           string
		fg, bg, wanted uint32
	}{
		{"black on white is left", 0x000000, 0xffffff, 0x000000},
		{"what can be read is left", 0x777777, 0xffffff, 0x777777},
		{"hidden text stays hidden", 0x123456, 0x123456, 0x123456},
		{"white on white's neighbour becomes dark", 0xfefefe, 0xffffff, 0x7f7f7f},
	} {
		if got := c.Readable(x.fg, x.bg); got != x.wanted {
			t.Errorf("%s: %06x on %06x is drawn as %06x", x.name, x.fg, x.bg, got)
		}
	}
}

// TestEveryPairOfEveryTheme goes through what programs put together.
func TestEveryPairOfEveryTheme(t *testing.T) {
	var c Contrast
	for _, theme := range Themes {
		for i, fg := range theme.Colors {
			for j, bg := range theme.Colors {
				if fg == bg {
					continue
				}
				for range 2 { // worked out, and remembered
					use := c.Readable(fg, bg)
					if r := contrast(luminance(use), luminance(bg)); r < leastContrast {
						t.Errorf("%s: colour %d on %d has a contrast of %.1f", theme.Name, i, j, r)
					}
				}
			}
		}
	}
}

func BenchmarkReadable(b *testing.B) {
	var c Contrast
	for b.Loop() {
		c.Readable(0x22272e, 0x14682b)
	}
}
