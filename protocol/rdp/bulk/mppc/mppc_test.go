package mppc_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/porthole-rac/porthole/protocol/rdp/bulk/bulktest"
	"github.com/porthole-rac/porthole/protocol/rdp/bulk/mppc"
)

// bits is a bit stream of zeros and ones.
func bits(s string) []byte {
	var w bulktest.Writer
	for _, c := range s {
		if c != ' ' {
			w.Put(uint32(c-'0'), 1)
		}
	}
	return w.P
}

// The examples of MS-RDPBCGR §3.1.8.2 and §3.1.8.4.
func TestExamplesOfTheSpecification(t *testing.T) {
	literals := func(s string) string {
		out := ""
		for _, c := range []byte(s) {
			out += fmt.Sprintf("%08b ", c)
		}
		return out
	}
	// for.whom.the.bell.tolls,<16,15>.<40,4><19,3>e!
	bell4 := literals("for.whom.the.bell.tolls,") + "1111 010000 110 111" + literals(".") + "1111 101000 10 00" + "1111 010011 0" + literals("e!")
	bell5 := literals("for.whom.the.bell.tolls,") + "11111 010000 110 111" + literals(".") + "11111 101000 10 00" + "11111 010011 0" + literals("e!")
	const bell = "for.whom.the.bell.tolls,.the.bell.tolls.for.thee!"
	for _, test := range []struct {
		name   string
		kind   mppc.Kind
		stream string
		want   string
	}{
		{"bells, RDP 4.0", mppc.RDP4, bell4, bell},
		{"bells, RDP 5.0", mppc.RDP5, bell5, bell},
		{"replicating copy <2,4>", mppc.RDP4, literals("Xcd") + "1111 000010 10 00" + literals("YZ"), "XcdcdcdYZ"},
		{"literals above 0x7f", mppc.RDP4, "01010110 101100111", "\x56\xe7"},
		{"the history counts before it is written", mppc.RDP4, "110 0001011000000 0", "\x00\x00\x00"},
		{"length 120", mppc.RDP5, literals("ab") + "11111 000001 111110 111000", "ab" + string(bytes.Repeat([]byte("b"), 120))},
		{"length 4097", mppc.RDP4, literals("a") + "1111 000001 111111111110 000000000001", "a" + string(bytes.Repeat([]byte("a"), 4097))},
	} {
		d := mppc.New(test.kind)
		got, err := d.Decode(uint8(test.kind)|mppc.Compressed|mppc.AtFront, bits(test.stream))
		if err != nil || string(got) != test.want {
			t.Errorf("%s: %q, %v", test.name, got, err)
		}
	}
}

// packets are a connection's data: some repeats what came before, some does not
// compress, and it is more than the history.
func packets(size int) [][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	var all [][]byte
	words := [][]byte{[]byte("window "), []byte("\xff\xff\xff\xff\x00\x00"), []byte("the quick brown fox "), bytes.Repeat([]byte{7}, 300)}
	for i := range 200 {
		var p []byte
		for len(p) < 1+r.IntN(size/3) {
			if i%17 == 3 || r.IntN(4) == 0 {
				p = append(p, byte(r.Uint32()))
			} else {
				p = append(p, words[r.IntN(len(words))]...)
			}
		}
		all = append(all, p[:min(len(p), size-1)])
	}
	return all
}

func TestRoundTrip(t *testing.T) {
	for kind, size := range map[mppc.Kind]int{mppc.RDP4: 8 << 10, mppc.RDP5: 64 << 10} {
		c, d := bulktest.NewMPPC(byte(kind)), mppc.New(kind)
		in, out, fronts, flushes := 0, 0, 0, 0
		for i, p := range packets(size) {
			flags, packed := c.Compress(p)
			got, err := d.Decode(flags, packed)
			if err != nil || !bytes.Equal(got, p) {
				t.Fatalf("kind %d, packet %d, flags %#x: %v, %d bytes of %d", kind, i, flags, err, len(got), len(p))
			}
			in, out = in+len(p), out+len(packed)
			if flags&mppc.AtFront != 0 {
				fronts++
			}
			if flags&mppc.Flushed != 0 {
				flushes++
			}
		}
		if out > in/2 || fronts < 3 || flushes < 1 {
			t.Errorf("kind %d: %d bytes of %d, %d at front, %d flushed: the test does not test", kind, out, in, fronts, flushes)
		}
	}
}

func TestHostile(t *testing.T) {
	for _, test := range []struct {
		name   string
		flags  uint8
		stream []byte
	}{
		{"more than the history", mppc.Compressed, bytes.Repeat([]byte{'a'}, 8193)},
		{"a copy beyond the history", mppc.Compressed, bits("1111 000001 111111111110 111111111111 1111 000001 111111111110 111111111111")},
		{"a length of 13 ones", mppc.Compressed, bits("1111 000001 1111111111110 000000000000")},
		{"an end within a copy", mppc.Compressed, bits("1111 0000")},
		{"an end before a length", mppc.Compressed, bits("1111 000001 111111")},
		{"a kind that was not asked for", mppc.Compressed | 1, bits("01010110")},
	} {
		d := mppc.New(mppc.RDP4)
		if _, err := d.Decode(test.flags, test.stream); !errors.Is(err, mppc.ErrCorrupt) {
			t.Errorf("%s: %v", test.name, err)
		}
		if _, err := d.Decode(mppc.Compressed, bits("01010110")); err == nil {
			t.Errorf("%s: the error goes away", test.name)
		}
		d.Reset()
		if got, err := d.Decode(mppc.Compressed, bits("01010110")); err != nil || string(got) != "V" {
			t.Errorf("%s: %q, %v after Reset", test.name, got, err)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	_, packed := bulktest.NewMPPC(1).Compress(packets(8 << 10)[0])
	d := mppc.New(mppc.RDP5)
	if n := testing.AllocsPerRun(10, func() {
		if _, err := d.Decode(1|mppc.Compressed|mppc.AtFront, packed); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations for a packet", n)
	}
}

// FuzzDecode: nothing that comes breaks it or makes more than a history.
func FuzzDecode(f *testing.F) {
	for kind := range byte(2) {
		c := bulktest.NewMPPC(kind)
		for _, p := range packets(3 << 10)[:4] {
			flags, packed := c.Compress(p)
			f.Add(kind, flags, packed, []byte("abc"))
		}
	}
	f.Fuzz(func(t *testing.T, kind, flags byte, first, second []byte) {
		d := mppc.New(mppc.Kind(kind & 1))
		for _, p := range [][]byte{first, second} {
			if got, err := d.Decode(flags, p); err == nil && len(got) > max(64<<10, len(p)) {
				t.Fatalf("%d bytes of %d", len(got), len(p))
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	for kind := range byte(2) {
		b.Run(fmt.Sprintf("RDP%d", 4+kind), func(b *testing.B) {
			c := bulktest.NewMPPC(kind)
			type packet struct {
				flags byte
				p     []byte
			}
			var all []packet
			n := 0
			for _, p := range packets(8 << 10) {
				flags, packed := c.Compress(p)
				all = append(all, packet{flags, packed})
				n += len(p)
			}
			b.SetBytes(int64(n))
			for b.Loop() {
				d := mppc.New(mppc.Kind(kind))
				for _, p := range all {
					if _, err := d.Decode(p.flags, p.p); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
