package guacamole

import (
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/jpeg"
	"sync"

	"github.com/porthole-rac/porthole/protocol/codec"
)

// encoder makes pictures of pixels. It is some megabytes large, so that connections
// share a few of them.
type encoder struct {
	pix    []byte
	w, h   int
	stride int

	palette [256]uint32
	colors  int
	keys    [tableSize]uint32 // of a hash table
	places  [tableSize]uint16 // in palette, plus 1
	index   []byte            // of each pixel in palette

	row []byte
	zip *zlib.Writer
	out buffer
}

const tableSize = 1024

// opaque is what is set in a pixel's value, so that a fourth byte means nothing.
const opaque = 0xff000000

var encoders = sync.Pool{New: func() any { return &encoder{} }}

// buffer is an io.Writer that grows.
type buffer struct{ p []byte }

func (b *buffer) Write(p []byte) (int, error) {
	b.p = append(b.p, p...)
	return len(p), nil
}

// look is what pixels look like.
type look uint8

const (
	plain look = iota // one colour
	drawn             // text and lines: few colours, or many neighbours that are equal
	photo             // all else
)

// take makes an encoder look at pixels.
func (e *encoder) take(pix []byte, stride, w, h int) {
	e.pix, e.stride, e.w, e.h = pix, stride, w, h
}

// count fills palette and, with keep, index. False: there are more colours.
func (e *encoder) count(keep bool) bool {
	e.places = [tableSize]uint16{}
	e.colors = 0
	if n := e.w * e.h; keep {
		if cap(e.index) < n {
			e.index = make([]byte, n)
		}
		e.index = e.index[:n]
	}
	last, place := uint32(0), byte(0)
	for y := range e.h {
		row := e.pix[y*e.stride:][:4*e.w]
		var index []byte
		if keep {
			index = e.index[y*e.w:][:e.w]
		}
		for x := 0; len(row) >= 4; x++ {
			v := binary.LittleEndian.Uint32(row) | opaque
			row = row[4:]
			if v != last {
				var ok bool
				if place, ok = e.color(v); !ok {
					return false
				}
				last = v
			}
			if x < len(index) {
				index[x] = place
			}
		}
	}
	return true
}

// color finds or adds a colour.
func (e *encoder) color(v uint32) (place byte, ok bool) {
	for i := v * 0x9e3779b1 >> 22; ; i = (i + 1) % tableSize {
		switch at := e.places[i]; {
		case at == 0:
			if e.colors == len(e.palette) {
				return 0, false
			}
			e.keys[i], e.palette[e.colors] = v, v
			e.colors++
			e.places[i] = uint16(e.colors)
			return byte(e.colors - 1), true
		case e.keys[i] == v:
			return byte(at - 1), true
		}
	}
}

// look tells what the pixels look like.
func (e *encoder) look() look {
	if e.count(false) {
		if e.colors == 1 {
			return plain
		}
		return drawn
	}
	same := 0
	for y := range e.h {
		row := e.pix[y*e.stride:][:4*e.w]
		last := binary.LittleEndian.Uint32(row) | opaque
		for row = row[4:]; len(row) >= 4; row = row[4:] {
			v := binary.LittleEndian.Uint32(row) | opaque
			if v == last {
				same++
			}
			last = v
		}
	}
	if 3*same >= 2*e.w*e.h {
		return drawn
	}
	return photo
}

// jpeg makes a JPEG of a quality from 1 to 100. The result is valid until the next.
func (e *encoder) jpeg(quality int) []byte {
	e.out.p = e.out.p[:0]
	m := image.RGBA{Pix: e.pix, Stride: e.stride, Rect: image.Rect(0, 0, e.w, e.h)}
	if err := jpeg.Encode(&e.out, &m, &jpeg.Options{Quality: quality}); err != nil {
		return nil // more than 65535 pixels
	}
	return e.out.p
}

// png makes a PNG, with a palette where that is enough: it is a third to a twentieth
// of the work.
func (e *encoder) png() []byte {
	few := e.count(true)
	depth, kind := 8, byte(2)
	if few {
		kind = 3
		switch {
		case e.colors <= 2:
			depth = 1
		case e.colors <= 4:
			depth = 2
		case e.colors <= 16:
			depth = 4
		}
	}
	e.begin(depth, kind)
	if few {
		e.chunk("PLTE", func() {
			for _, v := range e.palette[:e.colors] {
				e.out.p = append(e.out.p, byte(v), byte(v>>8), byte(v>>16))
			}
		})
	}
	e.chunk("IDAT", func() {
		e.startZip()
		for y := range e.h {
			if few {
				e.packed(y, depth)
			} else {
				e.differences(y, 3)
			}
			_, _ = e.zip.Write(e.row) // to memory
		}
		_ = e.zip.Close()
	})
	return e.end()
}

