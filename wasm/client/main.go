//go:build js

// Command client is the session page's program: the terminal, drawn by Ebiten,
// its input, and the automation API globalThis.porthole. Menus and dialogs are
// HTML and belong to web/js; the two talk through globalThis.portholeUI (called
// from here) and globalThis.porthole.ui (called from there).
package main

import (
	"runtime/debug"
	"syscall/js"

	"github.com/hajimehoshi/ebiten/v2"
)

func main() {
	c, err := newClient()
	if err != nil {
		js.Global().Get("portholeUI").Call("ended", map[string]any{
			"code": "webgl", "step": "start", "message": "The browser cannot draw with WebGL 2.",
			"remedy": "Switch hardware acceleration on, or use another browser.", "canReconnect": false,
		})
		return
	}
	// The page's one thread collects garbage as well. The live heap is some ten
	// megabytes, so that collecting less often costs little memory.
	debug.SetGCPercent(400)
	c.start()
	ebiten.SetScreenClearedEveryFrame(false)
	ebiten.SetTPS(ebiten.SyncWithFPS)
	ebiten.SetRunnableOnUnfocused(true)
	if err := ebiten.RunGameWithOptions(c.screen, &ebiten.RunGameOptions{
		DisableHiDPI: true, InitUnfocused: true, GraphicsLibrary: ebiten.GraphicsLibraryOpenGL,
	}); err != nil {
		c.fail("webgl", "start", "Drawing failed: "+err.Error(), "Reload the page.")
	}
}
