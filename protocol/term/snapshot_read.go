package term

import (
	"encoding/binary"
	"errors"
	"unicode/utf8"
)

// reader takes a snapshot's parts. After the first error everything is zero.
type reader struct {
	p      []byte
	t      *Terminal
	placed map[uint64]*Placement // by serial number
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

// line reads a row; full ones have all their cells. They lie in the array of
// cells if there is room.
func (r *reader) line(cells []Cell, full bool) Line {
	flags := r.uint(1<<6 - 1)
	l := Line{Wrapped: flags&1 != 0, wide: flags&2 != 0, Mark: Mark(flags >> 2 & 7)}
	if l.Mark > MarkDone {
		r.err = errRange
	}
	if flags&32 != 0 {
		r.pieces(&l)
	}
	n := int(r.uint(uint64(r.t.cols)))
	if r.err != nil {
		return l
	}
	size := n
	if full {
		size = r.t.cols
	}
	if cap(cells) < size {
		cells = make([]Cell, size)
	} else {
		cells = cells[:size]
		clear(cells[n:]) // the runs fill the rest
	}
	l.Cells, l.end = cells, n
	var attrs Attr
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
		attrs |= c.Attr
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
	if attrs&(Wide|WideTail) != 0 {
		l.repairWide()
	}
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
