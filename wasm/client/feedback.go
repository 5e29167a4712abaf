//go:build js

package main

import (
	"slices"
	"syscall/js"
	"time"

	"github.com/porthole-rac/porthole/protocol/term"
)

// blink is the phase of the cursor and of blinking text.
type blink struct {
	c     *client
	quiet int // half periods since something happened
}

const (
	blinkEvery = 500 * time.Millisecond
	blinkStop  = 20 // half periods, as GTK does: after that the cursor stands still and nothing is drawn
)

func (c *client) startBlink() {
	c.blink.c = c
	go func() {
		for range time.Tick(blinkEvery) {
			b := &c.blink
			if hidden() || !c.view.Focused || !c.ready || b.quiet > blinkStop || !c.term.Cursor().Blink || c.still {
				if !c.view.BlinkOn {
					c.view.BlinkOn = true
					c.screen.InvalidateCursor()
				}
				continue
			}
			b.quiet++
			c.view.BlinkOn = !c.view.BlinkOn
			c.screen.InvalidateCursor()
		}
	}()
}

// show makes the cursor visible, as after a key.
func (b *blink) show() {
	b.quiet = 0
	if b.c != nil {
		b.c.view.BlinkOn = true
	}
}

// timing measures from a key to the picture that shows its effect.
type timing struct {
	waiting []sentKey // oldest first, at most 64
	shown   uint64    // input whose effect the update that waits for painting shows
	times   []float64 // ms, the newest 512
	last    float64
	count   int
	states  int
}

type sentKey struct {
	bytes uint64 // input count with this key
	at    float64
}

func now() float64 { return js.Global().Get("performance").Call("now").Float() }

func (t *timing) sent(bytes uint64) {
	if len(t.waiting) < 64 {
		t.waiting = append(t.waiting, sentKey{bytes, now()})
	}
}

func (t *timing) arrived(bytes uint64) { t.shown = bytes }

func (t *timing) painted(*client) {
	at := now()
	for len(t.waiting) > 0 && t.waiting[0].bytes <= t.shown {
		t.last = at - t.waiting[0].at
		t.waiting = slices.Delete(t.waiting, 0, 1)
		t.count++
		if len(t.times) == 512 {
			t.times = slices.Delete(t.times, 0, 1)
		}
		t.times = append(t.times, t.last)
	}
}

// quantiles gives p50, p95 and p99 in ms.
func (t *timing) quantiles() (p50, p95, p99 float64) {
	if len(t.times) == 0 {
		return 0, 0, 0
	}
	s := slices.Sorted(slices.Values(t.times))
	at := func(q float64) float64 { return s[min(int(q*float64(len(s))), len(s)-1)] }
	return at(.5), at(.95), at(.99)
}

// bellEvery bounds how often the bell is passed on, whatever a program does.
const bellEvery = 200 // ms

func (c *client) bell() {
	at := now()
	if at-c.belled < bellEvery {
		return
	}
	c.belled = at
	c.ui.Call("bell", c.options.Bell)
	c.emit("bell", nil)
}

// background keeps the page around the terminal in the terminal's colour, which a
// program may change.
func (c *client) background() {
	p := c.term.Palette()
	bg := p.Resolve(term.DefaultColor, p.Background)
	if c.term.Modes().ReverseVideo {
		bg = p.Resolve(term.DefaultColor, p.Foreground)
	}
	if bg != c.shownBack {
		c.shownBack = bg
		js.Global().Get("document").Get("documentElement").Get("style").Call("setProperty", "--terminal-background", hex(bg))
	}
}

// progressBar passes OSC 9;4 on when it changes.
func (c *client) progressBar(state, percent int) {
	if state != c.input.progress[0] || percent != c.input.progress[1] {
		c.input.progress = [2]int{state, percent}
		c.ui.Call("progressBar", map[string]any{"state": state, "percent": percent})
	}
}
