package rfb

import (
	"encoding/binary"
	"slices"
)

// readSecurity33: the server decides (RFB, "Security", version 3.3).
func (h *Handshake) readSecurity33(b []byte) (Event, error) {
	t := Security(binary.BigEndian.Uint32(b))
	if t == SecurityInvalid {
		h.then("reason length", 4, (*Handshake).readReasonLength)
		return nil, nil
	}
	if _, err := h.choose([]Security{t}); err != nil {
		return nil, err
	}
	return h.begin(t)
}

// readCount: how many types the server lists (RFB, "Security", 3.7 onwards).
func (h *Handshake) readCount(b []byte) (Event, error) {
	if h.lists++; h.lists > maxNested {
		return nil, h.fail("more than %d lists", maxNested)
	}
	if b[0] == 0 {
		h.then("reason length", 4, (*Handshake).readReasonLength)
		return nil, nil
	}
	h.then("security types", int(b[0]), (*Handshake).readTypes)
	return nil, nil
}

func (h *Handshake) readTypes(b []byte) (Event, error) {
	offered := make([]Security, len(b))
	for i, t := range b {
		offered[i] = Security(t)
	}
	t, err := h.choose(offered)
	if err != nil {
		return nil, err
	}
	h.out = append(h.out, byte(t))
	return h.begin(t)
}

// begin starts a type that both sides know to be chosen.
func (h *Handshake) begin(t Security) (Event, error) {
	h.chosen = append(h.chosen, t)
	if within[t] == nil {
		h.protection = max(h.protection, spoken[t].protection)
	}
	switch t {
	case SecurityNone, SecurityTLSNone, SecurityX509None:
		return nil, h.granted(t)
	case SecurityVncAuth, SecurityTLSVnc, SecurityX509Vnc:
		h.then("challenge", challengeSize, (*Handshake).readChallenge)
		return nil, nil
	case SecurityXVP:
		return h.ask(Username|Password|Target, (*Handshake).answerXVP), nil
	case SecurityPlain, SecurityTLSPlain, SecurityX509Plain, SecurityTightUnix:
		return h.ask(Username|Password, (*Handshake).answerPlain), nil
	case SecurityIdent, SecurityTLSIdent, SecurityX509Ident:
		return h.ask(Username, (*Handshake).answerIdent), nil
	case SecurityARD:
		h.then("diffie-hellman parameters", 4, (*Handshake).readARD)
		return nil, nil
	case SecurityMSLogonII:
		h.then("mslogon parameters", 24, (*Handshake).readMSLogon)
		return nil, nil
	case SecurityRA2, SecurityRA2ne, SecurityRA2r, SecurityRA256, SecurityRA256ne, SecurityRA256r:
		return nil, h.beginRA2(t)
	case SecurityTight:
		h.tight = true
		h.then("tight tunnels", 4, (*Handshake).readTunnelCount)
		return nil, nil
	case SecurityVeNCrypt:
		h.then("vencrypt version", 2, (*Handshake).readVeNCryptVersion)
		return nil, nil
	case SecurityTLS:
		// No byte in between (vino, x11vnc): TLS at once, then a list as before.
		return h.startTLS(true, func(h *Handshake, _ []byte) (Event, error) {
			h.then("security types", 1, (*Handshake).readCount)
			return nil, nil
		}), nil
	case SecurityUltra:
		h.then("security types of ultravnc", 1, (*Handshake).readUltra)
		return nil, nil
	}
	return nil, h.fail("%v cannot be begun", t)
}

// startTLS waits for the owner's TLS.
func (h *Handshake) startTLS(anonymous bool, after hstep) Event {
	h.wait = waitSecured
	h.after = func(h *Handshake, b []byte) (Event, error) {
		h.secured = true
		h.protection = ProtectAll
		if anonymous {
			h.protection = ProtectUnverified
		}
		return after(h, b)
	}
	return &StartTLS{Anonymous: anonymous}
}

// readUltra: after type 17 UltraVNC sends ff ff ff ff ("authentication goes on")
// and a second list; the first byte tells it from a bare list, which no server has
// with 255 types, and from a plain SecurityResult.
func (h *Handshake) readUltra(b []byte) (Event, error) {
	switch b[0] {
	case 0xff:
		h.then("security types of ultravnc", 3, func(h *Handshake, b []byte) (Event, error) {
			if b[0] != 0xff || b[1] != 0xff || b[2] != 0xff {
				return nil, h.fail("ff%x instead of a list", b)
			}
			h.then("security types", 1, (*Handshake).readCount)
			return nil, nil
		})
	case 0:
		h.then("security result", 3, func(h *Handshake, b []byte) (Event, error) {
			return h.result(uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2]))
		})
	default:
		return h.readCount(b)
	}
	return nil, nil
}

// granted goes on after a type without a login: 3.8 has a SecurityResult even for
// None (RFB, "None"), earlier versions only for the types of VeNCrypt.
func (h *Handshake) granted(t Security) error {
	if t == SecurityNone && h.spoken.before(version38) {
		return h.clientInit()
	}
	h.expectResult()
	return nil
}

func (h *Handshake) expectResult() {
	h.then("security result", 4, (*Handshake).readResult)
}

// Results (RFB, "SecurityResult"); the last is UltraVNC's.
const (
	resultOK       = 0
	resultTooMany  = 2
	resultContinue = 0xffffffff
)

func (h *Handshake) readResult(b []byte) (Event, error) {
	return h.result(binary.BigEndian.Uint32(b))
}

func (h *Handshake) result(code uint32) (Event, error) {
	switch code {
	case resultOK:
		return nil, h.clientInit()
	case resultContinue:
		h.then("security types", 1, (*Handshake).readCount)
		return nil, nil
	}
	h.tooMany = code == resultTooMany
	if h.spoken.before(version38) {
		return nil, h.refusal(nil)
	}
	h.then("reason length", 4, (*Handshake).readReasonLength)
	return nil, nil
}

func (h *Handshake) readReasonLength(b []byte) (Event, error) {
	n := min(clampInt(binary.BigEndian.Uint32(b)), MaxReason)
	h.then("reason", n, func(h *Handshake, b []byte) (Event, error) {
		return nil, h.refusal(b)
	})
	return nil, nil
}

// refusal is the server's no.
func (h *Handshake) refusal(reason []byte) error {
	if h.name == "reason length" {
		reason = nil
	}
	return &AuthError{
		Security: slices.Clone(h.chosen), Reason: cleaned(reason),
		TooMany: h.tooMany, Truncated: h.truncated,
	}
}
