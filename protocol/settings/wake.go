package settings

import (
	"encoding/hex"
	"net/netip"
	"strings"
	"time"
)

// MaxWake is the longest that is waited for a machine to start, between two attempts.
const MaxWake = 10 * time.Minute

// Wake says how a machine is switched on before it is connected to (Wake-on-LAN).
type Wake struct {
	MAC     [6]byte
	Address netip.Addr // where the packet is sent to; default 255.255.255.255
	Port    uint16     // default 9
	// Wait is between the attempts to connect to a machine that starts; 0: the packet is
	// sent, and one attempt is made at once.
	Wait time.Duration
}

// wake reads the wol settings; nil: nothing is woken.
func (p *parser) wake() *Wake {
	on := p.bool("wol-send-packet")
	mac, address := p.text("wol-mac-addr"), p.text("wol-broadcast-addr")
	w := &Wake{
		Address: netip.AddrFrom4([4]byte{255, 255, 255, 255}), Port: uint16(p.number("wol-udp-port", 9, 1, 65535)),
		Wait: time.Duration(p.number("wol-wait-time", 0, 0, int(MaxWake/time.Second))) * time.Second,
	}
	if address != "" {
		a, err := netip.ParseAddr(address)
		if err != nil {
			p.report("wol-broadcast-addr", "must be an address of IPv4 or IPv6; taken as 255.255.255.255")
		} else {
			w.Address = a
		}
	}
	if !on {
		return nil
	}
	b, err := hex.DecodeString(strings.NewReplacer(":", "", "-", "", ".", "").Replace(mac))
	if err != nil || len(b) != len(w.MAC) {
		p.report("wol-mac-addr", "must be like 00:11:22:33:44:55; nothing is woken")
		return nil
	}
	w.MAC = [6]byte(b)
	return w
}
