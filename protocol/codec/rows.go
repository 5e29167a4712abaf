package codec

import "encoding/binary"

// Rows paints pixels in reading order into a rectangle, as many as come at a time.
type Rows struct {
	dst  Target
	r    Rect
	x, y int // of the next pixel, in the rectangle
}

// Start begins at the top left of a rectangle that lies in dst.
func (w *Rows) Start(dst Target, r Rect) {
	*w = Rows{dst: dst, r: r}
	if r.W == 0 {
		w.y = r.H
	}
}

// Left is how many pixels lack.
func (w *Rows) Left() int { return (w.r.H-w.y)*w.r.W - w.x }

// Row is where the rest of the current row goes; Advance says how many pixels of
// it were painted. There must be one.
func (w *Rows) Row() []byte { return w.dst.Row(w.r.X+w.x, w.r.Y+w.y, w.r.W-w.x) }

// At is the place of the next pixel in the rectangle.
func (w *Rows) At() (x, y int) { return w.x, w.y }

// Advance moves on by n pixels, at most to the end of the row.
func (w *Rows) Advance(n int) {
	if w.x += n; w.x == w.r.W {
		w.x = 0
		w.y++
	}
}

// Put paints whole pixels of the target's format and returns how many bytes it took: all
// but a part of a pixel, unless the rectangle is full.
func (w *Rows) Put(src []byte) int {
	used, size := 0, w.dst.Format.Size()
	for w.y < w.r.H && len(src)-used >= size {
		row := w.Row()
		n := min(len(row)/4, (len(src)-used)/size)
		w.dst.Pixels(row[:4*n], src[used:used+n*size])
		used += n * size
		w.Advance(n)
	}
	return used
}

// PutCompact paints compact pixels.
func (w *Rows) PutCompact(src []byte) int {
	used, size := 0, w.dst.Compact()
	for w.y < w.r.H && len(src)-used >= size {
		row := w.Row()
		n := min(len(row)/4, (len(src)-used)/size)
		w.dst.CompactPixels(row[:4*n], src[used:used+n*size])
		used += n * size
		w.Advance(n)
	}
	return used
}

// PutIndices paints one pixel for each byte of src, by a palette.
func (w *Rows) PutIndices(src []byte, palette *[256]uint32) int {
	used := 0
	for w.y < w.r.H && used < len(src) {
		row := w.Row()
		n := min(len(row)/4, len(src)-used)
		row = row[:4*n]
		in := src[used : used+n]
		for len(in) >= 4 && len(row) >= 16 {
			four := binary.LittleEndian.Uint32(in)
			binary.LittleEndian.PutUint64(row, uint64(palette[four&255])|uint64(palette[four>>8&255])<<32)
			binary.LittleEndian.PutUint64(row[8:16], uint64(palette[four>>16&255])|uint64(palette[four>>24])<<32)
			in, row = in[4:], row[16:]
		}
		for len(in) > 0 && len(row) >= 4 {
			binary.LittleEndian.PutUint32(row, palette[in[0]])
			in, row = in[1:], row[4:]
		}
		used += n
		w.Advance(n)
	}
	return used
}
