//go:build js

package main

import (
	"strings"
	"syscall/js"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/wasm/client/screen"
	"github.com/porthole-rac/porthole/wasm/client/theme"
)

const (
	optionsKey  = "porthole.options"
	defaultFont = `"JetBrains Mono", "DejaVu Sans Mono", Menlo, Consolas, "Liberation Mono", monospace`
	minFont     = 6
	maxFont     = 64
)

// options are the person's choices; they live in the browser.
type options struct {
	Theme        string // name, "light", "dark" or "" for the system's
	FontFamily   string // "": the default
	FontSize     float64
	CopyOnSelect bool
	Ligatures    bool
	Bell         string // "none", "visual" or "sound"
	ScreenReader bool
	sizeChosen   bool // by the person, so that an endpoint's does not count
}

func loadOptions() options {
	o := options{FontSize: 14, Bell: "visual"}
	text := js.Global().Get("localStorage").Call("getItem", optionsKey)
	if text.Type() != js.TypeString {
		return o
	}
	v, ok := parseJSON(text)
	if !ok {
		return o
	}
	str := func(name string, to *string) {
		if f := v.Get(name); f.Type() == js.TypeString {
			*to = f.String()
		}
	}
	str("theme", &o.Theme)
	str("fontFamily", &o.FontFamily)
	str("bell", &o.Bell)
	if f := v.Get("fontSize"); f.Type() == js.TypeNumber {
		o.FontSize, o.sizeChosen = min(max(f.Float(), minFont), maxFont), true
	}
	o.CopyOnSelect, o.Ligatures, o.ScreenReader = v.Get("copyOnSelect").Truthy(), v.Get("ligatures").Truthy(), v.Get("screenReader").Truthy()
	return o
}

// parseJSON is JSON.parse; what somebody else stored may be anything.
func parseJSON(text js.Value) (v js.Value, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	v = js.Global().Get("JSON").Call("parse", text)
	return v, v.Type() == js.TypeObject
}

func (o *options) object() map[string]any {
	names := make([]any, len(theme.Themes))
	for i, t := range theme.Themes {
		names[i] = t.Name
	}
	m := map[string]any{
		"theme": o.Theme, "fontFamily": o.FontFamily, "fontSize": o.FontSize, "copyOnSelect": o.CopyOnSelect,
		"ligatures": o.Ligatures, "bell": o.Bell, "screenReader": o.ScreenReader, "themes": names,
	}
	return m
}

func (c *client) saveOptions() {
	m := c.options.object()
	delete(m, "themes")
	if !c.options.sizeChosen {
		delete(m, "fontSize")
	}
	js.Global().Get("localStorage").Call("setItem", optionsKey, js.Global().Get("JSON").Call("stringify", m))
	c.ui.Call("options", c.options.object())
}

// set changes one option by its name.
func (c *client) set(name string, v js.Value) {
	o := &c.options
	switch name {
	case "theme":
		o.Theme, c.scheme = v.String(), ""
		c.chooseTheme()
		c.sendColors()
	case "fontFamily":
		o.FontFamily = v.String()
		c.changeFont()
	case "fontSize":
		o.FontSize, o.sizeChosen = min(max(v.Float(), minFont), maxFont), true
		c.changeFont()
	case "copyOnSelect":
		o.CopyOnSelect = v.Truthy()
	case "ligatures":
		o.Ligatures = v.Truthy()
	case "bell":
		o.Bell = v.String()
	case "screenReader":
		o.ScreenReader = v.Truthy()
	default:
		return
	}
	c.saveOptions()
	c.screen.Invalidate()
}

// zoom changes the font's size by steps; 0 is back to the default.
func (c *client) zoom(step int) {
	size := c.options.FontSize + float64(step)
	if step == 0 {
		size = 14
	}
	c.set("fontSize", js.ValueOf(size))
}

func preferDark() bool {
	return js.Global().Call("matchMedia", "(prefers-color-scheme: dark)").Get("matches").Bool()
}

// chooseTheme takes the endpoint's scheme, else the person's theme.
func (c *client) chooseTheme() {
	t, ok := theme.Guacd(c.scheme)
	if !ok {
		t = theme.ByName(c.options.Theme, preferDark())
	}
	c.theme = t
	c.term.SetPalette(t.Palette())
	root := js.Global().Get("document").Get("documentElement")
	root.Get("style").Call("setProperty", "--terminal-background", hex(t.Background))
	root.Get("style").Call("setProperty", "--terminal-foreground", hex(t.Foreground))
	kind := "light"
	if t.Dark {
		kind = "dark"
	}
	root.Call("setAttribute", "data-terminal", kind)
}

func hex(v uint32) string {
	const digits = "0123456789abcdef"
	b := []byte("#000000")
	for i := range 6 {
		b[6-i] = digits[v>>(4*i)&15]
	}
	return string(b)
}

// colors tells the relay the theme, for programs that ask.
func (c *client) colors() wire.Colors {
	t := &c.theme
	return wire.Colors{Foreground: t.Foreground, Background: t.Background, Cursor: t.Cursor, Palette: t.Colors[:]}
}

func (c *client) sendColors() {
	m := c.colors()
	c.send(m.Append(c.buf[:0]))
}

// font is the font for the screen at its present density.
func (c *client) font() screen.Font {
	family := defaultFont
	if c.options.FontFamily != "" {
		family = `"` + strings.Map(func(r rune) rune {
			if r == '"' || r == '\\' || r < ' ' {
				return -1
			}
			return r
		}, c.options.FontFamily) + `", ` + defaultFont
	}
	return screen.Font{Family: family, Size: c.options.FontSize, Scale: js.Global().Get("devicePixelRatio").Float()}
}

// endpointFont takes the endpoint's settings where the person has chosen nothing.
func (c *client) endpointFont(name string, points int) {
	changed := false
	if name != "" && c.options.FontFamily == "" {
		c.options.FontFamily, changed = name, true
	}
	if points > 0 && !c.options.sizeChosen {
		c.options.FontSize, changed = float64(points)*4/3, true
	}
	if changed {
		c.changeFont()
	}
}

func (c *client) changeFont() {
	c.screen.SetFont(c.font())
	c.resize()
}
