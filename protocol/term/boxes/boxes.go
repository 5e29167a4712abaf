// Package boxes draws the characters that must meet at the edges of cells: box
// drawing, block elements, Braille and Powerline separators. Fonts leave gaps
// there; here every pixel is decided, at any cell size.
package boxes

import "math"

// Has tells whether Draw knows a character.
func Has(r rune) bool {
	return r >= 0x2500 && r <= 0x259f || r >= 0x2800 && r <= 0x28ff || r >= 0xe0b0 && r <= 0xe0b3
}

// Draw gives the coverage of each pixel of a cell of w×h pixels, row by row, 0 to
// 255. The character must be one that Has knows.
func Draw(r rune, w, h int) []byte {
	c := &cell{w: w, h: h, pix: make([]byte, w*h), light: max(1, int(math.Round(float64(w)/8)))}
	c.heavy = max(c.light+1, 2*c.light)
	switch {
	case r >= 0x2800:
		if r >= 0xe0b0 {
			c.powerline(r)
		} else {
			c.braille(r)
		}
	case r >= 0x2580:
		c.block(r)
	case r >= 0x256d && r <= 0x2570:
		c.arc(r)
	case r >= 0x2571 && r <= 0x2573:
		c.diagonal(r)
	default:
		c.lines(r)
	}
	return c.pix
}

type cell struct {
	w, h         int
	pix          []byte
	light, heavy int // thickness of lines, pixels
}

func (c *cell) rect(x0, y0, x1, y1 int) {
	x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, c.w), min(y1, c.h)
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			c.pix[y*c.w+x] = 255
		}
	}
}

// shape covers the pixels by how much of them is inside, from 4×4 samples.
func (c *cell) shape(inside func(x, y float64) bool) {
	const n = 4
	for y := range c.h {
		for x := range c.w {
			k := 0
			for i := range n * n {
				if inside(float64(x)+(float64(i%n)+.5)/n, float64(y)+(float64(i/n)+.5)/n) {
					k++
				}
			}
			if v := byte(k * 255 / (n * n)); v > c.pix[y*c.w+x] {
				c.pix[y*c.w+x] = v
			}
		}
	}
}

// Weights of arms: 0 none, 1 light, 2 heavy, 3 double. arms lists, for U+2500 to
// U+257F, the weights up, right, down and left.
const arms = "0101" + "0202" + "1010" + "2020" + // 2500
	"0101" + "0202" + "1010" + "2020" + "0101" + "0202" + "1010" + "2020" + // dashes
	"0110" + "0210" + "0120" + "0220" + "0011" + "0012" + "0021" + "0022" + // 250C
	"1100" + "1200" + "2100" + "2200" + "1001" + "1002" + "2001" + "2002" + // 2514
	"1110" + "1210" + "2110" + "1120" + "2120" + "2210" + "1220" + "2220" + // 251C
	"1011" + "1012" + "2011" + "1021" + "2021" + "2012" + "1022" + "2022" + // 2524
	"0111" + "0112" + "0211" + "0212" + "0121" + "0122" + "0221" + "0222" + // 252C
	"1101" + "1102" + "1201" + "1202" + "2101" + "2102" + "2201" + "2202" + // 2534
	"1111" + "1112" + "1211" + "1212" + "2111" + "1121" + "2121" + "2112" + // 253C
	"2211" + "1122" + "1221" + "2212" + "1222" + "2122" + "2221" + "2222" + // 2544
	"0101" + "0202" + "1010" + "2020" + // 254C dashes
	"0303" + "3030" + "0310" + "0130" + "0330" + "0013" + "0031" + "0033" + // 2550
	"1300" + "3100" + "3300" + "1003" + "3001" + "3003" + "1310" + "3130" + // 2558
	"3330" + "1013" + "3031" + "3033" + "0313" + "0131" + "0333" + "1303" + // 2560
	"3101" + "3303" + "1313" + "3131" + "3333" + // 2568
	"0000" + "0000" + "0000" + "0000" + "0000" + "0000" + "0000" + // arcs, diagonals
	"0001" + "1000" + "0100" + "0010" + "0002" + "2000" + "0200" + "0020" + // 2574
	"0201" + "1020" + "0102" + "2010" // 257C

