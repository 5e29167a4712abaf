package gcc_test

import (
	"embed"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/porthole-rac/porthole/protocol/rdp/gcc"
	"github.com/porthole-rac/porthole/protocol/rdp/mcs"
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

// The example of MS-RDPBCGR 4.1.3.
func TestClientExample(t *testing.T) {
	blocks, err := mcs.ParseConnectInitial(fromHex(t, "initial")[x224.HeaderSize:])
	if err != nil {
		t.Fatal(err)
	}
	c, err := gcc.ParseClient(blocks)
	if err != nil {
		t.Fatal(err)
	}
	want := gcc.Client{
		Version: gcc.Version5, Width: 1280, Height: 1024, Depth: 24, Keyboard: gcc.Keyboard{Layout: 0x409, Type: 4, Keys: 12}, Build: 3790, Name: "ELTONS-DEV2",
		ProductID: "69712-783-0357974-42714", Early: gcc.ErrorInfo, Connection: 0,
		Channels: []gcc.Channel{{Name: "rdpdr", Options: 0x80800000}, {Name: "cliprdr", Options: 0xc0a00000}, {Name: "rdpsnd", Options: 0xc0000000}},
	}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Error(diff)
	}
}

// The example of MS-RDPBCGR 4.1.4: a server with RDP's own security.
func TestServerExample(t *testing.T) {
	blocks, err := mcs.ParseConnectResponse(fromHex(t, "response")[x224.HeaderSize:])
	if err != nil {
		t.Fatal(err)
	}
	s, err := gcc.ParseServer(blocks)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Certificate) != 184 {
		t.Errorf("certificate of %d bytes", len(s.Certificate))
	}
	s.Certificate = nil
	want := gcc.Server{Version: gcc.Version5, EncryptionMethod: 2, EncryptionLevel: 2, IOChannel: 1003, Channels: []uint16{1004, 1005, 1006}}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Error(diff)
	}
}

func TestBothWays(t *testing.T) {
	c := gcc.Client{
		Version: gcc.Version10_12, Width: 1920, Height: 1080, Depth: 32, Keyboard: gcc.Keyboard{Layout: 0x407, Type: 4, Keys: 12}, Build: 1,
		Name: "a name of more than 15 characters", ProductID: "id", Early: gcc.ErrorInfo, Connection: gcc.LAN, Selected: x224.Hybrid,
		Channels: []gcc.Channel{{Name: "drdynvc", Options: 1}, {Name: "much too long", Options: 2}},
		Extended: true, MessageChannel: true, Monitors: []gcc.Monitor{{Width: 960, Height: 1080, Primary: true}, {X: 960, Width: 960, Height: 1080}},
	}
	b, err := c.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := gcc.ParseClient(b)
	if err != nil {
		t.Fatal(err)
	}
	c.Name, c.Channels[1].Name, c.Monitors = "a name of more ", "much to", nil
	c.Early |= gcc.Want32Bits
	if diff := cmp.Diff(c, got); diff != "" {
		t.Error(diff)
	}
	for _, n := range []int{0, 1, 2, 31} {
		s := gcc.Server{Version: gcc.Version10, Requested: 3, Early: gcc.ServerSkipJoin, IOChannel: 1003, MessageChannel: 1050}
		for i := range n {
			s.Channels = append(s.Channels, uint16(1004+i))
		}
		got, err := gcc.ParseServer(s.Append(nil))
		if diff := cmp.Diff(s, got); err != nil || diff != "" {
			t.Errorf("%v: %s", err, diff)
		}
	}
	if s, err := gcc.ParseServer(gcc.Server{IOChannel: 1003, Channels: make([]uint16, 32)}.Append(nil)); err == nil {
		t.Errorf("a server of %d channels", len(s.Channels))
	}
	if _, err := (gcc.Client{Channels: make([]gcc.Channel, 32)}).Append(nil); err == nil {
		t.Error("32 channels")
	}
}

func FuzzServer(f *testing.F) {
	blocks, err := mcs.ParseConnectResponse(fromHex(f, "response")[x224.HeaderSize:])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(blocks)
	f.Add(gcc.Server{IOChannel: 1003, Channels: []uint16{1004}, MessageChannel: 1005}.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := gcc.ParseServer(b); err == nil && (len(s.Channels) > gcc.MaxChannels || len(s.Certificate) > len(b)) {
			t.Errorf("%+v", s)
		}
		if c, err := gcc.ParseClient(b); err == nil && len(c.Channels) > gcc.MaxChannels {
			t.Errorf("%+v", c)
		}
	})
}
