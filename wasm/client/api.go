//go:build js

package main

import (
	"syscall/js"
	"time"

	"github.com/porthole-rac/porthole/protocol/term/keyboard"
	"github.com/porthole-rac/porthole/protocol/wire"
)

// installAPI puts what the page may ask of us into porthole.ui: what the
// automation API of web/js/api.js stands on, and what the page's own parts need.
func (c *client) installAPI() {
	u := c.api.Get("ui")
	fn := func(o js.Value, name string, f func(args []js.Value) any) {
		o.Set(name, js.FuncOf(func(_ js.Value, args []js.Value) any { return f(args) }))
	}
	do := func(o js.Value, name string, f func(args []js.Value)) {
		fn(o, name, func(args []js.Value) any { f(args); return nil })
	}
	fn(u, "stats", func([]js.Value) any { return c.stats() })
	fn(u, "text", func([]js.Value) any { return c.term.Text() })
	fn(u, "scrollback", func([]js.Value) any { return c.term.ScrollbackText() })
	fn(u, "size", func([]js.Value) any { return c.size() })
	fn(u, "sendText", func(a []js.Value) any { return c.sendProgrammed(a[0].String()) })
	c.setState(stateConnecting)

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
	do(u, "search", func(a []js.Value) {
		c.find.start(c, a[0].String(), a[1].Get("matchCase").Truthy(), a[1].Get("regex").Truthy())
	})
	do(u, "searchNext", func(a []js.Value) { c.find.step(c, a[0].Int()) })
	do(u, "searchClose", func([]js.Value) { c.find = finding{}; c.screen.Invalidate(); c.focus() })
	do(u, "zoom", func(a []js.Value) { c.zoom(a[0].Int()) })
	do(u, "set", func(a []js.Value) { c.set(a[0].String(), a[1]) })
	fn(u, "options", func([]js.Value) any { return c.optionsObject() })
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
	do(u, "scrollTo", func(a []js.Value) { c.scrollTo(a[0].Int()) })
	do(u, "copyMode", func([]js.Value) { c.startCopyMode() })
	do(u, "openLink", func(a []js.Value) { open(a[0].String()) })
	fn(u, "marked", func([]js.Value) any { return c.sel.Text(c.term) })
	do(u, "dropLink", func([]js.Value) { c.link.Drop() })
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

// size is that of the terminal in cells, and of a cell in CSS pixels.
func (c *client) size() map[string]any {
	cols, rows := c.term.Size()
	w, h := c.screen.Cell()
	scale := js.Global().Get("devicePixelRatio").Float()
	return map[string]any{"cols": cols, "rows": rows, "cellWidth": float64(w) / scale, "cellHeight": float64(h) / scale}
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

func (c *client) setState(s string) {
	if c.state == stateEnded {
		return
	}
	c.state = s
	c.ui.Call("setState", s, c.reason)
}

func (c *client) emit(event string, v any) { c.ui.Call("emit", event, v) }

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
		"drawing": string(c.screen.Drawing()),
	}
}
