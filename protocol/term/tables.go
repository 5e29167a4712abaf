package term

import "math"

// clusterTable interns grapheme clusters of more than one code point. When it is
// full the ones that are no longer on any line make room.
type clusterTable struct {
	texts []string
	index map[string]uint32
}

// extTable interns extended attributes; number 0 is none.
type extTable struct {
	items []extended
	index map[extended]uint16
}

// linkTable keeps the links of OSC 8; number 0 is none. Cells of one link share
// its number, so a link that wraps is one.
type linkTable struct {
	items []link
	index map[link]uint16
	bytes int
}

type link struct{ id, uri string }

// Cluster gives the text of a cell: "" for a blank and for the right half of a
// wide character.
func (t *Terminal) Cluster(c Cell) string {
	switch {
	case c.Char == 0:
		return ""
	case c.Char&clusterBit != 0:
		return t.clusters.texts[c.Char&^clusterBit]
	}
	return string(rune(c.Char))
}

// appendCluster appends a cell's text.
func (t *Terminal) appendCluster(dst []byte, c Cell) []byte {
	switch {
	case c.Char == 0:
		return dst
	case c.Char < 0x80:
		return append(dst, byte(c.Char))
	}
	return append(dst, t.Cluster(c)...)
}

// cluster gives the Char value for a text of several code points; ok is false
// when there is no room.
func (t *Terminal) cluster(text []byte) (ch uint32, ok bool) {
	if n, ok := t.clusters.index[string(text)]; ok {
		return n | clusterBit, true
	}
	full := func() bool { return len(t.clusters.texts) >= MaxClusters }
	if !t.room(full) {
		return 0, false
	}
	if t.clusters.index == nil {
		t.clusters.index = make(map[string]uint32)
	}
	n := uint32(len(t.clusters.texts))
	s := string(text)
	t.clusters.texts = append(t.clusters.texts, s)
	t.clusters.index[s] = n
	return n | clusterBit, true
}

// Extended gives the underline's colour of a cell and the number of its link, 0
// for none.
func (t *Terminal) Extended(c Cell) (underline Color, link int) {
	if c.Ext == 0 {
		return DefaultColor, 0
	}
	e := t.exts.items[c.Ext-1]
	return e.underline, int(e.link)
}

// Link gives the address of a link by its number.
func (t *Terminal) Link(n int) string {
	if n <= 0 || n > len(t.links.items) {
		return ""
	}
	return t.links.items[n-1].uri
}

// ext gives the number of extended attributes, 0 when there is no room.
func (t *Terminal) ext(e extended) uint16 {
	if e == (extended{}) {
		return 0
	}
	if n, ok := t.exts.index[e]; ok {
		return n
	}
	full := func() bool { return len(t.exts.items) >= 1<<16-1 }
	if !t.room(full) {
		return 0
	}
	if t.exts.index == nil {
		t.exts.index = make(map[extended]uint16)
	}
	t.exts.items = append(t.exts.items, e)
	n := uint16(len(t.exts.items))
	t.exts.index[e] = n
	return n
}

// linkNumber gives the number of a link, 0 when there is no room.
func (t *Terminal) linkNumber(l link) uint16 {
	if n, ok := t.links.index[l]; ok {
		return n
	}
	size := len(l.id) + len(l.uri)
	full := func() bool { return len(t.links.items) >= MaxLinks || t.links.bytes+size > maxLinkBytes }
	if !t.room(full) {
		return 0
	}
	if t.links.index == nil {
		t.links.index = make(map[link]uint16)
	}
	t.links.items = append(t.links.items, l)
	t.links.bytes += size
	n := uint16(len(t.links.items))
	t.links.index[l] = n
	return n
}

// penExt is the pen's extended attributes.
func (t *Terminal) penExt() extended {
	if t.pen.Ext == 0 {
		return extended{}
	}
	return t.exts.items[t.pen.Ext-1]
}

// room makes sure that a table takes one more entry. It looks through all cells
// for what is no longer used only after as many new entries as make up for that:
// a program may have more links on the screen than there is room for, and each
// further one must not cost a walk through the scrollback.
func (t *Terminal) room(full func() bool) bool {
	if t.patience > 0 {
		t.patience--
		return !full()
	}
	if full() {
		t.collect()
	}
	return !full()
}

// cellsPerEntry is how many cells collect may look at for each new entry.
const cellsPerEntry = 64

// collect renumbers what is still in use and forgets the rest.
func (t *Terminal) collect() {
	seen := 0
	oldClusters, oldExts, oldLinks := t.clusters.texts, t.exts.items, t.links.items
	t.clusters, t.exts, t.links = clusterTable{}, extTable{}, linkTable{}
	ext := func(n uint16) uint16 {
		if n == 0 {
			return 0
		}
		e := oldExts[n-1]
		if e.link != 0 {
			e.link = t.linkNumber(oldLinks[e.link-1])
		}
		return t.ext(e)
	}
	t.patience = never // no walk within the walk
	t.eachLine(func(l *Line) {
		cells := l.Cells[:l.end]
		seen += len(cells) + cellsPerEntry
		for i := range cells {
			c := &cells[i]
			if c.Char&clusterBit != 0 {
				c.Char, _ = t.cluster([]byte(oldClusters[c.Char&^clusterBit]))
			}
			c.Ext = ext(c.Ext)
		}
	})
	t.pen.Ext = ext(t.pen.Ext)
	t.main.saved.pen.Ext = ext(t.main.saved.pen.Ext)
	t.alt.saved.pen.Ext = ext(t.alt.saved.pen.Ext)
	t.last = lastPrinted{}
	t.patience = seen / cellsPerEntry
}

const never = math.MaxInt

// eachLine visits every line there is.
func (t *Terminal) eachLine(f func(*Line)) {
	for i := range t.hist.n {
		f(t.hist.at(i))
	}
	for y := range t.main.lines {
		f(t.main.lines[y])
	}
	for y := range t.alt.lines {
		f(t.alt.lines[y])
	}
}
