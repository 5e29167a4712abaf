package cursor_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/cursor"
	"github.com/porthole-rac/porthole/protocol/codec/encodings"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		panic(err)
	}
	return b
}

func TestShapes(t *testing.T) {
	for _, test := range []struct {
		name     string
		encoding int32
		w, h     int
		payload  string
		want     string
	}{
		{"cursor", cursor.Plain, 2, 2, "010203ff 04050600 07080900 0a0b0c00" + "80 c0", "010203ff 00000000 070809ff 0a0b0cff"},
		{"cursor wider than a byte of mask", cursor.Plain, 9, 1, strings.Repeat("01020300", 9) + "01 80", strings.Repeat("00000000", 7) + "010203ff 010203ff"},
		{"no cursor", cursor.Plain, 0, 0, "", ""},
		{"two colours", cursor.X, 2, 2, "ff0000 0000ff" + "80 40" + "c0 40", "ff0000ff 0000ffff 00000000 ff0000ff"},
		{"two colours, empty", cursor.X, 0, 5, "", ""},
		{"vmware alpha", cursor.VMware, 2, 1, "01 00 01020380 ff00ff00", "01020380 ff00ff00"},
		{"vmware opaque and transparent", cursor.VMware, 2, 1, "00 00" + "00000000 ffffff00" + "01020300 00000000", "010203ff 00000000"},
		{
			"vmware inverting: black with a white edge", cursor.VMware, 4, 1,
			"00 00" + "ffffffff ffffff00 ffffff00 ffffff00" + "00000000 ffffff00 00000000 00000000", "ffffffff 000000ff ffffffff 00000000",
		},
		{
			"vmware inverting beside a colour", cursor.VMware, 2, 1,
			"00 00" + "00000000 ffffff00" + "0a0b0c00 ffffff00", "0a0b0cff 000000ff",
		},
	} {
		payload := unhex(test.payload)
		if n, err := cursor.Size(test.encoding, test.w, test.h, payload); err != nil || n != len(payload) {
			t.Errorf("%s: size %d, %v; want %d", test.name, n, err, len(payload))
		}
		got, err := cursor.Decode([]byte("x"), test.encoding, test.w, test.h, payload)
		if want := append([]byte("x"), unhex(test.want)...); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: % x, %v; want % x", test.name, got, err, want)
		}
		if len(payload) > 2 {
			if _, err := cursor.Decode(nil, test.encoding, test.w, test.h, payload[:len(payload)-1]); !errors.Is(err, codec.ErrShort) {
				t.Errorf("%s, cut: %v", test.name, err)
			}
		}
		if test.w > 0 && test.h > 0 {
			if _, err := cursor.Decode(nil, test.encoding, test.w, test.h, append(payload, 0)); !errors.Is(err, codec.ErrLong) {
				t.Errorf("%s, with a byte more: %v", test.name, err)
			}
		}
	}
}

func TestRefused(t *testing.T) {
	for name, err := range map[string]error{
		"too large":           second(cursor.Size(cursor.Plain, cursor.MaxSide+1, 1, nil)),
		"too high":            second(cursor.Size(cursor.X, 1, 65535, nil)),
		"vmware's third kind": second(cursor.Size(cursor.VMware, 1, 1, []byte{2})),
		"no cursor encoding":  second(cursor.Size(0, 1, 1, nil)),
	} {
		if !errors.Is(err, codec.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n, err := cursor.Size(cursor.VMware, 5, 5, nil); n != 2 || err != nil {
		t.Errorf("vmware without its kind: %d, %v", n, err)
	}
}

func second(_ int, err error) error { return err }

// CursorWithAlpha in every encoding that carries alpha; premultiplied becomes
// straight. Its zlib stream is the connection's.
func TestWithAlpha(t *testing.T) {
	want := unhex("ff804080 00000000 0a141eff ff000001")
	pixels := "80402080 00000000 0a141eff 01000001"
	for name, payload := range map[string]string{
		"raw":                    "00000000" + pixels,
		"rre":                    "00000002 00000003 00000000 80402080 0000 0000 0001 0001 0a141eff 0000 0001 0001 0001 01000001 0001 0001 0001 0001",
		"corre":                  "00000004 00000003 00000000 80402080 00 00 01 01 0a141eff 00 01 01 01 01000001 01 01 01 01",
		"hextile":                "00000005 01" + pixels,
		"zlib":                   "", // below
		"zlibhex":                "00000008 01" + pixels,
		"trle":                   "0000000f 00" + pixels,
		"zrle":                   "00000010 0000001d 7801 001100eeff 00" + pixels + "000000ffff",
		"tight":                  "00000007 00 17 7801 001000efff" + pixels,
		"tight without zlib":     "00000007 a0" + pixels,
		"tight with a palette":   "00000007 50 01 03" + pixels + "00010203",
		"tight with differences": "00000007 e0 02 80402080 80c0e080 8ad4fe7f 01000082",
	} {
		for _, piece := range []int{1, 1000} {
			set := encodings.New(nil)
			dst, _ := codec.NewTarget(2, 2)
			if name == "zlib" { // after a rectangle of the desktop
				if err := codec.Decode(set.Decoder(encodings.Zlib), dst, codec.Rect{W: 1, H: 1}, unhex("0000000b 7801 000400fbff 01020300")); err != nil {
					t.Fatal(err)
				}
				payload = "00000006 00000015 001000efff" + pixels
			}
			d := set.Decoder(cursor.WithAlpha)
			if err := d.Begin(dst, codec.Rect{W: 2, H: 2}); err != nil {
				t.Fatal(err)
			}
			for p := unhex(payload); len(p) > 0; {
				n, err := d.Write(p[:min(piece, len(p))])
				if err != nil || n == 0 {
					t.Fatalf("%s: %d, %v", name, n, err)
				}
				p = p[n:]
			}
			if !d.Done() || !bytes.Equal(dst.Pix, want) {
				t.Errorf("%s, pieces of %d: done %v, % x, want % x", name, piece, d.Done(), dst.Pix, want)
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(cursor.Plain, uint16(1), uint16(1), []byte("abcd\x80"))
	f.Add(cursor.X, uint16(1), uint16(1), []byte("abcdef\x80\x80"))
	f.Add(cursor.VMware, uint16(1), uint16(1), []byte("\x00\x00abcdefgh"))
	f.Add(cursor.VMware, uint16(1), uint16(1), []byte("\x01\x00abcd"))
	f.Fuzz(func(t *testing.T, encoding int32, w, h uint16, payload []byte) {
		got, err := cursor.Decode(nil, encoding, int(w), int(h), payload)
		if err == nil && len(got) != 4*int(w)*int(h) {
			t.Fatalf("%d bytes for %d×%d", len(got), w, h)
		}
		if err != nil && len(got) > 0 {
			t.Fatal("pixels and an error")
		}
	})
}
