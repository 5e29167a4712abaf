//go:build js

package main

import (
	"syscall/js"

	"github.com/porthole-rac/porthole/wasm/client/screen"
	"github.com/porthole-rac/porthole/wasm/client/search"
)

// finding is the search that is going on.
type finding struct {
	finder  search.Finder // nil: none
	matches []search.Match
	current int
	epoch   uint32 // of the terminal that matches are of
	end     uint64 // output that matches are of
}

// start searches; the newest find is chosen.
func (f *finding) start(c *client, what string, matchCase, regex bool) {
	*f = finding{finder: search.Plain(what, matchCase)}
	if regex {
		var ok bool
		if f.finder, ok = regexFinder(what, matchCase); !ok {
			f.finder = nil
			c.screen.Invalidate()
			c.ui.Call("searchResult", map[string]any{"count": -1, "index": -1})
			return
		}
	}
	f.search(c)
	f.current = len(f.matches) - 1
	f.show(c, true)
}

func (f *finding) search(c *client) {
	f.matches = search.All(c.term, f.finder)
	f.epoch, f.end = c.term.Epoch(), c.offset
}

// refresh searches anew when there was output, and keeps the chosen find.
func (f *finding) refresh(c *client) {
	if f.finder == nil || f.epoch == c.term.Epoch() && f.end == c.offset {
		return
	}
	var chosen search.Match
	if f.current >= 0 && f.current < len(f.matches) && f.epoch == c.term.Epoch() {
		chosen = f.matches[f.current]
	}
	f.search(c)
	if f.current = min(f.current, len(f.matches)-1); f.current < 0 {
		f.current = len(f.matches) - 1
	}
	first, last := search.In(f.matches, chosen.From.Row)
	for i := first; i < last; i++ {
		if f.matches[i] == chosen {
			f.current = i
		}
	}
	f.show(c, false)
}

// step chooses another find.
func (f *finding) step(c *client, by int) {
	f.refresh(c)
	if n := len(f.matches); n > 0 {
		f.current = (f.current + by + n) % n
	}
	f.show(c, true)
}

// show tells of the finds, and may scroll to the chosen one.
func (f *finding) show(c *client, scroll bool) {
	if scroll && f.current >= 0 && f.current < len(f.matches) {
		c.reveal(f.matches[f.current].From.Row)
	}
	c.screen.Invalidate()
	c.ui.Call("searchResult", map[string]any{"count": len(f.matches), "index": f.current})
}

// reveal scrolls so that a row is seen, in the middle if it was not.
func (c *client) reveal(row uint64) {
	_, rows := c.term.Size()
	top := c.term.TopLine() - uint64(c.view.Back)
	if row < top || row >= top+uint64(rows) {
		c.scrollTo(int(int64(c.term.TopLine()) - int64(row) + int64(rows)/2))
	}
}

// found gives the finds in a row, for the screen.
func (c *client) found(row uint64) []screen.Range {
	f := &c.find
	if len(f.matches) == 0 || f.epoch != c.term.Epoch() {
		return nil
	}
	cols, _ := c.term.Size()
	first, last := search.In(f.matches, row)
	out := make([]screen.Range, 0, last-first)
	for i := first; i < last; i++ {
		from, to := f.matches[i].Columns(row, cols)
		out = append(out, screen.Range{From: from, To: to, Current: i == f.current})
	}
	return out
}

// regexFinder uses the browser's regular expressions.
func regexFinder(what string, matchCase bool) (f search.Finder, ok bool) {
	defer func() {
		if recover() != nil { // not a regular expression
			ok = false
		}
	}()
	flags := "gu"
	if !matchCase {
		flags += "i"
	}
	re := js.Global().Get("RegExp").New(what, flags)
	return func(text string) (found [][2]int) {
		re.Set("lastIndex", 0)
		// JavaScript counts UTF-16 units, we count bytes.
		units, bytes := 0, 0
		for {
			m := re.Call("exec", text)
			if m.IsNull() {
				return found
			}
			hit := m.Index(0).String()
			if hit == "" {
				re.Set("lastIndex", re.Get("lastIndex").Int()+1)
				continue
			}
			for at := m.Get("index").Int(); units < at && bytes < len(text); {
				n, u := unitsAt(text[bytes:])
				bytes, units = bytes+n, units+u
			}
			found = append(found, [2]int{bytes, min(bytes+len(hit), len(text))})
		}
	}, true
}

// unitsAt gives the first character's bytes and its UTF-16 units.
func unitsAt(text string) (bytes, units int) {
	for i, r := range text {
		if i > 0 {
			return i, units
		}
		units = 1
		if r > 0xffff {
			units = 2
		}
	}
	return len(text), units
}
