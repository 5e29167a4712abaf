package authentiktest

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Bounds of authentik 2026.9 for what browsers send.
const (
	MaxUnits    = 8192 // UTF-16 code units of an instruction
	MaxElements = 64
	maxDigits   = 5
)

// filter does what authentik 2026.9 does to a browser's message: pings are answered
// and not passed on, other instructions without an opcode are dropped, and so is the
// rest of a message from the first fault on.
func filter(p []byte) (forward, answer []byte) {
	for len(p) > 0 {
		elements, n := instruction(p)
		if n == 0 {
			return forward, answer
		}
		switch {
		case elements[0] != "":
			forward = append(forward, p[:n]...)
		case len(elements) > 1 && elements[1] == "ping":
			answer = append(answer, p[:n]...)
		}
		p = p[n:]
	}
	return forward, answer
}

// instruction reads one instruction and gives its length in bytes; 0: it is none.
func instruction(p []byte) (elements []string, n int) {
	units := 0
	for {
		digits := 0
		for n+digits < len(p) && p[n+digits] >= '0' && p[n+digits] <= '9' {
			digits++
		}
		if digits == 0 || digits > maxDigits || n+digits >= len(p) || p[n+digits] != '.' || len(elements) == MaxElements {
			return nil, 0
		}
		length, _ := strconv.Atoi(string(p[n : n+digits]))
		n += digits + 1
		start, left := n, length
		for left > 0 {
			r, size := utf8.DecodeRune(p[n:])
			if size == 0 || r == utf8.RuneError && size == 1 {
				return nil, 0
			}
			left -= utf16.RuneLen(r)
			n += size
		}
		if left < 0 || n >= len(p) {
			return nil, 0
		}
		elements = append(elements, string(p[start:n]))
		units += digits + 1 + length + 1
		if units > MaxUnits {
			return nil, 0
		}
		end := p[n]
		n++
		switch end {
		case ';':
			return elements, n
		case ',':
		default:
			return nil, 0
		}
	}
}
