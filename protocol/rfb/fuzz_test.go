package rfb_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/porthole-rac/porthole/protocol/rfb"
)

// FuzzHandshake: no bytes of a server make the handshake panic, and pieces make no
// difference.
func FuzzHandshake(f *testing.F) {
	for _, t := range []int{1, 2, 5, 16, 17, 18, 19, 22, 30, 113, 129} {
		f.Add(joined("RFB 003.008\n", 1, t, make([]byte, 64), serverInit))
	}
	f.Add(joined("RFB 003.008\n", 1, 19, 0, 2, 0, 2, u32(256), u32(262), 1, u32(0), serverInit))
	f.Add(joined("RFB 003.008\n", 1, 30, u16(5), u16(16), make([]byte, 15), 99, make([]byte, 15), 7, u32(0), serverInit))
	f.Add(joined("RFB 003.008\n", 1, 16, u32(1), "\x00\x00\x00\x00TGHTNOTUNNEL", u32(1), "\x00\x00\x00\x02STDVVNCAUTH_", make([]byte, 16), u32(0), serverInit, make([]byte, 8)))
	f.Add(joined("RFB 003.003\n", u32(2), make([]byte, 16), u32(0), serverInit))
	f.Add(joined("RFB 003.889\n", 0, u32(5), "go on"))
	f.Fuzz(func(t *testing.T, wire []byte) {
		whole, ready, err := play(rfb.Config{}, wire, 1<<20)
		bytewise, ready1, err1 := play(rfb.Config{}, wire, 1)
		if errors.Is(err, rfb.ErrNoVersion) && errors.Is(err1, rfb.ErrNoVersion) {
			return // what is quoted is what had come
		}
		if fmt.Sprint(err) != fmt.Sprint(err1) || !cmp.Equal(ready, ready1) || sha256.Sum256(whole) != sha256.Sum256(bytewise) {
			t.Errorf("at once: %v, %v; byte by byte: %v, %v", ready, err, ready1, err1)
		}
	})
}

// FuzzMessages: no bytes of a server make the decoder panic, pieces make no
// difference, and what is reported of rectangles is all that came.
func FuzzMessages(f *testing.F) {
	for e, payload := range map[rfb.Encoding][]byte{
		rfb.EncodingRaw: []byte(red), rfb.EncodingCopyRect: u32(0), rfb.EncodingRRE: joined(u32(1), make([]byte, 16)),
		rfb.EncodingHextile: joined(2|4|8, red, blue, 1, 0x11, 0x11), rfb.EncodingZRLE: joined(u32(1), "z"),
		rfb.EncodingTight: joined(0x70, 1, 2, "rgbRGBxyz", 2, "zz"), rfb.EncodingTightPNG: joined(0xa0, 1, "P"),
		rfb.EncodingTRLE: joined(130, "rgbRGB", 0), rfb.EncodingJPEG: []byte(jpeg), rfb.EncodingH264: joined(u32(1), u32(1), "N"),
		rfb.EncodingExtendedDesktopSize: joined(1, 0, 0, 0, make([]byte, 16)), rfb.EncodingCursor: joined(red, 0x80),
		rfb.EncodingCursorWithAlpha: joined(u32(0), red), rfb.EncodingVMwareCursor: joined(0, 0, red, red), rfb.EncodingXCursor: make([]byte, 8),
		rfb.EncodingDesktopName: joined(u32(1), "n"), rfb.EncodingVMwareMode: rfb.RGBX.Append(nil),
	} {
		f.Add(joined(update(0, 0, 1, 1, e, payload), 2))
		f.Add(joined(update(0, 0, 17, 18, e, payload, payload, payload), 2))
	}
	f.Add(joined(3, 0, 0, 0, u32(2), "ab", 248, 0, 0, 0, u32(1), 1, "x", 255, 1, 0, 2, u32(2), "ab", 253, 1, 1, 0, 0, 7, 4, 0, 0, u32(0), u32(0), u32(0)))
	text, _ := rfb.AppendClipboardProvide(nil, rfb.ClipboardData{Text: "a", Formats: rfb.ClipText})
	text[0] = 3
	f.Add(text)
	f.Fuzz(func(t *testing.T, wire []byte) {
		whole, err := trace(newDecoder(), wire, len(wire)+1)
		bytewise, err1 := trace(newDecoder(), wire, 1)
		if fmt.Sprint(err) != fmt.Sprint(err1) {
			t.Errorf("at once: %v; byte by byte: %v", err, err1)
		}
		// Before an error, data may or may not have been given out.
		if diff := cmp.Diff(whole, bytewise); err == nil && diff != "" {
			t.Error(diff)
		}
	})
}

func FuzzRepeater(f *testing.F) {
	f.Add([]byte("ID:1"))
	f.Add([]byte("host:5900"))
	f.Fuzz(func(t *testing.T, b []byte) {
		padded := append(b, make([]byte, rfb.RepeaterSize)...)[:rfb.RepeaterSize]
		if r, err := rfb.ParseRepeater(padded); err == nil && r.ID == "" && r.Host == "" {
			t.Errorf("%q is nobody", b)
		}
	})
}
