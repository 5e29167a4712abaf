package clear_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/clear"
	"github.com/porthole-rac/porthole/protocol/codec/codectest"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		panic(err)
	}
	return b
}

// example2 is that of MS-RDPEGFX §4.1.1.2: 78×17 pixels by subcodec RLEX.
const example2 = `000d0000000000000000820000000000 00004e00110075000000020effffff00
0000dbffff003a90ffb66666b6ffb666 0090dbff00003adb903a3a90db660000 ffffb6646464110411 4c114c114c114c
114c004713000101040001000047 1600 1102004729001101004 90a0001000400 01000 04a0a00090001000047050001 01
1c000100114c114c114c00470d4d004d`

func TestExampleOfSubcodecs(t *testing.T) {
	dst, _ := codec.NewTarget(78, 17)
	if err := new(clear.Decoder).Decode(dst, codec.Rect{W: 78, H: 17}, unhex(example2)); err != nil {
		t.Fatal(err)
	}
	// The first two segments, and the sixteenth, are spelled out in the specification:
	// five white pixels and a black one, 77 white and a black one.
	for i := range 5 + 1 + 77 + 1 {
		want := uint32(0xffffff)
		if i == 5 || i == 83 {
			want = 0
		}
		if got := codectest.At(&dst, i%78, i/78); got != want {
			t.Fatalf("pixel %d is %06x, want %06x", i, got, want)
		}
	}
	if got := codectest.At(&dst, 77, 16); got != 0x646464 && got != 0xffffff {
		t.Errorf("the last pixel is %06x", got)
	}
}

// §4.1.1.4 begins a band with a short column of 15 pixels, and goes on with columns
// from the cache; here it ends after the first. §4.1.1.1 and §4.1.1.5: a glyph that is
// kept comes again, in another shape.
func TestExamplesOfBandsAndGlyphs(t *testing.T) {
	dst, _ := codec.NewTarget(15, 15)
	var d clear.Decoder
	column := `00 0f ffffff ffffff ffffb6 ffffff ffffff ffffff ffb666 ffffff ffffff ffb666 db903a ffffb6 ffffff ffffff ffffff`
	payload := "01 0b 7800 00000000 3a000000 00000000 0000 0000 0000 0e00 000000" + column
	if err := d.Decode(dst, codec.Rect{W: 1, H: 15}, unhex(payload)); err != nil {
		t.Fatal(err)
	}
	want := []uint32{0xffffff, 0xffffff, 0xffffb6, 0xffffff, 0xffffff, 0xffffff, 0xffb666, 0xffffff, 0xffffff, 0xffb666, 0xdb903a, 0xffffb6, 0xffffff, 0xffffff, 0xffffff}
	for y, v := range want {
		if got := codectest.At(&dst, 0, y); got != v {
			t.Errorf("pixel %d is %06x, want %06x", y, got, v)
		}
	}
	if err := d.Decode(dst, codec.Rect{X: 5, W: 5, H: 3}, unhex("03 0c 7800")); err != nil {
		t.Fatal(err)
	}
	for i, v := range want {
		if got := codectest.At(&dst, 5+i%5, i/5); got != v {
			t.Errorf("pixel %d of the glyph is %06x, want %06x", i, got, v)
		}
	}
	// The column is in the cache now, and its pixels as a short one, too.
	hit := "00 0d 00000000 0d000000 00000000 0100 0100 0000 0e00 000000 0080"
	if err := d.Decode(dst, codec.Rect{W: 2, H: 15}, unhex(hit)); err != nil {
		t.Fatal(err)
	}
	short := "00 0e 00000000 0e000000 00000000 0100 0100 0000 0f00 0000ff 0040 01"
	big, _ := codec.NewTarget(2, 20)
	if err := d.Decode(big, codec.Rect{W: 2, H: 20}, unhex(short)); err != nil {
		t.Fatal(err)
	}
	if codectest.At(&dst, 1, 10) != 0xdb903a || codectest.At(&big, 1, 0) != 0x0000ff || codectest.At(&big, 1, 11) != 0xdb903a || codectest.At(&big, 1, 16) != 0 {
		t.Error("columns from the cache are not what was put there")
	}
}

