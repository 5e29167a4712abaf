package encodings_test

import (
	"fmt"
	"testing"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/codectest"
	"github.com/porthole-rac/porthole/protocol/codec/encodings"
)

// BenchmarkDecode paints a screen of 1920×1080 over and over, on one connection. The
// MB/s are those of the pixels that come out, four bytes each; in B/pixel is what
// goes in. In pieces means 16 KB each, as from a socket.
func BenchmarkDecode(b *testing.B) {
	names := map[int32]string{
		encodings.Raw: "raw", encodings.RRE: "rre", encodings.CoRRE: "corre", encodings.Hextile: "hextile",
		encodings.Zlib: "zlib", encodings.TRLE: "trle", encodings.ZRLE: "zrle", encodings.Tight: "tight",
	}
	screen := codec.Rect{W: 1920, H: 1080}
	for _, kind := range []string{"text", "photo"} {
		picture := codectest.New(kind, screen.W, screen.H, 1)
		for _, encoding := range painted {
			if names[encoding] == "" {
				continue
			}
			// The zlib streams begin anew with each sender, so decoders do as well.
			rects := codectest.NewPlainEncoder().Encode(encoding, picture, screen)
			in := 0
			for _, r := range rects {
				in += len(r.Payload)
			}
			for _, most := range []int{1 << 30, 16 << 10} {
				b.Run(fmt.Sprintf("%s/%s/pieces=%v", names[encoding], kind, most < 1<<30), func(b *testing.B) {
					dst, _ := codec.NewTarget(screen.W, screen.H)
					b.SetBytes(int64(len(dst.Pix)))
					for b.Loop() {
						set := encodings.New(nil)
						for _, r := range rects {
							d := set.Decoder(encoding)
							if err := d.Begin(dst, r.Rect); err != nil {
								b.Fatal(err)
							}
							for p := r.Payload; len(p) > 0; {
								n, err := d.Write(p[:min(most, len(p))])
								if err != nil {
									b.Fatal(err)
								}
								p = p[n:]
							}
						}
					}
					b.ReportMetric(float64(in)/float64(screen.W*screen.H), "B/pixel-in")
					if diff := codectest.Different(&dst, &picture); diff != "" {
						b.Fatal(diff)
					}
				})
			}
		}
	}
}

func BenchmarkGradient(b *testing.B) {
	picture := codectest.New("photo", 640, 100, 1)
	r := codec.Rect{W: 640, H: 100}
	var payload []byte
	for seed := uint64(0); len(payload) == 0 || payload[0] != 0xe0 || payload[1] != 2; seed++ { // without zlib
		payload = codectest.NewEncoder(seed).Encode(encodings.Tight, picture, r)[0].Payload
	}
	dst, _ := codec.NewTarget(640, 100)
	d := encodings.New(nil).Decoder(encodings.Tight)
	b.SetBytes(int64(len(dst.Pix)))
	for b.Loop() {
		if err := codec.Decode(d, dst, r, payload); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCopyRect(b *testing.B) {
	dst, _ := codec.NewTarget(1920, 1080)
	r := codec.Rect{Y: 16, W: 1920, H: 1064}
	b.SetBytes(int64(4 * r.W * r.H))
	for b.Loop() {
		if err := dst.Copy(r, 0, 0); err != nil {
			b.Fatal(err)
		}
	}
}
