package input

import (
	"math"

	"github.com/porthole-rac/porthole/protocol/wire"
)

// touchEvent is a finger.
type touchEvent struct {
	phase  int
	finger int
	at     float64
	vx, vy float64 // CSS pixels of the view
	x, y   float64 // framebuffer pixels
}

const (
	fingerDown = iota
	fingerMove
	fingerUp
	fingerGone
)

// gesture is what the fingers are doing.
type gesture uint8

const (
	resting  gesture = iota // no finger, or one that has done its part
	touched                 // fingers are down and may become anything
	dragging                // one finger holds the left button
	moving                  // one finger moves the pointer (touchpad)
	rolling                 // two fingers turn the wheel
	pinching                // two fingers zoom and move the view
	panning                 // three fingers move the view
)

// Distances in CSS pixels, times in milliseconds.
const (
	slack      = 10  // a tap may move so far
	near       = 40  // a second tap within makes a double click
	tapTime    = 300 // between taps, and how long several fingers may tap
	pinchStart = 24  // change of the distance of two fingers that makes a pinch
	rollStart  = 12  // movement of both that makes a scroll
	rollStep   = 24  // movement of a step of the wheel
	maxFingers = 5
)

// finger is one that is down.
type finger struct {
	id             int
	startX, startY float64 // view
	vx, vy         float64
	x, y           float64 // framebuffer
	x0, y0         float64 // where it went down
}

// hand is the state of all fingers. Directly, a finger is the pointer; on a
// touchpad it moves it.
type hand struct {
	fingers []finger
	state   gesture
	most    int     // fingers that were down together
	began   float64 // when the first went down
	tapped  float64 // when the tap before ended
	tapX    float64 // where it was: view and framebuffer
	tapY    float64
	tapFX   float64
	tapFY   float64
	again   bool    // the finger went down soon after a tap, close to it
	spread  float64 // distance of two fingers when they began, and as zoomed so far
	midX    float64
	midY    float64
	rollX   float64
	rollY   float64
	at      float64 // of the last event
}

func (h *hand) reset() { *h = hand{tapped: math.Inf(-1)} }

// touchpad tells whether fingers move the pointer instead of being it.
func (m *Machine) touchpad() bool { return m.relative || m.has(OptionTouchpad) }

// letGo releases the button that a finger holds.
func (h *hand) letGo(m *Machine) {
	if h.state == dragging {
		m.buttons(m.mouse.buttons &^ wire.ButtonLeft)
	}
	h.state = resting
}

func (h *hand) find(id int) *finger {
	for i := range h.fingers {
		if h.fingers[i].id == id {
			return &h.fingers[i]
		}
	}
	return nil
}

// touch takes an event of a finger.
func (m *Machine) touch(e touchEvent) {
	h := &m.hand
	m.keys.flush(m)
	f := h.find(e.finger)
	switch {
	case e.phase == fingerDown && f == nil && len(h.fingers) < maxFingers:
		h.down(m, e)
	case f == nil:
	case e.phase == fingerMove:
		dx, dy := e.vx-f.vx, e.vy-f.vy
		f.vx, f.vy, f.x, f.y = e.vx, e.vy, e.x, e.y
		h.move(m, f, dx, dy, e.at)
	case e.phase == fingerUp || e.phase == fingerGone:
		f.x, f.y = e.x, e.y
		h.up(m, f, e)
	}
	h.at = e.at
}

func (h *hand) down(m *Machine, e touchEvent) {
	f := finger{id: e.finger, startX: e.vx, startY: e.vy, vx: e.vx, vy: e.vy, x: e.x, y: e.y, x0: e.x, y0: e.y}
	h.fingers = append(h.fingers, f)
	if len(h.fingers) == 1 {
		h.state, h.most, h.began = touched, 1, e.at
		h.again = e.at-h.tapped <= tapTime && math.Hypot(e.vx-h.tapX, e.vy-h.tapY) <= near
		return
	}
	h.most = max(h.most, len(h.fingers))
	switch h.state {
	case dragging:
		h.letGo(m) // a second finger ends the drag; nothing else comes of it
	case touched, moving:
		h.state = touched
		h.begin()
	case rolling, pinching:
		if len(h.fingers) == 3 {
			h.state = panning
		}
		h.begin()
	}
}

// begin notes where two fingers are.
func (h *hand) begin() {
	for i := range h.fingers {
		f := &h.fingers[i]
		f.startX, f.startY = f.vx, f.vy
	}
	h.spread = h.distance()
	h.midX, h.midY = h.middle()
	h.rollX, h.rollY = 0, 0
}

func (h *hand) distance() float64 {
	if len(h.fingers) < 2 {
		return 0
	}
	a, b := h.fingers[0], h.fingers[1]
	return math.Hypot(a.vx-b.vx, a.vy-b.vy)
}

func (h *hand) middle() (x, y float64) {
	for _, f := range h.fingers {
		x += f.vx / float64(len(h.fingers))
		y += f.vy / float64(len(h.fingers))
	}
	return x, y
}

