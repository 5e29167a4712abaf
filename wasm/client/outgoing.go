//go:build js

package main

import (
	"syscall/js"
	"time"

	"github.com/porthole-rac/porthole/protocol/wire"
)

const (
	heldInput  = 1 << 10         // bytes typed without a connection that are kept
	heldFor    = 5 * time.Second // and for how long
	maxWaiting = wire.MaxClipboard
)

// outgoing is what is on its way to the target. The relay takes as much as its
// window has room for; the rest waits here, in order.
type outgoing struct {
	sent    uint64 // bytes sent
	confirm uint64 // bytes that the target took
	window  uint64
	queue   []parcel
	waiting int       // bytes in queue
	heldAt  time.Time // when the first of it was typed without a connection
}

// parcel is input of one kind.
type parcel struct {
	paste bool
	data  []byte
}

func (o *outgoing) welcome(bytes uint64, window int) {
	o.sent, o.confirm, o.window = bytes, bytes, uint64(window)
}

// room is how many bytes may be sent.
func (o *outgoing) room() int { return int(o.window - min(o.sent-o.confirm, o.window)) }

func (o *outgoing) drop() { o.queue, o.waiting = nil, 0 }

// lost is called when the connection is gone. What waited is not sent later: the
// person has seen a part of it go, or none, and must decide anew.
func (i *input) lost(c *client) {
	if c.ready && i.out.waiting > 0 && i.out.heldAt.IsZero() {
		i.out.drop()
		c.inputDropped()
	}
}

func (c *client) inputDropped() {
	c.ui.Call("notice", map[string]any{"code": "input-dropped", "text": "What was typed while the connection was away was not sent.", "detail": ""})
}

// reconnected sends what was typed during a short gap.
func (i *input) reconnected(c *client) {
	o := &i.out
	if o.waiting > 0 && !o.heldAt.IsZero() && time.Since(o.heldAt) > heldFor {
		o.drop()
		c.inputDropped()
	}
	o.heldAt = time.Time{}
	c.flush()
}

// online tells whether input can go to the target.
func (c *client) online() bool { return c.link.Open() && c.ready }

// sendInput sends bytes for the program, now or after what waits.
func (c *client) sendInput(p []byte) bool {
	o := &c.input.out
	if len(p) == 0 || c.ended || c.welcome.ReadOnly {
		return false
	}
	if len(o.queue) == 0 && c.online() && len(p) <= min(o.room(), wire.MaxInput) {
		o.sent += uint64(len(p))
		m := wire.Input{Data: p}
		c.send(m.Append(c.buf[:0]))
		c.timing.sent(o.sent)
		c.blink.show()
		return true
	}
	return c.enqueue(false, p)
}

// enqueue has bytes sent in their turn; false when there is no room for them.
func (c *client) enqueue(paste bool, p []byte) bool {
	o := &c.input.out
	limit := maxWaiting
	if !c.online() {
		if limit = heldInput; o.waiting == 0 {
			o.heldAt = time.Now()
		}
	}
	if o.waiting+len(p) > limit {
		return false
	}
	o.waiting += len(p)
	if n := len(o.queue); n > 0 && !paste && !o.queue[n-1].paste {
		o.queue[n-1].data = append(o.queue[n-1].data, p...)
	} else {
		o.queue = append(o.queue, parcel{paste, append([]byte(nil), p...)})
	}
	c.flush()
	return true
}

// flush sends as much of what waits as the window has room for.
func (c *client) flush() {
	o := &c.input.out
	for len(o.queue) > 0 && c.online() {
		q := &o.queue[0]
		n := min(len(q.data), wire.MaxInput, o.room())
		if n <= 0 {
			return
		}
		o.sent += uint64(n)
		o.waiting -= n
		if q.paste {
			m := wire.Paste{More: n < len(q.data), Data: q.data[:n]}
			c.send(m.Append(c.buf[:0]))
		} else {
			m := wire.Input{Data: q.data[:n]}
			c.send(m.Append(c.buf[:0]))
		}
		if q.data = q.data[n:]; len(q.data) == 0 {
			o.queue = o.queue[1:]
		}
	}
	if len(o.queue) == 0 {
		o.queue = nil
	}
}

// sendProgrammed sends text of the automation API as if it had been typed. Before
// the target is there it waits, and is not lost to a slow login.
func (c *client) sendProgrammed(text string) bool {
	if text == "" || c.ended || c.welcome.ReadOnly {
		return false
	}
	if c.ready && !c.link.Open() {
		return false
	}
	c.userTyped()
	if c.online() {
		return c.sendInput([]byte(text))
	}
	o := &c.input.out
	if o.waiting+len(text) > maxWaiting {
		return false
	}
	o.waiting += len(text)
	o.queue = append(o.queue, parcel{data: []byte(text)})
	return true
}

func hidden() bool { return js.Global().Get("document").Get("hidden").Bool() }
