package picture

import "math/bits"

const (
	smallest = 12       // the smallest buffer, as a power of two
	largest  = 25       // the largest that is kept: a desktop of 4K
	keep     = 64 << 20 // bytes that are kept at most
)

// pool keeps buffers of pixels by their size, so that painting leaves no garbage.
// Those beyond largest are left to the collector.
type pool struct {
	free [largest + 1][][]byte
	kept int // bytes
}

// get gives a buffer of n bytes with anything in it.
func (p *pool) get(n int) []byte {
	k := max(smallest, bits.Len(uint(n-1)))
	if k > largest {
		return make([]byte, n)
	}
	if f := p.free[k]; len(f) > 0 {
		b := f[len(f)-1]
		p.free[k] = f[:len(f)-1]
		p.kept -= cap(b)
		return b[:n]
	}
	return make([]byte, n, 1<<k)
}

func (p *pool) put(b []byte) {
	n := cap(b)
	k := bits.Len(uint(n)) - 1
	if k > largest || n != 1<<k || p.kept+n > keep {
		return
	}
	p.kept += n
	p.free[k] = append(p.free[k], b)
}