func TestResidualOfTheSpecification(t *testing.T) {
	// §4.1.1.3, without its band, whose columns come from the cache.
	dst, _ := codec.NewTarget(64, 24)
	payload := unhex("00 df 0e000000 00000000 00000000 fefefe ff8005 ffffff40 fefefe40")
	if err := new(clear.Decoder).Decode(dst, codec.Rect{W: 64, H: 24}, payload); err != nil {
		t.Fatal(err)
	}
	for y := range 24 {
		want := uint32(0xfefefe)
		if y == 22 {
			want = 0xffffff
		}
		if got := codectest.At(&dst, 63, y); got != want {
			t.Errorf("row %d is %06x, want %06x", y, got, want)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	e := codectest.NewClear(1)
	var d clear.Decoder
	for round := range 3 {
		for i, kind := range codectest.Kinds {
			for _, size := range [][2]int{{8, 9}, {33, 31}, {100, 60}, {300, 140}, {1, 1}} {
				w, h := size[0], size[1]
				src := codectest.New(kind, w, h, uint64(i+round/2))
				payload := e.Encode(src)
				dst, _ := codec.NewTarget(w+2, h+2)
				if err := d.Decode(dst, codec.Rect{X: 1, Y: 1, W: w, H: h}, payload); err != nil {
					t.Fatalf("%s, %v: %v", kind, size, err)
				}
				got := codec.Target{Pix: dst.Pix[dst.Stride+4:], Stride: dst.Stride, Width: w, Height: h}
				if diff := codectest.Different(&got, &src); diff != "" {
					t.Fatalf("%s, %v: %s", kind, size, diff)
				}
			}
		}
	}
	for form, n := range e.Used {
		if n == 0 {
			t.Errorf("form %d was not used: the test does not test", form)
		}
	}
}

func TestSubcodecNSC(t *testing.T) {
	src := codectest.New("photo", 30, 20, 1)
	nsc := codectest.NSC(src, 1, false, false)
	payload := append(unhex("00 00 00000000 00000000"), 0, 0, 0, 0)
	payload[10], payload[11] = byte(len(nsc)+13), byte((len(nsc)+13)>>8)
	payload = append(payload, 2, 0, 3, 0, 30, 0, 20, 0, byte(len(nsc)), byte(len(nsc)>>8), 0, 0, 1)
	dst, _ := codec.NewTarget(40, 40)
	if err := new(clear.Decoder).Decode(dst, codec.Rect{W: 40, H: 40}, append(payload, nsc...)); err != nil {
		t.Fatal(err)
	}
	got := codec.Target{Pix: dst.Pix[3*dst.Stride+8:], Stride: dst.Stride, Width: 30, Height: 20}
	if most := codectest.Farthest(&got, &src); most > 4 {
		t.Errorf("a colour is off by %d", most)
	}
}

func TestAlpha(t *testing.T) {
	for _, test := range []struct {
		payload, want string
		err           error
	}{
		{"4c41 0000 01 02 03 04", "01020304", nil},
		{"4c41 0100 ff03 00 01", "ffffff00", nil},
		{"4c41 0100 07ff0400", "07070707", nil},
		{"4c41 0100 07ffffff04000000", "07070707", nil},
		{"4c41 0100 0705", "", codec.ErrLong},
		{"4c41 0100 0703", "", codec.ErrShort},
		{"4c41 0000 01 02 03", "", codec.ErrShort},
		{"4c41 0000 01 02 03 04 05", "", codec.ErrLong},
		{"4c42 0000 01 02 03 04", "", codec.ErrCorrupt},
	} {
		dst, _ := codec.NewTarget(2, 2)
		err := clear.DecodeAlpha(dst, codec.Rect{W: 2, H: 2}, unhex(test.payload))
		if !errors.Is(err, test.err) {
			t.Errorf("%s: %v, want %v", test.payload, err, test.err)
		}
		got := ""
		for i := 3; i < 16; i += 4 {
			got += fmt.Sprintf("%02x", dst.Pix[i])
		}
		if err == nil && got != test.want {
			t.Errorf("%s: %s, want %s", test.payload, got, test.want)
		}
	}
}

func TestHostile(t *testing.T) {
	band := func(rect, columns string) string {
		p := rect + "000000" + columns
		return fmt.Sprintf("00 00 00000000 %02x000000 00000000", len(unhex(p))) + p
	}
	sub := func(rect, id, data string) string {
		n := len(unhex(data))
		return fmt.Sprintf("00 00 00000000 00000000 %02x000000 %s %02x000000 %s %s", n+13, rect, n, id, data)
	}
	for _, test := range []struct {
		name, payload string
		want          error
	}{
		{"nothing", "", codec.ErrShort},
		{"layers beyond the end", "00 00 ffffffff ffffffff ffffffff", codec.ErrShort},
		{"bytes after the layers", "00 00 00000000 00000000 00000000 00", codec.ErrLong},
		{"a glyph beyond the cache", "03 00 a00f", codec.ErrCorrupt},
		{"a glyph that is not there", "03 00 0000", codec.ErrCorrupt},
		{"a hit without a glyph", "02 00", codec.ErrCorrupt},
		{"residual beyond the bitmap", "00 00 04000000 00000000 00000000 000000 41", codec.ErrLong},
		{"residual without its run", "00 00 03000000 00000000 00000000 000000", codec.ErrShort},
		{"a band outside", band("0000 0800 0000 0000", ""), codec.ErrBounds},
		{"a band turned round", band("0100 0000 0000 0000", ""), codec.ErrBounds},
		{"a column that is not there", band("0000 0000 0000 0000", "0080"), codec.ErrCorrupt},
		{"a short column that is not there", band("0000 0000 0000 0000", "0040 00"), codec.ErrCorrupt},
		{"a short column longer than its band", band("0000 0000 0000 0000", "0002 000000000000"), codec.ErrCorrupt},
		{"a short column turned round", band("0000 0000 0000 0000", "0100"), codec.ErrCorrupt},
		{"a short column without its pixels", band("0000 0000 0000 0000", "0001 0000"), codec.ErrShort},
		{"a short column that does not fit from there", band("0000 0100 0000 0000", "0001 000000 0040 01"), codec.ErrCorrupt},
		{"a rectangle outside", sub("0100 0000 0800 0100", "00", ""), codec.ErrBounds},
		{"a subcodec that is not known", sub("0000 0000 0100 0100", "03", ""), codec.ErrCorrupt},
		{"raw with too few pixels", sub("0000 0000 0100 0100", "00", "0000"), codec.ErrCorrupt},
		{"no palette", sub("0000 0000 0100 0100", "02", "00"), codec.ErrCorrupt},
		{"a palette of 128", sub("0000 0000 0100 0100", "02", "80"), codec.ErrCorrupt},
		{"an index beyond the palette", sub("0000 0000 0100 0100", "02", "03 000000 000000 000000 03 00"), codec.ErrCorrupt},
		{"a suite from before the palette", sub("0000 0000 0200 0100", "02", "02 000000 000000 04 00"), codec.ErrCorrupt},
		{"a run beyond the rectangle", sub("0000 0000 0100 0100", "02", "02 000000 000000 00 05"), codec.ErrLong},
		{"a suite beyond the rectangle", sub("0000 0000 0100 0100", "02", "02 000000 000000 03 00"), codec.ErrLong},
		{"too few pixels", sub("0000 0000 0300 0100", "02", "02 000000 000000 03 00"), codec.ErrShort},
	} {
		dst, _ := codec.NewTarget(8, 8)
		if err := new(clear.Decoder).Decode(dst, codec.Rect{W: 8, H: 8}, unhex(test.payload)); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
	// A column from the cache has the height of its band.
	var d clear.Decoder
	dst, _ := codec.NewTarget(8, 8)
	if err := d.Decode(dst, codec.Rect{W: 8, H: 8}, unhex(band("0000 0000 0000 0000", "0001 000000"))); err != nil {
		t.Error(err)
	}
	if err := d.Decode(dst, codec.Rect{W: 8, H: 8}, unhex(band("0000 0000 0000 0100", "0080"))); !errors.Is(err, codec.ErrCorrupt) {
		t.Errorf("a column of another height: %v", err)
	}
	// Rectangles of the whole bitmap, over and over.
	dst, _ = codec.NewTarget(200, 200)
	one := "0000 0000 c800 c800 0c000000 02 01 000000 00 ffffff 3f9c0000"
	payload := unhex("00 00 00000000 00000000" + fmt.Sprintf("%02x000000", 5*25) + strings.Repeat(one, 5))
	if err := new(clear.Decoder).Decode(dst, codec.Rect{W: 200, H: 200}, payload); !errors.Is(err, codec.ErrLong) {
		t.Errorf("five times the whole bitmap: %v", err)
	}
}

// again is a payload that may be decoded as often as one likes: it begins the caches
// anew.
func again(src codec.Target) []byte {
	payload := codectest.NewClear(1).Encode(src)
	payload[0] |= 4
	return payload
}

func TestNoAllocations(t *testing.T) {
	payload := again(codectest.New("text", 300, 200, 1))
	dst, _ := codec.NewTarget(300, 200)
	var d clear.Decoder
	if n := testing.AllocsPerRun(10, func() {
		if err := d.Decode(dst, codec.Rect{W: 300, H: 200}, payload); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations for a bitmap", n)
	}
}

// FuzzDecode: two payloads on one channel paint nothing outside of their rectangle.
func FuzzDecode(f *testing.F) {
	f.Add(uint8(78), uint8(17), unhex(example2), unhex("03 0c 7800"))
	for i, kind := range codectest.Kinds {
		e := codectest.NewClear(uint64(i))
		src := codectest.New(kind, 40, 30, 1)
		f.Add(uint8(40), uint8(30), e.Encode(src), e.Encode(src))
		small := codectest.New(kind, 10, 10, 1)
		f.Add(uint8(10), uint8(10), e.Encode(small), e.Encode(small))
	}
	f.Fuzz(func(t *testing.T, w, h uint8, first, second []byte) {
		buf, _ := codec.NewTarget(int(w)+2, int(h)+2)
		r := codec.Rect{X: 1, Y: 1, W: int(w), H: int(h)}
		var d clear.Decoder
		for _, p := range [][]byte{first, second} {
			_ = d.Decode(buf, r, p)
			_ = clear.DecodeAlpha(buf, r, p)
		}
		for y := range buf.Height {
			for x := range buf.Width {
				inside := x >= 1 && x <= int(w) && y >= 1 && y <= int(h)
				if !inside && string(buf.Row(x, y, 1)) != "\x00\x00\x00\x00" {
					t.Fatalf("pixel %d,%d outside was painted", x, y)
				}
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	for _, kind := range []string{"text", "few", "photo"} {
		b.Run(kind, func(b *testing.B) {
			payload := again(codectest.New(kind, 1920, 1080, 1))
			dst, _ := codec.NewTarget(1920, 1080)
			var d clear.Decoder
			screen := codec.Rect{W: 1920, H: 1080}
			b.SetBytes(int64(len(dst.Pix)))
			for b.Loop() {
				if err := d.Decode(dst, screen, payload); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(payload))/1920/1080, "B/pixel-in")
		})
	}
}
