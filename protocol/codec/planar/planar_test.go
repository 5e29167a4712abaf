package planar_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/codectest"
	"github.com/porthole-rac/porthole/protocol/codec/planar"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		panic(err)
	}
	return b
}

func decode(w, h int, alpha bool, f planar.Format, payload []byte) (codec.Target, error) {
	dst, _ := codec.NewTarget(w, h)
	dst.Alpha = alpha
	return dst, new(planar.Decoder).Decode(dst, codec.Rect{W: w, H: h}, f, payload)
}

// The examples of MS-RDPEGDI §3.1.9.2: the plane of §3.1.9.2.3 in red, zeros in green
// and blue.
func TestPlaneOfTheSpecification(t *testing.T) {
	zeros := "06 06 06"
	payload := unhex("30 13ff 20fefd 60017df5c29a38 6001678ba378af" + zeros + zeros)
	got, err := decode(6, 3, false, planar.Format{Width: 6, Height: 3}, payload)
	if err != nil {
		t.Fatal(err)
	}
	want := []byte{
		255, 255, 255, 255, 254, 253,
		254, 192, 132, 96, 75, 25,
		253, 140, 62, 14, 135, 193,
	}
	for i, v := range want {
		if p := got.Pix[4*i:]; p[0] != v || p[1] != 0 || p[2] != 0 || p[3] != 255 {
			t.Errorf("pixel %d is %v, want red %d", i, p[:4], v)
		}
	}
	// §3.1.9.2.2: 100 times the same.
	payload = unhex("30 1f41 f2 52 1f42 f2 52 1f43 f2 52")
	if got, err = decode(100, 1, false, planar.Format{Width: 100, Height: 1}, payload); err != nil {
		t.Fatal(err)
	}
	for x := range 100 {
		if v := codectest.At(&got, x, 0); v != 0x434241 {
			t.Fatalf("pixel %d is %06x", x, v)
		}
	}
}

func TestLiterals(t *testing.T) {
	for _, test := range []struct {
		name    string
		w, h    int
		f       planar.Format
		payload string
		want    string // R, G, B, A
	}{
		{"plain with alpha", 1, 1, planar.Format{Width: 1, Height: 1}, "00 80 01 02 03 00", "01020380"},
		{"plain without padding", 1, 1, planar.Format{Width: 1, Height: 1}, "20 01 02 03", "010203ff"},
		{"bytes after the planes do not matter", 1, 1, planar.Format{Width: 1, Height: 1}, "30 1001 1002 1003 0000", "010203ff"},
		{"lowest row first", 1, 2, planar.Format{Width: 1, Height: 2, BottomUp: true}, "20 0102 0304 0506 00", "020406ff 010305ff"},
		{"wider than its rectangle", 1, 1, planar.Format{Width: 4, Height: 1}, "20 01000000 02000000 03000000", "010203ff"},
		{"differences are those of bytes", 1, 2, planar.Format{Width: 1, Height: 2}, "30 10ff 1004 1000 1000 1000 1001", "ff0000ff 0100ffff"},
		// Y 0x63, Co 0x22 and Cg 0x37 with a loss of 3 are the first pixel of MS-RDPNSC §4.
		{"colour loss with alpha", 1, 1, planar.Format{Width: 1, Height: 1}, "03 ff 63 22 37 00", "0f3fffff"},
		{"colour loss without alpha has red for blue", 1, 1, planar.Format{Width: 1, Height: 1}, "23 63 22 37 00", "ff3f0fff"},
		{"one chroma for four pixels", 3, 2, planar.Format{Width: 3, Height: 2}, "09 ffffffffffff 646464646464 0a00 0000", "6e645aff 6e645aff 646464ff 6e645aff 6e645aff 646464ff"},
	} {
		got, err := decode(test.w, test.h, true, test.f, unhex(test.payload))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
		} else if !strings.EqualFold(hex.EncodeToString(got.Pix), strings.ReplaceAll(test.want, " ", "")) {
			t.Errorf("%s: %x, want %s", test.name, got.Pix, test.want)
		}
	}
}

