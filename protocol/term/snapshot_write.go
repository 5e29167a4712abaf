package term

import (
	"encoding/binary"
	"unicode/utf8"
)

// writer appends a snapshot's parts.
type writer struct {
	b      []byte
	t      *Terminal
	placed map[*Placement]int // place in the list
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
		&m.leftRight, &m.sixelDisplay, &m.sixelRight, &m.focus, &m.altScroll, &m.paste, &m.sync, &m.noClear132, &m.rectangular, &m.echoOff,
		&m.autoRepeat, &m.formFeed, &m.printExtent, &m.national, &t.p.escInString, &t.p.overflow, &t.p.payload,
	}
	for i := range m.saved {
		f = append(f, &m.saved[i])
	}
	return f
}

// numbers lists the small numbers, each with its largest value.
func (t *Terminal) numbers() []number {
	return []number{
		{&t.x, t.cols - 1},
		{&t.y, t.rows - 1},
		{&t.top, t.rows - 1},
		{&t.bottom, t.rows - 1},
		{&t.left, t.cols - 1},
		{&t.right, t.cols - 1},
		{&t.progress.state, 4},
		{&t.progress.percent, 100},
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
	if l.pics != nil {
		flags |= 32
	}
	w.uint(flags)
	if l.pics != nil {
		w.pieces(*l.pics)
	}
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
