package inflate

import "sync"

// An entry says what a code means:
//
//	bits  0–4   bits of the code that this level looks at; 0: no such code
//	bits  8–12  extra bits after it (or of the subtable's index)
//	bits 13–15  kind
//	bits 16–31  literal, base of a length or distance, or place of a subtable
type entry uint32

const (
	kindLiteral entry = 1 << 13
	kindTable   entry = 1 << 14
	kindEnd     entry = 1 << 15
)

const (
	litRoot  = 10 // bits of the first table for literals and lengths
	distRoot = 8
	// With these roots a complete code needs at most 1334 and 402 entries (the
	// figures of zlib's enough.c); build checks it anyway.
	litSize  = 2048
	distSize = 512
	longest  = 15
)

type (
	litTable  [litSize]entry
	distTable [distSize]entry
)

// lengths and distances of RFC 1951 §3.2.5: base, extra bits.
var (
	lengthBase  = [29]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthExtra = [29]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distBase    = [30]uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distExtra   = [30]uint8{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
	// codeOrder is the order of the code length code's lengths, §3.2.7.
	codeOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
)

func litEntry(symbol int) entry {
	switch {
	case symbol < 256:
		return entry(symbol)<<16 | kindLiteral
	case symbol == 256:
		return kindEnd
	case symbol < 286:
		return entry(lengthBase[symbol-257])<<16 | entry(lengthExtra[symbol-257])<<8
	}
	return 0 // 286 and 287 take part in the fixed code but do not occur
}

func distEntry(symbol int) entry {
	if symbol >= 30 {
		return 0
	}
	return entry(distBase[symbol])<<16 | entry(distExtra[symbol])<<8
}

func plainEntry(symbol int) entry { return entry(symbol)<<16 | kindLiteral }

// build fills a table for the code that lengths describe (§3.2.2). It is false for
// a code that is over-subscribed, or incomplete; but one code of one bit is taken,
// and none at all where partial says so: a block without distances may have it.
func build(table []entry, root uint, lengths []uint8, partial bool, meaning func(int) entry) bool {
	var count, next [longest + 1]int
	for _, n := range lengths {
		count[n&15]++
	}
	most := uint(longest)
	for most > 0 && count[most] == 0 {
		most--
	}
	left, total := 1, 0
	for n := 1; n <= longest; n++ {
		left = left<<1 - count[n]
		if left < 0 {
			return false
		}
		next[n] = total
		total += count[n]
	}
	if left > 0 {
		if !partial || most > 1 {
			return false
		}
		clear(table[:1<<root])
	}
	// symbols in the order of their codes
	var sorted [288]uint16
	for symbol, n := range lengths {
		if n != 0 {
			sorted[next[n]] = uint16(symbol)
			next[n]++
		}
	}
	var (
		code  uint // the next code, its bits in the order of the stream
		done  int
		free  = 1 << root // where the next subtable goes
		sub   = -1        // the current one
		which uint        // the root bits that lead to it
		width uint
	)
	for n := uint(1); n <= most; n++ {
		for ; count[n] > 0; count[n]-- {
			e := meaning(int(sorted[done]))
			done++
			if n <= root {
				if e != 0 {
					e |= entry(n)
				}
				for i := code; i < 1<<root; i += 1 << n {
					table[i] = e
				}
			} else {
				if prefix := code & (1<<root - 1); sub < 0 || prefix != which {
					// as wide as the codes that begin with these bits need
					width = n - root
					for room := 1 << width; root+width < most; width++ {
						room -= count[root+width]
						if room <= 0 {
							break
						}
						room <<= 1
					}
					which, sub = prefix, free
					free += 1 << width
					if free > len(table) {
						return false
					}
					table[prefix] = entry(sub)<<16 | kindTable | entry(width)<<8 | entry(root)
				}
				if e != 0 {
					e |= entry(n - root)
				}
				for i := code >> root; i < 1<<width; i += 1 << (n - root) {
					table[sub+int(i)] = e
				}
			}
			// count up, from the code's first bit, which is the lowest here
			bit := uint(1) << (n - 1)
			for code&bit != 0 {
				bit >>= 1
			}
			if bit != 0 {
				code = code&(bit-1) | bit
			} else {
				code = 0
			}
		}
	}
	return true
}

// fixed are the tables of §3.2.6. They are never written to again.
var fixed = sync.OnceValue(func() *tables {
	t := new(tables)
	var lengths [288]uint8
	for i := range lengths {
		switch {
		case i < 144, i >= 280:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		default:
			lengths[i] = 7
		}
	}
	build(t.lit[:], litRoot, lengths[:], false, litEntry)
	for i := range 32 {
		lengths[i] = 5
	}
	build(t.dist[:], distRoot, lengths[:32], false, distEntry)
	return t
})

type tables struct {
	lit  litTable
	dist distTable
}
