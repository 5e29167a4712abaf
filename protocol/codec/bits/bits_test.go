package bits_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/porthole-rac/porthole/protocol/codec/bits"
	"github.com/porthole-rac/porthole/protocol/codec/codectest"
)

func TestReader(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var w codectest.Bits
		var sizes []uint
		var values []uint32
		for range r.IntN(60) {
			n := uint(r.IntN(33))
			v := r.Uint32() & uint32(1<<n-1)
			w.Put(v, n)
			sizes, values = append(sizes, n), append(values, v)
		}
		in := bits.NewReader(w.P)
		left := 8 * len(w.P)
		for i, n := range sizes {
			if got := in.Take(n); got != values[i] {
				t.Fatalf("value %d of %d bits is %x, want %x", i, n, got, values[i])
			}
			if left -= int(n); in.Left() != left {
				t.Fatalf("%d bits are left, not %d", in.Left(), left)
			}
		}
		if in.Take(32) != 0 || in.Left() >= 0 {
			t.Fatal("after the end there is something")
		}
		if in.Fill(); in.Bytes(0) != nil {
			t.Fatal("after the end there are bytes")
		}
	}
}

func TestBytes(t *testing.T) {
	p := []byte("abcdefghijklmnopqrstuvwxyz")
	for skip := range uint(60) {
		in := bits.NewReader(p)
		in.Fill()
		for range skip {
			in.Take(1)
		}
		from := int(skip+7) / 8
		if got := in.Bytes(5); !bytes.Equal(got, p[from:from+5]) {
			t.Fatalf("after %d bits: %q", skip, got)
		}
		if got := in.Take(8); got != uint32(p[from+5]) {
			t.Fatalf("after %d bits and 5 bytes: %c", skip, got)
		}
		if in.Bytes(100) != nil {
			t.Fatal("more bytes than there are")
		}
	}
}
