package rfb

import "encoding/binary"

// readVeNCryptVersion: 0.2 is spoken; 0.1, which nobody has, is refused (RFB,
// "VeNCrypt").
func (h *Handshake) readVeNCryptVersion(b []byte) (Event, error) {
	if b[0] == 0 && b[1] < 2 {
		return nil, h.fail("version %d.%d, at least 0.2", b[0], b[1])
	}
	h.out = append(h.out, 0, 2)
	h.then("vencrypt version", 2, func(h *Handshake, b []byte) (Event, error) {
		if b[0] != 0 {
			return nil, h.fail("the server refuses version 0.2")
		}
		if b[1] == 0 {
			return nil, &SecurityError{Within: h.chosen}
		}
		h.then("vencrypt types", 4*int(b[1]), (*Handshake).readVeNCryptTypes)
		return nil, nil
	})
	return nil, nil
}

func (h *Handshake) readVeNCryptTypes(b []byte) (Event, error) {
	offered := make([]Security, 0, len(b)/4)
	for ; len(b) > 0; b = b[4:] {
		offered = append(offered, Security(binary.BigEndian.Uint32(b)))
	}
	t, err := h.choose(offered)
	if err != nil {
		return nil, err
	}
	h.out = binary.BigEndian.AppendUint32(h.out, uint32(t))
	switch t {
	case SecurityTLSNone, SecurityTLSVnc, SecurityTLSPlain, SecurityTLSIdent:
		h.vencryptTLS(t, true)
	case SecurityX509None, SecurityX509Vnc, SecurityX509Plain, SecurityX509Ident:
		h.vencryptTLS(t, false)
	default: // plain sub-types, and types without VeNCrypt, begin at once
		return h.begin(t)
	}
	return nil, nil
}

// vencryptTLS reads the byte that comes before TLS: 1 means go.
func (h *Handshake) vencryptTLS(t Security, anonymous bool) {
	h.then("vencrypt go-ahead", 1, func(h *Handshake, b []byte) (Event, error) {
		if b[0] != 1 {
			return nil, h.fail("the server refuses %v (%d)", t, b[0])
		}
		return h.startTLS(anonymous, func(h *Handshake, _ []byte) (Event, error) { return h.begin(t) }), nil
	})
}
