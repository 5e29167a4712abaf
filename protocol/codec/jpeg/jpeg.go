// Package jpeg frames the JPEG encoding (rfbproto "JPEG Encoding", number 21) and
// hands its pictures out as a browser can decode them.
//
// The payload has no length: it is a JPEG picture and ends with its end marker. And
// it may lack its tables; then those of earlier pictures hold (as abbreviated format
// has it, ITU-T T.81 §B.5). A browser decodes each picture alone, so the tables that
// a picture lacks are put into it.
package jpeg

import (
	"encoding/binary"
	"fmt"

	"github.com/porthole-rac/porthole/protocol/codec"
)

// Markers, the byte after 0xff (T.81 table B.1).
const (
	tem  = 0x01
	dht  = 0xc4
	rst0 = 0xd0
	rst7 = 0xd7
	soi  = 0xd8
	eoi  = 0xd9
	sos  = 0xda
	dqt  = 0xdb
)

// table is one quantization or Huffman table: its content in a segment, beginning
// with its class and number. The longest is a Huffman table of 256 values.
type table struct {
	n    int // 0: never seen
	data [1 + 16 + 256]byte
}

// Places in Decoder.tables.
const (
	quantization = 0 // 4 of them
	huffman      = 4 // 4 for DC, then 4 for AC
	all          = 12
)

// Decoder takes pictures of encoding 21.
type Decoder struct {
	codec.Units
	images codec.Images
	r      codec.Rect

	in      []byte // the picture
	at      int    // what follows was not looked at
	entropy bool   // at is in entropy-coded data
	begun   bool   // a scan has begun; add is complete
	has     [all]bool
	add     []byte // segments that the picture lacks
	out     []byte // the picture with them

	tables [all]table // of this connection
}

// New returns a decoder at the beginning of a connection. Pictures go to images.
func New(images codec.Images) *Decoder { return &Decoder{images: images} }

// Begin starts a rectangle.
func (d *Decoder) Begin(dst codec.Target, r codec.Rect) error {
	d.r, d.in, d.at, d.entropy, d.begun = r, d.in[:0], 0, false, false
	d.has, d.add = [all]bool{}, d.add[:0]
	if err := d.Start("jpeg", &dst, r); err != nil {
		return err
	}
	if dst.Alpha {
		return codec.ErrAlpha
	}
	return nil
}

// Write takes a piece of the payload.
func (d *Decoder) Write(p []byte) (int, error) { return d.Feed(p, d) }

// Step takes everything up to the picture's end.
func (d *Decoder) Step(b []byte) (int, error) {
	before := len(d.in)
	most := codec.MaxImage(d.r)
	d.in = append(d.in, b[:min(len(b), most+1-before)]...)
	end, err := d.scan()
	if err != nil {
		return 0, err
	}
	if end == 0 {
		if len(d.in) > most {
			return 0, fmt.Errorf("no end in %d bytes: %w", len(d.in), codec.ErrLong)
		}
		return len(b), nil
	}
	d.Finish()
	data := d.in[:end]
	if len(d.add) > 0 {
		d.out = append(append(append(d.out[:0], data[:2]...), d.add...), data[2:]...)
		data = d.out
	}
	i := codec.Image{Kind: codec.JPEG, Rect: d.r, Data: data}
	if err := i.Check(); err != nil {
		return 0, err
	}
	if d.images == nil {
		return 0, fmt.Errorf("nobody takes pictures: %w", codec.ErrCorrupt)
	}
	return end - before, d.images(i)
}

// scan goes on over the segments and returns where the picture ends, 0 when that
// has not come.
func (d *Decoder) scan() (int, error) {
	for {
		if d.entropy {
			// until a marker that is not a stuffed zero, a restart or a fill byte
			for ; d.at+1 < len(d.in); d.at++ {
				if m := d.in[d.at+1]; d.in[d.at] == 0xff && m != 0 && m != 0xff && (m < rst0 || m > rst7) {
					d.entropy = false
					break
				}
			}
			if d.entropy {
				return 0, nil
			}
		}
		rest := d.in[d.at:]
		if len(rest) < 2 {
			return 0, nil
		}
		marker := rest[1]
		switch {
		case rest[0] != 0xff || marker == 0:
			return 0, fmt.Errorf("no marker at byte %d: %w", d.at, codec.ErrCorrupt)
		case (d.at == 0) != (marker == soi):
			return 0, fmt.Errorf("marker %02x at byte %d: %w", marker, d.at, codec.ErrCorrupt)
		case marker == 0xff:
			d.at++
			continue
		case marker == eoi:
			return d.at + 2, nil
		case marker == soi, marker == tem, marker >= rst0 && marker <= rst7:
			d.at += 2
			continue
		}
		if len(rest) < 4 {
			return 0, nil
		}
		n := int(binary.BigEndian.Uint16(rest[2:]))
		if n < 2 {
			return 0, fmt.Errorf("segment %02x of %d bytes: %w", marker, n, codec.ErrCorrupt)
		}
		if len(rest) < 2+n {
			return 0, nil
		}
		body := rest[4 : 2+n]
		d.at += 2 + n
		ok := true
		switch marker {
		case dqt:
			ok = d.quantization(body)
		case dht:
			ok = d.huffman(body)
		case sos:
			if !d.begun {
				d.begun = true
				d.complete()
			}
			d.entropy = true
		}
		if !ok {
			return 0, fmt.Errorf("segment %02x: %w", marker, codec.ErrCorrupt)
		}
	}
}

// quantization keeps the tables of a DQT segment, T.81 §B.2.4.1.
func (d *Decoder) quantization(b []byte) bool {
	for len(b) > 0 {
		n := 1 + 64
		if b[0]>>4 == 1 {
			n = 1 + 128
		}
		if b[0]>>4 > 1 || b[0]&15 > 3 || len(b) < n {
			return false
		}
		d.keep(quantization+int(b[0]&3), b[:n])
		b = b[n:]
	}
	return true
}

// huffman keeps the tables of a DHT segment, T.81 §B.2.4.2.
func (d *Decoder) huffman(b []byte) bool {
	for len(b) > 0 {
		if len(b) < 17 || b[0]>>4 > 1 || b[0]&15 > 3 {
			return false
		}
		n := 17
		for _, v := range b[1:17] {
			n += int(v)
		}
		if n > 17+256 || len(b) < n {
			return false
		}
		d.keep(huffman+int(b[0]>>4)*4+int(b[0]&3), b[:n])
		b = b[n:]
	}
	return true
}

func (d *Decoder) keep(place int, b []byte) {
	d.has[place] = true
	d.tables[place].n = copy(d.tables[place].data[:], b)
}

// complete collects the tables that this picture does not define.
func (d *Decoder) complete() {
	for place := range d.tables {
		t := &d.tables[place]
		if d.has[place] || t.n == 0 {
			continue
		}
		marker := byte(dht)
		if place < huffman {
			marker = dqt
		}
		d.add = append(d.add, 0xff, marker)
		d.add = binary.BigEndian.AppendUint16(d.add, uint16(2+t.n))
		d.add = append(d.add, t.data[:t.n]...)
	}
}
