//go:build js

package main

import (
	"slices"
	"strings"
	"time"
)

// liveText is the terminal for screen readers: a hidden copy of the screen, and
// what is new, in a region that they read aloud. Both wait until output pauses,
// and neither grows with the output.
type liveText struct {
	timer *time.Timer
	rows  []string // the screen that was told of last
	top   uint64   // number of its first row
	epoch uint32
	alt   bool
}

const (
	liveEvery = 500 * time.Millisecond
	liveLines = 20  // told of at a time: nobody listens to more
	liveLong  = 500 // bytes of a row
	liveLook  = 200 // rows looked at
	// liveChanged is how many rows of the alternate screen may change before it is
	// taken for a new page.
	liveChanged = 5
)

func (l *liveText) changed(c *client) {
	if l.timer != nil {
		return
	}
	l.timer = time.AfterFunc(liveEvery, func() {
		l.timer = nil
		if !hidden() {
			c.ui.Call("screen", c.term.Text())
			l.tell(c)
			c.find.refresh(c)
		}
		c.emit("output", nil)
	})
}

// tell says the rows down to the cursor's that are new or have changed since the
// last time, the newest ones when they are many.
func (l *liveText) tell(c *client) {
	cursor := c.term.Cursor().Y
	top, alt := c.term.TopLine(), c.term.Modes().AltScreen
	if l.epoch != c.term.Epoch() || l.alt != alt {
		l.rows, l.top = nil, top // another screen: all of it is new
	}
	var out []string
	at := top + uint64(cursor)
	for n := range liveLook {
		row := at - uint64(n)
		if row > at || row < l.top {
			break
		}
		if len(out) == liveLines {
			out = append(out, "…")
			break
		}
		if line := l.news(c, row); line != "" {
			out = append(out, line)
		}
	}
	if alt && len(out) > liveChanged { // a page of a program: where the cursor is
		out = []string{strings.TrimSpace(c.lineText(at))}
	}
	l.rows = l.rows[:0]
	for y := range cursor + 1 {
		l.rows = append(l.rows, c.lineText(top+uint64(y)))
	}
	l.top, l.epoch, l.alt = top, c.term.Epoch(), alt
	if len(out) > 0 {
		slices.Reverse(out)
		c.ui.Call("live", strings.Join(out, "\n"))
	}
}

// news gives what is new in a row.
func (l *liveText) news(c *client, row uint64) string {
	line := c.lineText(row)
	if i := row - l.top; i < uint64(len(l.rows)) {
		line = strings.TrimPrefix(line, l.rows[i])
	}
	if line = strings.TrimSpace(line); len(line) > liveLong {
		line = strings.ToValidUTF8(line[:liveLong], "") + "…"
	}
	return line
}

// say tells of something at once.
func (l *liveText) say(c *client, text string) { c.ui.Call("live", text) }
