package term

import (
	"bytes"
	"encoding/binary"
	"errors"
	"unicode/utf8"
)

// reader takes a snapshot's parts. After the first error everything is zero.
type reader struct {
	p      []byte
	t      *Terminal
	placed map[uint64]*Placement // by serial number
	styles [4]knownStyle         // of the last runs
	oldest int                   // of styles
	err    error
}

var (
	errCutOff = errors.New("cut off")
	errRange  = errors.New("number out of range")
)

func (r *reader) uint(most uint64) uint64 {
	if r.err != nil {
		return 0
	}
	if len(r.p) > 0 && r.p[0] < 0x80 && uint64(r.p[0]) <= most { // most numbers
		v := uint64(r.p[0])
		r.p = r.p[1:]
		return v
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
		c.g[i] = charset(r.byte(byte(charsetLast)))
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
	if partial := r.bytes(utf8.UTFMax - 1); !utf8.FullRune(partial) {
		p.nPartial = uint8(copy(p.partial[:], partial))
	}
}

// leastLine is the fewest bytes that a line takes.
const leastLine = 2

// row reads a line of the screen, which is blank so far.
func (r *reader) row(l *Line) {
	if r.err != nil {
		return
	}
	n := r.lineHead(l)
	l.end = n
	r.cells(l, l.Cells[:n])
}

// kept reads a line of the scrollback to where it stays.
func (r *reader) kept(h *history) {
	var l Line
	n := r.lineHead(&l)
	l.end = n
	if h.max == 0 {
		l.Cells = make([]Cell, n)
		r.cells(&l, l.Cells)
		return
	}
	kept := h.next()
	if n > 0 {
		l.Cells = h.room(n)
	}
	*kept = l
	r.cells(kept, kept.Cells)
}

// lineHead reads what comes before a line's cells, and gives their number, 0 after an
// error.
func (r *reader) lineHead(l *Line) (cells int) {
	flags := r.uint(1<<6 - 1)
	l.Wrapped, l.wide, l.Mark = flags&1 != 0, flags&2 != 0, Mark(flags>>2&7)
	if l.Mark > MarkDone {
		r.err = errRange
	}
	if flags&32 != 0 {
		r.pieces(l)
	}
	return int(r.uint(uint64(r.t.cols)))
}

// cells reads the runs of a line.
func (r *reader) cells(l *Line, cells []Cell) {
	var attrs Attr
	for len(cells) > 0 && r.err == nil {
		head := r.uint(1 << 16)
		count, kind := int(head>>2), head&3
		if count == 0 || count > len(cells) {
			if r.err == nil {
				r.err = errRange
			}
			break
		}
		c := r.runStyle()
		attrs |= c.Attr
		run := cells[:count]
		switch kind {
		case runASCII:
			r.ascii(run, c)
		case runRepeat:
			c.Char = r.char()
			for i := range run {
				p := &run[i]
				p.Char, p.Fg, p.Bg, p.Attr, p.Ext = c.Char, c.Fg, c.Bg, c.Attr, c.Ext
			}
		case runMixed:
			for i := range run {
				p := &run[i]
				p.Char, p.Fg, p.Bg, p.Attr, p.Ext = r.char(), c.Fg, c.Bg, c.Attr, c.Ext
			}
		default:
			r.err = errRange
		}
		cells = cells[count:]
	}
	if attrs&(Wide|WideTail) != 0 {
		l.repairWide()
	}
}

// ascii reads a run with a byte for each cell, which is most of what there is: without
// a call for each one, and field by field, because the compiler moves a whole Cell
// through the stack.
func (r *reader) ascii(run []Cell, c Cell) {
	if r.err != nil || len(r.p) < len(run) {
		if r.err == nil {
			r.err = errCutOff
		}
		return
	}
	text := r.p[:len(run)]
	r.p = r.p[len(run):]
	if c.zero() {
		clear(run)
		for i, b := range text {
			run[i].Char = uint32(b & 0x7f)
		}
		return
	}
	for i, b := range text {
		p := &run[i]
		p.Char, p.Fg, p.Bg, p.Attr, p.Ext = uint32(b&0x7f), c.Fg, c.Bg, c.Attr, c.Ext
	}
}

// runStyle reads a run's style. Few runs have one that none before has had: those of
// the last ones are known by their bytes.
func (r *reader) runStyle() Cell {
	for i := range r.styles {
		if s := &r.styles[i]; len(s.written) > 0 && bytes.HasPrefix(r.p, s.written) && r.err == nil {
			r.p = r.p[len(s.written):]
			return s.cell
		}
	}
	before := r.p
	c := r.style()
	if r.err == nil {
		r.styles[r.oldest] = knownStyle{before[:len(before)-len(r.p)], c}
		r.oldest = (r.oldest + 1) % len(r.styles)
	}
	return c
}

// knownStyle is a style and how it is written, which no other one begins with.
type knownStyle struct {
	written []byte
	cell    Cell
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
