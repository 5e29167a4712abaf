package rfb

import (
	"bytes"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// RepeaterSize is the length of what a repeater is told, in bytes.
const RepeaterSize = 250

// AppendRepeater appends what an UltraVNC repeater is told after it announced
// version 0.0: "host:port" (mode I) or "ID:number" (mode II), padded with NUL. A
// server that dials out to a repeater begins with the same.
func AppendRepeater(dst []byte, destination string) ([]byte, error) {
	if len(destination) >= RepeaterSize {
		return dst, fmt.Errorf("rfb: repeater destination of %d bytes, at most %d", len(destination), RepeaterSize-1)
	}
	if destination == "" || strings.ContainsFunc(destination, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return dst, fmt.Errorf("rfb: repeater destination %q", destination)
	}
	dst = append(dst, destination...)
	return append(dst, make([]byte, RepeaterSize-len(destination))...), nil
}

// Repeater is what a server or a viewer tells a repeater.
type Repeater struct {
	ID   string // mode II: what stands after "ID:"
	Host string // mode I
	Port uint16 // mode I; numbers under 100 are displays, so 5900 is added
}

// ParseRepeater reads the first RepeaterSize bytes that a server sends when it
// dials out to a repeater.
func ParseRepeater(b []byte) (Repeater, error) {
	if len(b) != RepeaterSize {
		return Repeater{}, fmt.Errorf("rfb: repeater prologue of %d bytes, not %d", len(b), RepeaterSize)
	}
	text, _, _ := bytes.Cut(b, []byte{0})
	for _, c := range text {
		if c <= ' ' || c >= 0x7f {
			return Repeater{}, fmt.Errorf("rfb: repeater prologue %q", cleaned(text))
		}
	}
	s := string(text)
	if len(s) > 3 && strings.EqualFold(s[:3], "ID:") {
		return Repeater{ID: s[3:]}, nil
	}
	i := strings.LastIndexByte(s, ':')
	if i <= 0 {
		return Repeater{}, fmt.Errorf("rfb: repeater prologue %q names no port", s)
	}
	port, err := strconv.ParseUint(s[i+1:], 10, 16)
	if err != nil {
		return Repeater{}, fmt.Errorf("rfb: repeater prologue %q: port", s)
	}
	if port < 100 {
		port += 5900
	}
	host := strings.Trim(s[:i], "[]")
	if strings.Contains(host, ":") {
		if _, err := netip.ParseAddr(host); err != nil {
			return Repeater{}, fmt.Errorf("rfb: repeater prologue %q: host", s)
		}
	}
	return Repeater{Host: host, Port: uint16(port)}, nil
}
