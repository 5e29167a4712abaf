package term

// history is the scrollback: a ring of lines, oldest first. It grows as lines
// come, so that a fresh terminal is small.
type history struct {
	max    int
	ring   []Line
	first  int
	n      int
	pushed uint64 // lines ever pushed: the number of the screen's first row
}

// at gives line i, 0 being the oldest.
func (h *history) at(i int) *Line {
	i += h.first
	if i >= len(h.ring) {
		i -= len(h.ring)
	}
	return &h.ring[i]
}

// push takes a line that leaves the screen, and gives back the cells of one that
// nobody needs any more, or nil.
func (h *history) push(l Line) (free []Cell) {
	h.pushed++
	if h.max == 0 {
		return l.Cells
	}
	if h.n == len(h.ring) && h.n < h.max {
		h.grow()
	}
	if h.n < len(h.ring) {
		*h.at(h.n) = l
		h.n++
		return nil
	}
	oldest := &h.ring[h.first]
	free = oldest.Cells
	*oldest = l
	if h.first++; h.first == len(h.ring) {
		h.first = 0
	}
	return free
}

func (h *history) grow() {
	ring := make([]Line, min(h.max, max(64, 2*len(h.ring))))
	for i := range h.n {
		ring[i] = *h.at(i)
	}
	h.ring, h.first = ring, 0
}

func (h *history) clear() {
	h.ring, h.first, h.n = nil, 0, 0
}

// pop takes the newest line back, for a screen that grows.
func (h *history) pop() (Line, bool) {
	if h.n == 0 {
		return Line{}, false
	}
	h.n--
	h.pushed--
	l := *h.at(h.n)
	*h.at(h.n) = Line{}
	return l, true
}
