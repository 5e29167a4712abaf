//go:build js

package main

import (
	"strings"
	"syscall/js"

	"github.com/porthole-rac/porthole/protocol/wire"
)

// clipboard is what is known of copying and pasting.
type clipboard struct {
	request uint64 // of the target for the browser's clipboard, 0: none
	later   string // text of the target that waits for a gesture to be written
}

// pasteEvent takes a real paste event: it needs no permission, in any browser.
func (c *client) pasteEvent(e js.Value) {
	e.Call("preventDefault")
	e.Call("stopPropagation")
	c.askPaste(e.Get("clipboardData").Call("getData", "text/plain").String())
}

// askPaste pastes, after a question when several lines would run as commands.
func (c *client) askPaste(text string) {
	if text == "" || c.welcome.ReadOnly {
		return
	}
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	lines := strings.Count(strings.TrimRight(text, "\n"), "\n") + 1
	if strings.Contains(text, "\n") && !c.term.Modes().BracketedPaste {
		c.input.question = text
		preview := text
		if len(preview) > 2000 {
			preview = strings.ToValidUTF8(preview[:2000], "") + "…"
		}
		c.ui.Call("confirmPaste", map[string]any{"lines": lines, "text": preview})
		return
	}
	c.pasteText(text)
}

// pasteText pastes; long text goes out as the target takes it.
func (c *client) pasteText(text string) {
	if text == "" || c.ended {
		return
	}
	if c.welcome.DisablePaste {
		c.ui.Call("notice", map[string]any{"code": "paste-disabled", "text": "Pasting is switched off for this endpoint.", "detail": ""})
		return
	}
	c.userTyped()
	if !c.enqueue(true, []byte(text)) {
		c.ui.Call("notice", map[string]any{"code": "paste-refused", "text": "The text is too long to be pasted, or there is no connection.", "detail": ""})
	}
}

// copyEvent fills a real copy event, as from the browser's menu.
func (c *client) copyEvent(e js.Value) {
	text := c.sel.Text(c.term)
	if text == "" || c.welcome.DisableCopy {
		return
	}
	e.Get("clipboardData").Call("setData", "text/plain", text)
	e.Call("preventDefault")
}

// copy writes what is marked to the clipboard.
func (c *client) copy() {
	text := c.sel.Text(c.term)
	if text == "" {
		return
	}
	if c.welcome.DisableCopy {
		c.ui.Call("notice", map[string]any{"code": "copy-disabled", "text": "Copying is switched off for this endpoint.", "detail": ""})
		return
	}
	c.writeClipboard(text)
}

// writeClipboard needs a gesture or permission; without either the text waits
// for the next copy.
func (c *client) writeClipboard(text string) {
	nav := js.Global().Get("navigator").Get("clipboard")
	if !nav.Truthy() {
		c.execCopy(text)
		return
	}
	var done, failed js.Func
	free := func() { done.Release(); failed.Release() }
	done = js.FuncOf(func(js.Value, []js.Value) any { free(); c.emit("clipboard", nil); return nil })
	failed = js.FuncOf(func(js.Value, []js.Value) any {
		free()
		c.input.clip.later = text
		c.ui.Call("clipboardWaits")
		return nil
	})
	nav.Call("writeText", text).Call("then", done, failed)
}

// execCopy is the old way, for pages without https.
func (c *client) execCopy(text string) {
	k := c.input.keys
	k.Set("value", text)
	k.Call("select")
	js.Global().Get("document").Call("execCommand", "copy")
	k.Set("value", "")
}

// clipboardFromTarget takes what a program wants in the clipboard (OSC 52).
func (c *client) clipboardFromTarget(body []byte) {
	var m wire.Clipboard
	if m.Decode(body) == nil && !c.welcome.DisableCopy {
		c.writeClipboard(string(m.Data))
	}
}

// clipboardRequest asks the person whether a program may read the clipboard.
func (c *client) clipboardRequest(body []byte) {
	var m wire.ClipboardRequest
	if m.Decode(body) == nil {
		c.input.clip.request = m.Request
		c.ui.Call("confirmClipboardRead", map[string]any{})
	}
}

// clipboardDecision answers that question.
func (c *client) clipboardDecision(allowed bool) {
	id := c.input.clip.request
	c.input.clip.request = 0
	answer := func(text string, denied bool) {
		m := wire.Clipboard{Request: id, Selection: 'c', Type: "text/plain", Denied: denied, Data: []byte(text)}
		c.send(m.Append(c.buf[:0]))
	}
	nav := js.Global().Get("navigator").Get("clipboard")
	if id == 0 || !allowed || !nav.Truthy() || len(c.input.clip.later) > c.welcome.Clipboard {
		answer("", true)
		return
	}
	var done, failed js.Func
	free := func() { done.Release(); failed.Release() }
	done = js.FuncOf(func(_ js.Value, args []js.Value) any {
		free()
		if text := args[0].String(); len(text) <= c.welcome.Clipboard && len(text) < wire.MaxFromBrowser/2 {
			answer(text, false)
		} else {
			answer("", true)
		}
		return nil
	})
	failed = js.FuncOf(func(js.Value, []js.Value) any { free(); answer("", true); return nil })
	nav.Call("readText").Call("then", done, failed)
}
