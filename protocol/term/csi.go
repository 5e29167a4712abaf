package term

// csi executes a control sequence; its parts are in t.p.
func (t *Terminal) csi(final byte) {
	p := &t.p
	if p.overflow {
		return
	}
	if final != 'b' && final != 'm' { // marks join a character across a change of colour
		t.last.valid = false
	}
	switch {
	case p.nInter == 1:
		t.csiWith(p.intermediate[0], final)
	case p.nInter > 1:
	case p.private != 0:
		t.csiPrivate(p.private, final)
	default:
		t.csiPlain(final)
	}
	if final != 'b' && final != 'm' {
		t.last.rep = 0
	}
}

func (t *Terminal) csiPlain(final byte) {
	p := &t.p
	switch final {
	case '@':
		t.insertChars(p.atLeast1(0))
	case 'A':
		t.cursorUp(p.atLeast1(0))
	case 'B', 'e':
		t.cursorDown(p.atLeast1(0))
	case 'C', 'a':
		t.cursorForward(p.atLeast1(0))
	case 'D':
		t.cursorBack(p.atLeast1(0))
	case 'E':
		t.cursorDown(p.atLeast1(0))
		t.carriageReturn()
	case 'F':
		t.cursorUp(p.atLeast1(0))
		t.carriageReturn()
	case 'G', '`':
		t.column(p.atLeast1(0) - 1)
	case 'H', 'f':
		t.position(p.atLeast1(0)-1, p.atLeast1(1)-1)
	case 'I':
		t.tabForward(p.atLeast1(0))
	case 'J':
		t.eraseDisplay(p.get(0, 0), false)
	case 'K':
		t.eraseLine(p.get(0, 0), false)
	case 'L':
		t.insertLines(p.atLeast1(0))
	case 'M':
		t.deleteLines(p.atLeast1(0))
	case 'P':
		t.deleteChars(p.atLeast1(0))
	case 'S':
		t.scrollUp(p.atLeast1(0))
	case 'T':
		if p.count() <= 1 {
			t.scrollDown(p.atLeast1(0))
		}
	case 'X':
		t.eraseChars(p.atLeast1(0))
	case 'Z':
		t.tabBack(p.atLeast1(0))
	case '^':
		t.scrollDown(p.atLeast1(0))
	case 'b':
		t.repeat(p.atLeast1(0))
	case 'c':
		if p.get(0, 0) == 0 {
			t.deviceAttributes()
		}
	case 'd':
		t.row(p.atLeast1(0) - 1)
	case 'g':
		t.clearTabs(p.get(0, 0))
	case 'h', 'l':
		for i := range p.count() {
			t.setMode(p.get(i, 0), final == 'h')
		}
	case 'm':
		t.sgr()
	case 'n':
		t.deviceStatus(p.get(0, 0))
	case 'r':
		t.setMargins(p.get(0, 0), p.get(1, 0))
	case 's':
		if t.modes.leftRight {
			t.setColumnMargins(p.get(0, 0), p.get(1, 0))
		} else {
			t.saveCursor()
		}
	case 't':
		t.windowOp()
	case 'u':
		t.restoreCursor()
	case 'x':
		t.requestParameters(p.get(0, 0))
	}
}

func (t *Terminal) csiPrivate(private, final byte) {
	p := &t.p
	switch [2]byte{private, final} {
	case [2]byte{'?', 'h'}, [2]byte{'?', 'l'}:
		for i := range p.count() {
			t.setPrivate(p.get(i, 0), final == 'h')
		}
	case [2]byte{'?', 's'}:
		for i := range p.count() {
			t.savePrivate(p.get(i, 0))
		}
	case [2]byte{'?', 'r'}:
		for i := range p.count() {
			t.restorePrivate(p.get(i, 0))
		}
	case [2]byte{'?', 'J'}:
		t.eraseDisplay(p.get(0, 0), true)
	case [2]byte{'?', 'K'}:
		t.eraseLine(p.get(0, 0), true)
	case [2]byte{'?', 'S'}:
		t.graphicsAttribute()
	case [2]byte{'?', 'n'}:
		t.privateStatus(p.get(0, 0))
	case [2]byte{'?', 'm'}:
		if p.get(0, 0) == 4 {
			t.replyf("\x1b[>4;%dm", t.modes.modifyOtherKeys)
		}
	case [2]byte{'?', 'W'}:
		if p.get(0, 0) == 5 {
			t.resetTabs() // DECST8C
		}
	case [2]byte{'>', 'c'}:
		if p.get(0, 0) == 0 {
			t.reply("\x1b[>41;400;0c")
		}
	case [2]byte{'=', 'c'}:
		if p.get(0, 0) == 0 {
			t.reply("\x1bP!|00000000\x1b\\")
		}
	case [2]byte{'>', 'm'}:
		if p.get(0, 0) == 4 {
			t.modes.modifyOtherKeys = uint8(min(p.get(1, 0), 2))
		} else if p.count() == 0 {
			t.modes.modifyOtherKeys = 0
		}
	case [2]byte{'>', 'n'}:
		if p.get(0, 0) == 4 {
			t.modes.modifyOtherKeys = 0
		}
	case [2]byte{'>', 'q'}:
		if p.get(0, 0) == 0 {
			t.reply("\x1bP>|" + t.cfg.Name + "\x1b\\")
		}
	case [2]byte{'?', 'u'}, [2]byte{'>', 'u'}, [2]byte{'<', 'u'}, [2]byte{'=', 'u'}:
		t.kittyKeyboard(private)
	}
}

