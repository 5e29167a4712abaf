package vnc

import "time"

// HandshakeTime sets how long a server has for a step, and gives what undoes it.
func HandshakeTime(d time.Duration) (undo func()) {
	before := handshakeTime
	handshakeTime = d
	return func() { handshakeTime = before }
}

// PNGFromDIB and DIBFromPNG are for the tests of pictures in clipboards.
var (
	PNGFromDIB = pngFromDIB
	DIBFromPNG = dibFromPNG
)
