package rfb

// Parts of Tight's compression-control byte, and its filters (RFB, "Tight
// Encoding").
const (
	tightFilterBit = 0x4 // of the upper four bits: a filter follows
	tightFill      = 0x8
	tightJPEG      = 0x9
	tightNoZlib    = 0xa // or PNG in TightPNG
	tightNoZlibF   = 0xe

	tightCopy     = 0
	tightPalette  = 1
	tightGradient = 2

	// tightPlain is below how many bytes data is not compressed.
	tightPlain = 12
)

func (d *Decoder) beginTight([]byte) (Event, error) {
	d.frame = frame{pixel: d.pixelFormat().TightBytes(), width: int(d.ev.rect.Area.Width)}
	d.then("tight rectangle", 1, (*Decoder).readTightControl)
	return nil, nil
}

func (d *Decoder) readTightControl(b []byte) (Event, error) {
	png := d.ev.rect.Encoding == EncodingTightPNG || d.ev.rect.Inner == EncodingTightPNG
	switch control := b[0] >> 4; {
	case control == tightFill:
		d.over(int64(d.frame.pixel))
		d.finish()
	case control == tightJPEG:
		d.frame.dataKind = DataJPEG
		d.tightLength()
	case png && control == tightNoZlib:
		d.frame.dataKind = DataPNG
		d.tightLength()
	case !png && (control < tightFill || control == tightNoZlib || control == tightNoZlibF):
		d.frame.stream = control < tightFill
		if control&tightFilterBit == 0 {
			d.tightData(d.frame.pixel * d.frame.width)
			return nil, nil
		}
		d.then("tight rectangle", 1, (*Decoder).readTightFilter)
	default:
		return nil, d.fail("compression %#x", control)
	}
	return nil, nil
}

func (d *Decoder) readTightFilter(b []byte) (Event, error) {
	switch b[0] {
	case tightCopy, tightGradient:
		d.tightData(d.frame.pixel * d.frame.width)
	case tightPalette:
		d.then("tight rectangle", 1, func(d *Decoder, b []byte) (Event, error) {
			colours := int(b[0]) + 1
			d.over(int64(colours * d.frame.pixel))
			row := d.frame.width
			if colours <= 2 { // one bit each; one colour, which is not foreseen, too
				row = (row + 7) / 8
			}
			d.frame.palette = row
			d.then("tight rectangle", 0, func(d *Decoder, _ []byte) (Event, error) {
				d.tightData(d.frame.palette)
				return nil, nil
			})
			return nil, nil
		})
	default:
		return nil, d.fail("filter %d", b[0])
	}
	return nil, nil
}

// tightData expects rows of so many bytes, compressed unless they are few.
func (d *Decoder) tightData(row int) {
	n := row * int(d.ev.rect.Area.Height)
	if n < tightPlain || !d.frame.stream {
		d.pass(DataPixels, int64(n))
		d.finish()
		return
	}
	d.frame.dataKind = DataZlib
	d.tightLength()
}

// tightLength reads 1 to 3 bytes of 7, 7 and 8 bits.
func (d *Decoder) tightLength() {
	d.frame.bound, d.frame.tile = 0, 0
	d.then("tight rectangle", 1, (*Decoder).readTightLength)
}

func (d *Decoder) readTightLength(b []byte) (Event, error) {
	f := &d.frame
	last := f.tile == 2
	bits := int64(b[0])
	if !last {
		bits &= 0x7f
	}
	f.bound |= bits << (7 * f.tile)
	if f.tile++; !last && b[0]&0x80 != 0 {
		return nil, nil // another byte by the same step
	}
	d.pass(f.dataKind, f.bound)
	d.finish()
	return nil, nil
}
