package bulktest

import (
	"bytes"
	"encoding/binary"
)

// ZGFX compresses a channel as RDP 8.0 does (MS-RDPEGFX §3.1.9.1).
type ZGFX struct {
	limit int
	m     matcher
	// Segment is how many bytes a segment has, at most 65535.
	Segment int
}

// NewZGFX returns a compressor with a history of limit bytes.
func NewZGFX(limit int) *ZGFX {
	return &ZGFX{limit: limit, m: matcher{last: map[[3]byte]int{}}, Segment: 65535}
}

// Compress gives an RDP_SEGMENTED_DATA.
func (c *ZGFX) Compress(p []byte) []byte {
	if len(p) <= c.Segment {
		return append([]byte{0xe0}, c.segment(p)...)
	}
	out := []byte{0xe1}
	out = binary.LittleEndian.AppendUint16(out, uint16((len(p)+c.Segment-1)/c.Segment))
	out = binary.LittleEndian.AppendUint32(out, uint32(len(p)))
	for len(p) > 0 {
		n := min(len(p), c.Segment)
		segment := c.segment(p[:n])
		out = binary.LittleEndian.AppendUint32(out, uint32(len(segment)))
		out = append(out, segment...)
		p = p[n:]
	}
	return out
}

// distances are the match tokens: code, its bits, bits of the value, first distance.
var distances = [...][4]uint32{
	{0b10001, 5, 5, 0},
	{0b10010, 5, 7, 32},
	{0b10011, 5, 9, 160},
	{0b10100, 5, 10, 672},
	{0b10101, 5, 12, 1696},
	{0b101100, 6, 14, 5792},
	{0b101101, 6, 15, 22176},
	{0b1011100, 7, 18, 54944},
	{0b1011101, 7, 20, 317088},
	{0b10111100, 8, 20, 1365664},
	{0b10111101, 8, 21, 2414240},
}

func (c *ZGFX) segment(p []byte) []byte {
	start := len(c.m.all)
	c.m.all = append(c.m.all, p...)
	end := len(c.m.all)
	var w Writer
	w.P = []byte{0x24}
	for i := start; i < end; {
		distance, n := c.m.find(i, end, c.limit)
		if n == 0 {
			c.literal(&w, c.m.all[i])
			c.m.add(i)
			i++
			continue
		}
		at := len(distances) - 1
		for distances[at][3] > uint32(distance) {
			at--
		}
		d := distances[at]
		w.Put(d[0], uint(d[1]))
		w.Put(uint32(distance)-d[3], uint(d[2]))
		w.length(n)
		for range n {
			c.m.add(i)
			i++
		}
	}
	out := append(w.P, byte(w.Unused()))
	if len(out) > len(p) {
		return append([]byte{0x04}, p...)
	}
	return out
}

func (c *ZGFX) literal(w *Writer, v byte) {
	for _, l := range []struct {
		code   uint32
		bits   uint
		values []byte
	}{
		{0b11000, 5, []byte{0, 1}},
		{0b110100, 6, []byte{2, 3, 0xff}},
		{0b1101110, 7, []byte{4, 5, 6, 7, 8, 9, 10, 11, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x40, 0x80}},
		{0b11111100, 8, []byte{12, 0x38, 0x39, 0x66}},
	} {
		if i := bytes.IndexByte(l.values, v); i >= 0 {
			w.Put(l.code+uint32(i), l.bits)
			return
		}
	}
	w.Put(uint32(v), 9)
}
