package nsc_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/codectest"
	"github.com/porthole-rac/porthole/protocol/codec/nsc"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		panic(err)
	}
	return b
}

// example is the bitmap of MS-RDPNSC §4, 15×10 pixels with alpha.
const example = `
71000000 07000000 0b000000 07000000 03 01 0000
63630164640063630264640063630064 64016363016464016363016464006363
00646401636300646 40c63630064640c 63630064640c63630064640c63646404
63646363006464036364640363630064 63630064640365636464016364640065
64640663646400636300646404646565 65
22222222222222 373719363737063737 3737 ffff90ffffffff`

// Where the picture of the example is not of its two main colours.
const exampleFirstRows = "ff3f0f ff3f0f ff3f0f ff4010 ff4010 ff3f0f ff3f0f ff3f0f ff3f0f ff4010 ff4010 ff3f0f ff3f0f ff4010 ff4010 " +
	"ff3f0f ff3f0f ff3f0f ff4010 ff4010 ff4010 ff3f0f ff3f0f ff3f0f ff4010 ff4010 ff3f0f ff3f0f ff4010 ff4010"

func TestExampleOfTheSpecification(t *testing.T) {
	dst, _ := codec.NewTarget(15, 10)
	dst.Alpha = true
	var d nsc.Decoder
	if err := d.Decode(dst, codec.Rect{W: 15, H: 10}, false, unhex(example)); err != nil {
		t.Fatal(err)
	}
	for i, want := range strings.Fields(exampleFirstRows) {
		p := dst.Row(i%15, i/15, 1)
		if got := fmt.Sprintf("%02x%02x%02x", p[2], p[1], p[0]); got != want || p[3] != 255 {
			t.Errorf("pixel %d: B, G, R %s, alpha %d, want %s", i, got, p[3], want)
		}
	}
	// Two with a green chroma of their own, and the last one, which ends every plane.
	for at, want := range map[[2]int]string{{6, 6}: "ff3c14", {7, 6}: "ff3b13", {14, 9}: "ff4111"} {
		p := dst.Row(at[0], at[1], 1)
		if got := fmt.Sprintf("%02x%02x%02x", p[2], p[1], p[0]); got != want {
			t.Errorf("pixel %v: B, G, R %s, want %s", at, got, want)
		}
	}
}

func TestLowestRowFirst(t *testing.T) {
	var pictures [2]codec.Target
	for i := range pictures {
		pictures[i], _ = codec.NewTarget(15, 10)
		if err := new(nsc.Decoder).Decode(pictures[i], codec.Rect{W: 15, H: 10}, i == 1, unhex(example)); err != nil {
			t.Fatal(err)
		}
	}
	for y := range 10 {
		if !bytes.Equal(pictures[0].Row(0, y, 15), pictures[1].Row(0, 9-y, 15)) {
			t.Errorf("row %d is not row %d from below", y, y)
		}
	}
}

