package rfb

import "encoding/binary"

// tileSize gives width and height of a tile of the rectangle, and whether there is
// one.
func (d *Decoder) tileSize(tile, side int) (w, h int, ok bool) {
	width, height := int(d.ev.rect.Area.Width), int(d.ev.rect.Area.Height)
	across := (width + side - 1) / side
	if width == 0 || tile >= across*((height+side-1)/side) {
		return 0, 0, false
	}
	return min(side, width-tile%across*side), min(side, height-tile/across*side), true
}

// Bits of a Hextile tile's mask (RFB, "Hextile Encoding").
const (
	hextileSide       = 16
	hextileRaw        = 1
	hextileBackground = 2
	hextileForeground = 4
	hextileSubrects   = 8
	hextileColoured   = 16
	hextileZlib       = 32 | 64 // ZlibRaw, Zlib (RFB, "zlibhex Encoding")
)

func (d *Decoder) beginHextile([]byte) (Event, error) {
	d.kind = DataCoded
	d.frame = frame{pixel: d.pixelFormat().Bytes()}
	d.frame.stream = d.ev.rect.Encoding == EncodingZlibHex || d.ev.rect.Inner == EncodingZlibHex
	d.name = "hextile rectangle"
	d.nextHextile()
	return nil, nil
}

func (d *Decoder) nextHextile() {
	if _, _, ok := d.tileSize(d.frame.tile, hextileSide); !ok {
		d.finish()
		return
	}
	d.then("hextile rectangle", 1, (*Decoder).readHextileMask)
}

func (d *Decoder) readHextileMask(b []byte) (Event, error) {
	f := &d.frame
	w, h, _ := d.tileSize(f.tile, hextileSide)
	f.tile++
	f.mask = b[0]
	if f.stream && f.mask&hextileZlib != 0 {
		d.then("zlibhex rectangle", 2, func(d *Decoder, b []byte) (Event, error) {
			d.over(int64(binary.BigEndian.Uint16(b)))
			d.nextHextile()
			return nil, nil
		})
		return nil, nil
	}
	if f.mask&hextileRaw != 0 {
		d.over(int64(w * h * f.pixel))
		d.nextHextile()
		return nil, nil
	}
	n := 0
	if f.mask&hextileBackground != 0 {
		n += f.pixel
	}
	if f.mask&hextileForeground != 0 {
		n += f.pixel
	}
	d.over(int64(n))
	if f.mask&hextileSubrects == 0 {
		d.nextHextile()
		return nil, nil
	}
	d.then("hextile rectangle", 1, func(d *Decoder, b []byte) (Event, error) {
		each := 2
		if d.frame.mask&hextileColoured != 0 {
			each += d.frame.pixel
		}
		d.over(int64(int(b[0]) * each))
		d.nextHextile()
		return nil, nil
	})
	return nil, nil
}

// Sub-encodings of a TRLE tile (RFC 6143, 7.7.5).
const (
	trleSide       = 16
	trleRaw        = 0
	trleSolid      = 1
	trlePackedMax  = 16
	trlePackedOld  = 127 // packed, with the palette of the tile before
	trlePlain      = 128
	trlePaletteOld = 129 // runs, with the palette of the tile before
	trlePalette    = 130
)

func (d *Decoder) beginTRLE([]byte) (Event, error) {
	d.kind = DataCoded
	d.frame = frame{pixel: d.pixelFormat().CompactBytes()}
	d.name = "trle rectangle"
	d.nextTRLE()
	return nil, nil
}

func (d *Decoder) nextTRLE() {
	if _, _, ok := d.tileSize(d.frame.tile, trleSide); !ok {
		d.finish()
		return
	}
	d.then("trle rectangle", 1, (*Decoder).readTRLE)
}

func (d *Decoder) readTRLE(b []byte) (Event, error) {
	f := &d.frame
	w, h, _ := d.tileSize(f.tile, trleSide)
	f.tile++
	f.left = w * h
	f.mask = b[0]
	switch kind := int(b[0]); {
	case kind == trleRaw:
		d.over(int64(w * h * f.pixel))
		d.nextTRLE()
	case kind == trleSolid:
		d.over(int64(f.pixel))
		d.nextTRLE()
	case kind <= trlePackedMax:
		f.palette = kind
		d.over(int64(f.palette*f.pixel + packedBytes(f.palette, w, h)))
		d.nextTRLE()
	case kind == trlePackedOld:
		if f.palette < 2 || f.palette > trlePackedMax {
			return nil, d.fail("packed pixels with the palette of before, which has %d colours", f.palette)
		}
		d.over(int64(packedBytes(f.palette, w, h)))
		d.nextTRLE()
	case kind == trlePlain:
		d.nextRun()
	case kind == trlePaletteOld:
		if f.palette == 0 {
			return nil, d.fail("runs with the palette of before, and there was none")
		}
		d.nextRun()
	case kind >= trlePalette:
		f.palette = kind - trlePlain
		d.over(int64(f.palette * f.pixel))
		d.nextRun()
	default:
		return nil, d.fail("sub-encoding %d", kind)
	}
	return nil, nil
}

// packedBytes is the length of pixels as palette indices (RFB, "ZRLE Encoding").
func packedBytes(palette, w, h int) int {
	bits := 4
	switch {
	case palette == 2:
		bits = 1
	case palette <= 4:
		bits = 2
	}
	return (w*bits + 7) / 8 * h
}

// nextRun awaits the next run of a tile.
func (d *Decoder) nextRun() {
	switch {
	case d.frame.left == 0:
		d.nextTRLE()
	case d.frame.mask == trlePlain:
		d.over(int64(d.frame.pixel))
		d.beginRun()
	default:
		d.then("trle rectangle", 1, func(d *Decoder, b []byte) (Event, error) {
			if b[0]&0x80 == 0 { // one pixel
				d.frame.left--
				d.nextRun()
				return nil, nil
			}
			d.beginRun()
			return nil, nil
		})
	}
}

func (d *Decoder) beginRun() {
	d.frame.left--
	d.then("trle rectangle", 1, (*Decoder).readRun)
}

// readRun reads a byte of a run's length, which is one more than their sum.
func (d *Decoder) readRun(b []byte) (Event, error) {
	if d.frame.left -= int(b[0]); d.frame.left < 0 {
		return nil, d.fail("a run of %d pixels beyond its tile", -d.frame.left)
	}
	if b[0] != 0xff {
		d.nextRun()
	}
	return nil, nil
}
