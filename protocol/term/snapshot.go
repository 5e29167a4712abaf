package term

import (
	"errors"
	"fmt"
)

// SnapshotVersion changes with the form of snapshots. A terminal restores those of
// its own version only.
const SnapshotVersion = 3

// Errors of RestoreSnapshot, to be tested with errors.Is.
var (
	// ErrSnapshot means that the bytes are not a snapshot of this version.
	ErrSnapshot = errors.New("term: not a snapshot")
	// ErrSnapshotBase means that the snapshot continues a scrollback that the
	// terminal does not have.
	ErrSnapshotBase = errors.New("term: snapshot continues another scrollback")
)

// Base is a state of a terminal that the side which takes a snapshot has. The
// zero value is none.
type Base struct {
	Epoch    uint32
	Line     uint64 // of the screen's first row
	Pictures uint64 // ever kept
}

// Base gives the present state, as what a later snapshot may go on from.
func (t *Terminal) Base() Base { return Base{t.epoch, t.hist.pushed, t.pictures} }

// AppendSnapshot appends the terminal's whole state to dst, but for what the side
// that restores it has: pictures, and, unless the numbering has started anew
// since, lines of the scrollback. With have.Epoch 0 the snapshot stands alone, and
// lines before have.Line are lost to the other side; see SnapshotSince.
//
// The form: version, size, state, tables, pictures, scrollback, screens; numbers
// are varints. A row is its flags, its pictures and runs of cells of equal style.
func (t *Terminal) AppendSnapshot(dst []byte, have Base) []byte {
	w := writer{b: dst, t: t}
	w.uint(SnapshotVersion)
	w.uint(uint64(t.cols))
	w.uint(uint64(t.rows))
	w.uint(uint64(t.epoch))
	w.uint(t.hist.pushed)
	oldest := t.hist.pushed - uint64(t.hist.n)
	since := have.Line
	delta := have.Epoch == t.epoch && since >= oldest && since <= t.hist.pushed
	if !delta && (have.Epoch != 0 || since < oldest || since > t.hist.pushed) {
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
	w.images(have.Pictures)
	w.pen(t.pen)
	w.saved(&t.main.saved)
	w.saved(&t.alt.saved)
	for abs := since; abs < t.hist.pushed; abs++ {
		w.line(t.Line(abs))
	}
	for y := range t.main.lines {
		w.line(t.main.lines[y])
	}
	w.bool(t.cur == &t.alt)
	w.bool(t.alt.lines != nil)
	for y := range t.alt.lines {
		w.line(t.alt.lines[y])
	}
	return w.b
}

// RestoreSnapshot replaces the terminal's state. After an error the terminal is
// as it was.
func (t *Terminal) RestoreSnapshot(p []byte) error {
	r := reader{p: p}
	if v := r.uint(1 << 16); v != SnapshotVersion {
		return fmt.Errorf("%w: version %d", ErrSnapshot, v)
	}
	n := New(Config{
		Cols: int(r.uint(MaxCols)), Rows: int(r.uint(MaxRows)), Scrollback: t.cfg.Scrollback,
		Name: t.cfg.Name, Checksum: t.cfg.Checksum, ImageBytes: t.cfg.ImageBytes,
	})
	n.h, n.base = t.h, t.base
	r.t, n.patience = n, never // cells are in the making that collect would not see
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
			n.links.bytes += len(l.id) + len(l.uri)
			if n.links.index == nil {
				n.links.index = make(map[link]uint16)
			}
			n.links.index[l] = uint16(len(n.links.items))
		}
	}
	r.images(t)
	n.pen = r.pen()
	r.saved(&n.main.saved)
	r.saved(&n.alt.saved)

	since := pushed - count
	if delta && r.err == nil {
		if t.epoch != n.epoch || since < t.hist.pushed-uint64(t.hist.n) || since > t.hist.pushed {
			return ErrSnapshotBase
		}
	}
	if count > uint64(len(r.p)/leastLine) && r.err == nil {
		r.err = errCutOff
	}
	if r.err == nil {
		n.hist.ring = make([]Line, min(int(count), n.hist.max))
	}
	for i := uint64(0); i < count && r.err == nil; i++ {
		r.kept(&n.hist)
	}
	for _, l := range n.main.lines {
		r.row(l)
	}
	onAlt := r.bool()
	if r.bool() && r.err == nil {
		n.alt.lines = newLines(n.rows, n.cols)
		for _, l := range n.alt.lines {
			r.row(l)
		}
	} else if onAlt && r.err == nil {
		r.err = errRange
	}
	if r.err != nil {
		return fmt.Errorf("%w: %w", ErrSnapshot, r.err)
	}
	if delta {
		r.adopt(t, since)
	}
	n.hist.pushed = pushed
	n.damage.all = true
	n.patience = 0
	*t = *n
	// The screens' pointers are into the struct itself.
	if t.cur = &t.main; onAlt {
		t.cur = &t.alt
	}
	return nil
}

// adopt puts the old terminal's scrollback up to line number since before the lines
// that were read: not line by line, because a State of a few lines must not cost a
// long scrollback. The old terminal has none after that.
func (r *reader) adopt(old *Terminal, since uint64) {
	n := r.t
	fresh := n.hist
	n.hist, old.hist = old.hist, history{}
	for n.hist.pushed > since {
		n.hist.dropNewest()
	}
	// Its cells are interned in the old tables.
	if len(old.clusters.texts)+len(old.exts.items) > 0 || old.img != nil {
		for i := range n.hist.n {
			r.internAnew(n.hist.at(i), old)
		}
	}
	for i := range fresh.n {
		n.hist.push(fresh.at(i))
	}
}

func (r *reader) internAnew(l *Line, old *Terminal) {
	n := r.t
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
	if l.pics != nil {
		r.adoptPieces(l)
	}
}
