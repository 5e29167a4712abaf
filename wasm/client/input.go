//go:build js

package main

import (
	"strings"
	"syscall/js"

	"github.com/porthole-rac/porthole/protocol/term/keyboard"
	"github.com/porthole-rac/porthole/protocol/wire"
)

// input is what comes from keyboard and mouse.
type input struct {
	keys      js.Value // the hidden textarea that has the focus
	mac       bool
	out       outgoing
	question  string // text about whose pasting the person is being asked
	sticky    keyboard.Mods
	composing bool
	mouse     mouse
	touch     touch
	clip      clipboard
	progress  [2]int
}

func (i *input) welcome(bytes uint64, window int) { i.out.welcome(bytes, window) }

func (i *input) confirmed(n uint64) { i.out.confirm = max(i.out.confirm, n) }

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
		if !hidden() {
			c.comeBack()
		}
	})
	on(js.Global(), "online", func(js.Value) { c.comeBack() })
	on(js.Global(), "pageshow", func(e js.Value) {
		if e.Get("persisted").Truthy() { // out of the browser's back/forward cache
			c.comeBack()
		}
	})
	c.installMouse(on)
	c.focus()
}

// composingCode is the keyCode of keys that an input method takes, also of the one
// that ends the composition in Safari.
const composingCode = 229

// comeBack connects at once: the page is looked at again, or the network is back.
func (c *client) comeBack() {
	if !c.ended && !c.link.Open() {
		c.link.Retry()
	}
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
		AppCursor: m.AppCursor, AppKeypad: m.AppKeypad, Backspace: c.welcome.Backspace, BackspaceBS: m.Backarrow, NewLine: m.NewLine,
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
	if e.Get("isComposing").Truthy() || key == "Dead" || key == "Process" || key == "Unidentified" ||
		e.Get("keyCode").Int() == composingCode {
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
	if c.copier.on {
		if typ != keyboard.Release && !c.copyModeKey(ev) {
			c.command(ev, e)
		}
		e.Call("preventDefault")
		e.Call("stopPropagation")
		return
	}
	if typ == keyboard.Press && c.command(ev, e) {
		return
	}
	if c.input.mac && ev.Mods&keyboard.Super != 0 {
		return // the browser's and the system's own
	}
	if c.input.mac {
		c.optionKey(&ev)
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

// optionKey makes of a Mac's Option key what the person wants it to be: it makes
// characters, as everywhere on a Mac, or it is Alt.
func (c *client) optionKey(ev *keyboard.Event) {
	if ev.Mods&(keyboard.Alt|keyboard.Ctrl) != keyboard.Alt || len([]rune(ev.Key)) != 1 {
		return
	}
	if !c.options.OptionIsAlt {
		ev.Mods &^= keyboard.Alt
		return
	}
	switch plain := ""; {
	case len(ev.Code) == len("KeyA") && strings.HasPrefix(ev.Code, "Key"):
		plain = strings.ToLower(ev.Code[3:])
		if ev.Mods&keyboard.Shift != 0 {
			plain = ev.Code[3:]
		}
		ev.Key = plain
	case len(ev.Code) == len("Digit0") && strings.HasPrefix(ev.Code, "Digit"):
		ev.Key = ev.Code[5:]
	}
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
	case ctrlShift && ev.Code == "Space":
		c.startCopyMode()
		return take()
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
