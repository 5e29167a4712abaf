package term

import "unicode/utf8"

// parserState is a state of Williams' machine. The string states of DCS, OSC
// and APC keep their bytes; SOS and PM are skipped.
type parserState uint8

const (
	ground parserState = iota
	escape
	escapeIntermediate
	csiEntry
	csiParam
	csiIntermediate
	csiIgnore
	dcsEntry
	dcsParam
	dcsIntermediate
	dcsIgnore
	dcsString
	oscString
	apcString
	skipString // SOS, PM
)

// parser is what is known in the middle of a sequence.
type parser struct {
	state        parserState
	private      byte // '<', '=', '>' or '?' after CSI or DCS, else 0
	intermediate [2]byte
	nInter       uint8
	overflow     bool // too many parameters or intermediates
	params       [maxParams]int32
	colon        uint32 // bit i: parameter i was followed by ':'
	n            int    // parameters begun
	final        byte   // of a DCS whose string is being read
	escInString  bool   // ESC came inside of a string: ST if '\' follows
	payload      bool   // the rest of the string is a picture
	str          []byte
	partial      [utf8.UTFMax]byte // a character that is not complete
	nPartial     uint8
}

const (
	bel = 0x07
	can = 0x18
	sub = 0x1a
	esc = 0x1b
	del = 0x7f
)

// Write feeds what the program wrote. It never fails and takes all of p; a
// sequence or character may be split at any place.
func (t *Terminal) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if t.p.state == ground {
			p = t.ground(p)
			continue
		}
		switch t.p.state {
		case dcsString, oscString, apcString, skipString, dcsIgnore:
			p = t.string(p)
		default:
			t.step(p[0])
			p = p[1:]
		}
	}
	return n, nil
}

// ground takes printable text and controls up to a sequence that it cannot
// take whole.
func (t *Terminal) ground(p []byte) []byte {
	for len(p) > 0 {
		if t.p.nPartial > 0 {
			if p = t.finishPartial(p); t.p.state != ground {
				return p // it was a control that begins a sequence
			}
			continue
		}
		c := p[0]
		switch {
		case c >= 0x80:
			p = t.printText(p)
			if t.p.state != ground {
				return p
			}
		case c >= 0x20 && c < del:
			p = t.printASCII(p)
		case c == esc:
			n := t.wholeCSI(p)
			if n == 0 {
				t.p.begin(escape)
				return p[1:]
			}
			p = p[n:]
		case c == '\n' || c == '\v' || c == '\f':
			t.lineFeed()
			p = p[1:]
		case c == '\r':
			t.carriageReturn()
			p = p[1:]
		case c < 0x20:
			t.control(c)
			p = p[1:]
		default:
			p = p[1:]
		}
	}
	return p
}

// wholeCSI executes a control sequence of the usual form that is complete at the
// beginning of p, and gives its length; 0 leaves it to the states. It does what
// they would do.
func (t *Terminal) wholeCSI(p []byte) int {
	if len(p) < 3 || p[1] != '[' {
		return 0
	}
	ps := &t.p
	i := 2
	private := byte(0)
	if c := p[2]; c >= 0x3c && c < 0x40 {
		private = c
		i = 3
	}
	n := 0
	colon := uint32(0)
	v := int32(-1) // the parameter being read, -1: missing
	for ; i < len(p); i++ {
		c := p[i]
		switch {
		case c-'0' < 10:
			v = min(max(v, 0)*10+int32(c-'0'), maxParam)
		case c == ';' || c == ':':
			if n == maxParams-1 {
				return 0
			}
			if c == ':' {
				colon |= 1 << n
			}
			ps.params[n] = v
			n++
			v = -1
		case c >= 0x40 && c < del:
			if n > 0 || v >= 0 {
				ps.params[n] = v
				n++
			}
			ps.private, ps.nInter, ps.overflow = private, 0, false
			ps.n, ps.colon = n, colon
			if c == 'm' && private == 0 {
				t.sgr()
			} else {
				t.csi(c)
			}
			return i + 1
		default:
			return 0
		}
	}
	return 0
}

