package vnc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/png"
)

// Parts of BITMAPINFOHEADER and BITMAPV5HEADER (Microsoft, "Bitmap Structures").
const (
	infoHeader = 40
	v4Header   = 108
	v5Header   = 124

	biRGB       = 0
	biBitfields = 3
	sRGB        = 0x73524742 // LCS_sRGB
	lcsImages   = 4          // LCS_GM_IMAGES

	// maxDIB bounds the pixels of a picture in a clipboard.
	maxDIB = 32 << 20
)

// pngFromDIB turns a device-independent bitmap without a file header, of 24 or 32
// bits, into a PNG file of at most limit bytes.
func pngFromDIB(b []byte, limit int) ([]byte, error) {
	if len(b) < infoHeader {
		return nil, errors.New("dib: no header")
	}
	u32 := func(at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }
	header, width, height := int(u32(0)), int(int32(u32(4))), int(int32(u32(8)))
	bits, compression := int(binary.LittleEndian.Uint16(b[14:])), u32(16)
	up := height > 0
	if !up {
		height = -height
	}
	if header < infoHeader || header > len(b) || width <= 0 || height <= 0 || width > 1<<16 || height > 1<<16 || width*height > maxDIB {
		return nil, fmt.Errorf("dib: header of %d bytes, %d×%d", header, width, height)
	}
	if bits != 24 && bits != 32 || compression != biRGB && compression != biBitfields {
		return nil, fmt.Errorf("dib: %d bits, compression %d", bits, compression)
	}
	masks := [4]uint32{0xff0000, 0xff00, 0xff, 0}
	at := header
	if compression == biBitfields {
		switch {
		case header >= v4Header:
			masks = [4]uint32{u32(40), u32(44), u32(48), u32(52)}
		case header == infoHeader && len(b) >= infoHeader+12:
			masks = [4]uint32{u32(40), u32(44), u32(48), 0}
			at += 12
		default:
			return nil, errors.New("dib: no masks")
		}
	}
	at += 4 * int(min(u32(32), 256)) // colours that may be there for poorer screens
	stride := (width*bits/8 + 3) &^ 3
	if len(b)-at < stride*height {
		return nil, fmt.Errorf("dib: %d bytes of pixels, not %d", len(b)-at, stride*height)
	}
	var shifts [4]int
	for i, m := range masks {
		s, ok := byteShift(m)
		if !ok && (i < 3 || m != 0) {
			return nil, fmt.Errorf("dib: mask %#x", m)
		}
		shifts[i] = s
	}
	out := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		row := b[at+y*stride:]
		to := y
		if up {
			to = height - 1 - y
		}
		dst := out.Pix[to*out.Stride : to*out.Stride+4*width]
		for x := range width {
			p := dst[4*x : 4*x+4]
			if bits == 24 {
				p[0], p[1], p[2], p[3] = row[3*x+2], row[3*x+1], row[3*x], 0xff
				continue
			}
			v := binary.LittleEndian.Uint32(row[4*x:])
			p[0], p[1], p[2], p[3] = byte(v>>shifts[0]), byte(v>>shifts[1]), byte(v>>shifts[2]), 0xff
			if masks[3] != 0 {
				p[3] = byte(v >> shifts[3])
			}
		}
	}
	var file bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&file, out); err != nil {
		return nil, fmt.Errorf("dib: %w", err)
	}
	if file.Len() > limit {
		return nil, fmt.Errorf("dib: a picture of %d bytes, at most %d", file.Len(), limit)
	}
	return file.Bytes(), nil
}

// byteShift is where the byte of a mask lies.
func byteShift(mask uint32) (shift int, ok bool) {
	for shift = 0; shift < 32; shift += 8 {
		if mask == 0xff<<shift {
			return shift, true
		}
	}
	return 0, false
}

// dibFromPNG turns a PNG file into a bitmap of version 5 with 32 bits and alpha.
func dibFromPNG(file []byte, limit int) ([]byte, error) {
	size, err := png.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("png: %w", err)
	}
	if size.Width > 1<<16 || size.Height > 1<<16 || size.Width*size.Height > maxDIB || 4*size.Width*size.Height+v5Header > max(limit, rawLimit) {
		return nil, fmt.Errorf("png: %d×%d", size.Width, size.Height)
	}
	img, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("png: %w", err)
	}
	w, h := size.Width, size.Height
	b := make([]byte, v5Header, v5Header+4*w*h)
	put := func(at int, v uint32) { binary.LittleEndian.PutUint32(b[at:], v) }
	put(0, v5Header)
	put(4, uint32(w))
	put(8, uint32(h)) // positive: from the bottom
	binary.LittleEndian.PutUint16(b[12:], 1)
	binary.LittleEndian.PutUint16(b[14:], 32)
	put(16, biBitfields)
	put(20, uint32(4*w*h))
	put(40, 0xff0000)
	put(44, 0xff00)
	put(48, 0xff)
	put(52, 0xff000000)
	put(56, sRGB)
	put(108, lcsImages)
	straight := toNRGBA(img)
	for y := h - 1; y >= 0; y-- {
		row := straight.Pix[y*straight.Stride:]
		for x := range w {
			p := row[4*x : 4*x+4]
			b = append(b, p[2], p[1], p[0], p[3])
		}
	}
	return b, nil
}

// rawLimit is how many bytes a bitmap may have whatever the setting says: PNG files
// within the setting are a fraction of it.
const rawLimit = 4 * maxDIB

func toNRGBA(img image.Image) *image.NRGBA {
	if n, ok := img.(*image.NRGBA); ok {
		return n
	}
	r := img.Bounds()
	out := image.NewNRGBA(image.Rect(0, 0, r.Dx(), r.Dy()))
	for y := range r.Dy() {
		for x := range r.Dx() {
			out.Set(x, y, img.At(r.Min.X+x, r.Min.Y+y))
		}
	}
	return out
}
