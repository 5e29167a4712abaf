//go:build js && wasm

// Core gives the terminal core to the benchmark's JavaScript.
package main

import (
	"syscall/js"

	"github.com/porthole-rac/porthole/protocol/term"
)

func main() {
	var t *term.Terminal
	buf := make([]byte, 64<<10)
	js.Global().Set("core", map[string]any{
		"reset": js.FuncOf(func(_ js.Value, a []js.Value) any {
			t = term.New(term.Config{Cols: a[0].Int(), Rows: a[1].Int(), Scrollback: a[2].Int()})
			return nil
		}),
		"write": js.FuncOf(func(_ js.Value, a []js.Value) any {
			n := js.CopyBytesToGo(buf, a[0])
			_, _ = t.Write(buf[:n])
			t.ClearDamage()
			return nil
		}),
		"text": js.FuncOf(func(js.Value, []js.Value) any { return t.Text() }),
		"done": js.FuncOf(func(js.Value, []js.Value) any { return t.Scrollback() }),
	})
	select {}
}
