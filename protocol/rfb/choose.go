package rfb

import "slices"

// choose takes the strongest of what a server offers: the better protection first,
// then what needs no credentials beyond those at hand, then the stronger. So a
// server of many types is entered with a VNC password alone where there is only
// that, and as a user where there is a name too; and nobody is asked for a
// password where none is needed.
func (h *Handshake) choose(offered []Security) (Security, error) {
	var best Security
	var bestKey [4]int
	forbidden := false
	for _, t := range offered {
		known, ok := spoken[t]
		if !ok || !h.fits(t) {
			continue
		}
		if !h.allowed(t) {
			forbidden = true
			continue
		}
		// A list of allowed types that names no container: a direct way is the
		// sure one.
		direct := 0
		if len(h.cfg.Allow) == 0 || slices.Contains(h.cfg.Allow, t) {
			direct = 1
		}
		atHand := 0
		if known.needs&^h.cfg.Have == 0 {
			atHand = 1
		}
		key := [4]int{direct, int(known.protection), atHand, known.strength}
		if best == 0 || slices.Compare(key[:], bestKey[:]) > 0 {
			best, bestKey = t, key
		}
	}
	if best == 0 {
		return 0, &SecurityError{Within: slices.Clone(h.chosen), Offered: slices.Clone(offered), Forbidden: forbidden}
	}
	return best, nil
}

// fits tells whether t makes sense after what was chosen: no container twice, no
// TLS within TLS.
func (h *Handshake) fits(t Security) bool {
	if len(h.chosen) >= maxNested {
		return false
	}
	for _, c := range h.chosen {
		if t == c && within[c] != nil || h.secured && (t == SecurityTLS || t == SecurityVeNCrypt) {
			return false
		}
	}
	return true
}

// allowed tells whether settings permit t, or anything that may be inside of it.
func (h *Handshake) allowed(t Security) bool {
	if slices.Contains(h.cfg.Forbid, t) {
		return false
	}
	if len(h.cfg.Allow) == 0 || slices.Contains(h.cfg.Allow, t) {
		return true
	}
	for _, c := range h.chosen { // a container that is allowed by name allows its content
		if slices.Contains(h.cfg.Allow, c) {
			return true
		}
	}
	for _, inner := range within[t] {
		if slices.Contains(h.cfg.Allow, inner) && !slices.Contains(h.cfg.Forbid, inner) {
			return true
		}
	}
	return false
}

// maxNested is how many types may be chosen one within another: UltraVNC, Tight,
// VeNCrypt and the login in it are four.
const maxNested = 4
