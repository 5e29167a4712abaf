package rfx_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/codectest"
	"github.com/porthole-rac/porthole/protocol/codec/rfx"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		panic(err)
	}
	return b
}

func file(t testing.TB, name string) []byte {
	p, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The tile of MS-RDPRFX §4.2.4 with the headers of §4.2.2 and §4.2.3, and the picture of
// §4.2.4.4. A tenth of the numbers there differ by one or two 32nds from what the
// equations of §3.1.8.2.4 give, so that a colour may differ by one.
func TestExampleOfTheSpecification(t *testing.T) {
	dst, _ := codec.NewTarget(66, 66)
	var d rfx.Decoder
	if err := d.Decode(dst, codec.Rect{X: 1, Y: 2, W: 64, H: 64}, file(t, "example.rfx")); err != nil {
		t.Fatal(err)
	}
	want := file(t, "example.rgb")
	different := 0
	for i := range 64 * 64 {
		got := dst.Row(1+i%64, 2+i/64, 1)
		for c := range 3 {
			diff := int(got[c]) - int(want[3*i+c])
			if diff != 0 {
				different++
			}
			if diff < -1 || diff > 1 {
				t.Fatalf("pixel %d,%d is %v, want %v", i%64, i/64, got, want[3*i:3*i+3])
			}
		}
	}
	if different > 3*64*64/10 {
		t.Errorf("%d of %d colours differ", different, 3*64*64)
	}
	if codectest.At(&dst, 0, 2) != 0 || codectest.At(&dst, 65, 65) != 0 || codectest.At(&dst, 1, 1) != 0 {
		t.Error("something outside of the rectangle was painted")
	}
}

func TestRoundTrip(t *testing.T) {
	for _, three := range []bool{false, true} {
		for _, test := range []struct {
			kind string
			w, h int
			psnr float64
		}{
			{"photo", 200, 130, 41},
			{"text", 130, 64, 32},
			{"solid", 64, 64, 50},
			{"few", 70, 70, 28},
			{"photo", 1, 1, 40},
			{"photo", 65, 129, 41},
			{"noise", 64, 64, 25},
		} {
			src := codectest.New(test.kind, test.w, test.h, 3)
			e := codectest.RFX{Three: three, Quant: codectest.DefaultQuant}
			var d rfx.Decoder
			got, _ := codec.NewTarget(test.w, test.h)
			r := codec.Rect{W: test.w, H: test.h}
			if err := d.Decode(got, r, e.Header(test.w, test.h)); err != nil {
				t.Fatal(err)
			}
			if err := d.Decode(got, r, e.Frame(src)); err != nil {
				t.Fatalf("%+v: %v", test, err)
			}
			if psnr := codectest.PSNR(&got, &src); psnr < test.psnr {
				t.Errorf("%+v, RLGR3 %v: %.1f dB", test, three, psnr)
			}
			// Without loss of coefficients, only rounding remains.
			e.Quant = [10]uint8{6, 6, 6, 6, 6, 6, 6, 6, 6, 6}
			if err := d.Decode(got, r, e.Frame(src)); err != nil {
				t.Fatalf("%+v: %v", test, err)
			}
			if psnr := codectest.PSNR(&got, &src); psnr < 38 {
				t.Errorf("%+v, RLGR3 %v, best quality: %.1f dB", test, three, psnr)
			}
		}
	}
}

// Only what the region has is painted.
func TestRegion(t *testing.T) {
	src := codectest.New("photo", 200, 200, 1)
	e := codectest.RFX{Quant: codectest.DefaultQuant}
	region := []codec.Rect{{X: 10, Y: 20, W: 100, H: 5}, {X: 120, Y: 100, W: 8, H: 64}, {X: 64, Y: 128, W: 64, H: 64}}
	got, _ := codec.NewTarget(200, 200)
	var d rfx.Decoder
	if err := d.Decode(got, codec.Rect{W: 200, H: 200}, append(e.Header(200, 200), e.Frame(src, region...)...)); err != nil {
		t.Fatal(err)
	}
	for y := range 200 {
		for x := range 200 {
			inside := false
			for _, r := range region {
				inside = inside || x >= r.X && x < r.X+r.W && y >= r.Y && y < r.Y+r.H
			}
			if painted := got.Row(x, y, 1)[3] == 255; painted != inside {
				t.Fatalf("pixel %d,%d: painted %v, in the region %v", x, y, painted, inside)
			}
		}
	}
}

// Tiles that are decoded at once, or some here and some there, make the same picture.
func TestTilesAreIndependent(t *testing.T) {
	src := codectest.New("photo", 500, 300, 1)
	e := codectest.RFX{Three: true, Quant: codectest.DefaultQuant}
	payload := append(e.Header(500, 300), e.Frame(src)...)
	r := codec.Rect{W: 500, H: 300}
	want, _ := codec.NewTarget(500, 300)
	if err := new(rfx.Decoder).Decode(want, r, payload); err != nil {
		t.Fatal(err)
	}
	got, _ := codec.NewTarget(500, 300)
	err := new(rfx.Decoder).Frames(r, payload, func(f *rfx.Frame) error {
		var wait sync.WaitGroup
		for part := range 4 {
			wait.Go(func() {
				s := new(rfx.Scratch)
				for i := len(f.Tiles) - 1 - part; i >= 0; i -= 4 {
					f.Tiles[i].Decode(s)
					if err := f.Paint(got, r, &f.Tiles[i], s); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wait.Wait()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := codectest.Different(&got, &want); diff != "" {
		t.Errorf("at once: %s", diff)
	}
	clear(got.Pix)
	for part := range 3 {
		d := rfx.Decoder{Mine: func(x, y int) bool { return (x+y)/64%3 == part }}
		if err := d.Decode(got, r, payload); err != nil {
			t.Fatal(err)
		}
	}
	if diff := codectest.Different(&got, &want); diff != "" {
		t.Errorf("by parts: %s", diff)
	}
}

func TestHostile(t *testing.T) {
	start := unhex("c0cc 0c000000 caacccca 0001")
	e := codectest.RFX{Quant: codectest.DefaultQuant}
	src := codectest.New("photo", 64, 64, 1)
	good := e.Frame(src)
	change := func(at int, v ...byte) []byte {
		p := append([]byte(nil), good...)
		copy(p[at:], v)
		return append(start[:len(start):len(start)], p...)
	}
	const tileset = 14 + 15
	for _, test := range []struct {
		name    string
		payload []byte
		want    error
	}{
		{"a message that lacks", unhex("c0cc 0c000000"), codec.ErrShort},
		{"half a header", unhex("c0cc 0c"), codec.ErrShort},
		{"a message of 5 bytes", unhex("c0cc 05000000"), codec.ErrCorrupt},
		{"a message of 4 gigabytes", unhex("c0cc ffffffff"), codec.ErrShort},
		{"another version", unhex("c0cc 0c000000 caacccca 0002"), codec.ErrCorrupt},
		{"no sync before a frame", good, codec.ErrCorrupt},
		{"tiles of 32", append(start[:len(start):len(start)], unhex("c3cc 0d000000 01ff 00 2000 28a8")...), codec.ErrCorrupt},
		{"channels without one", append(start[:len(start):len(start)], unhex("c2cc 07000000 00")...), codec.ErrShort},
		{"more rectangles than there are", change(14+9, 0xff, 0xff), codec.ErrShort},
		{"entropy coder 2", change(tileset+12, 0x51, 0x08), codec.ErrCorrupt},
		{"no tileset", change(tileset+8, 0), codec.ErrCorrupt},
		{"more tiles than fit", change(tileset+16, 2), codec.ErrLong},
		{"more quantizations than there are", change(tileset+14, 255), codec.ErrShort},
		{"a quantization factor of 5", change(tileset+22, 0x65), codec.ErrCorrupt},
		{"a tile outside", change(tileset+27+9, 1), codec.ErrBounds},
		{"a tile of a quantization that is not there", change(tileset+27+6, 1), codec.ErrCorrupt},
		{"a component beyond its tile", change(tileset+27+13, 0xff, 0xff), codec.ErrShort},
		{"a tile beyond its tileset", change(tileset+27+2, 0xff, 0xff), codec.ErrShort},
		{"a tile that is none", change(tileset+27, 0), codec.ErrCorrupt},
	} {
		dst, _ := codec.NewTarget(64, 64)
		if err := new(rfx.Decoder).Decode(dst, codec.Rect{W: 64, H: 64}, test.payload); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
	// A region that has every pixel many times.
	var over []codec.Rect
	for i := range 9 {
		over = append(over, codec.Rect{X: 0, Y: 0, W: 63, H: 60 - i})
	}
	dst, _ := codec.NewTarget(64, 64)
	if err := new(rfx.Decoder).Decode(dst, codec.Rect{W: 64, H: 64}, append(e.Header(64, 64), e.Frame(src, over...)...)); !errors.Is(err, codec.ErrLong) {
		t.Errorf("nine rectangles over each other: %v", err)
	}
}

// Components of random bytes make a picture of some kind.
func TestRandomTiles(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	e := codectest.RFX{Quant: [10]uint8{6, 6, 6, 6, 6, 6, 15, 6, 6, 6}}
	payload := append(e.Header(64, 64), e.Frame(codectest.New("noise", 64, 64, 1))...)
	dst, _ := codec.NewTarget(64, 64)
	for range 200 {
		for i := 122; i < len(payload)-8; i++ {
			v := r.Uint32()
			payload[i] = byte(v | v>>8)
		}
		if err := new(rfx.Decoder).Decode(dst, codec.Rect{W: 64, H: 64}, payload); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	src := codectest.New("photo", 200, 200, 1)
	e := codectest.RFX{Three: true, Quant: codectest.DefaultQuant}
	payload := append(e.Header(200, 200), e.Frame(src)...)
	dst, _ := codec.NewTarget(200, 200)
	var d rfx.Decoder
	if n := testing.AllocsPerRun(10, func() {
		if err := d.Decode(dst, codec.Rect{W: 200, H: 200}, payload); err != nil {
			t.Fatal(err)
		}
	}); n > 1 { // the function that Frames calls
		t.Errorf("%v allocations for a frame", n)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(uint8(64), uint8(64), file(f, "example.rfx"))
	for i, kind := range codectest.Kinds {
		src := codectest.New(kind, 70, 66, 1)
		e := codectest.RFX{Three: i%2 == 0, Quant: [10]uint8{12, 12, 12, 13, 13, 13, 13, 13, 13, 13}} // short ones
		f.Add(uint8(70), uint8(66), append(e.Header(70, 66), e.Frame(src, codec.Rect{X: 3, Y: 5, W: 60, H: 61})...))
	}
	f.Fuzz(func(t *testing.T, w, h uint8, payload []byte) {
		buf, _ := codec.NewTarget(int(w)+2, int(h)+2)
		_ = new(rfx.Decoder).Decode(buf, codec.Rect{X: 1, Y: 1, W: int(w), H: int(h)}, payload)
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
	for _, kind := range []string{"text", "photo", "solid"} {
		for _, three := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/RLGR3=%v", kind, three), func(b *testing.B) {
				src := codectest.New(kind, 1920, 1080, 1)
				e := codectest.RFX{Three: three, Quant: codectest.DefaultQuant}
				payload := append(e.Header(1920, 1080), e.Frame(src)...)
				dst, _ := codec.NewTarget(1920, 1080)
				var d rfx.Decoder
				b.SetBytes(int64(len(dst.Pix)))
				for b.Loop() {
					if err := d.Decode(dst, codec.Rect{W: 1920, H: 1080}, payload); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(len(payload))*8/1920/1080, "bits/pixel-in")
			})
		}
	}
}
