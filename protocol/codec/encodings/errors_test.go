package encodings_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/codectest"
	"github.com/porthole-rac/porthole/protocol/codec/cursor"
	"github.com/porthole-rac/porthole/protocol/codec/encodings"
	"github.com/porthole-rac/porthole/protocol/codec/inflate"
)

// bomb is a zlib payload that inflates to a megabyte of zeros.
func bomb(t testing.TB) []byte {
	e := codectest.NewPlainEncoder()
	picture, _ := codec.NewTarget(64, 4096)
	rects := e.Encode(encodings.Zlib, picture, codec.Rect{W: 64, H: 1024})
	if len(rects[0].Payload) > 1000 {
		t.Fatal("the bomb is too long")
	}
	return rects[0].Payload[4:]
}

func TestHostilePayloads(t *testing.T) {
	packed := bomb(t)
	withLength := func(p []byte) []byte { return append(binary.BigEndian.AppendUint32(nil, uint32(len(p))), p...) }
	compact := func(head string, p []byte) []byte {
		return append(append(unhex(head), byte(len(p))|128, byte(len(p)>>7)), p...)
	}
	for _, test := range []struct {
		name     string
		encoding int32
		w, h     int
		payload  []byte
		want     error
	}{
		{"copyrect from outside", encodings.CopyRect, 4, 4, unhex("0001 0000"), codec.ErrBounds},
		{"rre: more subrectangles than pixels", encodings.RRE, 4, 4, unhex("ffffffff 00000000"), codec.ErrCorrupt},
		{"rre: subrectangle outside", encodings.RRE, 4, 4, unhex("00000001 00000000 ffffff00 0003 0000 0002 0001"), codec.ErrCorrupt},
		{"rre: subrectangle of 65535", encodings.RRE, 4, 4, unhex("00000001 00000000 ffffff00 ffff ffff ffff ffff"), codec.ErrCorrupt},
		{"corre: subrectangle outside", encodings.CoRRE, 4, 4, unhex("00000001 00000000 ffffff00 00 03 01 02"), codec.ErrCorrupt},
		{"hextile: subrectangle outside of an edge tile", encodings.Hextile, 4, 4, unhex("0e 00000000 ffffff00 01 30 10"), codec.ErrCorrupt},
		{"zlibhex: subrectangle outside", encodings.ZlibHex, 4, 4, unhex("4e" + u16(zlibHeader+stored("00000000 ffffff00 01 30 10"))), codec.ErrCorrupt},
		{"zlibhex: bomb", encodings.ZlibHex, 16, 16, append(append(unhex("20"), byte(len(packed)>>8), byte(len(packed))), packed...), codec.ErrLong},
		{"zlibhex: length beyond reason", encodings.ZlibHex, 16, 16, unhex("40 ffff"), codec.ErrLong},
		{"zlibhex: too short", encodings.ZlibHex, 2, 1, unhex("20" + u16(zlibHeader+stored("ff000000"))), codec.ErrShort},
		{"zlibhex: too long", encodings.ZlibHex, 1, 1, unhex("40" + u16(zlibHeader+stored("ff000000"))), codec.ErrLong},
		{"zlibhex: no zlib", encodings.ZlibHex, 2, 1, unhex("40 0004 01020304"), inflate.ErrCorrupt},
		{"hextile: zlib's bits mean nothing", encodings.Hextile, 1, 1, unhex("60 00"), codec.ErrLong},
		{"zlib: bomb", encodings.Zlib, 20, 20, withLength(packed), codec.ErrLong},
		{"zlib: length beyond reason", encodings.Zlib, 20, 20, unhex("7fffffff"), codec.ErrLong},
		{"zlib: too short", encodings.Zlib, 2, 1, unhex(long(zlibHeader + stored("ff000000"))), codec.ErrShort},
		{"zlib: no zlib", encodings.Zlib, 2, 1, unhex("00000004 01020304"), inflate.ErrCorrupt},
		{"zrle: bomb", encodings.ZRLE, 64, 64, withLength(packed), codec.ErrLong},
		{"zrle: length beyond reason", encodings.ZRLE, 64, 64, unhex("ffffffff"), codec.ErrLong},
		{"zrle: unused subencoding", encodings.ZRLE, 2, 1, unhex(long(zlibHeader + stored("7f 00"))), codec.ErrCorrupt},
		{"zrle: unused palette size", encodings.ZRLE, 2, 1, unhex(long(zlibHeader + stored("11 00"))), codec.ErrCorrupt},
		{"zrle: too short", encodings.ZRLE, 65, 1, unhex(long(zlibHeader + stored("01 000000"))), codec.ErrShort},
		{"trle: unused subencoding", encodings.TRLE, 2, 1, unhex("11"), codec.ErrCorrupt},
		{"trle: palette used again without one", encodings.TRLE, 2, 1, unhex("7f 00"), codec.ErrCorrupt},
		{"trle: run palette used again without one", encodings.TRLE, 2, 1, unhex("81 00"), codec.ErrCorrupt},
		{"trle: run beyond the tile", encodings.TRLE, 2, 2, unhex("80 ffffff 04"), codec.ErrCorrupt},
		{"trle: endless run", encodings.TRLE, 16, 16, append(unhex("80 ffffff"), bytes.Repeat([]byte{255}, 5000)...), codec.ErrCorrupt},
		{"trle: index run beyond the tile", encodings.TRLE, 2, 2, unhex("82 ffffff 000000 81 04"), codec.ErrCorrupt},
		{"trle: run index beyond the palette", encodings.TRLE, 2, 2, unhex("82 ffffff 000000 02 02 02 02"), codec.ErrCorrupt},
		{"trle: 2 bit index beyond the palette", encodings.TRLE, 2, 1, unhex("03 ffffff 000000 010203 30"), codec.ErrCorrupt},
		{"trle: 4 bit index beyond the palette", encodings.TRLE, 1, 1, unhex("05 000000 000000 000000 000000 000000 50"), codec.ErrCorrupt},
		{"tight: bomb", encodings.Tight, 20, 20, compact("00", packed), codec.ErrLong},
		{"tight: bomb of indices", encodings.Tight, 20, 20, compact("40 01 02 000000 000000 000000", packed), codec.ErrLong},
		{"tight: bomb of bits", encodings.Tight, 200, 20, compact("40 01 01 000000 000000", packed), codec.ErrLong},
		{"tight: bomb of differences", encodings.Tight, 20, 20, compact("40 02", packed), codec.ErrLong},
		{"tight: length beyond reason", encodings.Tight, 2, 2, unhex("00 ffffff"), codec.ErrLong},
		{"tight: too short", encodings.Tight, 2, 2, unhex("00" + short(zlibHeader+stored("ff0000 00ff00"))), codec.ErrShort},
		{"tight: control", encodings.Tight, 2, 2, unhex("b0"), codec.ErrCorrupt},
		{"tight: filter", encodings.Tight, 2, 2, unhex("40 03"), codec.ErrCorrupt},
		{"tight: palette of one", encodings.Tight, 2, 2, unhex("40 01 00"), codec.ErrCorrupt},
		{"tight: picture of nothing", encodings.Tight, 2, 2, unhex("90 00"), codec.ErrCorrupt},
		{"tight: picture too long", encodings.Tight, 2, 2, unhex("90 ffffff"), codec.ErrCorrupt},
		{"tight: no picture", encodings.Tight, 2, 2, unhex("90 02 ffff"), codec.ErrCorrupt},
		{"tightpng: basic", encodings.TightPNG, 2, 2, unhex("00"), codec.ErrCorrupt},
		{"tightpng: without zlib, filter", encodings.TightPNG, 2, 2, unhex("e0"), codec.ErrCorrupt},
		{"tightpng: picture of 65536 squared", encodings.TightPNG, 2, 2, unhex("a0 18" + "89504e470d0a1a0a 0000000d 49484452 00010000 00010000"), codec.ErrCorrupt},
		{"jpeg: no picture", encodings.JPEG, 2, 2, unhex("0102"), codec.ErrCorrupt},
		{"jpeg: segment without length", encodings.JPEG, 2, 2, unhex("ffd8 ffdb 0000"), codec.ErrCorrupt},
		{"jpeg: huffman table beyond its segment", encodings.JPEG, 2, 2, unhex("ffd8 ffc4 0014 00" + strings.Repeat("ff", 16) + "00"), codec.ErrCorrupt},
		{"jpeg: two beginnings", encodings.JPEG, 2, 2, unhex("ffd8 ffd8"), codec.ErrCorrupt},
		{"jpeg: without size", encodings.JPEG, 2, 2, unhex("ffd8 ffd9"), codec.ErrCorrupt},
		{"jpeg: picture of 65535 squared", encodings.JPEG, 2, 2, unhex("ffd8 ffc0 000b 08 ffff ffff 01 011100 ffd9"), codec.ErrCorrupt},
		{"jpeg: too wide", encodings.JPEG, 2, 2, unhex("ffd8 ffc0 000b 08 0002 ffff 01 011100 ffd9"), codec.ErrCorrupt},
		{"jpeg: too small", encodings.JPEG, 2, 2, unhex("ffd8 ffc0 000b 08 0001 0002 01 011100 ffd9"), codec.ErrCorrupt},
		{"jpeg: without an end", encodings.JPEG, 2, 2, append(unhex("ffd8 ffda 0002"), make([]byte, 200_000)...), codec.ErrLong},
		{"cursor: alpha in a picture", cursor.WithAlpha, 2, 2, unhex("00000015 ffd8"), codec.ErrAlpha},
		{"cursor: in itself", cursor.WithAlpha, 2, 2, unhex("fffffec6 fffffec6 fffffec6"), codec.ErrCorrupt},
		{"cursor: unknown encoding", cursor.WithAlpha, 2, 2, unhex("00001234"), codec.ErrCorrupt},
	} {
		for _, piece := range []int{1 << 20, 1} {
			dst, untouched := frame(test.w, test.h)
			set := encodings.New(func(codec.Image) error { return nil })
			err := inPieces(set, test.encoding, dst, test.payload, piece)
			if !errors.Is(err, test.want) {
				t.Errorf("%s, pieces of %d: %v, want %v", test.name, piece, err, test.want)
				continue
			}
			if err := untouched(); err != nil {
				t.Errorf("%s: %v", test.name, err)
			}
			if d := set.Decoder(test.encoding); !d.Done() {
				if _, again := d.Write([]byte{0}); again == nil {
					t.Errorf("%s: the error goes away", test.name)
				}
			}
		}
	}
}

