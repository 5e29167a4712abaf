//go:build js

// Command client is the session page's program: the terminal on its
// canvas, its input, and the automation API globalThis.porthole. Menus and dialogs are
// HTML and belong to web/js; the two talk through globalThis.portholeUI (called
// from here) and globalThis.porthole.ui (called from there).
package main

import (
	"syscall/js"
)

func main() {
	c, err := newClient()
	if err != nil {
		js.Global().Get("portholeUI").Call("ended", map[string]any{
			"code": "drawing", "step": "start", "message": "The browser cannot draw: " + err.Error() + ".",
			"remedy": "Use another browser.", "canReconnect": false,
		})
		return
	}
	c.start()
	if err := c.screen.Run(); err != nil {
		c.fail("drawing", "start", "Drawing failed: "+err.Error()+".", "Choose another way of drawing in the settings, and reload the page.")
	}
}
