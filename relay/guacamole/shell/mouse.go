package shell

import (
	"time"

	"github.com/porthole-rac/porthole/protocol/term/keyboard"
	"github.com/porthole-rac/porthole/protocol/term/selection"
	"github.com/porthole-rac/porthole/protocol/wire"
)

// Buttons of a mouse, as the page's protocol counts them.
const (
	ButtonLeft = 1 << iota
	ButtonMiddle
	ButtonRight
	ButtonUp // of the wheel
	ButtonDown
)

const (
	doubleClick = 400 * time.Millisecond
	wheelRows   = 3 // rows that one notch of the wheel scrolls
)

// mouse is the state of the pointer.
type mouse struct {
	mask      uint8
	x, y      int
	reported  uint8 // buttons that the program heard of
	col, row  int   // last reported
	selecting bool
	clicks    int
	lastDown  time.Time
	lastCol   int
	lastRow   int
}

// buttons are those that programs hear of.
var buttons = [...]struct {
	bit  uint8
	code keyboard.Button
}{{ButtonLeft, keyboard.Left}, {ButtonMiddle, keyboard.Middle}, {ButtonRight, keyboard.Right}}

// Mouse takes where the pointer is, in pixels of the view, and which buttons are down.
func (s *Shell) Mouse(x, y int, mask uint8, now time.Time) {
	m := &s.mouse
	moved := x != m.x || y != m.y
	pressed, released := mask&^m.mask, m.mask&^mask
	m.x, m.y, m.mask = x, y, mask
	if s.talk.term != nil {
		return
	}
	if pressed != 0 && s.notice != "" {
		s.notice = ""
		s.frame.rows = true
	}
	if moved {
		s.moved()
	}
	for _, b := range buttons {
		switch {
		case pressed&b.bit != 0:
			s.pressed(b.bit, b.code, now)
		case released&b.bit != 0:
			s.released(b.bit, b.code)
		}
	}
	if pressed&ButtonUp != 0 {
		s.wheel(keyboard.WheelUp, "ArrowUp", wheelRows)
	}
	if pressed&ButtonDown != 0 {
		s.wheel(keyboard.WheelDown, "ArrowDown", -wheelRows)
	}
}

// place gives the cell under the pointer.
func (s *Shell) place() (col, row int) {
	w, h := s.face.Cell()
	cols, rows := s.term.Size()
	return min(max(s.mouse.x/w, 0), cols-1), min(max(s.mouse.y/h, 0), rows-1)
}

// reportsMouse tells whether the program gets the mouse; Shift gives it to the person.
func (s *Shell) reportsMouse() bool {
	return s.term.Modes().MouseMode != 0 && s.keys.held&heldShift == 0 && s.back == 0
}

func (s *Shell) report(b keyboard.Button, a keyboard.Action) {
	m, k := &s.mouse, &s.keys
	m.col, m.row = s.place()
	k.out = keyboard.AppendMouse(k.out[:0], s.modes(), keyboard.MouseEvent{
		Button: b, Action: a, Col: m.col, Row: m.row, X: max(m.x, 0), Y: max(m.y, 0), Mods: k.held.mods(),
	})
	s.sendInput(k.out)
}

func (s *Shell) moved() {
	m := &s.mouse
	if m.selecting {
		s.extend()
		return
	}
	if !s.reportsMouse() && m.reported == 0 {
		return
	}
	if col, row := s.place(); col == m.col && row == m.row && s.term.Modes().MouseEncoding != 1016 {
		return
	}
	held := keyboard.None
	for _, b := range buttons {
		if m.reported&b.bit != 0 {
			held = b.code
			break
		}
	}
	s.report(held, keyboard.Move)
}

func (s *Shell) pressed(bit uint8, code keyboard.Button, now time.Time) {
	m := &s.mouse
	if s.reportsMouse() {
		m.reported |= bit
		s.report(code, keyboard.Down)
		return
	}
	if bit == ButtonLeft {
		s.beginSelection(now)
	}
}

func (s *Shell) released(bit uint8, code keyboard.Button) {
	m := &s.mouse
	switch {
	case m.reported&bit != 0:
		m.reported &^= bit
		s.report(code, keyboard.Up)
	case bit == ButtonLeft && m.selecting:
		m.selecting = false
		if !s.sel.Empty(s.term) { // as guacd: the page has no other way that everybody finds
			s.copySelection()
		}
	case bit != ButtonLeft && !s.reportsMouse():
		s.paste()
	}
}

