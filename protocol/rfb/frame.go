package rfb

import "encoding/binary"

// frame is how far a rectangle is read. Which members count depends on the encoding.
type frame struct {
	tile     int // next tile (Hextile, TRLE)
	pixel    int // bytes of a PIXEL, CPIXEL or TPIXEL
	palette  int // colours in TRLE's palette
	left     int // pixels that are missing in the tile (TRLE)
	mask     byte
	stream   bool // Tight: the data is compressed; Hextile: it is ZlibHex
	start    int64
	bound    int64
	width    int
	dataKind DataKind
}

// beginRaw: width × height pixels (RFB, "Raw Encoding").
func (d *Decoder) beginRaw([]byte) (Event, error) {
	d.name = "raw rectangle"
	d.pass(DataPixels, d.area()*int64(d.pixelFormat().Bytes()))
	d.finish()
	return nil, nil
}

// beginCopy: where from (RFB, "CopyRect Encoding").
func (d *Decoder) beginCopy([]byte) (Event, error) {
	d.then("copyrect rectangle", 4, func(d *Decoder, b []byte) (Event, error) {
		r := &d.ev.rect
		r.SourceX, r.SourceY = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
		if err := d.inside("source", Area{r.SourceX, r.SourceY, r.Area.Width, r.Area.Height}); err != nil {
			return nil, err
		}
		d.finish()
		return r, nil
	})
	return nil, nil
}

// beginRRE: a count, the background, and for each sub-rectangle a pixel and four
// U16 (RFB, "RRE Encoding").
func (d *Decoder) beginRRE([]byte) (Event, error) { return d.beginSubrects("rre rectangle", 8) }

// beginCoRRE: the same with four U8 (RFB, "CoRRE Encoding").
func (d *Decoder) beginCoRRE([]byte) (Event, error) { return d.beginSubrects("corre rectangle", 4) }

func (d *Decoder) beginSubrects(name string, corners int64) (Event, error) {
	d.kind = DataCoded
	pixel := int64(d.pixelFormat().Bytes())
	d.frame = frame{pixel: int(pixel), bound: pixel + corners}
	d.then(name, 4, func(d *Decoder, b []byte) (Event, error) {
		n := int64(binary.BigEndian.Uint32(b))
		if n > d.area() { // each has a pixel at least
			return nil, d.fail("%d sub-rectangles in %d pixels", n, d.area())
		}
		d.over(int64(d.frame.pixel) + n*d.frame.bound)
		d.finish()
		return nil, nil
	})
	return nil, nil
}

// slack is what a compressed rectangle may have beyond its pixels.
const slack = 64 << 10

// beginZlib: a length and a part of the one zlib stream (RFB, "zlib Encoding" and
// "ZRLE Encoding"). The length may exceed the pixels' by what a bad compressor adds.
func (d *Decoder) beginZlib([]byte) (Event, error) {
	name := "zlib rectangle"
	if d.ev.rect.Encoding == EncodingZRLE || d.ev.rect.Inner == EncodingZRLE {
		name = "zrle rectangle"
	}
	d.then(name, 4, func(d *Decoder, b []byte) (Event, error) {
		n := int64(binary.BigEndian.Uint32(b))
		if most := d.area()*8 + slack; n > most {
			return nil, d.fail("%d bytes for %d pixels, at most %d", n, d.area(), most)
		}
		d.pass(DataZlib, n)
		d.finish()
		return nil, nil
	})
	return nil, nil
}

// beginH264: length, flags, frames (RFB, "Open H.264 Encoding").
func (d *Decoder) beginH264([]byte) (Event, error) {
	d.then("h.264 rectangle", 8, func(d *Decoder, b []byte) (Event, error) {
		n := int64(binary.BigEndian.Uint32(b))
		if most := d.area()*8 + 1<<20; n > most {
			return nil, d.fail("%d bytes for %d pixels, at most %d", n, d.area(), most)
		}
		d.pass(DataH264, n)
		d.finish()
		return nil, nil
	})
	return nil, nil
}
