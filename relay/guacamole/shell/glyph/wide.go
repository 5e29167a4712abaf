package glyph

import (
	"encoding/binary"
	"errors"
	"sort"
)

// Bitmaps have so many pixels on a side, of which below are below the base line.
const (
	side  = 16
	below = 2
)

// kind is a bitmap's shape, as scripts/fonts writes it.
type kind uint8

const (
	mark   kind = iota // shown over the character before
	narrow             // 8 pixels wide
	full               // 16
)

// wide holds bitmaps for nearly all of Unicode.
type wide struct {
	runs []run
	rows []byte
}

// run is characters in a row, of one kind.
type run struct {
	first  rune
	count  int32
	offset int32 // of the first one's rows
	kind   kind
}

var errWide = errors.New("bitmaps cannot be read")

func parseWide(p []byte) (*wide, error) {
	bad := false
	next := func(most uint64) int {
		v, n := binary.Uvarint(p)
		if n <= 0 || v > most {
			bad = true
			return 0
		}
		p = p[n:]
		return int(v)
	}
	n := next(1 << 16)
	w := &wide{runs: make([]run, 0, n)}
	at, offset := 0, 0
	for range n {
		at += next(0x110000)
		r := run{first: rune(at), count: int32(next(0x110000)), offset: int32(offset), kind: kind(next(uint64(full)))}
		if bad {
			break
		}
		at += int(r.count)
		offset += int(r.count) * r.kind.bytes()
		if offset > maxFont {
			break
		}
		w.runs = append(w.runs, r)
	}
	if bad || offset != len(p) {
		return nil, errWide
	}
	w.rows = p
	return w, nil
}

func (k kind) bytes() int {
	if k == narrow {
		return side
	}
	return 2 * side
}

// columns is how many pixels wide a character of the kind is.
func (k kind) columns() int {
	if k == full {
		return side
	}
	return side / 2
}

// bitmap is one character's pixels: a bit each, the highest one leftmost.
type bitmap struct {
	kind kind
	rows [side]uint16
}

// find gives a character's bitmap.
func (w *wide) find(r rune) (b bitmap, ok bool) {
	i := sort.Search(len(w.runs), func(i int) bool { return w.runs[i].first > r }) - 1
	if i < 0 || r-w.runs[i].first >= w.runs[i].count {
		return b, false
	}
	b.kind = w.runs[i].kind
	p := w.rows[int(w.runs[i].offset)+int(r-w.runs[i].first)*b.kind.bytes():]
	for y := range b.rows {
		if b.kind == narrow {
			b.rows[y] = uint16(p[y]) << 8
		} else {
			b.rows[y] = binary.BigEndian.Uint16(p[2*y:])
		}
	}
	return b, true
}

// bold makes the strokes one pixel wider.
func (b *bitmap) bold() {
	for y := range b.rows {
		b.rows[y] |= b.rows[y] >> 1
	}
}
