package codectest

import (
	"encoding/binary"

	"github.com/porthole-rac/porthole/protocol/codec"
)

// Progressive encodes pictures in RemoteFX Progressive (MS-RDPEGFX §2.2.4.2) for one
// surface, and knows what its decoder has.
type Progressive struct {
	// Reduce is the reduce-extrapolate method.
	Reduce bool
	// Quant has the factor of each band in the order of Bands, 1 to 15.
	Quant [10]uint8
	// Diffing: tiles may come as differences.
	Diffing bool
	// Qualities has of each pass but the last how many bits lack of each band.
	Qualities [][10]uint8

	tiles map[[2]int]*progressiveTile
}

type progressiveTile struct {
	want, ref, das [3][]int32 // DwtQ; Ref; DAS of the pass that is under way
	target         [3][]int32 // SB
	position       [10]uint8
	difference     bool
}

// DefaultBands are the factors of DefaultQuant in the order of Bands.
var DefaultBands = [10]uint8{8, 8, 9, 7, 7, 8, 6, 6, 6, 6}

// sizes of the bands.
func (e *Progressive) sizes() [10]int {
	if e.Reduce {
		return [10]int{1023, 1023, 961, 272, 272, 256, 72, 72, 64, 81}
	}
	return [10]int{1024, 1024, 1024, 256, 256, 256, 64, 64, 64, 64}
}

// First is a payload with the first pass of every tile; with no Qualities, all of them
// at once and as RFX_PROGRESSIVE_TILE_SIMPLE.
func (e *Progressive) First(src codec.Target) []byte {
	if e.tiles == nil {
		e.tiles = map[[2]int]*progressiveTile{}
	}
	return e.payload(src, func(x, y int) []byte {
		c := Components(src, x, y)
		t := e.tiles[[2]int{x, y}]
		known := t != nil
		if !known {
			t = new(progressiveTile)
			e.tiles[[2]int{x, y}] = t
			for i := range t.ref {
				t.ref[i] = make([]int32, 4096)
			}
		}
		t.difference = known && e.Diffing
		t.position = [10]uint8{}
		kind, quality := uint16(0xccc5), byte(0xff)
		if len(e.Qualities) > 0 {
			kind, quality = 0xccc6, 0
			t.position = e.Qualities[0]
		}
		head := append([]byte{0, 0, 0}, appendRect(nil, x/64, y/64)...)
		if t.difference {
			head = append(head, 1)
		} else {
			head = append(head, 0)
		}
		if kind == 0xccc6 {
			head = append(head, quality)
		}
		var data []byte
		for i := range c {
			t.want[i] = nil
			for b, band := range Bands(c[i], e.Reduce) {
				t.want[i] = append(t.want[i], Quantize(band, int(e.Quant[b])-1)...)
			}
			if !t.difference {
				clear(t.ref[i])
			}
			t.target[i] = make([]int32, 4096)
			t.das[i] = make([]int32, 4096)
			var coded []int32
			at := 0
			for b, size := range e.sizes() {
				var band []int32
				for j := at; j < at+size; j++ {
					sb := t.want[i][j] - t.ref[i][j]
					t.target[i][j] = sb
					q := sb >> t.position[b]
					if sb < 0 && b != 9 {
						q = -(-sb >> t.position[b])
					}
					band = append(band, q)
					t.das[i][j] = q << t.position[b]
					t.ref[i][j] += q << t.position[b]
				}
				if b == 9 {
					band = Differences(band)
				}
				coded = append(coded, band...)
				at += size
			}
			p := RLGR(coded, false)
			head = appendRect(head, len(p))
			data = append(data, p...)
		}
		head = appendRect(head, 8)
		data = append(data, 0x4c, 0x41, 1, 0, 0xff, 0xff, 0, 0x10) // as Windows has it at times
		return block(kind, append(head, data...))
	})
}

