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
	fg, bg, attr, ext := t.pen.Fg, t.pen.Bg, t.pen.Attr, t.pen.Ext
	n := 0
	for n < len(cells) {
		b := p[n]
		if b-0x20 >= del-0x20 {
			break
		}
		// Field by field: the compiler builds a whole Cell on the stack first.
		c := &cells[n]
		c.Char, c.Fg, c.Bg, c.Attr, c.Ext = uint32(b), fg, bg, attr, ext
		n++
	}
	if l.pics != nil {
		t.cut(l, x, x+n)
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

// printText prints the characters at the beginning of p, which begins with one
// beyond ASCII, and gives what follows them. Most stand alone and go straight into
// the line; the others go through printRune.
func (t *Terminal) printText(p []byte) []byte {
	l := t.cur.lines[t.y]
	x, end := t.x, t.lineEnd()
	// The last column, insert mode and wide characters that are overwritten need
	// more care. A line that is blank from here on has none of these.
	if t.wrap || t.modes.insert || t.chars.single != 0 || l.wide && l.end > x {
		return t.printFirst(p)
	}
	begin := x
	ascii := t.chars.active() == charsetASCII
	var (
		fg, bg = t.pen.Fg, t.pen.Bg
		attr   = t.pen.Attr
		ext    = t.pen.Ext
		cells  = l.Cells[:end]
		page   *[256]class // of the character before, mostly of this one too
		pageOf = rune(-1)
	)
	i := 0
	for i < len(p) && x < len(cells) {
		r, n, k := rune(p[i]), 1, class(1)
		switch {
		case r < 0x80:
			if r < 0x20 || r == del || !ascii {
				k = 0
			}
		case r >= 0xe1 && r < 0xed && i+2 < len(p) && p[i+1]&0xc0 == 0x80 && p[i+2]&0xc0 == 0x80:
			r, n, k = r&0xf<<12|rune(p[i+1]&0x3f)<<6|rune(p[i+2]&0x3f), 3, classFind
			// Han and Hangul fill hundreds of pages of the table.
			if r >= 0x4e00 && r < 0xa000 {
				k = 2
			} else if isSyllable(r) {
				k = classSyllable
				if x >= begin+2 && cells[x-2].Char >= 0xac00 {
					k = 2 // after no consonant of its own
				}
			}
		case r >= 0xc3 && r < 0xe0 && i+1 < len(p) && p[i+1]&0xc0 == 0x80:
			r, n, k = r&0x1f<<6|rune(p[i+1]&0x3f), 2, classFind
		case r == 0xf0 && i+3 < len(p) && p[i+1]&0xf0 == 0x90 && p[i+2]&0xc0 == 0x80 && p[i+3]&0xc0 == 0x80:
			r, n, k = rune(p[i+1]&0x3f)<<12|rune(p[i+2]&0x3f)<<6|rune(p[i+3]&0x3f), 4, classFind
		default:
			if r, n = utf8.DecodeRune(p[i:]); n < 2 || r < 0xa0 || r >= 0x20000 {
				k = 0
			} else {
				k = classFind
			}
		}
		if k == classFind {
			if r>>8 != pageOf {
				page, pageOf = classPage(r), r>>8
			}
			k = page[r&0xff]
		}
		w := int(k & classWidth)
		if w == 0 || x+w > len(cells) || (k&(classExtends|classJoins) != 0 || k&classEmoji != 0 && x == begin) && t.joins(r, k, cells[begin:x]) {
			break
		}
		c := &cells[x]
		c.Char, c.Fg, c.Bg, c.Attr, c.Ext = uint32(r), fg, bg, attr, ext
		if w == 2 {
			c.Attr |= Wide
			c = &cells[x+1]
			c.Char, c.Fg, c.Bg, c.Attr, c.Ext = 0, fg, bg, attr|WideTail, ext
			l.wide = true
		}
		x += w
		i += n
	}
	if x == begin {
		return t.printFirst(p)
	}
	l.reach(x)
	if l.pics != nil {
		t.cut(l, t.x, x)
	}
	t.damage.row(t.y)
	at := x - 1
	if cells[at].Attr&WideTail != 0 {
		at--
	}
	t.last.printed(at, t.y, rune(cells[at].Char))
	t.advance(x, end)
	return p[i:]
}

// joins tells whether a character may belong to the cluster of the one before
// it, which is the last of the cells, or t.last when there are none.
func (t *Terminal) joins(r rune, c class, cells []Cell) bool {
	n := len(cells)
	if n == 0 {
		return t.last.valid && mayJoin(r, c, t.last.r, len(t.last.text) > 0)
	}
	if cells[n-1].Attr&WideTail != 0 {
		n--
	}
	return mayJoin(r, c, rune(cells[n-1].Char), false)
}

// mayJoin tells whether a character may belong to the cluster that ends with
// before; most do not. The rules are asked when they may.
func mayJoin(r rune, c class, before rune, several bool) bool {
	switch {
	case c&classExtends != 0:
		return true
	case c&classJoins == 0:
		return c&classEmoji != 0 && before == 0x200d
	case isSyllable(r) && (before < 0x1100 || isSyllable(before)):
		return false // only a leading consonant leads to one
	}
	return several || classOf(before)&classLeads != 0
}

// printFirst prints the first character of p, whatever it is.
func (t *Terminal) printFirst(p []byte) []byte {
	r, n := utf8.DecodeRune(p)
	if r == utf8.RuneError && n <= 1 {
		if !utf8.FullRune(p) {
			t.p.nPartial = uint8(copy(t.p.partial[:], p))
			return nil
		}
		n = brokenLength(p)
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
	if t.last.valid && c > classWidth && t.joins(r, c, nil) && t.attach(r, c) {
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
	if l.pics != nil {
		t.cut(l, t.x, t.x+w)
	}
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
	if l.pics != nil {
		t.cut(l, x, x+2)
	}
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
