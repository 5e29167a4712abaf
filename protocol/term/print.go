package term

import (
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// lastPrinted is where the last character went, for what attaches to it, and
// what it was, for REP.
type lastPrinted struct {
	x, y  int
	valid bool   // still there: nothing but printing has happened since
	r     rune   // its last code point
	text  []byte // its cluster, when it has several code points
	rep   rune   // for REP; 0: none
}

// printed notes a character that stands alone.
func (l *lastPrinted) printed(x, y int, r rune) {
	l.x, l.y, l.r, l.rep, l.valid = x, y, r, r, true
	l.text = l.text[:0]
}

// printASCII prints the printable ASCII at the beginning of p and gives what
// follows it.
func (t *Terminal) printASCII(p []byte) []byte {
	if t.chars.active() != charsetASCII || t.modes.insert {
		n := asciiRun(p)
		for _, c := range p[:n] {
			t.printRune(rune(c))
		}
		return p[n:]
	}
	if t.wrap {
		t.wrapLine()
	}
	l := t.cur.lines[t.y]
	x, end := t.x, t.lineEnd()
	if l.wide {
		n := asciiRun(p[:min(len(p), end-x)])
		t.splitWide(l, x)
		t.splitWide(l, x+n)
	}
	cells := l.Cells[x:end]
	if len(cells) > len(p) {
		cells = cells[:len(p)]
	}
	c := t.pen.cell(0)
	n := 0
	for n < len(cells) {
		b := p[n]
		if b-0x20 >= del-0x20 {
			break
		}
		c.Char = uint32(b)
		cells[n] = c
		n++
	}
	if x+n == end && !t.modes.wrap {
		// Every further character overwrites the last column.
		n += asciiRun(p[n:])
		cells[len(cells)-1].Char = uint32(p[n-1])
		x = end - n
	}
	x += n
	l.reach(x)
	t.damage.row(t.y)
	t.last.printed(x-1, t.y, rune(p[n-1]))
	t.advance(x, end)
	return p[n:]
}

// advance puts the cursor after what was printed, or on the last column when
// there is no room any more.
func (t *Terminal) advance(x, end int) {
	if x >= end {
		x = end - 1
		t.wrap = t.modes.wrap
	}
	t.x = x
}

// lineEnd is the column after the last one that a character may go to.
func (t *Terminal) lineEnd() int {
	if t.x <= t.right {
		return t.right + 1
	}
	return t.cols
}

// wrapLine goes on in the next line.
func (t *Terminal) wrapLine() {
	t.wrap = false
	if t.right == t.cols-1 {
		t.cur.lines[t.y].Wrapped = true
	}
	if t.x <= t.right {
		t.x = t.left
	} else {
		t.x = 0
	}
	t.index()
}

// printText prints the characters beyond ASCII at the beginning of p, which is
// not empty, and gives what follows them. Most stand alone and go straight into
// the line; the others go through printRune.
func (t *Terminal) printText(p []byte) []byte {
	l := t.cur.lines[t.y]
	x, end := t.x, t.lineEnd()
	// The last column, insert mode and wide characters that are overwritten need
	// more care. A line that is blank from here on has none of these.
	if t.wrap || t.modes.insert || t.chars.single != 0 || l.wide && l.end > x {
		return t.printFirst(p)
	}
	cells := l.Cells[:end]
	c := t.pen.cell(0)
	last, lead := t.last.r, classOf(t.last.r)
	if !t.last.valid {
		lead = 0
	} else if len(t.last.text) > 0 {
		lead |= classLeads
	}
	at := -1             // where the last one went
	var page *[256]class // of the character before, mostly of this one too
	pageOf := rune(-1)
	for len(p) > 0 && x < len(cells) {
		var r rune
		var n int
		if len(p) >= 3 && p[0]&0xf0 == 0xe0 && p[1]&0xc0 == 0x80 && p[2]&0xc0 == 0x80 {
			r, n = rune(p[0]&0xf)<<12|rune(p[1]&0x3f)<<6|rune(p[2]&0x3f), 3
		}
		if r < 0x800 || r&0xf800 == 0xd800 { // not the form with three bytes
			if r, n = decode(p); n == 0 {
				break
			}
		}
		k := class(2)
		switch {
		case r >= 0x4e00 && r < 0xa000: // Han
		case r>>8 == pageOf:
			k = page[r&0xff]
		case r < 0x20000:
			page, pageOf = classPage(r), r>>8
			k = page[r&0xff]
		default:
			k = findClass(r)
		}
		w := int(k & classWidth)
		if k&classExtends != 0 || lead&classPrepend != 0 || w == 0 || x+w > len(cells) ||
			k&classJoins != 0 && lead&classLeads != 0 && !(isSyllable(r) && isSyllable(last)) {
			break
		}
		c.Char = uint32(r)
		if w == 2 {
			c.Attr |= Wide
			cells[x] = c
			c.Char, c.Attr = 0, c.Attr&^Wide|WideTail
			cells[x+1] = c
			c.Attr &^= WideTail
			l.wide = true
		} else {
			cells[x] = c
		}
		at = x
		x += w
		last, lead = r, k
		p = p[n:]
	}
	if at < 0 {
		return t.printFirst(p)
	}
	l.reach(x)
	t.damage.row(t.y)
	t.last.printed(at, t.y, last)
	t.advance(x, end)
	return p
}

// decode reads a character beyond the controls; n is 0 for anything else.
func decode(p []byte) (r rune, n int) {
	if len(p) >= 2 && p[0]&0xe0 == 0xc0 && p[1]&0xc0 == 0x80 {
		r = rune(p[0]&0x1f)<<6 | rune(p[1]&0x3f)
		if r < 0xa0 {
			return 0, 0 // too long, or a control
		}
		return r, 2
	}
	r, n = utf8.DecodeRune(p)
	if n < 2 {
		return 0, 0
	}
	return r, n
}

// printFirst prints the first character of p, whatever it is.
func (t *Terminal) printFirst(p []byte) []byte {
	r, n := utf8.DecodeRune(p)
	if r == utf8.RuneError && n <= 1 {
		if !utf8.FullRune(p) {
			t.p.nPartial = uint8(copy(t.p.partial[:], p))
			return nil
		}
		r, n = utf8.RuneError, 1
	}
	if r < 0xa0 {
		t.c1(byte(r))
	} else {
		t.printRune(r)
	}
	return p[n:]
}

// printRune prints one character.
func (t *Terminal) printRune(r rune) {
	if r < 0x80 {
		r = t.chars.translate(r)
	} else {
		t.chars.single = 0
	}
	c := classOf(r)
	if t.last.valid && t.mayAttach(r, c) && t.attach(r, c) {
		return
	}
	w := int(c & classWidth)
	if w == 0 {
		return // a mark with nothing to sit on
	}
	t.put(uint32(r), w)
	t.last.r, t.last.rep = r, r
	t.last.text = t.last.text[:0]
}

// mayAttach tells quickly, for most text, that a character does not continue
// the one before it.
func (t *Terminal) mayAttach(r rune, c class) bool {
	before := classOf(t.last.r)
	switch {
	case c&classExtends != 0, before&classPrepend != 0:
		return true
	case c&classJoins == 0:
		return false
	}
	return before&classLeads != 0 && !(isSyllable(r) && isSyllable(t.last.r)) || len(t.last.text) > 0
}

// put places a character of w cells at the cursor.
func (t *Terminal) put(ch uint32, w int) {
	if t.wrap {
		t.wrapLine()
	}
	end := t.lineEnd()
	if w == 2 && t.x+2 > end {
		if end-t.left < 2 || !t.modes.wrap {
			if t.x = end - 2; t.x < 0 {
				t.x, w = 0, 1
			}
		} else {
			// It does not fit at the end of the line.
			l := t.cur.lines[t.y]
			t.splitWide(l, t.x)
			l.fill(t.x, t.x+1, t.pen.blank())
			t.damage.row(t.y)
			t.wrapLine()
			end = t.lineEnd()
		}
	}
	l := t.cur.lines[t.y]
	if t.modes.insert {
		t.insertCells(w)
	}
	t.splitWide(l, t.x)
	t.splitWide(l, t.x+w)
	c := t.pen.cell(ch)
	if w == 2 {
		c.Attr |= Wide
		l.Cells[t.x] = c
		c.Char, c.Attr = 0, c.Attr&^Wide|WideTail
		l.Cells[t.x+1] = c
		l.wide = true
	} else {
		l.Cells[t.x] = c
	}
	l.reach(t.x + w)
	t.damage.row(t.y)
	t.last.x, t.last.y, t.last.valid = t.x, t.y, true
	t.advance(t.x+w, end)
}

// attach joins r to the character before when both are one grapheme cluster
// (UAX #29); false if r begins a new one.
func (t *Terminal) attach(r rune, c class) bool {
	text := t.last.text
	if len(text) == 0 {
		text = utf8.AppendRune(text, t.last.r)
	}
	before := len(text)
	text = utf8.AppendRune(text, r)
	t.last.text = text[:before]
	if c&classExtends == 0 {
		if first, _, _, _ := uniseg.FirstGraphemeCluster(text, -1); len(first) != len(text) {
			if before == utf8.RuneLen(t.last.r) {
				t.last.text = text[:0]
			}
			return false
		}
	}
	t.last.r = r
	if len(text) > MaxCluster {
		t.last.text = text[:before]
		return true // swallowed: the bound of a cluster
	}
	t.last.text = text
	ch, ok := t.cluster(text)
	if !ok {
		return true
	}
	l := t.cur.lines[t.last.y]
	cell := &l.Cells[t.last.x]
	cell.Char = ch
	t.damage.row(t.last.y)
	if cell.Attr&Wide == 0 && clusterWidth(text) == 2 {
		t.widen(l, t.last.x)
	}
	return true
}

// widen makes the character at x two cells wide, as a variation selector or the
// second half of a flag demands, if there is room.
func (t *Terminal) widen(l *Line, x int) {
	end := t.right + 1
	if x > t.right {
		end = t.cols
	}
	if x+1 >= end {
		return
	}
	t.splitWide(l, x+2)
	c := l.Cells[x]
	l.Cells[x].Attr |= Wide
	c.Char, c.Attr = 0, c.Attr|WideTail
	l.Cells[x+1] = c
	l.reach(x + 2)
	l.wide = true
	if t.y == t.last.y && t.x == x+1 {
		t.advance(t.x+1, end)
	}
}

// repeat prints the last character again (REP).
func (t *Terminal) repeat(n int) {
	r := t.last.rep
	if r == 0 {
		return
	}
	n = min(n, t.cols*t.rows)
	if r < 0x80 && t.chars.active() == charsetASCII && !t.modes.insert {
		var run [64]byte
		for i := range run {
			run[i] = byte(r)
		}
		for n > 0 {
			k := min(n, len(run))
			for rest := run[:k]; len(rest) > 0; {
				rest = t.printASCII(rest)
			}
			n -= k
		}
		return
	}
	w := runeWidth(r)
	for range n {
		t.put(uint32(r), w)
	}
}