// dashes gives the number of dashes of the dashed characters.
func dashes(r rune) int {
	switch {
	case r >= 0x2504 && r <= 0x2507:
		return 3
	case r >= 0x2508 && r <= 0x250b:
		return 4
	case r >= 0x254c && r <= 0x254f:
		return 2
	}
	return 0
}

func (c *cell) lines(r rune) {
	i := int(r-0x2500) * 4
	var a [4]int
	for k := range a {
		a[k] = int(arms[i+k] - '0')
	}
	if n := dashes(r); n > 0 {
		c.dashed(n, a)
		return
	}
	// The arms of an axis reach to the far edge of what crosses them.
	vertical, horizontal := c.span(max(a[0], a[2])), c.span(max(a[1], a[3]))
	for k, weight := range a {
		if weight == 0 {
			continue
		}
		across := horizontal // half the thickness of the crossing lines
		if k == 1 || k == 3 {
			across = vertical
		}
		if weight == 3 {
			c.double(k, a, across)
			continue
		}
		c.arm(k, c.thickness(weight), 0, across)
	}
}

func (c *cell) thickness(weight int) int {
	if weight == 2 {
		return c.heavy
	}
	return c.light
}

// span is the whole width of a line of some weight.
func (c *cell) span(weight int) int {
	switch weight {
	case 0:
		return 0
	case 3:
		return 3 * c.light
	}
	return c.thickness(weight)
}

// arm draws a line from an edge to the far side of a crossing of the given width,
// offset sideways.
func (c *cell) arm(k, thick, offset, across int) {
	x, y := (c.w-thick)/2+offset, (c.h-thick)/2+offset
	right, bottom := (c.w-across)/2+across, (c.h-across)/2+across
	left, top := (c.w-across)/2, (c.h-across)/2
	if across == 0 { // nothing crosses: to the middle
		right, left, bottom, top = c.w/2, c.w/2, c.h/2, c.h/2
	}
	switch k {
	case 0:
		c.rect(x, 0, x+thick, bottom)
	case 1:
		c.rect(left, y, c.w, y+thick)
	case 2:
		c.rect(x, top, x+thick, c.h)
	case 3:
		c.rect(0, y, right, y+thick)
	}
}

// double draws the two lines of a double arm. Where a double arm goes off on
// their side they end at its near line, else they go on to its far one.
func (c *cell) double(k int, a [4]int, across int) {
	x, y := (c.w-c.light)/2, (c.h-c.light)/2
	for _, side := range [2]int{-1, 1} {
		d := side * c.light
		if a[beside(k, side)] != 3 {
			c.arm(k, c.light, d, across)
			continue
		}
		switch k {
		case 0:
			c.rect(x+d, 0, x+d+c.light, y)
		case 1:
			c.rect(x+c.light, y+d, c.w, y+d+c.light)
		case 2:
			c.rect(x+d, y+c.light, x+d+c.light, c.h)
		case 3:
			c.rect(0, y+d, x, y+d+c.light)
		}
	}
}

// beside is the arm on one side of arm k: left and right of the vertical ones,
// above and below the horizontal ones.
func beside(k, side int) int {
	if k%2 == 0 {
		return 2 - side // 3 left, 1 right
	}
	return 1 + side // 0 up, 2 down
}

func (c *cell) dashed(n int, a [4]int) {
	if a[0] == 0 {
		t := c.thickness(a[1])
		y := (c.h - t) / 2
		for i := range n {
			from, to := i*c.w/n, (i+1)*c.w/n
			c.rect(from, y, to-max(1, (to-from)/3), y+t)
		}
		return
	}
	t := c.thickness(a[0])
	x := (c.w - t) / 2
	for i := range n {
		from, to := i*c.h/n, (i+1)*c.h/n
		c.rect(x, from, x+t, to-max(1, (to-from)/3))
	}
}

