package octets_test

import (
	"bytes"
	"testing"

	"github.com/porthole-rac/porthole/protocol/rdp/octets"
)

func TestReaderStaysShort(t *testing.T) {
	r := octets.New([]byte{1, 2, 3})
	if r.U16() != 0x201 || r.U32() != 0 || r.U8() != 0 || r.Err() == nil || r.Rest() != nil {
		t.Error("read beyond the end")
	}
	r = octets.New([]byte{5, 0, 0, 0, 'a'})
	if r.Size() != 0 || r.Err() == nil {
		t.Error("believed a length")
	}
	r = octets.New([]byte{1, 2})
	if r.Bytes(-1) != nil || r.Err() == nil {
		t.Error("took less than nothing")
	}
}

func TestText(t *testing.T) {
	for in, want := range map[string]string{"": "", "abc": "abc", "ä€😀": "ä€😀", "cut\x00here": "cut"} {
		if got := octets.Text(octets.AppendTextNUL(nil, in)); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
	for in, want := range map[string]string{"abc": "abc", "abcdefgh": "abc", "ab😀": "ab"} {
		b := octets.AppendField(nil, in, 8)
		if got := octets.Text(b); got != want || len(b) != 8 || !bytes.HasSuffix(b, []byte{0, 0}) {
			t.Errorf("%q: %q in %d bytes", in, got, len(b))
		}
	}
}
