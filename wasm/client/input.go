//go:build js

package main

import (
	"strings"
	"syscall/js"
	"time"

	"github.com/porthole-rac/porthole/protocol/term/keyboard"
	"github.com/porthole-rac/porthole/protocol/wire"
)

const (
	heldInput = 1 << 10         // bytes typed without a connection that are kept
	heldFor   = 5 * time.Second // and for how long
)

// input is what is on its way from keyboard and mouse to the target.
type input struct {
	keys      js.Value // the hidden textarea that has the focus
	mac       bool
	sent      uint64 // bytes sent
	confirm   uint64 // bytes that the target took
	window    uint64
	held      []byte // typed while there was no connection
	heldAt    time.Time
	paste     []byte // text that waits for room in the window
	question  string // text about whose pasting the person is being asked
	sticky    keyboard.Mods
	composing bool
	mouse     mouse
	clip      clipboard
	progress  [2]int
}

func (i *input) welcome(bytes uint64, window int) {
	i.sent, i.confirm, i.window = bytes, bytes, uint64(window)
}

func (i *input) confirmed(n uint64) { i.confirm = max(i.confirm, n) }

func (i *input) lost() { i.paste = nil }

// reconnected sends what was typed during a short gap.
func (i *input) reconnected(c *client) {
	if len(i.held) == 0 {
		return
	}
	held := i.held
	i.held = nil
	if time.Since(i.heldAt) > heldFor {
		c.ui.Call("notice", map[string]any{"code": "input-dropped", "text": "What was typed while the connection was away was not sent.", "detail": ""})
		return
	}
	c.sendInput(held)
}

// room is how many bytes may be sent.
func (i *input) room() int { return int(i.window - (i.sent - i.confirm)) }

// sendInput sends bytes for the program.
func (c *client) sendInput(p []byte) {
	i := &c.input
	if len(p) == 0 || c.ended || c.welcome.ReadOnly {
		return
	}
	if !c.link.Open() || !c.ready || len(p) > i.room() {
		if len(i.held) == 0 {
			i.heldAt = time.Now()
		}
		if len(i.held)+len(p) <= heldInput {
			i.held = append(i.held, p...)
		}
		return
	}
	i.sent += uint64(len(p))
	m := wire.Input{Data: p}
	c.send(m.Append(c.buf[:0]))
	c.timing.sent(i.sent)
	c.blink.show()
}

// installInput attaches the listeners.
func (c *client) installInput() {
	i := &c.input
	doc := js.Global().Get("document")
	i.keys = doc.Call("getElementById", "keys")
	platform := js.Global().Get("navigator").Get("platform").String()
	i.mac = strings.HasPrefix(platform, "Mac") || strings.HasPrefix(platform, "iP")
	on := func(target js.Value, name string, f func(e js.Value)) {
		target.Call("addEventListener", name, js.FuncOf(func(_ js.Value, args []js.Value) any {
			f(args[0])
			return nil
		}), map[string]any{"capture": true, "passive": false})
	}
	on(i.keys, "keydown", func(e js.Value) { c.key(e, keyboard.Press) })
	on(i.keys, "keyup", func(e js.Value) { c.key(e, keyboard.Release) })
	on(i.keys, "input", c.typed)
	on(i.keys, "compositionstart", func(js.Value) { i.composing = true; c.placeKeys() })
	on(i.keys, "compositionupdate", func(e js.Value) { c.preedit(e.Get("data").String()) })
	on(i.keys, "compositionend", func(e js.Value) {
		i.composing = false
		c.preedit("")
		c.sendText(e.Get("data").String())
		i.keys.Set("value", "")
	})
	on(i.keys, "focus", func(js.Value) { c.focused(true) })
	on(i.keys, "blur", func(js.Value) { c.focused(false) })
	on(i.keys, "paste", c.pasteEvent)
	on(i.keys, "copy", c.copyEvent)
	on(i.keys, "cut", c.copyEvent)
	on(doc, "visibilitychange", func(js.Value) {
		m := wire.Visibility{Hidden: hidden()}
		c.send(m.Append(c.buf[:0]))
		c.batch()
		c.screen.Wake()
	})
	c.installMouse(on)
	c.focus()
}

