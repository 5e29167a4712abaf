package term

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"
)

// snapshotVersion changes with the form of snapshots.
const snapshotVersion = 1

// Errors of RestoreSnapshot, to be tested with errors.Is.
var (
	// ErrSnapshot means that the bytes are not a snapshot of this version.
	ErrSnapshot = errors.New("term: not a snapshot")
	// ErrSnapshotBase means that the snapshot continues a scrollback that the
	// terminal does not have.
	ErrSnapshotBase = errors.New("term: snapshot continues another scrollback")
)

// AppendSnapshot appends the terminal's whole state to dst. When epoch is the
// present one, scrollback lines before number since are left out: the side that
// restores it has them. Epoch 0 leaves nothing out.
//
// The form: version, size, state, tables, scrollback, screens; numbers are
// varints. A row is its flags and runs of cells of equal style.
func (t *Terminal) AppendSnapshot(dst []byte, epoch uint32, since uint64) []byte {
	w := writer{b: dst, t: t}
	w.uint(snapshotVersion)
	w.uint(uint64(t.cols))
	w.uint(uint64(t.rows))
	w.uint(uint64(t.epoch))
	w.uint(t.hist.pushed)
	oldest := t.hist.pushed - uint64(t.hist.n)
	delta := epoch == t.epoch && since >= oldest && since <= t.hist.pushed
	if !delta {
		since = oldest
	}
	w.bool(delta)
	w.uint(t.hist.pushed - since)
	w.state()
	w.uint(uint64(len(t.links.items)))
	for _, l := range t.links.items {
		w.string(l.id)
		w.string(l.uri)
	}
	w.pen(t.pen)
	w.saved(&t.main.saved)
	w.saved(&t.alt.saved)
	for abs := since; abs < t.hist.pushed; abs++ {
		w.line(t.Line(abs))
	}
	for y := range t.main.lines {
		w.line(&t.main.lines[y])
	}
	w.bool(t.alt.lines != nil)
	for y := range t.alt.lines {
		w.line(&t.alt.lines[y])
	}
	return w.b
}

// RestoreSnapshot replaces the terminal's state. After an error the terminal is
// as it was.
func (t *Terminal) RestoreSnapshot(p []byte) error {
	r := reader{p: p}
	if v := r.uint(1 << 16); v != snapshotVersion {
		return fmt.Errorf("%w: version %d", ErrSnapshot, v)
	}
	n := New(Config{
		Cols: int(r.uint(MaxCols)), Rows: int(r.uint(MaxRows)), Scrollback: t.cfg.Scrollback,
		Name: t.cfg.Name, Checksum: t.cfg.Checksum, ImageBytes: t.cfg.ImageBytes,
	})
	n.h, n.cellW, n.cellH, n.base, n.widths = t.h, t.cellW, t.cellH, t.base, t.widths
	r.t = n
	n.epoch = uint32(r.uint(1<<32 - 1))
	pushed := r.uint(1 << 63)
	delta := r.bool()
	count := r.uint(MaxScrollback)
	if count > pushed {
		return ErrSnapshot
	}
	r.state(t)
	links := r.uint(MaxLinks)
	for range links {
		if l := (link{r.string(MaxLink), r.string(MaxLink)}); r.err == nil {
			n.links.items = append(n.links.items, l)
			if n.links.index == nil {
				n.links.index = make(map[link]uint16)
			}
			n.links.index[l] = uint16(len(n.links.items))
		}
	}
	n.pen = r.pen()
	r.saved(&n.main.saved)
	r.saved(&n.alt.saved)

	since := pushed - count
	if delta && r.err == nil {
		if t.epoch != n.epoch || since < t.hist.pushed-uint64(t.hist.n) || since > t.hist.pushed {
			return ErrSnapshotBase
		}
	}
	var fresh []Line
	for i := uint64(0); i < count && r.err == nil; i++ {
		fresh = append(fresh, r.line(false))
	}
	for y := range n.main.lines {
		if r.err == nil {
			n.main.lines[y] = r.line(true)
		}
	}
	if r.bool() && r.err == nil {
		n.alt.lines = newLines(n.rows, n.cols)
		for y := range n.alt.lines {
			if r.err == nil {
				n.alt.lines[y] = r.line(true)
			}
		}
		n.cur = &n.alt
	}
	if r.err != nil {
		return fmt.Errorf("%w: %w", ErrSnapshot, r.err)
	}
	if delta {
		r.adopt(t, since)
	}
	for _, l := range fresh {
		n.hist.push(l)
	}
	n.hist.pushed = pushed
	n.damage.all = true
	// The screens' pointers are into the struct itself.
	alt := n.cur == &n.alt
	*t = *n
	if t.cur = &t.main; alt {
		t.cur = &t.alt
	}
	return nil
}

