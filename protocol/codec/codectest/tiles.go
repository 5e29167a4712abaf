package codectest

import (
	"encoding/binary"

	"github.com/porthole-rac/porthole/protocol/codec"
)

func (e *Encoder) trle(t *codec.Target, r codec.Rect) []byte { return e.tiled(t, r, 16) }

func (e *Encoder) zrled(t *codec.Target, r codec.Rect) []byte {
	p := e.zrle.pack(e.tiled(t, r, 64), e.level)
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(p))), p...)
}

// tiled is TRLE, or ZRLE before it is compressed.
func (e *Encoder) tiled(t *codec.Target, r codec.Rect, side int) []byte {
	var b []byte
	var last []uint32 // the palette that TRLE may use again
	tiles(r, side, func(a codec.Rect) {
		palette := colors(t, a, 127)
		var ways [][]byte
		raw := []byte{0}
		for y := range a.H {
			for x := range a.W {
				raw = cpixel(raw, At(t, a.X+x, a.Y+y))
			}
		}
		ways = append(ways, raw, runs(t, a, []byte{128}, nil))
		palettes := [][]uint32{nil, nil, nil, nil}
		palettes = palettes[:len(ways)]
		if len(palette) == 1 {
			ways = append(ways, cpixel([]byte{1}, palette[0]))
			palettes = append(palettes, nil)
		}
		if n := len(palette); n > 0 {
			if n == 1 { // runs of a palette of one are not possible: 129 has another meaning
				palette = append(palette, palette[0]^1)
			}
			head := func(sub int) []byte {
				h := []byte{byte(sub)}
				for _, c := range palette {
					h = cpixel(h, c)
				}
				return h
			}
			if len(palette) <= 16 {
				ways = append(ways, packed(t, a, head(len(palette)), palette))
				palettes = append(palettes, palette)
			}
			ways = append(ways, runs(t, a, head(128+len(palette)), palette))
			palettes = append(palettes, palette)
		}
		if side == 16 && last != nil && within(palette, last) {
			if len(last) <= 16 {
				ways = append(ways, packed(t, a, []byte{127}, last))
				palettes = append(palettes, last)
			}
			ways = append(ways, runs(t, a, []byte{129}, last))
			palettes = append(palettes, last)
		}
		chosen := e.rand.IntN(len(ways))
		if e.plain || e.chance(2) {
			for i := range ways {
				if len(ways[i]) < len(ways[chosen]) {
					chosen = i
				}
			}
		}
		b = append(b, ways[chosen]...)
		if palettes[chosen] != nil {
			last = palettes[chosen]
		}
	})
	return b
}

func within(some, all []uint32) bool {
	for _, c := range some {
		if index(all, c) < 0 {
			return false
		}
	}
	return len(some) > 0
}

func index(palette []uint32, c uint32) int {
	for i, p := range palette {
		if p == c {
			return i
		}
	}
	return -1
}

// packed appends rows of palette indices of 1, 2 or 4 bits.
func packed(t *codec.Target, a codec.Rect, b []byte, palette []uint32) []byte {
	bits := 4
	switch {
	case len(palette) <= 2:
		bits = 1
	case len(palette) <= 4:
		bits = 2
	}
	for y := range a.H {
		v, n := 0, 0
		for x := range a.W {
			v = v<<bits | index(palette, At(t, a.X+x, a.Y+y))
			if n += bits; n == 8 {
				b = append(b, byte(v))
				v, n = 0, 0
			}
		}
		if n > 0 {
			b = append(b, byte(v<<(8-n)))
		}
	}
	return b
}

// runs appends runs of pixels, or of palette indices.
func runs(t *codec.Target, a codec.Rect, b []byte, palette []uint32) []byte {
	at := func(i int) uint32 { return At(t, a.X+i%a.W, a.Y+i/a.W) }
	for i := 0; i < a.W*a.H; {
		c, n := at(i), 1
		for i+n < a.W*a.H && at(i+n) == c {
			n++
		}
		i += n
		if palette != nil {
			if n == 1 {
				b = append(b, byte(index(palette, c)))
				continue
			}
			b = append(b, byte(index(palette, c))|128)
		} else {
			b = cpixel(b, c)
		}
		for n--; n >= 255; n -= 255 {
			b = append(b, 255)
		}
		b = append(b, byte(n))
	}
	return b
}

// tightly is Tight without pictures.
func (e *Encoder) tightly(t *codec.Target, r codec.Rect) []byte {
	control := byte(0)
	for i := range e.tight {
		if e.chance(8) {
			control |= 1 << i
			e.tight[i] = deflater{}
		}
	}
	palette := colors(t, r, 256)
	if len(palette) == 1 && !e.chance(3) {
		return cpixel([]byte{control | 0x80}, palette[0])
	}
	var data, head []byte
	filter := e.rand.IntN(3)
	switch {
	case e.plain && len(palette) > 0 && len(palette) <= 96:
		filter = 1
	case e.plain:
		filter = 0
	}
	if filter == 1 && len(palette) < 2 {
		filter = 0
	}
	switch filter {
	case 0:
		for y := range r.H {
			for x := range r.W {
				data = cpixel(data, At(t, r.X+x, r.Y+y))
			}
		}
		if e.chance(2) {
			head = []byte{0}
		}
	case 1:
		head = []byte{1, byte(len(palette) - 1)}
		places := map[uint32]byte{}
		for i, c := range palette {
			head = cpixel(head, c)
			places[c] = byte(i)
		}
		if len(palette) == 2 {
			data = packed(t, r, nil, palette)
			break
		}
		for y := range r.H {
			for x := range r.W {
				data = append(data, places[At(t, r.X+x, r.Y+y)])
			}
		}
	case 2:
		head = []byte{2}
		data = gradient(t, r)
	}
	stream := e.rand.IntN(4)
	if e.plain {
		stream = filter
	}
	if len(head) > 0 {
		control |= 0x40
	}
	if e.chance(6) { // without zlib
		return append(append([]byte{control | 0xa0}, head...), data...)
	}
	control |= byte(stream) << 4
	b := append([]byte{control}, head...)
	if len(data) < 12 {
		return append(b, data...)
	}
	return append(b, withLength(e.tight[stream].pack(data, e.level))...)
}

// gradient is the picture as differences to what the neighbours predict.
func gradient(t *codec.Target, r codec.Rect) []byte {
	var b []byte
	v := func(x, y, c int) int {
		if x < 0 || y < 0 {
			return 0
		}
		return int(At(t, r.X+x, r.Y+y) >> (8 * c) & 255)
	}
	for y := range r.H {
		for x := range r.W {
			for c := range 3 {
				p := v(x-1, y, c) + v(x, y-1, c) - v(x-1, y-1, c)
				b = append(b, byte(v(x, y, c)-max(0, min(255, p))))
			}
		}
	}
	return b
}
