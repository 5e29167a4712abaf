package progressive_test

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/codectest"
	"github.com/porthole-rac/porthole/protocol/codec/progressive"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		panic(err)
	}
	return b
}

// qualities that Windows could have: few bits at first.
var qualities = [][10]uint8{
	{6, 6, 7, 5, 5, 6, 3, 3, 4, 2},
	{3, 3, 4, 2, 2, 3, 1, 1, 2, 2},
	{1, 1, 2, 1, 1, 1, 0, 0, 0, 0},
}

func encoder(reduce bool) *codectest.Progressive {
	return &codectest.Progressive{Reduce: reduce, Quant: codectest.DefaultBands}
}

func surface(t testing.TB, w, h int) (codec.Target, *progressive.Decoder) {
	dst, err := codec.NewTarget(w, h)
	if err != nil {
		t.Fatal(err)
	}
	d, err := progressive.New(w, h)
	if err != nil {
		t.Fatal(err)
	}
	return dst, d
}

func TestSimpleTiles(t *testing.T) {
	for _, reduce := range []bool{false, true} {
		for _, test := range []struct {
			kind string
			w, h int
			psnr float64
		}{{"photo", 200, 130, 41}, {"text", 130, 64, 32}, {"solid", 64, 64, 50}, {"photo", 1, 1, 40}, {"noise", 65, 64, 25}} {
			src := codectest.New(test.kind, test.w, test.h, 3)
			dst, d := surface(t, test.w, test.h)
			if err := d.Decode(dst, encoder(reduce).First(src)); err != nil {
				t.Fatalf("%+v, reduce %v: %v", test, reduce, err)
			}
			if psnr := codectest.PSNR(&dst, &src); psnr < test.psnr {
				t.Errorf("%+v, reduce %v: %.1f dB", test, reduce, psnr)
			}
		}
	}
}

// A tile gets better with every pass, and in the end is what it is at once.
func TestUpgrades(t *testing.T) {
	for _, reduce := range []bool{false, true} {
		src := codectest.New("photo", 200, 130, 3)
		once, d := surface(t, 200, 130)
		if err := d.Decode(once, encoder(reduce).First(src)); err != nil {
			t.Fatal(err)
		}
		dst, d := surface(t, 200, 130)
		e := encoder(reduce)
		e.Qualities = qualities
		if err := d.Decode(dst, e.First(src)); err != nil {
			t.Fatal(err)
		}
		first := codectest.PSNR(&dst, &src)
		before := first
		for pass := 1; pass <= len(qualities); pass++ {
			if err := d.Decode(dst, e.Upgrade(src, pass)); err != nil {
				t.Fatalf("reduce %v, pass %d: %v", reduce, pass, err)
			}
			after := codectest.PSNR(&dst, &src)
			if after < before-0.5 {
				t.Errorf("reduce %v, pass %d: %.1f dB, %.1f before", reduce, pass, after, before)
			}
			before = after
		}
		if before < first+3 {
			t.Errorf("reduce %v: %.1f dB, and %.1f at first", reduce, before, first)
		}
		if diff := codectest.Different(&dst, &once); diff != "" {
			t.Errorf("reduce %v: %s", reduce, diff)
		}
		if err := d.Decode(dst, e.Upgrade(src, 4)); !errors.Is(err, codec.ErrCorrupt) {
			t.Errorf("reduce %v: an upgrade of what is complete: %v", reduce, err)
		}
	}
}

// A picture that comes as the difference to another is what it is without, however far
// the other had come.
func TestDifferences(t *testing.T) {
	for _, reduce := range []bool{false, true} {
		for passes := range 4 {
			first, second := codectest.New("photo", 130, 70, 3), codectest.New("photo", 130, 70, 4)
			second.Fill(codec.Rect{X: 10, Y: 10, W: 50, H: 40}, 0xff2040c0)
			once, d := surface(t, 130, 70)
			if err := d.Decode(once, encoder(reduce).First(second)); err != nil {
				t.Fatal(err)
			}
			dst, d := surface(t, 130, 70)
			e := encoder(reduce)
			e.Qualities, e.Diffing = qualities, true
			for i, src := range []codec.Target{first, second} {
				if err := d.Decode(dst, e.First(src)); err != nil {
					t.Fatal(err)
				}
				last := passes
				if i == 1 {
					last = len(qualities)
				}
				for pass := 1; pass <= last; pass++ {
					if err := d.Decode(dst, e.Upgrade(src, pass)); err != nil {
						t.Fatalf("reduce %v, pass %d: %v", reduce, pass, err)
					}
				}
			}
			if diff := codectest.Different(&dst, &once); diff != "" {
				t.Errorf("reduce %v, after %d passes: %s", reduce, passes, diff)
			}
		}
	}
}

