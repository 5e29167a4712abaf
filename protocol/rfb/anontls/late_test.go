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
		for n := range 600 {
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
