//go:build js

package main

import (
	"strconv"
	"syscall/js"
)

// placeKeys puts the textarea at the cursor, so that an input method shows its
// candidates there.
func (c *client) placeKeys() {
	w, h := c.screen.Cell()
	scale := js.Global().Get("devicePixelRatio").Float()
	at := c.term.Cursor()
	st := c.input.keys.Get("style")
	px := func(v int) string { return strconv.FormatFloat(float64(v)/scale, 'f', 1, 64) + "px" }
	st.Set("left", px(at.X*w))
	st.Set("top", px((at.Y+c.view.Back)*h))
	st.Set("height", px(h))
}

// scroll moves the view by rows, up with positive numbers.
func (c *client) scroll(rows int) { c.scrollTo(c.view.Back + rows) }

func (c *client) scrollTo(back int) {
	back = min(max(back, 0), c.term.Scrollback())
	if c.term.Modes().AltScreen {
		back = 0
	}
	c.anchor = c.term.TopLine() - uint64(back)
	if back != c.view.Back {
		c.view.Back = back
		c.screen.Invalidate()
	}
}

func (c *client) scrollBy(where string) {
	_, rows := c.term.Size()
	switch where {
	case "up":
		c.scroll(1)
	case "down":
		c.scroll(-1)
	case "pageup":
		c.scroll(rows - 1)
	case "pagedown":
		c.scroll(1 - rows)
	case "top":
		c.scrollTo(c.term.Scrollback())
	case "bottom":
		c.scrollTo(0)
	}
}

func (c *client) selectAll() {
	c.sel.All(c.term)
	c.screen.Invalidate()
}

// bar is what the page's scrollbar shows.
type bar struct{ back, rows, lines int }

// scrollbar tells the page where the view is, when that has changed.
func (c *client) scrollbar() {
	_, rows := c.term.Size()
	b := bar{c.view.Back, rows, c.term.Scrollback()}
	if c.term.Modes().AltScreen {
		b = bar{rows: rows}
	}
	if b != c.bar {
		c.bar = b
		c.ui.Call("scrollbar", b.back, b.rows, b.lines)
	}
}
