package term

// beyond is a column after all others: pieces may go on to the right of the
// screen, where a wider one will show them.
const beyond = 1<<16 - 1

// add puts a piece on the line; the oldest one leaves a line that is full.
func (l *Line) add(p Piece) {
	if l.pics == nil {
		l.pics = new([]Piece)
	}
	list := *l.pics
	if len(list) == maxLinePieces {
		copy(list, list[1:])
		list = list[:len(list)-1]
	}
	*l.pics = append(list, p)
}

// compact keeps the pieces that keep wants.
func (l *Line) compact(keep func(*Piece) bool) {
	list := (*l.pics)[:0]
	for i := range *l.pics {
		if p := &(*l.pics)[i]; keep(p) {
			list = append(list, *p)
		}
	}
	clear((*l.pics)[len(list):])
	if *l.pics = list; len(list) == 0 {
		l.pics = nil
	}
}

// clip cuts a piece down to columns from…to-1; false if nothing is left.
func (p *Piece) clip(from, to int) bool {
	if d := from - int(p.X); d > 0 {
		if from >= int(p.End) {
			return false
		}
		p.X += uint16(d)
		p.Col += uint16(d)
	}
	p.End = uint16(min(int(p.End), to))
	return p.X < p.End
}

// edge is the column after the last one that belongs to columns …to-1: at the
// end of the line that is what lies beyond, too.
func (t *Terminal) edge(to int) int {
	if to >= t.cols {
		return beyond
	}
	return to
}

// cut takes columns from…to-1 out of the line's pictures, as text that is
// written there does. Pictures of the kitty protocol stay.
func (t *Terminal) cut(l *Line, from, to int) {
	to = t.edge(to)
	for i, n := 0, len(*l.pics); i < n; i++ {
		p := &(*l.pics)[i]
		if p.kitty || int(p.End) <= from || int(p.X) >= to {
			continue
		}
		right := *p
		if !p.clip(0, from) {
			p.End = p.X
		}
		if right.clip(to, beyond) {
			if p.X == p.End {
				*p = right
			} else if len(*l.pics) < maxLinePieces {
				*l.pics = append(*l.pics, right)
				t.img.pieces++
			}
		}
	}
	l.compact(func(p *Piece) bool { return p.X < p.End })
}

// pieces gives copies of what cut would take away.
func (t *Terminal) pieces(l *Line, from, to int) []Piece {
	if l.pics == nil {
		return nil
	}
	var out []Piece
	for _, p := range *l.pics {
		if !p.kitty && p.clip(from, t.edge(to)) {
			out = append(out, p)
		}
	}
	return out
}

// paste puts copies d columns to the right, within columns from…to-1.
func (t *Terminal) paste(l *Line, list []Piece, d, from, to int) {
	for _, p := range list {
		p.X = uint16(max(int(p.X)+d, 0))
		p.End = uint16(min(int(p.End)+d, beyond))
		if p.clip(from, t.edge(to)) {
			l.add(p)
			t.img.pieces++
		}
	}
}

// shift moves the pictures in columns from…to-1 n columns to the right, or -n to
// the left, as inserting and deleting characters does.
func (t *Terminal) shift(l *Line, from, to, n int) {
	var list []Piece
	if n < 0 {
		list = t.pieces(l, from-n, to)
	} else {
		list = t.pieces(l, from, to)
	}
	t.cut(l, from, to)
	t.paste(l, list, n, from, to)
}

// copyPieces makes columns of dst show what those of src show.
func (t *Terminal) copyPieces(dst *Line, toX int, src *Line, fromX, width int) {
	if dst.pics == nil && src.pics == nil {
		return
	}
	list := t.pieces(src, fromX, fromX+width)
	if dst.pics != nil {
		t.cut(dst, toX, toX+width)
	}
	t.paste(dst, list, toX-fromX, toX, toX+width)
}

// empty tells a line with neither text nor pictures.
func (l *Line) empty() bool { return l.pics == nil && l.used() == 0 }

// show puts a placement on the screen, its top left cell at the cursor. With
// scroll the cursor goes down along with it, scrolling at the bottom, and ends in
// its last row; without, the cursor stays and what is below the screen is cut.
// each, unless nil, prepares a row.
func (t *Terminal) show(p *Placement, scroll bool, each func(y int)) {
	t.addPlacement(p)
	t.wrap, t.last = false, lastPrinted{}
	x, y := t.x, t.y
	for row := range p.Rows {
		if row > 0 {
			before, scrolls := t.y, t.y == t.bottom && x >= t.left && x <= t.right
			if !scroll {
				y++
			} else {
				t.index()
				y = t.y
			}
			if y >= t.rows || scroll && !scrolls && y == before {
				return // there is no further row
			}
		}
		if each != nil {
			each(y)
		}
		l := t.cur.lines[y]
		l.add(Piece{Placement: p, X: uint16(x), End: uint16(x + p.Cols), Row: uint16(row)})
		t.img.pieces++
		t.damage.row(y)
	}
}

// showOverText shows a picture that takes the place of text, as sixel and
// iTerm2's do: what is written there later takes its place in turn.
func (t *Terminal) showOverText(p *Placement, scroll, blank bool) {
	x, end := t.x, min(t.x+p.Cols, t.cols)
	t.show(p, scroll, func(y int) {
		if l := t.cur.lines[y]; blank {
			t.erase(y, x, end, false)
		} else if l.pics != nil && p.Picture.opaque {
			t.cut(l, x, end)
		}
	})
}

// cellsFor gives the cells that n pixels touch.
func cellsFor(n, cell int) int { return (n + cell - 1) / cell }

// place makes a placement of a whole picture in its own size, or scaled to w×h
// pixels.
func (t *Terminal) place(p *Picture, w, h int) *Placement {
	cw, ch := t.cellSize()
	w, h = max(w, 1), max(h, 1)
	return &Placement{
		Picture: p, SrcW: p.Width, SrcH: p.Height, W: w, H: h, CellW: cw, CellH: ch,
		Cols: min(cellsFor(w, cw), MaxCols), Rows: min(cellsFor(h, ch), maxImageRows),
	}
}

// movePieces takes over another line's pictures, d columns to the right.
func (l *Line) movePieces(from *Line, d int) {
	for _, p := range *from.pics {
		p.X, p.End = uint16(min(int(p.X)+d, beyond)), uint16(min(int(p.End)+d, beyond))
		l.add(p)
	}
}
