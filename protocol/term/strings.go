package term

import "bytes"

// beginDCS begins a DCS's string.
func (t *Terminal) beginDCS(final byte) {
	t.p.final = final
	t.p.state = dcsString
	if t.p.sixelString() {
		t.beginSixel()
	}
}

// stringText takes a part of a string, usually one without controls. Pictures
// are read while they come; everything else waits for its end.
func (t *Terminal) stringText(b []byte) {
	p := &t.p
	switch p.state {
	case dcsString:
		if !p.sixelString() {
			p.keep(b, MaxString)
		} else if t.img != nil && t.img.sixel != nil {
			t.img.sixel.write(b)
		}
	case apcString:
		t.apcText(b)
	case oscString:
		t.oscText(b)
	}
}

// keep adds to the string as much as there is room for.
func (p *parser) keep(b []byte, most int) {
	p.str = append(p.str, b[:max(min(len(b), most-len(p.str)), 0)]...)
}

// itermPart is what a part of a file follows.
const itermPart = "1337;FilePart="

// oscText takes a part of an OSC string.
func (t *Terminal) oscText(b []byte) {
	p := &t.p
	for len(b) > 0 {
		if p.payload {
			if l := t.itermTarget(); l != nil {
				l.write(b)
			}
			return
		}
		n := len(b)
		if short := len(itermPart) - len(p.str); short > 0 {
			n = min(n, short)
		}
		switch i := bytes.IndexByte(b[:n], ':'); {
		case i == 0 && t.beginITerm(p.str):
			p.payload = true
			b = b[1:]
			continue
		case i == 0:
			n = 1
		case i > 0:
			n = i
		}
		p.keep(b[:n], MaxString)
		p.payload = string(p.str) == itermPart
		b = b[n:]
	}
}

// apcText takes a part of an APC string: of those only kitty's mean anything.
func (t *Terminal) apcText(b []byte) {
	p := &t.p
	if len(p.str) == 0 && b[0] != 'G' {
		p.state = skipString
		return
	}
	if !p.payload {
		i := bytes.IndexByte(b, ';')
		if i < 0 {
			p.keep(b, maxControl)
			return
		}
		p.keep(b[:i], maxControl)
		p.payload = true
		t.beginKitty(p.str[1:])
		b = b[i+1:]
	}
	if l := t.loading(loadKitty); l != nil {
		l.write(b)
	}
}

// abortString is CAN or SUB in a string: it is dropped, and a picture with it.
func (t *Terminal) abortString() {
	if t.img != nil {
		t.img.sixel = nil
		if t.p.payload {
			t.img.load = nil
		}
	}
	t.p.state = ground
}
