package inflate

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrCorrupt is in all errors of a stream.
var ErrCorrupt = errors.New("corrupt zlib stream")

const (
	history = 32 << 10 // how far back a distance can reach
	// MaxPeek bounds what Peek gives.
	MaxPeek  = 32 << 10
	longMost = 258 // the longest match
	slack    = 16  // copies of whole words may write so much beyond
	window   = history + MaxPeek + 64<<10
)

type state uint8

const (
	atHeader state = iota // zlib header
	atBlock
	atStored // LEN, NLEN
	inStored
	atDynamic // HLIT, HDIST, HCLEN
	inCodes   // code length code
	inLengths // literal and distance code lengths
	inCodesOf // compressed data
	atEnd     // Adler-32
	ended
)

// Stream is one zlib stream. Feed gives it input, Peek and Skip take its output.
// The zero value is a stream at its beginning.
type Stream struct {
	in   []byte // input not looked at
	bits uint64 // input looked at, first bit lowest
	nb   uint   // how many bits; those above may be anything that in begins with

	out    []byte // the window; allocated by the first Feed
	rd, wr int    // out[rd:wr] was not taken yet
	total  int    // output since the beginning, at most history

	state state
	final bool // this block is the last one
	left  int  // bytes of a stored block
	err   error

	nlit, ndist, ncode, have int
	lengths                  [288 + 32]uint8
	t                        *tables // of the current block
	own                      *tables
}

// Reset begins a new stream, forgetting input and history.
func (s *Stream) Reset() {
	s.in, s.bits, s.nb = nil, 0, 0
	s.rd, s.wr, s.total = 0, 0, 0
	s.state, s.final, s.left, s.err = atHeader, false, 0, nil
}

// Feed gives the next piece of input, which must stay as it is until Peek returns
// fewer bytes than it was asked for: then all of it is taken.
func (s *Stream) Feed(p []byte) {
	if s.out == nil {
		s.out = make([]byte, window+slack)
		s.own = new(tables)
	}
	if len(s.in) == 0 {
		s.in = p
		return
	}
	// Only a caller that did not take all output comes here.
	s.in = append(append([]byte(nil), s.in...), p...)
}

// Peek gives the next n bytes of output, or all that the input decides if that is
// less. They stay until the next call. n is at most MaxPeek.
func (s *Stream) Peek(n int) ([]byte, error) {
	n = min(n, MaxPeek)
	if s.wr-s.rd < n && s.err == nil && s.out != nil {
		s.err = s.run(n)
	}
	if have := s.wr - s.rd; have < n {
		return s.out[s.rd:s.wr], s.err
	}
	return s.out[s.rd : s.rd+n], nil
}

// Skip takes n bytes that Peek showed.
func (s *Stream) Skip(n int) { s.rd += n }

// Drain takes the input that is left, which must not decide any output: the
// flush after a rectangle's last byte.
func (s *Stream) Drain() (extra bool, err error) {
	p, err := s.Peek(1)
	return len(p) > 0, err
}

// need makes n bits available, n ≤ 32, or says that the input has not so many.
func (s *Stream) need(n uint) bool {
	for s.nb < n {
		if len(s.in) == 0 {
			return false
		}
		s.bits = s.bits&(1<<s.nb-1) | uint64(s.in[0])<<s.nb
		s.in = s.in[1:]
		s.nb += 8
	}
	return true
}

// take removes n bits and returns them.
func (s *Stream) take(n uint) uint {
	v := uint(s.bits & (1<<n - 1))
	s.bits >>= n
	s.nb -= n
	return v
}

func corrupt(what string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(what, args...))
}

// room makes place for at least one match.
func (s *Stream) room() {
	if window-s.wr > longMost {
		return
	}
	from := min(s.rd, max(0, s.wr-history))
	copy(s.out, s.out[from:s.wr])
	s.wr -= from
	s.rd -= from
}

