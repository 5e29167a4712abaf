package encodings_test

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	_ "image/jpeg"
	_ "image/png"
	"math/rand/v2"
	"testing"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/codectest"
	"github.com/porthole-rac/porthole/protocol/codec/encodings"
)

// painted are the encodings that codectest can produce.
var painted = []int32{
	encodings.Raw, encodings.RRE, encodings.CoRRE, encodings.Hextile, encodings.Zlib,
	encodings.TRLE, encodings.ZRLE, encodings.Tight, encodings.TightPNG, encodings.ZlibHex,
}

// browser paints the pictures that are handed out, as a browser does.
func browser(t *codec.Target) codec.Images {
	return func(i codec.Image) error {
		p, _, err := image.Decode(bytes.NewReader(i.Data))
		if err != nil {
			return err
		}
		out := image.NewNRGBA(image.Rect(0, 0, i.Rect.W, i.Rect.H))
		draw.Draw(out, out.Rect, p, image.Point{}, draw.Src)
		for y := range i.Rect.H {
			copy(t.Row(i.Rect.X, i.Rect.Y+y, i.Rect.W), out.Pix[y*out.Stride:(y+1)*out.Stride])
		}
		return nil
	}
}

// frame is a target inside of a larger buffer, with gaps between rows that nobody
// may touch.
func frame(w, h int) (codec.Target, func() error) {
	const gap = 12
	buf := bytes.Repeat([]byte{0xA5}, (4*w+gap)*h+gap)
	t := codec.Target{Pix: buf[:len(buf)-gap], Stride: 4*w + gap, Width: w, Height: h}
	return t, func() error {
		for i, v := range buf {
			if i%t.Stride >= 4*w && v != 0xA5 {
				return fmt.Errorf("byte %d outside of the frame was written", i)
			}
		}
		return nil
	}
}

// paint decodes rectangles, each in pieces of at most most bytes.
func paint(set *encodings.Set, dst codec.Target, rects []codectest.Rect, most int, r *rand.Rand) error {
	for _, rect := range rects {
		d := set.Decoder(rect.Encoding)
		if err := d.Begin(dst, rect.Rect); err != nil {
			return err
		}
		for rest := rect.Payload; len(rest) > 0; {
			if d.Done() {
				return fmt.Errorf("rectangle %v: done with %d bytes left", rect.Rect, len(rest))
			}
			k := 1
			if most > 1 {
				k = min(1+r.IntN(most), len(rest))
			}
			n, err := d.Write(rest[:k])
			if err != nil || n != k {
				return fmt.Errorf("rectangle %v: %d of %d bytes, %v", rect.Rect, n, k, err)
			}
			rest = rest[k:]
		}
		if !d.Done() {
			return fmt.Errorf("rectangle %v: not done", rect.Rect)
		}
	}
	return nil
}

var sizes = [][2]int{{1, 1}, {1, 37}, {37, 1}, {3, 2}, {16, 16}, {17, 15}, {64, 64}, {65, 63}, {130, 70}, {33, 129}, {300, 20}}

// Every kind of picture in every encoding comes out as it went in, in one piece, in
// random pieces and byte by byte, on one connection.
func TestEveryEncodingGivesTheSamePixels(t *testing.T) {
	for _, encoding := range painted {
		t.Run(fmt.Sprint(encoding), func(t *testing.T) {
			for _, most := range []int{1 << 30, 3000, 40, 1} {
				r := rand.New(rand.NewPCG(9, uint64(most)))
				sender := codectest.NewEncoder(uint64(most))
				var current codec.Target
				set := encodings.New(func(i codec.Image) error { return browser(&current)(i) })
				for _, kind := range codectest.Kinds {
					for i, size := range sizes {
						w, h := size[0], size[1]
						if most < 100 && w*h > 4500 {
							continue // byte by byte it would take long
						}
						picture := codectest.New(kind, w, h, uint64(i))
						dst, untouched := frame(w, h)
						current = dst
						rects := sender.Encode(encoding, picture, codec.Rect{W: w, H: h})
						if err := paint(set, dst, rects, most, r); err != nil {
							t.Fatalf("%s %d×%d in pieces of %d: %v", kind, w, h, most, err)
						}
						if diff := codectest.Different(&dst, &picture); diff != "" {
							t.Fatalf("%s %d×%d in pieces of %d: %s", kind, w, h, most, diff)
						}
						if err := untouched(); err != nil {
							t.Fatalf("%s %d×%d: %v", kind, w, h, err)
						}
					}
				}
			}
		})
	}
}

// A part of a frame leaves the rest as it was.
func TestPartOfAFrame(t *testing.T) {
	for _, encoding := range painted {
		r := rand.New(rand.NewPCG(10, uint64(uint32(encoding))))
		sender := codectest.NewEncoder(5)
		dst, untouched := frame(150, 140)
		set := encodings.New(browser(&dst))
		want, _ := codec.NewTarget(150, 140)
		for y := range 140 {
			copy(dst.Row(0, y, 150), want.Row(0, y, 150))
		}
		for i := range 30 {
			picture := codectest.New(codectest.Kinds[i%len(codectest.Kinds)], 150, 140, uint64(i))
			part := codec.Rect{X: r.IntN(100), Y: r.IntN(100)}
			part.W, part.H = 1+r.IntN(150-part.X), 1+r.IntN(140-part.Y)
			if err := paint(set, dst, sender.Encode(encoding, picture, part), 500, r); err != nil {
				t.Fatalf("encoding %d, %v: %v", encoding, part, err)
			}
			for y := range part.H {
				copy(want.Row(part.X, part.Y+y, part.W), picture.Row(part.X, part.Y+y, part.W))
			}
			if diff := codectest.Different(&dst, &want); diff != "" {
				t.Fatalf("encoding %d, %v: %s", encoding, part, diff)
			}
		}
		if err := untouched(); err != nil {
			t.Errorf("encoding %d: %v", encoding, err)
		}
	}
}

func TestNoAllocationsForARectangle(t *testing.T) {
	for _, encoding := range painted {
		if encoding == encodings.TightPNG {
			continue // the sink of this test allocates
		}
		picture := codectest.New("text", 300, 200, 1)
		dst, _ := codec.NewTarget(300, 200)
		sender := codectest.NewPlainEncoder()
		set := encodings.New(nil)
		var all [][]codectest.Rect
		for range 8 {
			all = append(all, sender.Encode(encoding, picture, codec.Rect{W: 300, H: 200}))
		}
		i := 0
		n := testing.AllocsPerRun(len(all)-2, func() {
			for _, rect := range all[i] {
				d := set.Decoder(rect.Encoding)
				if err := d.Begin(dst, rect.Rect); err != nil {
					t.Fatal(err)
				}
				for p := rect.Payload; len(p) > 0; {
					k := min(len(p), 1000)
					d.Write(p[:k])
					p = p[k:]
				}
				if !d.Done() {
					t.Fatal("not done")
				}
			}
			i++
		})
		if n > 0 && i > 2 {
			t.Errorf("encoding %d: %v allocations for a picture", encoding, n)
		}
	}
}
