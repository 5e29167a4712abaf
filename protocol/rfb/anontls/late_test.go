package anontls

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"hash"
	"testing"
)

// The check that takes the same time for every padding agrees with the plain one,
// for every length and padding.
func TestLateMAC(t *testing.T) {
	for name, kind := range map[string]func() hash.Hash{"SHA-1": sha1.New, "SHA-256": sha256.New} {
		key := []byte("a key of some bytes")
		late := newLateMAC(kind, key)
		header := []byte("sequence...\x00\x00")
		content := bytes.Repeat([]byte("content "), 100)
		for n := range 330 {
			h := bytes.Clone(header)
			h[11], h[12] = byte(n>>8), byte(n)
			mac := hmac.New(kind, key)
			mac.Write(h)
			mac.Write(content[:n])
			b := mac.Sum(bytes.Clone(content[:n]))
			for pad := 15 - len(b)%16; pad < 256; pad += 16 * (1 + n%5) {
				whole := append(bytes.Clone(b), bytes.Repeat([]byte{byte(pad)}, pad+1)...)
				if got, ok := late.check(bytes.Clone(header), whole); !ok || got != n {
					t.Fatalf("%s: %d bytes, padding %d: %d, %v", name, n, pad, got, ok)
				}
				for _, at := range []int{0, n, n + mac.Size() - 1, len(b), len(whole) - 1} {
					whole[at] ^= 0x80
					if _, ok := late.check(bytes.Clone(header), whole); ok {
						t.Fatalf("%s: %d bytes, padding %d, byte %d changed: taken", name, n, pad, at)
					}
					whole[at] ^= 0x80
				}
			}
		}
	}
}

// Padding that is longer than what there is.
func TestLateMACWithoutContent(t *testing.T) {
	late := newLateMAC(sha1.New, []byte("key"))
	for _, size := range []int{32, 48, 64, 256, 272} {
		for pad := size - sha1.Size; pad < 256; pad++ {
			if n, ok := late.check(make([]byte, 13), bytes.Repeat([]byte{byte(pad)}, size)); ok {
				t.Fatalf("%d bytes of %d: taken for %d of content", size, pad, n)
			}
		}
	}
}

// The vectors of two sessions differ even if all their keys were the same.
func TestVectorsAreRandom(t *testing.T) {
	seen := map[string]bool{}
	for i := range 3 {
		ivs := [48]byte{0: byte(i & 1), 40: byte(i >> 1)}
		s, _, err := suites[2].keys(make([]byte, 48), make([]byte, 32), make([]byte, 32), true, &ivs)
		if err != nil {
			t.Fatal(err)
		}
		seen[string(s.Append(nil, []byte("content"))[headerSize:][:block])] = true
	}
	if len(seen) != 3 {
		t.Errorf("%d vectors of 3 seeds", len(seen))
	}
}