func TestHostile(t *testing.T) {
	f := planar.Format{Width: 4, Height: 2}
	for _, test := range []struct {
		name, payload string
		f             planar.Format
		want          error
	}{
		{"nothing", "", f, codec.ErrShort},
		{"plain, too short", "20 00", f, codec.ErrShort},
		{"subsampled without loss", "38 00", f, codec.ErrCorrupt},
		{"a control byte of 0", "30 00 00 00 00 00 00", f, codec.ErrCorrupt},
		{"a run into the next row", "30 05 03 04 04 04 04", f, codec.ErrCorrupt},
		{"raw values that lack", "30 04 04 04 04 04 40", f, codec.ErrShort},
		{"of 8192 squared from seven bytes", "30 04 04 04 04 04 04", planar.Format{Width: 8192, Height: 8192}, codec.ErrShort},
		{"of 65535 squared", "30 04 04 04 04 04 04", planar.Format{Width: 65535, Height: 65535}, codec.ErrCorrupt},
		{"smaller than its rectangle", "20" + strings.Repeat("00", 24), planar.Format{Width: 3, Height: 2}, codec.ErrCorrupt},
	} {
		if _, err := decode(4, 2, false, test.f, unhex(test.payload)); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	for _, kind := range codectest.Kinds {
		for i := range 64 {
			form := codectest.Planar{Runs: i&1 != 0, Alpha: i&2 != 0, BottomUp: i&4 != 0}
			if i&8 != 0 {
				form.Loss = 1 + i/16
				form.Subsampled = i&16 != 0
				form.Swapped = !form.Alpha
			}
			w, h := 1+i*13%90, 1+i*7%40
			src := codectest.Noisy(codectest.New(kind, w, h, uint64(i)), uint64(i))
			payload := form.Encode(src)
			got, err := decode(w, h, form.Alpha, planar.Format{Width: w, Height: h, BottomUp: form.BottomUp}, payload)
			if err != nil {
				t.Fatalf("%s, %+v: %v", kind, form, err)
			}
			if !form.Alpha {
				for i := 3; i < len(src.Pix); i += 4 {
					src.Pix[i] = 255
				}
			}
			if form.Loss == 0 {
				if diff := codectest.Different(&got, &src); diff != "" {
					t.Fatalf("%s, %+v: %s", kind, form, diff)
				}
			} else if !form.Subsampled {
				// Each of two chroma values may be wrong by the bits that are lost.
				if most := codectest.Farthest(&got, &src); most > 2<<form.Loss {
					t.Fatalf("%s, %+v: a colour is off by %d", kind, form, most)
				}
			}
			for n := range payload {
				if n == len(payload)-1 && !form.Runs {
					continue // that is the padding
				}
				if _, err := decode(w, h, false, planar.Format{Width: w, Height: h}, payload[:n]); err == nil {
					t.Fatalf("%s, %+v: %d of %d bytes are enough", kind, form, n, len(payload))
				}
				if n > 200 {
					break
				}
			}
		}
	}
}

func TestNoAllocations(t *testing.T) {
	var d planar.Decoder
	src := codectest.New("text", 64, 64, 1)
	payload := codectest.Planar{Runs: true}.Encode(src)
	dst, _ := codec.NewTarget(64, 64)
	if n := testing.AllocsPerRun(10, func() {
		if err := d.Decode(dst, codec.Rect{W: 64, H: 64}, planar.Format{Width: 64, Height: 64}, payload); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations for a bitmap", n)
	}
}

// FuzzDecode: whatever comes is decoded without more memory than its length allows,
// and nothing outside of the rectangle is painted.
func FuzzDecode(f *testing.F) {
	for i, kind := range codectest.Kinds {
		src := codectest.New(kind, 20, 9, 1)
		f.Add(uint8(20), uint8(9), codectest.Planar{Runs: i&1 != 0, Alpha: i&2 != 0, Loss: i, Subsampled: i > 3}.Encode(src))
	}
	f.Fuzz(func(t *testing.T, w, h uint8, payload []byte) {
		buf, _ := codec.NewTarget(int(w)+2, int(h)+2)
		_ = new(planar.Decoder).Decode(buf, codec.Rect{X: 1, Y: 1, W: int(w), H: int(h)}, planar.Format{Width: int(w), Height: int(h), BottomUp: h%2 == 0}, payload)
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
	for _, kind := range []string{"text", "photo"} {
		for _, form := range []codectest.Planar{{Runs: true}, {}, {Runs: true, Loss: 3, Subsampled: true}} {
			b.Run(fmt.Sprintf("%s/runs=%v/loss=%d", kind, form.Runs, form.Loss), func(b *testing.B) {
				payload := form.Encode(codectest.New(kind, 1920, 1080, 1))
				dst, _ := codec.NewTarget(1920, 1080)
				var d planar.Decoder
				b.SetBytes(int64(len(dst.Pix)))
				for b.Loop() {
					if err := d.Decode(dst, codec.Rect{W: 1920, H: 1080}, planar.Format{Width: 1920, Height: 1080}, payload); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(len(payload))/float64(1920*1080), "B/pixel-in")
			})
		}
	}
}
