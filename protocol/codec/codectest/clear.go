package codectest

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"math/rand/v2"

	"github.com/porthole-rac/porthole/protocol/codec"
)

// Clear encodes pictures in ClearCodec (MS-RDPEGFX §2.2.4.1) for one channel, with the
// caches that its decoder has. It uses every layer and every form, by chance.
type Clear struct {
	r               *rand.Rand
	sequence        byte
	columns, shorts clearCache
	glyphs          map[string]int
	// Used counts the forms: columns from the cache, short ones from the cache, short
	// ones, glyphs from the cache, subcodecs 0 and 2.
	Used [6]int
}

// clearCache has the place of each column, and what is at each place.
type clearCache struct {
	size, cursor int
	place        map[string]int
	at           map[int]string
}

func (c *clearCache) put(column string) {
	if old, ok := c.at[c.cursor]; ok && c.place[old] == c.cursor {
		delete(c.place, old)
	}
	c.place[column], c.at[c.cursor] = c.cursor, column
	c.cursor = (c.cursor + 1) % c.size
}

// NewClear returns an encoder.
func NewClear(seed uint64) *Clear {
	cache := func(size int) clearCache {
		return clearCache{size: size, place: map[string]int{}, at: map[int]string{}}
	}
	return &Clear{r: rand.New(rand.NewPCG(seed, 3)), columns: cache(32768), shorts: cache(16384), glyphs: map[string]int{}}
}

// Encode encodes a picture.
func (e *Clear) Encode(src codec.Target) []byte {
	w, h := src.Width, src.Height
	flags := byte(0)
	var index []byte
	if w*h <= 1024 && w*h > 0 {
		flags |= 1
		if i, ok := e.glyphs[string(src.Pix)]; ok {
			e.Used[3]++
			return append([]byte{flags | 2, e.next()}, byte(i), byte(i>>8))
		}
		i := len(e.glyphs) % 4000
		e.glyphs[string(src.Pix)] = i
		index = []byte{byte(i), byte(i >> 8)}
	}
	if e.r.IntN(10) == 0 {
		flags |= 4
		e.columns.cursor, e.shorts.cursor = 0, 0
	}
	var residual, bands, subs []byte
	if all := e.runs(src); e.r.IntN(4) == 0 || w > 2000 {
		residual = all
	} else {
		// Bands and rectangles, over a background of the first colour.
		p := src.Row(0, 0, 1)
		residual = append(residual, p[2], p[1], p[0])
		residual = appendRun(residual, w*h)
		for y := 0; y < h; {
			part := codec.Rect{Y: y, W: w, H: min(1+e.r.IntN(52), h-y)}
			if e.r.IntN(3) > 0 {
				bands = append(bands, e.band(src, part)...)
			} else {
				subs = append(subs, e.subcodec(src, part)...)
			}
			y += part.H
		}
	}
	out := append([]byte{flags, e.next()}, index...)
	for _, p := range [][]byte{residual, bands, subs} {
		out = binary.LittleEndian.AppendUint32(out, uint32(len(p)))
	}
	return append(append(append(out, residual...), bands...), subs...)
}

func (e *Clear) next() byte {
	e.sequence++
	return e.sequence - 1
}

func bgr(p []byte) []byte { return []byte{p[2], p[1], p[0]} }

func appendRun(out []byte, n int) []byte {
	switch {
	case n < 255:
		return append(out, byte(n))
	case n < 65535:
		return append(out, 255, byte(n), byte(n>>8))
	}
	return binary.LittleEndian.AppendUint32(append(out, 255, 255, 255), uint32(n))
}

func (e *Clear) runs(src codec.Target) []byte {
	var out []byte
	for i := 0; i < len(src.Pix); {
		n := 1
		for i+4*n < len(src.Pix) && bytes.Equal(src.Pix[i+4*n:i+4*n+4], src.Pix[i:i+4]) {
			n++
		}
		out = appendRun(append(out, bgr(src.Pix[i:])...), n)
		i += 4 * n
	}
	return out
}

func appendRect(out []byte, values ...int) []byte {
	for _, v := range values {
		out = binary.LittleEndian.AppendUint16(out, uint16(v))
	}
	return out
}

func (e *Clear) band(src codec.Target, r codec.Rect) []byte {
	out := appendRect(nil, r.X, r.X+r.W-1, r.Y, r.Y+r.H-1)
	background := string(bgr(src.Row(r.X, r.Y, 1)))
	out = append(out, background...)
	for x := range r.W {
		var column []byte
		for y := range r.H {
			column = append(column, bgr(src.Row(r.X+x, r.Y+y, 1))...)
		}
		if i, ok := e.columns.place[string(column)]; ok && e.r.IntN(5) > 0 {
			out = binary.LittleEndian.AppendUint16(out, 0x8000|uint16(i))
			e.Used[0]++
			continue
		}
		from, to := 0, r.H
		for from < to && string(column[3*from:3*from+3]) == background {
			from++
		}
		for to > from && string(column[3*to-3:3*to]) == background {
			to--
		}
		short := string(column[3*from : 3*to])
		if i, ok := e.shorts.place[short]; ok {
			out = append(binary.LittleEndian.AppendUint16(out, 0x4000|uint16(i)), byte(from))
			e.Used[1]++
		} else {
			out = append(append(out, byte(from), byte(to)), short...)
			e.shorts.put(short)
			e.Used[2]++
		}
		e.columns.put(string(column))
	}
	return out
}

func (e *Clear) subcodec(src codec.Target, r codec.Rect) []byte {
	var pixels []string
	palette := map[string]int{}
	var colors []string
	for y := range r.H {
		for x := range r.W {
			p := string(bgr(src.Row(r.X+x, r.Y+y, 1)))
			pixels = append(pixels, p)
			if _, ok := palette[p]; !ok {
				palette[p] = len(colors)
				colors = append(colors, p)
			}
		}
	}
	var data []byte
	id := byte(0)
	if len(colors) > 127 {
		e.Used[4]++
		for _, p := range pixels {
			data = append(data, p...)
		}
	} else {
		e.Used[5]++
		id = 2
		data = []byte{byte(len(colors))}
		for _, c := range colors {
			data = append(data, c...)
		}
		size := max(1, bits.Len(uint(len(colors)-1)))
		for i := 0; i < len(pixels); {
			start, n := palette[pixels[i]], 0
			for i+n+1 < len(pixels) && pixels[i+n+1] == pixels[i] {
				n++
			}
			i += n
			depth := 0
			for i+depth+1 < len(pixels) && palette[pixels[i+depth+1]] == start+depth+1 && (depth+1)<<size < 256 {
				depth++
			}
			data = appendRun(append(data, byte(depth)<<size|byte(start+depth)), n)
			i += depth + 1
		}
	}
	out := appendRect(nil, r.X, r.Y, r.W, r.H)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(data)))
	return append(append(out, id), data...)
}
