package rfb

import "encoding/binary"

// Markers of JPEG (ITU-T T.81, table B.1).
const (
	jpegSOI = 0xd8
	jpegEOI = 0xd9
	jpegSOS = 0xda
	jpegTEM = 0x01
	jpegRST = 0xd0 // to 0xd7
)

// beginJPEG follows an image from marker to marker, as nothing tells its length
// (RFB, "JPEG Encoding").
func (d *Decoder) beginJPEG([]byte) (Event, error) {
	d.kind = DataJPEG
	d.frame = frame{start: d.offset, bound: d.area()*8 + 1<<20}
	d.then("jpeg rectangle", 2, func(d *Decoder, b []byte) (Event, error) {
		if b[0] != 0xff || b[1] != jpegSOI {
			return nil, d.fail("it begins with %x", b)
		}
		d.nextMarker()
		return nil, nil
	})
	return nil, nil
}

func (d *Decoder) nextMarker() {
	d.then("jpeg rectangle", 2, func(d *Decoder, b []byte) (Event, error) {
		if b[0] != 0xff {
			return nil, d.fail("%#02x instead of a marker", b[0])
		}
		return d.readMarker(b[1:])
	})
}

// readMarker reads what follows 0xff between segments.
func (d *Decoder) readMarker(b []byte) (Event, error) {
	if d.offset-d.frame.start > d.frame.bound {
		return nil, d.fail("more than %d bytes for %d pixels", d.frame.bound, d.area())
	}
	switch m := b[0]; {
	case m == 0xff: // fill byte
		d.then("jpeg rectangle", 1, (*Decoder).readMarker)
	case m == jpegEOI:
		d.finish()
	case m == jpegTEM || m&^7 == jpegRST:
		d.nextMarker()
	case m == 0 || m == jpegSOI:
		return nil, d.fail("marker %#02x", m)
	default:
		d.frame.mask = m
		d.then("jpeg rectangle", 2, func(d *Decoder, b []byte) (Event, error) {
			n := int64(binary.BigEndian.Uint16(b))
			if n < 2 {
				return nil, d.fail("segment of %d bytes", n)
			}
			d.over(n - 2)
			if d.frame.mask != jpegSOS {
				d.nextMarker()
				return nil, nil
			}
			d.then("jpeg rectangle", 0, func(d *Decoder, _ []byte) (Event, error) {
				d.nextEntropy()
				return nil, nil
			})
			return nil, nil
		})
	}
	return nil, nil
}

// nextEntropy lets coded data go by up to 0xff, which stands for itself before 00,
// and is a marker else.
func (d *Decoder) nextEntropy() {
	d.scan = true
	d.then("jpeg rectangle", 1, (*Decoder).readEntropy)
}

func (d *Decoder) readEntropy(b []byte) (Event, error) {
	if d.offset-d.frame.start > d.frame.bound {
		return nil, d.fail("more than %d bytes for %d pixels", d.frame.bound, d.area())
	}
	switch m := b[0]; {
	case m == 0 || m&^7 == jpegRST:
		d.nextEntropy()
	case m == 0xff:
		d.then("jpeg rectangle", 1, (*Decoder).readEntropy)
	default:
		return d.readMarker(b)
	}
	return nil, nil
}
