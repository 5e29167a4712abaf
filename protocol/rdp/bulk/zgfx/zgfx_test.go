package zgfx_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/rdp/bulk/bulktest"
	"github.com/porthole-rac/porthole/protocol/rdp/bulk/zgfx"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		panic(err)
	}
	return b
}

const fox = "The quick brown fox jumps over the lazy dog"

// examples of MS-RDPEGFX §4.2.1.1 and §3.1.9.1.2.5.
var examples = []struct{ name, packed, want string }{
	{"example 1", "E0 24 CE 9B 19 62 18 00", "\x01\x02\xff\x65\x65\x65\x65\x65"},
	{"example 2", "E0 04" + hex.EncodeToString([]byte(fox)), fox},
	{"example 3", "E0 24 20 90 88 71 1F B2 01", strings.Repeat("ABC", 20)},
	{"example 4", `E1 03 00 2B 00 00 00 11 00 00 00 04 54 68 65 20 71 75 69 63 6B 20 62 72 6F 77 6E 20 0E 00 00 00
		04 66 6F 78 20 6A 75 6D 70 73 20 6F 76 65 10 00 00 00 24 39 08 0E 91 F8 D8 61 3D 1E 44 06 43 79 9C 02`, fox},
	{"example 5, of 1000 bytes", "E0 24 88 01 F4 00" + strings.Repeat("54686520", 250) + "00", strings.Repeat("The ", 250)},
	{"ten bytes of 0x49", "E0 24 24 C4 38 80 07", strings.Repeat("\x49", 10)},
}

func TestExamplesOfTheSpecification(t *testing.T) {
	for _, test := range examples {
		got, err := zgfx.New(zgfx.Graphics).Decode([]byte("before"), unhex(test.packed))
		if err != nil || string(got) != "before"+test.want {
			t.Errorf("%s: %q, %v", test.name, got, err)
		}
	}
}

func TestHostile(t *testing.T) {
	var long bulktest.Writer
	long.P = []byte{0xe0, 0x24}
	long.Put('a', 9)
	for range 2 { // 2 × 65535 bytes from one
		long.Put(0b10001_00001, 10)
		long.Put(1<<15-2, 15)
		long.Put(1<<15-1, 15)
	}
	bomb := append(long.P, byte(long.Unused()))
	for _, test := range []struct {
		name   string
		packed []byte
	}{
		{"nothing", nil},
		{"descriptor", unhex("e2 24 00")},
		{"no segment", unhex("e0")},
		{"no trailer", unhex("e0 24")},
		{"compression type", unhex("e0 25 00 00")},
		{"from before the beginning", unhex("e0 24 88 40 06")},
		{"a reserved code of a literal", unhex("e0 24 00 00 07")},
		{"an unencoded run that lacks", unhex("e0 24 88 01 f4 00 00 00")},
		{"more unused bits than there are", unhex("e0 24 07")},
		{"an end within a token", unhex("e0 24 20 00")},
		{"segment of 131071 bytes", bomb},
		{"multipart without its size", unhex("e1 01 00 00")},
		{"multipart of 4 gigabytes", unhex("e1 ffff ffffffff 02000000 0400")},
		{"multipart with less than it says", unhex("e1 0100 05000000 02000000 0400")},
		{"multipart with more than it says", unhex("e1 0100 00000000 02000000 0400")},
		{"a segment beyond the end", unhex("e1 0100 05000000 ffffffff 0400")},
	} {
		d := zgfx.New(zgfx.Graphics)
		got, err := d.Decode([]byte("x"), test.packed)
		if !errors.Is(err, zgfx.ErrCorrupt) || string(got) != "x" {
			t.Errorf("%s: %d bytes, %v", test.name, len(got), err)
		}
		if _, err := d.Decode(nil, unhex("e0 04 41")); err == nil {
			t.Errorf("%s: the error goes away", test.name)
		}
	}
}

// pdus are a channel's data: more than a history of which much is repeated from far.
func pdus(total, limit int) [][]byte {
	r := rand.New(rand.NewPCG(3, 4))
	var all [][]byte
	var sent []byte
	for len(sent) < total {
		var p []byte
		for len(p) < 1+r.IntN(limit/10) {
			if n := len(sent); n > 0 && r.IntN(3) > 0 {
				from := n - 1 - r.IntN(min(n, limit))
				p = append(p, sent[from:min(n, from+r.IntN(limit/100))]...)
			} else {
				for range r.IntN(limit / 2000) {
					v := r.Uint32()
					p = append(p, byte(v&(v>>8)))
				}
			}
		}
		all = append(all, p)
		sent = append(sent, p...)
	}
	return all
}

func TestRoundTrip(t *testing.T) {
	for _, limit := range []int{zgfx.Graphics, zgfx.Lite} {
		c, d := bulktest.NewZGFX(limit), zgfx.New(limit)
		total := 3 * limit / 2
		in, out := 0, 0
		for i, p := range pdus(total, limit) {
			if i%5 == 4 {
				c.Segment = 1000
			} else {
				c.Segment = 65535
			}
			packed := c.Compress(p)
			got, err := d.Decode(nil, packed)
			if err != nil || !bytes.Equal(got, p) {
				t.Fatalf("history of %d, PDU %d: %v, %d bytes of %d", limit, i, err, len(got), len(p))
			}
			in, out = in+len(p), out+len(packed)
		}
		if out > in*9/10 {
			t.Errorf("history of %d: %d bytes of %d: the test does not test", limit, out, in)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	packed := bulktest.NewZGFX(zgfx.Graphics).Compress(bytes.Repeat([]byte("0123456789"), 10_000))
	d := zgfx.New(zgfx.Graphics)
	var dst []byte
	for range 40 { // until the history has grown
		dst, _ = d.Decode(dst[:0], packed)
	}
	if n := testing.AllocsPerRun(10, func() {
		var err error
		if dst, err = d.Decode(dst[:0], packed); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations for a PDU", n)
	}
}

// FuzzDecode: what comes out is bounded by what goes in: 65535 bytes for a segment,
// which has 6 bytes at least.
func FuzzDecode(f *testing.F) {
	for _, test := range examples {
		f.Add(unhex(test.packed), unhex(test.packed))
	}
	c := bulktest.NewZGFX(zgfx.Lite)
	c.Segment = 50
	f.Add(c.Compress([]byte(strings.Repeat(fox, 10))), c.Compress([]byte(fox)))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		d := zgfx.New(zgfx.Lite)
		for _, p := range [][]byte{first, second} {
			got, err := d.Decode(nil, p)
			if err == nil && len(got) > 65535*(1+len(p)/5) {
				t.Fatalf("%d bytes of %d", len(got), len(p))
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	c := bulktest.NewZGFX(zgfx.Graphics)
	var all [][]byte
	n, in := 0, 0
	for _, p := range pdus(4<<20, zgfx.Graphics) {
		all = append(all, c.Compress(p))
		n += len(p)
		in += len(all[len(all)-1])
	}
	var dst []byte
	b.SetBytes(int64(n))
	for b.Loop() {
		d := zgfx.New(zgfx.Graphics)
		for _, p := range all {
			var err error
			if dst, err = d.Decode(dst[:0], p); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(n)/float64(in), "ratio")
}
