package term

import (
	"strconv"
	"strings"
)

// Palette is the meaning of the default and the indexed colours, all as RGB.
type Palette struct {
	Foreground, Background, Cursor Color
	Colors                         [256]Color
}

// DefaultPalette is xterm's: its 16 colours, the 6×6×6 cube and 24 greys, light
// grey on black.
func DefaultPalette() Palette {
	p := Palette{Foreground: RGB(0xe5e5e5), Background: RGB(0x000000), Cursor: RGB(0xe5e5e5)}
	for i, v := range [16]uint32{
		0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5,
		0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff,
	} {
		p.Colors[i] = RGB(v)
	}
	level := func(i int) uint32 {
		if i == 0 {
			return 0
		}
		return uint32(55 + 40*i)
	}
	for i := range 216 {
		p.Colors[16+i] = RGB(level(i/36)<<16 | level(i/6%6)<<8 | level(i%6))
	}
	for i := range 24 {
		p.Colors[232+i] = RGB(uint32(8+10*i) * 0x010101)
	}
	return p
}

// SetPalette sets the theme. Colours that the program has changed (OSC 4, 10, 11,
// 12) stay as it set them.
func (t *Terminal) SetPalette(p Palette) {
	keep := func(now *Color, base, next Color) {
		if *now == base {
			*now = next
		}
	}
	keep(&t.palette.Foreground, t.base.Foreground, p.Foreground)
	keep(&t.palette.Background, t.base.Background, p.Background)
	keep(&t.palette.Cursor, t.base.Cursor, p.Cursor)
	for i := range p.Colors {
		keep(&t.palette.Colors[i], t.base.Colors[i], p.Colors[i])
	}
	t.base = p
	t.damage.all = true
}

// Palette gives the colours in force.
func (t *Terminal) Palette() *Palette { return &t.palette }

// Resolve gives the RGB value of a colour in force; def stands for the default.
func (p *Palette) Resolve(c, def Color) uint32 {
	if i, ok := c.Index(); ok {
		c = p.Colors[i]
	} else if c.IsDefault() {
		c = def
	}
	v, _ := c.Value()
	return v
}

// ParseColor reads a colour as XParseColor does, of the forms "#rgb" to
// "#rrrrggggbbbb" and "rgb:r/g/b" with one to four digits each.
func ParseColor(s string) (Color, bool) {
	var parts [3]string
	switch {
	case strings.HasPrefix(s, "#"):
		s = s[1:]
		n := len(s) / 3
		if n < 1 || n > 4 || len(s) != 3*n {
			return 0, false
		}
		parts = [3]string{s[:n], s[n : 2*n], s[2*n:]}
		v := uint32(0)
		for _, p := range parts {
			x, err := strconv.ParseUint(p, 16, 16)
			if err != nil {
				return 0, false
			}
			// These digits are the most significant ones.
			v = v<<8 | uint32(x<<(16-4*n)>>8)
		}
		return RGB(v), true
	case strings.HasPrefix(s, "rgb:"):
		fields := strings.Split(s[4:], "/")
		if len(fields) != 3 {
			return 0, false
		}
		v := uint32(0)
		for _, f := range fields {
			if len(f) < 1 || len(f) > 4 {
				return 0, false
			}
			x, err := strconv.ParseUint(f, 16, 16)
			if err != nil {
				return 0, false
			}
			most := uint64(1)<<(4*len(f)) - 1
			v = v<<8 | uint32((x*255+most/2)/most)
		}
		return RGB(v), true
	}
	return 0, false
}
