package shell

import (
	"bytes"
	"hash/maphash"
	"image"
	"time"

	"github.com/porthole-rac/porthole/protocol/term"
	"github.com/porthole-rac/porthole/relay/guacamole/shell/glyph"
)

// frame is what was drawn last, and what is drawn next.
type frame struct {
	all  bool // the picture is lost: everything is drawn anew
	rows bool // all rows have to be built anew

	cols, rowsShown int    // cells within the view
	cells, old      []byte // to be drawn, and as drawn
	salts, oldSalts []uint64
	cursorY         int // row with the cursor, and that in which it was drawn before
	cursorWas       int
	background      uint32
	syncSince       time.Time

	changed   []change
	hashes    []uint64 // of the new rows, and of the old ones
	weighs    []bool
	groups    []image.Rectangle // of cells
	fills     []fill
	frames    uint64
	showsTalk bool
}

// change is what differs in a row, columns a…b-1; none where a ≥ b. Of these are ia…ib-1
// not blank; what is left and right of them has one colour each.
type change struct {
	a, b, ia, ib int
	left, right  uint32
	group        int // of groups, -1: none
}

// fill is an area of one colour.
type fill struct {
	cells image.Rectangle
	rgb   uint32
}

// Draw draws what has changed since the last time. wait tells that it should be called
// again after that time even if nothing comes: a program is in the middle of its
// picture. Without anything to draw it does not touch the canvas.
func (s *Shell) Draw(c Canvas, now time.Time) (wait time.Duration) {
	t := s.shown()
	if wait := s.unfinished(t, now); wait > 0 {
		return wait
	}
	f := &s.frame
	if s.face.Full() { // then its glyphs have new numbers
		s.face = glyph.Get(s.fontSize())
		f.all = true
	}
	s.look.Term, s.look.BlinkOn = t, true
	_, bg := s.look.Colors(term.Cell{})
	if bg != f.background || f.showsTalk != (s.talk.term != nil) {
		f.background, f.showsTalk = bg, s.talk.term != nil
		f.all = true
	}
	s.fit(t)
	if f.all {
		c.Fill(image.Rect(0, 0, s.w, s.h), bg)
		f.blank(bg)
	}
	if !s.build(t) {
		return 0
	}
	f.compare()
	s.scroll(c)
	s.fill(c)
	s.images(c)
	s.gallery.tidy(f.salts)
	copy(f.old, f.cells)
	copy(f.oldSalts, f.salts)
	f.all = s.face.Full()
	f.frames++
	return 0
}

// unfinished tells how long the program may still keep its picture back.
func (s *Shell) unfinished(t *term.Terminal, now time.Time) time.Duration {
	f := &s.frame
	if !t.Modes().SyncOutput || f.all {
		f.syncSince = time.Time{}
		return 0
	}
	if f.syncSince.IsZero() {
		f.syncSince = now
	}
	if wait := longestSync - now.Sub(f.syncSince); wait > 0 {
		return wait
	}
	f.syncSince = now // one picture for each of these times
	return 0
}

// fit makes room for the cells that can be seen.
func (s *Shell) fit(t *term.Terminal) {
	f := &s.frame
	w, h := s.face.Cell()
	cols, rows := t.Size()
	cols, rows = min(cols, s.w/w), min(rows, s.h/h)
	if cols == f.cols && rows == f.rowsShown {
		return
	}
	f.cols, f.rowsShown, f.all = cols, rows, true
	n := cols * rows * cellBytes
	f.cells, f.old = make([]byte, n), make([]byte, n)
	f.salts, f.oldSalts = make([]uint64, rows), make([]uint64, rows)
	f.changed = make([]change, rows)
	f.hashes = make([]uint64, 2*rows)
	f.weighs = make([]bool, rows)
	f.groups, f.fills = f.groups[:0], f.fills[:0]
}

// blank makes the old cells those of an empty screen.
func (f *frame) blank(bg uint32) {
	clear(f.oldSalts)
	if len(f.old) == 0 {
		return
	}
	clear(f.old[:cellBytes])
	f.old[4], f.old[5], f.old[6] = byte(bg>>16), byte(bg>>8), byte(bg)
	for n := cellBytes; n < len(f.old); {
		n += copy(f.old[n:], f.old[:n])
	}
}