// A tile of a frame serves rectangles of its later payloads, but not of another frame.
func TestTilesOfAFrame(t *testing.T) {
	src := codectest.New("photo", 64, 64, 3)
	e := encoder(true)
	e.Qualities = qualities
	first := e.First(src)
	const width = 12 + 10 + 12 + 18 + 4 // of the region's rectangle
	first[width] = 20
	second := unhex("c1cc 0c000000 00000000 0100 c4cc 1a000000 40 0100 00 00 01 0000 00000000 1400000014004000 c2cc 06000000")
	for _, sameFrame := range []bool{true, false} {
		dst, d := surface(t, 64, 64)
		d.BeginFrame()
		if err := d.Decode(dst, first); err != nil {
			t.Fatal(err)
		}
		if !sameFrame {
			d.BeginFrame()
		}
		if err := d.Decode(dst, second); err != nil {
			t.Fatal(err)
		}
		for x, want := range map[int]bool{0: true, 19: true, 20: sameFrame, 39: sameFrame, 40: false} {
			if painted := dst.Row(x, 30, 1)[3] == 255; painted != want {
				t.Errorf("same frame %v: column %d is painted: %v", sameFrame, x, painted)
			}
		}
	}
}

// Workers with a part of the surface each make the same picture.
func TestParts(t *testing.T) {
	src := codectest.New("photo", 300, 200, 3)
	want, d := surface(t, 300, 200)
	e := encoder(true)
	e.Qualities = qualities
	payloads := [][]byte{e.First(src), e.Upgrade(src, 1)}
	for _, p := range payloads {
		if err := d.Decode(want, p); err != nil {
			t.Fatal(err)
		}
	}
	got, _ := surface(t, 300, 200)
	for part := range 3 {
		_, d := surface(t, 300, 200)
		d.Mine = func(x, _ int) bool { return x/64%3 == part }
		for _, p := range payloads {
			if err := d.Decode(got, p); err != nil {
				t.Fatal(err)
			}
		}
	}
	if diff := codectest.Different(&got, &want); diff != "" {
		t.Error(diff)
	}
}

