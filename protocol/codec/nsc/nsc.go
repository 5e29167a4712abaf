// Package nsc decodes NSCodec (MS-RDPNSC §2.2.2): four planes in AYCoCg with colour
// loss, each plain or run-length encoded as a whole. It comes in surface commands and
// in ClearCodec's rectangles; its rows go from the highest down.
//
// A payload comes complete and is decoded in one call. An error leaves the target as
// it was. Memory is bounded by the rectangle, which lies in the target, and is kept
// for the next bitmap.
package nsc

import (
	"encoding/binary"
	"fmt"

	"github.com/porthole-rac/porthole/protocol/codec"
)

// header is the length of what precedes the planes: four lengths of 4 bytes, the
// colour loss level, whether chroma is subsampled, and 2 bytes for nothing.
const header = 4*4 + 1 + 1 + 2

// Decoder decodes bitmaps. Its zero value is ready; it is for one goroutine.
type Decoder struct {
	planes []byte
}

// Decode paints a bitmap of r's size at r in dst, whose first row is the lowest with
// bottomUp. The alpha plane is used if dst.Alpha says so; one that is not there is
// opaque.
func (d *Decoder) Decode(dst codec.Target, r codec.Rect, bottomUp bool, payload []byte) error {
	if err := d.decode(dst, r, bottomUp, payload); err != nil {
		return fmt.Errorf("nscodec bitmap for %v, %d bytes: %w", r, len(payload), err)
	}
	return nil
}

func (d *Decoder) decode(dst codec.Target, r codec.Rect, bottomUp bool, p []byte) error {
	if err := dst.Check(r); err != nil {
		return err
	}
	if len(p) < header {
		return codec.ErrShort
	}
	loss := p[16]
	half := uint(0)
	if p[17] != 0 {
		half = 1
	}
	if loss < 1 || loss > 7 {
		return fmt.Errorf("colour loss level %d: %w", loss, codec.ErrCorrupt)
	}
	// Of each plane: the width of a row and the rows (luma, orange, green, alpha).
	lw, cw, ch := r.W, r.W, r.H
	if half == 1 {
		lw = (r.W + 7) &^ 7
		cw, ch = lw/2, (r.H+1)/2
	}
	sizes := [4]int{lw * r.H, cw * ch, cw * ch, r.W * r.H}
	var planes [4][]byte
	total := 0
	rest := p[header:]
	for i, size := range sizes {
		n := binary.LittleEndian.Uint32(p[4*i:])
		switch {
		case i == 3 && n == 0:
			continue
		case int64(n) > int64(size):
			return codec.ErrLong
		case int(n) > len(rest):
			return codec.ErrShort
		}
		planes[i], rest = rest[:n], rest[n:]
		if int(n) < size {
			total += size
		}
	}
	if cap(d.planes) < total {
		d.planes = make([]byte, total)
	}
	room := d.planes[:total]
	for i, size := range sizes {
		if planes[i] == nil || len(planes[i]) == size {
			continue
		}
		if err := runs(room[:size], planes[i]); err != nil {
			return err
		}
		planes[i], room = room[:size:size], room[size:]
	}
	for y := range r.H {
		out := dst.Row(r.X, r.Y+y, r.W)
		if bottomUp {
			out = dst.Row(r.X, r.Y+r.H-1-y, r.W)
		}
		c := y >> half * cw
		codec.YCoCg(out, planes[0][y*lw:], planes[1][c:], planes[2][c:], uint(loss), half, false)
		if dst.Alpha && planes[3] != nil {
			for x, a := range planes[3][y*r.W:][:r.W] {
				out[4*x+3] = a
			}
		}
	}
	return nil
}

// runs decodes a run-length encoded plane (§3.1.8.1): two equal bytes are followed by
// the length of their run, and the last four bytes stand as they are.
func runs(dst, p []byte) error {
	const end = 4
	if len(dst) < end || len(p) < end {
		return codec.ErrShort
	}
	body, tail := dst[:len(dst)-end], p[len(p)-end:]
	p = p[:len(p)-end]
	for len(body) > 0 {
		if len(p) == 0 {
			return codec.ErrShort
		}
		v := p[0]
		if len(p) < 2 || p[1] != v {
			body[0] = v
			body, p = body[1:], p[1:]
			continue
		}
		if len(p) < 3 {
			return codec.ErrShort
		}
		n := uint32(p[2]) + 2
		p = p[3:]
		if n == 0xff+2 {
			if len(p) < 4 {
				return codec.ErrShort
			}
			n = binary.LittleEndian.Uint32(p)
			p = p[4:]
		}
		if int64(n) > int64(len(body)) {
			return codec.ErrLong
		}
		for i := range body[:n] {
			body[i] = v
		}
		body = body[n:]
	}
	if len(p) > 0 {
		return codec.ErrLong
	}
	copy(dst[len(dst)-end:], tail)
	return nil
}
