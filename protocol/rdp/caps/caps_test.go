package caps_test

import (
	"bytes"
	"embed"
	"testing"

	"github.com/porthole-rac/porthole/protocol/rdp/caps"
	"github.com/porthole-rac/porthole/protocol/rdp/gcc"
	"github.com/porthole-rac/porthole/protocol/rdp/octets"
	"github.com/porthole-rac/porthole/protocol/rdp/rdptest"
	"github.com/porthole-rac/porthole/protocol/rdp/share"
)

//go:embed testdata
var files embed.FS

// fromHex reads an example of a specification.
func fromHex(t testing.TB, name string) []byte {
	t.Helper()
	return rdptest.FromHex(t, files, name)
}

func sets(t testing.TB) []byte {
	t.Helper()
	m, _, err := share.Parse(fromHex(t, "demand"))
	if err != nil || m.Type != share.DemandActive {
		t.Fatal(err)
	}
	d, err := share.ParseDemand(m.Body)
	if err != nil || string(d.Source) != "RDP\x00" || d.ShareID != 0x103ea {
		t.Fatalf("%+v, %v", d, err)
	}
	return d.Sets
}

// The example of MS-RDPBCGR 4.1.12.
func TestServerExample(t *testing.T) {
	s, err := caps.ParseServer(sets(t))
	if err != nil {
		t.Fatal(err)
	}
	if s.Width != 1280 || s.Height != 1024 || s.Depth != 24 || !s.Resizable || s.OSMajor != 1 || s.OSMinor != 3 || s.ExtraFlags != 0x041d || !s.RefreshRect || !s.SuppressOutput || !s.FastPathInput() {
		t.Errorf("%+v", s)
	}
}

func TestServersThatLie(t *testing.T) {
	b := sets(t)
	for n := 4; n < len(b)-20; n++ {
		if s, err := caps.ParseServer(b[:n]); err == nil {
			t.Fatalf("%d bytes: %+v", n, s)
		}
	}
	for name, b := range map[string][]byte{
		"too many":       {0xff, 0xff, 0, 0},
		"shorter than 4": {1, 0, 0, 0, 1, 0, 3, 0},
		"no bitmap set":  {0, 0, 0, 0},
		"no desktop":     append([]byte{1, 0, 0, 0, 2, 0, 28, 0}, make([]byte, 24)...),
	} {
		if s, err := caps.ParseServer(b); err == nil {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

// TestClient: the client's sets are as many as they say and as long as they say, orders
// are refused, and RemoteFX is as in the example of MS-RDPRFX 4.2.1.
func TestClient(t *testing.T) {
	b := caps.Client{
		Width: 1024, Height: 768, Depth: 32, Keyboard: gcc.Keyboard{Layout: 0x407, Type: 4}, MaxUpdate: 1 << 20, RemoteFX: true, NSCodec: true, Frames: 2,
	}.Append(nil)
	r := octets.New(b)
	n := int(r.U16())
	r.Skip(2)
	sizes := map[uint16]int{1: 24, 2: 28, 3: 88, 19: 40, 8: 10, 13: 88, 15: 8, 16: 52, 17: 12, 20: 12, 12: 8, 9: 8, 14: 8, 5: 12, 7: 12, 26: 8, 27: 6, 28: 12, 30: 8}
	for range n {
		kind, size := r.U16(), int(r.U16())
		body := r.Bytes(size - 4)
		if want := sizes[kind]; want != 0 && size != want {
			t.Errorf("set %d has %d bytes, want %d", kind, size, want)
		}
		delete(sizes, kind)
		if kind == 3 && !bytes.Equal(body[32:64], make([]byte, 32)) {
			t.Error("orders are offered")
		}
		if kind == 29 {
			if want := fromHex(t, "remotefx"); !bytes.Contains(body, want) {
				t.Errorf("RemoteFX: %x", body)
			}
		}
	}
	if r.Err() != nil || r.Len() != 0 || len(sizes) != 0 {
		t.Errorf("%v, %d bytes more, missing %v", r.Err(), r.Len(), sizes)
	}
}

func FuzzServer(f *testing.F) {
	f.Add(sets(f))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := caps.ParseServer(b); err == nil && (s.Width > gcc.MaxSide || s.Height > gcc.MaxSide || len(s.Codecs) > 64*255) {
			t.Errorf("%+v", s)
		}
	})
}
