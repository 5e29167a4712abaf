package keyboard

import (
	"strconv"
	"unicode/utf8"
)

// Button of a mouse, with xterm's numbers.
type Button uint8

// Buttons.
const (
	Left       Button = 0
	Middle     Button = 1
	Right      Button = 2
	None       Button = 3
	WheelUp    Button = 64
	WheelDown  Button = 65
	WheelLeft  Button = 66
	WheelRight Button = 67
	Back       Button = 128
	Forward    Button = 129
)

// Action is what the mouse did.
type Action uint8

// Actions.
const (
	Down Action = iota
	Up
	Move
)

// MouseEvent is one event of the mouse. Column and row count from 0; X and Y are
// device pixels from the top left corner, for mode 1016.
type MouseEvent struct {
	Button   Button // held, for Move; None if none is
	Action   Action
	Col, Row int
	X, Y     int
	Mods     Mods
}

// AppendMouse appends the report of a mouse event (ctlseqs, "Mouse Tracking");
// nothing if the program does not want it.
func AppendMouse(dst []byte, m Modes, e MouseEvent) []byte {
	wheel := e.Button&64 != 0
	switch m.MouseMode {
	case 9:
		if e.Action != Down || e.Button > Right {
			return dst
		}
		e.Mods = 0
	case 1000:
		if e.Action == Move {
			return dst
		}
	case 1002:
		if e.Action == Move && e.Button == None {
			return dst
		}
	case 1003:
	default:
		return dst
	}
	if wheel && e.Action != Down {
		return dst
	}
	code := int(e.Button)
	if e.Action == Move {
		code += 32
	}
	if e.Mods&Shift != 0 {
		code += 4
	}
	if e.Mods&Alt != 0 {
		code += 8
	}
	if e.Mods&Ctrl != 0 {
		code += 16
	}
	x, y := e.Col+1, e.Row+1
	switch m.MouseEncoding {
	case 1016, 1006:
		if m.MouseEncoding == 1016 {
			x, y = e.X, e.Y
		}
		dst = append(dst, "\x1b[<"...)
		dst = strconv.AppendInt(dst, int64(code), 10)
		dst = append(dst, ';')
		dst = strconv.AppendInt(dst, int64(x), 10)
		dst = append(dst, ';')
		dst = strconv.AppendInt(dst, int64(y), 10)
		if e.Action == Up {
			return append(dst, 'm')
		}
		return append(dst, 'M')
	}
	if e.Action == Up { // these forms do not say which button
		code = code&^0b11000011 | int(None)
	}
	switch m.MouseEncoding {
	case 1015:
		dst = append(dst, "\x1b["...)
		dst = strconv.AppendInt(dst, int64(code+32), 10)
		dst = append(dst, ';')
		dst = strconv.AppendInt(dst, int64(x), 10)
		dst = append(dst, ';')
		dst = strconv.AppendInt(dst, int64(y), 10)
		return append(dst, 'M')
	case 1005:
		if x > 2015 || y > 2015 {
			return dst
		}
		dst = append(dst, "\x1b[M"...)
		for _, v := range [3]int{code, x, y} {
			dst = utf8.AppendRune(dst, rune(v+32))
		}
		return dst
	}
	if x > 223 || y > 223 {
		return dst
	}
	return append(dst, 0x1b, '[', 'M', byte(code+32), byte(x+32), byte(y+32))
}
