//go:build js

// Display is the browser's program for desktops. It runs in a Web Worker: it owns the
// socket to the relay, decodes, and decides what is painted in which order; the
// scripts around it (web/js/display-worker.js and its parts) split messages, have the
// browser decode pictures, and paint. The page sees what it posts, and sends it what
// the person does; web/js/display-worker.js documents both.
//
//	session.go  the connection: link, control records, what the page is told
//	page.go     what the page asks for
//	hands.go    input on its way to the target
//	bridge.go   the scripts' functions
//	timing.go   figures
package main

import "syscall/js"

func main() {
	bridge := js.Global().Get("porthole")
	s := newSession(bridge)
	bridge.Call("ready", js.FuncOf(s.fromPage), js.FuncOf(s.painted), js.FuncOf(s.pictureFailed))
	select {}
}
