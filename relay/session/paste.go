package session

import (
	"unicode/utf8"

	"github.com/porthole-rac/porthole/protocol/wire"
)

// Brackets around pasted text (xterm, mode 2004).
const (
	pasteBegin = "\x1b[200~"
	pasteEnd   = "\x1b[201~"
)

// pasting is the state of a paste that comes in parts. Session.mu guards it.
type pasting struct {
	open     bool // parts have come, more will
	bracket  bool // the program asked for brackets
	afterCR  bool // the last part ended with a carriage return
	refused  bool // pasting is disabled; said once
	leftover []byte
}

// paste sends pasted text to the target: bracketed if the program asked for it,
// with carriage returns for line ends as keys would give, and without control
// characters, which could end the brackets or be commands.
func (f *terminalFeed) paste(m *wire.Paste) error {
	s, v := f.t, f.v
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &f.pasting
	if s.prefs.ReadOnly || s.prefs.DisablePaste {
		if s.prefs.DisablePaste && !p.refused {
			p.refused = true
			n := wire.Notice{Code: "paste-disabled", Text: "Pasting is switched off for this endpoint."}
			v.control(n.Append(nil))
		}
		return s.input.add(nil, len(m.Data))
	}
	if s.viewer != v || !p.open && !m.More && len(m.Data) == 0 {
		return s.input.add(nil, len(m.Data))
	}
	out := make([]byte, 0, len(m.Data)+len(pasteBegin)+len(pasteEnd))
	if !p.open {
		p.bracket = s.screen.term.Modes().BracketedPaste
		p.open, p.afterCR, p.leftover = true, false, nil
		if p.bracket {
			out = append(out, pasteBegin...)
		}
	}
	out = p.clean(out, append(p.leftover, m.Data...), m.More)
	if !m.More {
		p.open = false
		if p.bracket {
			out = append(out, pasteEnd...)
		}
	}
	return s.input.add(out, len(m.Data))
}

// closePasteLocked ends a paste whose last parts will not come, because the
// browser has gone: what is typed later must not count as pasted.
func (f *terminalFeed) closePasteLocked() {
	if f.pasting.open && f.pasting.bracket {
		_ = f.t.input.add([]byte(pasteEnd), 0) // a full queue has no room: nothing reads it
	}
	f.pasting.open = false
}

// clean appends text with line ends as carriage returns and without controls. A
// character that is cut at the end of a part waits for the next one.
func (p *pasting) clean(dst, text []byte, more bool) []byte {
	p.leftover = nil
	for len(text) > 0 {
		c := text[0]
		if c < utf8.RuneSelf {
			text = text[1:]
			switch {
			case c == '\n' && p.afterCR:
			case c == '\n', c == '\r':
				dst = append(dst, '\r')
			case c >= 0x20 && c != 0x7f, c == '\t':
				dst = append(dst, c)
			}
			p.afterCR = c == '\r'
			continue
		}
		p.afterCR = false
		if more && !utf8.FullRune(text) {
			p.leftover = append([]byte(nil), text...)
			break
		}
		r, n := utf8.DecodeRune(text)
		if r >= 0xa0 && (r != utf8.RuneError || n > 1) { // C1 controls are commands too
			dst = append(dst, text[:n]...)
		}
		text = text[n:]
	}
	return dst
}
