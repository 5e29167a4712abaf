package input

import (
	"math"

	"github.com/porthole-rac/porthole/protocol/wire"
)

// wheelEvent is a WheelEvent.
type wheelEvent struct {
	mods           int
	at             float64
	x, y           float64
	dx, dy         float64
	mode           int
	notchX, notchY int
}

// One step of a wheel scrolls about three lines in most programs.
const (
	notch     = 120  // wheelDelta of a step
	stepPixel = 50.0 // CSS pixels of a step
	stepLine  = 3.0
	stepPage  = 1.0 / 8
	maxSteps  = 24     // of one event
	rollTime  = 400    // ms without an event after which a started step is forgotten
	zoomPixel = 0.0075 // how fast a touchpad's pinch zooms, per pixel
)

// roll is a step of the wheel that is not yet done.
type roll struct {
	part float64
	at   float64
}

// wheel takes a WheelEvent.
func (m *Machine) wheel(e wheelEvent) {
	if e.mods&ModControl != 0 && e.mode == 0 && !m.controlHeld() {
		// A touchpad's pinch says that Control is held, which it is not.
		m.tell(PageZoomAt, math.Exp(-max(-100, min(100, e.dy))*zoomPixel), e.x, e.y)
		return
	}
	m.keys.flush(m)
	m.keys.repair(m, e.mods, false)
	m.place(e.x, e.y)
	m.scroll(m.mouse.roll[1].steps(e.dy, e.notchY, e.mode, e.at), wire.WheelUp, wire.WheelDown)
	m.scroll(m.mouse.roll[0].steps(e.dx, e.notchX, e.mode, e.at), wire.WheelLeft, wire.WheelRight)
}

func (m *Machine) controlHeld() bool {
	_, left := m.keys.held["ControlLeft"]
	_, right := m.keys.held["ControlRight"]
	return left || right || m.keys.control != nil
}

// steps are the whole steps that a delta completes; positive is down or right.
func (r *roll) steps(delta float64, wheelDelta, mode int, at float64) int {
	if delta == 0 {
		return 0
	}
	if wheelDelta != 0 && wheelDelta%notch == 0 && math.Abs(delta) >= 1 && math.Signbit(float64(wheelDelta)) != math.Signbit(delta) {
		r.part = 0 // a wheel with notches: what it does is what the person feels
		return max(-maxSteps, min(maxSteps, -wheelDelta/notch))
	}
	size := stepPixel
	switch mode {
	case 1:
		size = stepLine
	case 2:
		size = stepPage
	}
	if at-r.at > rollTime || at < r.at || r.part*delta < 0 {
		r.part = 0
	}
	r.at = at
	r.part += delta / size
	whole := math.Trunc(r.part)
	r.part -= whole
	return int(max(-maxSteps, min(maxSteps, whole)))
}

// scroll turns the wheel.
func (m *Machine) scroll(steps int, back, forth wire.Buttons) {
	b := forth
	if steps < 0 {
		b, steps = back, -steps
	}
	for range steps {
		m.clickHere(b)
	}
}
