// Package zgfx undoes RDP 8.0 bulk compression (MS-RDPEGFX §2.2.5, §3.1.9.1): LZ77
// with static Huffman codes, in one or many segments. The graphics channel uses it
// with a history of 2.5 megabytes ([Graphics]), compressed dynamic channels with one
// of 8 kilobytes ([Lite], MS-RDPEDYC §3.1.5.1.4).
package zgfx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	bitstream "github.com/porthole-rac/porthole/protocol/codec/bits"
)

// ErrCorrupt: the data breaks the rules. What follows cannot be understood without
// it; the channel is lost.
var ErrCorrupt = errors.New("corrupt compressed data")

// Lengths of a history, in bytes.
const (
	Graphics = 2_500_000
	Lite     = 8192
)

// MaxOutput bounds what one PDU decompresses to, in bytes: a picture of 8192×4096
// pixels, uncompressed. A server has no reason to send more at once.
const MaxOutput = 128 << 20

// maxSegment is the most that one segment decompresses to (§3.1.9.1.2).
const maxSegment = 65535

// Descriptors and flags (§2.2.5).
const (
	single     = 0xe0
	multipart  = 0xe1
	compressed = 0x20
	typeMask   = 0x0f
	typeRDP8   = 0x04
	typeLite   = 0x06 // of compressed dynamic channels (MS-RDPEDYC §2.2.3.3)
)

// firstHistory is what a history begins with: it grows only as data comes, because an
// idle session should not hold megabytes.
const firstHistory = 64 << 10

// Decoder keeps the history of a channel. It is for one goroutine.
type Decoder struct {
	history []byte // a ring once it has grown to limit, linear before
	at      int    // where the next byte goes
	size    int    // how many bytes count
	limit   int
	max     int
	err     error
}

// New returns a decoder for a channel with a history of limit bytes.
func New(limit int) *Decoder { return &Decoder{limit: limit, max: MaxOutput} }

// Decode appends the data of a PDU (RDP_SEGMENTED_DATA) to dst. An error stays.
func (d *Decoder) Decode(dst, p []byte) ([]byte, error) {
	if d.err != nil {
		return dst, d.err
	}
	before := len(dst)
	out, err := d.decode(dst, p)
	if err != nil {
		d.err = fmt.Errorf("zgfx: %d bytes: %w", len(p), err)
		return dst[:before], d.err
	}
	d.remember(out[before:])
	return out, nil
}

func (d *Decoder) decode(dst, p []byte) ([]byte, error) {
	if len(p) < 1 {
		return dst, ErrCorrupt
	}
	start := len(dst)
	switch p[0] {
	case single:
		return d.segment(dst, start, p[1:])
	case multipart:
	default:
		return dst, fmt.Errorf("descriptor %#x: %w", p[0], ErrCorrupt)
	}
	if len(p) < 1+2+4 {
		return dst, ErrCorrupt
	}
	count, total := int(binary.LittleEndian.Uint16(p[1:])), binary.LittleEndian.Uint32(p[3:])
	p = p[7:]
	if int64(total) > int64(d.max) || int64(total) > int64(count)*maxSegment {
		return dst, fmt.Errorf("%d bytes in %d segments: %w", total, count, ErrCorrupt)
	}
	for range count {
		if len(p) < 4 {
			return dst, ErrCorrupt
		}
		n := binary.LittleEndian.Uint32(p)
		p = p[4:]
		if int64(n) > int64(len(p)) {
			return dst, ErrCorrupt
		}
		var err error
		if dst, err = d.segment(dst, start, p[:n]); err != nil {
			return dst, err
		}
		if len(dst)-start > int(total) {
			break
		}
		p = p[n:]
	}
	if len(dst)-start != int(total) {
		return dst, fmt.Errorf("%d bytes, not %d: %w", len(dst)-start, total, ErrCorrupt)
	}
	return dst, nil
}

