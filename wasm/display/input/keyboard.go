package input

import (
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/porthole-rac/porthole/protocol/rfb/keysym"
	"github.com/porthole-rac/porthole/protocol/wire"
)

// keyEvent is a KeyboardEvent.
type keyEvent struct {
	down, repeat, composing bool
	mods                    int
	at                      float64
	location                int
	code, key               string
}

// stroke is a key as the target was told of it.
type stroke struct {
	scan   uint8
	keysym uint32
}

// keyboard is what is known of the keys.
type keyboard struct {
	held    map[string]stroke // by KeyboardEvent.code
	order   []string          // of held, as they were pressed
	control *keyEvent         // a Control that may be a part of AltGr
	fake    bool              // ControlLeft is held by AltGr alone
	latched []string          // modifiers of the page's own keyboard, for the next key
	mac     mac
	locks   locks
}

// maxHeld is how many keys may be held.
const maxHeld = 64

// forget forgets all that is held, without a word to the target.
func (k *keyboard) forget() {
	clear(k.held)
	k.order = k.order[:0]
	k.control, k.fake = nil, false
	k.latched = nil
	k.mac = mac{}
	k.locks = locks{}
}

// modifier is a key that changes others.
type modifier struct {
	mod         int
	left, right string // codes
	key         string
}

var modifiers = []modifier{
	{ModShift, "ShiftLeft", "ShiftRight", "Shift"},
	{ModControl, "ControlLeft", "ControlRight", "Control"},
	{ModAlt, "AltLeft", "AltRight", "Alt"},
	{ModMeta, "MetaLeft", "MetaRight", "Meta"},
}

func isModifier(code string) bool {
	for _, m := range modifiers {
		if code == m.left || code == m.right {
			return true
		}
	}
	return false
}

func isLock(code string) bool { return code == "CapsLock" || code == "NumLock" || code == "ScrollLock" }

// key takes a KeyboardEvent.
func (m *Machine) key(e keyEvent) {
	k := &m.keys
	if m.altGr(&e) {
		return
	}
	k.flush(m)
	if e.composing || e.key == "Process" {
		return // its text comes by itself
	}
	e.settle()
	if !isModifier(e.code) && !isLock(e.code) {
		k.repair(m, e.mods, true)
		if e.down && !e.repeat {
			k.locks.match(m, e.mods)
		}
	}
	switch {
	case m.has(OptionMac) && e.code == "CapsLock":
		// A Mac tells of a press when the lock goes on and of a release when it goes off.
		m.tap("CapsLock", stroke{uint8(keysym.Scancode("CapsLock")), keysym.CapsLock})
		return
	case m.has(OptionMac) && k.mac.key(m, e):
		return
	}
	if !e.down {
		m.release(e.code)
		return
	}
	s := m.stroke(e)
	if s == (stroke{}) {
		return
	}
	if e.code == "" { // a phone's keyboard: it may never tell of the release
		m.tap("", s)
		k.unlatch(m)
		return
	}
	m.down(e.code, s)
	if m.has(OptionMac) && e.mods&ModMeta != 0 && !isModifier(e.code) {
		m.release(e.code) // a Mac tells of no release while Cmd is held
	}
	if !isModifier(e.code) {
		k.unlatch(m)
	}
}

// remapped are keys that people put on a lock key.
var remapped = map[string]string{
	"Control": "ControlLeft", "Escape": "Escape", "Backspace": "Backspace", "Shift": "ShiftLeft", "Alt": "AltLeft", "Meta": "MetaLeft",
}

// settle puts right what an event says of its key.
func (e *keyEvent) settle() {
	switch {
	case e.code == "Unidentified":
		e.code = ""
	case isLock(e.code) && e.key != e.code && e.key != "":
		e.code = remapped[e.key] // Caps Lock used as Control
	case (e.code == "AltLeft" || e.code == "AltRight") && e.key == "Meta":
		e.key = "Alt" // X11 calls it so while Shift is held
	}
}

// altGr finds the Control that Windows presses before AltGr. It says whether the
// event is dealt with.
func (m *Machine) altGr(e *keyEvent) bool {
	k := &m.keys
	if !m.has(OptionWindows) {
		return false
	}
	switch {
	case e.code == "ControlLeft" && e.down:
		if k.fake {
			return true // its repeats
		}
		if _, held := k.held[e.code]; held || k.control != nil {
			return k.control != nil
		}
		control := *e
		k.control = &control
		return true
	case e.code == "ControlLeft" && k.fake:
		k.fake = false
		return true
	case e.code == "AltRight" && e.down && k.control != nil:
		if e.key == "AltGraph" && e.at-k.control.at <= AltGrWait {
			k.control, k.fake = nil, true
		}
	case e.code == "AltRight" && !e.down && k.fake:
		// Control's release comes before or after; when it was lost, the next one is true.
		k.fake = e.mods&ModControl != 0
	}
	return false
}

// flush presses the Control that no AltGr came after.
func (k *keyboard) flush(m *Machine) {
	if e := k.control; e != nil {
		k.control = nil
		m.down(e.code, m.stroke(*e))
	}
}

// stroke is what a key that goes down now is to the target; nothing for one that
// only changes the next.
func (m *Machine) stroke(e keyEvent) stroke {
	s := stroke{keysym: keysym.FromKey(e.key, keysym.Location(e.location))}
	if !m.has(OptionByMeaning) || isModifier(e.code) || isLock(e.code) {
		s.scan = uint8(keysym.Scancode(e.code))
	}
	if e.key == "Dead" && (!m.scanCodes || s.scan == 0) {
		return stroke{} // a character with its accent follows
	}
	r, n := utf8.DecodeRuneInString(e.key)
	one := n > 0 && n == len(e.key)
	if s.keysym == 0 && e.key != "Dead" && !one {
		s.keysym = keysym.FromCode(e.code)
	}
	if e.mods&(ModControl|ModAlt|ModMeta) != 0 && e.mods&ModAltGraph == 0 && one && r > unicode.MaxASCII {
		// Shortcuts are those of a Latin keyboard: Ctrl+С is Ctrl+C.
		if latin := keysym.FromCode(e.code); latin >= 'a' && latin <= 'z' {
			s.keysym = latin
		}
	}
	return s
}

