package session

import (
	"github.com/porthole-rac/porthole/protocol/wire"
)

// clipboardPart is how much of a clipboard goes to a browser at once, so that
// pictures and sound are not kept waiting by it.
const clipboardPart = 64 << 10

// clipboards are the two ways of a desktop's clipboard. Session.mu guards them.
type clipboards struct {
	in clipboardParts // from the browser

	kind string // to the browser: the newest content, and how much of it was sent
	data []byte
	sent int
	due  bool
}

// clipboardParts is a clipboard that comes in parts.
type clipboardParts struct {
	kind    string
	data    []byte
	open    bool
	tooLong bool
}

// add takes a part. When it was the last one it gives the whole; what exceeds the
// bound is dropped.
func (c *clipboardParts) add(m *wire.Clipboard, most int) (kind string, data []byte, whole bool) {
	if m.Denied {
		*c = clipboardParts{}
		return "", nil, false
	}
	if !c.open {
		*c = clipboardParts{kind: m.Type, open: true}
	}
	if c.tooLong = c.tooLong || len(c.data)+len(m.Data) > most; c.tooLong {
		c.data = nil
	} else {
		c.data = append(c.data, m.Data...)
	}
	if m.More {
		return "", nil, false
	}
	kind, data, whole = c.kind, c.data, !c.tooLong
	*c = clipboardParts{}
	return kind, data, whole
}

// appendPart appends the next part of what is due; more tells that another follows.
func (c *clipboards) appendPart(dst []byte) (out []byte, more bool) {
	if !c.due {
		return dst, false
	}
	n := min(len(c.data)-c.sent, clipboardPart)
	more = c.sent+n < len(c.data)
	m := wire.Clipboard{Selection: 'c', Type: c.kind, More: more, Data: c.data[c.sent : c.sent+n]}
	c.sent += n
	if !more {
		c.data, c.due = nil, false
	}
	return m.Append(dst), more
}

// Clipboard implements target.Screen.
func (d *desktop) Clipboard(mediaType string, data []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.limits.DisableCopy || d.feed == nil {
		return
	}
	if len(data) > d.limits.ClipboardBufferSize {
		n := wire.Notice{Code: "clipboard-too-large", Text: "What was copied on the machine is larger than this endpoint allows, so it was not fetched."}
		d.feed.v.control(n.Append(nil))
		return
	}
	c := &d.clip
	if c.due && c.sent > 0 { // the browser has a part of the one before: let it end
		m := wire.Clipboard{Selection: 'c', Type: c.kind, Denied: true}
		d.feed.v.control(m.Append(nil))
	}
	c.kind, c.data, c.sent, c.due = clip(mediaType, wire.MaxName), append([]byte(nil), data...), 0, true
	d.signalLocked()
}
