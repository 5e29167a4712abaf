//go:build js

package main

import (
	"strings"
	"syscall/js"

	"github.com/porthole-rac/porthole/protocol/term/theme"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/wasm/client/screen"
)

const (
	optionsKey  = "porthole.options"
	defaultSize = 14
	defaultFont = `"JetBrains Mono", "DejaVu Sans Mono", Menlo, Consolas, "Liberation Mono", monospace`
	minFont     = 6
	maxFont     = 64
)

// options are the person's choices; they live in the browser.
type options struct {
	Theme        string  // name, "light", "dark" or "" for the system's
	FontFamily   string  // "": the default
	FontSize     float64 // CSS pixels; 0: the endpoint's, else the default
	CopyOnSelect bool
	Ligatures    bool
	Bell         string // "none", "visual" or "sound"
	OptionIsAlt  bool   // on a Mac
	Drawing      string // "gpu", "canvas" or "" for what fits; web/js/drawing.js acts on it
}

func loadOptions() options {
	o := options{Bell: "visual"}
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
	str("drawing", &o.Drawing)
	if f := v.Get("fontSize"); f.Type() == js.TypeNumber {
		o.FontSize = min(max(f.Float(), minFont), maxFont)
	}
	o.CopyOnSelect, o.Ligatures, o.OptionIsAlt = v.Get("copyOnSelect").Truthy(), v.Get("ligatures").Truthy(), v.Get("optionIsAlt").Truthy()
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

// optionsObject is the options in force, for the page.
func (c *client) optionsObject() map[string]any {
	m := c.options.object()
	m["fontSize"], m["mac"] = c.fontSize(), c.input.mac
	m["drawn"] = string(c.screen.Drawing())
	names := make([]any, len(theme.Themes))
	for i, t := range theme.Themes {
		names[i] = t.Name
	}
	m["themes"] = names
	if c.scheme != "" {
		m["theme"] = "endpoint"
	}
	m["scheme"] = c.welcome.ColorScheme
	return m
}

// object is the options as they are kept.
func (o *options) object() map[string]any {
	m := map[string]any{
		"theme": o.Theme, "fontFamily": o.FontFamily, "fontSize": o.FontSize, "copyOnSelect": o.CopyOnSelect,
		"ligatures": o.Ligatures, "bell": o.Bell, "optionIsAlt": o.OptionIsAlt, "drawing": o.Drawing,
	}
	if o.FontSize == 0 {
		delete(m, "fontSize")
	}
	return m
}

func (c *client) saveOptions() {
	js.Global().Get("localStorage").Call("setItem", optionsKey, js.Global().Get("JSON").Call("stringify", c.options.object()))
	c.ui.Call("options", c.optionsObject())
}

// set changes one option by its name.
func (c *client) set(name string, v js.Value) {
	o := &c.options
	switch name {
	case "theme":
		if c.chosen = v.String() != "endpoint"; c.chosen {
			o.Theme, c.scheme = v.String(), ""
		} else {
			c.scheme = c.welcome.ColorScheme
		}
		c.chooseTheme()
		c.sendColors()
	case "fontFamily":
		o.FontFamily = v.String()
		c.changeFont()
	case "fontSize":
		o.FontSize = min(max(v.Float(), minFont), maxFont)
		c.changeFont()
	case "copyOnSelect":
		o.CopyOnSelect = v.Truthy()
	case "ligatures":
		o.Ligatures = v.Truthy()
		c.view.Ligatures = o.Ligatures
	case "bell":
		o.Bell = v.String()
	case "optionIsAlt":
		o.OptionIsAlt = v.Truthy()
	case "drawing":
		o.Drawing = v.String()
	default:
		return
	}
	c.saveOptions()
	c.screen.Invalidate()
}

// zoom changes the font's size by steps; 0 is back to the default.
func (c *client) zoom(step int) {
	if step != 0 {
		c.set("fontSize", js.ValueOf(c.fontSize()+float64(step)))
		return
	}
	c.options.FontSize = 0
	c.changeFont()
	c.saveOptions()
}

// fontSize is the font's size in force, CSS pixels.
func (c *client) fontSize() float64 {
	switch {
	case c.options.FontSize != 0:
		return c.options.FontSize
	case c.welcome.FontSize > 0:
		return min(max(float64(c.welcome.FontSize)*4/3, minFont), maxFont) // points
	}
	return defaultSize
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
	c.view.Ligatures, c.shownBack = c.options.Ligatures, t.Background
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
	name := c.options.FontFamily
	if name == "" {
		name = c.welcome.FontName
	}
	if name != "" {
		family = `"` + strings.Map(func(r rune) rune {
			if r == '"' || r == '\\' || r < ' ' {
				return -1
			}
			return r
		}, name) + `", ` + defaultFont
	}
	return screen.Font{Family: family, Size: c.fontSize(), Scale: js.Global().Get("devicePixelRatio").Float()}
}

func (c *client) changeFont() {
	c.screen.SetFont(c.font())
	c.resize()
}
