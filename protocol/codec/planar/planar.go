// Package planar decodes RDP 6.0 bitmap compression (MS-RDPEGDI §2.2.2.5.1, §3.1.9):
// colour planes one after the other, each plain or in run-length segments of its
// own, in ARGB or, with colour loss, in AYCoCg. It comes in bitmap updates of 32 bits
// a pixel (lowest row first) and as RDPGFX_CODECID_PLANAR (highest row first).
//
// A payload comes complete and is decoded in one call. What it makes a decoder
// allocate is bounded by its length: a byte of run-length segments stands for at most
// 47 pixels of one plane. An error leaves the target as it was.
package planar

import (
	"encoding/binary"
	"fmt"

	"github.com/porthole-rac/porthole/protocol/codec"
)

// MaxSide bounds a bitmap's width and height, in pixels.
const MaxSide = 8192

// Bits of the format header (§2.2.2.5.1). The lowest three are the colour loss level.
const (
	lossMask   = 0x07
	subsampled = 0x08
	runs       = 0x10
	noAlpha    = 0x20
)

// longestRun is how many pixels of a plane one byte of segments can make.
const longestRun = 47

// Format is what the payload does not say.
type Format struct {
	// Width and Height of the bitmap, in pixels; at least those of its rectangle.
	// What is more is not painted.
	Width, Height int
	// BottomUp: the first row is the lowest.
	BottomUp bool
}

// Decoder decodes bitmaps. Its zero value is ready; it is for one goroutine. Nothing
// of one bitmap is used for the next but memory, as much as the largest bitmap had
// bytes.
type Decoder struct {
	planes []byte
}

// Decode paints a bitmap at a rectangle of dst. The alpha plane is used if
// dst.Alpha says so; one that is not there is opaque.
func (d *Decoder) Decode(dst codec.Target, r codec.Rect, f Format, payload []byte) error {
	if err := d.decode(dst, r, f, payload); err != nil {
		return fmt.Errorf("planar bitmap of %d×%d for %v, %d bytes: %w", f.Width, f.Height, r, len(payload), err)
	}
	return nil
}

func (d *Decoder) decode(dst codec.Target, r codec.Rect, f Format, p []byte) error {
	if err := dst.Check(r); err != nil {
		return err
	}
	if f.Width < r.W || f.Height < r.H || f.Width > MaxSide || f.Height > MaxSide {
		return codec.ErrCorrupt
	}
	if len(p) == 0 {
		return codec.ErrShort
	}
	head := p[0]
	p = p[1:]
	if head&subsampled != 0 && head&lossMask == 0 {
		return fmt.Errorf("subsampled without colour loss: %w", codec.ErrCorrupt)
	}
	w, h := f.Width, f.Height
	cw, ch := w, h // of a chroma plane
	if head&subsampled != 0 {
		cw, ch = (w+1)/2, (h+1)/2
	}
	size, chroma := w*h, cw*ch
	total := size + 2*chroma
	if head&noAlpha == 0 {
		total += size
	}
	least := total
	if head&runs != 0 {
		least = h*((w+longestRun-1)/longestRun) + 2*ch*((cw+longestRun-1)/longestRun)
	}
	if len(p) < least {
		return codec.ErrShort
	}
	if cap(d.planes) < total {
		d.planes = make([]byte, total)
	}
	var planes [4][]byte // alpha, then as the format has them
	rest := d.planes[:total]
	for i := range planes {
		if i == 0 && head&noAlpha != 0 {
			continue
		}
		pw, ph := w, h
		if i >= 2 {
			pw, ph = cw, ch
		}
		if head&runs == 0 {
			planes[i], p = p[:pw*ph], p[pw*ph:]
			continue
		}
		planes[i], rest = rest[:pw*ph:pw*ph], rest[pw*ph:]
		used, err := segments(planes[i], pw, p)
		if err != nil {
			return err
		}
		p = p[used:]
	}
	// A byte of padding follows plain planes. How much else a server sends beyond the
	// last plane does not matter.
	for y := range r.H {
		from := y
		if f.BottomUp {
			from = h - 1 - y
		}
		out := dst.Row(r.X, r.Y+y, r.W)
		if head&lossMask == 0 {
			combine(out, planes[1][from*w:], planes[2][from*w:], planes[3][from*w:])
		} else {
			luma := planes[1][from*w:]
			half := uint(0)
			if head&subsampled != 0 {
				half = 1
			}
			co, cg := planes[2][from>>half*cw:], planes[3][from>>half*cw:]
			// Microsoft's servers take red for blue when they convert bitmaps without
			// alpha, and the decoder must turn it round (§3.1.9.1.2).
			codec.YCoCg(out, luma, co, cg, uint(head&lossMask), half, head&noAlpha != 0)
		}
		if dst.Alpha && planes[0] != nil {
			for x, a := range planes[0][from*w:][:r.W] {
				out[4*x+3] = a
			}
		}
	}
	return nil
}

