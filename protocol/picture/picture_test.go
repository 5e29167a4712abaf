package picture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/picture"
	"github.com/porthole-rac/porthole/protocol/wire"
)

// screen notes what it is told.
type screen struct {
	calls  []string
	pixels [][]byte
	images int
	data   [][]byte // of images
}

func (s *screen) note(format string, args ...any) {
	s.calls = append(s.calls, fmt.Sprintf(format, args...))
}

func (s *screen) Size(w, h int, fresh bool)       { s.note("size %d %d %v", w, h, fresh) }
func (s *screen) Picture(r codec.Rect, id uint32) { s.note("picture %v %d", r, id) }
func (s *screen) Copy(r codec.Rect, x, y int)     { s.note("copy %v %d %d", r, x, y) }
func (s *screen) Fill(r codec.Rect, color uint32) { s.note("fill %v %06x", r, color) }
func (s *screen) Frame(number uint64)             { s.note("frame %d", number) }
func (s *screen) Cursor(c *wire.Cursor)           { s.note("cursor %x", c.Pixels) }
func (s *screen) PointerMoved(x, y int)           { s.note("moved %d %d", x, y) }
func (s *screen) PointerMode(relative bool)       { s.note("relative %v", relative) }
func (s *screen) LEDs(l wire.LEDs)                { s.note("leds %v", l) }
func (s *screen) Bell()                           { s.note("bell") }
func (s *screen) Image(i codec.Image) uint32 {
	s.images++
	s.data = append(s.data, bytes.Clone(i.Data))
	return uint32(100 + s.images)
}

func (s *screen) Pixels(r codec.Rect, pix []byte) {
	s.note("pixels %v", r)
	s.pixels = append(s.pixels, pix)
}

type appender interface{ Append([]byte) []byte }

// play gives records to a stream, and the first error.
func play(s *picture.Stream, records ...appender) error {
	for _, r := range records {
		t, body, _, err := wire.Next(r.Append(nil))
		if err != nil {
			return err
		}
		if err := s.Record(t, body); err != nil {
			return err
		}
	}
	return nil
}

func begin(w, h int) *wire.DesktopBegin {
	return &wire.DesktopBegin{Width: w, Height: h, Stream: 1}
}

// kept is how a picture that stays with the browser comes.
func kept(id uint32) []byte { return binary.LittleEndian.AppendUint32(nil, id) }

func TestOrder(t *testing.T) {
	v := &screen{}
	s := picture.New(v)
	err := play(s, begin(100, 50),
		&wire.Fill{Width: 100, Height: 50, Color: 0x010203},
		&wire.Rect{X: 1, Y: 2, Width: 2, Height: 1, Last: true, Data: []byte{1, 2, 3, 4, 5, 6, 7, 8}},
		&wire.Rect{X: 9, Width: 16, Height: 16, Codec: wire.CodecJPEG, Last: true, Data: kept(7)},
		&wire.Copy{Width: 3, Height: 3, SourceX: 97, SourceY: 47},
		&wire.Cursor{Width: 1, Height: 1, Pixels: make([]byte, 4)},
		&wire.Rect{Codec: wire.CodecTight, Last: true, Data: []byte{1}},
		&wire.Rect{X: 8, Y: 8, Width: 2, Height: 1, Codec: wire.CodecRGBX | wire.Pixels16, Last: true, Data: []byte{0x00, 0xf8, 0x1f, 0x00}},
		&wire.Rect{Width: 1, Height: 1, Codec: wire.CodecRFBCursor, Data: []byte{0, 0, 0, 0, 0x80, 0x40, 0x20}},
		&wire.RectData{Last: true, Data: []byte{0x80}},
		&wire.Mark{Number: 1, InputBytes: 4},
		&wire.DesktopSize{Width: 10, Height: 10},
		&wire.Mark{Number: 2},
	)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"size 100 50 true", "fill 100x50+0+0 010203", "pixels 2x1+1+2", "picture 16x16+9+0 7", "copy 3x3+0+0 97 47", "cursor 00000000",
		"pixels 2x1+8+8", "cursor ff804080",
		"frame 1", "size 10 10 false", "frame 2",
	}
	if !slices.Equal(v.calls, want) {
		t.Errorf("the screen was told %q, want %q", v.calls, want)
	}
	if !bytes.Equal(v.pixels[0], []byte{1, 2, 3, 255, 5, 6, 7, 255}) {
		t.Errorf("pixels % x", v.pixels[0])
	}
	if !bytes.Equal(v.pixels[1], []byte{255, 0, 0, 255, 0, 0, 255, 255}) {
		t.Errorf("pixels of 16 bits % x", v.pixels[1])
	}
	if m := s.Painted(); m.Number != 1 || m.InputBytes != 4 {
		t.Errorf("the first frame is %+v", m)
	}
	if m := s.Painted(); m.Number != 2 {
		t.Errorf("the second frame is %+v", m)
	}
	if m := s.Painted(); m.Number != 0 {
		t.Errorf("nothing waits, and %+v is painted", m)
	}
}

