package input

import "github.com/porthole-rac/porthole/protocol/wire"

// locks keeps the target's lock keys as the person's are: who has Caps Lock on here
// expects it there. It needs a target that tells of its own.
type locks struct {
	known   bool
	target  wire.LEDs
	matched wire.LEDs // the person's locks when they were last made equal
	tried   bool      // they were, and the target has said nothing since
}

// leds takes what the target says.
func (k *keyboard) leds(l wire.LEDs) {
	k.locks.known, k.locks.target, k.locks.tried = true, l, false
}

// pressed notes that a lock key goes down.
func (l *locks) pressed(code string) {
	switch code {
	case "CapsLock":
		l.target.Caps = !l.target.Caps
	case "NumLock":
		l.target.Num = !l.target.Num
	case "ScrollLock":
		l.target.Scroll = !l.target.Scroll
	}
}

// match presses the lock keys in which the target differs. A target that does not
// follow is tried once for each change of the person's locks.
func (l *locks) match(m *Machine, mods int) {
	if !l.known || m.has(OptionNoLocks) {
		return
	}
	mine := wire.LEDs{Caps: mods&ModCaps != 0, Num: mods&ModNum != 0, Scroll: mods&ModScroll != 0}
	if l.tried && mine == l.matched {
		return
	}
	if mine.Caps != l.target.Caps {
		l.tried = true
		m.tapCode("CapsLock")
	}
	if !m.has(OptionMac) && mine.Num != l.target.Num { // a Mac has no Num Lock
		l.tried = true
		m.tapCode("NumLock")
	}
	l.matched = mine
}
