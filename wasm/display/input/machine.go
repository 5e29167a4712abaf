package input

import (
	"unicode/utf8"

	"github.com/porthole-rac/porthole/protocol/wire"
)

// Machine is all that is known of a person's hands. It is not safe for use by
// several goroutines.
type Machine struct {
	options   Option
	readOnly  bool
	away      bool // no relay takes input
	scanCodes bool // the target takes scan codes
	relative  bool // the target takes movements
	width     int  // framebuffer pixels
	height    int

	keys  keyboard
	mouse mouse
	hand  hand
	out   outgoing

	page []float64
}

// New gives a Machine that sends nothing until Begin.
func New() *Machine {
	m := &Machine{away: true, width: wire.MaxSide, height: wire.MaxSide}
	m.keys.held = make(map[string]stroke)
	m.hand.reset()
	return m
}

// Begin begins an attachment with what Welcome says: how many inputs the target has
// taken (Welcome.InputBytes), how many may be unconfirmed, and whether there is any
// input at all. What was held is not held any more, since the relay has let go of it
// when the browser before went away.
func (m *Machine) Begin(taken uint64, window int, readOnly bool) {
	m.away, m.readOnly = false, readOnly
	m.keys.forget()
	m.mouse.buttons, m.mouse.told = 0, [2]int{-1, -1}
	m.hand.reset()
	m.out.begin(taken, window)
}

// Away says that the socket is gone: input goes nowhere until Begin.
func (m *Machine) Away() {
	m.away = true
	m.keys.forget()
	m.out.drop()
}

// Taken says how many inputs the target has taken, as Mark and InputAck do, and
// appends what had waited for it.
func (m *Machine) Taken(dst []byte, n uint64) []byte {
	m.out.taken = max(m.out.taken, min(n, m.out.sent))
	m.out.dst = dst
	m.out.pump()
	return m.out.give()
}

// Sent is how many inputs were given to be sent, in the count of Welcome.InputBytes.
func (m *Machine) Sent() uint64 { return m.out.sent }

// ScanCodes says whether the target takes scan codes (wire.CanScanCodes).
func (m *Machine) ScanCodes(on bool) { m.scanCodes = on }

// Size is that of the framebuffer; positions are kept inside.
func (m *Machine) Size(width, height int) { m.width, m.height = max(1, width), max(1, height) }

// LEDs are the target's lock keys.
func (m *Machine) LEDs(l wire.LEDs) { m.keys.leds(l) }

// PointerMoved says that the target put the pointer somewhere.
func (m *Machine) PointerMoved(x, y int) {
	m.mouse.x, m.mouse.y = float64(x), float64(y)
	m.mouse.told = [2]int{-1, -1}
}

// Relative says whether the target takes movements (wire.PointerMode).
func (m *Machine) Relative(on bool) { m.relative = on }

// Handle takes events and appends the records that come of them. It reads all that
// is whole; an error says that the rest is no events.
func (m *Machine) Handle(dst, events []byte) ([]byte, error) {
	m.out.dst = dst
	r := reader{p: events}
	var err error
	for len(r.p) > 0 && err == nil {
		err = m.one(&r)
	}
	m.out.pump()
	return m.out.give(), err
}

// Typed types a text, e.g. the clipboard into a log-in screen.
func (m *Machine) Typed(dst []byte, text string) []byte {
	m.out.dst = dst
	m.typed(text)
	m.out.pump()
	return m.out.give()
}

// Power asks the machine for something.
func (m *Machine) Power(dst []byte, a wire.PowerAction) []byte {
	m.out.dst = dst
	if m.listens() {
		m.out.put(item{kind: itemPower, power: a})
	}
	m.out.pump()
	return m.out.give()
}

// listens tells whether input goes anywhere.
func (m *Machine) listens() bool { return !m.away && !m.readOnly }

// typed sends text in pieces of whole characters.
func (m *Machine) typed(text string) {
	if !m.listens() {
		return
	}
	for text != "" {
		n := min(len(text), wire.MaxTyped)
		for n < len(text) && n > 0 && !utf8.RuneStart(text[n]) {
			n--
		}
		if n == 0 { // no UTF-8 at all
			return
		}
		m.out.put(item{kind: itemTyped, text: text[:n]})
		text = text[n:]
	}
}

func (m *Machine) setOptions(o Option) {
	if o == m.options {
		return
	}
	m.keys.flush(m)
	if (o^m.options)&OptionTouchpad != 0 {
		m.hand.letGo(m)
		m.hand.reset()
	}
	m.options = o
}

func (m *Machine) has(o Option) bool { return m.options&o != 0 }

func (m *Machine) releaseAll() {
	m.keys.releaseAll(m)
	m.hand.letGo(m)
	m.hand.reset()
	m.buttons(0)
}

// tick passes time.
func (m *Machine) tick(at float64) {
	m.keys.flush(m)
	m.hand.tick(m, at)
}

// Commands for the page, each with its arguments, in one row of numbers: see ForPage.
const (
	PageZoom   = 1 // factor, view x, view y: zoom the view about a place (CSS pixels)
	PagePan    = 2 // dx, dy: move the view by CSS pixels
	PageCursor = 3 // x, y: the pointer is there (framebuffer pixels), keep it in view
	PageLong   = 4 // view x, view y: a long press was taken as the right button
	PageLatch  = 5 // bits as Mod…: the modifiers that stay for the next key
	PageZoomAt = 6 // factor, x, y: the same as PageZoom, about a framebuffer pixel
)

// ForPage gives the commands since the last call: a kind and its arguments, again
// and again. The slice is good until the next Handle.
func (m *Machine) ForPage() []float64 {
	p := m.page
	m.page = m.page[:0]
	return p
}

// tell tells the page something; in one message the newest cursor is enough.
func (m *Machine) tell(command ...float64) {
	if n := len(m.page); command[0] == PageCursor && n >= 3 && m.page[n-3] == PageCursor {
		m.page = m.page[:n-3]
	}
	if len(m.page) < 4096 {
		m.page = append(m.page, command...)
	}
}
