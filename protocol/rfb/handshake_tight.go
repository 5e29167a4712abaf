package rfb

import "encoding/binary"

// Capability is one of Tight's (RFB, "Tight Security Type", CAPABILITY). All three
// members name it.
type Capability struct {
	Code      int32
	Vendor    [4]byte
	Signature [8]byte
}

// TightCapabilities are what a server says with ServerInit after the Tight type
// (RFB, "ServerInit").
type TightCapabilities struct {
	ServerMessages, ClientMessages, Encodings []Capability
}

const (
	capabilitySize  = 16
	maxCapabilities = 1024 // of one kind; servers list under a hundred in all
)

func capability(code int32, vendor, signature string) Capability {
	return Capability{code, [4]byte([]byte(vendor)), [8]byte([]byte(signature))}
}

// Capabilities of tunnels and logins (RFB, "Tight Security Type").
var (
	tightNoTunnel = capability(0, "TGHT", "NOTUNNEL")
	tightLogins   = map[Capability]Security{
		capability(1, "STDV", "NOAUTH__"):   SecurityNone,
		capability(2, "STDV", "VNCAUTH_"):   SecurityVncAuth,
		capability(19, "VENC", "VENCRYPT"):  SecurityVeNCrypt,
		capability(20, "GTKV", "SASL____"):  SecuritySASL,
		capability(129, "TGHT", "ULGNAUTH"): SecurityTightUnix,
	}
)

func parseCapabilities(b []byte) []Capability {
	all := make([]Capability, 0, len(b)/capabilitySize)
	for ; len(b) >= capabilitySize; b = b[capabilitySize:] {
		all = append(all, Capability{int32(binary.BigEndian.Uint32(b)), [4]byte(b[4:8]), [8]byte(b[8:16])})
	}
	return all
}

// count reads a U32 number of capabilities.
func (h *Handshake) count(b []byte) (int, error) {
	n := clampInt(binary.BigEndian.Uint32(b))
	if n > maxCapabilities {
		return 0, h.fail("%d capabilities, at most %d", n, maxCapabilities)
	}
	return n, nil
}

func (h *Handshake) readTunnelCount(b []byte) (Event, error) {
	n, err := h.count(b)
	if err != nil {
		return nil, err
	}
	if n == 0 { // no answer is due then
		h.then("tight logins", 4, (*Handshake).readTightLoginCount)
		return nil, nil
	}
	h.then("tight tunnels", n*capabilitySize, func(h *Handshake, b []byte) (Event, error) {
		for _, c := range parseCapabilities(b) {
			if c == tightNoTunnel {
				h.out = binary.BigEndian.AppendUint32(h.out, uint32(c.Code))
				h.then("tight logins", 4, (*Handshake).readTightLoginCount)
				return nil, nil
			}
		}
		return nil, h.fail("the server insists on a tunnel")
	})
	return nil, nil
}

func (h *Handshake) readTightLoginCount(b []byte) (Event, error) {
	n, err := h.count(b)
	if err != nil {
		return nil, err
	}
	if n == 0 { // nothing to choose: as None, without an answer
		if _, err := h.choose([]Security{SecurityNone}); err != nil {
			return nil, err
		}
		return h.begin(SecurityNone)
	}
	h.then("tight logins", n*capabilitySize, func(h *Handshake, b []byte) (Event, error) {
		codes := map[Security]int32{}
		var offered []Security
		for _, c := range parseCapabilities(b) {
			if t, ok := tightLogins[c]; ok {
				codes[t] = c.Code
				offered = append(offered, t)
			}
		}
		t, err := h.choose(offered)
		if err != nil {
			return nil, err
		}
		h.out = binary.BigEndian.AppendUint32(h.out, uint32(codes[t]))
		return h.begin(t)
	})
	return nil, nil
}
