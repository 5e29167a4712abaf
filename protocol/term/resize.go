package term

// Resize changes the size. Lines of the main screen and the scrollback that were
// wrapped are joined and wrapped anew; the alternate screen is cut or padded, as
// its program redraws it.
func (t *Terminal) Resize(cols, rows int) {
	cols, rows = clampSize(cols, MaxCols), clampSize(rows, MaxRows)
	if cols == t.cols && rows == t.rows {
		return
	}
	onAlt := t.cur == &t.alt
	cursor := &point{t.x, t.y}
	if t.wrap {
		cursor.x++ // the place of the next character
	}
	if onAlt {
		cursor = &point{t.main.saved.x, t.main.saved.y}
	}
	oldCols := t.cols
	if cols != oldCols {
		t.reflow(cols, cursor)
	}
	t.fitRows(cols, rows, cursor)
	if t.alt.lines != nil {
		t.alt.lines = fitLines(t.alt.lines, cols, rows, t.y)
	}
	t.cols, t.rows = cols, rows
	if onAlt {
		if over := t.y - (rows - 1); over > 0 {
			t.y -= over
		}
		t.wrap = t.wrap && cols == oldCols
		t.main.saved.x, t.main.saved.y = min(cursor.x, cols-1), min(max(cursor.y, 0), rows-1)
	} else {
		t.wrap = t.wrap && cursor.x >= cols
		t.x, t.y = cursor.x, cursor.y
	}
	t.x, t.y = min(max(t.x, 0), cols-1), min(max(t.y, 0), rows-1)
	t.modes.leftRight = false
	t.resetMargins()
	tabs := t.tabs
	t.resetTabs()
	copy(t.tabs, tabs)
	t.last = lastPrinted{}
	t.damage.all = true
	for _, s := range [2]*savedCursor{&t.main.saved, &t.alt.saved} {
		s.x, s.y = min(s.x, cols-1), min(s.y, rows-1)
	}
}

// point is a place on the screen; y may be off it while lines move.
type point struct{ x, y int }

// reflow lays all lines of the main screen and the scrollback out for a new
// width. The cursor stays on its character.
func (t *Terminal) reflow(cols int, cursor *point) {
	oldTop, rows := t.hist.n, len(t.main.lines)
	get := func(i int) *Line {
		if i < oldTop {
			return t.hist.at(i)
		}
		return t.main.lines[i-oldTop]
	}
	// Blank rows at the end of the screen are not text: they come back as
	// blank rows, not as lines to be kept.
	last := oldTop + rows - 1
	for last > oldTop+cursor.y && get(last).empty() && !get(last).Wrapped {
		last--
	}
	f := flow{
		cols: cols, oldCols: t.cols, line: Line{Cells: make([]Cell, 0, cols)}, cursor: cursor,
		topRow: oldTop, cursorRow: oldTop + cursor.y, cursorLine: -1,
	}
	// The screen's lines are in it too until they are taken out.
	f.out.max = t.hist.max + rows
	for i := 0; i <= last; {
		end := i
		for end < last && get(end).Wrapped {
			end++
		}
		f.logical(get, i, end)
		i = end + 1
	}
	// The screen shows the end of the text, with the cursor where it was if
	// that is possible.
	total := int(f.out.pushed)
	top := max(total-rows, 0)
	if last-oldTop+1 < rows { // rows below the text are there for what gets longer
		top = max(top, min(f.topLine, f.cursorLine))
	}
	lines := newLines(rows, cols)
	for i := total - top - 1; i >= 0; i-- {
		if l, ok := f.out.pop(cols); ok {
			lines[i] = l
		}
	}
	pushed := t.hist.pushed
	f.out.max = t.hist.max
	f.out.trim()
	t.hist = f.out
	t.hist.pushed = pushed + uint64(top)
	t.main.lines = lines
	cursor.y = f.cursorLine - top
	t.epoch++
}

// flow is a text that is laid out for a new width.
type flow struct {
	cols       int
	oldCols    int
	out        history // the lines so far
	line       Line    // the one that is being filled
	cursor     *point
	topRow     int // old first row of the screen, counted as cursorRow
	topLine    int // the new line that it begins in
	cursorRow  int // old row of the cursor, counted from the oldest line
	cursorLine int // its new line, -1 until it is known
}