func (t *Terminal) csiWith(inter, final byte) {
	p := &t.p
	switch inter {
	case ' ':
		switch final {
		case '@':
			t.shiftRegion(p.atLeast1(0), false)
		case 'A':
			t.shiftRegion(p.atLeast1(0), true)
		case 'q':
			t.setCursorStyle(p.get(0, 0))
		}
	case '!':
		if final == 'p' {
			t.softReset()
		}
	case '"':
		if final == 'q' { // DECSCA
			if p.get(0, 0) == 1 {
				t.pen.Attr |= Protected
			} else {
				t.pen.Attr &^= Protected
			}
		}
	case '\'':
		switch final {
		case '}':
			t.insertColumns(p.atLeast1(0))
		case '~':
			t.deleteColumns(p.atLeast1(0))
		}
	case '$':
		switch final {
		case 'p':
			t.requestMode(p.private, p.get(0, 0))
		case 'r', 't':
			t.changeAttributes(final == 't')
		case 'v':
			t.copyRectangle()
		case 'x':
			t.fillRectangle(p.get(0, 0))
		case 'z':
			t.eraseRectangle(false)
		case '{':
			t.eraseRectangle(true)
		}
	case '*':
		switch final {
		case 'x':
			t.modes.rectangular = p.get(0, 0) == 2
		case 'y':
			t.checksum()
		}
	}
}

// setCursorStyle is DECSCUSR.
func (t *Terminal) setCursorStyle(n int) {
	if n > 6 {
		return
	}
	t.blink = n == 0 || n&1 == 1
	switch n {
	case 3, 4:
		t.style = CursorUnderline
	case 5, 6:
		t.style = CursorBar
	default:
		t.style = CursorBlock
	}
}

// Cursor movement. The margins stop a cursor that is inside of them.

func (t *Terminal) cursorUp(n int) {
	t.wrap = false
	end := 0
	if t.y >= t.top {
		end = t.top
	}
	t.y = max(t.y-n, end)
}

func (t *Terminal) cursorDown(n int) {
	t.wrap = false
	end := t.rows - 1
	if t.y <= t.bottom {
		end = t.bottom
	}
	t.y = min(t.y+n, end)
}

func (t *Terminal) cursorForward(n int) {
	t.wrap = false
	end := t.cols - 1
	if t.x <= t.right {
		end = t.right
	}
	t.x = min(t.x+n, end)
}

func (t *Terminal) cursorBack(n int) {
	if t.modes.reverseWrap && t.modes.wrap {
		for range min(n, t.cols*t.rows) {
			t.backspace()
		}
		return
	}
	t.wrap = false
	end := 0
	if t.x >= t.left {
		end = t.left
	}
	t.x = max(t.x-n, end)
}

// column is CHA, row VPA, position CUP; with origin mode they count from the
// margins.
func (t *Terminal) column(x int) {
	t.wrap = false
	if t.modes.origin {
		t.x = min(t.left+x, t.right)
		return
	}
	t.x = min(x, t.cols-1)
}

func (t *Terminal) row(y int) {
	t.wrap = false
	if t.modes.origin {
		t.y = min(t.top+y, t.bottom)
		return
	}
	t.y = min(y, t.rows-1)
}

func (t *Terminal) position(y, x int) {
	t.row(y)
	t.column(x)
}

func (t *Terminal) resetMargins() {
	t.top, t.bottom = 0, t.rows-1
	t.left, t.right = 0, t.cols-1
}

// setMargins is DECSTBM, setColumnMargins DECSLRM.
func (t *Terminal) setMargins(top, bottom int) {
	top = max(top, 1)
	if bottom == 0 || bottom > t.rows {
		bottom = t.rows
	}
	if top >= bottom {
		return
	}
	t.top, t.bottom = top-1, bottom-1
	t.position(0, 0)
}

func (t *Terminal) setColumnMargins(left, right int) {
	left = max(left, 1)
	if right == 0 || right > t.cols {
		right = t.cols
	}
	if left >= right {
		return
	}
	t.left, t.right = left-1, right-1
	t.position(0, 0)
}

func (t *Terminal) clearTabs(what int) {
	switch what {
	case 0:
		t.tabs[t.x] = false
	case 3:
		clear(t.tabs)
	}
}
