package bitmap_test

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/bitmap"
	"github.com/porthole-rac/porthole/protocol/codec/codectest"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		panic(err)
	}
	return b
}

// show is a picture as rows of colours RRGGBB.
func show(t codec.Target) string {
	var rows []string
	for y := range t.Height {
		var row []string
		for x := range t.Width {
			p := t.Row(x, y, 1)
			row = append(row, fmt.Sprintf("%02x%02x%02x", p[0], p[1], p[2]))
			if p[3] != 255 {
				row[x] += fmt.Sprintf("/%02x", p[3])
			}
		}
		rows = append(rows, strings.Join(row, " "))
	}
	return strings.Join(rows, ", ")
}

func TestLiteralBitmaps(t *testing.T) {
	var palette bitmap.Palette
	palette[1], palette[2], palette[0xff] = 0x0000ff, 0x00ff00, 0xffffff // red, green, white
	for _, test := range []struct {
		name    string
		f       bitmap.Format
		w, h    int
		payload string
		want    string
	}{
		{"plain 32, lowest row first", bitmap.Format{Width: 2, Height: 2, Depth: 32}, 2, 2, "0102037f 040506 00 0a0b0c00 0d0e0f00", "0c0b0a 0f0e0d, 030201 060504"},
		{"plain 32, highest row first", bitmap.Format{Width: 2, Height: 2, Depth: 32, TopDown: true}, 2, 2, "0102037f 040506 00 0a0b0c00 0d0e0f00", "030201 060504, 0c0b0a 0f0e0d"},
		{"plain 24, rows of four bytes", bitmap.Format{Width: 1, Height: 2, Depth: 24}, 1, 2, "010203 ee 040506 ee", "060504, 030201"},
		{"plain 16", bitmap.Format{Width: 4, Height: 1, Depth: 16}, 4, 1, "00f8 e007 1f00 ffff", "ff0000 00ff00 0000ff ffffff"},
		{"plain 16, grey is grey", bitmap.Format{Width: 2, Height: 1, Depth: 16}, 2, 1, "1084 0421", "848284 212021"},
		{"plain 15", bitmap.Format{Width: 4, Height: 1, Depth: 15}, 4, 1, "007c e003 1f00 ff7f", "ff0000 00ff00 0000ff ffffff"},
		{"plain 8", bitmap.Format{Width: 4, Height: 1, Depth: 8}, 4, 1, "01 02 ff 00", "ff0000 00ff00 ffffff 000000"},
		{"wider than its rectangle", bitmap.Format{Width: 4, Height: 1, Depth: 8}, 1, 1, "01 02 02 02", "ff0000"},
		{"higher than its rectangle", bitmap.Format{Width: 1, Height: 2, Depth: 8}, 1, 1, "02000000 01000000", "ff0000"},
		{"colour run", bitmap.Format{Width: 3, Height: 2, Depth: 24, Compressed: true}, 3, 2, "66 010203", "030201 030201 030201, 030201 030201 030201"},
		{"colour image", bitmap.Format{Width: 2, Height: 1, Depth: 24, Compressed: true}, 2, 1, "82 010203 040506", "030201 060504"},
		{"background of the first row is black", bitmap.Format{Width: 2, Height: 1, Depth: 16, Compressed: true}, 2, 1, "02", "000000 000000"},
		{"foreground is white at first", bitmap.Format{Width: 2, Height: 1, Depth: 16, Compressed: true}, 2, 1, "22", "ffffff ffffff"},
		{"foreground is white at first, 8 bits", bitmap.Format{Width: 2, Height: 1, Depth: 8, Compressed: true}, 2, 1, "22", "ffffff ffffff"},
		{"foreground changes what is above", bitmap.Format{Width: 1, Height: 2, Depth: 24, Compressed: true}, 1, 2, "81 00ff00 c1 0000ff", "ffff00, 00ff00"},
		{"background repeats what is above", bitmap.Format{Width: 2, Height: 2, Depth: 8, Compressed: true}, 2, 2, "82 0102 02", "ff0000 00ff00, ff0000 00ff00"},
		{"two background runs have a foreground pixel between", bitmap.Format{Width: 4, Height: 1, Depth: 24, Compressed: true}, 4, 1, "02 02", "000000 000000 ffffff 000000"},
		{"but not from the first row to the second", bitmap.Format{Width: 2, Height: 2, Depth: 24, Compressed: true}, 2, 2, "02 02", "000000 000000, 000000 000000"},
		{"dithered", bitmap.Format{Width: 4, Height: 1, Depth: 8, Compressed: true}, 4, 1, "e2 01 02", "ff0000 00ff00 ff0000 00ff00"},
		{"bits, lowest first", bitmap.Format{Width: 8, Height: 1, Depth: 8, Compressed: true}, 8, 1, "41 05", "ffffff 000000 ffffff 000000 000000 000000 000000 000000"},
		{"bits in a new colour", bitmap.Format{Width: 3, Height: 1, Depth: 8, Compressed: true}, 3, 1, "d0 02 01 06", "000000 ff0000 ff0000"},
		{"special orders", bitmap.Format{Width: 18, Height: 1, Depth: 24, Compressed: true}, 4, 1, "f9 fa fd fe", "ffffff ffffff 000000 000000"},
		{"white and black", bitmap.Format{Width: 2, Height: 1, Depth: 15, Compressed: true}, 2, 1, "fd fe", "ffffff 000000"},
		{"long run", bitmap.Format{Width: 34, Height: 1, Depth: 8, Compressed: true}, 1, 1, "60 02 01", "ff0000"},
		{"longest run", bitmap.Format{Width: 300, Height: 1, Depth: 8, Compressed: true}, 1, 1, "f3 2c01 01", "ff0000"},
		{"planar", bitmap.Format{Width: 1, Height: 2, Depth: 32, Compressed: true}, 1, 2, "20 0102 0304 0506 00", "020406, 010305"},
	} {
		dst, _ := codec.NewTarget(test.w, test.h)
		d := bitmap.Decoder{Palette: &palette}
		if err := d.Decode(dst, codec.Rect{W: test.w, H: test.h}, test.f, unhex(test.payload)); err != nil {
			t.Errorf("%s: %v", test.name, err)
		} else if got := show(dst); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func TestHostileBitmaps(t *testing.T) {
	f := func(depth int) bitmap.Format {
		return bitmap.Format{Width: 4, Height: 2, Depth: depth, Compressed: true}
	}
	for _, test := range []struct {
		name    string
		f       bitmap.Format
		payload string
		want    error
	}{
		{"too short", bitmap.Format{Width: 4, Height: 2, Depth: 32}, "00", codec.ErrShort},
		{"unknown depth", bitmap.Format{Width: 4, Height: 2, Depth: 12}, "00", codec.ErrCorrupt},
		{"smaller than its rectangle", bitmap.Format{Width: 3, Height: 2, Depth: 8}, "00000000 00000000", codec.ErrCorrupt},
		{"of 65535 squared", bitmap.Format{Width: 65535, Height: 65535, Depth: 8, Compressed: true}, "f3 ffff 00", codec.ErrCorrupt},
		{"nothing", f(8), "", codec.ErrShort},
		{"ends early", f(8), "67 01", codec.ErrShort},
		{"run beyond the end", f(8), "69 01", codec.ErrLong},
		{"pairs beyond the end", f(8), "e5 01 02", codec.ErrLong},
		{"special order beyond the end", f(8), "61 01 f9", codec.ErrLong},
		{"special order in front of the end", f(8), "67 01 fd", nil},
		{"padding after the end", f(8), "68 01 00", nil},
		{"run without its colour", f(16), "62 00", codec.ErrShort},
		{"set without its colour", f(24), "c1 0000", codec.ErrShort},
		{"bits that lack", f(8), "f2 0800", codec.ErrShort},
		{"pixels that lack", f(16), "83 0000 0000", codec.ErrShort},
		{"length that lacks", f(8), "60", codec.ErrCorrupt},
		{"long length that lacks", f(8), "f0 01", codec.ErrCorrupt},
		{"unknown order", f(8), "a1", codec.ErrCorrupt},
		{"unknown long order", f(8), "f5 0100", codec.ErrCorrupt},
	} {
		dst, _ := codec.NewTarget(4, 2)
		err := new(bitmap.Decoder).Decode(dst, codec.Rect{W: 4, H: 2}, test.f, unhex(test.payload))
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
	dst, _ := codec.NewTarget(4, 2)
	if err := new(bitmap.Decoder).Decode(dst, codec.Rect{X: 1, W: 4, H: 2}, f(8), unhex("f3 0800 01")); !errors.Is(err, codec.ErrBounds) {
		t.Errorf("a rectangle outside: %v", err)
	}
}

// value is a picture's pixel in depth bits, and what comes back of it.
func value(p []byte, depth int) (v, back uint32) {
	r, g, b := uint32(p[0]), uint32(p[1]), uint32(p[2])
	switch depth {
	case 8:
		v = r & 0xff
		return v, v*0x010101 | 0xff000000
	case 15:
		v = r>>3<<10 | g>>3<<5 | b>>3
		return v, codec.Pixel555(uint16(v))
	case 16:
		v = r>>3<<11 | g>>2<<5 | b>>3
		return v, codec.Pixel565(uint16(v))
	}
	return b | g<<8 | r<<16, r | g<<8 | b<<16 | 0xff000000
}

// encoded is a picture in Interleaved RLE, and the picture that it stands for.
func encoded(kind string, seed uint64, depth, w, h int) (payload []byte, want codec.Target) {
	src := codectest.New(kind, w, h, seed)
	want, _ = codec.NewTarget(w, h)
	pixels := make([]uint32, w*h)
	for y := range h {
		for x := range w {
			v, back := value(src.Row(x, y, 1), depth)
			pixels[(h-1-y)*w+x] = v
			binary.LittleEndian.PutUint32(want.Row(x, y, 1), back)
		}
	}
	return codectest.Interleaved(seed, depth, w, pixels), want
}

func TestInterleavedRoundTrip(t *testing.T) {
	var d bitmap.Decoder
	for _, kind := range codectest.Kinds {
		for _, depth := range []int{8, 15, 16, 24} {
			for seed := range uint64(6) {
				w, h := 1+int(seed*37%80), 1+int(seed*23%50)
				payload, want := encoded(kind, seed, depth, w, h)
				got, _ := codec.NewTarget(w, h)
				f := bitmap.Format{Width: w, Height: h, Depth: depth, Compressed: true}
				if err := d.Decode(got, codec.Rect{W: w, H: h}, f, payload); err != nil {
					t.Fatalf("%s, %d bits, seed %d: %v", kind, depth, seed, err)
				}
				if diff := codectest.Different(&got, &want); diff != "" {
					t.Fatalf("%s, %d bits, seed %d: %s", kind, depth, seed, diff)
				}
				// Nothing that lacks its end is taken for complete.
				for n := 0; n < len(payload); n += 1 + n/10 {
					if d.Decode(got, codec.Rect{W: w, H: h}, f, payload[:n]) == nil {
						t.Fatalf("%s, %d bits, seed %d: %d of %d bytes are enough", kind, depth, seed, n, len(payload))
					}
				}
			}
		}
	}
}

func TestNoAllocations(t *testing.T) {
	var d bitmap.Decoder
	dst, _ := codec.NewTarget(64, 64)
	for _, depth := range []int{8, 16, 24} {
		payload, _ := encoded("text", 1, depth, 64, 64)
		f := bitmap.Format{Width: 64, Height: 64, Depth: depth, Compressed: true}
		if n := testing.AllocsPerRun(10, func() {
			if err := d.Decode(dst, codec.Rect{W: 64, H: 64}, f, payload); err != nil {
				t.Fatal(err)
			}
		}); n > 0 {
			t.Errorf("%d bits: %v allocations for a bitmap", depth, n)
		}
	}
}

// FuzzDecode: whatever comes stays inside of the rectangle.
func FuzzDecode(f *testing.F) {
	for i, kind := range codectest.Kinds {
		for _, depth := range []int{8, 15, 16, 24} {
			payload, _ := encoded(kind, uint64(i), depth, 20, 9)
			f.Add(uint8(20), uint8(9), uint8(depth), true, payload)
		}
		f.Add(uint8(6), uint8(5), uint8(32), true, codectest.Planar{Runs: true}.Encode(codectest.New(kind, 6, 5, 1)))
	}
	f.Add(uint8(1), uint8(1), uint8(16), false, []byte{1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, w, h, depth uint8, compressed bool, payload []byte) {
		buf, _ := codec.NewTarget(int(w)+2, int(h)+2)
		for i := range buf.Pix {
			buf.Pix[i] = 0xa5
		}
		form := bitmap.Format{Width: int(w) + 3, Height: int(h) + 1, Depth: int(depth), Compressed: compressed}
		if new(bitmap.Decoder).Decode(buf, codec.Rect{X: 1, Y: 1, W: int(w), H: int(h)}, form, payload) == nil && w > 0 && h > 0 {
			if string(buf.Row(1, 1, 1)) == "\xa5\xa5\xa5\xa5" {
				t.Fatal("nothing was painted")
			}
		}
		for y := range buf.Height {
			for x := range buf.Width {
				if x >= 1 && x <= int(w) && y >= 1 && y <= int(h) {
					continue
				}
				if string(buf.Row(x, y, 1)) != "\xa5\xa5\xa5\xa5" {
					t.Fatalf("pixel %d,%d outside was painted", x, y)
				}
			}
		}
	})
}

func BenchmarkInterleaved(b *testing.B) {
	for _, kind := range []string{"text", "photo"} {
		for _, depth := range []int{8, 16, 24} {
			b.Run(fmt.Sprintf("%s/%d", kind, depth), func(b *testing.B) {
				payload, want := encoded(kind, 1, depth, 1920, 1080)
				dst, _ := codec.NewTarget(1920, 1080)
				f := bitmap.Format{Width: 1920, Height: 1080, Depth: depth, Compressed: true}
				var d bitmap.Decoder
				b.SetBytes(int64(len(dst.Pix)))
				for b.Loop() {
					if err := d.Decode(dst, codec.Rect{W: 1920, H: 1080}, f, payload); err != nil {
						b.Fatal(err)
					}
				}
				if diff := codectest.Different(&dst, &want); diff != "" {
					b.Fatal(diff)
				}
			})
		}
	}
}
