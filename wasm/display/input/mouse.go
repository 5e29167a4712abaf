package input

import (
	"math"

	"github.com/porthole-rac/porthole/protocol/wire"
)

// mouse is the pointer as the target was told of it.
type mouse struct {
	x, y    float64
	told    [2]int // where the target was told that it is, -1: it is not known
	buttons wire.Buttons
	dx, dy  float64 // movements of less than a pixel
	roll    [2]roll // wheel: across, up and down
}

// buttonsOf turns MouseEvent.buttons into those of the wire.
func buttonsOf(dom int) wire.Buttons {
	var b wire.Buttons
	for bit, to := range [...]wire.Buttons{wire.ButtonLeft, wire.ButtonRight, wire.ButtonMiddle, wire.ButtonBack, wire.ButtonForward} {
		if dom&(1<<bit) != 0 {
			b |= to
		}
	}
	return b
}

// pointer takes a pointer event of a mouse or a pen.
func (m *Machine) pointer(buttons, mods int, _, x, y float64) {
	pressed := buttonsOf(buttons)
	if pressed != m.mouse.buttons {
		m.keys.flush(m)
	}
	m.keys.repair(m, mods, pressed&^m.mouse.buttons != 0)
	m.place(x, y)
	m.point(pressed)
}

// place puts the pointer somewhere, inside the framebuffer.
func (m *Machine) place(x, y float64) {
	m.mouse.x = max(0, min(float64(m.width-1), math.Floor(x)))
	m.mouse.y = max(0, min(float64(m.height-1), math.Floor(y)))
}

// point tells the target of the pointer. A change of the buttons is kept, a movement
// may be replaced by the next.
func (m *Machine) point(pressed wire.Buttons) {
	if !m.listens() {
		return
	}
	p := item{kind: itemPointer, to: wire.Pointer{Buttons: pressed, X: int(m.mouse.x), Y: int(m.mouse.y)}}
	at := [2]int{p.to.X, p.to.Y}
	if pressed == m.mouse.buttons {
		if at != m.mouse.told {
			m.mouse.told = at
			m.out.moved(p)
		}
		return
	}
	m.mouse.told = at
	if m.out.full() { // let go only
		if p.to.Buttons &= m.mouse.buttons; p.to.Buttons == m.mouse.buttons {
			return
		}
	}
	m.mouse.buttons = p.to.Buttons
	m.out.put(p)
}

// buttons changes them where the pointer is.
func (m *Machine) buttons(pressed wire.Buttons) {
	if pressed == m.mouse.buttons {
		return
	}
	if m.relative {
		m.by(0, 0, pressed)
	} else {
		m.point(pressed)
	}
}

// click presses and releases buttons where the pointer is.
func (m *Machine) click(b wire.Buttons) {
	m.point(m.mouse.buttons | b)
	m.buttons(m.mouse.buttons &^ b)
}

// clickHere clicks in the way that the target takes.
func (m *Machine) clickHere(b wire.Buttons) {
	if m.relative {
		m.by(0, 0, m.mouse.buttons|b)
		m.by(0, 0, m.mouse.buttons&^b)
		return
	}
	m.click(b)
}

// motion takes a movement of a locked pointer. Without a target that takes
// movements the pointer is moved.
func (m *Machine) motion(buttons, mods int, _, dx, dy float64) {
	pressed := buttonsOf(buttons)
	if pressed != m.mouse.buttons {
		m.keys.flush(m)
	}
	m.keys.repair(m, mods, pressed&^m.mouse.buttons != 0)
	m.by(dx, dy, pressed)
}

// by moves the pointer by pixels and sets the buttons.
func (m *Machine) by(dx, dy float64, pressed wire.Buttons) {
	if !m.relative {
		m.mouse.x = max(0, min(float64(m.width-1), m.mouse.x+dx))
		m.mouse.y = max(0, min(float64(m.height-1), m.mouse.y+dy))
		m.tell(PageCursor, m.mouse.x, m.mouse.y)
		m.point(pressed)
		return
	}
	if !m.listens() {
		return
	}
	m.mouse.dx += max(-wire.MaxSide, min(wire.MaxSide, dx))
	m.mouse.dy += max(-wire.MaxSide, min(wire.MaxSide, dy))
	x, y := math.Trunc(m.mouse.dx), math.Trunc(m.mouse.dy)
	m.mouse.dx, m.mouse.dy = m.mouse.dx-x, m.mouse.dy-y
	p := item{kind: itemRelative, by: wire.PointerRelative{Buttons: pressed, DX: int(x), DY: int(y)}}
	if pressed == m.mouse.buttons {
		if x != 0 || y != 0 {
			m.out.moved(p)
		}
		return
	}
	if m.out.full() {
		if p.by.Buttons &= m.mouse.buttons; p.by.Buttons == m.mouse.buttons {
			return
		}
	}
	m.mouse.buttons = p.by.Buttons
	m.out.put(p)
}
