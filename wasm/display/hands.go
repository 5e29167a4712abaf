//go:build js

package main

import (
	"syscall/js"
)

// input hands the page's events over, and sends what comes of them.
func (s *session) pageInput(events js.Value) {
	if events.Type() != js.TypeObject {
		return
	}
	n := events.Get("byteLength").Int()
	if cap(s.events) < n {
		s.events = make([]byte, max(n, 1<<10))
	}
	js.CopyBytesToGo(s.events[:n], events)
	p, err := s.hands.Handle(s.buf[:0], s.events[:n])
	if err != nil {
		s.bridge.Call("complain", err.Error())
	}
	s.sendInput(p)
}

// sendInput sends records of input and notes their count for the figures.
func (s *session) sendInput(p []byte) {
	s.buf = p[:0]
	if len(p) > 0 && s.online() {
		s.link.Send(p)
		s.timing.sent(s.hands.Sent())
	}
	if c := s.hands.ForPage(); len(c) > 0 {
		commands := make([]any, len(c))
		for i, v := range c {
			commands[i] = v
		}
		s.post("hand", map[string]any{"commands": commands})
	}
}

// taken says how many inputs the target has taken.
func (s *session) taken(n uint64) { s.sendInput(s.hands.Taken(s.buf[:0], n)) }
