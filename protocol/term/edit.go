package term

// erase makes columns from…to-1 of a row blank. Selective erase leaves
// protected characters.
func (t *Terminal) erase(y, from, to int, selective bool) {
	l := t.cur.lines[y]
	t.splitWide(l, from)
	t.splitWide(l, to)
	b := t.pen.blank()
	if !selective {
		l.fill(from, to, b)
		if l.pics != nil {
			t.cut(l, from, to)
		}
	} else {
		for x := from; x < to; x++ {
			if c := &l.Cells[x]; c.Attr&Protected == 0 {
				c.Char, c.Attr = 0, c.Attr&penMask
			}
		}
	}
	if to == t.cols {
		l.Wrapped = false
		if from == 0 && !selective {
			l.wide, l.Mark = false, MarkNone
		}
	}
	t.damage.row(y)
}

// eraseDisplay is ED and DECSED.
func (t *Terminal) eraseDisplay(what int, selective bool) {
	switch what {
	case 0:
		t.eraseLine(0, selective)
		for y := t.y + 1; y < t.rows; y++ {
			t.erase(y, 0, t.cols, selective)
		}
	case 1:
		for y := range t.y {
			t.erase(y, 0, t.cols, selective)
		}
		t.eraseLine(1, selective)
	case 2:
		for y := range t.rows {
			t.erase(y, 0, t.cols, selective)
		}
		if !selective {
			t.clearKitty()
		}
	case 3:
		if !selective {
			t.clearHistory()
		}
	}
}

// eraseLine is EL and DECSEL. Only erasing to the right makes a cursor that waits
// to wrap forget it, as in xterm.
func (t *Terminal) eraseLine(what int, selective bool) {
	t.wrap = t.wrap && what != 0
	switch what {
	case 0:
		t.erase(t.y, t.x, t.cols, selective)
	case 1:
		t.erase(t.y, 0, t.x+1, selective)
	case 2:
		t.erase(t.y, 0, t.cols, selective)
	}
}

// eraseChars is ECH.
func (t *Terminal) eraseChars(n int) {
	t.wrap = false
	t.erase(t.y, t.x, min(t.x+n, t.cols), false)
}

func (t *Terminal) insideMargins() bool {
	return t.y >= t.top && t.y <= t.bottom && t.x >= t.left && t.x <= t.right
}

// insertChars is ICH.
func (t *Terminal) insertChars(n int) {
	t.wrap = false
	t.insertCells(n)
}

// insertCells moves what is right of the cursor n columns to the right.
func (t *Terminal) insertCells(n int) {
	if t.x < t.left || t.x > t.right {
		return
	}
	l := t.cur.lines[t.y]
	end := t.right + 1
	n = min(n, end-t.x)
	t.splitWide(l, t.x)
	t.splitWide(l, end)
	t.splitWide(l, end-n)
	copy(l.Cells[t.x+n:end], l.Cells[t.x:end-n])
	l.reach(min(l.end+n, end))
	l.fill(t.x, t.x+n, t.pen.blank())
	if l.pics != nil {
		t.shift(l, t.x, end, n)
	}
	t.damage.row(t.y)
}

// deleteChars is DCH.
func (t *Terminal) deleteChars(n int) {
	t.wrap = false
	if t.x < t.left || t.x > t.right {
		return
	}
	l := t.cur.lines[t.y]
	end := t.right + 1
	n = min(n, end-t.x)
	t.splitWide(l, t.x)
	t.splitWide(l, t.x+n)
	t.splitWide(l, end)
	copy(l.Cells[t.x:end-n], l.Cells[t.x+n:end])
	l.fill(end-n, end, t.pen.blank())
	if l.pics != nil {
		t.shift(l, t.x, end, -n)
	}
	t.damage.row(t.y)
}

// insertLines is IL, deleteLines DL: they scroll the region from the cursor on.
func (t *Terminal) insertLines(n int) {
	t.scrollFromCursor(func() { t.scrollDown(n) })
}

func (t *Terminal) deleteLines(n int) {
	t.scrollFromCursor(func() { t.scrollUpInside(n) })
}

func (t *Terminal) scrollFromCursor(scroll func()) {
	t.wrap = false
	if !t.insideMargins() {
		return
	}
	top := t.top
	t.top = t.y
	scroll()
	t.top = top
	t.x = t.left
}

// scrollUpInside scrolls without feeding the scrollback: deleted lines are gone.
func (t *Terminal) scrollUpInside(n int) {
	n = min(n, t.bottom-t.top+1)
	if t.left > 0 || t.right < t.cols-1 {
		t.scrollColumns(t.top, t.bottom, t.left, t.right, n)
		return
	}
	t.rotate(t.cur.lines[t.top:t.bottom+1], n)
	t.touch(t.top, t.bottom)
}

// insertColumns is DECIC, deleteColumns DECDC.
func (t *Terminal) insertColumns(n int) {
	if t.insideMargins() {
		t.shiftColumns(t.x, n, true)
	}
}

func (t *Terminal) deleteColumns(n int) {
	if t.insideMargins() {
		t.shiftColumns(t.x, n, false)
	}
}

// shiftRegion is SR (right) and SL.
func (t *Terminal) shiftRegion(n int, right bool) {
	if t.insideMargins() {
		t.shiftColumns(t.left, n, right)
	}
}

// shiftColumns moves the columns from x to the right margin in all rows of the
// region.
func (t *Terminal) shiftColumns(x, n int, right bool) {
	savedX, savedY, wrap := t.x, t.y, t.wrap
	for y := t.top; y <= t.bottom; y++ {
		t.x, t.y = x, y
		if right {
			t.insertChars(n)
		} else {
			t.deleteChars(n)
		}
	}
	t.x, t.y, t.wrap = savedX, savedY, wrap
}