func TestErrors(t *testing.T) {
	fill := func(x, y, w, h int) appender { return &wire.Fill{X: x, Y: y, Width: w, Height: h} }
	for name, c := range map[string]struct {
		records []appender
		want    error
	}{
		"before the beginning":        {[]appender{fill(0, 0, 1, 1)}, picture.ErrOrder},
		"right of it":                 {[]appender{begin(8, 8), fill(7, 0, 2, 1)}, codec.ErrBounds},
		"below it":                    {[]appender{begin(8, 8), fill(0, 8, 1, 1)}, codec.ErrBounds},
		"copied from outside":         {[]appender{begin(8, 8), &wire.Copy{Width: 2, Height: 2, SourceX: 7}}, codec.ErrBounds},
		"copied to outside":           {[]appender{begin(8, 8), &wire.Copy{X: 7, Width: 2, Height: 2}}, codec.ErrBounds},
		"pixels outside":              {[]appender{begin(8, 8), &wire.Rect{Width: 9, Height: 1, Last: true}}, codec.ErrBounds},
		"outside after it shrank":     {[]appender{begin(8, 8), &wire.DesktopSize{Width: 4, Height: 4}, fill(4, 0, 1, 1)}, codec.ErrBounds},
		"too large":                   {[]appender{begin(1<<15, 1<<15)}, codec.ErrBounds},
		"grows too large":             {[]appender{begin(8, 8), &wire.DesktopSize{Width: 1 << 15, Height: 1 << 15}}, codec.ErrBounds},
		"data without a rectangle":    {[]appender{begin(8, 8), &wire.RectData{Last: true}}, picture.ErrOrder},
		"a mark in a rectangle":       {[]appender{begin(8, 8), &wire.Rect{Width: 1, Height: 1}, &wire.Mark{Number: 1}}, picture.ErrOrder},
		"a rectangle in a rectangle":  {[]appender{begin(8, 8), &wire.Rect{Width: 1, Height: 1}, &wire.Rect{Width: 1, Height: 1}}, picture.ErrOrder},
		"too short":                   {[]appender{begin(8, 8), &wire.Rect{Width: 2, Height: 1, Last: true, Data: make([]byte, 7)}}, codec.ErrShort},
		"too long":                    {[]appender{begin(8, 8), &wire.Rect{Width: 2, Height: 1, Last: true, Data: make([]byte, 9)}}, codec.ErrLong},
		"too long, in parts":          {[]appender{begin(8, 8), &wire.Rect{Width: 1, Height: 1, Data: make([]byte, 4)}, &wire.RectData{Last: true, Data: make([]byte, 1)}}, codec.ErrLong},
		"bytes for an empty one":      {[]appender{begin(8, 8), &wire.Rect{Last: true, Data: make([]byte, 4)}}, codec.ErrLong},
		"a picture without a number":  {[]appender{begin(8, 8), &wire.Rect{Width: 1, Height: 1, Codec: wire.CodecPNG, Last: true, Data: make([]byte, 5)}}, picture.ErrOrder},
		"a shape too large":           {[]appender{begin(8, 8), &wire.Rect{Width: 1025, Height: 1, Codec: wire.CodecRFBCursor}}, codec.ErrBounds},
		"a shape cut off":             {[]appender{begin(8, 8), &wire.Rect{Width: 1, Height: 1, Codec: wire.CodecRFBCursor, Last: true, Data: make([]byte, 7)}}, codec.ErrShort},
		"a mark twice":                {[]appender{begin(8, 8), &wire.Mark{Number: 1}, &wire.Mark{Number: 1}}, picture.ErrOrder},
		"marks go on in a new stream": {[]appender{begin(8, 8), &wire.Mark{Number: 1}, begin(8, 8), &wire.Mark{Number: 2}}, picture.ErrOrder},
	} {
		s := picture.New(&screen{})
		if err := play(s, c.records...); !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", name, err, c.want)
		}
		if err := play(s, fill(0, 0, 0, 0)); !errors.Is(err, picture.ErrOrder) {
			t.Errorf("%s: the stream goes on after it: %v", name, err)
		}
		if err := play(s, begin(8, 8), fill(0, 0, 8, 8), &wire.Mark{Number: 1}); err != nil {
			t.Errorf("%s: a new stream: %v", name, err)
		}
	}
}