// down presses a key, or repeats it.
func (m *Machine) down(code string, s stroke) {
	if !m.listens() || m.out.full() || s == (stroke{}) {
		return
	}
	k := &m.keys
	if was, held := k.held[code]; held {
		s = was
	} else {
		if len(k.held) >= maxHeld {
			return
		}
		k.held[code] = s
		k.order = append(k.order, code)
	}
	k.locks.pressed(code)
	m.out.put(item{kind: itemKey, key: wire.Key{Down: true, Scan: s.scan, Keysym: s.keysym}})
}

// release lets a key go, if it is held.
func (m *Machine) release(code string) {
	k := &m.keys
	s, held := k.held[code]
	if !held {
		return
	}
	delete(k.held, code)
	k.order = slices.DeleteFunc(k.order, func(c string) bool { return c == code })
	m.out.put(item{kind: itemKey, key: wire.Key{Scan: s.scan, Keysym: s.keysym}})
}

// tap presses a key and lets it go.
func (m *Machine) tap(code string, s stroke) {
	if _, held := m.keys.held[code]; held {
		m.release(code)
	}
	m.down(code, s)
	m.release(code)
}

// tapCode taps a key by its place.
func (m *Machine) tapCode(code string) { m.tap(code, placed(code)) }

// placed is a key by its place alone.
func placed(code string) stroke {
	return stroke{uint8(keysym.Scancode(code)), keysym.FromCode(code)}
}

// releaseAll lets all keys go, the newest first.
func (k *keyboard) releaseAll(m *Machine) {
	k.control, k.fake = nil, false
	for len(k.order) > 0 {
		m.release(k.order[len(k.order)-1])
	}
	k.mac = mac{}
	if len(k.latched) > 0 {
		k.latched = nil
		m.tell(PageLatch, 0)
	}
}

// repair makes the modifiers of the target those of the event: a release may have
// been lost to another window, and, with press, a press may have come before the
// page had the keyboard.
func (k *keyboard) repair(m *Machine, mods int, press bool) {
	if m.has(OptionMac) {
		k.mac.check(m, mods)
	}
	for _, x := range modifiers {
		if m.has(OptionMac) && k.mac.owns(m, x) {
			continue
		}
		if mods&ModAltGraph != 0 && (x.mod == ModAlt || x.mod == ModControl) {
			continue // AltGr is these two to some systems
		}
		_, left := k.held[x.left]
		_, right := k.held[x.right]
		switch on := mods&x.mod != 0; {
		case on && press && !left && !right:
			m.down(x.left, placed(x.left))
		case !on:
			for _, code := range []string{x.left, x.right} {
				if !k.isLatched(code) {
					m.release(code)
				}
			}
		}
	}
}

func (k *keyboard) isLatched(code string) bool {
	return slices.Contains(k.latched, code)
}

// text takes what an input method has made. With a modifier of the page's keyboard
// a single character is a key.
func (m *Machine) text(s string) {
	m.keys.flush(m)
	if r, n := utf8.DecodeRuneInString(s); len(m.keys.latched) > 0 && n > 0 && n == len(s) {
		if sym := keysym.FromRune(unicode.ToLower(r)); sym != 0 {
			m.tap("", stroke{keysym: sym})
			m.keys.unlatch(m)
			return
		}
	}
	m.typed(s)
	m.keys.unlatch(m)
}

// combo presses keys one after the other and releases them in reverse.
func (m *Machine) combo(codes []string) {
	m.keys.flush(m)
	for _, code := range codes {
		if _, held := m.keys.held[code]; held {
			m.release(code)
		}
		m.down(code, placed(code))
	}
	for i := len(codes) - 1; i >= 0; i-- {
		m.release(codes[i])
	}
}

// press takes a key of the page's own keyboard.
func (m *Machine) press(code, key string) {
	m.keys.flush(m)
	s := placed(code)
	if key != "" {
		if sym := keysym.FromKey(key, keysym.Standard); sym != 0 {
			if sym != s.keysym {
				s.scan = 0 // the place makes another character, perhaps
			}
			s.keysym = sym
		}
	}
	m.tap(code, s)
	if !isModifier(code) {
		m.keys.unlatch(m)
	}
}

// latch presses a modifier that stays until after the next key.
func (m *Machine) latch(code string, on bool) {
	k := &m.keys
	if !isModifier(code) {
		return
	}
	switch {
	case on && !k.isLatched(code):
		if _, held := k.held[code]; !held {
			k.latched = append(k.latched, code)
			m.down(code, placed(code))
		}
	case !on && k.isLatched(code):
		k.latched = slices.DeleteFunc(k.latched, func(c string) bool { return c == code })
		m.release(code)
	}
	m.tellLatched()
}

func (k *keyboard) unlatch(m *Machine) {
	if len(k.latched) == 0 {
		return
	}
	for i := len(k.latched) - 1; i >= 0; i-- {
		m.release(k.latched[i])
	}
	k.latched = nil
	m.tellLatched()
}

func (m *Machine) tellLatched() {
	bits := 0
	for _, code := range m.keys.latched {
		for _, x := range modifiers {
			if code == x.left || code == x.right {
				bits |= x.mod
			}
		}
	}
	m.tell(PageLatch, float64(bits))
}
