//go:build js

package main

import (
	"syscall/js"

	"github.com/porthole-rac/porthole/wasm/client/links"
)

// linkAt gives the address under a cell of the view.
func (c *client) linkAt(col, row int) (links.Link, bool) {
	p := c.at(col, row)
	return links.At(c.term, p.Line, p.X)
}

// open opens an address in a tab that cannot reach this one.
func open(uri string) {
	if links.Openable(uri) {
		js.Global().Call("open", uri, "_blank", "noopener,noreferrer")
	}
}

// hover underlines the address under the pointer and has it shown.
func (c *client) hover(col, row int) {
	l, ok := c.linkAt(col, row)
	if !ok {
		l = links.Link{}
	}
	m := &c.input.mouse
	if l == m.over {
		return
	}
	m.over = l
	c.view.Hover = l.Number
	c.screen.Invalidate()
	if l.URI == "" {
		c.ui.Call("link", js.Null())
		return
	}
	c.ui.Call("link", map[string]any{"uri": l.URI, "mac": c.input.mac})
}

func (c *client) unhover() {
	if c.input.mouse.over.URI != "" {
		c.hover(-1, 0)
	}
}

// hovered gives the columns of a row that belong to the address under the
// pointer, where it stands in the text.
func (c *client) hovered(row uint64) (from, to int) {
	l := &c.input.mouse.over
	if l.URI == "" || l.Number != 0 || row < l.From.Row || row > l.To.Row {
		return 0, 0
	}
	to, _ = c.term.Size()
	if row == l.From.Row {
		from = l.From.X
	}
	if row == l.To.Row {
		to = l.To.X
	}
	return from, to
}
