package term

import "fmt"

// reply sends bytes to the program.
func (t *Terminal) reply(s string) {
	if t.h.Reply != nil {
		t.h.Reply([]byte(s))
	}
}

func (t *Terminal) replyf(format string, args ...any) {
	if t.h.Reply != nil {
		t.h.Reply(fmt.Appendf(t.scratch[:0], format, args...))
	}
}

// deviceAttributes is DA1: a VT420 with sixel, selective erase, national sets,
// horizontal scrolling, colour, rectangles and clipboard access.
func (t *Terminal) deviceAttributes() {
	if t.cfg.ImageBytes > 0 {
		t.reply("\x1b[?64;1;4;6;9;21;22;28;52c")
		return
	}
	t.reply("\x1b[?64;1;6;9;21;22;28;52c")
}

// reported gives the cursor as CPR tells it, relative to the margins with
// origin mode.
func (t *Terminal) reported() (row, col int) {
	row, col = t.y+1, min(t.x, t.cols-1)+1
	if t.modes.origin {
		row -= t.top
		col -= t.left
	}
	return row, col
}

// deviceStatus is DSR.
func (t *Terminal) deviceStatus(n int) {
	switch n {
	case 5:
		t.reply("\x1b[0n")
	case 6:
		row, col := t.reported()
		t.replyf("\x1b[%d;%dR", row, col)
	}
}

// privateStatus is DECDSR.
func (t *Terminal) privateStatus(n int) {
	switch n {
	case 6:
		row, col := t.reported()
		t.replyf("\x1b[?%d;%d;1R", row, col)
	case 15: // no printer
		t.reply("\x1b[?13n")
	case 25: // user-defined keys are locked
		t.reply("\x1b[?21n")
	case 26: // keyboard: North American, ready
		t.reply("\x1b[?27;1;0;0n")
	case 53, 55: // no locator
		t.reply("\x1b[?50n")
	case 56:
		t.reply("\x1b[?57;0n")
	case 62: // macro space
		t.reply("\x1b[0*{")
	case 63:
		t.replyf("\x1bP%d!~0000\x1b\\", t.p.get(1, 0))
	case 75:
		t.reply("\x1b[?70n")
	case 85:
		t.reply("\x1b[?83n")
	}
}

// requestParameters is DECREQTPARM.
func (t *Terminal) requestParameters(n int) {
	if n <= 1 {
		t.replyf("\x1b[%d;1;1;128;128;1;0x", n+2)
	}
}

// windowOp is XTWINOPS, of which only reports and the title stack are safe: a
// program may neither move the window nor read the title back.
func (t *Terminal) windowOp() {
	switch t.p.get(0, 0) {
	case 11: // not iconified
		t.reply("\x1b[1t")
	case 14:
		if t.cellW > 0 {
			t.replyf("\x1b[4;%d;%dt", t.rows*t.cellH, t.cols*t.cellW)
		}
	case 16:
		if t.cellW > 0 {
			t.replyf("\x1b[6;%d;%dt", t.cellH, t.cellW)
		}
	case 18:
		t.replyf("\x1b[8;%d;%dt", t.rows, t.cols)
	case 19:
		t.replyf("\x1b[9;%d;%dt", t.rows, t.cols)
	case 22:
		if len(t.titles) == maxSavedTitle {
			t.titles = append(t.titles[:0], t.titles[1:]...)
		}
		t.titles = append(t.titles, t.title)
	case 23:
		if n := len(t.titles); n > 0 {
			t.setTitle(t.titles[n-1])
			t.titles = t.titles[:n-1]
		}
	}
}
