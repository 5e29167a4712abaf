package theme

import "testing"

// WCAG AA: text needs 4.5:1; the six colours are used for text.
func TestContrast(t *testing.T) {
	for _, th := range Themes {
		if c := contrast(luminance(th.Foreground), luminance(th.Background)); c < 7 {
			t.Errorf("%s: text %.1f", th.Name, c)
		}
		if c := contrast(luminance(th.Foreground), luminance(th.Selection)); c < 4.5 {
			t.Errorf("%s: selected text %.1f", th.Name, c)
		}
		for i := 1; i < 7; i++ {
			for _, n := range []int{i, i + 8} {
				if c := contrast(luminance(th.Colors[n]), luminance(th.Background)); c < 4.5 {
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