// adopt takes over the old terminal's scrollback up to line number since. Its
// cells are interned in the old tables, so they are interned anew.
func (r *reader) adopt(old *Terminal, since uint64) {
	n := r.t
	oldest := old.hist.pushed - uint64(old.hist.n)
	for abs := oldest; abs < since; abs++ {
		l := *old.Line(abs)
		for i := range l.Cells {
			c := &l.Cells[i]
			if c.Char&clusterBit != 0 {
				c.Char, _ = n.cluster([]byte(old.clusters.texts[c.Char&^clusterBit]))
			}
			if c.Ext != 0 {
				e := old.exts.items[c.Ext-1]
				if e.link != 0 {
					e.link = n.linkNumber(old.links.items[e.link-1])
				}
				c.Ext = n.ext(e)
			}
		}
		n.hist.push(l)
	}
}

// writer appends a snapshot's parts.
type writer struct {
	b []byte
	t *Terminal
}

func (w *writer) uint(v uint64) { w.b = binary.AppendUvarint(w.b, v) }

func (w *writer) bool(v bool) {
	if v {
		w.b = append(w.b, 1)
	} else {
		w.b = append(w.b, 0)
	}
}

func (w *writer) string(s string) {
	w.uint(uint64(len(s)))
	w.b = append(w.b, s...)
}

func (w *writer) style(fg, bg Color, a Attr, ext uint16) {
	w.uint(uint64(fg))
	w.uint(uint64(bg))
	w.uint(uint64(a))
	var e extended
	if ext != 0 {
		e = w.t.exts.items[ext-1]
	}
	w.uint(uint64(e.underline))
	w.uint(uint64(e.link))
}

func (w *writer) pen(p pen) { w.style(p.Fg, p.Bg, p.Attr, p.Ext) }

func (w *writer) charsets(c charsets) {
	for _, g := range c.g {
		w.b = append(w.b, byte(g))
	}
	w.b = append(w.b, c.left, c.single)
}

func (w *writer) saved(s *savedCursor) {
	w.bool(s.set)
	if s.set {
		w.uint(uint64(s.x))
		w.uint(uint64(s.y))
		w.bool(s.wrap)
		w.bool(s.origin)
		w.charsets(s.chars)
		w.pen(s.pen)
	}
}

// flags lists the switches in the order in which they are written.
func (t *Terminal) flags() []*bool {
	m := &t.modes
	f := []*bool{
		&t.wrap, &t.blink, &m.keyboardLock, &m.insert, &m.newline, &m.appCursor, &m.columns132, &m.smoothScroll,
		&m.reverseVideo, &m.origin, &m.wrap, &m.cursor, &m.allow132, &m.reverseWrap, &m.appKeypad, &m.backarrow,
		&m.leftRight, &m.focus, &m.altScroll, &m.paste, &m.sync, &m.noClear132, &m.rectangular, &t.p.escInString, &t.p.overflow,
	}
	for i := range m.saved {
		f = append(f, &m.saved[i])
	}
	return f
}

// numbers lists the small numbers, each with its largest value.
func (t *Terminal) numbers() []number {
	return []number{
		{&t.x, t.cols - 1}, {&t.y, t.rows - 1}, {&t.top, t.rows - 1}, {&t.bottom, t.rows - 1},
		{&t.left, t.cols - 1}, {&t.right, t.cols - 1}, {&t.progress.state, 4}, {&t.progress.percent, 100},
	}
}

