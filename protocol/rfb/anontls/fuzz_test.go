package anontls_test

import (
	"bytes"
	"io"
	"slices"
	"testing"

	"github.com/porthole-rac/porthole/protocol/rfb/anontls"
)

// FuzzHandshake: whatever a server sends, in whatever pieces, the client takes no
// more than there is, keeps its bounds, stops for good after an error, and does the
// same for every way to cut the bytes.
func FuzzHandshake(f *testing.F) {
	for _, s := range servers() {
		c, err := anontls.NewClient(anontls.Config{Rand: random()})
		if err != nil {
			f.Fatal(err)
		}
		first, err := s.first(slices.Clone(c.Output()))
		if err != nil {
			f.Fatal(err)
		}
		if err := feed(c, first, 1<<20); err != nil {
			f.Fatal(err)
		}
		// The randomness is the same each time, so this is a whole handshake.
		second, err := s.second(slices.Clone(c.Output()))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(slices.Concat(first, second, []byte("more")), byte(20))
	}
	f.Add(record(21, []byte{2, 40}), byte(1))
	f.Add(record(21, []byte{1, 0}), byte(0))
	f.Add(record(22, []byte{0, 0, 0, 0, 0, 0, 0, 0}), byte(3))
	f.Fuzz(func(t *testing.T, in []byte, piece byte) {
		type result struct {
			taken int
			done  bool
			err   string
			out   string
		}
		run := func(piece int) (r result) {
			c, err := anontls.NewClient(anontls.Config{Rand: random()})
			if err != nil {
				t.Fatal(err)
			}
			var out []byte
			rest := slices.Clone(in)
			for have := 0; ; {
				n, err := c.Next(rest[:have])
				if n > have {
					t.Fatalf("%d of %d bytes taken", n, have)
				}
				out = append(out, c.Output()...)
				r.taken += n
				rest, have = rest[n:], have-n
				if err != nil {
					r.err = err.Error()
					if k, again := c.Next(rest); k != 0 || again != err || len(c.Output()) > 0 {
						t.Fatalf("after %v: %d, %v", err, k, again)
					}
				}
				if err != nil || c.Done() || have == len(rest) {
					break
				}
				have = min(len(rest), have+piece)
			}
			if r.done = c.Done(); r.done {
				if o, s := c.Records(); o == nil || s == nil {
					t.Fatal("no records")
				}
			}
			if len(out) > 4096 {
				t.Fatalf("%d bytes written", len(out))
			}
			r.out = string(out)
			return r
		}
		whole := run(len(in) + 1)
		if cut := run(int(piece) + 1); cut != whole {
			t.Fatalf("whole %+v, in pieces of %d %+v", whole, int(piece)+1, cut)
		}
	})
}

// FuzzRecord: nothing that the server did not write is taken for content, in every
// way to protect records.
func FuzzRecord(f *testing.F) {
	const first, second = "what the server wrote", "and what it wrote next"
	fresh := func(kind int) (*server, *anontls.Opener) {
		list := kinds()
		s := list[kind%len(list)]
		c, err := connect(s, 1<<20)
		if err != nil {
			f.Fatal(err)
		}
		o, _ := c.Records()
		return s, o
	}
	for i := range kinds() {
		s, _ := fresh(i)
		one, two := s.write.seal(23, []byte(first), i%3), s.write.seal(23, []byte(second), 0)
		f.Add(byte(i), slices.Concat(one, two))
		f.Add(byte(i), one)
		f.Add(byte(i), two)
		f.Add(byte(i), record(23, bytes.Repeat([]byte{byte(i)}, 16*i)))
	}
	f.Fuzz(func(t *testing.T, kind byte, in []byte) {
		_, o := fresh(int(kind))
		var got []byte
		for rest := slices.Clone(in); ; {
			plain, n, err := o.Next(rest)
			got = append(got, plain...)
			if n > len(rest) || len(plain) > anontls.MaxPlain {
				t.Fatalf("%d of %d bytes taken", n, len(rest))
			}
			rest = rest[n:]
			if err != nil {
				if _, ok := anontls.AlertOf(err); !ok && err != io.EOF {
					t.Fatal(err)
				}
				break
			}
			if n == 0 {
				break
			}
		}
		// The keys are the same each time, so the seeds are real records.
		if s := string(got); s != "" && s != first && s != first+second {
			t.Fatalf("%q is taken", s)
		}
	})
}
