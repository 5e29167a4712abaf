// Package bulktest compresses as an RDP server could, for the tests of the
// decompressors and for scripted servers. It is quick enough for tests, and packs
// worse than it might.
package bulktest

import "github.com/porthole-rac/porthole/protocol/codec/codectest"

// Writer writes the bit stream of a compressor.
type Writer struct{ codectest.Bits }

// length writes a length of at least 3 as both compressors do: as many ones as it has
// bits less one (none for 3), a zero, and the bits after the first.
func (w *Writer) length(n int) {
	if n == 3 {
		w.Put(0, 1)
		return
	}
	size := uint(0) // bits after the first
	for n>>(size+1) > 0 {
		size++
	}
	w.Put(1<<size-2, size)
	w.Put(uint32(n), size)
}

// matcher finds what is repeated: for each three bytes, where they were last.
type matcher struct {
	last map[[3]byte]int
	all  []byte // everything so far
}

// add has whatever the data at i begins with found from now on.
func (m *matcher) add(i int) {
	if i+3 <= len(m.all) {
		m.last[[3]byte(m.all[i:i+3])] = i
	}
}

// find gives the distance and length of a match for what is at i, at most limit back
// and not beyond end; length 0 is none.
func (m *matcher) find(i, end, limit int) (distance, length int) {
	if i+3 > end {
		return 0, 0
	}
	from, ok := m.last[[3]byte(m.all[i:i+3])]
	if !ok || i-from > limit {
		return 0, 0
	}
	n := 3
	for i+n < end && m.all[from+n] == m.all[i+n] {
		n++
	}
	return i - from, n
}