func (c *client) focus() {
	c.input.keys.Call("focus", map[string]any{"preventScroll": true})
}

func (c *client) focused(on bool) {
	c.view.Focused = on
	c.blink.show()
	c.screen.InvalidateCursor()
	if c.term.Modes().FocusEvents {
		c.sendInput(keyboard.AppendFocus(nil, on))
	}
}

// modes are those of the terminal, for the keyboard package.
func (c *client) modes() keyboard.Modes {
	m := c.term.Modes()
	return keyboard.Modes{
		AppCursor: m.AppCursor, AppKeypad: m.AppKeypad, BackspaceBS: m.Backarrow, NewLine: m.NewLine,
		KittyFlags: m.KittyFlags, ModifyOtherKeys: m.ModifyOtherKeys, MouseMode: m.MouseMode, MouseEncoding: m.MouseEncoding,
	}
}

func mods(e js.Value) (m keyboard.Mods) {
	for name, bit := range map[string]keyboard.Mods{"shiftKey": keyboard.Shift, "altKey": keyboard.Alt, "ctrlKey": keyboard.Ctrl, "metaKey": keyboard.Super} {
		if e.Get(name).Truthy() {
			m |= bit
		}
	}
	return m
}

// key handles a key event. What it takes does not reach the browser; text of an
// input method, and what the browser should do itself, passes.
func (c *client) key(e js.Value, typ keyboard.Type) {
	key := e.Get("key").String()
	if e.Get("isComposing").Truthy() || key == "Dead" || key == "Process" || key == "Unidentified" {
		return
	}
	ev := keyboard.Event{Key: key, Code: e.Get("code").String(), Mods: mods(e), Type: typ}
	if typ == keyboard.Press && e.Get("repeat").Truthy() {
		ev.Type = keyboard.Repeat
	}
	if state := e.Get("getModifierState"); state.Type() == js.TypeFunction {
		if e.Call("getModifierState", "AltGraph").Truthy() && len([]rune(key)) == 1 {
			// AltGr made this character: it is no Ctrl+Alt.
			ev.Mods &^= keyboard.Ctrl | keyboard.Alt
		}
		if e.Call("getModifierState", "CapsLock").Truthy() {
			ev.Mods |= keyboard.CapsLock
		}
		if e.Call("getModifierState", "NumLock").Truthy() {
			ev.Mods |= keyboard.NumLock
		}
	}
	if typ == keyboard.Press && c.command(ev, e) {
		return
	}
	if c.input.mac && ev.Mods&keyboard.Super != 0 {
		return // the browser's and the system's own
	}
	ev.Mods |= c.input.sticky
	var buf [64]byte
	out := keyboard.AppendKey(buf[:0], c.modes(), ev)
	if len(out) == 0 {
		return
	}
	e.Call("preventDefault")
	e.Call("stopPropagation")
	c.userTyped()
	c.sendInput(out)
	c.releaseSticky()
}

// userTyped brings the view back to the bottom.
func (c *client) userTyped() {
	if c.view.Back != 0 {
		c.scrollTo(0)
	}
	if !c.sel.Empty(c.term) {
		c.sel.Clear()
		c.screen.Invalidate()
	}
}

func (c *client) releaseSticky() {
	if c.input.sticky != 0 {
		c.input.sticky = 0
		c.ui.Call("modifiers", map[string]any{"ctrl": false, "alt": false})
	}
}

