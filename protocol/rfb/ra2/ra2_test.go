package ra2

import (
	"bytes"
	"crypto/aes"
	"encoding/hex"
	"errors"
	"testing"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The EAX paper, appendix G.
func TestEAX(t *testing.T) {
	for _, v := range []struct{ msg, key, nonce, header, cipher string }{
		{"", "233952DEE4D5ED5F9B9C6D6FF80FF478", "62EC67F9C3A4A407FCB2A8C49031A8B3", "6BFB914FD07EAE6B", "E037830E8389F27B025A2D6527E79D01"},
		{"F7FB", "91945D3F4DCBEE0BF45EF52255F095A4", "BECAF043B0A23D843194BA972C66DEBD", "FA3BFD4806EB53FA", "19DD5C4C9331049D0BDAB0277408F67967E5"},
		{"1A47CB4933", "01F74AD64077F2E704C0F60ADA3DD523", "70C3DB4F0D26368400A10ED05D2BFF5E", "234A3463C1264AC6", "D851D5BAE03A59F238A23E39199DC9266626C40F80"},
	} {
		e, err := newEAX(unhex(t, v.key))
		if err != nil {
			t.Fatal(err)
		}
		b := unhex(t, v.msg)
		got := append(b, e.seal(unhex(t, v.nonce), unhex(t, v.header), b)...)
		if want := unhex(t, v.cipher); !bytes.Equal(got, want) {
			t.Errorf("sealed %s: %x, want %x", v.msg, got, want)
		}
		n := len(got) - tagSize
		if !e.open(unhex(t, v.nonce), unhex(t, v.header), got[:n], got[n:]) || !bytes.Equal(got[:n], unhex(t, v.msg)) {
			t.Errorf("opened to %x, want %s", got[:n], v.msg)
		}
	}
}

// RFC 4493, section 4: with the domain block of EAX left away.
func TestCMAC(t *testing.T) {
	c, _ := aes.NewCipher(unhex(t, "2b7e151628aed2a6abf7158809cf4f3c"))
	for msg, want := range map[string]string{
		"":                                 "bb1d6929e95937287fa37d129b756746",
		"6bc1bee22e409f96e93d7e117393172a": "070a16b46b4d4144f79bdd9dd04a287c",
		"6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411": "dfa66747de9ae63030ca32611497c827",
	} {
		m := newCMAC(c)
		m.write(unhex(t, msg))
		var sum [block]byte
		m.sum(&sum)
		if !bytes.Equal(sum[:], unhex(t, want)) {
			t.Errorf("cmac of %q: %x, want %s", msg, sum, want)
		}
	}
}

func TestRecordsCrossTheWire(t *testing.T) {
	for _, keyLen := range []int{16, 32} {
		s, err := NewSealer(make([]byte, keyLen))
		if err != nil {
			t.Fatal(err)
		}
		o, _ := NewOpener(make([]byte, keyLen))
		want := bytes.Repeat([]byte("remote framebuffer "), 2000)
		wire := s.Append(s.Append(nil, want[:5]), want[5:])
		var got []byte
		for cut := 1; len(wire) > 0; { // grows byte by byte: nothing is taken too early
			plain, n, err := o.Next(wire[:min(cut, len(wire))])
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				cut++
				continue
			}
			got = append(got, plain...)
			wire, cut = wire[n:], 1
		}
		if !bytes.Equal(got, want) {
			t.Errorf("key of %d bytes: content differs", keyLen)
		}
	}
}

func TestForgedRecords(t *testing.T) {
	s, _ := NewSealer(make([]byte, 16))
	first := s.Append(nil, []byte("first"))
	second := s.Append(nil, []byte("second"))
	for name, wire := range map[string][]byte{
		"out of order": second,
		"one bit":      func() []byte { b := bytes.Clone(first); b[3] ^= 1; return b }(),
		"tag":          func() []byte { b := bytes.Clone(first); b[len(b)-1] ^= 1; return b }(),
		"length":       func() []byte { b := append(bytes.Clone(first), 0); b[1]++; return b }(),
	} {
		o, _ := NewOpener(make([]byte, 16))
		if _, _, err := o.Next(wire); !errors.Is(err, ErrForged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRecordsDoNotAllocate(t *testing.T) {
	s, _ := NewSealer(make([]byte, 16))
	o, _ := NewOpener(make([]byte, 16))
	buf, plain := make([]byte, 0, 4096), make([]byte, 1500)
	if n := testing.AllocsPerRun(100, func() {
		buf = s.Append(buf[:0], plain)
		if _, _, err := o.Next(buf); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkSeal(b *testing.B) {
	s, _ := NewSealer(make([]byte, 16))
	buf, plain := make([]byte, 0, 16<<10), make([]byte, 8<<10)
	b.SetBytes(int64(len(plain)))
	for b.Loop() {
		buf = s.Append(buf[:0], plain)
	}
}
