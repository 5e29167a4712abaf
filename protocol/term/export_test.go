package term

import (
	"errors"
	"fmt"
)

// CheckLines tests what the lines promise each other inside of the package.
func (t *Terminal) CheckLines() error {
	var err error
	t.eachLine(func(l *Line) {
		if l.end > len(l.Cells) {
			err = fmt.Errorf("a line of %d cells ends at %d", len(l.Cells), l.end)
			return
		}
		for x, c := range l.Cells {
			if x >= l.end && c != (Cell{}) {
				err = fmt.Errorf("column %d holds %+v, beyond the end %d", x, c, l.end)
			}
			if c.Attr&(Wide|WideTail) != 0 && !l.wide {
				err = fmt.Errorf("column %d is wide, and the line does not know", x)
			}
			if c.Char&clusterBit != 0 && int(c.Char&^clusterBit) >= len(t.clusters.texts) {
				err = fmt.Errorf("column %d has no such cluster", x)
			}
			if int(c.Ext) > len(t.exts.items) {
				err = fmt.Errorf("column %d has no such attributes", x)
			}
		}
	})
	lines := 0
	for _, p := range t.hist.pages {
		lines += p.lines
		if p.lines == 0 {
			err = errors.New("a page without lines is kept")
		}
	}
	if t.hist.n > t.hist.max || lines > t.hist.n {
		err = fmt.Errorf("%d lines of at most %d, %d of them in pages", t.hist.n, t.hist.max, lines)
	}
	return err
}

// Kept gives the cells that the scrollback has memory for.
func (t *Terminal) Kept() int {
	n := cap(t.hist.spare)
	for _, p := range t.hist.pages {
		n += cap(p.cells)
	}
	return n
}

// MayAttach tells whether b may belong to the cluster of a.
func MayAttach(a, b rune) bool { return mayJoin(b, classOf(b), a, false) }

// What docs/wire.md tells about snapshots.
const (
	CharsetLast   = charsetLast
	MaxLinePieces = maxLinePieces
)

// SnapshotFlags is how many switches a snapshot has.
func SnapshotFlags() int { return len(New(Config{}).flags()) }

// SavedModes are the modes that XTSAVE keeps, in the order of a snapshot.
func SavedModes() []int { return privateModes[:] }
