package progressive

import (
	"encoding/hex"
	"slices"
	"testing"

	"github.com/porthole-rac/porthole/protocol/codec/rlgr"
)

// The streams of MS-RDPEGFX §4.1.2.1, of bands with 5, 5 and 4 coefficients.
func TestStreamsOfTheSpecification(t *testing.T) {
	for _, test := range []struct {
		stream string
		n      []uint
		want   []int32
	}{
		{"a0018000c949e0", []uint{4, 4, 4, 4, 2, 2, 2, 2}, []int32{-13, 15, -3, 0, 0, -3, 2, -1}},
		// The listing there lacks the code of the fourth value, "01"; it is put in here.
		{"80070015a700", []uint{4, 4, 4, 4, 2, 2, 2, 2, 2}, []int32{11, -12, 0, 1, 1, 0, 0, 0, -3}},
		{"b0", []uint{1, 1, 1}, []int32{-1, 1, 0}},
		{"", []uint{1, 2}, []int32{0, 0}},
	} {
		p, _ := hex.DecodeString(test.stream)
		s := newSRL(p)
		var got []int32
		for _, n := range test.n {
			got = append(got, s.next(n))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.stream, got, test.want)
		}
	}
	for stream, want := range map[string][]int16{
		"a8626dfff700": {-2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 1, -7, 6},
		"8876bdfffef2": {2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, -4, 8, -9},
	} {
		p, _ := hex.DecodeString(stream)
		var c rlgr.Coefficients
		rlgr.RLGR1.Decode(&c, p, new(rlgr.Shifts))
		for i, v := range want {
			if c.At(i) != v {
				t.Errorf("%s: coefficient %d is %d, want %d", stream, i, c.At(i), v)
			}
		}
	}
}
