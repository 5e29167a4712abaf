package rdp_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/porthole-rac/porthole/protocol/rdp"
	"github.com/porthole-rac/porthole/protocol/rdp/disp"
	"github.com/porthole-rac/porthole/protocol/rdp/dvc"
	"github.com/porthole-rac/porthole/protocol/rdp/gcc"
	"github.com/porthole-rac/porthole/protocol/rdp/octets"
	"github.com/porthole-rac/porthole/protocol/rdp/rdptest"
	"github.com/porthole-rac/porthole/protocol/rdp/x224"
)

func TestStaticChannels(t *testing.T) {
	c := alice()
	c.Channels = []gcc.Channel{{Name: "cliprdr", Options: gcc.OptionInitialized | gcc.OptionShowProtocol}, {Name: "rdpsnd"}}
	message := bytes.Repeat([]byte("0123456789abcdef"), 300) // three chunks
	for _, chunk := range []int{1, 1 << 20} {
		l := connected(t, c, wonderland(x224.TLS), chunk)
		c.Rand = alice().Rand
		c.Credentials = alice().Credentials
		if err := l.c.Send(1, message); err != nil {
			t.Fatal(err)
		}
		if err := l.c.Send(2, message); err == nil {
			t.Error("a channel that was not asked for")
		}
		var got []byte
		var names []string
		l.on = func(ev rdp.Event) {
			if ev, ok := ev.(*rdp.ChannelData); ok {
				if ev.First != (len(got) == 0) || ev.Last != (len(got)+len(ev.Bytes) == ev.Total) {
					t.Errorf("at %d: first %v, last %v", len(got), ev.First, ev.Last)
				}
				got, names = append(got, ev.Bytes...), append(names, ev.Name)
			}
		}
		l.s.Channel("cliprdr", message)
		if err := l.run(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, message) || len(names) != 3 || names[0] != "cliprdr" {
			t.Errorf("%d bytes on %v", len(got), names)
		}
		if ev := find[rdptest.Channel](l); ev == nil || ev.Name != "rdpsnd" || !bytes.Equal(ev.Message, message) {
			t.Errorf("the server got %v", ev)
		}
	}
}

func TestDynamicChannels(t *testing.T) {
	for _, chunk := range []int{1, 1 << 20} {
		l := connected(t, alice(), wonderland(x224.TLS), chunk)
		send := func(b ...byte) { l.s.Channel(dvc.StaticChannel, b) }
		answers := func() (out [][]byte) {
			t.Helper()
			if err := l.run(); err != nil {
				t.Fatal(err)
			}
			for _, ev := range l.events {
				out = append(out, ev.(*rdptest.Channel).Message)
			}
			l.events = nil
			return out
		}
		send(0x50, 0, 3, 0, 1, 0, 2, 0, 3, 0, 4, 0)
		send(append([]byte{0x10, 1}, "known\x00"...)...)
		send(append([]byte{0x11, 2, 1}, "unknown\x00"...)...)
		if diff := cmp.Diff([][]byte{{0x50, 0, 2, 0}, {0x10, 1, 0, 0, 0, 0}, {0x11, 2, 1, 0x90, 0x04, 0x07, 0x80}}, answers()); diff != "" {
			t.Fatal(diff)
		}
		send(0x30, 1, 'o', 'n', 'e')
		send(append([]byte{0x24, 1, 0xd0, 0x07}, make([]byte, 1596)...)...)
		send(append([]byte{0x30, 1}, make([]byte, 404)...)...)
		send(0x30, 77, 'w', 'h', 'o')
		send(0x80, 0, 8, 0, 0, 0, 1, 0, 0, 0) // soft-sync
		if got := answers(); got != nil {
			t.Errorf("answered %x", got)
		}
		if err := l.c.SendDynamic(1, bytes.Repeat([]byte{9}, 2000)); err != nil {
			t.Fatal(err)
		}
		if err := l.c.SendDynamic(2, nil); err == nil {
			t.Error("a channel that is not open")
		}
		if got := answers(); len(got) != 2 || len(got[0]) != 1600 || !bytes.Equal(got[0][:5], []byte{0x24, 1, 0xd0, 0x07, 9}) || len(got[1]) != 2+404 {
			t.Errorf("sent %d messages", len(got))
		}
		send(0x40, 1)
		if diff := cmp.Diff([][]byte{{0x40, 1}}, answers()); diff != "" {
			t.Error(diff)
		}
		want := []string{
			"*dvc.Opened &{1 known}", "*dvc.Refused &{unknown}", "dvc known total 3 first=true last=true 3 bytes",
			"dvc known total 2000 first=true last=false 1596 bytes", "dvc known total 2000 first=false last=true 404 bytes", "*dvc.Closed &{1 known}",
		}
		if diff := cmp.Diff(want, l.log); diff != "" {
			t.Error(diff)
		}
	}
}

func TestDisplayControl(t *testing.T) {
	l := connected(t, alice(), wonderland(x224.TLS), 1<<20)
	send := func(b ...byte) { l.s.Channel(dvc.StaticChannel, b) }
	if err := l.c.Resize(gcc.Monitor{Width: 1280, Height: 720}); !errors.Is(err, rdp.ErrNotOffered) {
		t.Error(err)
	}
	send(0x50, 0, 1, 0)
	send(append([]byte{0x10, 5}, disp.Channel+"\x00"...)...)
	send(append([]byte{0x30, 5}, 5, 0, 0, 0, 20, 0, 0, 0, 1, 0, 0, 0, 0x00, 0x10, 0, 0, 0x00, 0x08, 0, 0)...)
	if err := l.run(); err != nil {
		t.Fatal(err)
	}
	if want := []string{"*rdp.DisplayControl &{{1 8388608}}"}; !slices.Equal(l.log, want) {
		t.Fatalf("%q", l.log)
	}
	l.events = nil
	for _, m := range [][]gcc.Monitor{{}, {{Width: 1281, Height: 720}}, {{Width: 100, Height: 720}}, {{Width: 8192, Height: 8192}}, {{Width: 800, Height: 600}, {Width: 800, Height: 600}}} {
		if err := l.c.Resize(m...); err == nil {
			t.Errorf("%v was sent", m)
		}
	}
	if err := l.c.Resize(gcc.Monitor{Width: 1280, Height: 720, Orientation: 90, DesktopScale: 150}); err != nil {
		t.Fatal(err)
	}
	if err := l.run(); err != nil {
		t.Fatal(err)
	}
	want := octets.U32(octets.U32(octets.U32(octets.U32([]byte{0x30, 5}, 2), 56), 40), 1)
	for _, v := range []uint32{1, 0, 0, 1280, 720, 0, 0, 90, 150, 100} {
		want = octets.U32(want, v)
	}
	if got := find[rdptest.Channel](l); got == nil || !bytes.Equal(got.Message, want) {
		t.Errorf("got %x", got)
	}
}
