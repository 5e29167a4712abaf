package vnc

import "time"

// HandshakeTime sets how long a server has for a step, and gives what undoes it.
func HandshakeTime(d time.Duration) (undo func()) {
	before := handshakeTime
	handshakeTime = d
	return func() { handshakeTime = before }
}

// RenewPatience sets how long a browser waits for a second login, and gives what undoes it.
func RenewPatience(d time.Duration) (undo func()) {
	before := renewPatience
	renewPatience = d
	return func() { renewPatience = before }
}

// PNGFromDIB and DIBFromPNG are for the tests of pictures in clipboards.
var (
	PNGFromDIB = pngFromDIB
	DIBFromPNG = dibFromPNG
)

// Tolerance is how late painting may be at most.
const Tolerance = mostTolerance
