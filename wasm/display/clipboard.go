//go:build js

package main

import (
	"syscall/js"

	"github.com/porthole-rac/porthole/protocol/wire"
)

// clipboard puts together what comes in parts.
type clipboard struct {
	kind string
	data []byte
	skip bool // it grew too large
}

// part is how much goes into one record to the relay.
const part = 256 << 10

func (c *clipboard) received(s *session, body []byte) {
	var m wire.Clipboard
	if m.Decode(body) != nil || m.Request != 0 {
		return
	}
	if m.Denied { // it does not come to its end
		*c = clipboard{}
		return
	}
	if m.Type != c.kind {
		*c = clipboard{kind: m.Type}
	}
	if len(c.data)+len(m.Data) > wire.MaxClipboard {
		c.data, c.skip = nil, true
	}
	if !c.skip {
		c.data = append(c.data, m.Data...)
	}
	if m.More {
		return
	}
	if !c.skip {
		var data any
		if c.kind == "image/png" {
			bytes := js.Global().Get("Uint8Array").New(len(c.data))
			js.CopyBytesToJS(bytes, c.data)
			data = bytes
		} else {
			data = string(c.data)
		}
		s.post("clipboard", map[string]any{"type": c.kind, "data": data})
	}
	*c = clipboard{}
}

// sendClipboard sends the browser's clipboard to the relay.
func (s *session) sendClipboard(m js.Value) {
	if s.welcome.DisablePaste || !s.online() {
		return
	}
	var data []byte
	switch v := m.Get("data"); v.Type() {
	case js.TypeString:
		data = []byte(v.String())
	case js.TypeObject:
		bytes := js.Global().Get("Uint8Array").New(v)
		data = make([]byte, min(bytes.Length(), wire.MaxClipboard))
		js.CopyBytesToGo(data, bytes)
	}
	most := wire.MaxClipboard
	if s.welcome.Clipboard > 0 {
		most = min(most, s.welcome.Clipboard)
	}
	if len(data) > most {
		s.post("notice", map[string]any{"code": "clipboard-not-sent", "text": "The clipboard is larger than this connection allows and was not sent.", "detail": ""})
		return
	}
	for {
		n := min(len(data), part)
		r := wire.Clipboard{Selection: 'c', Type: text(m, "type"), More: n < len(data), Data: data[:n]}
		s.send(r.Append(s.buf[:0]))
		if data = data[n:]; len(data) == 0 {
			return
		}
	}
}
