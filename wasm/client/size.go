//go:build js

package main

import (
	"math"
	"syscall/js"
	"time"

	"github.com/porthole-rac/porthole/protocol/wire"
)

// resizeDelay lets a window that is being dragged come to rest.
const resizeDelay = 60 * time.Millisecond

// area is the element over which the terminal is drawn.
func area() js.Value {
	return js.Global().Get("document").Call("getElementById", "terminal")
}

// watchSize follows the size of the terminal's area and the pixel density.
func (c *client) watchSize() {
	var timer *time.Timer
	changed := func() {
		if timer != nil {
			timer.Stop()
		}
		timer = time.AfterFunc(resizeDelay, c.resize)
	}
	observer := js.Global().Get("ResizeObserver").New(js.FuncOf(func(js.Value, []js.Value) any {
		c.fitCanvas()
		changed()
		return nil
	}))
	observer.Call("observe", area())
	scale := js.Global().Get("devicePixelRatio").Float()
	js.Global().Call("addEventListener", "resize", js.FuncOf(func(js.Value, []js.Value) any {
		if now := js.Global().Get("devicePixelRatio").Float(); now != scale {
			scale = now
			c.screen.SetFont(c.font())
		}
		c.fitCanvas()
		changed()
		return nil
	}))
	fonts := js.Global().Get("document").Get("fonts")
	if fonts.Truthy() { // a web font that arrives changes the measures
		fonts.Call("addEventListener", "loadingdone", js.FuncOf(func(js.Value, []js.Value) any {
			c.changeFont()
			return nil
		}))
	}
	js.Global().Call("matchMedia", "(prefers-color-scheme: dark)").Call("addEventListener", "change", js.FuncOf(func(js.Value, []js.Value) any {
		c.chooseTheme()
		c.sendColors()
		c.screen.Invalidate()
		return nil
	}))
	c.fitCanvas()
}

// fitCanvas tells the screen how large the canvas is: that of the page's body.
func (c *client) fitCanvas() {
	scale := js.Global().Get("devicePixelRatio").Float()
	w, h := js.Global().Get("innerWidth").Float(), js.Global().Get("innerHeight").Float()
	c.screen.Resize(int(math.Round(w*scale)), int(math.Round(h*scale)))
}

// wantedGrid is the largest terminal that fits the area.
func (c *client) wantedGrid() wire.Grid {
	scale := js.Global().Get("devicePixelRatio").Float()
	a := area()
	w, h := c.screen.Cell()
	return wire.Grid{
		Cols:      min(max(int(a.Get("clientWidth").Float()*scale)/w, 2), 1000),
		Rows:      min(max(int(a.Get("clientHeight").Float()*scale)/h, 1), 500),
		CellWidth: w, CellHeight: h,
	}
}

// resize asks the relay for the size that fits. The terminal itself changes when
// the relay says so, at its place in the output.
func (c *client) resize() {
	g := c.wantedGrid()
	if g == c.grid || !c.link.Open() {
		return
	}
	c.grid = g
	m := wire.Resize{Grid: g}
	c.send(m.Append(c.buf[:0]))
}