func TestRectanglesOutside(t *testing.T) {
	dst, _ := codec.NewTarget(10, 10)
	set := encodings.New(nil)
	for _, encoding := range encodings.All {
		for _, r := range []codec.Rect{
			{X: -1, W: 2, H: 2},
			{Y: -1, W: 2, H: 2},
			{X: 9, W: 2, H: 2},
			{Y: 9, W: 2, H: 2},
			{W: 65535, H: 65535},
			{X: 65535, Y: 65535, W: 1, H: 1},
			{W: -1, H: 1},
		} {
			d := set.Decoder(encoding)
			if err := d.Begin(dst, r); !errors.Is(err, codec.ErrBounds) {
				t.Errorf("encoding %d, %v: %v", encoding, r, err)
			}
			if _, err := d.Write(make([]byte, 100)); err == nil {
				t.Errorf("encoding %d, %v: takes a payload", encoding, r)
			}
		}
	}
	if _, err := codec.NewTarget(32767, 32767); err == nil {
		t.Error("a frame buffer of 32767² is allocated")
	}
	small := codec.Target{Pix: make([]byte, 399), Stride: 40, Width: 10, Height: 10}
	if err := codec.Decode(set.Decoder(encodings.Raw), small, codec.Rect{W: 1, H: 1}, make([]byte, 4)); err == nil {
		t.Error("a frame buffer that is too small is taken")
	}
}

