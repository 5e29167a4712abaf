package codectest

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"image"
	"image/png"
	"math/rand/v2"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/encodings"
)

// Rect is a rectangle as it is on the wire.
type Rect struct {
	Encoding int32
	codec.Rect
	Payload []byte
}

// Encoder is the sending side of one connection.
type Encoder struct {
	rand       *rand.Rand
	zlib, zrle deflater
	hex        [2]deflater // of ZlibHex
	tight      [4]deflater
	level      int
	plain      bool // no rare choices
}

// NewEncoder returns the encoder of a connection, which chooses at random among what
// an encoding allows.
func NewEncoder(seed uint64) *Encoder {
	return &Encoder{rand: rand.New(rand.NewPCG(seed, 78)), level: int(seed%9) + 1}
}

// NewPlainEncoder returns one that chooses as servers do, for benchmarks.
func NewPlainEncoder() *Encoder {
	e := NewEncoder(0)
	e.plain, e.level = true, 6
	return e
}

// chance is true once in n times, never in a plain encoder.
func (e *Encoder) chance(n int) bool { return !e.plain && e.rand.IntN(n) == 0 }

// Encode encodes a part of a picture, in as many rectangles as the encoding needs.
func (e *Encoder) Encode(encoding int32, t codec.Target, r codec.Rect) []Rect {
	w, h := r.W, r.H // of one rectangle
	encode := map[int32]func(*codec.Target, codec.Rect) []byte{
		encodings.Raw: e.raw, encodings.RRE: e.rre, encodings.CoRRE: e.corre, encodings.Hextile: e.hextile,
		encodings.Zlib: e.zlibbed, encodings.TRLE: e.trle, encodings.ZRLE: e.zrled, encodings.Tight: e.tightly,
		encodings.TightPNG: e.tightPNG, encodings.ZlibHex: e.zlibHex,
	}[encoding]
	switch encoding {
	case encodings.CoRRE:
		w, h = 255, 255
	case encodings.Tight, encodings.TightPNG:
		w, h = 2048, 1<<15
	}
	if e.plain {
		switch encoding {
		case encodings.Tight, encodings.TightPNG, encodings.Zlib, encodings.ZRLE:
			h = min(h, 65536/max(1, min(w, r.W)))
		case encodings.RRE:
			w, h = 64, 64
		}
	}
	var all []Rect
	for y := 0; y < r.H; y += h {
		for x := 0; x < r.W; x += w {
			part := codec.Rect{X: r.X + x, Y: r.Y + y, W: min(w, r.W-x), H: min(h, r.H-y)}
			all = append(all, Rect{encoding, part, encode(&t, part)})
		}
	}
	return all
}

// deflater is a zlib stream.
type deflater struct {
	w   *zlib.Writer
	out bytes.Buffer
}

func (d *deflater) pack(p []byte, level int) []byte {
	if d.w == nil {
		d.w, _ = zlib.NewWriterLevel(&d.out, level)
	}
	d.out.Reset()
	d.w.Write(p)
	d.w.Flush()
	return d.out.Bytes()
}

// pixel appends a PIXEL: the fourth byte is whatever the server has.
func (e *Encoder) pixel(b []byte, v uint32) []byte {
	v &= 0xffffff
	if !e.plain {
		v |= e.rand.Uint32() << 24
	}
	return binary.LittleEndian.AppendUint32(b, v)
}

func cpixel(b []byte, v uint32) []byte { return append(b, byte(v), byte(v>>8), byte(v>>16)) }

func (e *Encoder) raw(t *codec.Target, r codec.Rect) []byte {
	b := make([]byte, 0, 4*r.W*r.H)
	for y := range r.H {
		for x := range r.W {
			b = e.pixel(b, At(t, r.X+x, r.Y+y))
		}
	}
	return b
}

func (e *Encoder) zlibbed(t *codec.Target, r codec.Rect) []byte {
	p := e.zlib.pack(e.raw(t, r), e.level)
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(p))), p...)
}

// sub is a subrectangle, relative to the rectangle that it is in.
type sub struct {
	codec.Rect
	color uint32
}

// subs covers all pixels that are not of the background.
func subs(t *codec.Target, r codec.Rect, background uint32) []sub {
	var all []sub
	taken := make([]bool, r.W*r.H)
	for y := range r.H {
		for x := 0; x < r.W; x++ {
			c := At(t, r.X+x, r.Y+y)
			if c == background || taken[y*r.W+x] {
				continue
			}
			w, h := 1, 1
			for x+w < r.W && !taken[y*r.W+x+w] && At(t, r.X+x+w, r.Y+y) == c {
				w++
			}
		down:
			for ; y+h < r.H; h++ {
				for i := range w {
					if taken[(y+h)*r.W+x+i] || At(t, r.X+x+i, r.Y+y+h) != c {
						break down
					}
				}
			}
			for j := range h {
				for i := range w {
					taken[(y+j)*r.W+x+i] = true
				}
			}
			all = append(all, sub{codec.Rect{X: x, Y: y, W: w, H: h}, c})
		}
	}
	return all
}

func (e *Encoder) rre(t *codec.Target, r codec.Rect) []byte {
	background := At(t, r.X, r.Y)
	all := subs(t, r, background)
	b := e.pixel(binary.BigEndian.AppendUint32(nil, uint32(len(all))), background)
	for _, s := range all {
		b = e.pixel(b, s.color)
		for _, v := range []int{s.X, s.Y, s.W, s.H} {
			b = binary.BigEndian.AppendUint16(b, uint16(v))
		}
	}
	return b
}