// asciiRun counts the printable ASCII bytes at the beginning of p.
func asciiRun(p []byte) int {
	for i, c := range p {
		if c-0x20 >= del-0x20 {
			return i
		}
	}
	return len(p)
}

// finishPartial continues a character whose first bytes came in an earlier
// Write.
func (t *Terminal) finishPartial(p []byte) []byte {
	have := int(t.p.nPartial)
	buf := t.p.partial
	n := copy(buf[have:], p)
	if !utf8.FullRune(buf[:have+n]) {
		t.p.partial, t.p.nPartial = buf, uint8(have+n)
		return p[n:]
	}
	r, size := utf8.DecodeRune(buf[:have+n])
	t.p.nPartial = 0
	if r == utf8.RuneError && size <= 1 {
		t.printRune(r)
		return p[brokenLength(buf[:have+n])-have:]
	}
	p = p[size-have:]
	if r < 0xa0 {
		t.c1(byte(r))
		return p
	}
	t.printRune(r)
	return p
}

// brokenLength gives the number of bytes at the beginning of p, which is not
// UTF-8, that one replacement character stands for: the longest beginning of a
// character (Unicode §3.9, as xterm does).
func brokenLength(p []byte) int {
	for n := min(len(p), utf8.UTFMax-1); n > 1; n-- {
		if !utf8.FullRune(p[:n]) {
			return n
		}
	}
	return 1
}

// begin enters a state with no parameters yet.
func (p *parser) begin(s parserState) {
	p.state = s
	p.private, p.nInter, p.overflow = 0, 0, false
	p.n, p.colon = 0, 0
	p.escInString, p.payload = false, false
	p.str = p.str[:0]
}

// step handles one byte inside of a sequence.
func (t *Terminal) step(c byte) {
	p := &t.p
	switch { // from anywhere
	case c == esc:
		p.begin(escape)
		return
	case c == can || c == sub:
		p.state = ground
		if c == sub {
			t.printRune(utf8.RuneError)
		}
		return
	case c < 0x20:
		if p.state < dcsEntry {
			t.control(c) // executed in the middle of the sequence
		}
		return
	case c == del:
		return
	case c >= 0x80:
		// Not part of any sequence: what it begins is dropped with it.
		p.state = ground
		p.nPartial = 0
		t.ground([]byte{c})
		return
	}
	switch p.state {
	case escape, escapeIntermediate:
		t.stepEscape(c)
	case csiEntry, csiParam:
		switch {
		case c < 0x30:
			p.collect(c)
			p.state = csiIntermediate
		case c < 0x3c:
			p.param(c)
			p.state = csiParam
		case c < 0x40:
			if p.state == csiEntry && p.private == 0 && p.n == 0 {
				p.private = c
			} else {
				p.state = csiIgnore
			}
		default:
			p.state = ground
			t.csi(c)
		}
	case csiIntermediate:
		switch {
		case c < 0x30:
			p.collect(c)
		case c < 0x40:
			p.state = csiIgnore
		default:
			p.state = ground
			t.csi(c)
		}
	case csiIgnore:
		if c >= 0x40 {
			p.state = ground
		}
	case dcsEntry, dcsParam:
		switch {
		case c < 0x30:
			p.collect(c)
			p.state = dcsIntermediate
		case c < 0x3c:
			p.param(c)
			p.state = dcsParam
		case c < 0x40:
			if p.state == dcsEntry && p.private == 0 && p.n == 0 {
				p.private = c
			} else {
				p.state = dcsIgnore
			}
		default:
			t.beginDCS(c)
		}
	case dcsIntermediate:
		switch {
		case c < 0x30:
			p.collect(c)
		case c < 0x40:
			p.state = dcsIgnore
		default:
			t.beginDCS(c)
		}
	}
}

