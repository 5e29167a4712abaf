package bulktest

// MPPC compresses one direction of a connection (MS-RDPBCGR §3.1.8).
type MPPC struct {
	kind    byte // 0: RDP 4.0, 1: RDP 5.0
	size    int  // of the history
	m       matcher
	started bool
}

// NewMPPC returns a compressor of a kind, 0 or 1.
func NewMPPC(kind byte) *MPPC {
	size := 8 << 10
	if kind == 1 {
		size = 64 << 10
	}
	return &MPPC{kind: kind, size: size, m: matcher{last: map[[3]byte]int{}}}
}

// Compress gives the flags and the data of a PDU, which must be shorter than the
// history.
func (c *MPPC) Compress(p []byte) (flags byte, out []byte) {
	flags = c.kind | 0x20
	if !c.started || len(c.m.all)+len(p) > c.size {
		flags |= 0x40 // at front
		c.m = matcher{last: map[[3]byte]int{}}
		c.started = true
	}
	start := len(c.m.all)
	c.m.all = append(c.m.all, p...)
	var w Writer
	for i := start; i < len(c.m.all); {
		distance, n := c.m.find(i, len(c.m.all), c.size-1)
		if n == 0 {
			if v := uint32(c.m.all[i]); v < 0x80 {
				w.Put(v, 8)
			} else {
				w.Put(0b10<<7|v&0x7f, 9)
			}
			c.m.add(i)
			i++
			continue
		}
		c.offset(&w, uint32(distance))
		w.length(n)
		for range n {
			c.m.add(i)
			i++
		}
	}
	if len(w.P) >= len(p) { // no gain: the history begins anew, and the data is sent as it is
		c.m = matcher{last: map[[3]byte]int{}}
		c.started = false
		return c.kind | 0x80, p
	}
	return flags, w.P
}

func (c *MPPC) offset(w *Writer, d uint32) {
	if c.kind == 0 {
		switch {
		case d < 64:
			w.Put(0b1111<<6|d, 10)
		case d < 320:
			w.Put(0b1110<<8|(d-64), 12)
		default:
			w.Put(0b110<<13|(d-320), 16)
		}
		return
	}
	switch {
	case d < 64:
		w.Put(0b11111<<6|d, 11)
	case d < 320:
		w.Put(0b11110<<8|(d-64), 13)
	case d < 2368:
		w.Put(0b1110<<11|(d-320), 15)
	default:
		w.Put(0b110<<16|(d-2368), 19)
	}
}