type number struct {
	v    *int
	most int
}

func (w *writer) state() {
	t := w.t
	for _, f := range t.flags() {
		w.bool(*f)
	}
	for _, n := range t.numbers() {
		w.uint(uint64(*n.v))
	}
	w.uint(uint64(t.modes.mouse))
	w.uint(uint64(t.modes.mouseEncoding))
	w.uint(uint64(t.modes.modifyOtherKeys))
	w.uint(uint64(t.style))
	w.charsets(t.chars)
	for _, on := range t.tabs {
		w.bool(on)
	}
	w.string(t.title)
	w.string(t.icon)
	w.string(t.directory)
	w.uint(uint64(len(t.titles)))
	for _, s := range t.titles {
		w.string(s)
	}
	for _, s := range []*screen{&t.main, &t.alt} {
		w.uint(uint64(len(s.kitty)))
		w.b = append(w.b, s.kitty...)
	}
	w.palette()
	w.last()
	w.parser(&t.p)
}

// palette writes the colours that the program has changed.
func (w *writer) palette() {
	now, base := &w.t.palette, &w.t.base
	special := func(a, b Color) {
		w.bool(a != b)
		if a != b {
			w.uint(uint64(a))
		}
	}
	special(now.Foreground, base.Foreground)
	special(now.Background, base.Background)
	special(now.Cursor, base.Cursor)
	n := 0
	for i := range now.Colors {
		if now.Colors[i] != base.Colors[i] {
			n++
		}
	}
	w.uint(uint64(n))
	for i := range now.Colors {
		if now.Colors[i] != base.Colors[i] {
			w.uint(uint64(i))
			w.uint(uint64(now.Colors[i]))
		}
	}
}

func (w *writer) last() {
	l := &w.t.last
	w.bool(l.valid)
	w.uint(uint64(l.x))
	w.uint(uint64(l.y))
	w.uint(uint64(l.r))
	w.uint(uint64(l.rep))
	w.string(string(l.text))
}

func (w *writer) parser(p *parser) {
	w.b = append(w.b, byte(p.state), p.private, p.intermediate[0], p.intermediate[1], p.nInter, p.final)
	w.uint(uint64(p.n))
	w.uint(uint64(p.colon))
	for _, v := range p.params[:p.count()] {
		w.uint(uint64(v + 1))
	}
	w.string(string(p.str))
	w.string(string(p.partial[:p.nPartial]))
}

// Kinds of runs of a row.
const (
	runASCII  = 0 // one byte for each cell
	runRepeat = 1 // one character for all cells
	runMixed  = 2 // each cell: code point, or 0x110000 and a string
)

const clusterMark = utf8.MaxRune + 1

// line writes a row: flags, number of runs, runs.
func (w *writer) line(l *Line) {
	flags := uint64(l.Mark) << 2
	if l.Wrapped {
		flags |= 1
	}
	if l.wide {
		flags |= 2
	}
	w.uint(flags)
	cells := l.Cells[:l.used()]
	w.uint(uint64(len(cells)))
	for len(cells) > 0 {
		n, kind := run(cells)
		w.uint(uint64(n)<<2 | uint64(kind))
		c := cells[0]
		w.style(c.Fg, c.Bg, c.Attr, c.Ext)
		switch kind {
		case runASCII:
			for _, c := range cells[:n] {
				w.b = append(w.b, byte(c.Char))
			}
		case runRepeat:
			w.char(c)
		default:
			for _, c := range cells[:n] {
				w.char(c)
			}
		}
		cells = cells[n:]
	}
}

func (w *writer) char(c Cell) {
	if c.Char&clusterBit == 0 {
		w.uint(uint64(c.Char))
		return
	}
	w.uint(clusterMark)
	w.string(w.t.Cluster(c))
}