// run decodes until n bytes are there or the input is used up.
func (s *Stream) run(n int) error {
	for s.wr-s.rd < n {
		switch s.state {
		case atHeader:
			if !s.need(16) {
				return nil
			}
			v := s.take(16)
			cmf, flg := v&0xff, v>>8
			if cmf&15 != 8 || cmf>>4 > 7 || (cmf<<8|flg)%31 != 0 || flg&0x20 != 0 {
				return corrupt("header %02x %02x", cmf, flg)
			}
			s.state = atBlock

		case atBlock:
			if s.final {
				s.state = atEnd
				continue
			}
			if !s.need(3) {
				return nil
			}
			s.final = s.take(1) == 1
			switch s.take(2) {
			case 0:
				s.take(s.nb & 7)
				s.state = atStored
			case 1:
				s.t = fixed()
				s.state = inCodesOf
			case 2:
				s.state = atDynamic
			default:
				return corrupt("block of type 3")
			}

		case atStored:
			if !s.need(32) {
				return nil
			}
			v := s.take(32)
			if v&0xffff != ^v>>16&0xffff {
				return corrupt("stored block with lengths %04x and %04x", v&0xffff, v>>16)
			}
			s.left = int(v & 0xffff)
			s.state = inStored

		case inStored:
			if s.left == 0 {
				s.state = atBlock
				continue
			}
			s.room()
			if s.nb > 0 { // whole bytes
				s.out[s.wr] = byte(s.take(8))
				s.wr++
				s.left--
				continue
			}
			k := copy(s.out[s.wr:window], s.in[:min(len(s.in), s.left)])
			if k == 0 {
				return nil
			}
			s.in = s.in[k:]
			s.wr += k
			s.left -= k

		case atDynamic, inCodes, inLengths:
			if more, err := s.dynamic(); !more || err != nil {
				return err
			}

		case inCodesOf:
			if more, err := s.codes(n); !more || err != nil {
				return err
			}

		case atEnd:
			s.take(s.nb & 7)
			if !s.need(32) {
				return nil
			}
			s.take(32)
			s.state = ended

		default:
			if s.nb > 0 || len(s.in) > 0 {
				return corrupt("data after its end")
			}
			return nil
		}
	}
	return nil
}

// dynamic reads the codes of a block, §3.2.7. It is false when input lacks.
func (s *Stream) dynamic() (bool, error) {
	if s.state == atDynamic {
		if !s.need(14) {
			return false, nil
		}
		s.nlit, s.ndist, s.ncode = int(s.take(5))+257, int(s.take(5))+1, int(s.take(4))+4
		if s.nlit > 286 || s.ndist > 30 {
			return false, corrupt("%d lengths and %d distances", s.nlit, s.ndist)
		}
		s.have = 0
		clear(s.lengths[:19])
		s.state = inCodes
	}
	if s.state == inCodes {
		for ; s.have < s.ncode; s.have++ {
			if !s.need(3) {
				return false, nil
			}
			s.lengths[codeOrder[s.have]] = uint8(s.take(3))
		}
		// The table of the code length code lives where that of the distances will be.
		if !build(s.own.dist[:], 7, s.lengths[:19], false, plainEntry) {
			return false, corrupt("code of code lengths")
		}
		s.have = 0
		s.state = inLengths
	}
	for s.have < s.nlit+s.ndist {
		s.need(7 + 7) // or as many as there are
		e := s.own.dist[s.bits&127]
		n := uint(e & 31)
		symbol := uint(e >> 16)
		extra := uint(0)
		if symbol >= 16 {
			extra = [3]uint{2, 3, 7}[symbol-16]
		}
		if s.nb < n+extra {
			return false, nil
		}
		s.take(n)
		if symbol < 16 {
			s.lengths[s.have] = uint8(symbol)
			s.have++
			continue
		}
		value, times := uint8(0), 3+int(s.take(extra))
		switch symbol {
		case 16:
			if s.have == 0 {
				return false, corrupt("repeated length without a first")
			}
			value = s.lengths[s.have-1]
		case 18:
			times += 11 - 3
		}
		if s.have+times > s.nlit+s.ndist {
			return false, corrupt("too many code lengths")
		}
		for range times {
			s.lengths[s.have] = value
			s.have++
		}
	}
	if s.lengths[256] == 0 {
		return false, corrupt("block without an end")
	}
	if !build(s.own.lit[:], litRoot, s.lengths[:s.nlit], true, litEntry) ||
		!build(s.own.dist[:], distRoot, s.lengths[s.nlit:s.nlit+s.ndist], true, distEntry) {
		return false, corrupt("code of a block")
	}
	s.t = s.own
	s.state = inCodesOf
	return true, nil
}

