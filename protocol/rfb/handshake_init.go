package rfb

import (
	"encoding/binary"
	"slices"
)

// clientInit says whether the desktop is shared and awaits ServerInit (RFB,
// "Initialisation Messages").
func (h *Handshake) clientInit() error {
	shared := byte(1)
	if h.cfg.Exclusive {
		shared = 0
	}
	h.out = append(h.out, shared)
	h.then("server init", 2+2+formatSize+4, (*Handshake).readServerInit)
	return nil
}

func (h *Handshake) readServerInit(b []byte) (Event, error) {
	r := Ready{
		Announced: h.announced, Spoken: h.spoken,
		Security: slices.Clone(h.chosen), Protection: h.protection, Truncated: h.truncated,
		Width: int(binary.BigEndian.Uint16(b)), Height: int(binary.BigEndian.Uint16(b[2:])),
		Format: parseFormat(b[4:]),
	}
	if r.Width*r.Height > h.cfg.MaxPixels {
		return nil, h.fail("a screen of %d×%d, at most %d pixels are taken", r.Width, r.Height, h.cfg.MaxPixels)
	}
	n := clampInt(binary.BigEndian.Uint32(b[4+formatSize:]))
	if n > MaxName {
		return nil, h.fail("a name of %d bytes, at most %d", n, MaxName)
	}
	h.then("desktop name", n, func(h *Handshake, b []byte) (Event, error) {
		r.Name = cleaned(b)
		if !h.tight {
			h.done = true
			return &r, nil
		}
		h.then("tight capabilities", 8, func(h *Handshake, b []byte) (Event, error) {
			return h.readTightInit(r, b)
		})
		return nil, nil
	})
	return nil, nil
}

// readTightInit reads what Tight adds to ServerInit (RFB, "ServerInit").
func (h *Handshake) readTightInit(r Ready, b []byte) (Event, error) {
	var counts [3]int
	total := 0
	for i := range counts {
		counts[i] = int(binary.BigEndian.Uint16(b[2*i:]))
		if counts[i] > maxCapabilities {
			return nil, h.fail("%d capabilities, at most %d", counts[i], maxCapabilities)
		}
		total += counts[i]
	}
	h.then("tight capabilities", total*capabilitySize, func(h *Handshake, b []byte) (Event, error) {
		all := parseCapabilities(b)
		r.Tight = &TightCapabilities{
			ServerMessages: all[:counts[0]],
			ClientMessages: all[counts[0] : counts[0]+counts[1]],
			Encodings:      all[counts[0]+counts[1]:],
		}
		h.done = true
		return &r, nil
	})
	return nil, nil
}