func (e *Encoder) corre(t *codec.Target, r codec.Rect) []byte {
	background := At(t, r.X+r.W-1, r.Y+r.H-1)
	all := subs(t, r, background)
	b := e.pixel(binary.BigEndian.AppendUint32(nil, uint32(len(all))), background)
	for _, s := range all {
		b = append(e.pixel(b, s.color), byte(s.X), byte(s.Y), byte(s.W), byte(s.H))
	}
	return b
}

func (e *Encoder) hextile(t *codec.Target, r codec.Rect) []byte {
	return e.hexTiles(t, r, func(mask byte, tile []byte) []byte { return append([]byte{mask}, tile...) })
}

// zlibHex packs some of the tiles.
func (e *Encoder) zlibHex(t *codec.Target, r codec.Rect) []byte {
	return e.hexTiles(t, r, func(mask byte, tile []byte) []byte {
		mask &^= 32 | 64 // which mean nothing in a raw tile of Hextile
		stream := 1
		switch {
		case e.chance(3) || len(tile) < 12:
			return append([]byte{mask}, tile...)
		case mask&1 != 0 && !e.chance(3):
			mask, stream = mask|32, 0
		default:
			mask |= 64
		}
		p := e.hex[stream].pack(tile, e.level)
		return append(binary.BigEndian.AppendUint16([]byte{mask}, uint16(len(p))), p...)
	})
}

// hexTiles encodes tiles of Hextile; wrap puts the mask of one and what follows together.
func (e *Encoder) hexTiles(t *codec.Target, r codec.Rect, wrap func(mask byte, tile []byte) []byte) []byte {
	var out []byte
	background, foreground := int64(-1), int64(-1) // what the next tile may leave out
	tiles(r, 16, func(a codec.Rect) {
		back := At(t, a.X, a.Y)
		all := subs(t, a, back)
		same := true
		for _, s := range all {
			same = same && s.color == all[0].color
		}
		size := 2 * len(all)
		if !same {
			size = 6 * len(all)
		}
		if len(all) > 255 || size > 4*a.W*a.H || e.chance(6) {
			out = append(out, wrap(1 /* raw */ |byte(e.rand.IntN(128)<<1), e.raw(t, a))...)
			background, foreground = -1, -1
			return
		}
		var mask byte
		var b []byte
		if background != int64(back) || e.chance(4) {
			mask |= 2
			b = e.pixel(b, back)
			background = int64(back)
		}
		colored := len(all) > 0 && (!same || e.chance(4))
		switch {
		case colored:
			mask |= 16
			foreground = -1
		case len(all) > 0 && (foreground != int64(all[0].color) || e.chance(4)):
			mask |= 4
			b = e.pixel(b, all[0].color)
			foreground = int64(all[0].color)
		}
		if len(all) == 0 && !e.chance(5) {
			out = append(out, wrap(mask, b)...)
			return
		}
		mask |= 8
		b = append(b, byte(len(all)))
		for _, s := range all {
			if colored {
				b = e.pixel(b, s.color)
			}
			b = append(b, byte(s.X<<4|s.Y), byte((s.W-1)<<4|(s.H-1)))
		}
		out = append(out, wrap(mask, b)...)
	})
	return out
}

// tiles calls f with the tiles of a rectangle in their order.
func tiles(r codec.Rect, side int, f func(codec.Rect)) {
	for y := 0; y < r.H; y += side {
		for x := 0; x < r.W; x += side {
			f(codec.Rect{X: r.X + x, Y: r.Y + y, W: min(side, r.W-x), H: min(side, r.H-y)})
		}
	}
}

// colors are the colours of a part of a picture, in the order in which they occur,
// or nil when they are more than most.
func colors(t *codec.Target, r codec.Rect, most int) []uint32 {
	var all []uint32
	seen := map[uint32]bool{}
	for y := range r.H {
		for x := range r.W {
			if c := At(t, r.X+x, r.Y+y); !seen[c] {
				if len(all) == most {
					return nil
				}
				seen[c] = true
				all = append(all, c)
			}
		}
	}
	return all
}

func (e *Encoder) tightPNG(t *codec.Target, r codec.Rect) []byte {
	if c := colors(t, r, 1); c != nil {
		return cpixel([]byte{0x80}, c[0])
	}
	return append([]byte{0xa0}, withLength(PNG(t, r))...)
}

// PNG is a part of a picture as PNG.
func PNG(t *codec.Target, r codec.Rect) []byte {
	i := image.NewNRGBA(image.Rect(0, 0, r.W, r.H))
	for y := range r.H {
		copy(i.Pix[y*i.Stride:], t.Row(r.X, r.Y+y, r.W))
	}
	var b bytes.Buffer
	if err := png.Encode(&b, i); err != nil {
		panic(fmt.Sprintf("codectest: %v", err))
	}
	return b.Bytes()
}

// withLength puts Tight's compact length in front.
func withLength(p []byte) []byte {
	n := len(p)
	switch {
	case n < 1<<7:
		return append([]byte{byte(n)}, p...)
	case n < 1<<14:
		return append([]byte{byte(n) | 128, byte(n >> 7)}, p...)
	case n < 1<<22:
		return append([]byte{byte(n) | 128, byte(n>>7) | 128, byte(n >> 14)}, p...)
	}
	panic("codectest: too long for Tight")
}