// arc draws the rounded corners ╭╮╯╰.
func (c *cell) arc(r rune) {
	t := float64(c.light)
	cx, cy := float64((c.w-c.light)/2)+t/2, float64((c.h-c.light)/2)+t/2
	radius := math.Min(cx, cy)
	sx, sy := 1.0, 1.0 // where the arms go: right, down
	if r == 0x256e || r == 0x256f {
		sx = -1
	}
	if r == 0x256f || r == 0x2570 {
		sy = -1
	}
	ox, oy := cx+sx*radius, cy+sy*radius
	c.shape(func(x, y float64) bool {
		dx, dy := (x-ox)*sx, (y-oy)*sy
		switch {
		case dx > 0 && dy > 0:
			return false
		case dx >= 0:
			return math.Abs(y-cy) <= t/2
		case dy >= 0:
			return math.Abs(x-cx) <= t/2
		}
		return math.Abs(math.Hypot(dx, dy)-radius) <= t/2
	})
}

func (c *cell) diagonal(r rune) {
	w, h, t := float64(c.w), float64(c.h), float64(c.light)
	length := math.Hypot(w, h)
	up := func(x, y float64) bool { return math.Abs(h*x+w*y-w*h)/length <= t/2 }
	down := func(x, y float64) bool { return math.Abs(h*x-w*y)/length <= t/2 }
	c.shape(func(x, y float64) bool {
		return r != 0x2572 && up(x, y) || r != 0x2571 && down(x, y)
	})
}

// block draws U+2580 to U+259F.
func (c *cell) block(r rune) {
	w, h := c.w, c.h
	part := func(n, size int) int { return (n*size + 4) / 8 }
	switch {
	case r == 0x2580:
		c.rect(0, 0, w, part(4, h))
	case r <= 0x2588:
		c.rect(0, h-part(int(r-0x2580), h), w, h)
	case r <= 0x258f:
		c.rect(0, 0, part(int(0x2590-r), w), h)
	case r == 0x2590:
		c.rect(part(4, w), 0, w, h)
	case r <= 0x2593:
		v := byte(64 * (r - 0x2590))
		for i := range c.pix {
			c.pix[i] = v
		}
	case r == 0x2594:
		c.rect(0, 0, w, part(1, h))
	case r == 0x2595:
		c.rect(w-part(1, w), 0, w, h)
	default:
		// Quadrants: upper left, upper right, lower left, lower right.
		q := [...]byte{4, 8, 1, 13, 9, 7, 11, 2, 6, 14}[r-0x2596]
		mx, my := part(4, w), part(4, h)
		for i, b := range [4][4]int{{0, 0, mx, my}, {mx, 0, w, my}, {0, my, mx, h}, {mx, my, w, h}} {
			if q&(1<<i) != 0 {
				c.rect(b[0], b[1], b[2], b[3])
			}
		}
	}
}

// braille draws U+2800 to U+28FF: two columns of four dots.
func (c *cell) braille(r rune) {
	radius := math.Max(.8, math.Min(float64(c.w)/4, float64(c.h)/8)*.6)
	for bit, at := range [8][2]float64{{0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}, {1, 2}, {0, 3}, {1, 3}} {
		if r&(1<<bit) == 0 {
			continue
		}
		cx, cy := float64(c.w)*(.25+.5*at[0]), float64(c.h)*(.125+.25*at[1])
		c.shape(func(x, y float64) bool { return math.Hypot(x-cx, y-cy) <= radius })
	}
}

// powerline draws the separators U+E0B0 to U+E0B3.
func (c *cell) powerline(r rune) {
	w, h, t := float64(c.w), float64(c.h), float64(c.light)
	c.shape(func(x, y float64) bool {
		if r >= 0xe0b2 {
			x = w - x
		}
		edge := w * (1 - math.Abs(2*y/h-1)) // the point is at half the height
		if r == 0xe0b1 || r == 0xe0b3 {
			return math.Abs(x-edge) <= t
		}
		return x <= edge
	})
}
