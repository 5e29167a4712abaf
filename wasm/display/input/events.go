package input

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Kinds of events.
const (
	kindOptions = 1 + iota
	kindKey
	kindText
	kindCombo
	kindPress
	kindLatch
	kindPointer
	kindMotion
	kindWheel
	kindTouch
	kindRelease
	kindTick
)

// Option is a wish of the person, or where the page runs.
type Option uint16

// Options.
const (
	OptionMac           Option = 1 << iota // the browser runs on a Mac
	OptionWindows                          // it runs on Windows: AltGr comes with a Control that nobody pressed
	OptionCmdIsControl                     // Mac: Cmd with C, V, X, A, Z… is Control
	OptionOptionIsAltGr                    // Mac: Option makes characters; else it is Alt
	OptionTouchpad                         // fingers move the pointer as on a touchpad
	OptionByMeaning                        // no scan codes: the person's layout counts, not the target's
	OptionNoLocks                          // do not match the target's lock keys (phones know none)
)

// Modifiers of an event, as getModifierState tells.
const (
	ModShift = 1 << iota
	ModControl
	ModAlt
	ModMeta
	ModAltGraph
	ModCaps
	ModNum
	ModScroll
)

// Times that the page must know, milliseconds.
const (
	LongPress = 500 // a finger that stays is a click of the right button
	AltGrWait = 30  // a Control waits for the AltGr that made it
)

// ErrEvents is what Handle says of bytes that are no events. The page is our own,
// so it is a mistake in it.
var ErrEvents = errors.New("input: events that are none")

// Bounds of strings.
const (
	maxName  = 64 // bytes of a code or key
	maxCodes = 8  // keys of a combo
	maxText  = 4 << 20
)

// reader reads events. After an error all reads give zeros.
type reader struct {
	p   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if r.bad || n > len(r.p) {
		r.bad = true
		return nil
	}
	b := r.p[:n]
	r.p = r.p[n:]
	return b
}

func (r *reader) u8() int {
	if b := r.take(1); b != nil {
		return int(b[0])
	}
	return 0
}

func (r *reader) u16() int {
	if b := r.take(2); b != nil {
		return int(binary.LittleEndian.Uint16(b))
	}
	return 0
}

func (r *reader) i16() int { return int(int16(r.u16())) }

// f32 reads a number. One that is none, or beyond all screens, is a mistake.
func (r *reader) f32() float64 {
	if b := r.take(4); b != nil {
		return r.checked(float64(math.Float32frombits(binary.LittleEndian.Uint32(b))), 1<<20)
	}
	return 0
}

func (r *reader) time() float64 {
	if b := r.take(8); b != nil {
		return r.checked(math.Float64frombits(binary.LittleEndian.Uint64(b)), 1<<52)
	}
	return 0
}

func (r *reader) checked(v, most float64) float64 {
	if !(v >= -most && v <= most) { // NaN too
		r.bad = true
		return 0
	}
	return v
}

// name reads a short string.
func (r *reader) name() string {
	n := r.u8()
	if n > maxName {
		r.bad = true
	}
	return string(r.take(n))
}

func (r *reader) text() string {
	b := r.take(4)
	if b == nil {
		return ""
	}
	n := binary.LittleEndian.Uint32(b)
	if n > maxText {
		r.bad = true
		return ""
	}
	return string(r.take(int(n)))
}

// one reads the next event and has the machine do it.
func (m *Machine) one(r *reader) error {
	kind := r.u8()
	switch kind {
	case kindOptions:
		if o := Option(r.u16()); !r.bad {
			m.setOptions(o)
		}
	case kindKey:
		bits, mods, at := r.u8(), r.u16(), r.time()
		location, code, key := r.u8(), r.name(), r.name()
		if !r.bad {
			m.key(keyEvent{
				down: bits&1 != 0, repeat: bits&2 != 0, composing: bits&4 != 0,
				mods: mods, at: at, location: location, code: code, key: key,
			})
		}
	case kindText:
		if s := r.text(); !r.bad {
			m.text(s)
		}
	case kindCombo:
		n := r.u8()
		if n > maxCodes {
			r.bad = true
			break
		}
		codes := make([]string, n)
		for i := range codes {
			codes[i] = r.name()
		}
		if !r.bad {
			m.combo(codes)
		}
	case kindPress:
		if code, key := r.name(), r.name(); !r.bad {
			m.press(code, key)
		}
	case kindLatch:
		if on, code := r.u8(), r.name(); !r.bad {
			m.latch(code, on != 0)
		}
	case kindPointer:
		buttons, mods, at := r.u8(), r.u16(), r.time()
		if x, y := r.f32(), r.f32(); !r.bad {
			m.pointer(buttons, mods, at, x, y)
		}
	case kindMotion:
		buttons, mods, at := r.u8(), r.u16(), r.time()
		if x, y := r.f32(), r.f32(); !r.bad {
			m.motion(buttons, mods, at, x, y)
		}
	case kindWheel:
		w := wheelEvent{mods: r.u16(), at: r.time(), x: r.f32(), y: r.f32(), dx: r.f32(), dy: r.f32(), mode: r.u8()}
		if w.notchX, w.notchY = r.i16(), r.i16(); !r.bad {
			m.wheel(w)
		}
	case kindTouch:
		t := touchEvent{phase: r.u8(), finger: r.u8(), at: r.time(), vx: r.f32(), vy: r.f32(), x: r.f32(), y: r.f32()}
		if !r.bad {
			m.touch(t)
		}
	case kindRelease:
		m.releaseAll()
	case kindTick:
		if at := r.time(); !r.bad {
			m.tick(at)
		}
	default:
		return fmt.Errorf("%w: kind %d", ErrEvents, kind)
	}
	if r.bad {
		return fmt.Errorf("%w: cut off in kind %d", ErrEvents, kind)
	}
	return nil
}