// Upgrade is a payload with the next pass of every tile, number pass from 1 on; that
// after the last of Qualities is complete.
func (e *Progressive) Upgrade(src codec.Target, pass int) []byte {
	quality, position := byte(0xff), [10]uint8{}
	if pass < len(e.Qualities) {
		quality, position = byte(pass), e.Qualities[pass]
	}
	return e.payload(src, func(x, y int) []byte {
		t := e.tiles[[2]int{x, y}]
		head := append([]byte{0, 0, 0}, appendRect(nil, x/64, y/64)...)
		head = append(head, quality)
		var data []byte
		for i := range t.target {
			var plain Bits
			s := srlWriter{kp: 8}
			at := 0
			for b, size := range e.sizes() {
				n := uint(t.position[b] - position[b])
				for j := at; j < at+size && n > 0; j++ {
					left := t.target[i][j] - t.das[i][j]
					q := left >> position[b]
					if left < 0 && b != 9 {
						q = -(-left >> position[b])
					}
					switch {
					case b == 9:
						plain.Put(uint32(q), n)
					case t.das[i][j] != 0:
						if q < 0 {
							plain.Put(uint32(-q), n)
						} else {
							plain.Put(uint32(q), n)
						}
					default:
						s.put(q, n)
					}
					t.das[i][j] += q << position[b]
					t.ref[i][j] += q << position[b]
				}
				at += size
			}
			s.end()
			head = appendRect(head, len(s.w.P), len(plain.P))
			data = append(append(data, s.w.P...), plain.P...)
		}
		if x+64 >= src.Width && y+64 >= src.Height {
			for _, t := range e.tiles {
				t.position = position
			}
		}
		return block(0xccc7, append(head, data...))
	})
}

// payload is a frame with one region, all of the surface.
func (e *Progressive) payload(src codec.Target, tile func(x, y int) []byte) []byte {
	flags := byte(0)
	if e.Diffing {
		flags = 1
	}
	out := block(0xccc0, []byte{0xca, 0xac, 0xcc, 0xca, 0, 1})
	out = append(out, block(0xccc3, []byte{0, 64, 0, flags})...)
	out = append(out, block(0xccc1, []byte{0, 0, 0, 0, 1, 0})...)
	var tiles []byte
	count := 0
	for y := 0; y < src.Height; y += 64 {
		for x := 0; x < src.Width; x += 64 {
			tiles = append(tiles, tile(x, y)...)
			count++
		}
	}
	pack := func(p []byte, q [10]uint8) []byte {
		// LL3, HL3, LH3, HH3, HL2, LH2, HH2, HL1, LH1, HH1
		v := [10]uint8{q[9], q[6], q[7], q[8], q[3], q[4], q[5], q[0], q[1], q[2]}
		for i := 0; i < 10; i += 2 {
			p = append(p, v[i]|v[i+1]<<4)
		}
		return p
	}
	flags = 0
	if e.Reduce {
		flags = 1
	}
	p := append([]byte{64, 1, 0, 1, byte(len(e.Qualities)), flags}, byte(count), byte(count>>8))
	p = binary.LittleEndian.AppendUint32(p, uint32(len(tiles)))
	p = appendRect(p, 0, 0, src.Width, src.Height)
	p = pack(p, e.Quant)
	for _, q := range e.Qualities {
		p = pack(pack(pack(append(p, 50), q), q), q)
	}
	out = append(out, block(0xccc4, append(p, tiles...))...)
	return append(out, block(0xccc2, nil)...)
}

// srlWriter encodes by the simplified run-length code (§3.1.8.1.5).
type srlWriter struct {
	w     Bits
	kp    int
	zeros int
}

func (s *srlWriter) runs() {
	for s.zeros >= 1<<(s.kp/8) {
		s.w.Put(0, 1)
		s.zeros -= 1 << (s.kp / 8)
		s.kp = min(s.kp+4, 80)
	}
}

func (s *srlWriter) put(v int32, n uint) {
	if v == 0 {
		s.zeros++
		return
	}
	s.runs()
	s.w.Put(1, 1)
	s.w.Put(uint32(s.zeros), uint(s.kp/8))
	s.zeros = 0
	s.kp = max(s.kp-6, 0)
	if v < 0 {
		s.w.Put(1, 1)
		v = -v
	} else {
		s.w.Put(0, 1)
	}
	s.w.Repeat(0, int(v-1))
	if v != 1<<n-1 {
		s.w.Put(1, 1)
	}
}

func (s *srlWriter) end() {
	s.runs()
	if s.zeros > 0 {
		s.w.Put(1, 1)
		s.w.Put(uint32(s.zeros), uint(s.kp/8))
	}
	s.w.P = append(s.w.P, 0)
}