// build builds the rows that may have changed; false when there are none.
func (s *Shell) build(t *term.Terminal) (any bool) {
	f := &s.frame
	back := s.rowsBack()
	every := f.all || f.rows || t.AllChanged()
	cursor := s.cursorRow(t, back)
	for y := range f.rowsShown {
		from := y - back
		if every || from >= 0 && t.Changed(from) || y == cursor || y == f.cursorY {
			s.buildRow(y)
			any = true
		}
	}
	f.cursorWas, f.cursorY = f.cursorY, cursor
	f.rows = false
	t.ClearDamage()
	return any
}

// row gives the bytes of columns a…b-1 of a row.
func (f *frame) row(cells []byte, y, a, b int) []byte {
	return cells[(y*f.cols+a)*cellBytes : (y*f.cols+b)*cellBytes]
}

// compare finds out what differs.
func (f *frame) compare() {
	for y := range f.rowsShown {
		f.compareRow(y)
	}
}

func (f *frame) compareRow(y int) {
	ch := &f.changed[y]
	*ch = change{group: -1}
	if f.salts[y] != f.oldSalts[y] || f.salts[y] != 0 && !bytes.Equal(f.row(f.cells, y, 0, f.cols), f.row(f.old, y, 0, f.cols)) {
		ch.b = f.cols // there are pictures: all of the row
		return
	}
	a, b := f.row(f.cells, y, 0, f.cols), f.row(f.old, y, 0, f.cols)
	if bytes.Equal(a, b) {
		return
	}
	from, to := 0, f.cols
	for bytes.Equal(a[from*cellBytes:(from+1)*cellBytes], b[from*cellBytes:(from+1)*cellBytes]) {
		from++
	}
	for bytes.Equal(a[(to-1)*cellBytes:to*cellBytes], b[(to-1)*cellBytes:to*cellBytes]) {
		to--
	}
	ch.a, ch.b = from, to
}

var seed = maphash.MakeSeed()

// scroll draws what has moved up or down as copies: it looks for the distance by which
// most rows have moved, within the columns that have changed. Rows with the cursor may
// have changed elsewhere.
func (s *Shell) scroll(c Canvas) {
	f := &s.frame
	n, x0, x1, y0, y1 := 0, f.cols, 0, f.rowsShown, 0
	for y := range f.changed {
		if ch := &f.changed[y]; ch.a < ch.b && y != f.cursorY && y != f.cursorWas {
			n++
			x0, x1, y0, y1 = min(x0, ch.a), max(x1, ch.b), min(y0, y), y+1
		}
	}
	const fewest = 2
	if n < fewest || f.all {
		return
	}
	d := f.distance(x0, x1, y0, y1)
	if d == 0 {
		return
	}
	w, h := s.face.Cell()
	moved := func(y int) bool {
		return y >= y0 && y < y1 && y+d >= y0 && y+d < y1 && f.hashes[y] == f.hashes[f.rowsShown+y+d] &&
			bytes.Equal(f.row(f.cells, y, x0, x1), f.row(f.old, y+d, x0, x1))
	}
	// What moves up is copied from the top, what moves down from the bottom, so that
	// nothing is copied over before it was read.
	step, y, end := 1, y0, y1
	if d < 0 {
		step, y, end = -1, y1-1, y0-1
	}
	for y != end {
		run := 0
		useful := 0
		for y+run*step != end && moved(y+run*step) {
			if f.weighs[y+run*step] {
				useful++
			}
			run++
		}
		if useful >= 2 {
			top := min(y, y+(run-1)*step)
			c.Copy(image.Rect(x0*w, (top+d)*h, x1*w, (top+d+run)*h), image.Pt(x0*w, top*h))
			for i := range run {
				to := y + i*step
				copy(f.row(f.old, to, x0, x1), f.row(f.cells, to, x0, x1))
				f.oldSalts[to] = f.salts[to]
			}
		}
		y += max(run, 1) * step
	}
	for y := y0; y < y1; y++ {
		f.compareRow(y)
	}
}

// distance gives the rows that most of the columns x0…x1-1 have moved by: the new row
// y is the old one y+d. 0: they have not.
func (f *frame) distance(x0, x1, y0, y1 int) int {
	for y := y0; y < y1; y++ {
		now, before := f.row(f.cells, y, x0, x1), f.row(f.old, y, x0, x1)
		f.hashes[y] = f.hash(now, f.salts[y], x0, x1, uint64(y))
		f.hashes[f.rowsShown+y] = f.hash(before, f.oldSalts[y], x0, x1, uint64(y)+1<<32)
		f.weighs[y] = f.hashes[y] != f.hashes[f.rowsShown+y] && !uniform(now)
	}
	best, most := 0, 1
	for d := y0 - y1 + 1; d < y1-y0; d++ {
		if d == 0 {
			continue
		}
		score := 0
		for y := max(y0, y0-d); y < min(y1, y1-d); y++ {
			if f.weighs[y] && f.hashes[y] == f.hashes[f.rowsShown+y+d] {
				score++
			}
		}
		if score > most || score == most && score > 1 && max(d, -d) < max(best, -best) {
			best, most = d, score
		}
	}
	return best
}

