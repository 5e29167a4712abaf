package term

// rectangle reads top;left;bottom;right from parameter i on, relative to the
// origin, as VT400's rectangle functions take it; ok is false for an empty one.
// All bounds are inclusive.
func (t *Terminal) rectangle(i int) (top, left, bottom, right int, ok bool) {
	p := &t.p
	top, left = p.atLeast1(i)-1, p.atLeast1(i+1)-1
	bottom, right = p.get(i+2, 0), p.get(i+3, 0)
	lastRow, lastCol := t.rows-1, t.cols-1
	if t.modes.origin {
		top += t.top
		left += t.left
		bottom += t.top
		right += t.left
		lastRow, lastCol = t.bottom, t.right
	}
	if p.get(i+2, 0) == 0 {
		bottom = lastRow + 1
	}
	if p.get(i+3, 0) == 0 {
		right = lastCol + 1
	}
	bottom, right = min(bottom-1, lastRow), min(right-1, lastCol)
	return top, left, bottom, right, top <= bottom && left <= right
}

// fillRectangle is DECFRA.
func (t *Terminal) fillRectangle(ch int) {
	if ch < 0x20 || ch > 0x7e && ch < 0xa0 || ch > 0xff {
		return
	}
	top, left, bottom, right, ok := t.rectangle(1)
	if !ok {
		return
	}
	c := t.pen.cell(uint32(ch))
	for y := top; y <= bottom; y++ {
		l := t.cur.lines[y]
		t.splitWide(l, left)
		t.splitWide(l, right+1)
		l.fill(left, right+1, c)
		if l.pics != nil {
			t.cut(l, left, right+1)
		}
	}
	t.touch(top, bottom)
}

// eraseRectangle is DECERA, and DECSERA when selective.
func (t *Terminal) eraseRectangle(selective bool) {
	top, left, bottom, right, ok := t.rectangle(0)
	if !ok {
		return
	}
	for y := top; y <= bottom; y++ {
		t.erase(y, left, right+1, selective)
	}
}

// copyRectangle is DECCRA; there is one page.
func (t *Terminal) copyRectangle() {
	top, left, bottom, right, ok := t.rectangle(0)
	if !ok {
		return
	}
	toY, toX := t.p.atLeast1(5)-1, t.p.atLeast1(6)-1
	lastRow, lastCol := t.rows-1, t.cols-1
	if t.modes.origin {
		toY, toX = toY+t.top, toX+t.left
		lastRow, lastCol = t.bottom, t.right
	}
	height := min(bottom-top, lastRow-toY) + 1
	width := min(right-left, lastCol-toX) + 1
	if height <= 0 || width <= 0 {
		return
	}
	for i := range height {
		k := i
		if toY > top {
			k = height - 1 - i
		}
		src, dst := t.cur.lines[top+k], t.cur.lines[toY+k]
		t.splitWide(src, left)
		t.splitWide(src, left+width)
		t.splitWide(dst, toX)
		t.splitWide(dst, toX+width)
		copy(dst.Cells[toX:toX+width], src.Cells[left:left+width])
		dst.reach(min(src.end-left, width) + toX)
		dst.wide = dst.wide || src.wide
		t.copyPieces(dst, toX, src, left, width)
	}
	t.touch(toY, toY+height-1)
}

// changeAttributes is DECCARA, and DECRARA (reverse) when toggle. In stream mode
// (DECSACE 0 and 1) the area goes from the first to the last position along the
// lines.
func (t *Terminal) changeAttributes(toggle bool) {
	top, left, bottom, right, ok := t.rectangle(0)
	if !ok && (t.modes.rectangular || top >= bottom) {
		return
	}
	n := t.p.count()
	for y := top; y <= bottom; y++ {
		from, to := left, right
		if !t.modes.rectangular {
			if y > top {
				from = 0
			}
			if y < bottom {
				to = t.cols - 1
			}
		}
		l := t.cur.lines[y]
		l.reach(min(to+1, t.cols))
		for x := from; x <= to && x < t.cols; x++ {
			c := &l.Cells[x]
			for i := 4; i < n; i++ {
				c.Attr = changeAttribute(c.Attr, t.p.get(i, 0), toggle)
			}
			if n <= 4 && !toggle {
				c.Attr = changeAttribute(c.Attr, 0, false)
			}
		}
	}
	t.touch(top, bottom)
}

func changeAttribute(a Attr, v int, toggle bool) Attr {
	const all = Bold | Blink | Inverse | Hidden | underlineMask
	bit := map[int]Attr{1: Bold, 4: underline0, 5: Blink, 7: Inverse, 8: Hidden}
	if toggle {
		if v == 0 {
			return a ^ (Bold | Blink | Inverse | underline0)
		}
		return a ^ bit[v]
	}
	switch v {
	case 0:
		return a &^ all
	case 22, 24, 25, 27, 28:
		b := bit[v-20]
		switch v {
		case 22:
			b = Bold
		case 24:
			b = underlineMask
		}
		return a &^ b
	}
	return a | bit[v]
}

// checksum is DECRQCRA, as xterm computes it: the negated sum of characters and
// attributes. It lets a program read the screen, so it is off by default.
func (t *Terminal) checksum() {
	if !t.cfg.Checksum {
		return
	}
	id := t.p.get(0, 0)
	top, left, bottom, right, ok := t.rectangle(2)
	var sum uint16
	if ok {
		for y := top; y <= bottom; y++ {
			for x := left; x <= right; x++ {
				sum += t.cellSum(t.cur.lines[y].Cells[x])
			}
		}
	}
	t.replyf("\x1bP%d!~%04X\x1b\\", id, -sum)
}

func (t *Terminal) cellSum(c Cell) uint16 {
	sum := uint16(' ')
	if c.Char != 0 {
		for _, r := range t.Cluster(c) {
			sum = uint16(r)
			break
		}
	}
	for _, a := range [...]struct {
		bit Attr
		add uint16
	}{{Protected, 0x4}, {Hidden, 0x8}, {underlineMask, 0x10}, {Inverse, 0x20}, {Blink, 0x40}, {Bold, 0x80}} {
		if c.Attr&a.bit != 0 {
			sum += a.add
		}
	}
	return sum
}
