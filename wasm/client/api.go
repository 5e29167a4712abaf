//go:build js

package main

import (
	"syscall/js"
	"time"

	"github.com/porthole-rac/porthole/protocol/term/keyboard"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/wasm/client/search"
)

// installAPI fills globalThis.porthole, which boot.js has made, and its part ui
// for the page's own scripts. docs/api.md describes the former.
func (c *client) installAPI() {
	fn := func(o js.Value, name string, f func(args []js.Value) any) {
		o.Set(name, js.FuncOf(func(_ js.Value, args []js.Value) any { return f(args) }))
	}
	do := func(o js.Value, name string, f func(args []js.Value)) {
		fn(o, name, func(args []js.Value) any { f(args); return nil })
	}
	p := c.api
	fn(p, "stats", func([]js.Value) any { return c.stats() })
	fn(p, "text", func([]js.Value) any { return c.term.Text() })
	fn(p, "scrollback", func([]js.Value) any { return c.term.ScrollbackText() })
	fn(p, "size", func([]js.Value) any {
		cols, rows := c.term.Size()
		w, h := c.screen.Cell()
		scale := js.Global().Get("devicePixelRatio").Float()
		return map[string]any{"cols": cols, "rows": rows, "cellWidth": float64(w) / scale, "cellHeight": float64(h) / scale}
	})
	do(p, "sendText", func(a []js.Value) { c.userTyped(); c.pasteRaw(a[0].String()) })
	do(p, "disconnect", func([]js.Value) { c.disconnect() })
	fn(p, "on", func(a []js.Value) any { return c.on(a[0].String(), a[1]) })
	if queue := p.Get("queue"); queue.Truthy() { // listeners from before we were there
		for i := range queue.Length() {
			c.on(queue.Index(i).Index(0).String(), queue.Index(i).Index(1))
		}
		p.Delete("queue")
	}
	c.setState(stateConnecting)

	u := p.Get("ui")
	if !u.Truthy() {
		u = js.Global().Get("Object").New()
		p.Set("ui", u)
	}
	do(u, "answer", func(a []js.Value) { c.answer(a[0], a[1]) })
	do(u, "pasteDecision", func(a []js.Value) {
		if text := c.input.question; a[0].Truthy() {
			c.pasteText(text)
		}
		c.input.question = ""
	})
	do(u, "clipboardDecision", func(a []js.Value) { c.clipboardDecision(a[0].Truthy()) })
	do(u, "clipboardWrite", func([]js.Value) {
		if text := c.input.clip.later; text != "" {
			c.input.clip.later = ""
			c.writeClipboard(text)
		}
	})
	do(u, "search", func(a []js.Value) { c.find(a[0].String(), a[1]) })
	do(u, "searchNext", func(a []js.Value) { c.findNext(a[0].Int()) })
	do(u, "searchClose", func([]js.Value) { c.matches = nil; c.screen.Invalidate(); c.focus() })
	do(u, "zoom", func(a []js.Value) { c.zoom(a[0].Int()) })
	do(u, "set", func(a []js.Value) { c.set(a[0].String(), a[1]) })
	fn(u, "options", func([]js.Value) any { return c.options.object() })
	do(u, "copy", func([]js.Value) { c.copy() })
	do(u, "paste", func(a []js.Value) { c.askPaste(a[0].String()) })
	do(u, "selectAll", func([]js.Value) { c.selectAll() })
	do(u, "sendKey", func(a []js.Value) {
		m := keyboard.Mods(0)
		for name, bit := range map[string]keyboard.Mods{"shift": keyboard.Shift, "alt": keyboard.Alt, "ctrl": keyboard.Ctrl, "meta": keyboard.Super} {
			if a[0].Get(name).Truthy() {
				m |= bit
			}
		}
		code := ""
		if v := a[0].Get("code"); v.Type() == js.TypeString {
			code = v.String()
		}
		c.sendKey(a[0].Get("key").String(), code, m)
	})
	do(u, "modifier", func(a []js.Value) {
		bit := map[string]keyboard.Mods{"ctrl": keyboard.Ctrl, "alt": keyboard.Alt}[a[0].String()]
		if a[1].Truthy() {
			c.input.sticky |= bit
		} else {
			c.input.sticky &^= bit
		}
	})
	do(u, "scroll", func(a []js.Value) { c.scrollBy(a[0].String()) })
	do(u, "reconnectNow", func([]js.Value) { c.link.Retry() })
	do(u, "disconnect", func([]js.Value) { c.disconnect() })
	do(u, "focus", func([]js.Value) { c.focus() })
	fn(u, "sessionInfo", func([]js.Value) any {
		return map[string]any{
			"endpoint": c.welcome.Endpoint, "protocol": c.welcome.Protocol, "user": c.welcome.User,
			"rtt": float64(c.link.RTT) / float64(time.Millisecond), "received": c.link.Received, "sent": c.link.Sent,
			"resumeFor": c.welcome.ResumeFor,
		}
	})
}