// hash of a row; those with pictures are only like others when all of them moves.
func (f *frame) hash(row []byte, salt uint64, x0, x1 int, alone uint64) uint64 {
	h := maphash.Bytes(seed, row) ^ salt
	if salt != 0 && (x0 > 0 || x1 < f.cols) {
		h ^= (alone + 1) * 0x9e3779b97f4a7c15
	}
	return h
}

// uniform tells that all cells are alike: filling them is as good as copying.
func uniform(row []byte) bool { return bytes.Equal(row[cellBytes:], row[:len(row)-cellBytes]) }

// blankCell tells a cell that shows nothing but its background, and that.
func blankCell(cell []byte) (bg uint32, ok bool) {
	return uint32(cell[4])<<16 | uint32(cell[5])<<8 | uint32(cell[6]), cell[3]&0x7f == 0 && cell[7] == 0 && cell[11] == 0
}

// ink finds the part of a change that is not blank.
func (f *frame) ink(y int) {
	ch := &f.changed[y]
	ch.ia, ch.ib = ch.a, ch.b
	if f.salts[y] != 0 {
		return
	}
	at := func(x int) []byte { return f.row(f.cells, y, x, x+1) }
	if bg, ok := blankCell(at(ch.a)); ok {
		ch.left = bg
		for ch.ia < ch.b && bytes.Equal(at(ch.ia), at(ch.a)) {
			ch.ia++
		}
	}
	if bg, ok := blankCell(at(ch.b - 1)); ok {
		ch.right = bg
		for ch.ib > ch.ia && bytes.Equal(at(ch.ib-1), at(ch.b-1)) {
			ch.ib--
		}
	}
}

// fill groups what is drawn as pixels, and draws the blank rest as fills.
func (s *Shell) fill(c Canvas) {
	f := &s.frame
	f.groups, f.fills = f.groups[:0], f.fills[:0]
	inked := 0 // cells of the last group that have to be drawn
	for y := range f.changed {
		ch := &f.changed[y]
		if ch.a >= ch.b {
			continue
		}
		f.ink(y)
		if ch.ia >= ch.ib {
			continue
		}
		line := image.Rect(ch.ia, y, ch.ib, y+1)
		if n := len(f.groups); n > 0 {
			union := f.groups[n-1].Union(line)
			const waste = 160 // cells that are cheaper to draw than another picture
			if area(union) <= 2*(inked+area(line))+waste && (f.salts[y] != 0) == (f.salts[f.groups[n-1].Min.Y] != 0) {
				f.groups[n-1] = union
				inked += area(line)
				ch.group = n - 1
				continue
			}
		}
		ch.group = len(f.groups)
		f.groups = append(f.groups, line)
		inked = area(line)
	}
	w, h := s.face.Cell()
	for y := range f.changed {
		ch := &f.changed[y]
		if ch.a >= ch.b {
			continue
		}
		if ch.group < 0 {
			f.addFill(y, ch.a, ch.ia, ch.left)
			f.addFill(y, ch.ib, ch.b, ch.right)
			continue
		}
		g := f.groups[ch.group]
		f.addFill(y, ch.a, min(ch.ia, g.Min.X), ch.left)
		f.addFill(y, max(ch.ib, g.Max.X), ch.b, ch.right)
	}
	for _, x := range f.fills {
		c.Fill(pixels(x.cells, w, h), x.rgb)
	}
}

func area(r image.Rectangle) int { return r.Dx() * r.Dy() }

func pixels(r image.Rectangle, w, h int) image.Rectangle {
	return image.Rect(r.Min.X*w, r.Min.Y*h, r.Max.X*w, r.Max.Y*h)
}

// addFill notes columns a…b-1 of a row to be filled, with those above where they match.
func (f *frame) addFill(y, a, b int, rgb uint32) {
	if a >= b {
		return
	}
	for i := len(f.fills) - 1; i >= 0 && i >= len(f.fills)-2; i-- {
		if x := &f.fills[i]; x.rgb == rgb && x.cells.Max.Y == y && x.cells.Min.X == a && x.cells.Max.X == b {
			x.cells.Max.Y++
			return
		}
	}
	f.fills = append(f.fills, fill{image.Rect(a, y, b, y+1), rgb})
}