// command does what the page itself does with a key. It follows the habits of
// terminal programs: Ctrl+Shift with a letter, on a Mac the command key.
func (c *client) command(ev keyboard.Event, e js.Value) bool {
	ctrlShift := ev.Mods&(keyboard.Ctrl|keyboard.Shift|keyboard.Alt) == keyboard.Ctrl|keyboard.Shift
	cmd := c.input.mac && ev.Mods&(keyboard.Super|keyboard.Ctrl|keyboard.Alt) == keyboard.Super
	shift := ev.Mods&(keyboard.Ctrl|keyboard.Shift|keyboard.Alt|keyboard.Super) == keyboard.Shift
	ctrl := ev.Mods&(keyboard.Ctrl|keyboard.Shift|keyboard.Alt|keyboard.Super) == keyboard.Ctrl
	letter := strings.ToLower(ev.Key)
	take := func() bool {
		e.Call("preventDefault")
		e.Call("stopPropagation")
		return true
	}
	_, rows := c.term.Size()
	switch {
	case (ctrlShift || cmd) && letter == "c" || ctrl && ev.Key == "Insert":
		c.copy()
		return take()
	case (ctrlShift || cmd) && letter == "v" || shift && ev.Key == "Insert":
		return true // the browser's paste event follows, without a question of permission
	case (ctrlShift || cmd) && letter == "f":
		c.ui.Call("openSearch")
		return take()
	case (ctrlShift || cmd) && letter == "a":
		c.selectAll()
		return take()
	case ctrlShift && letter == "m":
		c.ui.Call("toggleMenu")
		return take()
	case (ctrl || ctrlShift || cmd) && (ev.Key == "+" || ev.Key == "="):
		c.zoom(1)
		return take()
	case (ctrl || cmd) && ev.Key == "-":
		c.zoom(-1)
		return take()
	case (ctrl || cmd) && ev.Key == "0":
		c.zoom(0)
		return take()
	case shift && c.term.Modes().AltScreen:
		return false
	case shift && ev.Key == "PageUp":
		c.scroll(rows - 1)
		return take()
	case shift && ev.Key == "PageDown":
		c.scroll(1 - rows)
		return take()
	case shift && ev.Key == "Home":
		c.scrollTo(c.term.Scrollback())
		return take()
	case shift && ev.Key == "End":
		c.scrollTo(0)
		return take()
	}
	return false
}

// typed takes text that came without a key event: on-screen keyboards, input
// methods, dictation.
func (c *client) typed(e js.Value) {
	if c.input.composing || e.Get("isComposing").Truthy() {
		return
	}
	switch e.Get("inputType").String() {
	case "deleteContentBackward":
		c.sendKey("Backspace", "Backspace", 0)
	case "insertLineBreak", "insertParagraph":
		c.sendKey("Enter", "Enter", 0)
	default:
		c.sendText(c.input.keys.Get("value").String())
	}
	c.input.keys.Set("value", "")
}

// sendText sends typed text; sticky modifiers count for a single character.
func (c *client) sendText(text string) {
	if text == "" {
		return
	}
	if c.input.sticky != 0 && len([]rune(text)) == 1 {
		c.sendKey(text, "", c.input.sticky)
		return
	}
	c.userTyped()
	c.sendInput([]byte(text))
}

func (c *client) sendKey(key, code string, m keyboard.Mods) {
	c.userTyped()
	c.sendInput(keyboard.AppendKey(nil, c.modes(), keyboard.Event{Key: key, Code: code, Mods: m | c.input.sticky, Type: keyboard.Press}))
	c.releaseSticky()
}

func (c *client) preedit(text string) {
	c.view.Preedit = text
	c.screen.InvalidateCursor()
}

// placeKeys puts the textarea at the cursor, so that an input method shows its
// candidates there.
func (c *client) placeKeys() {
	w, h := c.screen.Cell()
	scale := js.Global().Get("devicePixelRatio").Float()
	at := c.term.Cursor()
	st := c.input.keys.Get("style")
	px := func(v int) string { return js.ValueOf(float64(v)/scale).Call("toFixed", 1).String() + "px" }
	st.Set("left", px(at.X*w))
	st.Set("top", px((at.Y+c.view.Back)*h))
	st.Set("height", px(h))
}

// scroll moves the view by rows, up with positive numbers.
func (c *client) scroll(rows int) { c.scrollTo(c.view.Back + rows) }

func (c *client) scrollTo(back int) {
	back = min(max(back, 0), c.term.Scrollback())
	if c.term.Modes().AltScreen {
		back = 0
	}
	if back != c.view.Back {
		c.view.Back = back
		c.screen.Invalidate()
	}
}
