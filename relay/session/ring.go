package session

// ringSize bounds the output kept as bytes, for attachments that are less than
// this behind. A power of two.
const ringSize = 256 << 10

// ring keeps the newest bytes of a stream by their offset. It starts small and
// grows to ringSize as output comes, so that an idle session costs little.
type ring struct {
	buf  []byte // length is a power of two, or 0
	head uint64 // offset after the newest byte
	size uint64 // bytes held
}

// write appends p, dropping the oldest bytes.
func (r *ring) write(p []byte) {
	if len(p) >= ringSize {
		r.head += uint64(len(p) - ringSize)
		p = p[len(p)-ringSize:]
		r.size = 0
	}
	r.grow(r.size + uint64(len(p)))
	at := r.head & uint64(len(r.buf)-1)
	n := copy(r.buf[at:], p)
	copy(r.buf, p[n:])
	r.head += uint64(len(p))
	r.size = min(r.size+uint64(len(p)), uint64(len(r.buf)))
}

// grow makes room for n bytes in all, up to ringSize.
func (r *ring) grow(n uint64) {
	if n <= uint64(len(r.buf)) || len(r.buf) == ringSize {
		return
	}
	size := max(4<<10, len(r.buf))
	for uint64(size) < n && size < ringSize {
		size *= 2
	}
	old := *r
	r.buf = make([]byte, size)
	for off := old.head - old.size; off < old.head; {
		part := old.slice(off, old.head)
		at := off & uint64(size-1)
		m := copy(r.buf[at:], part)
		copy(r.buf, part[m:])
		off += uint64(len(part))
	}
}

// holds tells whether all bytes from offset on are kept.
func (r *ring) holds(offset uint64) bool {
	return offset <= r.head && r.head-offset <= r.size
}

// slice gives the bytes from offset on that lie in one piece, up to end. The
// caller has checked holds.
func (r *ring) slice(offset, end uint64) []byte {
	if offset >= end {
		return nil
	}
	at := offset & uint64(len(r.buf)-1)
	n := min(end-offset, uint64(len(r.buf))-at)
	return r.buf[at : at+n]
}
