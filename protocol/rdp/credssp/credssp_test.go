package credssp_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/porthole-rac/porthole/protocol/rdp/credssp"
)

func TestMessages(t *testing.T) {
	for _, m := range []credssp.Message{
		{Version: 2},
		{Version: 6, Token: []byte("token")},
		{Version: 6, Token: bytes.Repeat([]byte("long"), 200), PublicKey: []byte("key"), Nonce: make([]byte, 32)},
		{Version: 3, Failed: true, Error: 0xc000006d},
		{Version: 4, AuthInfo: []byte("sealed")},
	} {
		b := m.Append(nil)
		for i := range b {
			if n, err := credssp.Size(b[:i]); err != nil || n != 0 && n != len(b) {
				t.Fatalf("%d of %d bytes: %d, %v", i, len(b), n, err)
			}
		}
		if n, err := credssp.Size(append(b, "more"...)); n != len(b) || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		got, err := credssp.Parse(b)
		if diff := cmp.Diff(m, got); err != nil || diff != "" {
			t.Errorf("%v: %s", err, diff)
		}
	}
	// As Windows sends it: the code as a number of four bytes, that is below zero.
	got, err := credssp.Parse([]byte{0x30, 0x0d, 0xa0, 3, 2, 1, 6, 0xa4, 6, 2, 4, 0xc0, 0, 0, 0x6d})
	if err != nil || !got.Failed || got.Error != 0xc000006d {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestSizesThatLie(t *testing.T) {
	for _, b := range [][]byte{{0x31}, {0x30, 0x80}, {0x30, 0x84, 1, 0, 0, 0}, {0x30, 0x83, 1, 0, 0}, {0x04, 1}} {
		if n, err := credssp.Size(b); !errors.Is(err, credssp.ErrMessage) {
			t.Errorf("%x: %d, %v", b, n, err)
		}
	}
}

func TestEveryCodeIsInWords(t *testing.T) {
	for _, code := range []uint32{0xc000006d, 0xc0000071, 0xc0000224, 0xc0000234, 0xc0000072, 0xc0000193, 0xc000006e, 0xc000006f, 0xc0000070, 0xc000015b, 0xc0000022} {
		if e := (&credssp.StatusError{Code: code}); e.Kind() == credssp.Other || len(e.Error()) < 15 || bytes.Contains([]byte(e.Error()), []byte("0x")) {
			t.Errorf("%#x: %v", code, e)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(credssp.Message{Version: 6, Token: []byte("token"), PublicKey: []byte("key"), Nonce: make([]byte, 32)}.Append(nil))
	f.Add(credssp.Message{Version: 3, Failed: true, Error: 5}.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if n, err := credssp.Size(b); err == nil && n > credssp.MaxMessage {
			t.Errorf("%d bytes", n)
		}
		m, err := credssp.Parse(b)
		if err != nil {
			return
		}
		again, err := credssp.Parse(m.Append(nil))
		if err != nil || !bytes.Equal(m.Token, again.Token) || !bytes.Equal(m.PublicKey, again.PublicKey) || m.Error != again.Error {
			t.Errorf("%+v became %+v, %v", m, again, err)
		}
	})
}
