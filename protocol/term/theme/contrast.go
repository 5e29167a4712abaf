package theme

import "math"

// leastContrast is the contrast that text keeps on its background, as WCAG 2.2
// counts it (1.4.3 asks for 3:1 of large text). Themes keep more on the
// background of their own; this is for pairs that programs put together, such as
// black on green, which a light theme's dark green would make unreadable.
const leastContrast = 3

// Contrast makes text readable. It remembers what it worked out: programs use few
// pairs of colours. The zero value is ready.
type Contrast struct {
	known [256]struct{ fg, bg, use uint32 }
}

// Readable gives the colour for text of colour fg on bg, both 0xRRGGBB: fg itself
// where it can be read, else the nearest one towards black or white that can.
// Text in the colour of its background is meant to be hidden and stays so.
func (c *Contrast) Readable(fg, bg uint32) uint32 {
	if fg == bg {
		return fg
	}
	slot := &c.known[(fg^fg>>7^fg>>15^bg*3^bg>>9)&0xff]
	if slot.fg != fg || slot.bg != bg {
		slot.fg, slot.bg, slot.use = fg, bg, readable(fg, bg)
	}
	return slot.use
}

func readable(fg, bg uint32) uint32 {
	base := luminance(bg)
	if contrast(luminance(fg), base) >= leastContrast {
		return fg
	}
	to := uint32(0xffffff)
	if contrast(1, base) < contrast(0, base) {
		to = 0
	}
	for part := uint32(1); part < 8; part++ {
		if mixed := mix(fg, to, part); contrast(luminance(mixed), base) >= leastContrast {
			return mixed
		}
	}
	return to
}

// mix goes part eighths of the way from a to b.
func mix(a, b, part uint32) uint32 {
	channel := func(shift uint) uint32 {
		return ((a>>shift&0xff)*(8-part) + (b>>shift&0xff)*part) / 8 << shift
	}
	return channel(16) | channel(8) | channel(0)
}

// contrast is WCAG's ratio of two luminances, 1…21.
func contrast(a, b float64) float64 {
	return (max(a, b) + 0.05) / (min(a, b) + 0.05)
}

// luminance is WCAG's relative luminance, 0…1.
func luminance(c uint32) float64 {
	linear := func(v uint32) float64 {
		f := float64(v) / 255
		if f <= 0.04045 {
			return f / 12.92
		}
		return math.Pow((f+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c>>16&0xff) + 0.7152*linear(c>>8&0xff) + 0.0722*linear(c&0xff)
}
