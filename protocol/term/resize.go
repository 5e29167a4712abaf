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
		t.main.saved.x, t.main.saved.y = min(cursor.x, cols-1), min(max(cursor.y, 0), rows-1)
	} else {
		t.x, t.y = cursor.x, cursor.y
	}
	t.wrap = t.wrap && !onAlt && t.x >= cols || t.wrap && t.x == cols-1 && cols == oldCols
	t.x, t.y = min(max(t.x, 0), cols-1), min(max(t.y, 0), rows-1)
	t.modes.leftRight = false
	t.resetMargins()
	tabs := t.tabs
	t.resetTabs()
	copy(t.tabs, tabs)
	t.last = lastPrinted{}
	t.damage.all = true
}

// point is a place on the screen; y may be off it while lines move.
type point struct{ x, y int }

// reflow lays all lines of the main screen and the scrollback out for a new
// width. The cursor stays on its character.
func (t *Terminal) reflow(cols int, cursor *point) {
	oldTop := t.hist.n
	total := t.hist.n + len(t.main.lines)
	get := func(i int) *Line {
		if i < t.hist.n {
			return t.hist.at(i)
		}
		return &t.main.lines[i-t.hist.n]
	}
	// Blank rows at the end of the screen are not text: they come back as
	// blank rows, not as lines to be kept.
	last := total - 1
	for last > oldTop+cursor.y && get(last).used() == 0 && !get(last).Wrapped {
		last--
	}
	var out []Line
	cursorLine := -1
	for i := 0; i <= last; {
		end := i
		for end < last && get(end).Wrapped {
			end++
		}
		out = t.reflowOne(out, get, i, end, cols, oldTop+cursor.y, cursor, &cursorLine)
		i = end + 1
	}
	rows := len(t.main.lines)
	// The screen shows the end of the text, with the cursor where it was if
	// that is possible.
	top := max(len(out)-rows, 0)
	if blank := rows - (last - oldTop + 1); blank > 0 {
		top = max(len(out)-(rows-blank), 0) // rows below the text stay blank
		if cursorLine < top {
			top = max(cursorLine, 0)
		}
		if len(out)-top > rows {
			top = len(out) - rows
		}
	}
	pushed := t.hist.pushed
	t.hist.clear()
	for i := range top {
		l := out[i]
		l.Cells = l.Cells[:l.used()]
		t.hist.push(l)
	}
	t.hist.pushed = pushed + uint64(top)
	lines := make([]Line, 0, rows)
	for i := top; i < len(out) && len(lines) < rows; i++ {
		lines = append(lines, padLine(out[i], cols))
	}
	for len(lines) < rows {
		lines = append(lines, Line{Cells: make([]Cell, cols)})
	}
	t.main.lines = lines
	cursor.y = cursorLine - top
	t.epoch++
}

// reflowOne lays out one logical line, rows i…end, and appends it to out.
func (t *Terminal) reflowOne(out []Line, get func(int) *Line, i, end, cols, cursorRow int, cursor *point, cursorLine *int) []Line {
	first := get(i)
	cur := Line{Cells: make([]Cell, 0, cols), Mark: first.Mark}
	emit := func(wrapped bool) {
		cur.Wrapped = wrapped
		out = append(out, cur)
		cur = Line{Cells: make([]Cell, 0, cols)}
	}
	for row := i; row <= end; row++ {
		l := get(row)
		n := len(l.Cells)
		if row == end {
			n = l.used()
		}
		atCursor := row == cursorRow
		oldX := cursor.x
		for x := 0; x < n; x++ {
			c := l.Cells[x]
			w := 1
			if c.Attr&Wide != 0 {
				w = 2
			}
			if c.Attr&WideTail != 0 {
				if atCursor && x == oldX && len(cur.Cells) > 0 {
					cursor.x, *cursorLine = len(cur.Cells)-1, len(out)
				}
				continue // goes with its left half
			}
			if w == 2 && cols < 2 {
				c.Attr &^= Wide
				w = 1
			}
			if len(cur.Cells)+w > cols {
				emit(true)
			}
			if atCursor && x == oldX {
				cursor.x, *cursorLine = len(cur.Cells), len(out)
				atCursor = false
			}
			cur.Cells = append(cur.Cells, c)
			if w == 2 {
				cur.wide = true
				tail := c
				tail.Char, tail.Attr = 0, c.Attr&^Wide|WideTail
				cur.Cells = append(cur.Cells, tail)
			}
		}
		if atCursor && oldX >= n {
			// The cursor stands beyond the text, in this row or, when there is no
			// room any more, at its end.
			x := len(cur.Cells) + oldX - n
			if x >= cols {
				x = cols - 1
			}
			cursor.x, *cursorLine = x, len(out)
		}
	}
	emit(false)
	return out
}

func padLine(l Line, cols int) Line {
	if n := len(l.Cells); n < cols {
		if cap(l.Cells) >= cols {
			l.Cells = l.Cells[:cols]
			clear(l.Cells[n:])
		} else {
			cells := make([]Cell, cols)
			copy(cells, l.Cells)
			l.Cells = cells
		}
	}
	return l
}

// fitRows gives the main screen a new number of rows: a smaller screen loses
// blank rows at the bottom first and then pushes rows to the scrollback, a larger
// one takes them back.
func (t *Terminal) fitRows(cols, rows int, cursor *point) {
	lines := t.main.lines
	for len(lines) > rows && len(lines)-1 > cursor.y && lines[len(lines)-1].used() == 0 {
		lines = lines[:len(lines)-1]
	}
	if over := len(lines) - rows; over > 0 {
		for i := range over {
			t.hist.push(lines[i])
		}
		lines = append([]Line(nil), lines[over:]...)
		cursor.y -= over
	}
	if missing := rows - len(lines); missing > 0 {
		var back []Line
		for len(back) < missing {
			l, ok := t.hist.pop()
			if !ok {
				break
			}
			back = append(back, padLine(l, cols))
		}
		grown := make([]Line, 0, rows)
		for i := len(back) - 1; i >= 0; i-- {
			grown = append(grown, back[i])
		}
		cursor.y += len(back)
		grown = append(grown, lines...)
		for len(grown) < rows {
			grown = append(grown, Line{Cells: make([]Cell, cols)})
		}
		lines = grown
	}
	t.main.lines = lines
	for i := range lines {
		lines[i] = padLine(lines[i], cols)
	}
}

// fitLines cuts and pads the alternate screen, keeping the cursor's row.
func fitLines(lines []Line, cols, rows, y int) []Line {
	if over := y - (rows - 1); over > 0 {
		lines = lines[over:]
	}
	out := newLines(rows, cols)
	for i := range min(rows, len(lines)) {
		n := copy(out[i].Cells, lines[i].Cells)
		if n > 0 && n < len(lines[i].Cells) && out[i].Cells[n-1].Attr&Wide != 0 {
			out[i].Cells[n-1] = Cell{} // its right half is cut off
		}
		out[i].wide = lines[i].wide
	}
	return out
}
