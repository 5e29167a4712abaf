package encodings_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"slices"
	"testing"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/encodings"
)

func jpegOf(t testing.TB, w, h int) []byte {
	i := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			i.Set(x, y, color.RGBA{byte(x * 20), byte(y * 30), byte(x * y), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, i, &jpeg.Options{Quality: 60}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// without drops segments of a kind from a picture.
func without(p []byte, marker byte) []byte {
	out, at := slices.Clone(p[:2]), 2
	for p[at+1] != 0xda {
		n := 2 + int(p[at+2])<<8 + int(p[at+3])
		if p[at+1] != marker {
			out = append(out, p[at:at+n]...)
		}
		at += n
	}
	return append(out, p[at:]...)
}

func decoded(t *testing.T, p []byte) image.Image {
	t.Helper()
	i, err := jpeg.Decode(bytes.NewReader(p))
	if err != nil {
		t.Fatalf("a browser could not decode it: %v", err)
	}
	return i
}

// Pictures come out as they went in, at their place, in order with their neighbours.
func TestPicturesAreHandedOut(t *testing.T) {
	picture := jpegOf(t, 20, 10)
	n := len(picture)
	tight := append([]byte{0x90, byte(n) | 128, byte(n >> 7)}, picture...)
	for encoding, payload := range map[int32][]byte{encodings.Tight: tight, encodings.TightPNG: tight, encodings.JPEG: picture} {
		for _, piece := range []int{1, 100, 1 << 20} {
			var got []codec.Image
			set := encodings.New(func(i codec.Image) error {
				i.Data = bytes.Clone(i.Data)
				got = append(got, i)
				return nil
			})
			dst, _ := codec.NewTarget(40, 40)
			r := codec.Rect{X: 7, Y: 9, W: 20, H: 10}
			for range 2 {
				d := set.Decoder(encoding)
				if err := d.Begin(dst, r); err != nil {
					t.Fatal(err)
				}
				rest := append(bytes.Clone(payload), 1, 2, 3) // the next rectangle
				for len(rest) > 3 {
					k, err := d.Write(rest[:min(piece, len(rest))])
					if err != nil {
						t.Fatalf("encoding %d: %v", encoding, err)
					}
					rest = rest[k:]
				}
				if !d.Done() || len(rest) != 3 {
					t.Fatalf("encoding %d: done %v, %d bytes left", encoding, d.Done(), len(rest))
				}
			}
			if len(got) != 2 || got[1].Kind != codec.JPEG || got[1].Rect != r || !bytes.Equal(got[1].Data, picture) {
				t.Errorf("encoding %d, pieces of %d: %d pictures, %+v", encoding, piece, len(got), got)
			}
		}
	}
}

// A picture without tables gets those of the one before; one with tables of its own
// keeps them.
func TestJPEGInheritsTables(t *testing.T) {
	first, second := jpegOf(t, 20, 10), jpegOf(t, 9, 17)
	for name, markers := range map[string][]byte{"all": {}, "no quantization": {0xdb}, "no huffman": {0xc4}, "neither": {0xdb, 0xc4}} {
		cut := second
		for _, m := range markers {
			cut = without(cut, m)
		}
		var last []byte
		set := encodings.New(func(i codec.Image) error {
			last = bytes.Clone(i.Data)
			return nil
		})
		for i, p := range [][]byte{first, cut, cut} {
			dst, _ := codec.NewTarget(20, 10)
			if i > 0 {
				dst, _ = codec.NewTarget(9, 17)
			}
			if err := inPieces(set, encodings.JPEG, dst, p, 50); err != nil {
				t.Fatalf("%s, picture %d: %v", name, i, err)
			}
		}
		got, want := decoded(t, last), decoded(t, second)
		for y := range 17 {
			for x := range 9 {
				if got.At(x, y) != want.At(x, y) {
					t.Fatalf("%s: pixel %d,%d is %v, want %v", name, x, y, got.At(x, y), want.At(x, y))
				}
			}
		}
		if len(markers) == 0 && !bytes.Equal(last, second) {
			t.Error("a complete picture is changed")
		}
	}
}
