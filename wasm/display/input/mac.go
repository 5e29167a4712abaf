package input

import (
	"strings"
	"unicode/utf8"

	"github.com/porthole-rac/porthole/protocol/rfb/keysym"
)

// mac is what a Mac's keys need: Cmd is Control for the common shortcuts and the
// Super key else, and Option makes characters. Both wait until the next key tells
// which it is.
type mac struct {
	cmd    string  // the code of a Cmd that is down
	used   bool    // and something was pressed with it
	at     float64 // when it went down
	option string  // the code of an Option that is down
}

// shortcuts are the keys with which Cmd is Control.
const shortcuts = "KeyA KeyB KeyC KeyF KeyI KeyK KeyN KeyO KeyP KeyR KeyS KeyT KeyU KeyV KeyW KeyX KeyY KeyZ"

// cmdTap is how long Cmd alone may be held to be a Super key, milliseconds.
const cmdTap = 400

// owns tells whether a modifier is the mac's affair.
func (k *mac) owns(m *Machine, x modifier) bool {
	switch x.mod {
	case ModMeta:
		return m.has(OptionCmdIsControl)
	case ModControl:
		return k.cmd != "" // it may be held in Cmd's place
	case ModAlt:
		return m.has(OptionOptionIsAltGr)
	}
	return false
}

// key says whether the event is dealt with.
func (k *mac) key(m *Machine, e keyEvent) bool {
	switch {
	case m.has(OptionCmdIsControl) && strings.HasPrefix(e.code, "Meta"):
		k.cmdKey(m, e)
		return true
	case m.has(OptionOptionIsAltGr) && strings.HasPrefix(e.code, "Alt"):
		if e.down {
			k.option = e.code
		} else {
			k.option = ""
			m.release(e.code)
		}
		k.used = true
		return true
	case isModifier(e.code):
		k.used = true
		return false
	case !e.down:
		return false
	}
	if k.cmd == "" && e.mods&ModMeta != 0 && m.has(OptionCmdIsControl) {
		k.cmd = "MetaLeft" // pressed before the page had the keyboard
	}
	if k.cmd != "" {
		k.used = true
		if strings.Contains(shortcuts, e.code) && e.code != "" {
			m.release(k.cmd)
			m.hold("ControlLeft")
		} else {
			m.release("ControlLeft")
			m.hold(k.cmd)
		}
		return false
	}
	if m.has(OptionOptionIsAltGr) {
		return k.optionKey(m, e)
	}
	if e.mods&ModAlt != 0 && k.plain(e) {
		// Option is Alt: the key counts, not the character that it makes with it.
		s := placed(e.code)
		if m.has(OptionByMeaning) {
			s.scan = 0
		}
		m.down(e.code, s)
		return true
	}
	return false
}

// hold presses a modifier unless it is held.
func (m *Machine) hold(code string) {
	if _, held := m.keys.held[code]; !held {
		m.down(code, placed(code))
	}
}

// check finds that the release of Cmd was lost to another window.
func (k *mac) check(m *Machine, mods int) {
	if k.cmd != "" && mods&ModMeta == 0 {
		m.release(k.cmd)
		m.release("ControlLeft")
		k.cmd = ""
	}
}

func (k *mac) cmdKey(m *Machine, e keyEvent) {
	if e.down {
		if k.cmd == "" {
			k.cmd, k.used, k.at = e.code, false, e.at
		}
		return
	}
	if !k.used && k.cmd == e.code && e.at-k.at <= cmdTap {
		m.tapCode(e.code)
	}
	k.cmd = ""
	m.release(e.code)
	m.release("ControlLeft")
}

// optionKey takes a key while Option makes characters.
func (k *mac) optionKey(m *Machine, e keyEvent) bool {
	if e.mods&ModAlt == 0 {
		for _, code := range []string{"AltLeft", "AltRight"} {
			m.release(code)
		}
		k.option = ""
		return false
	}
	if k.option == "" {
		k.option = "AltLeft"
	}
	if !k.plain(e) {
		m.hold(k.option) // Option with an arrow: Alt
		return false
	}
	if e.key == "Dead" {
		return true // a character with its accent follows
	}
	// Another place makes the character on the target's keyboard: only its meaning counts.
	m.release(k.option)
	if sym := keysym.FromKey(e.key, keysym.Standard); sym != 0 {
		m.down(e.code, stroke{keysym: sym})
	}
	return true
}

// plain tells whether a key makes a character.
func (k *mac) plain(e keyEvent) bool {
	_, n := utf8.DecodeRuneInString(e.key)
	return e.key == "Dead" || n > 0 && n == len(e.key) && e.key != " "
}
