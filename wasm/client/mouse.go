//go:build js

package main

import (
	"math"
	"syscall/js"
	"time"

	"github.com/porthole-rac/porthole/protocol/term/keyboard"
	"github.com/porthole-rac/porthole/protocol/term/selection"
	"github.com/porthole-rac/porthole/wasm/client/links"
)

// mouse is the state of the pointer.
type mouse struct {
	button    keyboard.Button
	down      bool // reported to the program
	selecting bool
	clicks    int
	lastDown  float64
	lastCol   int
	lastRow   int
	wheel     float64 // rows not yet scrolled
	at        js.Value
	outside   int         // rows outside of the terminal while selecting: the view scrolls
	auto      *time.Timer // scrolls
	over      links.Link  // under the pointer
}

const (
	doubleClick = 400 // ms
	autoScroll  = 50 * time.Millisecond
)

// place gives the cell under a pointer event, and the pixel in the terminal.
func (c *client) place(e js.Value) (col, row, x, y int) {
	scale := js.Global().Get("devicePixelRatio").Float()
	r := area().Call("getBoundingClientRect")
	x = int((e.Get("clientX").Float() - r.Get("left").Float()) * scale)
	y = int((e.Get("clientY").Float() - r.Get("top").Float()) * scale)
	w, h := c.screen.Cell()
	cols, rows := c.term.Size()
	col, row = x/w, y/h
	if x < 0 {
		col = 0
	}
	if y < 0 {
		row = -1
	}
	return min(max(col, 0), cols-1), min(row, rows), x, y
}

func (c *client) installMouse(on func(js.Value, string, func(js.Value))) {
	a := area()
	on(a, "pointerdown", c.pointerDown)
	on(a, "pointermove", c.pointerMove)
	on(a, "pointerup", c.pointerUp)
	on(a, "pointercancel", c.pointerUp)
	on(a, "pointerleave", func(js.Value) { c.unhover() })
	on(a, "wheel", c.wheel)
	on(a, "contextmenu", func(e js.Value) {
		if c.reportsMouse(e) {
			e.Call("preventDefault")
		}
	})
	on(a, "mousedown", func(e js.Value) { e.Call("preventDefault") }) // keeps the focus
}

// reportsMouse tells whether the program gets the mouse; Shift gives it to the
// person.
func (c *client) reportsMouse(e js.Value) bool {
	return c.term.Modes().MouseMode != 0 && !e.Get("shiftKey").Truthy() && c.view.Back == 0
}

func buttonOf(e js.Value) keyboard.Button {
	switch b := e.Get("button").Int(); b {
	case 3:
		return keyboard.Back
	case 4:
		return keyboard.Forward
	default:
		return keyboard.Button(b)
	}
}

func (c *client) report(e js.Value, b keyboard.Button, a keyboard.Action) {
	col, row, x, y := c.place(e)
	_, rows := c.term.Size()
	c.sendInput(keyboard.AppendMouse(nil, c.modes(), keyboard.MouseEvent{
		Button: b, Action: a, Col: col, Row: min(max(row, 0), rows-1), X: max(x, 0), Y: max(y, 0), Mods: mods(e),
	}))
}

// at gives the place of a cell in the text.
func (c *client) at(col, row int) selection.Point {
	n := int64(c.term.TopLine()) + int64(row) - int64(c.view.Back)
	return selection.Point{Line: uint64(max(n, 0)), X: col}
}

func (c *client) pointerDown(e js.Value) {
	m := &c.input.mouse
	if e.Get("pointerType").String() == "touch" {
		c.touchDown(e)
		return
	}
	e.Call("preventDefault")
	c.focus()
	area().Call("setPointerCapture", e.Get("pointerId"))
	m.button = buttonOf(e)
	col, row, _, _ := c.place(e)
	if m.button == keyboard.Left && (e.Get("ctrlKey").Truthy() || e.Get("metaKey").Truthy()) {
		if l, ok := c.linkAt(col, row); ok {
			open(l.URI)
			return
		}
	}
	if c.reportsMouse(e) {
		m.down = true
		m.lastCol, m.lastRow = col, row
		c.report(e, m.button, keyboard.Down)
		return
	}
	switch m.button {
	case keyboard.Left:
		c.beginSelection(e, col, row)
	case keyboard.Middle:
		if text := c.sel.Text(c.term); text != "" && !c.welcome.DisableCopy {
			c.askPaste(text)
		}
	}
}

func (c *client) beginSelection(e js.Value, col, row int) {
	m := &c.input.mouse
	at := now()
	if at-m.lastDown < doubleClick && col == m.lastCol && row == m.lastRow {
		m.clicks++
	} else {
		m.clicks = 1
	}
	m.lastDown, m.lastCol, m.lastRow = at, col, row
	m.selecting = true
	if e.Get("shiftKey").Truthy() && !c.sel.Empty(c.term) {
		c.sel.Extend(c.edge(e, row))
		c.screen.Invalidate()
		return
	}
	mode := [...]selection.Mode{selection.Char, selection.Word, selection.Line}[(m.clicks-1)%3]
	if e.Get("altKey").Truthy() {
		mode = selection.Block
	}
	p := c.at(col, row)
	if mode == selection.Char || mode == selection.Block {
		p = c.edge(e, row)
	}
	c.sel.Begin(c.term, p, mode)
	c.screen.Invalidate()
}