func (f *flow) emit(wrapped bool) {
	f.line.Wrapped, f.line.end = wrapped, len(f.line.Cells)
	f.out.push(&f.line)
	f.line = Line{Cells: f.line.Cells[:0]}
}

// at puts the cursor at the column x of the line that is being filled.
func (f *flow) at(x int) { f.cursor.x, f.cursorLine = x, int(f.out.pushed) }

// logical lays out one line of the program, rows i…end.
func (f *flow) logical(get func(int) *Line, i, end int) {
	f.line.Mark = get(i).Mark
	for row := i; row <= end; row++ {
		l := get(row)
		n := l.used()
		if row < end {
			n = f.oldCols
			if get(row+1).startsWide() && l.used() < n {
				n-- // the column was left blank because the wide character did not fit
			}
		}
		if row == f.topRow {
			f.topLine = int(f.out.pushed)
		}
		if l.pics != nil {
			if n > 0 && len(f.line.Cells) == f.cols {
				f.emit(true)
			}
			f.line.movePieces(l, len(f.line.Cells))
		}
		atCursor, oldX := row == f.cursorRow, f.cursor.x
		for x := range n {
			var c Cell // what the scrollback does not keep is blank
			if x < len(l.Cells) {
				c = l.Cells[x]
			}
			w := 1
			if c.Attr&Wide != 0 {
				w = 2
			}
			if c.Attr&WideTail != 0 {
				if atCursor && x == oldX && len(f.line.Cells) > 0 {
					f.at(len(f.line.Cells) - 1)
				}
				continue // goes with its left half
			}
			if w == 2 && f.cols < 2 {
				c.Attr &^= Wide
				w = 1
			}
			if len(f.line.Cells)+w > f.cols {
				f.emit(true)
			}
			if atCursor && x == oldX {
				f.at(len(f.line.Cells))
				atCursor = false
			}
			f.line.Cells = append(f.line.Cells, c)
			if w == 2 {
				f.line.wide = true
				tail := c
				tail.Char, tail.Attr = 0, c.Attr&^Wide|WideTail
				f.line.Cells = append(f.line.Cells, tail)
			}
		}
		if atCursor && oldX >= n {
			// The cursor stands beyond the text, in this row or, when there is no
			// room any more, after its last column.
			f.at(min(len(f.line.Cells)+oldX-n, f.cols))
		}
	}
	f.emit(false)
}

// fitRows gives the main screen a new number of rows: a smaller screen loses
// blank rows at the bottom first and then pushes rows to the scrollback, a larger
// one takes them back. Its lines are as wide already.
func (t *Terminal) fitRows(cols, rows int, cursor *point) {
	lines := t.main.lines
	for len(lines) > rows && len(lines)-1 > cursor.y && lines[len(lines)-1].empty() {
		lines = lines[:len(lines)-1]
	}
	if over := len(lines) - rows; over > 0 {
		for _, l := range lines[:over] {
			t.hist.push(l)
		}
		lines = lines[over:]
		cursor.y -= over
	}
	if len(lines) == rows && len(t.main.lines) == rows {
		return
	}
	fitted := newLines(rows, cols)
	back := min(rows-len(lines), t.hist.n)
	for y := back - 1; y >= 0; y-- {
		fitted[y], _ = t.hist.pop(cols)
	}
	copy(fitted[back:], lines)
	cursor.y += back
	t.main.lines = fitted
}

// fitLines cuts and pads the alternate screen, keeping the cursor's row.
func fitLines(lines []*Line, cols, rows, y int) []*Line {
	if over := y - (rows - 1); over > 0 {
		lines = lines[over:]
	}
	out := newLines(rows, cols)
	for i := range min(rows, len(lines)) {
		out[i].take(lines[i])
		out[i].pics = lines[i].pics
		out[i].Wrapped = lines[i].Wrapped && len(lines[i].Cells) == cols
	}
	return out
}

func (l *Line) startsWide() bool { return len(l.Cells) > 0 && l.Cells[0].Attr&Wide != 0 }

// take copies another line's cells, as far as they fit.
func (l *Line) take(from *Line) {
	n := copy(l.Cells, from.Cells)
	l.end, l.wide = min(from.end, n), from.wide
	if n > 0 && n < len(from.Cells) && l.Cells[n-1].Attr&Wide != 0 {
		l.Cells[n-1] = Cell{} // its right half is cut off
	}
}