// segment appends an RDP8_BULK_ENCODED_DATA. What is from start on in dst is not in
// the history yet.
func (d *Decoder) segment(dst []byte, start int, p []byte) ([]byte, error) {
	if len(p) < 1 {
		return dst, ErrCorrupt
	}
	head := p[0]
	p = p[1:]
	if kind := head & typeMask; kind != typeRDP8 && kind != typeLite {
		return dst, fmt.Errorf("compression type %d: %w", head&typeMask, ErrCorrupt)
	}
	if head&compressed == 0 {
		if len(p) > maxSegment {
			return dst, ErrCorrupt
		}
		return append(dst, p...), nil
	}
	if len(p) < 1 {
		return dst, ErrCorrupt
	}
	unused := int(p[len(p)-1] & 7)
	p = p[:len(p)-1]
	return d.inflate(dst, start, p, unused)
}

func (d *Decoder) inflate(dst []byte, start int, p []byte, unused int) ([]byte, error) {
	from := len(dst)
	r := bitstream.NewReader(p)
	for r.Left() > unused {
		r.Fill()
		t := tokens[r.Peek(9)]
		r.Skip(uint(t.prefix))
		switch t.kind {
		case literal:
			dst = append(dst, byte(t.base))
		case match:
			distance := int(t.base) + int(r.Peek(uint(t.bits)))
			r.Skip(uint(t.bits))
			if distance == 0 {
				n := int(r.Take(15))
				raw := r.Bytes(n)
				if raw == nil && n > 0 {
					return dst, ErrCorrupt
				}
				dst = append(dst, raw...)
				break
			}
			r.Fill()
			n := 3
			if ones := bits.LeadingZeros64(^r.Acc()); ones > 14 {
				return dst, ErrCorrupt
			} else if ones > 0 {
				r.Skip(uint(ones + 1))
				n = 1<<(ones+1) | int(r.Peek(uint(ones+1)))
				r.Skip(uint(ones + 1))
			} else {
				r.Skip(1)
			}
			if n > maxSegment-(len(dst)-from) || distance > d.limit {
				return dst, ErrCorrupt
			}
			var ok bool
			if dst, ok = d.match(dst, start, distance, n); !ok {
				return dst, ErrCorrupt
			}
		default:
			return dst, ErrCorrupt
		}
		if len(dst)-from > maxSegment {
			return dst, ErrCorrupt
		}
	}
	if r.Left() != unused {
		return dst, ErrCorrupt
	}
	return dst, nil
}

// match appends n bytes from distance bytes back: from the history, from what is in
// dst since start, or from both. The two may overlap what is being appended.
func (d *Decoder) match(dst []byte, start, distance, n int) ([]byte, bool) {
	if old := distance - (len(dst) - start); old > 0 {
		if old > d.size {
			return dst, false
		}
		i := d.at - old
		if i < 0 {
			i += len(d.history)
		}
		for m := min(n, old); m > 0; {
			piece := d.history[i:min(i+m, len(d.history))]
			dst = append(dst, piece...)
			m -= len(piece)
			n -= len(piece)
			i = 0
		}
	}
	for n > 0 {
		i := len(dst) - distance
		piece := dst[i:min(i+n, len(dst))]
		dst = append(dst, piece...)
		n -= len(piece)
	}
	return dst, true
}

// remember puts data into the history.
func (d *Decoder) remember(p []byte) {
	if len(p) > d.limit {
		p = p[len(p)-d.limit:]
		d.size = d.limit
	}
	if need := d.at + len(p); need > len(d.history) && len(d.history) < d.limit {
		// Linear still, as it has never been full.
		grown := make([]byte, min(d.limit, max(need, 2*len(d.history), min(firstHistory, d.limit))))
		copy(grown, d.history[:d.at])
		d.history = grown
	}
	d.size = min(d.limit, d.size+len(p))
	for len(p) > 0 {
		n := copy(d.history[d.at:], p)
		p = p[n:]
		if d.at += n; d.at == len(d.history) && len(d.history) == d.limit {
			d.at = 0
		}
	}
}
