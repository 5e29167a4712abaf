package settings

import "slices"

// Protocols are those that endpoints can have, in the order for people.
func Protocols() []string { return []string{"ssh", "vnc"} }

// IsProtocol tells whether endpoints can have a protocol.
func IsProtocol(name string) bool { return slices.Contains(Protocols(), name) }

// displays are the ports of display 0, for protocols in which a port below 100
// is a display.
var displays = map[string]int{"vnc": VNCPort}

// Check gives what could not be used of the settings of a protocol's endpoint.
func Check(protocol string, all map[string]string) []Problem {
	var problems []Problem
	switch protocol {
	case "ssh":
		_, problems = ParseSSH(all)
	case "vnc":
		_, problems = ParseVNC(all)
	}
	return problems
}