func (s *Shell) beginSelection(now time.Time) {
	m := &s.mouse
	col, row := s.place()
	if now.Sub(m.lastDown) < doubleClick && col == m.lastCol && row == m.lastRow {
		m.clicks++
	} else {
		m.clicks = 1
	}
	m.lastDown, m.lastCol, m.lastRow = now, col, row
	m.selecting = true
	s.frame.rows = true
	if s.keys.held&heldShift != 0 && !s.sel.Empty(s.term) {
		s.extend()
		return
	}
	mode := [...]selection.Mode{selection.Char, selection.Word, selection.Line}[(m.clicks-1)%3]
	if s.keys.held&heldAlt != 0 {
		mode = selection.Block
	}
	s.sel.Begin(s.term, s.at(col, row), mode)
	if mode == selection.Char || mode == selection.Block {
		s.sel.Begin(s.term, s.edge(row), mode)
	}
}

// at gives the place of a cell in the text.
func (s *Shell) at(col, row int) selection.Point {
	n := int64(s.term.TopLine()) + int64(row) - int64(s.back)
	return selection.Point{Line: uint64(max(n, 0)), X: col}
}

// edge gives the place between cells that is nearest to the pointer.
func (s *Shell) edge(row int) selection.Point {
	w, _ := s.face.Cell()
	cols, _ := s.term.Size()
	return s.at(min(max((s.mouse.x+w/2)/w, 0), cols), row)
}

// extend draws the selection to the pointer. At the upper and the lower edge of the
// view the text scrolls.
func (s *Shell) extend() {
	_, h := s.face.Cell()
	_, rows := s.term.Size()
	switch {
	case s.mouse.y < h/2:
		s.scrollTo(s.back + 1)
	case s.mouse.y >= rows*h-h/2:
		s.scrollTo(s.back - 1)
	}
	col, row := s.place()
	if s.sel.Mode == selection.Char || s.sel.Mode == selection.Block {
		s.sel.Extend(s.edge(row))
	} else {
		s.sel.Extend(s.at(col, row))
	}
	s.frame.rows = true
}

// wheel scrolls: the program's way when it wants the mouse, by arrows in a full screen
// program that does not, else the scrollback.
func (s *Shell) wheel(b keyboard.Button, key string, rows int) {
	mode := s.term.Modes()
	switch {
	case s.reportsMouse():
		s.report(b, keyboard.Down)
	case mode.AltScreen && mode.AltScroll:
		k := &s.keys
		k.out = k.out[:0]
		for range wheelRows {
			k.out = keyboard.AppendKey(k.out, s.modes(), keyboard.Event{Key: key, Code: key, Type: keyboard.Press})
		}
		s.sendInput(k.out)
	default:
		s.scrollTo(s.back + rows)
		if s.mouse.selecting {
			s.extend()
		}
	}
}

// copySelection gives the page what is marked.
func (s *Shell) copySelection() {
	text := s.sel.Text(s.term)
	switch {
	case text == "":
	case s.welcome.DisableCopy:
		s.notify("Copying is switched off for this endpoint.")
	case s.cfg.Clipboard != nil:
		s.clip = text
		s.cfg.Clipboard(text)
	}
}

// SetClipboard tells what the page has in its clipboard: what is pasted next.
func (s *Shell) SetClipboard(text string) {
	if len(text) <= max(s.welcome.Clipboard, 1<<18) {
		s.clip = text
	}
}

// paste sends the clipboard to the program.
func (s *Shell) paste() {
	switch {
	case s.clip == "" || s.welcome.ReadOnly:
	case s.welcome.DisablePaste:
		s.notify("Pasting is switched off for this endpoint.")
	case s.talk.term != nil:
		s.answerText(s.clip)
	default:
		s.userTyped()
		for rest := s.clip; len(rest) > 0; {
			n := min(len(rest), wire.MaxInput)
			m := wire.Paste{More: n < len(rest), Data: []byte(rest[:n])}
			s.send(m.Append(s.buf[:0]))
			rest = rest[n:]
		}
	}
}