func TestHostile(t *testing.T) {
	head := func(y, co, cg, a uint8, loss, half string) string {
		return fmt.Sprintf("%02x000000 %02x000000 %02x000000 %02x000000 %s %s 0000", y, co, cg, a, loss, half)
	}
	plain := strings.Repeat("00", 12)
	for _, test := range []struct {
		name, payload string
		want          error
	}{
		{"nothing", "", codec.ErrShort},
		{"no colour loss level", head(12, 12, 12, 0, "00", "00") + plain + plain + plain, codec.ErrCorrupt},
		{"colour loss level 8", head(12, 12, 12, 0, "08", "00") + plain + plain + plain, codec.ErrCorrupt},
		{"a plane longer than its pixels", head(13, 12, 12, 0, "01", "00") + plain + plain + plain + "00", codec.ErrLong},
		{"a length beyond reason", "ffffffff 0c000000 0c000000 00000000 01 00 0000" + plain + plain + plain, codec.ErrLong},
		{"planes that lack", head(12, 12, 12, 0, "01", "00") + plain + plain, codec.ErrShort},
		{"an empty plane", head(0, 12, 12, 0, "01", "00") + plain + plain, codec.ErrShort},
		{"a run beyond its plane", head(7, 12, 12, 0, "01", "00") + "000007 00000000" + plain + plain, codec.ErrLong},
		{"a long run beyond its plane", head(11, 12, 12, 0, "01", "00") + "0000ff ffffffff 00000000" + plain + plain, codec.ErrLong},
		{"a long run without its length", head(8, 12, 12, 0, "01", "00") + "0000ff 00 00000000" + plain + plain, codec.ErrShort},
		{"a run too short for its plane", head(7, 12, 12, 0, "01", "00") + "000005 00000000" + plain + plain, codec.ErrShort},
		{"bytes after the last run", head(8, 12, 12, 0, "01", "00") + "000006 01 00000000" + plain + plain, codec.ErrLong},
		{"no end", head(3, 12, 12, 0, "01", "00") + "000006" + plain + plain, codec.ErrShort},
	} {
		dst, _ := codec.NewTarget(4, 3)
		if err := new(nsc.Decoder).Decode(dst, codec.Rect{W: 4, H: 3}, false, unhex(test.payload)); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
		for i, v := range dst.Pix {
			if v != 0 {
				t.Fatalf("%s: byte %d was painted", test.name, i)
			}
		}
	}
}

func TestRoundTrip(t *testing.T) {
	var d nsc.Decoder
	for _, kind := range codectest.Kinds {
		for loss := 1; loss <= 7; loss++ {
			for _, half := range []bool{false, true} {
				w, h := 1+loss*29%90, 1+loss*17%40
				src := codectest.Noisy(codectest.New(kind, w, h, uint64(loss)), 1)
				payload := codectest.NSC(src, loss, half, loss%2 == 0)
				got, _ := codec.NewTarget(w, h)
				got.Alpha = loss%2 == 0
				if err := d.Decode(got, codec.Rect{W: w, H: h}, false, payload); err != nil {
					t.Fatalf("%s, loss %d, half %v: %v", kind, loss, half, err)
				}
				if most := codectest.Farthest(&got, &src); !half && most > 2<<loss {
					t.Errorf("%s, loss %d: a colour is off by %d", kind, loss, most)
				} else if half && kind == "photo" && loss < 3 && codectest.PSNR(&got, &src) < 35 {
					t.Errorf("%s, loss %d: %.1f dB", kind, loss, codectest.PSNR(&got, &src))
				}
				for i := 3; i < len(src.Pix) && got.Alpha; i += 4 {
					if got.Pix[i] != src.Pix[i] {
						t.Fatalf("%s, loss %d: alpha is lost", kind, loss)
					}
				}
			}
		}
	}
}

func TestNoAllocations(t *testing.T) {
	var d nsc.Decoder
	payload := codectest.NSC(codectest.New("text", 64, 64, 1), 3, true, false)
	dst, _ := codec.NewTarget(64, 64)
	if n := testing.AllocsPerRun(10, func() {
		if err := d.Decode(dst, codec.Rect{W: 64, H: 64}, false, payload); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations for a bitmap", n)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(uint8(15), uint8(10), unhex(example))
	for i, kind := range codectest.Kinds {
		f.Add(uint8(20), uint8(9), codectest.NSC(codectest.New(kind, 20, 9, 1), 1+i%7, i%2 == 0, i%3 == 0))
	}
	f.Fuzz(func(t *testing.T, w, h uint8, payload []byte) {
		buf, _ := codec.NewTarget(int(w)+2, int(h)+2)
		_ = new(nsc.Decoder).Decode(buf, codec.Rect{X: 1, Y: 1, W: int(w), H: int(h)}, false, payload)
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
		for _, half := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/half=%v", kind, half), func(b *testing.B) {
				payload := codectest.NSC(codectest.New(kind, 1920, 1080, 1), 3, half, false)
				dst, _ := codec.NewTarget(1920, 1080)
				var d nsc.Decoder
				b.SetBytes(int64(len(dst.Pix)))
				for b.Loop() {
					if err := d.Decode(dst, codec.Rect{W: 1920, H: 1080}, false, payload); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
