package vnc

import (
	"unicode/utf8"

	"github.com/porthole-rac/porthole/protocol/rfb"
	"github.com/porthole-rac/porthole/protocol/rfb/keysym"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
)

const (
	// maxInputs wait for a server that does not read. The session lets a browser
	// have fewer; what is beyond is dropped.
	maxInputs = 2 * target.InputWindow
	// maxTyped is how many bytes of text wait.
	maxTyped = 1 << 20
	// maxHeld is how many keys are remembered as held.
	maxHeld = 64
	// typedAtOnce is how many characters are typed between two looks at the rest.
	typedAtOnce = 128
)

type inputKind uint8

const (
	inputPointer inputKind = iota
	inputRelative
	inputKey
	inputTyped
	inputPower
	inputRelease // not a person's
)

// input is one that waits.
type input struct {
	kind    inputKind
	down    bool
	scan    uint8
	action  rfb.PowerAction
	buttons rfb.Buttons
	keysym  uint32
	x, y    int
	text    string
	counts  int // how many of the person's inputs this is
}

// held is a key that is down, as the server was told.
type held struct {
	scan   uint8
	keysym uint32
	coded  bool
}

// inputs is the queue of a person's input, and what the server was told of it.
type inputs struct {
	queue []input
	typed int // bytes of text in it

	width, height int
	codes         bool // the server takes scan codes
	mouse         bool // and more buttons
	relative      bool // it wants movements
	power         bool

	keys    []held
	buttons rfb.Buttons
	x, y    int
}

// add queues an input; it gives how many inputs are dropped for it.
func (q *inputs) add(in input) (dropped int) {
	if n := len(q.queue); n > 0 && q.queue[n-1].kind == in.kind && q.queue[n-1].buttons == in.buttons {
		// Only where the pointer ends up matters while its buttons stay as they are.
		switch last := &q.queue[n-1]; in.kind {
		case inputPointer:
			last.x, last.y = in.x, in.y
			last.counts += in.counts
			return 0
		case inputRelative:
			last.x, last.y = last.x+in.x, last.y+in.y
			last.counts += in.counts
			return 0
		}
	}
	if len(q.queue) >= maxInputs || q.typed+len(in.text) > maxTyped {
		return in.counts
	}
	q.typed += len(in.text)
	q.queue = append(q.queue, in)
	return 0
}

// release lets go of everything once what waits is done.
func (q *inputs) release() { q.queue = append(q.queue, input{kind: inputRelease}) }

// drop empties the queue, and tells how many inputs were in it.
func (q *inputs) drop() (n int) {
	for _, in := range q.queue {
		n += in.counts
	}
	q.queue, q.typed = nil, 0
	return n
}

// append writes what waits, and tells how many inputs that were.
func (q *inputs) append(dst []byte) (out []byte, taken int) {
	for i := range q.queue {
		in := &q.queue[i]
		switch in.kind {
		case inputPointer:
			dst = q.pointer(dst, in)
		case inputRelative:
			dst = q.move(dst, in)
		case inputKey:
			dst = q.key(dst, in)
		case inputTyped:
			if dst = q.typeSome(dst, in); in.text != "" {
				q.queue = append(q.queue[:0], q.queue[i:]...)
				return dst, taken
			}
		case inputPower:
			if q.power {
				dst = rfb.AppendPower(dst, in.action)
			}
		case inputRelease:
			dst = q.letGo(dst)
		}
		taken += in.counts
	}
	clear(q.queue) // of text
	q.queue = q.queue[:0]
	return dst, taken
}

func (q *inputs) pointer(dst []byte, in *input) []byte {
	x, y := min(max(in.x, 0), max(q.width-1, 0)), min(max(in.y, 0), max(q.height-1, 0))
	dx, dy := x-q.x, y-q.y
	q.x, q.y, q.buttons = x, y, in.buttons
	if q.relative { // the browser has not heard of it yet
		return rfb.AppendPointerRelative(dst, in.buttons, dx, dy, q.mouse)
	}
	return rfb.AppendPointer(dst, in.buttons, uint16(x), uint16(y), q.mouse)
}

func (q *inputs) move(dst []byte, in *input) []byte {
	if !q.relative {
		in.x, in.y = q.x+in.x, q.y+in.y
		return q.pointer(dst, in)
	}
	q.buttons = in.buttons
	return rfb.AppendPointerRelative(dst, in.buttons, in.x, in.y, q.mouse)
}

// key says that a key went down or up. It is released as it was pressed, whatever it
// would mean by now: with Shift let go before the letter, its keysym is another one.
func (q *inputs) key(dst []byte, in *input) []byte {
	at := -1
	for i, k := range q.keys {
		if in.scan != 0 && k.scan == in.scan || in.scan == 0 && k.scan == 0 && k.keysym == in.keysym {
			at = i
			break
		}
	}
	k := held{scan: in.scan, keysym: in.keysym, coded: q.codes && in.scan != 0}
	switch {
	case at >= 0:
		k = q.keys[at]
		if !in.down {
			q.keys = append(q.keys[:at], q.keys[at+1:]...)
		}
	case in.down && len(q.keys) < maxHeld && (k.coded || k.keysym != 0):
		q.keys = append(q.keys, k)
	}
	return appendKey(dst, in.down, k)
}

func appendKey(dst []byte, down bool, k held) []byte {
	switch {
	case k.coded:
		return rfb.AppendKeyCode(dst, down, k.keysym, uint32(k.scan))
	case k.keysym != 0:
		return rfb.AppendKey(dst, down, k.keysym)
	}
	return dst
}

// typeSome presses and releases a key for each of some characters.
func (q *inputs) typeSome(dst []byte, in *input) []byte {
	for range typedAtOnce {
		if in.text == "" {
			break
		}
		r, size := utf8.DecodeRuneInString(in.text)
		in.text, q.typed = in.text[size:], q.typed-size
		sym := typedKeysym(r)
		if sym == 0 {
			continue
		}
		dst = rfb.AppendKey(rfb.AppendKey(dst, true, sym), false, sym)
	}
	return dst
}

// typedKeysym is the key of a character; of the control characters only those that
// have a key of their own.
func typedKeysym(r rune) uint32 {
	const backspace, tab, enter, escape = 0xff08, 0xff09, 0xff0d, 0xff1b
	switch r {
	case '\n', '\r':
		return enter
	case '\t':
		return tab
	case '\b':
		return backspace
	case 0x1b:
		return escape
	case utf8.RuneError:
		return 0
	}
	return keysym.FromRune(r)
}

// letGo releases all that is held.
func (q *inputs) letGo(dst []byte) []byte {
	for _, k := range q.keys {
		dst = appendKey(dst, false, k)
	}
	q.keys = q.keys[:0]
	if q.buttons != 0 {
		in := input{x: q.x, y: q.y}
		if q.relative {
			in.x, in.y = 0, 0
			return q.move(dst, &in)
		}
		return q.pointer(dst, &in)
	}
	return dst
}

// powerAction gives RFB's number.
func powerAction(a wire.PowerAction) rfb.PowerAction {
	switch a {
	case wire.PowerShutdown:
		return rfb.PowerShutdown
	case wire.PowerReboot:
		return rfb.PowerReboot
	case wire.PowerReset:
		return rfb.PowerReset
	}
	return 0
}
