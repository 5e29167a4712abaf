//go:build js

package main

import (
	"strings"

	"github.com/porthole-rac/porthole/protocol/term/keyboard"
	"github.com/porthole-rac/porthole/protocol/term/selection"
)

// copyMode marks text by keyboard: a cursor of its own walks over screen and
// scrollback, and the page shows the keys.
type copyMode struct {
	on      bool
	at      selection.Point
	marking bool // each move draws the selection, also without Shift
	block   bool
	epoch   uint32
}

func (c *client) startCopyMode() {
	if c.copier.on {
		c.stopCopyMode()
		return
	}
	cur := c.term.Cursor()
	c.copier = copyMode{on: true, at: c.at(cur.X, min(cur.Y+c.view.Back, c.lastRow())), epoch: c.term.Epoch()}
	c.sel.Clear()
	c.screen.Invalidate()
	c.ui.Call("copyMode", true)
	c.focus()
}

func (c *client) stopCopyMode() {
	if c.copier.on {
		c.copier.on = false
		c.ui.Call("copyMode", false)
		c.screen.Invalidate()
	}
}

func (c *client) lastRow() int {
	_, rows := c.term.Size()
	return rows - 1
}

// copyPlace is where the screen draws that cursor.
func (c *client) copyPlace() (line uint64, x int, on bool) {
	return c.copier.at.Line, c.copier.at.X, c.copier.on
}

// copyModeKey acts on a key in this mode; false: it means nothing here.
func (c *client) copyModeKey(ev keyboard.Event) bool {
	m := &c.copier
	if m.epoch != c.term.Epoch() { // the lines were laid out anew
		c.stopCopyMode()
		return false
	}
	if len(ev.Key) == 1 && ev.Mods&(keyboard.Ctrl|keyboard.Alt|keyboard.Super) != 0 {
		return false
	}
	switch ev.Key {
	case "Escape", "q":
		c.sel.Clear()
		c.stopCopyMode()
		return true
	case "Enter", "y":
		c.copyMarked()
		return true
	case " ", "v":
		c.toggleMarking(false)
		return true
	case "b":
		c.toggleMarking(true)
		return true
	}
	to, moved := c.copyMove(ev)
	if !moved {
		return false
	}
	extend := m.marking || ev.Mods&keyboard.Shift != 0
	switch {
	case extend && c.sel.Empty(c.term):
		c.sel.Begin(c.term, m.at, m.mode())
	case !extend:
		c.sel.Clear()
	}
	m.at = to
	if extend {
		c.sel.Extend(to)
	}
	c.reveal(to.Line)
	c.screen.Invalidate()
	c.text.say(c, c.lineText(to.Line))
	return true
}

func (m *copyMode) mode() selection.Mode {
	if m.block {
		return selection.Block
	}
	return selection.Char
}

func (c *client) toggleMarking(block bool) {
	m := &c.copier
	m.marking = !m.marking || m.block != block
	m.block = block
	c.sel.Clear()
	if m.marking {
		c.sel.Begin(c.term, m.at, m.mode())
	}
	c.screen.Invalidate()
}

func (c *client) copyMarked() {
	if !c.sel.Empty(c.term) {
		c.copy()
	}
	c.sel.Clear()
	c.stopCopyMode()
}

// copyMove gives the place to which a key moves.
func (c *client) copyMove(ev keyboard.Event) (to selection.Point, moved bool) {
	to = c.copier.at
	cols, rows := c.term.Size()
	first := c.term.TopLine() - uint64(c.term.Scrollback())
	last := c.term.TopLine() + uint64(rows) - 1
	ctrl := ev.Mods&(keyboard.Ctrl|keyboard.Alt) != 0
	lines := 0
	switch ev.Key {
	case "ArrowLeft", "h":
		switch {
		case ctrl:
			to = selection.NextWord(c.term, to, -1)
		case to.X > 0:
			to.X--
		case to.Line > first:
			to.Line--
			to.X = cols - 1
		}
	case "ArrowRight", "l":
		switch {
		case ctrl:
			to = selection.NextWord(c.term, to, 1)
			if to.X >= len(strings.TrimRight(c.lineText(to.Line), " ")) && to.Line < last && to == c.copier.at {
				to = selection.Point{Line: to.Line + 1}
			}
		case to.X < cols:
			to.X++
		case to.Line < last:
			to.Line++
			to.X = 0
		}
	case "ArrowUp", "k":
		lines = -1
	case "ArrowDown", "j":
		lines = 1
	case "PageUp":
		lines = 1 - rows
	case "PageDown":
		lines = rows - 1
	case "Home", "0":
		if ctrl {
			to.Line = first
		}
		to.X = 0
	case "End", "$":
		if ctrl {
			to.Line = last
		}
		to.X = c.lineEnd(to.Line)
	default:
		return to, false
	}
	n := int64(to.Line) + int64(lines)
	to.Line = uint64(min(max(n, int64(first)), int64(last)))
	to.X = min(max(to.X, 0), cols)
	return to, true
}

// lineEnd gives the column after a row's last character.
func (c *client) lineEnd(row uint64) int {
	l := c.term.Line(row)
	if l == nil {
		return 0
	}
	for x := len(l.Cells); x > 0; x-- {
		if !l.Cells[x-1].Blank() {
			return x
		}
	}
	return 0
}

// lineText gives a row's text.
func (c *client) lineText(row uint64) string {
	l := c.term.Line(row)
	if l == nil {
		return ""
	}
	return string(c.term.AppendLine(nil, l))
}
