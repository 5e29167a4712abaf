package vnc_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/png"
	"testing"

	"github.com/porthole-rac/porthole/relay/target/vnc"
)

func pngOf(img image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// Pictures keep their pixels on both ways of the clipboard.
func TestDIB(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 5, 3))
	for i := range 15 {
		img.SetNRGBA(i%5, i/5, color.NRGBA{byte(i), byte(2 * i), byte(3 * i), byte(255 - i)})
	}
	dib, err := vnc.DIBFromPNG(pngOf(img), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	file, err := vnc.PNGFromDIB(dib, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	back, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	for y := range 3 {
		for x := range 5 {
			if got, want := color.NRGBAModel.Convert(back.At(x, y)), img.At(x, y); got != want {
				t.Errorf("%d,%d: %v, want %v", x, y, got, want)
			}
		}
	}
	if _, err := vnc.PNGFromDIB(dib, 10); err == nil {
		t.Error("more than the bound")
	}
	// 24 bits, from the top, padded rows: B, G, R.
	small := make([]byte, 40, 48)
	binary.LittleEndian.PutUint32(small, 40)
	binary.LittleEndian.PutUint32(small[4:], 1)
	negative := int32(-2)
	binary.LittleEndian.PutUint32(small[8:], uint32(negative))
	small[12], small[14] = 1, 24
	small = append(small, 1, 2, 3, 0, 4, 5, 6, 0)
	file, err = vnc.PNGFromDIB(small, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	back, _ = png.Decode(bytes.NewReader(file))
	if r, g, b, _ := back.At(0, 1).RGBA(); r>>8 != 6 || g>>8 != 5 || b>>8 != 4 {
		t.Errorf("%v", back.At(0, 1))
	}
}

// What a server says about a picture is not believed.
func FuzzPNGFromDIB(f *testing.F) {
	dib, _ := vnc.DIBFromPNG(pngOf(image.NewNRGBA(image.Rect(0, 0, 3, 2))), 1<<20)
	f.Add(dib)
	f.Add(make([]byte, 40))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := vnc.PNGFromDIB(b, 1<<20)
		if err != nil {
			return
		}
		size, err := png.DecodeConfig(bytes.NewReader(file))
		if err != nil || size.Width*size.Height*3 > len(b) {
			t.Errorf("%v: %+v of %d bytes", err, size, len(b))
		}
	})
}