// pasteRaw sends text as if it had been typed, of any length.
func (c *client) pasteRaw(text string) {
	for len(text) > 0 {
		n := min(len(text), wire.MaxInput, max(c.input.room(), 1))
		c.sendInput([]byte(text[:n]))
		text = text[n:]
	}
}

func (c *client) answer(id, values js.Value) {
	a := wire.Answer{ID: uint64(id.Int())}
	if values.Type() == js.TypeObject {
		for i := range values.Length() {
			a.Values = append(a.Values, values.Index(i).String())
		}
	} else {
		a.Cancelled = true
	}
	c.link.Send(a.Append(nil)) // not in the common buffer: it holds secrets
	c.setState(stateConnecting)
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

// find searches; the newest find is chosen.
func (c *client) find(what string, o js.Value) {
	finder := search.Plain(what, o.Get("matchCase").Truthy())
	if o.Get("regex").Truthy() {
		var ok bool
		if finder, ok = regexFinder(what, o.Get("matchCase").Truthy()); !ok {
			c.ui.Call("searchResult", map[string]any{"count": -1, "index": -1})
			return
		}
	}
	c.matches = search.All(c.term, finder)
	c.match = len(c.matches) - 1
	c.showMatch()
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
			// JavaScript counts UTF-16 units, we count bytes.
			from := len(m.Get("input").Call("slice", 0, m.Get("index")).String())
			found = append(found, [2]int{from, from + len(hit)})
		}
	}, true
}

func (c *client) findNext(step int) {
	if n := len(c.matches); n > 0 {
		c.match = (c.match + step + n) % n
	}
	c.showMatch()
}

// showMatch scrolls to the chosen find.
func (c *client) showMatch() {
	if c.match >= 0 && c.match < len(c.matches) {
		line := c.matches[c.match].Line
		_, rows := c.term.Size()
		top := c.term.TopLine() - uint64(c.view.Back)
		if line < top || line >= top+uint64(rows) {
			c.scrollTo(int(int64(c.term.TopLine()) - int64(line) + int64(rows)/2))
		}
	}
	c.screen.Invalidate()
	c.ui.Call("searchResult", map[string]any{"count": len(c.matches), "index": c.match})
}

func (c *client) setState(s string) {
	if c.state == stateEnded && s != stateEnded {
		return
	}
	changed := c.state != s
	c.state = s
	c.api.Set("state", s)
	c.api.Set("reason", c.reason)
	if changed {
		c.emit("state", s)
	}
}

// on registers a listener and gives the function that takes it away.
func (c *client) on(event string, f js.Value) any {
	c.events[event] = append(c.events[event], f)
	var off js.Func
	off = js.FuncOf(func(js.Value, []js.Value) any {
		list := c.events[event]
		for i, g := range list {
			if g.Equal(f) {
				c.events[event] = append(list[:i:i], list[i+1:]...)
				break
			}
		}
		return nil
	})
	return off
}

func (c *client) emit(event string, v any) {
	for _, f := range c.events[event] {
		f.Invoke(v)
	}
}

func (c *client) stats() map[string]any {
	p50, p95, p99 := c.timing.quantiles()
	cols, rows := c.term.Size()
	longest := js.Global().Get("portholeLongestTask")
	task := 0.0
	if longest.Type() == js.TypeNumber {
		task = longest.Float()
	}
	return map[string]any{
		"framesPainted": c.screen.Frames(), "bytesIn": c.link.Received, "bytesOut": c.link.Sent,
		"rtt":         float64(c.link.RTT) / float64(time.Millisecond),
		"keyToPaint":  map[string]any{"count": c.timing.count, "last": c.timing.last, "p50": p50, "p95": p95, "p99": p99},
		"stateFrames": c.timing.states, "longestTask": task, "cols": cols, "rows": rows, "outputBytes": c.offset,
	}
}
