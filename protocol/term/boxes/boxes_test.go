package boxes

import "testing"

// Arms of equal weight must meet: what leaves a cell at an edge must be where the
// neighbour's line begins.
func TestLinesMeetAtTheEdges(t *testing.T) {
	if len(arms) != 4*128 {
		t.Fatalf("%d arms", len(arms))
	}
	for _, size := range [][2]int{{8, 16}, {9, 18}, {7, 15}, {20, 41}} {
		w, h := size[0], size[1]
		edge := func(r rune, side int) (out []bool) {
			p := Draw(r, w, h)
			switch side {
			case 0:
				for x := range w {
					out = append(out, p[x] > 127)
				}
			case 2:
				for x := range w {
					out = append(out, p[(h-1)*w+x] > 127)
				}
			case 1:
				for y := range h {
					out = append(out, p[y*w+w-1] > 127)
				}
			case 3:
				for y := range h {
					out = append(out, p[y*w] > 127)
				}
			}
			return out
		}
		straight := map[byte]map[int]rune{
			'1': {0: '│', 2: '│', 1: '─', 3: '─'}, '2': {0: '┃', 2: '┃', 1: '━', 3: '━'}, '3': {0: '║', 2: '║', 1: '═', 3: '═'},
		}
		for r := rune(0x2500); r <= 0x257f; r++ {
			if dashes(r) > 0 || r >= 0x256d && r <= 0x2573 {
				continue
			}
			for side := range 4 {
				weight := arms[int(r-0x2500)*4+side]
				got := edge(r, side)
				for i, on := range got {
					want := weight != '0' && edge(straight[weight][side], side)[i]
					if on != want {
						t.Errorf("%c at %dx%d, side %d, pixel %d: %t, want %t", r, w, h, side, i, on, want)
						break
					}
				}
			}
		}
	}
}

func TestBlocksCover(t *testing.T) {
	count := func(r rune) (n int) {
		for _, v := range Draw(r, 8, 16) {
			n += int(v)
		}
		return n / 255
	}
	for r, want := range map[rune]int{'█': 128, '▀': 64, '▄': 64, '▌': 64, '▐': 64, '▁': 16, '▏': 16, '▖': 32, '▟': 96, '▞': 64, '▚': 64, ' ': 0} {
		if r == ' ' {
			continue
		}
		if n := count(r); n != want {
			t.Errorf("%c covers %d, want %d", r, n, want)
		}
	}
	if count('⠀') != 0 || count('⣿') == 0 {
		t.Error("Braille")
	}
}