// edge gives the place between cells that is nearest to the pointer.
func (c *client) edge(e js.Value, row int) selection.Point {
	_, _, x, _ := c.place(e)
	w, _ := c.screen.Cell()
	cols, _ := c.term.Size()
	return c.at(min(max((x+w/2)/w, 0), cols), row)
}

func (c *client) pointerMove(e js.Value) {
	m := &c.input.mouse
	if e.Get("pointerType").String() == "touch" {
		c.touchMoved(e)
		return
	}
	col, row, _, _ := c.place(e)
	if m.selecting {
		m.at = e
		c.extend()
		return
	}
	if e.Get("ctrlKey").Truthy() || e.Get("metaKey").Truthy() || !c.reportsMouse(e) {
		c.hover(col, row)
	} else {
		c.unhover()
	}
	if c.reportsMouse(e) || m.down {
		if col != m.lastCol || row != m.lastRow || c.term.Modes().MouseEncoding == 1016 {
			m.lastCol, m.lastRow = col, row
			b := keyboard.None
			if m.down {
				b = m.button
			}
			c.report(e, b, keyboard.Move)
		}
	}
}

// extend draws the selection to the pointer, and scrolls while that is outside.
func (c *client) extend() {
	m := &c.input.mouse
	if !m.selecting {
		return
	}
	col, row, _, y := c.place(m.at)
	_, h := c.screen.Cell()
	_, rows := c.term.Size()
	switch {
	case y < 0:
		m.outside = 1 + min(-y/h, 9)
	case y >= rows*h:
		m.outside = -1 - min((y-rows*h)/h, 9)
	default:
		m.outside = 0
	}
	if m.outside != 0 && m.auto == nil {
		m.auto = time.AfterFunc(0, c.scrollOutside)
	}
	row = min(max(row, 0), rows-1)
	if c.sel.Mode == selection.Char || c.sel.Mode == selection.Block {
		c.sel.Extend(c.edge(m.at, row))
	} else {
		c.sel.Extend(c.at(col, row))
	}
	c.screen.Invalidate()
}

func (c *client) scrollOutside() {
	m := &c.input.mouse
	m.auto = nil
	if !m.selecting || m.outside == 0 {
		return
	}
	before := c.view.Back
	c.scroll(m.outside)
	if c.view.Back != before {
		m.auto = time.AfterFunc(autoScroll, c.scrollOutside)
	}
	c.extend()
}

func (c *client) pointerUp(e js.Value) {
	m := &c.input.mouse
	if e.Get("pointerType").String() == "touch" {
		c.touchUp(e)
		return
	}
	if m.down {
		m.down = false
		c.report(e, m.button, keyboard.Up)
	}
	if m.selecting {
		m.selecting = false
		if c.options.CopyOnSelect || c.welcome.CopyOnSelect {
			if !c.sel.Empty(c.term) {
				c.copy()
			}
		}
	}
}

// wheel scrolls: the program's way when it wants the mouse, by arrows in a full
// screen program that does not, else the scrollback.
func (c *client) wheel(e js.Value) {
	if e.Get("ctrlKey").Truthy() {
		e.Call("preventDefault")
		c.wheelZoom(e)
		return
	}
	e.Call("preventDefault")
	_, h := c.screen.Cell()
	scale := js.Global().Get("devicePixelRatio").Float()
	rows := e.Get("deltaY").Float()
	_, height := c.term.Size()
	switch e.Get("deltaMode").Int() {
	case 0:
		rows = rows * scale / float64(h)
	case 2:
		rows *= float64(height)
	}
	c.wheelRows(e, rows)
}

// wheelZoom zooms the font: Ctrl and wheel, or two fingers on a touchpad.
func (c *client) wheelZoom(e js.Value) {
	m := &c.input.mouse
	step := e.Get("deltaY").Float()
	if e.Get("deltaMode").Int() == 0 {
		step /= 50
	}
	m.wheel -= step
	if n := int(math.Trunc(m.wheel)); n != 0 {
		m.wheel = 0
		c.zoom(min(max(n, -1), 1))
	}
}

func (c *client) wheelRows(e js.Value, rows float64) {
	m := &c.input.mouse
	m.wheel += rows
	n := int(math.Trunc(m.wheel))
	if n == 0 {
		return
	}
	m.wheel -= float64(n)
	mode := c.term.Modes()
	switch {
	case c.reportsMouse(e):
		b := keyboard.WheelDown
		if n < 0 {
			b = keyboard.WheelUp
		}
		for range min(max(n, -n), 20) {
			c.report(e, b, keyboard.Down)
		}
	case mode.AltScreen && mode.AltScroll:
		key := "ArrowDown"
		if n < 0 {
			key = "ArrowUp"
		}
		var out []byte
		for range min(max(n, -n), 20) {
			out = keyboard.AppendKey(out, c.modes(), keyboard.Event{Key: key, Code: key, Type: keyboard.Press})
		}
		c.sendInput(out)
	default:
		c.scroll(-n)
	}
}

// marked is for the screen.
func (c *client) marked(line uint64) (from, to int) { return c.sel.Columns(c.term, line) }