// codes decodes compressed data until the block ends or n bytes are there. It is
// false when input lacks.
func (s *Stream) codes(n int) (bool, error) {
	for s.wr-s.rd < n {
		s.room()
		if len(s.in) >= 8 {
			if end, err := s.fast(); end || err != nil {
				return true, err
			}
			continue
		}
		// Near the end of the input: symbol by symbol, each only when all of it is
		// there. At most 15+5+15+13 = 48 bits are needed.
		for s.nb <= 48 && len(s.in) > 0 {
			s.bits = s.bits&(1<<s.nb-1) | uint64(s.in[0])<<s.nb
			s.in = s.in[1:]
			s.nb += 8
		}
		bits, used := s.bits&(1<<s.nb-1), uint(0)
		e, k, bad := find(s.t.lit[:], bits, litRoot, s.nb)
		if bad {
			return false, corrupt("no such code")
		}
		if k == 0 {
			return false, nil
		}
		used = k
		switch {
		case e&kindLiteral != 0:
			s.take(used)
			s.out[s.wr] = byte(e >> 16)
			s.wr++
			continue
		case e&kindEnd != 0:
			s.take(used)
			s.state = atBlock
			return true, nil
		}
		extra := uint(e >> 8 & 31)
		if s.nb < used+extra {
			return false, nil
		}
		length := int(e>>16) + int(bits>>used&(1<<extra-1))
		used += extra
		e, k, bad = find(s.t.dist[:], bits>>used, distRoot, s.nb-used)
		if bad {
			return false, corrupt("no such distance code")
		}
		extra = uint(e >> 8 & 31)
		if k == 0 || s.nb < used+k+extra {
			return false, nil
		}
		used += k
		dist := int(e>>16) + int(bits>>used&(1<<extra-1))
		s.take(used + extra)
		if dist > s.wr {
			return false, corrupt("distance %d after %d bytes", dist, s.wr)
		}
		s.match(dist, length)
	}
	return true, nil
}

// find looks up the code at the front of bits, of which nb are valid (those above
// are 0). k is its length, or 0 when more bits are needed.
func find(table []entry, bits uint64, root, nb uint) (e entry, k uint, bad bool) {
	e = table[bits&(1<<root-1)]
	k = uint(e & 31)
	if e&kindTable != 0 {
		if nb < k {
			return 0, 0, false
		}
		e = table[uint64(e>>16)+bits>>root&(1<<(e>>8&31)-1)]
		if e != 0 {
			k += uint(e & 31)
		}
	}
	if e == 0 {
		// With all bits of a code there would be no such code; with fewer, the zeros
		// in their place may be why.
		return 0, 0, nb >= longest
	}
	if k > nb {
		return 0, 0, false
	}
	return e, k, false
}

// match repeats length bytes from dist back. There is room.
func (s *Stream) match(dist, length int) {
	to := s.wr
	s.wr += length
	from := to - dist
	if dist < 8 {
		// Pixels of three bytes make this the common case: repeat the pattern until it
		// is a word long, then go on in words from a multiple of the distance back.
		far := dist
		for far < 8 {
			far += dist
		}
		out := s.out[from:]
		for i := dist; i < far; i++ {
			out[i] = out[i-dist]
		}
		to, length = from+far, length-(far-dist)
	}
	if length <= 0 {
		return
	}
	if dist >= length && length > 64 {
		copy(s.out[to:to+length], s.out[from:])
		return
	}
	src, dst := s.out[from:], s.out[to:]
	for i := 0; i < length; i += 8 {
		binary.LittleEndian.PutUint64(dst[i:], binary.LittleEndian.Uint64(src[i:]))
	}
}

// MaxPacked bounds the length of a payload that inflates to n bytes. A deflater
// adds 5 bytes to every 16 KB or more that it cannot compress; twice is generous,
// and keeps a server from feeding a rectangle for ever without painting it.
func MaxPacked(n int) int { return 2*n + 1024 }
