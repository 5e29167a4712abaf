package inflate_test

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/codec/inflate"
)

// take reads what the input decides.
func take(s *inflate.Stream, piece int) ([]byte, error) {
	var out []byte
	for {
		p, err := s.Peek(piece)
		out = append(out, p...)
		s.Skip(len(p))
		if err != nil || len(p) < piece {
			return out, err
		}
	}
}

// samples are kinds of data that lead to all kinds of blocks and matches.
func samples() map[string][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	random := make([]byte, 300_000)
	for i := range random {
		random[i] = byte(r.Uint32())
	}
	few := make([]byte, 200_000)
	for i := range few {
		few[i] = "aaaaaaabbbc d"[r.IntN(13)]
	}
	steep := make([]byte, 100_000) // long codes
	for i := range steep {
		for v := byte(0); v < 40 && r.IntN(2) == 0; v++ {
			steep[i] = v
		}
	}
	periods := []byte{}
	for d := 1; d < 40; d++ {
		seed := random[d*100 : d*100+d]
		for range 5 + 600/d {
			periods = append(periods, seed...)
		}
	}
	far := append(append(append([]byte{}, random[:32768]...), random[:3000]...), random[1:32768]...)
	return map[string][]byte{
		"empty": {}, "one": {7}, "zeros": make([]byte, 500_000), "random": random,
		"few": few, "steep": steep, "periods": periods, "far": far,
	}
}

// levels of compress/flate give stored, fixed and dynamic blocks.
var levels = []int{flate.NoCompression, flate.HuffmanOnly, 1, 6, 9}

func TestRectanglesOfAStream(t *testing.T) {
	for name, data := range samples() {
		for _, level := range levels {
			var packed bytes.Buffer
			w, _ := zlib.NewWriterLevel(&packed, level)
			var s inflate.Stream
			r := rand.New(rand.NewPCG(3, uint64(level)))
			for at := 0; at < len(data); {
				n := min(1+r.IntN(40_000), len(data)-at)
				packed.Reset()
				w.Write(data[at : at+n])
				w.Flush()
				var got []byte
				for in := packed.Bytes(); len(in) > 0; {
					k := min(1+r.IntN(9000), len(in))
					s.Feed(in[:k])
					in = in[k:]
					p, err := take(&s, 1+r.IntN(inflate.MaxPeek))
					if err != nil {
						t.Fatalf("%s, level %d: %v", name, level, err)
					}
					got = append(got, p...)
				}
				if !bytes.Equal(got, data[at:at+n]) {
					t.Fatalf("%s, level %d: %d bytes from %d on come out wrong (%d)", name, level, n, at, len(got))
				}
				if extra, err := s.Drain(); extra || err != nil {
					t.Fatalf("%s, level %d: after a flush: %v, %v", name, level, extra, err)
				}
				at += n
			}
		}
	}
}

func TestOneByteAtATime(t *testing.T) {
	for name, data := range samples() {
		data = data[:min(len(data), 20_000)]
		for _, level := range levels {
			var packed bytes.Buffer
			w, _ := zlib.NewWriterLevel(&packed, level)
			w.Write(data)
			w.Close()
			var s inflate.Stream
			var got []byte
			for i := range packed.Bytes() {
				s.Feed(packed.Bytes()[i : i+1])
				p, err := take(&s, 1000)
				if err != nil {
					t.Fatalf("%s, level %d, byte %d: %v", name, level, i, err)
				}
				got = append(got, p...)
			}
			if !bytes.Equal(got, data) {
				t.Fatalf("%s, level %d: comes out wrong", name, level)
			}
			s.Feed([]byte{0})
			if _, err := s.Peek(1); !errors.Is(err, inflate.ErrCorrupt) {
				t.Fatalf("data after the end: %v", err)
			}
		}
	}
}

// A partial flush ends in the middle of a byte, with an empty block of the fixed
// code (bits 010 0000000). Everything before it is there, and the next rectangle
// goes on in that byte.
func TestPartialFlush(t *testing.T) {
	// 'a' in the fixed code is 0x61+0x30 = 0x91, most significant bit first.
	var bits []byte
	put := func(s string) { bits = append(bits, s...) }
	rectangle := func() {
		put("010")      // not final; type 01, low bit first
		put("10010001") // 'a'
		put("0000000")  // end of block
		put("010" + "0000000")
	}
	pack := func() []byte { // whole bytes, and the rest when padded
		var out []byte
		for len(bits) >= 8 {
			var b byte
			for i := range 8 {
				b |= (bits[i] - '0') << i
			}
			out, bits = append(out, b), bits[8:]
		}
		return out
	}
	var s inflate.Stream
	s.Feed([]byte{0x78, 0x9c})
	if p, err := take(&s, 10); len(p) != 0 || err != nil {
		t.Fatal(p, err)
	}
	for i := range 20 {
		rectangle()
		s.Feed(pack())
		p, err := take(&s, 10)
		if string(p) != "a" || err != nil {
			t.Fatalf("rectangle %d: %q, %v", i, p, err)
		}
	}
}

