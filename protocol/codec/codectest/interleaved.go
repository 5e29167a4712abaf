package codectest

import (
	"encoding/binary"
	"math/rand/v2"
)

// Interleaved encodes a bitmap in RDP's Interleaved RLE (MS-RDPBCGR
// §2.2.9.1.1.3.1.2.4), using whatever order fits, by chance. The pixels are values of
// depth bits, 8, 15, 16 or 24, the lowest row first.
func Interleaved(seed uint64, depth, width int, pixels []uint32) []byte {
	e := &interleaved{r: rand.New(rand.NewPCG(seed, 5)), depth: depth, width: width, p: pixels}
	e.fg = e.white()
	for e.at < len(pixels) {
		e.order()
	}
	return e.out
}

type interleaved struct {
	r            *rand.Rand
	depth, width int
	p            []uint32
	at           int
	fg           uint32
	insert       bool // the last order was a background run
	out          []byte
}

func (e *interleaved) white() uint32 { return 1<<e.depth - 1 }

func (e *interleaved) above(i int) uint32 {
	if i < e.width {
		return 0
	}
	return e.p[i-e.width]
}

// run is for how many pixels from the current one on a rule holds; an order that
// begins in the first row ends there.
func (e *interleaved) run(rule func(i int) bool) int {
	end := len(e.p)
	if e.at < e.width {
		end = min(end, e.width)
	}
	i := e.at
	for i < end && i-e.at < 0xffff && rule(i) {
		i++
	}
	return i - e.at
}

func (e *interleaved) pixel(v uint32) {
	b := binary.LittleEndian.AppendUint32(nil, v)
	e.out = append(e.out, b[:(e.depth+7)/8]...)
}

// head writes the header of an order: regular has its code in three bits, lite in
// four; long is its code with a length of 16 bits.
func (e *interleaved) head(code, long byte, lite, mixed bool, n int) {
	most, shift := 31, 5
	if lite {
		most, shift = 15, 4
	}
	short := n <= most && n > 0
	extended := n > most && n <= most+256
	if mixed {
		short = n%8 == 0 && n/8 <= most && n > 0
		extended = n <= 256 && n > 0
	}
	switch {
	case short && e.r.IntN(8) > 0:
		if mixed {
			n /= 8
		}
		e.out = append(e.out, code<<shift|byte(n))
	case extended && e.r.IntN(8) > 0:
		if mixed {
			n--
		} else {
			n -= most + 1
		}
		e.out = append(e.out, code<<shift, byte(n))
	default:
		e.out = append(e.out, long, byte(n), byte(n>>8))
	}
}

func (e *interleaved) order() {
	first := e.at < e.width
	if e.at == e.width || !first && e.at-e.width < e.width && e.at%e.width == 0 {
		e.insert = false // background runs of the first row and the second do not touch
	}
	insert := e.insert
	e.insert = false
	at := e.at
	bg := e.run(func(i int) bool {
		if insert && i == at {
			return e.p[i] == e.above(i)^e.fg
		}
		return e.p[i] == e.above(i)
	})
	switch choice := e.r.IntN(12); {
	case bg > 0 && choice < 6:
		e.head(0, 0xf0, false, false, bg)
		e.insert = true
		e.at += bg
	case choice < 8: // foreground, in the current colour or a new one
		fg := e.p[at] ^ e.above(at)
		n := e.run(func(i int) bool { return e.p[i] == e.above(i)^fg })
		if fg == e.fg {
			e.head(1, 0xf1, false, false, n)
		} else {
			e.head(0xc, 0xf6, true, false, n)
			e.pixel(fg)
		}
		e.fg = fg
		e.at += n
	case choice < 9:
		v := e.p[at]
		n := e.run(func(i int) bool { return e.p[i] == v })
		if n == 1 && v == e.white() && e.r.IntN(2) == 0 {
			e.out = append(e.out, 0xfd)
		} else if n == 1 && v == 0 && e.r.IntN(2) == 0 {
			e.out = append(e.out, 0xfe)
		} else {
			e.head(3, 0xf3, false, false, n)
			e.pixel(v)
		}
		e.at += n
	case choice < 10:
		n := e.run(func(i int) bool { return i < at+2 || e.p[i] == e.p[i-2] }) / 2
		if n == 0 {
			return
		}
		e.head(0xe, 0xf8, true, false, n)
		e.pixel(e.p[at])
		e.pixel(e.p[at+1])
		e.at += 2 * n
	case choice < 11: // two kinds of pixels
		fg := e.fg
		if e.r.IntN(2) == 0 {
			fg = e.p[at] ^ e.above(at)
		}
		n := e.run(func(i int) bool { return e.p[i] == e.above(i) || e.p[i] == e.above(i)^fg })
		n = min(n, 1+e.r.IntN(400))
		if n > 8 && e.r.IntN(2) == 0 {
			n &^= 7
		}
		if n == 0 {
			return
		}
		masks := make([]byte, (n+7)/8)
		for i := range n {
			if e.p[at+i] != e.above(at+i) {
				masks[i/8] |= 1 << (i % 8)
			}
		}
		switch {
		case fg == e.fg && n == 8 && masks[0] == 3:
			e.out = append(e.out, 0xf9)
		case fg == e.fg && n == 8 && masks[0] == 5:
			e.out = append(e.out, 0xfa)
		case fg == e.fg:
			e.head(2, 0xf2, false, true, n)
			e.out = append(e.out, masks...)
		default:
			e.head(0xd, 0xf7, true, true, n)
			e.pixel(fg)
			e.out = append(e.out, masks...)
		}
		e.fg = fg
		e.at += n
	default: // pixels as they are
		n := min(e.run(func(int) bool { return true }), 1+e.r.IntN(300))
		e.head(4, 0xf4, false, false, n)
		for i := range n {
			e.pixel(e.p[at+i])
		}
		e.at += n
	}
}
