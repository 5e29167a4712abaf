package channel_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/porthole-rac/porthole/protocol/rdp/channel"
)

func TestMessagesOfEverySize(t *testing.T) {
	for _, n := range []int{0, 1, 1600, 1601, 3200, 5000} {
		message := bytes.Repeat([]byte("m"), n)
		var j channel.Joiner
		var got []byte
		chunks := 0
		err := channel.Cut(message, 0, 0, func(header, data []byte) error {
			chunks++
			c, err := channel.Parse(append(append([]byte(nil), header...), data...))
			if err != nil {
				return err
			}
			if m, err := j.Next(c); err != nil {
				return err
			} else if m != nil {
				got = append(got, m...)
			}
			return nil
		})
		if err != nil || !bytes.Equal(got, message) || chunks != max((n+1599)/1600, 1) {
			t.Errorf("%d bytes: %d in %d chunks, %v", n, len(got), chunks, err)
		}
	}
}

func TestChunksOutOfTurn(t *testing.T) {
	first, last := channel.Chunk{Total: 4, First: true, Data: []byte("ab")}, channel.Chunk{Total: 4, Last: true, Data: []byte("cd")}
	for name, chunks := range map[string][]channel.Chunk{
		"no first":    {last},
		"too much":    {first, {Total: 4, Last: true, Data: []byte("cde")}},
		"too little":  {first, {Total: 4, Last: true, Data: []byte("c")}},
		"after last":  {first, last, last},
		"over bounds": {{Total: 100, First: true, Data: []byte("ab")}},
	} {
		j := channel.Joiner{Max: 50}
		var err error
		for _, c := range chunks {
			_, err = j.Next(c)
		}
		if !errors.Is(err, channel.ErrChunk) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzJoiner(f *testing.F) {
	f.Add([]byte{4, 0, 0, 0, 1, 0, 0, 0, 'a', 'b'}, []byte{4, 0, 0, 0, 2, 0, 0, 0, 'c', 'd'})
	f.Fuzz(func(t *testing.T, a, b []byte) {
		j := channel.Joiner{Max: 1 << 16}
		for _, chunk := range [][]byte{a, b, b} {
			c, err := channel.Parse(chunk)
			if err != nil {
				return
			}
			if m, err := j.Next(c); err != nil {
				return
			} else if len(m) > len(a)+2*len(b) {
				t.Error("more than came")
			}
		}
	})
}
