package dvc_test

import (
	"bytes"
	"embed"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/porthole-rac/porthole/protocol/rdp/bulk/zgfx"
	"github.com/porthole-rac/porthole/protocol/rdp/dvc"
	"github.com/porthole-rac/porthole/protocol/rdp/rdptest"
)

//go:embed testdata
var files embed.FS

// fromHex reads an example of a specification.
func fromHex(t testing.TB, name string) []byte {
	t.Helper()
	return rdptest.FromHex(t, files, name)
}

type lite struct{}

func (lite) Decode(dst, p []byte) ([]byte, error) { return append(dst, bytes.ToUpper(p[1:])...), nil }

func listening() *dvc.Client {
	return dvc.NewClient(dvc.Config{Accept: func(n string) bool { return n == "testdvc" }, NewDecompressor: func() dvc.Decompressor { return lite{} }})
}

// The examples of MS-RDPEDYC 4.1 to 4.4.
func TestExamples(t *testing.T) {
	c := listening()
	next := func(b []byte, reply []byte, want dvc.Event) {
		t.Helper()
		ev, got, err := c.Next(b)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, reply) {
			t.Errorf("answered %x, want %x", got, reply)
		}
		if diff := cmp.Diff(want, ev); diff != "" {
			t.Error(diff)
		}
	}
	next(fromHex(t, "caps"), []byte{0x50, 0, 2, 0}, nil)
	next(fromHex(t, "create"), []byte{0x10, 3, 0, 0, 0, 0}, &dvc.Opened{ID: 3, Name: "testdvc"})
	first := fromHex(t, "first")
	next(first, nil, &dvc.Data{ID: 3, Name: "testdvc", Total: 3195, Bytes: first[4:], First: true})
	more := append([]byte{0x34, 3}, bytes.Repeat([]byte{0x71}, 1598)...)
	next(more, nil, &dvc.Data{ID: 3, Name: "testdvc", Total: 3195, Bytes: more[2:]})
	next([]byte{0x34, 3, 0x71}, nil, &dvc.Data{ID: 3, Name: "testdvc", Total: 3195, Bytes: []byte{0x71}, Last: true})
	next(fromHex(t, "close"), []byte{0x40, 3}, &dvc.Closed{ID: 3, Name: "testdvc"})
	next(fromHex(t, "close"), nil, nil)
}

// The examples of MS-RDPEDYC 4.3.3 and 4.3.4: a message of 3195 times "q", whose last
// bytes are not compressed.
func TestCompressedExamples(t *testing.T) {
	c := dvc.NewClient(dvc.Config{Accept: func(string) bool { return true }, NewDecompressor: func() dvc.Decompressor { return zgfx.New(zgfx.Lite) }})
	for _, b := range [][]byte{{0x50, 0, 3, 0}, append([]byte{0x10, 3}, "testdvc\x00"...)} {
		if _, _, err := c.Next(b); err != nil {
			t.Fatal(err)
		}
	}
	var got []byte
	last := false
	for _, b := range [][]byte{fromHex(t, "first-compressed"), fromHex(t, "compressed"), {0x70, 3, 0x06, 0x71, 0x71, 0x71}} {
		ev, _, err := c.Next(b)
		if err != nil {
			t.Fatal(err)
		}
		d := ev.(*dvc.Data)
		got, last = append(got, d.Bytes...), d.Last
	}
	if !last || !bytes.Equal(got, bytes.Repeat([]byte("q"), 3195)) {
		t.Errorf("%d bytes, last %v", len(got), last)
	}
}

func TestVersions(t *testing.T) {
	for offered, want := range map[byte]byte{1: 1, 2: 2, 3: 3, 4: 3} {
		if _, got, err := listening().Next([]byte{0x50, 0, offered, 0, 1, 0, 2, 0, 3, 0, 4, 0}); err != nil || !bytes.Equal(got, []byte{0x50, 0, want, 0}) {
			t.Errorf("%d: %x, %v", offered, got, err)
		}
	}
	plain := dvc.NewClient(dvc.Config{})
	if _, got, err := plain.Next([]byte{0x50, 0, 3, 0}); err != nil || got[2] != 2 {
		t.Errorf("without a decompressor: %x, %v", got, err)
	}
}

func TestCompressedData(t *testing.T) {
	c := listening()
	for _, b := range [][]byte{{0x50, 0, 3, 0}, append([]byte{0x10, 3}, "testdvc\x00"...)} {
		if _, _, err := c.Next(b); err != nil {
			t.Fatal(err)
		}
	}
	var got []byte
	for _, b := range []string{"\x60\x03\x06\xe0abc", "\x70\x03\xe0def", "\x70\x03\xe0ghi", "\x30\x03jkl"} {
		ev, _, err := c.Next([]byte(b))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, ev.(*dvc.Data).Bytes...)
	}
	if string(got) != "ABCDEFGHIjkl" {
		t.Errorf("%q", got)
	}
}

func TestRulesThatAreBroken(t *testing.T) {
	for name, messages := range map[string][]string{
		"empty":                {""},
		"unknown command":      {"\xf0\x03"},
		"width of nothing":     {"\x33\x03"},
		"no capabilities":      {"\x50\x00"},
		"no name":              {"\x10\x03\x00"},
		"endless name":         {"\x10\x03" + strings.Repeat("x", 300)},
		"opened twice":         {"\x10\x03testdvc\x00", "\x10\x03testdvc\x00"},
		"huge":                 {"\x10\x03testdvc\x00", "\x28\x03\xff\xff\xff\xffx"},
		"more than announced":  {"\x10\x03testdvc\x00", "\x20\x03\x02abc"},
		"more in the end":      {"\x10\x03testdvc\x00", "\x20\x03\x04abc", "\x30\x03de"},
		"compressed, unasked":  {"\x10\x03testdvc\x00", "\x70\x03abc"},
		"length without bytes": {"\x10\x03testdvc\x00", "\x28\x03\x01"},
	} {
		c := listening()
		var err error
		for _, m := range messages {
			_, _, err = c.Next([]byte(m))
		}
		if !errors.Is(err, dvc.ErrMessage) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestChannelsHaveABound(t *testing.T) {
	c := listening()
	for i := range 300 {
		ev, reply, err := c.Next(append([]byte{0x11, byte(i), byte(i >> 8)}, "testdvc\x00"...))
		if err != nil {
			t.Fatal(err)
		}
		if _, opened := ev.(*dvc.Opened); opened != (i < dvc.MaxOpen) || opened != bytes.HasSuffix(reply, make([]byte, 4)) {
			t.Fatalf("channel %d: %T, %x", i, ev, reply)
		}
	}
}

func FuzzClient(f *testing.F) {
	for _, name := range []string{"caps", "create", "first", "close"} {
		f.Add(fromHex(f, name), fromHex(f, "create"))
	}
	f.Add([]byte("\x10\x03testdvc\x00"), []byte("\x60\x03\x06\xe0abc"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		c := listening()
		for range 3 {
			for _, m := range [][]byte{a, b} {
				ev, reply, err := c.Next(m)
				if err != nil {
					return
				}
				if d, ok := ev.(*dvc.Data); ok && (len(d.Bytes) > d.Total || d.Total > dvc.MaxMessage) || len(reply) > 16 {
					t.Errorf("%+v, %x", ev, reply)
				}
			}
		}
	})
}
