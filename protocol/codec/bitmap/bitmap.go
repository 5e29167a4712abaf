// Package bitmap decodes what RDP's bitmap updates carry (MS-RDPBCGR
// §2.2.9.1.1.3.1.2.2): uncompressed bitmaps of 8, 15, 16, 24 and 32 bits a pixel,
// Interleaved RLE (§3.1.9) of 8 to 24, and RDP 6.0 planar for compressed ones of 32
// (package planar).
//
// A payload comes complete: the layers below have put it together, and it is short
// (a bitmap update says its length in 16 bits). It is therefore decoded in one call,
// not in pieces as RFB's rectangles.
//
// Nothing is allocated but two rows of a bitmap, and for planar what package planar
// says. An error leaves what was painted, inside of the rectangle; there is no state
// from one bitmap to the next, so a decoder stays usable.
package bitmap

import (
	"encoding/binary"
	"fmt"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/planar"
)

// MaxSide bounds a bitmap's width and height, in pixels: RDP's largest desktop has
// 8192 (MS-RDPBCGR §2.2.1.3.2).
const MaxSide = 8192

// Palette has the colours of 8 bits a pixel, as values of a target: R lowest, opaque.
type Palette [256]uint32

// Format is how a payload is to be understood.
type Format struct {
	// Width and Height of the bitmap, in pixels. It may be larger than its rectangle:
	// servers pad the width to a multiple of four. What is more is not painted.
	Width, Height int
	// Depth is 8, 15, 16, 24 or 32 bits a pixel.
	Depth int
	// Compressed: Interleaved RLE, or planar for 32 bits a pixel.
	Compressed bool
	// TopDown: the first row is the highest one. Bitmap updates and surface commands
	// begin with the lowest; RDPGFX_CODECID_UNCOMPRESSED (MS-RDPEGFX §2.2.2.1) with
	// the highest. Interleaved RLE always begins with the lowest.
	TopDown bool
}

// Decoder decodes bitmaps. Its zero value is ready; it is for one goroutine.
type Decoder struct {
	// Palette is for 8 bits a pixel. Nil is grey: no server should send such bitmaps
	// before a palette.
	Palette *Palette
	rows    [2][]uint32
	planar  planar.Decoder
}

// Decode paints a bitmap at a rectangle of dst.
func (d *Decoder) Decode(dst codec.Target, r codec.Rect, f Format, payload []byte) error {
	if err := d.decode(dst, r, f, payload); err != nil {
		return fmt.Errorf("bitmap of %d×%d, %d bits, for %v: %w", f.Width, f.Height, f.Depth, r, err)
	}
	return nil
}

func (d *Decoder) decode(dst codec.Target, r codec.Rect, f Format, payload []byte) error {
	if err := dst.Check(r); err != nil {
		return err
	}
	if f.Width < r.W || f.Height < r.H || f.Width > MaxSide || f.Height > MaxSide {
		return codec.ErrCorrupt
	}
	switch f.Depth {
	case 8, 15, 16, 24:
		if f.Compressed {
			return d.interleaved(dst, r, f, payload)
		}
	case 32:
		if f.Compressed {
			return d.planar.Decode(dst, r, planar.Format{Width: f.Width, Height: f.Height, BottomUp: !f.TopDown}, payload)
		}
	default:
		return codec.ErrCorrupt
	}
	return d.plain(dst, r, f, payload)
}

// plain paints an uncompressed bitmap. The bytes after the last row are padding.
func (d *Decoder) plain(dst codec.Target, r codec.Rect, f Format, payload []byte) error {
	bytes := (f.Depth + 7) / 8
	stride := f.Width * bytes
	if f.Depth < 32 {
		stride = (stride + 3) &^ 3
	}
	if len(payload) < stride*f.Height {
		return codec.ErrShort
	}
	or := dst.Opaque()
	for y := range r.H {
		row := payload[y*stride:]
		if !f.TopDown {
			row = payload[(f.Height-1-y)*stride:]
		}
		row = row[:bytes*r.W]
		out := dst.Row(r.X, r.Y+y, r.W)
		switch f.Depth {
		case 8:
			for x, v := range row {
				binary.LittleEndian.PutUint32(out[4*x:], d.color(v))
			}
		case 15:
			for x := range r.W {
				binary.LittleEndian.PutUint32(out[4*x:], codec.Pixel555(binary.LittleEndian.Uint16(row[2*x:])))
			}
		case 16:
			for x := range r.W {
				binary.LittleEndian.PutUint32(out[4*x:], codec.Pixel565(binary.LittleEndian.Uint16(row[2*x:])))
			}
		case 24:
			codec.BGR3(out, row)
		case 32:
			codec.BGR4(out, row, or)
		}
	}
	return nil
}

func (d *Decoder) color(v byte) uint32 {
	if d.Palette == nil {
		return uint32(v)*0x010101 | 0xff000000
	}
	return d.Palette[v] | 0xff000000
}
