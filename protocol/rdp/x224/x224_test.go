package x224_test

import (
	"bytes"
	"embed"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/rdp/rdptest"
	"github.com/porthole-rac/porthole/protocol/rdp/x224"
)

//go:embed testdata
var files embed.FS

// fromHex reads an example of a specification.
func fromHex(t testing.TB, name string) []byte {
	t.Helper()
	return rdptest.FromHex(t, files, name)
}

// The examples of MS-RDPBCGR 4.1.1 and 4.1.2.
func TestExamples(t *testing.T) {
	want := fromHex(t, "request")
	q, err := x224.ParseRequest(want)
	if err != nil || q.Cookie != "eltons" || q.Protocols != x224.RDP {
		t.Errorf("%+v, %v", q, err)
	}
	if got := q.Append(nil); !bytes.Equal(got, want) {
		t.Errorf("got  %x\nwant %x", got, want)
	}
	want = fromHex(t, "confirm")
	c, err := x224.ParseConfirm(want, x224.RDP)
	if err != nil || c != (x224.Confirm{}) {
		t.Errorf("%+v, %v", c, err)
	}
	if got := c.Append(nil); !bytes.Equal(got, want) {
		t.Errorf("got  %x\nwant %x", got, want)
	}
}

func TestRequestsAreLines(t *testing.T) {
	id := [16]byte{1, 2, 3}
	for _, tt := range []struct {
		q      x224.Request
		token  string
		cookie string
	}{
		{x224.Request{Cookie: "administrator"}, "", "administr"},
		{x224.Request{Cookie: "eve\r\nToken"}, "", "eve"},
		{x224.Request{Cookie: "alice", Token: "tsv://MS Terminal Services Plugin.1.Farm"}, "tsv://MS Terminal Services Plugin.1.Farm", ""},
		{x224.Request{Token: strings.Repeat("x", 400), Correlation: &id}, strings.Repeat("x", 180), ""},
		{x224.Request{Correlation: &id}, "", ""},
	} {
		tt.q.Protocols = x224.TLS | x224.Hybrid
		frame := tt.q.Append(nil)
		if n, fast, err := x224.FrameSize(frame); n != len(frame) || fast || err != nil {
			t.Errorf("%v: frame of %d", tt.q, n)
		}
		got, err := x224.ParseRequest(frame)
		if err != nil || got.Token != tt.token || got.Cookie != tt.cookie || got.Protocols != tt.q.Protocols {
			t.Errorf("%+v, %v", got, err)
		}
		if (got.Correlation == nil) != (tt.q.Correlation == nil) || got.Correlation != nil && *got.Correlation != id {
			t.Errorf("correlation %v", got.Correlation)
		}
	}
}

// A server may not choose what was not asked for, least of all the weakest.
func TestChoicesThatWereNotOffered(t *testing.T) {
	for _, tt := range []struct{ asked, chosen x224.Protocols }{
		{x224.TLS, x224.RDP}, {x224.TLS | x224.Hybrid, x224.RDP}, {x224.TLS, x224.Hybrid}, {x224.TLS | x224.Hybrid, x224.TLS | x224.Hybrid}, {x224.Hybrid, 0x80},
	} {
		if _, err := x224.ParseConfirm(x224.Confirm{Protocol: tt.chosen}.Append(nil), tt.asked); !errors.Is(err, x224.ErrUnasked) {
			t.Errorf("%v of %v: %v", tt.chosen, tt.asked, err)
		}
	}
	if _, err := x224.ParseConfirm(x224.Confirm{Plain: true}.Append(nil), x224.TLS); !errors.Is(err, x224.TLSNotAllowed) {
		t.Errorf("a server that does not negotiate: %v", err)
	}
}

func TestRetryGoesDownAndEnds(t *testing.T) {
	all := x224.TLS | x224.Hybrid | x224.HybridEx
	for _, tt := range []struct {
		allowed x224.Protocols
		errs    []error
		want    []x224.Protocols
	}{
		{all, []error{io.EOF, io.EOF, io.EOF, io.EOF}, []x224.Protocols{all, x224.TLS | x224.Hybrid, x224.TLS}},
		{all, []error{x224.TLSRequired, x224.HybridRequired, io.EOF}, []x224.Protocols{all, x224.TLS, x224.TLS | x224.Hybrid}},
		{x224.TLS, []error{x224.HybridRequired}, []x224.Protocols{x224.TLS}},
		{x224.TLS | x224.Hybrid, []error{x224.TLSNotAllowed}, []x224.Protocols{x224.TLS | x224.Hybrid}},
		{x224.TLS | x224.Hybrid, []error{x224.NoCertificate}, []x224.Protocols{x224.TLS | x224.Hybrid}},
	} {
		var tried []x224.Protocols
		var last error
		for i := 0; ; i++ {
			next, ok := x224.Retry(tried, tt.allowed, last)
			if !ok {
				break
			}
			tried = append(tried, next)
			last = tt.errs[min(i, len(tt.errs)-1)]
			if i > 5 {
				t.Fatal("does not end")
			}
		}
		if !equal(tried, tt.want) {
			t.Errorf("tried %v, want %v", tried, tt.want)
		}
	}
}

func equal(a, b []x224.Protocols) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestFrames(t *testing.T) {
	for _, tt := range []struct {
		b    string
		size int
		fast bool
		bad  bool
	}{
		{"", 0, false, false},
		{"\x03\x00", 0, false, false},
		{"\x03\x00\x01\x02", 0x102, false, false},
		{"\x03\x00\x00\x06", 0, false, true},
		{"\x00", 0, true, false},
		{"\x00\x7f", 127, true, false},
		{"\xc4\x80", 0, true, false},
		{"\x00\x81\x02", 0x102, true, false},
		{"\x00\x01", 0, true, true},
		{"\x00\x80\x02", 0, true, true},
		{"\x01\x05", 0, false, true},
		{"\x02\x05", 0, false, true},
		{"\x07\x00\x00\x10", 0, false, true},
	} {
		size, fast, err := x224.FrameSize([]byte(tt.b))
		if size != tt.size || fast != tt.fast && !tt.bad || (err != nil) != tt.bad {
			t.Errorf("%x: %d, %v, %v", tt.b, size, fast, err)
		}
	}
	if _, err := x224.End(x224.Begin(nil), 0); err != nil {
		t.Error(err)
	}
	if _, err := x224.End(append(x224.Begin(nil), make([]byte, 65536)...), 0); err == nil {
		t.Error("a frame of more than 64 KB")
	}
}

func FuzzConfirm(f *testing.F) {
	f.Add(fromHex(f, "confirm"))
	f.Add(x224.AppendFailure(nil, x224.HybridRequired))
	f.Add(fromHex(f, "request"))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _, _ = x224.FrameSize(b)
		_, _ = x224.Data(b)
		_, _ = x224.ParseRequest(b)
		if c, err := x224.ParseConfirm(b, x224.TLS|x224.Hybrid); err == nil && c.Protocol != x224.TLS && c.Protocol != x224.Hybrid {
			t.Errorf("took %v", c.Protocol)
		}
	})
}
