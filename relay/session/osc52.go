package session

import (
	"encoding/base64"
	"unicode/utf8"

	"github.com/porthole-rac/porthole/protocol/term"
	"github.com/porthole-rac/porthole/protocol/wire"
)

// handler connects the terminal core's events. They come while s.mu is held.
func (s *terminal) handler() term.Handler {
	return term.Handler{
		Reply: s.input.reply,
		ClipboardWrite: func(selection byte, data []byte) {
			if s.prefs.DisableCopy || s.viewer == nil || len(data) > s.prefs.ClipboardBufferSize || !utf8.Valid(data) {
				return
			}
			m := wire.Clipboard{Selection: selection, Type: "text/plain", Data: data}
			s.viewer.control(m.Append(nil))
		},
		ClipboardRead: s.clipboardRequestLocked,
	}
}

// clipboardRead is a program's question for the browser's clipboard (OSC 52).
type clipboardRead struct {
	requests  uint64
	open      bool
	selection byte
	data      []byte
}

func (s *terminal) clipboardRequestLocked(selection byte) {
	if s.prefs.DisablePaste || s.prefs.ReadOnly || s.viewer == nil || s.clip.open {
		return
	}
	s.clip = clipboardRead{requests: s.clip.requests + 1, open: true, selection: selection}
	m := wire.ClipboardRequest{Request: s.clip.requests, Selection: selection}
	s.viewer.control(m.Append(nil))
}

// clipboardAnswer takes the browser's answer, in parts.
func (s *terminal) clipboardAnswer(m *wire.Clipboard) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &s.clip
	if !c.open || m.Request != c.requests {
		return
	}
	if m.Denied || len(c.data)+len(m.Data) > s.prefs.ClipboardBufferSize {
		c.open, c.data = false, nil
		return
	}
	c.data = append(c.data, m.Data...)
	if m.More {
		return
	}
	reply := append([]byte("\x1b]52;"), c.selection, ';')
	reply = base64.StdEncoding.AppendEncode(reply, c.data)
	// It may be longer than other replies: the person has allowed it.
	s.input.answer(append(reply, "\x1b\\"...), maxReplies)
	c.open, c.data = false, nil
}