func (h *hand) move(m *Machine, f *finger, dx, dy, at float64) {
	if h.state == touched {
		h.decide(m, f, at)
	}
	switch h.state {
	case dragging:
		if m.touchpad() {
			h.slide(m, dx, dy, at)
		} else {
			m.place(f.x, f.y)
			m.point(m.mouse.buttons)
		}
	case moving:
		h.slide(m, dx, dy, at)
	case rolling:
		h.turn(m)
	case pinching:
		h.pinch(m)
	case panning:
		x, y := h.middle()
		m.tell(PagePan, x-h.midX, y-h.midY)
		h.midX, h.midY = x, y
	}
}

// decide finds what fingers that were only down have begun to do.
func (h *hand) decide(m *Machine, f *finger, at float64) {
	moved := math.Hypot(f.vx-f.startX, f.vy-f.startY)
	switch len(h.fingers) {
	case 1:
		if moved <= slack || h.most > 1 {
			return
		}
		switch {
		case !m.touchpad():
			if h.again {
				m.place(h.tapFX, h.tapFY)
			} else {
				m.place(f.x0, f.y0)
			}
			m.point(m.mouse.buttons)
			m.buttons(m.mouse.buttons | wire.ButtonLeft)
			h.state = dragging
		case h.again: // tap, then hold: drags
			m.buttons(m.mouse.buttons | wire.ButtonLeft)
			h.state = dragging
		default:
			h.state = moving
		}
	case 2:
		x, y := h.middle()
		switch {
		case math.Abs(h.distance()-h.spread) > pinchStart:
			h.state = pinching
			h.spread, h.midX, h.midY = h.distance(), x, y
		case math.Hypot(x-h.midX, y-h.midY) > rollStart:
			h.state = rolling
			if !m.touchpad() {
				m.place(h.fingers[0].x, h.fingers[0].y)
			}
		}
	default:
		if moved > slack {
			h.state = panning
			h.midX, h.midY = h.middle()
		}
	}
}

// slide moves the pointer as a touchpad does: slowly for fine movements.
func (h *hand) slide(m *Machine, dx, dy, at float64) {
	speed := math.Hypot(dx, dy) / max(1, at-h.at) // CSS pixels per ms
	gain := max(1, min(3, .8+speed*1.4))
	m.by(dx*gain, dy*gain, m.mouse.buttons)
}

// turn turns the wheel as two fingers move: the picture follows them.
func (h *hand) turn(m *Machine) {
	x, y := h.middle()
	h.rollX, h.rollY = h.rollX+x-h.midX, h.rollY+y-h.midY
	h.midX, h.midY = x, y
	across, down := math.Trunc(h.rollX/rollStep), math.Trunc(h.rollY/rollStep)
	h.rollX, h.rollY = h.rollX-across*rollStep, h.rollY-down*rollStep
	m.scroll(-int(max(-maxSteps, min(maxSteps, down))), wire.WheelUp, wire.WheelDown)
	m.scroll(-int(max(-maxSteps, min(maxSteps, across))), wire.WheelLeft, wire.WheelRight)
}

func (h *hand) pinch(m *Machine) {
	x, y := h.middle()
	if d := h.distance(); d > 0 && h.spread > 0 && len(h.fingers) == 2 {
		m.tell(PageZoom, d/h.spread, x, y)
		h.spread = d
	}
	m.tell(PagePan, x-h.midX, y-h.midY)
	h.midX, h.midY = x, y
}

func (h *hand) up(m *Machine, f *finger, e touchEvent) {
	state, at := h.state, *f
	for i := range h.fingers {
		if &h.fingers[i] == f {
			h.fingers = append(h.fingers[:i], h.fingers[i+1:]...)
			break
		}
	}
	switch {
	case e.phase == fingerGone:
		h.letGo(m)
	case state == dragging:
		if !m.touchpad() {
			m.place(at.x, at.y)
		}
		h.letGo(m)
	case state == touched && len(h.fingers) == 0:
		h.tap(m, at, e)
	case len(h.fingers) > 0 && state != touched:
		h.state = resting // the fingers that stay do nothing more
	}
	if len(h.fingers) == 0 {
		h.state = resting
	}
}

// tap is a click of the button that belongs to the number of fingers.
func (h *hand) tap(m *Machine, f finger, e touchEvent) {
	if h.most > 1 {
		if e.at-h.began > tapTime+LongPress {
			return
		}
		if !m.touchpad() {
			m.place(f.x, f.y)
			m.point(m.mouse.buttons)
		}
		b := wire.ButtonRight
		if h.most > 2 {
			b = wire.ButtonMiddle
		}
		m.clickHere(b)
		return
	}
	x, y := f.x, f.y
	if h.again { // a double click needs the same place
		x, y = h.tapFX, h.tapFY
	}
	if !m.touchpad() {
		m.place(x, y)
		m.point(m.mouse.buttons)
	}
	m.clickHere(wire.ButtonLeft)
	h.tapped, h.tapX, h.tapY, h.tapFX, h.tapFY = e.at, f.vx, f.vy, x, y
}

// tick makes a finger that stays a click of the right button.
func (h *hand) tick(m *Machine, at float64) {
	if h.state != touched || len(h.fingers) != 1 || h.most != 1 || at-h.began < LongPress {
		return
	}
	f := h.fingers[0]
	h.state = resting
	if !m.touchpad() {
		m.place(f.x, f.y)
		m.point(m.mouse.buttons)
	}
	m.clickHere(wire.ButtonRight)
	m.tell(PageLong, f.vx, f.vy)
}