// pngAlpha makes a PNG of pixels with alpha: of cursors.
func (e *encoder) pngAlpha() []byte {
	e.begin(8, 6)
	e.chunk("IDAT", func() {
		e.startZip()
		for y := range e.h {
			e.differences(y, 4)
			_, _ = e.zip.Write(e.row)
		}
		_ = e.zip.Close()
	})
	return e.end()
}

func (e *encoder) startZip() {
	if e.zip == nil {
		e.zip, _ = zlib.NewWriterLevel(&e.out, zlib.BestSpeed)
		return
	}
	e.zip.Reset(&e.out)
}

// packed makes a row of indices (PNG, 7.2), without a filter.
func (e *encoder) packed(y, depth int) {
	index := e.index[y*e.w:][:e.w]
	e.row = append(e.row[:0], 0)
	if depth == 8 {
		e.row = append(e.row, index...)
		return
	}
	each := 8 / depth
	for len(index) >= each {
		var b byte
		for _, i := range index[:each] {
			b = b<<depth | i
		}
		e.row = append(e.row, b)
		index = index[each:]
	}
	if len(index) > 0 {
		var b byte
		for _, i := range index {
			b = b<<depth | i
		}
		e.row = append(e.row, b<<(depth*(each-len(index))))
	}
}

// differences makes a row of pixels less those to their left: the filter Sub.
func (e *encoder) differences(y, bytes int) {
	row := e.pix[y*e.stride:][:4*e.w]
	e.row = append(e.row[:0], 1)
	var last [4]byte
	for len(row) >= 4 {
		p := row[:4]
		e.row = append(e.row, p[0]-last[0], p[1]-last[1], p[2]-last[2])
		if bytes == 4 {
			e.row = append(e.row, p[3]-last[3])
		}
		copy(last[:], p)
		row = row[4:]
	}
}

// begin writes the signature and the head (PNG, 11.2.2).
func (e *encoder) begin(depth int, kind byte) {
	e.out.p = append(e.out.p[:0], "\x89PNG\r\n\x1a\n"...)
	e.chunk("IHDR", func() {
		e.out.p = binary.BigEndian.AppendUint32(e.out.p, uint32(e.w))
		e.out.p = binary.BigEndian.AppendUint32(e.out.p, uint32(e.h))
		e.out.p = append(e.out.p, byte(depth), kind, 0, 0, 0)
	})
}

func (e *encoder) end() []byte {
	e.chunk("IEND", func() {})
	return e.out.p
}

// chunk writes a chunk (PNG, 5.3).
func (e *encoder) chunk(name string, body func()) {
	at := len(e.out.p)
	e.out.p = append(e.out.p, 0, 0, 0, 0)
	e.out.p = append(e.out.p, name...)
	body()
	binary.BigEndian.PutUint32(e.out.p[at:], uint32(len(e.out.p)-at-8))
	e.out.p = binary.BigEndian.AppendUint32(e.out.p, crc32.ChecksumIEEE(e.out.p[at+4:]))
}

const (
	tile  = 128 // pixels of a side of what is looked at on its own
	whole = tile * tile
)

// part is a rectangle that looks the same everywhere.
type part struct {
	r     codec.Rect
	look  look
	color uint32 // of plain ones, 0xRRGGBB
}

// parts cuts pixels into rectangles that look the same, as few as are worth it.
func (e *encoder) parts(dst []part, pix []byte, stride int, r codec.Rect) []part {
	at := func(x, y, w, h int) part {
		e.take(pix[y*stride+4*x:], stride, w, h)
		p := part{r: codec.Rect{X: r.X + x, Y: r.Y + y, W: w, H: h}, look: e.look()}
		if p.look == plain {
			v := e.palette[0]
			p.color = v&0xff<<16 | v&0xff00 | v>>16&0xff
		}
		return p
	}
	if r.W*r.H <= whole {
		return append(dst, at(0, 0, r.W, r.H))
	}
	first := len(dst)
	for y := 0; y < r.H; y += tile {
		h := min(tile, r.H-y)
		begin := len(dst)
		for x := 0; x < r.W; x += tile {
			p := at(x, y, min(tile, r.W-x), h)
			if last := len(dst) - 1; last >= begin && dst[last].look == p.look && dst[last].color == p.color {
				dst[last].r.W += p.r.W
				continue
			}
			dst = append(dst, p)
		}
		// A row like the one above goes on with it.
		if n := len(dst) - begin; begin-n >= first && sameRow(dst[begin-n:begin], dst[begin:]) {
			for i := range n {
				dst[begin-n+i].r.H += h
			}
			dst = dst[:begin]
		}
	}
	return dst
}

// sameRow tells whether the lower parts lie right below the upper ones and look alike.
func sameRow(upper, lower []part) bool {
	for i := range upper {
		u, l := upper[i], lower[i]
		if u.r.X != l.r.X || u.r.W != l.r.W || u.r.Y+u.r.H != l.r.Y || u.look != l.look || u.color != l.color {
			return false
		}
	}
	return true
}
