// Package theme holds the terminal's colour schemes and reads guacd's.
package theme

import (
	"strconv"
	"strings"

	"github.com/porthole-rac/porthole/protocol/term"
)

// Theme is a colour scheme. Colours are 0xRRGGBB.
type Theme struct {
	Name       string
	Dark       bool
	Foreground uint32
	Background uint32
	Cursor     uint32
	Selection  uint32 // background of selected text
	Match      uint32 // background of what a search found
	Colors     [16]uint32
}

// Themes are those to choose from; the first two are the defaults for dark and
// light.
var Themes = []Theme{
	{
		"Porthole dark", true, 0xd7dae0, 0x12161c, 0x6cb6ff, 0x2f4a68, 0x6b5a17,
		[16]uint32{
			0x1c222b, 0xf47067, 0x6bc46d, 0xdaaa3f, 0x6cb6ff, 0xc99bf5, 0x56d4dd, 0xc5ccd6,
			0x66707d, 0xff938a, 0x8ddb8c, 0xf2cc60, 0x96d0ff, 0xdcbdfb, 0x7ee5ec, 0xf4f7fa,
		},
	},
	{
		"Porthole light", false, 0x22272e, 0xfbfcfd, 0x0a5fb4, 0xbcdcff, 0xffe38a,
		[16]uint32{
			0x22272e, 0xb8201a, 0x14682b, 0x7d5200, 0x0a5fb4, 0x7a3fb8, 0x086a70, 0x6b7480,
			0x505862, 0xa3120c, 0x0f5a24, 0x684400, 0x084d94, 0x6530a0, 0x06585d, 0x8b95a1,
		},
	},
	{
		"Contrast", true, 0xffffff, 0x000000, 0xffff00, 0x0050a0, 0x806000,
		[16]uint32{
			0x000000, 0xff6b6b, 0x5cff5c, 0xffff5c, 0x7aa7ff, 0xff7aff, 0x5cffff, 0xe8e8e8,
			0x8c8c8c, 0xff9c9c, 0x9cff9c, 0xffffa0, 0xaac8ff, 0xffaaff, 0xa0ffff, 0xffffff,
		},
	},
	{
		"Sepia", false, 0x4a3b28, 0xf7f0e1, 0x8a4b08, 0xe3d0a8, 0xf2cf66,
		[16]uint32{
			0x4a3b28, 0xa62c1c, 0x4f6b12, 0x8a5a00, 0x22598c, 0x85357a, 0x1e6b62, 0x8c7b62,
			0x6e5d46, 0x8f2012, 0x40590b, 0x734a00, 0x184873, 0x6e2764, 0x145850, 0xa89a82,
		},
	},
	{
		"Deep sea", true, 0xc6dbe8, 0x06202c, 0x2ee6c8, 0x14506b, 0x6b5a17,
		[16]uint32{
			0x0c2f3f, 0xff7a70, 0x5fd38a, 0xe6b85c, 0x5fb3f0, 0xc79bf2, 0x2ee6c8, 0xbcd2df,
			0x5a7d90, 0xff9f97, 0x8be6ab, 0xf5d08a, 0x92cdf8, 0xdcbdf8, 0x7df3e0, 0xf0f8fc,
		},
	},
}

// ByName finds a theme; "light", "dark" and "" (by preference) are known too.
func ByName(name string, preferDark bool) Theme {
	switch name {
	case "light":
		return Themes[1]
	case "dark":
		return Themes[0]
	}
	for _, t := range Themes {
		if t.Name == name {
			return t
		}
	}
	if preferDark {
		return Themes[0]
	}
	return Themes[1]
}

// guacd's named schemes: foreground and background.
var named = map[string][2]uint32{
	"black-white": {0x000000, 0xffffff},
	"white-black": {0xffffff, 0x000000},
	"gray-black":  {0xbebebe, 0x000000},
	"green-black": {0x00ff00, 0x000000},
}

// Guacd reads the setting color-scheme: a name, or "foreground: rgb:…;
// background: …; color0: …". ok is false when it is empty or not understood.
func Guacd(setting string) (t Theme, ok bool) {
	setting = strings.TrimSpace(setting)
	if pair, found := named[setting]; found {
		return plain(setting, pair[0], pair[1]), true
	}
	t = plain("custom", 0xbebebe, 0x000000)
	for part := range strings.SplitSeq(setting, ";") {
		name, value, found := strings.Cut(part, ":")
		if !found {
			continue
		}
		c, good := color(strings.TrimSpace(value), &t)
		if !good {
			continue
		}
		switch name = strings.TrimSpace(name); name {
		case "foreground":
			t.Foreground, t.Cursor, ok = c, c, true
		case "background":
			t.Background, ok = c, true
		default:
			if n, err := strconv.Atoi(strings.TrimPrefix(name, "color")); err == nil && n >= 0 && n < 16 {
				t.Colors[n], ok = c, true
			}
		}
	}
	t.Dark = isDark(t.Background)
	return t, ok
}

func plain(name string, fg, bg uint32) Theme {
	t := Theme{Name: name, Foreground: fg, Background: bg, Cursor: fg, Selection: 0x3b5f8a, Match: 0x7a6410, Dark: isDark(bg)}
	if !t.Dark {
		t.Selection, t.Match = 0xb5d5ff, 0xffe066
	}
	p := term.DefaultPalette()
	for i := range t.Colors {
		t.Colors[i], _ = p.Colors[i].Value()
	}
	return t
}

func isDark(c uint32) bool {
	return 299*(c>>16)+587*(c>>8&0xff)+114*(c&0xff) < 128_000
}

// color reads a colour as XParseColor does, or colorN of the scheme.
func color(s string, t *Theme) (uint32, bool) {
	if n, err := strconv.Atoi(strings.TrimPrefix(s, "color")); err == nil && n >= 0 && n < 16 {
		return t.Colors[n], true
	}
	switch s {
	case "black":
		return 0, true
	case "white":
		return 0xffffff, true
	}
	c, ok := term.ParseColor(s)
	if !ok {
		return 0, false
	}
	v, _ := c.Value()
	return v, true
}

// Palette is the theme as the terminal's base colours.
func (t *Theme) Palette() term.Palette {
	p := term.DefaultPalette()
	p.Foreground, p.Background, p.Cursor = term.RGB(t.Foreground), term.RGB(t.Background), term.RGB(t.Cursor)
	for i, c := range t.Colors {
		p.Colors[i] = term.RGB(c)
	}
	return p
}
