package term

import (
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
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

// printASCII prints a run of printable ASCII.
func (t *Terminal) printASCII(p []byte) {
	if t.chars.active() != charsetASCII || t.modes.insert {
		for _, c := range p {
			t.printRune(rune(c))
		}
		return
	}
	t.last.rep = rune(p[len(p)-1])
	for len(p) > 0 {
		if t.wrap {
			t.wrapLine()
		}
		end := t.lineEnd()
		n := min(len(p), end-t.x)
		l := t.cur.lines[t.y]
		if l.wide {
			t.splitWide(l, t.x)
			t.splitWide(l, t.x+n)
		}
		c := Cell{Fg: t.pen.Fg, Bg: t.pen.Bg, Attr: t.pen.Attr, Ext: t.pen.Ext}
		cells := l.Cells[t.x : t.x+n]
		for i, b := range p[:n] {
			c.Char = uint32(b)
			cells[i] = c
		}
		l.reach(t.x + n)
		t.damage.row(t.y)
		t.x += n
		rest := len(p) - n
		if t.x == end {
			t.x = end - 1
			if !t.modes.wrap {
				// Every further character overwrites the last column.
				if rest > 0 {
					l.Cells[t.x].Char = uint32(p[len(p)-1])
				}
				t.last.x, t.last.y, t.last.r, t.last.valid = t.x, t.y, rune(p[len(p)-1]), true
				t.last.text = t.last.text[:0]
				return
			}
			t.wrap = true
			t.last.x = t.x
		} else {
			t.last.x = t.x - 1
		}
		t.last.y = t.y
		t.last.r = rune(p[n-1])
		p = p[n:]
	}
	t.last.valid = true
	t.last.text = t.last.text[:0]
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

// printRune prints one character that is not, or need not be, ASCII.
func (t *Terminal) printRune(r rune) {
	if r < 0x80 {
		r = t.chars.translate(r)
	} else {
		t.chars.single = 0
	}
	if r >= 0x300 && t.attach(r) {
		return
	}
	w := t.width(r)
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
	t.x += w
	if t.x >= end {
		t.x = end - 1
		t.wrap = t.modes.wrap
	}
}

// attach joins r to the character before when both are one grapheme cluster
// (UAX #29); false if r begins a new one.
func (t *Terminal) attach(r rune) bool {
	if !t.last.valid || standsAlone(r, t.last.r) {
		return false
	}
	text := t.last.text
	if len(text) == 0 {
		text = utf8.AppendRune(text, t.last.r)
	}
	before := len(text)
	text = utf8.AppendRune(text, r)
	t.last.text = text[:before]
	if first, _, _, _ := uniseg.Step(text, -1); len(first) != len(text) {
		if before == utf8.RuneLen(t.last.r) {
			t.last.text = text[:0]
		}
		return false
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
	c := &l.Cells[t.last.x]
	c.Char = ch
	t.damage.row(t.last.y)
	if c.Attr&Wide == 0 && clusterWidth(text) == 2 {
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
		if t.x++; t.x >= end {
			t.x = end - 1
			t.wrap = t.modes.wrap
		}
	}
}

// standsAlone tells quickly, for most text, that r does not continue the
// character before it.
func standsAlone(r, before rune) bool {
	if before == 0x200d { // zero width joiner: an emoji may go on
		return false
	}
	switch {
	case r >= 0x4e00 && r < 0xa000, // Han
		r >= 0x3041 && r < 0x3097, r >= 0x30a1 && r < 0x30fb, // kana
		r >= 0x370 && r < 0x483, r >= 0x48a && r < 0x591, // Greek, Cyrillic, Armenian
		r >= 0x1e00 && r < 0x2000,                            // Latin and Greek extended
		r >= 0x2010 && r < 0x2028, r >= 0x2190 && r < 0x2c00, // punctuation, arrows, mathematics, boxes, blocks, symbols, Braille
		r >= 0xff01 && r < 0xff9e: // full width
		return true
	case r >= 0xac00 && r < 0xd7a4: // Hangul syllables follow only leading consonants
		return before < 0x1100 || before > 0x11ff && before < 0xa960 || before > 0xa97f
	}
	return false
}

var widthRules = func() *runewidth.Condition {
	c := runewidth.NewCondition()
	c.EastAsianWidth = false
	c.StrictEmojiNeutral = true
	return c
}()

// width gives the cells of a single code point, 0…2, from a small cache.
func (t *Terminal) width(r rune) int {
	if r < 0x300 {
		return 1 // the soft hyphen too, as xterm does
	}
	slot := &t.widths[(r^r>>8)&0xff]
	if rune(*slot>>8) == r {
		return int(*slot & 3)
	}
	w := min(max(widthRules.RuneWidth(r), 0), 2)
	*slot = uint32(r)<<8 | uint32(w)
	return w
}

// clusterWidth gives the cells of a cluster of several code points.
func clusterWidth(text []byte) int {
	r, n := utf8.DecodeRune(text)
	w := widthRules.RuneWidth(r)
	second, _ := utf8.DecodeRune(text[n:])
	switch {
	case second == 0xfe0f: // emoji presentation
		return 2
	case r >= 0x1f1e6 && r <= 0x1f1ff: // regional indicators: a flag
		return 2
	}
	return min(max(w, 1), 2)
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
			t.printASCII(run[:k])
			n -= k
		}
		return
	}
	w := t.width(r)
	for range n {
		t.put(uint32(r), w)
	}
}
