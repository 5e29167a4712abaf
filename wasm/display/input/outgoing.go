package input

import "github.com/porthole-rac/porthole/protocol/wire"

// item is an input that is to be sent.
type item struct {
	kind  byte
	power wire.PowerAction
	key   wire.Key
	to    wire.Pointer
	by    wire.PointerRelative
	text  string
}

const (
	itemKey = iota + 1
	itemPointer
	itemRelative
	itemTyped
	itemPower
)

// maxWaiting is how many inputs wait for the relay; further presses are left away.
const maxWaiting = 1024

// maxWaitingText is how many bytes of text wait.
const maxWaitingText = 8 << 20

// maxMessage is about how many bytes are given at once, far below what a relay takes
// in one message. More goes out when these are taken.
const maxMessage = 512 << 10

// outgoing sends inputs within the window.
type outgoing struct {
	dst    []byte
	sent   uint64
	taken  uint64
	window int
	queue  []item // what does not fit into the window
	text   int    // bytes of text in the queue
	move   item   // the newest movement, that the next one may replace; kind 0: none
}

func (o *outgoing) begin(taken uint64, window int) {
	o.drop()
	o.sent, o.taken, o.window = taken, taken, max(1, window)
}

func (o *outgoing) drop() {
	o.queue, o.text, o.move = nil, 0, item{}
}

// room is how many inputs may be sent.
func (o *outgoing) room() int { return o.window - int(o.sent-o.taken) }

// put sends an input, after the movement before it.
func (o *outgoing) put(i item) {
	o.settle()
	o.queue = append(o.queue, i)
	o.text += len(i.text)
	o.pump()
}

// full tells whether a press, or text, must be left away.
func (o *outgoing) full() bool { return len(o.queue) >= maxWaiting || o.text > maxWaitingText }

// moved notes a movement. It goes out with what comes next, or at the end of the
// message; until then another one replaces it.
func (o *outgoing) moved(i item) {
	if o.move.kind == itemRelative && i.kind == itemRelative && o.move.by.Buttons == i.by.Buttons {
		i.by.DX += o.move.by.DX
		i.by.DY += o.move.by.DY
	} else if o.move.kind != i.kind {
		o.settle()
	}
	o.move = i
}

// settle puts the movement into the row. When the relay is far behind it is left
// away: a button names its place itself.
func (o *outgoing) settle() {
	if o.move.kind == 0 {
		return
	}
	if len(o.queue) < maxWaiting/2 {
		o.queue = append(o.queue, o.move)
	}
	o.move = item{}
}

// pump sends what there is room for. Movements leave half of the window to keys.
func (o *outgoing) pump() {
	n := 0
	for n < len(o.queue) && o.room() > 0 && len(o.dst) < maxMessage {
		o.send(o.queue[n])
		o.text -= len(o.queue[n].text)
		n++
	}
	if n == len(o.queue) {
		o.queue = o.queue[:0]
		if cap(o.queue) > 64 {
			o.queue = nil
		}
	} else if n > 0 {
		o.queue = append(o.queue[:0], o.queue[n:]...)
	}
	if len(o.queue) == 0 && o.move.kind != 0 && o.room() > o.window/2 {
		o.send(o.move)
		o.move = item{}
	}
}

func (o *outgoing) send(i item) {
	switch i.kind {
	case itemKey:
		o.dst = i.key.Append(o.dst)
	case itemPointer:
		o.dst = i.to.Append(o.dst)
	case itemRelative:
		o.dst = i.by.Append(o.dst)
	case itemTyped:
		t := wire.Typed{Text: i.text}
		o.dst = t.Append(o.dst)
	case itemPower:
		p := wire.Power{Action: i.power}
		o.dst = p.Append(o.dst)
	}
	o.sent++
}

// give gives the buffer back.
func (o *outgoing) give() []byte {
	d := o.dst
	o.dst = nil
	return d
}
