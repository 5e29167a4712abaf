package term

// screen is the main or the alternate screen.
type screen struct {
	lines []*Line
	saved savedCursor
	kitty []uint8 // stack of keyboard flags; the last one counts
}

// savedCursor is what DECSC keeps.
type savedCursor struct {
	x, y   int
	wrap   bool
	pen    pen
	chars  charsets
	origin bool
	set    bool
}

// newLines makes blank rows. The screens keep pointers, so that scrolling moves
// these and not the lines.
func newLines(rows, cols int) []*Line {
	lines := make([]*Line, rows)
	each := make([]Line, rows)
	cells := make([]Cell, rows*cols)
	for y := range lines {
		each[y].Cells = cells[y*cols : (y+1)*cols : (y+1)*cols]
		lines[y] = &each[y]
	}
	return lines
}

// clearLine makes a row blank with the pen's background.
func (t *Terminal) clearLine(l *Line) {
	if t.pen.Bg == DefaultColor {
		clear(l.Cells[:l.end])
		l.end = 0
	} else {
		l.fill(0, t.cols, t.pen.blank())
	}
	l.Wrapped, l.Mark, l.wide, l.pics = false, MarkNone, false, nil
}

func (t *Terminal) clearHistory() {
	t.hist.clear()
	t.epoch++
	t.damage.all = true
}

// scrollUp moves the scroll region n rows up. Lines that leave a region that
// begins at the first row of the main screen go to the scrollback.
func (t *Terminal) scrollUp(n int) {
	n = min(n, t.bottom-t.top+1)
	if n <= 0 {
		return
	}
	if t.left > 0 || t.right < t.cols-1 {
		t.scrollColumns(t.top, t.bottom, t.left, t.right, n)
		return
	}
	lines := t.cur.lines[t.top : t.bottom+1]
	if t.top == 0 && t.cur == &t.main {
		for _, l := range lines[:n] {
			t.hist.push(l)
		}
		t.rotate(lines, n)
		t.damage.all = true
		return
	}
	t.rotate(lines, n)
	t.touch(t.top, t.bottom)
}

// rotate moves lines n up; those that leave come in blank at the end.
func (t *Terminal) rotate(lines []*Line, n int) {
	if n == 1 {
		first, last := lines[0], len(lines)-1
		copy(lines, lines[1:])
		lines[last] = first
		t.clearLine(first)
		return
	}
	reverseLines(lines[:n])
	reverseLines(lines[n:])
	reverseLines(lines)
	for _, l := range lines[len(lines)-n:] {
		t.clearLine(l)
	}
}

func reverseLines(l []*Line) {
	for i, j := 0, len(l)-1; i < j; i, j = i+1, j-1 {
		l[i], l[j] = l[j], l[i]
	}
}

// scrollDown moves the scroll region n rows down.
func (t *Terminal) scrollDown(n int) {
	n = min(n, t.bottom-t.top+1)
	if n <= 0 {
		return
	}
	if t.left > 0 || t.right < t.cols-1 {
		t.scrollColumns(t.top, t.bottom, t.left, t.right, -n)
		return
	}
	lines := t.cur.lines[t.top : t.bottom+1]
	k := len(lines) - n
	if n == 1 {
		last := lines[k]
		copy(lines[1:], lines[:k])
		lines[0] = last
	} else {
		reverseLines(lines[:k])
		reverseLines(lines[k:])
		reverseLines(lines)
	}
	for _, l := range lines[:n] {
		t.clearLine(l)
	}
	t.touch(t.top, t.bottom)
}

// scrollColumns moves part of the columns, n rows up or -n down.
func (t *Terminal) scrollColumns(top, bottom, left, right, n int) {
	height := bottom - top + 1
	for i := range height {
		y := top + i
		if n < 0 {
			y = bottom - i
		}
		l := t.cur.lines[y]
		t.splitWide(l, left)
		t.splitWide(l, right+1)
		if from := y + n; from >= top && from <= bottom {
			src := t.cur.lines[from]
			t.splitWide(src, left)
			t.splitWide(src, right+1)
			copy(l.Cells[left:right+1], src.Cells[left:right+1])
			l.reach(min(src.end, right+1))
			l.wide = l.wide || src.wide
			t.copyPieces(l, left, src, left, right-left+1)
		} else {
			l.fill(left, right+1, t.pen.blank())
			if l.pics != nil {
				t.cut(l, left, right+1)
			}
		}
	}
	t.touch(top, bottom)
}

func (t *Terminal) touch(top, bottom int) {
	t.damage.rowsFrom(top, bottom)
}

// splitWide makes sure that no wide character crosses the left edge of column x:
// both its halves become blanks when one is about to be overwritten.
func (t *Terminal) splitWide(l *Line, x int) {
	if !l.wide || x <= 0 || x >= len(l.Cells) || l.Cells[x].Attr&WideTail == 0 {
		return
	}
	for _, i := range [2]int{x - 1, x} {
		c := &l.Cells[i]
		c.Char, c.Attr = ' ', c.Attr&penMask
	}
}

// useAlternate switches between the screens.
func (t *Terminal) useAlternate(on bool) {
	if on == (t.cur == &t.alt) {
		return
	}
	if on {
		if t.alt.lines == nil {
			t.alt.lines = newLines(t.rows, t.cols)
		}
		t.cur = &t.alt
	} else {
		t.cur = &t.main
	}
	t.last = lastPrinted{}
	t.damage.all = true
}

// dropAlternate forgets the alternate screen, with the flags of programs that
// did not tidy up, unless it is shown.
func (t *Terminal) dropAlternate() {
	if t.cur != &t.alt {
		t.alt.lines, t.alt.kitty = nil, nil
	}
}

func (t *Terminal) saveCursor() {
	t.cur.saved = savedCursor{t.x, t.y, t.wrap, t.pen, t.chars, t.modes.origin, true}
}

func (t *Terminal) restoreCursor() {
	s := t.cur.saved
	if !s.set {
		s = savedCursor{}
	}
	t.pen, t.chars, t.modes.origin = s.pen, s.chars, s.origin
	t.x, t.y = min(s.x, t.cols-1), min(s.y, t.rows-1)
	t.wrap = s.wrap && t.x == t.cols-1
}