// run measures the cells of equal style at the beginning, and how they are
// written best.
func run(cells []Cell) (n, kind int) {
	first := cells[0]
	same, ascii := true, true
	for n < len(cells) {
		c := cells[n]
		if c.Fg != first.Fg || c.Bg != first.Bg || c.Attr != first.Attr || c.Ext != first.Ext {
			break
		}
		same = same && c.Char == first.Char
		ascii = ascii && c.Char < 0x80
		n++
	}
	switch {
	case same:
		return n, runRepeat
	case ascii:
		return n, runASCII
	}
	return n, runMixed
}

// reader takes a snapshot's parts. After the first error everything is zero.
type reader struct {
	p   []byte
	t   *Terminal
	err error
}

var (
	errCutOff = errors.New("cut off")
	errRange  = errors.New("number out of range")
)

func (r *reader) uint(most uint64) uint64 {
	if r.err != nil {
		return 0
	}
	v, n := binary.Uvarint(r.p)
	switch {
	case n <= 0:
		r.err = errCutOff
		return 0
	case v > most:
		r.err = errRange
		return 0
	}
	r.p = r.p[n:]
	return v
}

func (r *reader) byte(most byte) byte { return byte(r.uint(uint64(most))) }

func (r *reader) bool() bool { return r.uint(1) == 1 }

func (r *reader) bytes(most int) []byte {
	n := r.uint(uint64(most))
	if r.err == nil && n > uint64(len(r.p)) {
		r.err = errCutOff
	}
	if r.err != nil {
		return nil
	}
	b := r.p[:n]
	r.p = r.p[n:]
	return b
}

func (r *reader) string(most int) string { return string(r.bytes(most)) }

func (r *reader) raw() byte {
	if r.err == nil && len(r.p) == 0 {
		r.err = errCutOff
	}
	if r.err != nil {
		return 0
	}
	b := r.p[0]
	r.p = r.p[1:]
	return b
}

func (r *reader) color() Color {
	c := Color(r.uint(uint64(colorRGB | 0xffffff)))
	if c>>24 == 1 {
		c &= colorIndexed | 0xff
	}
	return c
}

func (r *reader) style() (c Cell) {
	c.Fg, c.Bg = r.color(), r.color()
	c.Attr = Attr(r.uint(1<<14 - 1))
	e := extended{underline: r.color(), link: uint16(r.uint(MaxLinks))}
	if int(e.link) > len(r.t.links.items) {
		r.err = errRange
		return Cell{}
	}
	c.Ext = r.t.ext(e)
	return c
}

func (r *reader) pen() pen {
	c := r.style()
	return pen{c.Fg, c.Bg, c.Attr & penMask, c.Ext}
}

func (r *reader) charsets() (c charsets) {
	for i := range c.g {
		c.g[i] = charset(r.byte(byte(charsetUK)))
	}
	c.left, c.single = r.byte(3), r.byte(3)
	return c
}

func (r *reader) saved(s *savedCursor) {
	if !r.bool() {
		return
	}
	s.set = true
	s.x, s.y = int(r.uint(uint64(r.t.cols-1))), int(r.uint(uint64(r.t.rows-1)))
	s.wrap, s.origin = r.bool(), r.bool()
	s.chars = r.charsets()
	s.pen = r.pen()
}

func (r *reader) state(old *Terminal) {
	t := r.t
	for _, f := range t.flags() {
		*f = r.bool()
	}
	for _, n := range t.numbers() {
		*n.v = int(r.uint(uint64(n.most)))
	}
	if t.top > t.bottom || t.left > t.right {
		r.err = errRange
	}
	t.modes.mouse = uint16(r.uint(1016))
	t.modes.mouseEncoding = uint16(r.uint(1016))
	t.modes.modifyOtherKeys = uint8(r.uint(2))
	t.style = CursorStyle(r.uint(uint64(CursorBar)))
	t.chars = r.charsets()
	for i := range t.tabs {
		t.tabs[i] = r.bool()
	}
	t.title, t.icon, t.directory = r.string(MaxTitle), r.string(MaxTitle), r.string(MaxLink)
	titles := int(r.uint(maxSavedTitle))
	for range titles {
		t.titles = append(t.titles, r.string(MaxTitle))
	}
	for _, s := range []*screen{&t.main, &t.alt} {
		s.kitty = append([]uint8(nil), r.bytes(maxKittyStack)...)
		for i := range s.kitty {
			s.kitty[i] &= 0x1f
		}
	}
	r.palette(old)
	r.last()
	r.parser(&t.p)
}