func TestDecodeSaysShortAndLong(t *testing.T) {
	dst, _ := codec.NewTarget(2, 1)
	set := encodings.New(nil)
	r := codec.Rect{W: 2, H: 1}
	for n, want := range map[int]error{7: codec.ErrShort, 8: nil, 9: codec.ErrLong} {
		if err := codec.Decode(set.Decoder(encodings.Raw), dst, r, make([]byte, n)); !errors.Is(err, want) {
			t.Errorf("%d bytes: %v, want %v", n, err, want)
		}
	}
}

// Nothing is allocated because a payload says that it is long.
func TestClaimsAllocateNothing(t *testing.T) {
	dst, _ := codec.NewTarget(2000, 2000)
	set := encodings.New(nil)
	for encoding, head := range map[int32]string{
		encodings.Zlib: "00ffffff", encodings.ZRLE: "00ffffff", encodings.Tight: "00 ffff7f", encodings.RRE: "003d0900 00000000",
		encodings.TightPNG: "a0 ffff7f",
	} {
		d, p := set.Decoder(encoding), unhex(head)
		d.Begin(dst, codec.Rect{W: 2000, H: 2000})
		d.Write(p)
		if n := testing.AllocsPerRun(10, func() {
			d.Begin(dst, codec.Rect{W: 2000, H: 2000})
			if _, err := d.Write(p); err != nil {
				t.Fatal(err)
			}
		}); n > 0 {
			t.Errorf("encoding %d: %v allocations for a header", encoding, n)
		}
	}
}

