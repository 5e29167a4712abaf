package codectest

// Bits writes a bit stream, the first bit the highest of the first byte.
type Bits struct {
	P    []byte
	free uint // bits of the last byte
}

// Put writes the lowest n bits of v, 0 to 32.
func (w *Bits) Put(v uint32, n uint) {
	for n > 0 {
		if w.free == 0 {
			w.P = append(w.P, 0)
			w.free = 8
		}
		m := min(n, w.free)
		n -= m
		w.free -= m
		w.P[len(w.P)-1] |= byte(v>>n&(1<<m-1)) << w.free
	}
}

// Repeat writes n times the same bit.
func (w *Bits) Repeat(bit uint32, n int) {
	for range n {
		w.Put(bit, 1)
	}
}

// Unused is how many bits of the last byte are not written.
func (w *Bits) Unused() int { return int(w.free) }