func (r *reader) palette(old *Terminal) {
	p := &r.t.palette
	*p = old.base
	for _, c := range []*Color{&p.Foreground, &p.Background, &p.Cursor} {
		if r.bool() {
			*c = r.color()
		}
	}
	n := r.uint(256)
	for range n {
		i := r.uint(255)
		p.Colors[i] = r.color()
	}
}

func (r *reader) last() {
	l := &r.t.last
	l.valid = r.bool()
	l.x, l.y = int(r.uint(uint64(r.t.cols-1))), int(r.uint(uint64(r.t.rows-1)))
	l.r, l.rep = rune(r.uint(utf8.MaxRune)), rune(r.uint(utf8.MaxRune))
	l.text = append([]byte(nil), r.bytes(MaxCluster)...)
}

func (r *reader) parser(p *parser) {
	state := r.raw()
	if state > byte(skipString) {
		r.err = errRange
		return
	}
	p.state = parserState(state)
	p.private, p.intermediate[0], p.intermediate[1] = r.raw(), r.raw(), r.raw()
	p.nInter = min(r.raw(), 2)
	p.final = r.raw()
	p.n = int(r.uint(maxParams + 1))
	p.colon = uint32(r.uint(1<<32 - 1))
	for i := range p.count() {
		p.params[i] = int32(r.uint(maxParam+1)) - 1
	}
	p.str = append([]byte(nil), r.bytes(MaxString)...)
	p.nPartial = uint8(copy(p.partial[:3], r.bytes(3)))
}

// line reads a row; full ones have all their cells.
func (r *reader) line(full bool) Line {
	flags := r.uint(1<<5 - 1)
	l := Line{Wrapped: flags&1 != 0, wide: flags&2 != 0, Mark: Mark(flags >> 2)}
	if l.Mark > MarkDone {
		r.err = errRange
	}
	most := MaxCols
	if full {
		most = r.t.cols
	}
	n := int(r.uint(uint64(most)))
	if r.err != nil {
		return l
	}
	size := n
	if full {
		size = r.t.cols
	}
	l.Cells = make([]Cell, size)
	for x := 0; x < n && r.err == nil; {
		head := r.uint(1 << 16)
		count, kind := int(head>>2), head&3
		if count == 0 || count > n-x {
			if r.err == nil {
				r.err = errRange
			}
			break
		}
		c := r.style()
		cells := l.Cells[x : x+count]
		switch kind {
		case runASCII:
			for i := range cells {
				c.Char = uint32(r.raw() & 0x7f)
				cells[i] = c
			}
		case runRepeat:
			c.Char = r.char()
			for i := range cells {
				cells[i] = c
			}
		case runMixed:
			for i := range cells {
				c.Char = r.char()
				cells[i] = c
			}
		default:
			r.err = errRange
		}
		x += count
	}
	l.repairWide()
	return l
}

// repairWide makes a row that came from outside keep the rule that halves of
// wide characters come in pairs.
func (l *Line) repairWide() {
	for x := 0; x < len(l.Cells); x++ {
		a := l.Cells[x].Attr
		switch {
		case a&Wide != 0 && x+1 < len(l.Cells) && l.Cells[x+1].Attr&WideTail != 0:
			l.Cells[x].Attr &^= WideTail
			l.Cells[x+1].Attr &^= Wide
			l.wide = true
			x++
		case a&(Wide|WideTail) != 0:
			l.Cells[x].Attr = a & penMask
		}
	}
}

func (r *reader) char() uint32 {
	v := r.uint(clusterMark)
	if v != clusterMark {
		return uint32(v)
	}
	text := r.bytes(MaxCluster)
	if r.err != nil {
		return 0
	}
	ch, _ := r.t.cluster(text)
	return ch
}
