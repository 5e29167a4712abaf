package session

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"
)

// A driver may hold a buffer while the browser paints everything that there is:
// what it commits then must not be lost, nor land in what another stream has.
func TestCommitAfterAllIsPainted(t *testing.T) {
	var s stream
	s.begin(1, 1)
	s.commit(append(s.reserve(10), "first"...))
	s.mark(0, time.Time{})
	room := s.reserve(10)
	if _, ok := s.paint(1, s.head); !ok {
		t.Fatal("not painted")
	}
	at := s.head
	s.commit(append(room, "second"...))
	if p, _ := s.from(at); string(p) != "second" {
		t.Errorf("committed %q", p)
	}
}

// Whatever comes between them, what is sent is what was committed.
func TestStreamIsWhatWasCommitted(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var s stream
	s.begin(1, 1)
	var want, got []byte // from here on what a browser has
	var sent uint64
	number := uint64(0)
	var room []byte
	for i := range 20_000 {
		switch rng.IntN(5) {
		case 0, 1:
			p := bytes.Repeat([]byte{byte(i)}, rng.IntN(30_000))
			room = s.reserve(len(p))
			if len(p) > 0 {
				want = append(want, p...)
			}
			s.commit(append(room, p...))
		case 2:
			if len(s.marks) < maxMarks {
				before := s.head
				s.mark(0, time.Time{})
				p, _ := s.from(before)
				want = append(want, p...)
			}
		case 3:
			p, c := s.from(sent)
			if c != nil {
				c.users++
				got = append(got, p...)
				sent += uint64(len(p))
				c.users--
			}
		case 4:
			if number < s.number {
				number++
				s.paint(number, sent)
			}
		}
		if len(got) > 1<<20 { // compare now and then
			if !bytes.Equal(got, want[:len(got)]) {
				t.Fatalf("step %d: another stream was sent", i)
			}
			want, got = want[len(got):], got[:0]
		}
		if !s.holds(sent) && s.head-sent < maxKept/2 {
			t.Fatalf("step %d: offset %d is not held, head %d, painted %d", i, sent, s.head, s.done)
		}
		if !s.holds(sent) { // fell too far behind
			want, got, sent = nil, nil, s.head
		}
	}
}