func (t *Terminal) stepEscape(c byte) {
	p := &t.p
	if c < 0x30 {
		p.collect(c)
		p.state = escapeIntermediate
		return
	}
	if p.nInter == 0 {
		switch c {
		case '[':
			p.begin(csiEntry)
			return
		case 'P':
			p.begin(dcsEntry)
			return
		case ']':
			p.begin(oscString)
			return
		case '_':
			p.begin(apcString)
			return
		case 'X', '^':
			p.begin(skipString)
			return
		}
	}
	p.state = ground
	t.escape(c)
}

func (p *parser) collect(c byte) {
	if int(p.nInter) == len(p.intermediate) {
		p.overflow = true
		return
	}
	p.intermediate[p.nInter] = c
	p.nInter++
}

// param takes a digit, ';' or ':'. A parameter that is missing is -1.
func (p *parser) param(c byte) {
	if p.n == 0 {
		p.params[0] = -1
		p.n = 1
	}
	if c == ';' || c == ':' {
		if p.n == maxParams {
			p.n = maxParams + 1 // what follows is ignored
		}
		if p.n > maxParams {
			return
		}
		if c == ':' {
			p.colon |= 1 << (p.n - 1)
		}
		p.params[p.n] = -1
		p.n++
		return
	}
	if p.n > maxParams {
		return
	}
	v := max(p.params[p.n-1], 0)*10 + int32(c-'0')
	p.params[p.n-1] = min(v, maxParam)
}

// count is the number of parameters to look at.
func (p *parser) count() int { return min(p.n, maxParams) }

// get gives parameter i, or def when it is missing.
func (p *parser) get(i, def int) int {
	if i >= p.count() || p.params[i] < 0 {
		return def
	}
	return int(p.params[i])
}

// atLeast1 gives parameter i with 0 and missing meaning 1.
func (p *parser) atLeast1(i int) int { return max(p.get(i, 1), 1) }

// string takes the bytes of an OSC, DCS, APC, SOS or PM string.
func (t *Terminal) string(b []byte) []byte {
	p := &t.p
	for i := 0; i < len(b); i++ {
		c := b[i]
		if p.escInString {
			p.escInString = false
			if c == '\\' {
				t.endString()
				return b[i+1:]
			}
			// The string is over and a sequence begins.
			t.endString()
			p.begin(escape)
			return b[i:]
		}
		switch {
		case c == esc:
			p.escInString = true
		case c == can || c == sub:
			t.abortString()
			return b[i+1:]
		case c == bel && p.state == oscString:
			t.endString()
			return b[i+1:]
		case c < 0x20 && p.state != apcString && p.state != dcsString:
			// ignored
		default:
			end := i + 1
			for end < len(b) && b[end] >= 0x20 {
				end++
			}
			t.stringText(b[i:end])
			i = end - 1
		}
	}
	return nil
}

func (t *Terminal) endString() {
	p := &t.p
	state, sixel := p.state, p.sixelString()
	p.state = ground
	switch state {
	case oscString:
		if p.payload {
			t.endITermPayload()
		} else if len(p.str) < MaxString {
			t.osc(p.str)
		}
	case apcString:
		if len(p.str) > 0 {
			if !p.payload {
				t.beginKitty(p.str[1:])
			}
			t.endKitty(p.str[1:])
		}
	case dcsString:
		if sixel {
			t.endSixel()
		} else if len(p.str) < MaxString && !p.overflow {
			t.dcs(p.final, p.str)
		}
	}
	if cap(p.str) > 4<<10 {
		p.str = nil
	}
}

// c1 is a control of the C1 set that came as a character U+0080…U+009F.
func (t *Terminal) c1(c byte) {
	switch c {
	case 0x90:
		t.p.begin(dcsEntry)
	case 0x98, 0x9e:
		t.p.begin(skipString)
	case 0x9b:
		t.p.begin(csiEntry)
	case 0x9d:
		t.p.begin(oscString)
	case 0x9f:
		t.p.begin(apcString)
	case 0x84, 0x85, 0x88, 0x8d, 0x8e, 0x8f, 0x96, 0x97, 0x9a:
		t.p.nInter = 0
		t.escape(c - 0x40)
	}
}
