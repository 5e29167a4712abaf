package theme

import (
	"math"
	"testing"
)

func luminance(c uint32) float64 {
	f := func(v uint32) float64 {
		x := float64(v&0xff) / 255
		if x <= .03928 {
			return x / 12.92
		}
		return math.Pow((x+.055)/1.055, 2.4)
	}
	return .2126*f(c>>16) + .7152*f(c>>8) + .0722*f(c)
}

func contrast(a, b uint32) float64 {
	x, y := luminance(a), luminance(b)
	if x < y {
		x, y = y, x
	}
	return (x + .05) / (y + .05)
}

// WCAG AA: text needs 4.5:1; the six colours are used for text.
func TestContrast(t *testing.T) {
	for _, th := range Themes {
		if c := contrast(th.Foreground, th.Background); c < 7 {
			t.Errorf("%s: text %.1f", th.Name, c)
		}
		if c := contrast(th.Foreground, th.Selection); c < 4.5 {
			t.Errorf("%s: selected text %.1f", th.Name, c)
		}
		for i := 1; i < 7; i++ {
			for _, n := range []int{i, i + 8} {
				if c := contrast(th.Colors[n], th.Background); c < 4.5 {
					t.Errorf("%s: colour %d %.1f", th.Name, n, c)
				}
			}
		}
		if th.Dark != isDark(th.Background) {
			t.Errorf("%s: dark is %t", th.Name, th.Dark)
		}
	}
}

func TestGuacdSchemes(t *testing.T) {
	th, ok := Guacd("gray-black")
	if !ok || th.Foreground != 0xbebebe || th.Background != 0 || !th.Dark {
		t.Errorf("%+v %t", th, ok)
	}
	th, ok = Guacd("foreground: rgb:ff/00/80; background: #ffffff; color1: rgb:1234/5678/9abc; color2: color1")
	if !ok || th.Foreground != 0xff0080 || th.Background != 0xffffff || th.Colors[1] != 0x12569a || th.Colors[2] != th.Colors[1] || th.Dark {
		t.Errorf("%+v %t", th, ok)
	}
	if _, ok := Guacd(""); ok {
		t.Error("an empty scheme was taken")
	}
}
