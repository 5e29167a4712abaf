package term

// history is the scrollback: a ring of lines, oldest first. It grows as lines
// come, so that a fresh terminal is small, and keeps of each line only what is
// not blank. The cells lie one line after the other in pages; lines leave in the
// order in which they came, so a page is free when its last line has gone.
type history struct {
	max    int
	ring   []Line
	first  int
	n      int
	pushed uint64 // lines ever pushed: the number of the screen's first row

	pages []page // those in use, oldest first
	spare []Cell // a page that is free
}

// page holds the cells of consecutive lines.
type page struct {
	cells []Cell // its length is what is used
	lines int    // lines that are still kept
}

// Sizes of pages in cells: small ones for sessions that are hardly used.
const (
	minPage = 1 << 8
	maxPage = 1 << 12
)

// at gives line i, 0 being the oldest.
func (h *history) at(i int) *Line {
	i += h.first
	if i >= len(h.ring) {
		i -= len(h.ring)
	}
	return &h.ring[i]
}

// push keeps a copy of a line that leaves the screen. When there are as many as
// there may be, the oldest one goes.
func (h *history) push(l *Line) {
	h.pushed++
	if h.max == 0 {
		return
	}
	kept := h.next()
	n := l.used()
	kept.Wrapped, kept.Mark, kept.wide, kept.end, kept.pics = l.Wrapped, l.Mark, l.wide, n, l.pics
	if n > 0 {
		kept.Cells = h.room(n)
		copy(kept.Cells, l.Cells)
	} else if kept.Cells != nil {
		kept.Cells = nil
	}
}

// next gives the place of one more line, which the caller fills, when there may be
// lines at all.
func (h *history) next() *Line {
	if h.n == h.max {
		h.drop()
	} else if h.n == len(h.ring) {
		h.grow()
	}
	kept := h.at(h.n)
	h.n++
	return kept
}

// room gives n cells after those of the newest line.
func (h *history) room(n int) []Cell {
	last := len(h.pages) - 1
	if last < 0 || cap(h.pages[last].cells)-len(h.pages[last].cells) < n {
		cells := h.spare
		h.spare = nil
		if cap(cells) < n {
			size := minPage
			if last >= 0 {
				size = min(2*cap(h.pages[last].cells), maxPage)
			}
			cells = make([]Cell, 0, max(size, n))
		}
		h.pages = append(h.pages, page{cells: cells[:0]})
		last++
	}
	p := &h.pages[last]
	from := len(p.cells)
	p.cells = p.cells[:from+n]
	p.lines++
	return p.cells[from : from+n : from+n]
}

// drop forgets the oldest line.
func (h *history) drop() {
	oldest := h.at(0)
	oldest.pics = nil
	if len(oldest.Cells) > 0 {
		if p := &h.pages[0]; p.lines > 1 {
			p.lines--
		} else {
			h.free(0)
		}
	}
	h.n--
	if h.first++; h.first == len(h.ring) {
		h.first = 0
	}
}

// free takes page i, the first or the last one, out of use.
func (h *history) free(i int) {
	if c := h.pages[i].cells; cap(c) >= cap(h.spare) {
		h.spare = c[:0]
	}
	copy(h.pages[i:], h.pages[i+1:])
	last := len(h.pages) - 1
	h.pages[last] = page{}
	h.pages = h.pages[:last]
}

func (h *history) grow() {
	ring := make([]Line, min(h.max, max(64, 2*len(h.ring))))
	for i := range h.n {
		ring[i] = *h.at(i)
	}
	h.ring, h.first = ring, 0
}

// trim forgets old lines until there are at most as many as there may be.
func (h *history) trim() {
	for h.n > h.max {
		h.drop()
	}
}

func (h *history) clear() {
	h.ring, h.first, h.n = nil, 0, 0
	h.pages, h.spare = nil, nil
}

// pop takes the newest line back, for a screen that grows: as wide as the screen.
func (h *history) pop(cols int) (*Line, bool) {
	if h.n == 0 {
		return nil, false
	}
	kept := h.at(h.n - 1)
	l := &Line{Cells: make([]Cell, cols), Wrapped: kept.Wrapped, Mark: kept.Mark, pics: kept.pics}
	l.take(kept)
	h.dropNewest()
	return l, true
}

// dropNewest forgets the newest line.
func (h *history) dropNewest() {
	h.n--
	h.pushed--
	kept := h.at(h.n)
	if n := len(kept.Cells); n > 0 {
		last := len(h.pages) - 1
		p := &h.pages[last]
		p.cells = p.cells[:len(p.cells)-n]
		if p.lines--; p.lines == 0 {
			h.free(last)
		}
	}
	*kept = Line{}
}
