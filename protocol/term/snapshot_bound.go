package term

// SnapshotSince gives the number of the first scrollback line with which the
// scrollback of a snapshot takes no more than most bytes. It writes every line
// into a small buffer to see, newest first.
func (t *Terminal) SnapshotSince(most int) uint64 {
	oldest := t.hist.pushed - uint64(t.hist.n)
	w := writer{t: t}
	for abs := t.hist.pushed; abs > oldest; abs-- {
		w.b = w.b[:0]
		w.line(t.Line(abs - 1))
		if most -= len(w.b); most < 0 {
			return abs
		}
	}
	return oldest
}
