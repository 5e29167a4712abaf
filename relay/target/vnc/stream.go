package vnc

import (
	"encoding/binary"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
)

const (
	// headRoom is more than what a record of the stream has before its data.
	headRoom = 80
	// lengthSize is how many bytes the length of a record takes while it is not known
	// how long the record gets: a varint with leading zeros, up to 2 MiB.
	lengthSize = 3
	// leastPiece is how many bytes of a rectangle are worth a record: in a fuller
	// buffer a new one is begun.
	leastPiece = 2 << 10
	// smallRecord is more than any record without data has.
	smallRecord = 80
)

// stream puts records into the buffers of a Screen. Bytes of a rectangle are copied
// once, into a record that stays open until its end is known or the buffer is handed
// over.
type stream struct {
	screen target.Screen
	buf    []byte // of the last Reserve; nil: none
	dirty  bool   // committed, not flushed
	open   int    // where the open record begins in buf; -1: none is open
	flag   int    // where its Last is
	data   int    // bytes of data in it

	rect  wire.Rect // that is being passed on, without data
	began bool      // its first record is made
}

func newStream(screen target.Screen) *stream { return &stream{screen: screen, open: -1} }

// room has space for n bytes at the end of buf.
func (s *stream) room(n int) error {
	if cap(s.buf)-len(s.buf) >= n {
		return nil
	}
	s.commit()
	b, err := s.screen.Reserve(n)
	if err != nil {
		return err
	}
	s.buf = b
	return nil
}

// commit hands over what there is.
func (s *stream) commit() {
	s.shut(false)
	if len(s.buf) > 0 {
		s.screen.Commit(s.buf)
		s.dirty = true
	}
	s.buf = nil
}

// flush has everything sent.
func (s *stream) flush() {
	s.commit()
	if s.dirty {
		s.screen.Flush()
		s.dirty = false
	}
}

// forget drops what was not handed over: a new stream begins.
func (s *stream) forget() { s.buf, s.open, s.dirty = nil, -1, false }

// mark ends an update.
func (s *stream) mark() (uint64, error) {
	s.commit()
	s.dirty = true
	return s.screen.Mark()
}

// begin begins a rectangle, whose bytes follow by write.
func (s *stream) begin(r wire.Rect) { s.rect, s.began = r, false }

// write passes bytes of the rectangle on.
func (s *stream) write(p []byte) error {
	for len(p) > 0 {
		if s.open < 0 || s.data == wire.MaxRectData || len(s.buf) == cap(s.buf) {
			s.shut(false)
			if err := s.next(len(p)); err != nil {
				return err
			}
		}
		n := min(len(p), wire.MaxRectData-s.data, cap(s.buf)-len(s.buf))
		s.buf = append(s.buf, p[:n]...)
		s.data += n
		p = p[n:]
	}
	return nil
}

// next opens a record for n bytes, or a part of them.
func (s *stream) next(n int) error {
	if err := s.room(headRoom + min(n, leastPiece)); err != nil {
		return err
	}
	s.open, s.data = len(s.buf), 0
	t := wire.TypeRectData
	if !s.began {
		t = wire.TypeRect
	}
	s.buf = append(s.buf, 0, 0, 0, byte(t))
	if !s.began {
		s.began = true
		s.buf = appendInt(s.buf, s.rect.X)
		s.buf = appendInt(s.buf, s.rect.Y)
		s.buf = appendInt(s.buf, s.rect.Width)
		s.buf = appendInt(s.buf, s.rect.Height)
		s.buf = appendInt(s.buf, int(s.rect.Codec))
	}
	s.flag = len(s.buf)
	s.buf = append(s.buf, 0)
	return nil
}

// shut closes the open record, the last one of its rectangle or not.
func (s *stream) shut(last bool) {
	if s.open < 0 {
		return
	}
	if last {
		s.buf[s.flag] = 1
	}
	n := len(s.buf) - s.open - lengthSize
	s.buf[s.open] = byte(n) | 0x80
	s.buf[s.open+1] = byte(n>>7) | 0x80
	s.buf[s.open+2] = byte(n >> 14)
	s.open = -1
}

// end ends the rectangle.
func (s *stream) end() error {
	switch {
	case s.open >= 0:
		s.shut(true)
	case s.began: // the last bytes were handed over before it was known that they are
		return s.record(&wire.RectData{Last: true})
	}
	return nil
}

// record appends one of the small records.
func (s *stream) record(r interface{ Append([]byte) []byte }) error {
	s.shut(false)
	if err := s.room(smallRecord); err != nil {
		return err
	}
	s.buf = r.Append(s.buf)
	return nil
}

// cursor appends a shape.
func (s *stream) cursor(c *wire.Cursor) error {
	s.shut(false)
	if err := s.room(headRoom + len(c.Pixels)); err != nil {
		return err
	}
	s.buf = c.Append(s.buf)
	return nil
}

func appendInt(dst []byte, v int) []byte { return binary.AppendUvarint(dst, uint64(v)) }