func TestReset(t *testing.T) {
	data := samples()["few"]
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	w.Write(data)
	w.Flush()
	var s inflate.Stream
	for i := range 3 {
		s.Feed(packed.Bytes()[:packed.Len()-i*1000])
		got, err := take(&s, 5000)
		if err != nil || !bytes.HasPrefix(data, got) || len(got) < 1000 {
			t.Fatalf("run %d: %d bytes, %v", i, len(got), err)
		}
		s.Reset()
	}
	// history is gone: a distance into it is an error. 'a', then (3, distance 24577)
	s.Feed([]byte{0x78, 0x9c, 0x4b, 0x04, 0x5e, 0, 0, 0})
	if _, err := take(&s, 100); !errors.Is(err, inflate.ErrCorrupt) {
		t.Errorf("distance beyond the beginning: %v", err)
	}
}

func TestCorrupt(t *testing.T) {
	for name, in := range map[string][]byte{
		"not deflate":          {0x79, 0x9c},
		"header checksum":      {0x78, 0x9d},
		"dictionary":           {0x78, 0x20 | 0x1d&^0x1f | 0x1c},
		"block type 3":         {0x78, 0x9c, 0x07},
		"stored lengths":       {0x78, 0x9c, 0x00, 0x01, 0x00, 0x01, 0x00},
		"fixed code 286":       {0x78, 0x9c, 0x1b, 0x03, 0, 0, 0, 0, 0, 0, 0, 0},
		"too many lengths":     {0x78, 0x9c, 0xfd, 0xff, 0xff, 0xff},
		"over-subscribed code": {0x78, 0x9c, 0x05, 0x00, 0x92, 0x04, 0, 0, 0, 0, 0, 0},
		"incomplete code":      {0x78, 0x9c, 0x05, 0xe0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"distance beyond":      {0x78, 0x9c, 0x4b, 0x04, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		"empty code":           {0x78, 0x9c, 0x05, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0},
	} {
		for _, piece := range []int{1, len(in)} {
			var s inflate.Stream
			var err error
			for i := 0; i < len(in) && err == nil; i += piece {
				s.Feed(in[i : i+piece])
				_, err = take(&s, 100)
			}
			if !errors.Is(err, inflate.ErrCorrupt) {
				t.Errorf("%s in pieces of %d: %v", name, piece, err)
			}
			if name == "over-subscribed code" && !strings.Contains(err.Error(), "code of code lengths") {
				t.Errorf("%s: %v", name, err)
			}
			if _, again := s.Peek(1); again != err {
				t.Errorf("%s: the error goes away: %v", name, again)
			}
		}
	}
}

// The oldest byte of the history can be reached wherever the window is.
func TestLongestDistance(t *testing.T) {
	const stored, matches = 40_000, 60_000
	in := []byte{0x78, 0x9c, 0x00, stored & 255, stored >> 8, ^stored & 255, ^stored >> 8 & 255}
	r := rand.New(rand.NewPCG(7, 8))
	var want []byte
	for range stored {
		want = append(want, byte(r.Uint32()))
	}
	in = append(in, want...)
	bits := "110" // final; fixed code
	for range matches {
		bits += "0000001" + "11101" + "1111111111111" // 3 bytes, 24577+8191 back
		for range 3 {
			want = append(want, want[len(want)-32768])
		}
		for len(bits) >= 8 {
			var b byte
			for i := range 8 {
				b |= (bits[i] - '0') << i
			}
			in, bits = append(in, b), bits[8:]
		}
	}
	for _, piece := range []int{7, len(in)} {
		var s inflate.Stream
		var got []byte
		for p := in; len(p) > 0; {
			n := min(piece, len(p))
			s.Feed(p[:n])
			p = p[n:]
			out, err := take(&s, 500)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, out...)
		}
		if !bytes.Equal(got, want[:len(got)]) || len(got) < len(want)-3 {
			t.Errorf("pieces of %d: comes out wrong", piece)
		}
	}
}

// The bits of the input say what comes out, whatever the pieces; and compress/flate
// says the same about them.
func FuzzStream(f *testing.F) {
	for _, data := range samples() {
		for _, level := range levels {
			var packed bytes.Buffer
			w, _ := zlib.NewWriterLevel(&packed, level)
			w.Write(data[:min(len(data), 700)])
			w.Flush()
			f.Add(packed.Bytes(), uint16(3))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, piece uint16) {
		const most = 1 << 20
		var whole, cut inflate.Stream
		whole.Feed(in)
		var got []byte
		var err error
		for {
			var p []byte
			p, err = whole.Peek(4000)
			got = append(got, p...)
			whole.Skip(len(p))
			if err != nil || len(p) < 4000 || len(got) > most {
				break
			}
		}
		if len(got) > most {
			return
		}
		var inPieces []byte
		var cutErr error
		step := int(piece)%200 + 1
		for rest := in; len(rest) > 0 && cutErr == nil; {
			k := min(step, len(rest))
			cut.Feed(rest[:k])
			rest = rest[k:]
			var p []byte
			p, cutErr = take(&cut, 900)
			inPieces = append(inPieces, p...)
		}
		if !bytes.Equal(got, inPieces) || (err == nil) != (cutErr == nil) {
			t.Fatalf("%d bytes, %v; in pieces %d, %v", len(got), err, len(inPieces), cutErr)
		}
		if r, e := zlib.NewReader(bytes.NewReader(in)); e == nil && in[1]&0x20 == 0 { // no dictionary, not even the empty one
			want, wantErr := io.ReadAll(io.LimitReader(r, most))
			if err != nil && (strings.Contains(err.Error(), "without an end") || strings.Contains(err.Error(), "code of code lengths")) {
				return // zlib refuses these as well; Go takes them
			}
			if !bytes.HasPrefix(got, want) {
				t.Fatalf("%d bytes (%v), compress/zlib has %d", len(got), err, len(want))
			}
			if wantErr == nil && len(want) < most && (len(want) != len(got)) {
				t.Fatalf("%d bytes, compress/zlib has %d and is content", len(got), len(want))
			}
			var fe flate.CorruptInputError
			// a code that does not exist is seen when there are as many bits as the
			// longest has
			if errors.As(wantErr, &fe) && err == nil && int(fe) < len(in)-6 {
				t.Fatalf("compress/zlib: %v; not seen here", wantErr)
			}
		}
	})
}

func TestNoAllocations(t *testing.T) {
	data := samples()["few"]
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	w.Write(data)
	w.Flush()
	var s inflate.Stream
	n := testing.AllocsPerRun(5, func() {
		s.Reset()
		s.Feed(packed.Bytes())
		for {
			p, _ := s.Peek(8000)
			s.Skip(len(p))
			if len(p) < 8000 {
				return
			}
		}
	})
	if n != 0 {
		t.Errorf("%v allocations for a stream", n)
	}
}

// source is an io.Reader of what a test gives it.
type source struct{ p []byte }

func (s *source) Read(b []byte) (int, error) {
	if len(s.p) == 0 {
		return 0, io.EOF
	}
	n := copy(b, s.p)
	s.p = s.p[n:]
	return n, nil
}

func (s *source) ReadByte() (byte, error) {
	if len(s.p) == 0 {
		return 0, io.EOF
	}
	b := s.p[0]
	s.p = s.p[1:]
	return b, nil
}

// BenchmarkInflate compares with compress/flate: one stream of rectangles, each
// flushed. The bytes are those that come out.
func BenchmarkInflate(b *testing.B) {
	for name, data := range pictures() {
		const rows = 64 * 1920 * 3
		var packed [][]byte
		var buf bytes.Buffer
		w, _ := flate.NewWriter(&buf, 6)
		for at := 0; at < len(data); at += rows {
			buf.Reset()
			w.Write(data[at:min(at+rows, len(data))])
			w.Flush()
			packed = append(packed, bytes.Clone(buf.Bytes()))
		}
		out := make([]byte, rows)
		b.Run(name+"/std", func(b *testing.B) {
			src := new(source)
			r := flate.NewReader(src)
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				r.(flate.Resetter).Reset(src, nil)
				for i, p := range packed {
					// what an earlier read did not need (the flush) comes first
					src.p = append(src.p[:len(src.p):len(src.p)], p...)
					n := min(rows, len(data)-i*rows)
					if _, err := io.ReadFull(r, out[:n]); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
		b.Run(name+"/own", func(b *testing.B) {
			var s inflate.Stream
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				s.Reset()
				s.Feed([]byte{0x78, 0x9c})
				s.Peek(1)
				for i, p := range packed {
					s.Feed(p)
					for n := min(rows, len(data)-i*rows); n > 0; {
						p, err := s.Peek(min(n, inflate.MaxPeek))
						if err != nil || len(p) == 0 {
							b.Fatal(err)
						}
						copy(out, p)
						s.Skip(len(p))
						n -= len(p)
					}
					s.Drain()
				}
			}
		})
	}
}

// pictures are like what Tight's basic compression sees: pixels of three bytes of
// a text and of a smooth, noisy picture; and a palette's indices.
func pictures() map[string][]byte {
	r := rand.New(rand.NewPCG(5, 6))
	text := make([]byte, 1920*400*3)
	indices := make([]byte, 1920*400)
	for i := range indices {
		indices[i] = byte(i / 7 % 3)
		if x, y := i%1920, i/1920; y%16 < 12 && (x/8*31+y/16*17)%5 != 0 && (x*7+y*13+x/8*y)%4 == 0 {
			indices[i] = byte(r.IntN(16))
		}
		copy(text[i*3:], []byte{indices[i] * 16, 255 - indices[i], indices[i]})
	}
	photo := make([]byte, 1920*400*3)
	for i := range photo {
		x, y := i/3%1920, i/3/1920
		photo[i] = byte(x/9 + y/5 + i%3*40 + r.IntN(6))
	}
	return map[string][]byte{"text": text, "photo": photo, "indices": indices}
}