// jpegOf is enough of a JPEG for its size to be read.
func jpegOf(w, h int) []byte {
	return []byte{0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, byte(h >> 8), byte(h), byte(w >> 8), byte(w), 1, 1, 0x11, 0, 0xff, 0xd9}
}

// Elsewhere than in a browser's worker pictures come with their bytes, in parts, too.
func TestWholePictures(t *testing.T) {
	v := &screen{}
	s := picture.NewWhole(v)
	p := jpegOf(20, 10)
	if err := play(s, begin(100, 50),
		&wire.Rect{X: 3, Y: 4, Width: 20, Height: 10, Codec: wire.CodecJPEG, Last: true, Data: p},
		&wire.Rect{X: 5, Y: 6, Width: 20, Height: 10, Codec: wire.CodecJPEG, Data: p[:5]},
		&wire.RectData{Data: p[5:7]}, &wire.RectData{Last: true, Data: p[7:]},
		&wire.Mark{Number: 1}); err != nil {
		t.Fatal(err)
	}
	if want := []string{"size 100 50 true", "picture 20x10+3+4 101", "picture 20x10+5+6 102", "frame 1"}; !slices.Equal(v.calls, want) {
		t.Errorf("the screen was told %q, want %q", v.calls, want)
	}
	if len(v.data) != 2 || !bytes.Equal(v.data[0], p) || !bytes.Equal(v.data[1], p) {
		t.Errorf("the pictures are % x", v.data)
	}
	s.Trim()
	for name, c := range map[string]struct {
		record *wire.Rect
		want   error
	}{
		"another size":   {&wire.Rect{Width: 40, Height: 10, Codec: wire.CodecJPEG, Last: true, Data: p}, codec.ErrCorrupt},
		"no picture":     {&wire.Rect{Width: 20, Height: 10, Codec: wire.CodecPNG, Last: true, Data: p}, codec.ErrCorrupt},
		"a large one":    {&wire.Rect{Width: 1, Height: 1, Codec: wire.CodecPNG, Data: make([]byte, wire.MaxRectData)}, codec.ErrLong},
		"outside":        {&wire.Rect{X: 90, Width: 20, Height: 10, Codec: wire.CodecJPEG, Last: true, Data: p}, codec.ErrBounds},
		"without a size": {&wire.Rect{Codec: wire.CodecJPEG, Last: true, Data: p}, codec.ErrLong},
	} {
		err := play(s, begin(100, 50), c.record)
		for range 8 {
			if err == nil {
				err = play(s, &wire.RectData{Data: make([]byte, wire.MaxRectData)})
			}
		}
		if !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", name, err, c.want)
		}
	}
	if err := play(s, begin(100, 50), &wire.Rect{Width: 16, Height: 16, Codec: wire.CodecRFBH264, Last: true, Data: kept(1)}); err == nil {
		t.Error("video was taken")
	}
}

