package inflate

import "encoding/binary"

// fast decodes while there are 8 bytes of input and room for a match. It says
// whether the block has ended. There is room for one match when it is called.
func (s *Stream) fast() (end bool, err error) {
	in, out := s.in, s.out
	bits, nb, wr := s.bits&(1<<(s.nb&63)-1), s.nb, s.wr
	lit, dist := &s.t.lit, &s.t.dist
	for len(in) >= 8 && wr < window-longMost {
		// Words are put in whole; the bits above nb are those that in begins with.
		bits |= binary.LittleEndian.Uint64(in) << (nb & 63)
		in = in[(63-nb)>>3:]
		nb |= 56

		e := lit[bits&(1<<litRoot-1)]
		// Up to four literals of the first table fit beside a match's 48 bits; most
		// often one or two come.
		if e&kindLiteral != 0 {
			bits >>= e & 31
			nb -= uint(e & 31)
			out[wr] = byte(e >> 16)
			wr++
			e = lit[bits&(1<<litRoot-1)]
			if e&kindLiteral != 0 {
				bits >>= e & 31
				nb -= uint(e & 31)
				out[wr] = byte(e >> 16)
				wr++
				e = lit[bits&(1<<litRoot-1)]
				if e&kindLiteral != 0 {
					bits >>= e & 31
					nb -= uint(e & 31)
					out[wr] = byte(e >> 16)
					wr++
					continue
				}
			}
			if nb < 48 {
				continue
			}
		}
		if e&kindTable != 0 {
			bits >>= litRoot
			nb -= litRoot
			e = lit[(uint64(e>>16)+bits&(1<<(e>>8&31)-1))&(litSize-1)]
		}
		bits >>= e & 31
		nb -= uint(e & 31)
		if e&(kindLiteral|kindEnd) != 0 {
			if e&kindEnd != 0 {
				end = true
				s.state = atBlock
				break
			}
			out[wr] = byte(e >> 16)
			wr++
			continue
		}
		if e == 0 {
			err = corrupt("no such code")
			break
		}
		extra := uint(e >> 8 & 31)
		length := int(e>>16) + int(bits&(1<<extra-1))
		bits >>= extra
		nb -= extra

		e = dist[bits&(1<<distRoot-1)]
		if e&kindTable != 0 {
			bits >>= distRoot
			nb -= distRoot
			e = dist[(uint64(e>>16)+bits&(1<<(e>>8&31)-1))&(distSize-1)]
		}
		bits >>= e & 31
		nb -= uint(e & 31)
		extra = uint(e >> 8 & 31)
		back := int(e>>16) + int(bits&(1<<extra-1))
		bits >>= extra
		nb -= extra
		if e == 0 || back > wr {
			err = corrupt("distance %d after %d bytes", back, wr)
			break
		}

		from := wr - back
		if back >= 8 && length <= 32 {
			// the common case, in words; what is written too much is written over
			src, dst := out[from:from+32:from+32], out[wr:wr+32:wr+32]
			binary.LittleEndian.PutUint64(dst, binary.LittleEndian.Uint64(src))
			if length > 8 {
				binary.LittleEndian.PutUint64(dst[8:], binary.LittleEndian.Uint64(src[8:]))
				if length > 16 {
					binary.LittleEndian.PutUint64(dst[16:], binary.LittleEndian.Uint64(src[16:]))
					binary.LittleEndian.PutUint64(dst[24:], binary.LittleEndian.Uint64(src[24:]))
				}
			}
			wr += length
			continue
		}
		s.wr = wr
		s.match(back, length)
		wr = s.wr
	}
	s.in, s.bits, s.nb, s.wr = in, bits, nb, wr
	return end, err
}