// segments decodes the run-length segments of a plane (§3.1.9.2), which has whole
// rows of w bytes, and returns how many bytes they were.
func segments(plane []byte, w int, p []byte) (int, error) {
	var above []byte
	at := 0
	for len(plane) > 0 {
		row := plane[:w]
		last := byte(0) // what a run without a raw value repeats
		for x := 0; x < w; {
			if at == len(p) {
				return at, codec.ErrShort
			}
			control := p[at]
			at++
			run, raw := int(control&15), int(control>>4)
			if run == 1 || run == 2 {
				run, raw = 16*run+raw, 0
			}
			if control == 0 || raw+run > w-x {
				return at, codec.ErrCorrupt
			}
			if raw > len(p)-at {
				return at, codec.ErrShort
			}
			if above == nil {
				copy(row[x:x+raw], p[at:])
				if raw > 0 {
					last = p[at+raw-1]
				}
				fill(row[x+raw:x+raw+run], last)
			} else {
				in := p[at : at+raw]
				to, up := row[x:x+len(in)], above[x:x+len(in)]
				if len(in) > 0 {
					last = difference(in[len(in)-1])
				}
				for len(in) >= 8 && len(to) >= 8 && len(up) >= 8 {
					add8(to, up, in)
					in, to, up = in[8:], to[8:], up[8:]
				}
				up = up[:len(in)]
				to = to[:len(in)]
				for i, v := range in {
					to[i] = up[i] + difference(v)
				}
				if run > 0 {
					to, up = row[x+raw:x+raw+run], above[x+raw:x+raw+run]
					if last == 0 {
						copy(to, up)
					} else {
						up = up[:len(to)]
						for i := range to {
							to[i] = up[i] + last
						}
					}
				}
			}
			at += raw
			x += raw + run
		}
		above = row
		plane = plane[w:]
	}
	return at, nil
}

// difference is that of a value to the one above; its sign is in the lowest bit.
func difference(v byte) byte { return v>>1 ^ -(v & 1) }

// add8 is to = up + difference(in) for eight values: a word of them at a time.
func add8(to, up, in []byte) {
	const lowest, highest = 0x01010101_01010101, 0x80808080_80808080
	v, a := binary.LittleEndian.Uint64(in), binary.LittleEndian.Uint64(up)
	d := v>>1&^highest ^ v&lowest*0xff
	binary.LittleEndian.PutUint64(to, (a&^highest+d&^highest)^(a^d)&highest)
}

func fill(p []byte, v byte) {
	for i := range p {
		p[i] = v
	}
}

// combine paints a row of red, green and blue, opaque.
func combine(out, red, green, blue []byte) {
	n := len(out) / 4
	red, green, blue = red[:n], green[:n], blue[:n]
	for x := range n {
		binary.LittleEndian.PutUint32(out[4*x:], uint32(red[x])|uint32(green[x])<<8|uint32(blue[x])<<16|0xff000000)
	}
}
