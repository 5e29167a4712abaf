//go:build js

package main

import (
	"math"
	"syscall/js"
	"time"

	"github.com/porthole-rac/porthole/protocol/term/keyboard"
	"github.com/porthole-rac/porthole/protocol/term/selection"
)

// touch is the state of the fingers: one that moves scrolls, and the view goes on
// when it is let go; a tap opens the on-screen keyboard, or clicks where the
// program wants the mouse; a long press marks a word, and then the finger draws
// the selection; two fingers zoom the font.
type touch struct {
	id       int // of the first finger, -1: none
	y        float64
	moved    bool
	marking  bool
	speed    float64 // CSS pixels a millisecond, up is positive
	at       float64 // when it was measured
	long     *time.Timer
	gliding  int // number of the glide that goes on
	second   int // the other finger, 0: none
	distance float64
	x        map[int][2]float64
}

const (
	longPress = 500 * time.Millisecond
	slack     = 8 // CSS pixels that a tap may move
	friction  = 0.997
	glideStep = 16 * time.Millisecond
)

func (c *client) touchDown(e js.Value) {
	t := &c.input.touch
	e.Call("preventDefault")
	area().Call("setPointerCapture", e.Get("pointerId"))
	if t.x == nil {
		t.x = make(map[int][2]float64)
	}
	id := e.Get("pointerId").Int()
	if len(t.x) >= 2 {
		return
	}
	t.x[id] = [2]float64{e.Get("clientX").Float(), e.Get("clientY").Float()}
	t.gliding++
	if t.long != nil {
		t.long.Stop()
	}
	if len(t.x) == 2 {
		t.second, t.distance, t.moved = id, t.spread(), true
		return
	}
	t.id, t.y, t.moved, t.marking, t.speed, t.at = id, e.Get("clientY").Float(), false, false, 0, now()
	col, row, _, _ := c.place(e)
	t.long = time.AfterFunc(longPress, func() {
		if !t.moved {
			t.marking = true
			c.sel.Begin(c.term, c.at(col, row), selection.Word)
			c.screen.Invalidate()
		}
	})
}

// spread is the distance of the two fingers.
func (t *touch) spread() float64 {
	var p [2][2]float64
	i := 0
	for _, at := range t.x {
		p[i%2] = at
		i++
	}
	return math.Hypot(p[0][0]-p[1][0], p[0][1]-p[1][1])
}

func (c *client) touchMoved(e js.Value) {
	t := &c.input.touch
	id := e.Get("pointerId").Int()
	if _, known := t.x[id]; !known {
		return
	}
	y := e.Get("clientY").Float()
	t.x[id] = [2]float64{e.Get("clientX").Float(), y}
	switch {
	case t.second != 0:
		if d := t.spread(); d > t.distance*1.15 {
			t.distance = d
			c.zoom(1)
		} else if d < t.distance/1.15 && d > 0 {
			t.distance = d
			c.zoom(-1)
		}
	case t.marking:
		col, row, _, _ := c.place(e)
		c.sel.Extend(c.at(col, row))
		c.screen.Invalidate()
	default:
		d := t.y - y
		if !t.moved && math.Abs(d) <= slack {
			return
		}
		t.moved = true
		at := now()
		if dt := at - t.at; dt > 0 {
			t.speed = .7*(d/dt) + .3*t.speed
		}
		t.y, t.at = y, at
		c.swipe(e, d)
	}
}

// swipe scrolls by CSS pixels.
func (c *client) swipe(e js.Value, d float64) {
	_, h := c.screen.Cell()
	c.wheelRows(e, d*js.Global().Get("devicePixelRatio").Float()/float64(h))
}

func (c *client) touchUp(e js.Value) {
	t := &c.input.touch
	id := e.Get("pointerId").Int()
	if _, known := t.x[id]; !known {
		return
	}
	delete(t.x, id)
	if t.long != nil {
		t.long.Stop()
	}
	if t.second != 0 {
		if len(t.x) == 0 {
			t.second = 0
		}
		return
	}
	switch {
	case e.Get("type").String() == "pointercancel":
	case t.marking:
		c.ui.Call("selected", c.sel.Text(c.term))
		if (c.options.CopyOnSelect || c.welcome.CopyOnSelect) && !c.sel.Empty(c.term) {
			c.copy()
		}
	case !t.moved:
		c.tap(e)
	case now()-t.at < 50 && math.Abs(t.speed) > .1 && !reducedMotion():
		c.glide(e, t.gliding)
	}
}

// tap is a finger that did not move.
func (c *client) tap(e js.Value) {
	col, row, _, _ := c.place(e)
	if l, ok := c.linkAt(col, row); ok {
		c.ui.Call("tappedLink", l.URI)
	}
	if !c.sel.Empty(c.term) {
		c.sel.Clear()
		c.screen.Invalidate()
	}
	c.focus()
	if c.reportsMouse(e) {
		c.report(e, keyboard.Left, keyboard.Down)
		c.report(e, keyboard.Left, keyboard.Up)
	}
}

// glide lets the view run on and come to rest.
func (c *client) glide(e js.Value, number int) {
	t := &c.input.touch
	last := now()
	var step func()
	step = func() {
		at := now()
		dt := at - last
		last = at
		t.speed *= math.Pow(friction, dt)
		if t.gliding != number || math.Abs(t.speed) < .02 || hidden() {
			return
		}
		c.swipe(e, t.speed*dt)
		time.AfterFunc(glideStep, step)
	}
	time.AfterFunc(glideStep, step)
}

func reducedMotion() bool {
	return js.Global().Call("matchMedia", "(prefers-reduced-motion: reduce)").Get("matches").Bool()
}