// Memory is bounded: an update that is too large is painted in parts, and the owner is
// told to wait.
func TestMemory(t *testing.T) {
	v := &screen{}
	s := picture.New(v)
	const side = 2048 // 16 MB a rectangle
	if err := play(s, begin(side, side)); err != nil {
		t.Fatal(err)
	}
	parts := 0
	for range 20 {
		if err := play(s, &wire.Rect{Width: side, Height: side, Codec: wire.CodecTight, Last: true, Data: []byte{0x80, 1, 2, 3}},
			&wire.Rect{Width: side, Height: side, Codec: wire.CodecJPEG, Last: true, Data: kept(1)}); err != nil {
			t.Fatal(err)
		}
		for s.Full() {
			s.Painted()
			parts++
		}
	}
	if parts < 5 || parts > 20 {
		t.Errorf("640 MB of pixels were painted in %d parts", parts)
	}
	before := len(v.pixels)
	seen := map[*byte]bool{}
	for _, p := range v.pixels[:before] {
		seen[&p[0]] = true
	}
	if len(seen) > 8 {
		t.Errorf("%d buffers of 16 MB for 20 rectangles", len(seen))
	}
	if err := play(s, begin(8, 8)); err != nil || s.Full() {
		t.Errorf("after a new beginning the stream is full: %v", err)
	}
}

func TestBuffersAreUsedAgain(t *testing.T) {
	v := &screen{}
	s := picture.New(v)
	_ = play(s, begin(64, 64))
	n := uint64(0)
	one := func() {
		v.calls, v.pixels = v.calls[:0], v.pixels[:0]
		n++
		if err := play(s, &wire.Rect{Width: 64, Height: 64, Codec: wire.CodecTRLE, Last: true, Data: bytes.Repeat([]byte{1, 2, 3, 4}, 16)}, &wire.Mark{Number: n}); err != nil {
			t.Fatal(err)
		}
		s.Painted()
	}
	one()
	first := &v.pixels[0][0]
	one()
	if &v.pixels[0][0] != first {
		t.Error("a painted buffer was not used again")
	}
}

func FuzzRecords(f *testing.F) {
	b := begin(20, 20).Append(nil)
	for _, r := range []appender{
		&wire.Rect{Width: 2, Height: 1, Last: true, Data: make([]byte, 8)}, &wire.Rect{Width: 2, Height: 1, Codec: wire.CodecDeflate},
		&wire.Rect{Width: 2, Height: 2, Codec: wire.CodecTight, Last: true, Data: []byte{0x80, 1, 2, 3}},
		&wire.Rect{Width: 16, Height: 16, Codec: wire.CodecJPEG, Last: true, Data: kept(3)},
		&wire.Rect{Width: 16, Height: 16, Codec: wire.CodecRFBJPEG, Data: []byte{0xff, 0xd8}}, &wire.RectData{Last: true, Data: []byte{1}},
		&wire.Rect{Width: 2, Height: 1, Codec: wire.CodecHextile | wire.Pixels8, Last: true, Data: []byte{1, 2, 3}},
		&wire.Rect{Width: 1, Height: 1, Codec: wire.CodecRFBCursor, Last: true, Data: []byte{0, 0, 0, 7, 0x80, 1, 2, 3, 4}},
		&wire.Copy{Width: 3, Height: 3}, &wire.DesktopSize{Width: 4, Height: 4}, &wire.Mark{Number: 1}, &wire.Cursor{}, &wire.LEDs{},
	} {
		f.Add(r.Append(bytes.Clone(b)), false)
	}
	f.Add((&wire.Rect{Width: 20, Height: 10, Codec: wire.CodecJPEG, Last: true, Data: jpegOf(20, 10)}).Append(bytes.Clone(b)), true)
	f.Fuzz(func(t *testing.T, p []byte, whole bool) {
		v := &screen{}
		s := picture.New(v)
		if whole {
			s = picture.NewWhole(v)
		}
		frames := 0
		for len(p) > 0 {
			kind, body, rest, err := wire.Next(p)
			if err != nil {
				return
			}
			p = rest
			if kind == wire.TypeDesktopBegin {
				var m wire.DesktopBegin
				if m.Decode(body) == nil && m.Width*m.Height > 1<<20 {
					return // slow to try, and tried above
				}
			}
			_ = s.Record(kind, body)
			w, h := s.Size()
			if w*h > codec.MaxPixels {
				t.Fatalf("a desktop of %d×%d", w, h)
			}
			if s.Full() {
				frames++
				s.Painted()
			}
		}
		for s.Painted().Number != 0 {
			frames++
		}
		if s.Full() {
			t.Fatalf("all %d frames are painted, and the stream is full", frames)
		}
	})
}