// FuzzDecode: whatever comes, in whatever pieces, stays inside of the rectangle and
// paints the same.
func FuzzDecode(f *testing.F) {
	for i, test := range literals {
		for _, payload := range strings.Split(test.payload, ";") {
			f.Add(test.encoding, uint8(1+i%20), uint8(1+i%3), uint8(i), unhex(payload))
		}
	}
	for _, encoding := range painted {
		for i, kind := range codectest.Kinds {
			picture := codectest.New(kind, 19, 18, uint64(i))
			for _, rect := range codectest.NewEncoder(uint64(i)).Encode(encoding, picture, codec.Rect{W: 19, H: 18}) {
				f.Add(encoding, uint8(19), uint8(18), uint8(i*7), rect.Payload)
			}
		}
	}
	f.Add(encodings.JPEG, uint8(3), uint8(4), uint8(1), jpegOf(f, 3, 4))
	f.Add(cursor.WithAlpha, uint8(1), uint8(1), uint8(1), unhex("00000000 01020304"))
	f.Fuzz(func(t *testing.T, encoding int32, w, h, piece uint8, payload []byte) {
		format := codec.Format(piece >> 6 % 3)
		var frames [2]codec.Target
		var errs [2]error
		var pictures [2][]byte
		for i, step := range []int{len(payload), int(piece) + 1} {
			buf, untouched := frame(int(w)+6, int(h)+6)
			buf.Format = format
			frames[i] = buf
			r := codec.Rect{X: 3, Y: 3, W: int(w), H: int(h)}
			set := encodings.New(func(p codec.Image) error {
				pictures[i] = append(pictures[i], p.Data...)
				return nil
			})
			d := set.Decoder(encoding)
			if d == nil {
				return
			}
			errs[i] = d.Begin(buf, r)
			for rest := payload; len(rest) > 0 && errs[i] == nil && !d.Done(); {
				var n int
				if n, errs[i] = d.Write(rest[:min(max(1, step), len(rest))]); n == 0 && errs[i] == nil && !d.Done() {
					t.Fatal("neither takes bytes nor ends")
				}
				rest = rest[n:]
			}
			if err := untouched(); err != nil {
				t.Fatal(err)
			}
			for y := range buf.Height {
				for x := range buf.Width {
					inside := x >= 3 && x < 3+int(w) && y >= 3 && y < 3+int(h)
					if !inside && string(buf.Row(x, y, 1)) != "\xa5\xa5\xa5\xa5" {
						t.Fatalf("pixel %d,%d outside of %v was painted", x, y, r)
					}
				}
			}
		}
		if (errs[0] == nil) != (errs[1] == nil) || !bytes.Equal(pictures[0], pictures[1]) {
			t.Fatalf("whole: %v; in pieces: %v", errs[0], errs[1])
		}
		if errs[0] == nil {
			if diff := codectest.Different(&frames[0], &frames[1]); diff != "" {
				t.Fatalf("whole and in pieces: %s", diff)
			}
		}
	})
}
