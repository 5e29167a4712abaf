// Package input is what a client sends of keyboard and mouse, on the fast path and on
// the slow one (MS-RDPBCGR 2.2.8.1).
package input

import "github.com/porthole-rac/porthole/protocol/rdp/octets"

// kind is the code of the fast path (2.2.8.1.2.2).
type kind byte

const (
	scancode kind = 0
	mouse    kind = 1
	mouseX   kind = 2
	sync     kind = 3
	unicode  kind = 4
	relative kind = 5
	qoe      kind = 6
)

// Event is one event. Make it by the functions below.
type Event struct {
	kind  kind
	flags uint16 // of the event; keys and sync: of the fast path's header
	a, b  uint16
}

// Flags of keys on the fast path.
const (
	keyUp        = 1
	keyExtended  = 2 // E0
	keyExtended1 = 4 // E1
)

// Key is a key by its scan code of set 1. Extended is for codes after E0, and Extended1
// for the one after E1 (Pause).
type Key struct {
	Code      byte
	Extended  bool
	Extended1 bool
}

// Down presses the key.
func (k Key) Down() Event { return k.event(0) }

// Up releases it.
func (k Key) Up() Event { return k.event(keyUp) }

func (k Key) event(flags uint16) Event {
	if k.Extended {
		flags |= keyExtended
	}
	if k.Extended1 {
		flags |= keyExtended1
	}
	return Event{kind: scancode, flags: flags, a: uint16(k.Code)}
}

// PauseKey is the four events of Pause (2.2.8.1.1.3.1.1.1).
func PauseKey() [4]Event {
	ctrl, num := Key{Code: 0x1d, Extended1: true}, Key{Code: 0x45}
	return [4]Event{ctrl.Down(), num.Down(), ctrl.Up(), num.Up()}
}

// Text presses and releases one unit of UTF-16. A character beyond U+FFFF is two: its
// high surrogate pressed and released, then the low one.
func Text(unit uint16) [2]Event {
	return [2]Event{{kind: unicode, a: unit}, {kind: unicode, flags: keyUp, a: unit}}
}

// Locks are the keys that light up.
type Locks byte

// Locks.
const (
	ScrollLock Locks = 1
	NumLock    Locks = 2
	CapsLock   Locks = 4
	KanaLock   Locks = 8
)

// Sync sets the locks and releases all keys, as when the window gets the focus.
func Sync(l Locks) Event { return Event{kind: sync, flags: uint16(l & 0x0f)} }

// Button is a button of the mouse.
type Button byte

// Buttons.
const (
	Left Button = iota
	Right
	Middle
	Back    // X1
	Forward // X2
)

// Flags of the mouse (2.2.8.1.1.3.1.1.3, 2.2.8.1.1.3.1.1.4).
const (
	flagHWheel   = 0x0400
	flagWheel    = 0x0200
	wheelBits    = 0x01ff // two's complement
	flagMove     = 0x0800
	flagDown     = 0x8000
	flagButton1  = 0x1000
	flagXButton1 = 0x0001
)

func position(v int) uint16 { return uint16(min(max(v, 0), 0xffff)) }

// Move moves the pointer to a place of the desktop.
func Move(x, y int) Event { return Event{kind: mouse, flags: flagMove, a: position(x), b: position(y)} }

func (b Button) flags(down bool) (k kind, f uint16) {
	k, f = mouse, flagButton1<<b
	if b >= Back {
		k, f = mouseX, flagXButton1<<(b-Back)
	}
	if down {
		f |= flagDown
	}
	return k, f
}

// Press presses or releases a button at a place.
func Press(b Button, down bool, x, y int) Event {
	k, f := b.flags(down)
	return Event{kind: k, flags: f, a: position(x), b: position(y)}
}

// MaxWheel is how far one event turns the wheel at most; a notch is 120.
const MaxWheel = 255

// Wheel turns the wheel, up or away when n is positive.
func Wheel(n int) Event {
	return Event{kind: mouse, flags: flagWheel | uint16(min(max(n, -MaxWheel), MaxWheel))&wheelBits}
}

// HWheel turns the wheel sideways, to the right when n is positive.
func HWheel(n int) Event {
	return Event{kind: mouse, flags: flagHWheel | uint16(min(max(n, -MaxWheel), MaxWheel))&wheelBits}
}

// MoveBy moves the pointer by a distance. The server must have said that it can.
func MoveBy(dx, dy int) Event {
	return Event{kind: relative, flags: flagMove, a: distance(dx), b: distance(dy)}
}

// PressHere presses or releases a button where the pointer is, in relative mode.
func PressHere(b Button, down bool) Event {
	_, f := b.flags(down)
	return Event{kind: relative, flags: f}
}

func distance(v int) uint16 { return uint16(int16(min(max(v, -0x8000), 0x7fff))) }

// Timestamp tells when a batch was made, in milliseconds, for the server's statistics.
func Timestamp(ms uint32) Event { return Event{kind: qoe, a: uint16(ms), b: uint16(ms >> 16)} }

// Relative tells whether the event needs a server with relative mice.
func (e Event) Relative() bool { return e.kind == relative }

// MaxEvents is how many events a message has at most.
const MaxEvents = 255

// AppendFast appends one frame of the fast path with 1 to MaxEvents events.
func AppendFast(dst []byte, events []Event) []byte {
	start := len(dst)
	n := len(events)
	if n <= 15 {
		dst = append(dst, byte(n)<<2, 0x80, 0)
	} else {
		dst = append(dst, 0, 0x80, 0, byte(n))
	}
	for _, e := range events {
		switch e.kind {
		case scancode:
			dst = append(dst, byte(e.kind)<<5|byte(e.flags), byte(e.a))
		case unicode:
			dst = octets.U16(append(dst, byte(e.kind)<<5|byte(e.flags)), e.a)
		case sync:
			dst = append(dst, byte(e.kind)<<5|byte(e.flags))
		case qoe:
			dst = octets.U16(octets.U16(append(dst, byte(e.kind)<<5), e.a), e.b)
		default:
			dst = octets.U16(octets.U16(octets.U16(append(dst, byte(e.kind)<<5), e.flags), e.a), e.b)
		}
	}
	size := len(dst) - start
	dst[start+1], dst[start+2] = 0x80|byte(size>>8), byte(size)
	return dst
}

// AppendSlow appends the body of the slow path's message (2.2.8.1.1.3.1).
func AppendSlow(dst []byte, events []Event) []byte {
	at, n := len(dst), 0
	dst = octets.Zeros(dst, 4)
	for _, e := range events {
		kind := [...]uint16{scancode: 4, mouse: 0x8001, mouseX: 0x8002, sync: 0, unicode: 5, relative: 0x8004, qoe: 0xffff}[e.kind]
		if e.kind == qoe {
			continue // the slow path has none
		}
		dst = octets.U16(octets.U32(dst, 0), kind)
		n++
		switch e.kind {
		case scancode, unicode:
			const up, extended, extended1 = 0x8000, 0x0100, 0x0200
			flags := uint16(0)
			if e.flags&keyUp != 0 {
				flags |= up
			}
			if e.flags&keyExtended != 0 {
				flags |= extended
			}
			if e.flags&keyExtended1 != 0 {
				flags |= extended1
			}
			dst = octets.U16(octets.U16(octets.U16(dst, flags), e.a), 0)
		case sync:
			dst = octets.U32(octets.U16(dst, 0), uint32(e.flags))
		default:
			dst = octets.U16(octets.U16(octets.U16(dst, e.flags), e.a), e.b)
		}
	}
	dst[at], dst[at+1] = byte(n), byte(n>>8)
	return dst
}
