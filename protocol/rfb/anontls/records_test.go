package anontls_test

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/porthole-rac/porthole/protocol/rfb/anontls"
)

// kinds are one server for each way to protect records.
func kinds() (list []*server) {
	for _, s := range servers() {
		if !s.extended && (s.group == 0 || s.group == 29) {
			list = append(list, s)
		}
	}
	return list
}

func each(t *testing.T, f func(t *testing.T, s *server, o *anontls.Opener, w *anontls.Sealer)) {
	for _, s := range kinds() {
		t.Run(s.String(), func(t *testing.T) {
			c, err := connect(s, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			o, w := c.Records()
			f(t, s, o, w)
		})
	}
}

// No bit of a record may change, nor its place.
func TestForgedRecords(t *testing.T) {
	for _, s := range kinds() {
		t.Run(s.String(), func(t *testing.T) {
			wire := func() (*anontls.Opener, []byte) {
				again := &server{suite: s.suite, group: s.group, curve: s.curve, encryptFirst: s.encryptFirst}
				c, err := connect(again, 1<<20)
				if err != nil {
					t.Fatal(err)
				}
				o, _ := c.Records()
				return o, slices.Concat(again.write.seal(23, []byte("first, 20 bytes long"), 2), again.write.seal(23, []byte("second"), 0))
			}
			_, b := wire()
			first := anontls.Size(b)
			for i := 0; i < first; i += 1 + i/16 {
				if i == 3 || i == 4 {
					continue // another length: below
				}
				o, b := wire()
				b[i] ^= 0x10
				plain, _, err := o.Next(b)
				if _, ok := anontls.AlertOf(err); !ok || plain != nil {
					t.Fatalf("byte %d changed: %q, %v", i, plain, err)
				}
				if _, _, again := o.Next(b[first:]); again != err {
					t.Fatal("it goes on")
				}
			}
			for name, change := range map[string]func(b []byte) []byte{
				"left out": func(b []byte) []byte { return b[first:] },
				"shorter": func(b []byte) []byte {
					b[4] -= 16
					return b
				},
				"longer": func(b []byte) []byte {
					b[4] += 16
					return b
				},
				"nothing":    func([]byte) []byte { return record(23, nil) },
				"one block":  func([]byte) []byte { return record(23, make([]byte, 16)) },
				"two blocks": func([]byte) []byte { return record(23, make([]byte, 32)) },
				"odd":        func([]byte) []byte { return record(23, make([]byte, 77)) },
				"zeros":      func([]byte) []byte { return record(23, make([]byte, 1600)) },
			} {
				o, b := wire()
				if _, _, err := o.Next(change(b)); err == nil {
					t.Errorf("%s: taken", name)
				} else if a, _ := anontls.AlertOf(err); a != anontls.BadRecordMAC {
					t.Errorf("%s: %v", name, err)
				}
			}
			o, b := wire()
			if _, _, err := o.Next(slices.Clone(b)); err != nil {
				t.Fatal(err)
			}
			if _, _, err := o.Next(b); err == nil {
				t.Error("taken twice")
			}
		})
	}
}

// What a server writes with the right keys is held to the rules too.
func TestWrongContent(t *testing.T) {
	each(t, func(t *testing.T, s *server, o *anontls.Opener, _ *anontls.Sealer) {
		_, _, err := o.Next(s.write.seal(23, make([]byte, anontls.MaxPlain+1), 0))
		if a, ok := anontls.AlertOf(err); !ok || a != anontls.RecordOverflow {
			t.Error(err)
		}
	})
	for name, padded := range map[string][]byte{
		"padding beyond the content": bytes.Repeat([]byte{255}, 32),
		"padding of one block more":  bytes.Repeat([]byte{32}, 32),
	} {
		each(t, func(t *testing.T, s *server, o *anontls.Opener, _ *anontls.Sealer) {
			if s.gcm {
				t.Skip("nothing is padded")
			}
			_, _, err := o.Next(s.write.encrypt(23, padded))
			if a, ok := anontls.AlertOf(err); !ok || a != anontls.BadRecordMAC {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

func TestEndOfASession(t *testing.T) {
	each(t, func(t *testing.T, s *server, o *anontls.Opener, w *anontls.Sealer) {
		kind, b, _, err := s.read.open(w.AppendAlert(nil, anontls.CloseNotify))
		if err != nil || kind != 21 || !bytes.Equal(b, []byte{1, 0}) {
			t.Errorf("type %d, % x, %v", kind, b, err)
		}
		if _, _, err := o.Next(s.write.seal(21, []byte{1, 0}, 0)); err != io.EOF {
			t.Error(err)
		}
		if _, _, err := o.Next(s.write.seal(23, []byte("more"), 0)); err != io.EOF {
			t.Error("after the end:", err)
		}
	})
}

// A server that wants new keys is told no, and the session goes on.
func TestNoNewKeys(t *testing.T) {
	each(t, func(t *testing.T, s *server, o *anontls.Opener, w *anontls.Sealer) {
		wish := func() error {
			plain, n, err := o.Next(s.write.seal(22, []byte{0, 0, 0, 0}, 0))
			if len(plain) > 0 || err == nil && n == 0 {
				t.Errorf("%q, %d", plain, n)
			}
			return err
		}
		if o.Alert() {
			t.Error("before it was asked for")
		}
		if err := wish(); err != nil {
			t.Fatal(err)
		}
		if !o.Alert() || o.Alert() {
			t.Error("not once")
		}
		_, b, _, err := s.read.open(w.AppendAlert(nil, anontls.NoRenegotiation))
		if err != nil || !bytes.Equal(b, []byte{1, 100}) {
			t.Errorf("% x, %v", b, err)
		}
		if plain, _, err := o.Next(s.write.seal(23, []byte("on"), 0)); err != nil || string(plain) != "on" {
			t.Errorf("%q, %v", plain, err)
		}
		for range 100 {
			err = wish()
		}
		if a, ok := anontls.AlertOf(err); !ok || a != anontls.NoRenegotiation {
			t.Error("for ever:", err)
		}
	})
}

func TestWhatASessionMayNotHave(t *testing.T) {
	for name, tt := range map[string]struct {
		kind byte
		b    []byte
	}{
		"cipher spec":   {20, []byte{1}},
		"server hello":  {22, []byte{2, 0, 0, 0}},
		"unknown type":  {24, []byte("heartbeat")},
		"empty alert":   {21, nil},
		"empty message": {22, nil},
	} {
		s := &server{suite: all[0]}
		c, err := connect(s, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		o, _ := c.Records()
		if _, _, err := o.Next(s.write.seal(tt.kind, tt.b, 0)); err == nil {
			t.Errorf("%s: taken", name)
		} else if a, _ := anontls.AlertOf(err); a != anontls.UnexpectedMessage {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What nobody can foresee is in front of every record.
func TestVectorsDiffer(t *testing.T) {
	each(t, func(t *testing.T, s *server, _ *anontls.Opener, w *anontls.Sealer) {
		seen := map[string]bool{}
		for range 100 {
			b := w.Append(nil, []byte("the same"))
			v := string(b[5:][:8])
			if !s.gcm {
				v = string(b[5:][:16])
			}
			if seen[v] {
				t.Fatalf("% x again", v)
			}
			seen[v] = true
		}
	})
}

func TestRecordsDoNotAllocate(t *testing.T) {
	each(t, func(t *testing.T, s *server, o *anontls.Opener, w *anontls.Sealer) {
		buf, plain := make([]byte, 0, 4096), make([]byte, 1500)
		if n := testing.AllocsPerRun(100, func() { buf = w.Append(buf[:0], plain) }); n != 0 {
			t.Errorf("%v allocations to write", n)
		}
		var wire [][]byte
		for range 110 {
			wire = append(wire, s.write.seal(23, plain, 0))
		}
		if n := testing.AllocsPerRun(100, func() {
			if _, _, err := o.Next(wire[0]); err != nil {
				t.Fatal(err)
			}
			wire = wire[1:]
		}); n != 0 {
			t.Errorf("%v allocations to read", n)
		}
	})
}

func BenchmarkRecords(b *testing.B) {
	for _, s := range kinds() {
		c, err := connect(s, 1<<20)
		if err != nil {
			b.Fatal(err)
		}
		o, w := c.Records()
		plain := make([]byte, anontls.MaxPlain)
		b.Run(fmt.Sprintf("seal/%v", s), func(b *testing.B) {
			buf := make([]byte, 0, anontls.MaxRecord)
			b.SetBytes(int64(len(plain)))
			for b.Loop() {
				buf = w.Append(buf[:0], plain)
			}
		})
		b.Run(fmt.Sprintf("open/%v", s), func(b *testing.B) {
			const ahead = 64
			b.SetBytes(int64(ahead * len(plain)))
			for b.Loop() {
				b.StopTimer()
				var wire [][]byte
				for range ahead {
					wire = append(wire, s.write.seal(23, plain, 0))
				}
				b.StartTimer()
				for _, r := range wire {
					if _, _, err := o.Next(r); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
