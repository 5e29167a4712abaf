//go:build js

package main

import (
	"strings"
	"time"
)

// liveText is the terminal for screen readers: a hidden copy of the screen, and
// what is new, in a region that they read aloud. Both wait until output pauses,
// and neither grows with the output.
type liveText struct {
	timer *time.Timer
	line  uint64 // the row that was told of last, with its text
	text  string
	epoch uint32
}

const (
	liveEvery = 500 * time.Millisecond
	liveLines = 20 // told of at a time: nobody listens to more
	liveLong  = 500
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

// tell says the lines from the last one told of to the cursor's.
func (l *liveText) tell(c *client) {
	at := c.term.TopLine() + uint64(c.term.Cursor().Y)
	text := c.lineText(at)
	from := l.line
	if l.epoch != c.term.Epoch() || at < from || c.term.Modes().AltScreen {
		from = at // elsewhere: the cursor's line alone
	}
	if at == l.line && text == l.text && l.epoch == c.term.Epoch() {
		return
	}
	var out []string
	if n := at - min(from, at); n > liveLines {
		from = at - liveLines
		out = append(out, "…")
	}
	for row := from; row <= at; row++ {
		line := c.lineText(row)
		if row == l.line && l.epoch == c.term.Epoch() {
			line = strings.TrimPrefix(line, l.text)
		}
		if line = strings.TrimSpace(line); line != "" {
			if len(line) > liveLong {
				line = strings.ToValidUTF8(line[:liveLong], "") + "…"
			}
			out = append(out, line)
		}
	}
	l.line, l.text, l.epoch = at, text, c.term.Epoch()
	if len(out) > 0 {
		c.ui.Call("live", strings.Join(out, "\n"))
	}
}

// say tells of something at once.
func (l *liveText) say(c *client, text string) { c.ui.Call("live", text) }