func TestHostile(t *testing.T) {
	src := codectest.New("photo", 64, 64, 1)
	e := encoder(true)
	e.Qualities = qualities
	good := e.First(src)
	upgrade := e.Upgrade(src, 1)
	simple := encoder(true).First(src)
	const region = 12 + 10 + 12 // sync, context, frame begin
	const tile = region + 18 + 8 + 5 + 3*16
	change := func(at int, v ...byte) []byte {
		p := append([]byte(nil), good...)
		copy(p[at:], v)
		return p
	}
	for _, test := range []struct {
		name    string
		payload []byte
		want    error
	}{
		{"half a header", unhex("c0cc 0c"), codec.ErrShort},
		{"a block of 5 bytes", unhex("c0cc 05000000"), codec.ErrCorrupt},
		{"a block of 4 gigabytes", unhex("c0cc ffffffff"), codec.ErrShort},
		{"a context that lacks", unhex("c3cc 06000000"), codec.ErrShort},
		{"tiles of 32", change(region+6, 32), codec.ErrCorrupt},
		{"more rectangles than there are", change(region+7, 0xff, 0xff), codec.ErrShort},
		{"more quantizations than there are", change(region+9, 0xff, 0xff), codec.ErrShort},
		{"more tiles than there are", change(region+12, 2), codec.ErrShort},
		{"more tiles than fit", change(region+12, 5), codec.ErrLong},
		{"a tile that is none", change(tile, 0xc4), codec.ErrCorrupt},
		{"a tile outside", change(tile+9, 1), codec.ErrBounds},
		{"a quantization that is not there", change(tile+6, 1), codec.ErrCorrupt},
		{"a quality that is not there", change(tile+14, 3), codec.ErrCorrupt},
		{"a quality of 15 bits", change(region+18+8+5+1, 0xff), codec.ErrCorrupt},
		{"a component beyond its tile", change(tile+15, 0xff, 0xff), codec.ErrShort},
		{"a difference to nothing", change(tile+13, 1), codec.ErrCorrupt},
		{"an upgrade of nothing", upgrade, codec.ErrCorrupt},
	} {
		dst, d := surface(t, 64, 64)
		if err := d.Decode(dst, test.payload); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
	dst, d := surface(t, 64, 64)
	if err := d.Decode(dst, simple); err != nil {
		t.Fatal(err)
	}
	if err := d.Decode(dst, upgrade); !errors.Is(err, codec.ErrCorrupt) {
		t.Errorf("an upgrade of a simple tile: %v", err)
	}
	if err := d.Decode(dst, good); err != nil {
		t.Fatal(err)
	}
	d.Forget()
	if err := d.Decode(dst, upgrade); !errors.Is(err, codec.ErrCorrupt) {
		t.Errorf("an upgrade after the context was deleted: %v", err)
	}
	// A region outside of a frame is ignored.
	dst, d = surface(t, 64, 64)
	if err := d.Decode(dst, good[region:]); err != nil || dst.Pix[3] != 0 {
		t.Errorf("a region outside of a frame: %v, alpha %d", err, dst.Pix[3])
	}
	if _, err := progressive.New(32766, 32766); err == nil {
		t.Error("a surface of 32766² is taken")
	}
}

// What is remembered is bounded.
func TestTilesAreBounded(t *testing.T) {
	const columns, rows = 65, 64
	dst, d := surface(t, 64*columns, 64*rows)
	// Tiles without any data, which are grey.
	payload := func(kind, quality string) []byte {
		var tiles []byte
		for i := range columns * rows {
			tile := unhex(kind + "00000000 000000" + "00000000 00" + quality + "0000000000000000")
			tile[2], tile[9], tile[11] = byte(len(tile)), byte(i%columns), byte(i/columns)
			tiles = append(tiles, tile...)
		}
		region := unhex("c1cc 0c000000 00000000 0100 c4cc 00000000 40 0100 01 01 00 0000 00000000 0000000040404040 6666666666 32 1111111111 1111111111 1111111111")
		binary.LittleEndian.PutUint16(region[12+12:], columns*rows)
		binary.LittleEndian.PutUint32(region[12+2:], uint32(len(region)-12+len(tiles)))
		return append(region, tiles...)
	}
	if err := d.Decode(dst, payload("c5cc", "")); err != nil {
		t.Fatalf("tiles that need not be remembered: %v", err)
	}
	if got := codectest.At(&dst, 64*columns-1, 64*rows-1); got != 0x808080 {
		t.Errorf("a tile without data is %06x", got)
	}
	if err := d.Decode(dst, payload("c6cc", "00")); !errors.Is(err, codec.ErrLong) {
		t.Errorf("%d tiles to remember: %v", columns*rows, err)
	}
}

func TestNoAllocations(t *testing.T) {
	src := codectest.New("photo", 200, 200, 1)
	dst, d := surface(t, 200, 200)
	e := encoder(true)
	e.Qualities = qualities
	first, second := e.First(src), e.Upgrade(src, 1)
	if n := testing.AllocsPerRun(10, func() {
		for _, p := range [][]byte{first, second} {
			if err := d.Decode(dst, p); err != nil {
				t.Fatal(err)
			}
		}
	}); n > 0 {
		t.Errorf("%v allocations for two frames", n)
	}
}

func FuzzDecode(f *testing.F) {
	for i, kind := range codectest.Kinds {
		src := codectest.New(kind, 70, 66, 1)
		e := encoder(i%2 == 0)
		e.Quant = [10]uint8{13, 13, 13, 13, 13, 13, 12, 12, 12, 11} // short ones
		e.Diffing = i%3 == 0
		if i%4 > 0 {
			e.Qualities = qualities
			f.Add(uint8(70), uint8(66), e.First(src), e.Upgrade(src, 1))
		} else {
			f.Add(uint8(70), uint8(66), e.First(src), e.First(src))
		}
	}
	f.Fuzz(func(t *testing.T, w, h uint8, first, second []byte) {
		dst, d := surface(t, int(w), int(h))
		d.BeginFrame()
		for _, p := range [][]byte{first, second} {
			if d.Decode(dst, p) != nil {
				break
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	for _, kind := range []string{"text", "photo"} {
		src := codectest.New(kind, 1920, 1080, 1)
		for _, form := range []string{"simple", "first", "upgrade"} {
			b.Run(fmt.Sprintf("%s/%s", kind, form), func(b *testing.B) {
				e := encoder(true)
				if form != "simple" {
					e.Qualities = qualities
				}
				first := e.First(src)
				dst, d := surface(b, 1920, 1080)
				b.SetBytes(int64(len(dst.Pix)))
				if form != "upgrade" {
					for b.Loop() {
						if err := d.Decode(dst, first); err != nil {
							b.Fatal(err)
						}
					}
					return
				}
				second := e.Upgrade(src, 1)
				for b.Loop() {
					b.StopTimer()
					if err := d.Decode(dst, first); err != nil {
						b.Fatal(err)
					}
					b.StartTimer()
					if err := d.Decode(dst, second); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
