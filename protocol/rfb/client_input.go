package rfb

import "encoding/binary"

// AppendKey presses or releases a key by its keysym (RFB, "KeyEvent").
func AppendKey(dst []byte, down bool, keysym uint32) []byte {
	return binary.BigEndian.AppendUint32(append(dst, clientKey, flag(down), 0, 0), keysym)
}

// AppendKeyCode presses or releases a key by its place: the XT scan code, with the
// high bit for codes after 0xe0 (RFB, "QEMU Extended Key Event Message"). keysym may
// be 0, keycode may not. Only after Confirmed of EncodingQEMUExtendedKey.
func AppendKeyCode(dst []byte, down bool, keysym, keycode uint32) []byte {
	dst = append(dst, clientQEMU, qemuKey, 0, flag(down))
	dst = binary.BigEndian.AppendUint32(dst, keysym)
	return binary.BigEndian.AppendUint32(dst, keycode)
}

// Buttons are those of a mouse that are held (RFB, "PointerEvent").
type Buttons uint16

// Buttons; a step of the wheel is a press and a release.
const (
	ButtonLeft Buttons = 1 << iota
	ButtonMiddle
	ButtonRight
	WheelUp
	WheelDown
	WheelLeft
	WheelRight
	ButtonBack
	ButtonForward // only with EncodingExtendedMouse
)

const (
	extendedMarker = 0x80
	plainButtons   = 0x7f
	extendedShift  = 7
)

// AppendPointer moves the pointer and says which buttons are held. extended may be
// set after Confirmed of EncodingExtendedMouse; without it ButtonForward is left
// away.
func AppendPointer(dst []byte, b Buttons, x, y uint16, extended bool) []byte {
	more := byte(b >> extendedShift)
	mask := byte(b)
	if extended {
		// A message without the marker means that back and forward are released.
		mask &= plainButtons
		if more != 0 {
			mask |= extendedMarker
		}
	}
	dst = append(dst, clientPointer, mask)
	dst = binary.BigEndian.AppendUint16(dst, x)
	dst = binary.BigEndian.AppendUint16(dst, y)
	if extended && more != 0 {
		dst = append(dst, more)
	}
	return dst
}

// relativeZero is "not moved" in relative mode.
const relativeZero = 0x7fff

// AppendPointerRelative moves the pointer by dx and dy, once QEMU asked for it with
// PointerMode (RFB, "QEMU Pointer Motion Change Pseudo-encoding"). More than 15 bits
// of movement are cut.
func AppendPointerRelative(dst []byte, b Buttons, dx, dy int, extended bool) []byte {
	at := func(d int) uint16 { return uint16(min(max(d, -relativeZero), relativeZero) + relativeZero) }
	return AppendPointer(dst, b, at(dx), at(dy), extended)
}
