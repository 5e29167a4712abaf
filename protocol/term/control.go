package term

// control executes a C0 control.
func (t *Terminal) control(c byte) {
	t.last.rep = 0
	switch c {
	case bel:
		if t.h.Bell != nil {
			t.h.Bell()
		}
	case '\b':
		t.backspace()
	case '\t':
		t.tabForward(1)
	case '\n', '\v', '\f':
		t.lineFeed()
	case '\r':
		t.carriageReturn()
	case 0x0e: // SO
		t.chars.left = 1
	case 0x0f: // SI
		t.chars.left = 0
	}
}

func (t *Terminal) lineFeed() {
	t.wrap = false
	t.last.valid, t.last.rep = false, 0
	t.index()
	if t.modes.newline {
		t.carriageReturn()
	}
}

func (t *Terminal) carriageReturn() {
	t.wrap = false
	t.last.valid, t.last.rep = false, 0
	if t.x >= t.left {
		t.x = t.left
	} else {
		t.x = 0
	}
}

// backspace goes one column left; with reverse wrap (mode 45) also to the end
// of the line before.
func (t *Terminal) backspace() {
	t.last.valid = false
	reverse := t.modes.reverseWrap && t.modes.wrap
	if t.wrap {
		t.wrap = false
		if reverse {
			return // the cursor was beyond the last column
		}
	}
	switch {
	case t.x == t.left || t.x == 0:
		if reverse {
			t.x = t.right
			if t.y > t.top {
				t.y--
			} else {
				t.y = t.bottom
			}
		}
	default:
		t.x--
	}
}

// index goes one row down, scrolling at the bottom of the region (IND).
func (t *Terminal) index() {
	if t.y == t.bottom {
		if t.x >= t.left && t.x <= t.right {
			t.scrollUp(1)
		}
		return
	}
	if t.y < t.rows-1 {
		t.y++
	}
}

// reverseIndex goes one row up, scrolling at the top of the region (RI).
func (t *Terminal) reverseIndex() {
	t.wrap = false
	if t.y == t.top {
		if t.x >= t.left && t.x <= t.right {
			t.scrollDown(1)
		}
		return
	}
	if t.y > 0 {
		t.y--
	}
}

// escape executes an escape sequence that is not the begin of something longer.
func (t *Terminal) escape(c byte) {
	t.last.valid = false
	if t.p.overflow {
		return
	}
	if t.p.nInter == 1 {
		t.escapeWith(t.p.intermediate[0], c)
		return
	}
	if t.p.nInter > 1 {
		return
	}
	switch c {
	case '6':
		t.backIndex()
	case '7':
		t.saveCursor()
	case '8':
		t.restoreCursor()
	case '9':
		t.forwardIndex()
	case '=':
		t.modes.appKeypad = true
	case '>':
		t.modes.appKeypad = false
	case 'D':
		t.wrap = false
		t.index()
	case 'E':
		t.wrap = false
		t.index()
		t.carriageReturn()
	case 'H':
		t.tabs[t.x] = true
	case 'M':
		t.reverseIndex()
	case 'N':
		t.chars.single = 2
	case 'O':
		t.chars.single = 3
	case 'V':
		t.pen.Attr |= Protected
	case 'W':
		t.pen.Attr &^= Protected
	case 'Z':
		t.deviceAttributes()
	case 'c':
		t.reset()
	case 'n':
		t.chars.left = 2
	case 'o':
		t.chars.left = 3
	}
}

func (t *Terminal) escapeWith(inter, c byte) {
	switch inter {
	case '(', ')', '*', '+':
		t.designate(int(inter-'('), c)
	case '#':
		if c == '8' {
			t.alignmentPattern()
		}
	}
}

// alignmentPattern fills the screen with E (DECALN).
func (t *Terminal) alignmentPattern() {
	t.resetMargins()
	t.x, t.y, t.wrap = 0, 0, false
	for y := range t.cur.lines {
		l := t.cur.lines[y]
		l.fill(0, t.cols, Cell{Char: 'E'})
		l.wide, l.Wrapped, l.pics = false, false, nil
	}
	t.damage.all = true
}

// backIndex is DECBI, forwardIndex DECFI.
func (t *Terminal) backIndex() {
	t.wrap = false
	if t.x == t.left {
		if t.y >= t.top && t.y <= t.bottom {
			t.shiftColumns(t.left, 1, true)
		}
	} else if t.x > 0 {
		t.x--
	}
}

func (t *Terminal) forwardIndex() {
	t.wrap = false
	if t.x == t.right {
		if t.y >= t.top && t.y <= t.bottom {
			t.shiftColumns(t.left, 1, false)
		}
	} else if t.x < t.cols-1 {
		t.x++
	}
}

func (t *Terminal) resetTabs() {
	t.tabs = make([]bool, t.cols)
	for x := 8; x < t.cols; x += 8 {
		t.tabs[x] = true
	}
}

// tabForward goes to the next tab stop; a cursor that waits to wrap goes on
// waiting, as in xterm.
func (t *Terminal) tabForward(n int) {
	t.last.valid = false
	end := t.cols - 1
	if t.x <= t.right {
		end = t.right
	}
	for range min(n, t.cols) {
		for t.x < end {
			if t.x++; t.tabs[t.x] {
				break
			}
		}
	}
}

func (t *Terminal) tabBack(n int) {
	t.last.valid = false // as tabForward, this leaves a cursor waiting to wrap
	begin := 0
	if t.modes.origin {
		begin = t.left
	}
	for range min(n, t.cols) {
		for t.x > begin {
			if t.x--; t.tabs[t.x] {
				break
			}
		}
	}
}
