package rdp_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/porthole-rac/porthole/protocol/rdp"
	"github.com/porthole-rac/porthole/protocol/rdp/input"
	"github.com/porthole-rac/porthole/protocol/rdp/octets"
	"github.com/porthole-rac/porthole/protocol/rdp/rdptest"
	"github.com/porthole-rac/porthole/protocol/rdp/share"
	"github.com/porthole-rac/porthole/protocol/rdp/update"
	"github.com/porthole-rac/porthole/protocol/rdp/x224"
)

// say runs what a server does, with the client getting so many bytes at a time, and
// gives what the client reported.
func say(t *testing.T, chunk int, c rdp.Config, do func(s *rdptest.Server)) ([]string, error) {
	t.Helper()
	l := connected(t, c, wonderland(x224.TLS), chunk)
	do(l.s)
	err := l.run()
	return l.log, err
}

// pointer is the data of a colour pointer.
func pointer(index, size, bpp int) []byte {
	xor, and := (size*bpp+15)/16*2*size, (size+15)/16*2*size
	var b []byte
	for _, v := range []int{index, 1, 2, size, size, and, xor} {
		b = octets.U16(b, uint16(v))
	}
	return append(append(b, bytes.Repeat([]byte{0xc0}, xor)...), bytes.Repeat([]byte{0xa0}, and)...)
}

func TestPicturesArriveHoweverTheyAreCut(t *testing.T) {
	picture := bytes.Repeat([]byte("picture "), 4000)
	script := func(size int) func(s *rdptest.Server) {
		return func(s *rdptest.Server) {
			s.FastPath(update.Bitmaps, rdptest.Bitmap(10, 20, 64, 64, 32, true, picture[:5000]), size)
			s.FastPath(update.Bitmaps, rdptest.Bitmap(0, 0, 4, 2, 16, false, picture[:16]), size)
			s.FastPath(update.Surface, rdptest.Frame(7, 64, 128, 640, 64, 3, picture), size)
			s.FastPath(update.Surface, rdptest.Frame(8, 0, 0, 8, 8, 1, nil), size)
			s.FastPath(update.PointerColor, pointer(3, 8, 24), size)
			s.FastPath(update.PointerNew, append([]byte{1, 0}, pointer(4, 16, 1)...), size)
			s.FastPath(update.PointerCache, []byte{3, 0}, size)
			s.FastPath(update.PointerCache, []byte{9, 0}, size) // was never sent
			s.FastPath(update.PointerHidden, nil, 0)
			s.FastPath(update.PointerDefault, nil, 0)
			s.FastPath(update.PointerMove, []byte{10, 0, 20, 0}, size)
			s.FastPath(update.Synchronize, nil, 0)
			s.FastPath(update.Orders, []byte{1, 2, 3}, size)
			s.Share(share.Update, rdptest.Bitmap(1, 2, 3, 4, 24, true, []byte("slow")))
			s.Share(share.Pointer, append([]byte{6, 0, 0, 0}, pointer(5, 4, 24)...))
			s.Share(share.Pointer, []byte{1, 0, 0, 0, 0, 0, 0, 0})
		}
	}
	want, err := say(t, 1<<20, alice(), script(0))
	if err != nil {
		t.Fatal(err)
	}
	for _, begin := range []string{
		"rect 10,20-74,84 planar 5000", "rect 0,0-4,2 raw 16", "*update.FrameBegin &{7}", "rect 64,128-704,192 RemoteFX 32000", "*update.FrameEnd &{7}",
		"rect 0,0-8,8 NSCodec 0", "pointer 3 8x8 hot 1,2 bpp 24 c0", "pointer 4 16x16 hot 1,2 bpp 1 c0", "*update.PointerCached &{3}",
		"*update.PointerSystem &{false}", "*update.PointerSystem &{true}", "*update.PointerMoved &{10 20}", "*rdp.Ignored &{drawing orders}",
		"rect 1,2-4,6 RLE 4", "pointer 5 4x4",
	} {
		if !slices.ContainsFunc(want, func(s string) bool { return strings.HasPrefix(s, begin) }) {
			t.Errorf("no %q in %q", begin, want)
		}
	}
	for _, size := range []int{1, 7, 22, 1000} {
		for _, chunk := range []int{1, 13, 1 << 20} {
			got, err := say(t, chunk, alice(), script(size))
			if err != nil {
				t.Fatalf("fragments of %d, pieces of %d: %v", size, chunk, err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("fragments of %d, pieces of %d: %s", size, chunk, diff)
			}
		}
	}
}

func TestPicturesThatBreakRules(t *testing.T) {
	frame := rdptest.Frame(1, 0, 0, 8, 8, 3, []byte("data"))
	large := slices.Clone(frame)
	copy(large[8+2+8+8:], []byte{0xff, 0xff, 0xff, 0x7f}) // the length of the data
	for name, do := range map[string]func(s *rdptest.Server){
		"codec nobody offered":   func(s *rdptest.Server) { s.FastPath(update.Surface, rdptest.Frame(1, 0, 0, 8, 8, 9, nil), 0) },
		"larger than allowed":    func(s *rdptest.Server) { s.FastPath(update.Surface, large, 0) },
		"ends early":             func(s *rdptest.Server) { s.FastPath(update.Surface, frame[:40], 0) },
		"ends in a head":         func(s *rdptest.Server) { s.FastPath(update.Surface, frame[:12], 0) },
		"no rows":                func(s *rdptest.Server) { s.FastPath(update.Bitmaps, rdptest.Bitmap(0, 0, 8, 0, 32, true, nil), 0) },
		"odd depth":              func(s *rdptest.Server) { s.FastPath(update.Bitmaps, rdptest.Bitmap(0, 0, 8, 8, 12, true, nil), 0) },
		"bitmaps missing":        func(s *rdptest.Server) { s.FastPath(update.Bitmaps, []byte{1, 0, 9, 0}, 0) },
		"pointer too large":      func(s *rdptest.Server) { s.FastPath(update.PointerNew, append([]byte{1, 0}, pointer(1, 400, 1)...), 0) },
		"pointer outside":        func(s *rdptest.Server) { s.FastPath(update.PointerColor, pointer(99, 4, 24), 0) },
		"pointer of few colours": func(s *rdptest.Server) { s.FastPath(update.PointerNew, append([]byte{32, 0}, pointer(1, 8, 24)...), 0) },
		"middle without first":   func(s *rdptest.Server) { s.Raw([]byte{0, 6, 0x34, 1, 0, 9}) },
		"first within another":   func(s *rdptest.Server) { s.Raw([]byte{0, 6, 0x24, 1, 0, 4, 0, 6, 0x24, 1, 0, 4}) },
		"another within fragments": func(s *rdptest.Server) {
			s.Raw([]byte{0, 6, 0x24, 1, 0, 1, 0, 6, 0x31, 1, 0, 0})
		},
		"update longer than its frame": func(s *rdptest.Server) { s.Raw([]byte{0, 6, 4, 200, 0, 4}) },
		"encrypted":                    func(s *rdptest.Server) { s.Raw([]byte{0x80, 6, 4, 1, 0, 4}) },
		"compressed unasked":           func(s *rdptest.Server) { s.Raw([]byte{0, 7, 0x84, 0x21, 1, 0, 4}) },
		"palette too large":            func(s *rdptest.Server) { s.FastPath(update.PaletteUpdate, []byte{2, 0, 0, 0, 0, 1, 1, 0}, 0) },
		"a frame of nothing":           func(s *rdptest.Server) { s.Raw([]byte{3, 0, 0, 4}) },
	} {
		var broken *rdp.ProtocolError
		if log, err := say(t, 1<<20, alice(), do); !errors.As(err, &broken) || broken.Step != "session" {
			t.Errorf("%s: %v, %v", name, err, log)
		}
	}
}

// bulk turns letters around, and needs them to be marked.
type bulk struct{ flags []byte }

func (b *bulk) Decode(flags uint8, data []byte) ([]byte, error) {
	b.flags = append(b.flags, flags)
	out := slices.Clone(data)
	slices.Reverse(out)
	return out, nil
}

func TestBulkCompressionIsUndone(t *testing.T) {
	c := alice()
	var all []*bulk
	c.NewBulk = func() rdp.Bulk {
		all = append(all, &bulk{})
		return all[len(all)-1]
	}
	c.BulkType = 1
	log, err := say(t, 3, c, func(s *rdptest.Server) {
		s.Raw([]byte{0, 10, 0x88, 0x61, 4, 0, 0, 2, 0, 1}) // a pointer's place, reversed
	})
	if err != nil || !slices.Contains(log, "*update.PointerMoved &{1 2}") {
		t.Errorf("%v, %q", err, log)
	}
	if len(all) != 1 || !bytes.Equal(all[0].flags, []byte{0x61}) {
		t.Errorf("%v", all)
	}
}

func TestResizeByTheServer(t *testing.T) {
	l := connected(t, alice(), wonderland(x224.TLS), 5)
	l.s.FastPath(update.PointerColor, pointer(1, 4, 24), 0)
	l.s.Resize(1024, 768)
	inactive := false
	l.on = func(ev rdp.Event) {
		if _, ok := ev.(*rdp.Deactivated); ok {
			inactive = errors.Is(l.c.Input(input.Move(1, 1)), rdp.ErrInactive)
		}
	}
	if err := l.run(); err != nil {
		t.Fatal(err)
	}
	if !inactive {
		t.Error("input was taken while there was no session")
	}
	if want := "active 1024x768 first=false"; !slices.Contains(l.log, want) {
		t.Errorf("%q", l.log)
	}
	// The pointers are forgotten.
	l.log = nil
	l.s.FastPath(update.PointerCache, []byte{1, 0}, 0)
	if err := l.run(); err != nil || !slices.Contains(l.log, "*update.PointerSystem &{false}") {
		t.Errorf("%v, %q", err, l.log)
	}
}

// TestActiveComesBeforeItsPictures: what belongs to the old desktop is dropped, and what
// belongs to the new one is reported after it, although it comes before the font map.
func TestActiveComesBeforeItsPictures(t *testing.T) {
	for name, draw := range map[string]func(s *rdptest.Server){
		"fast path": func(s *rdptest.Server) { s.FastPath(update.PointerColor, pointer(1, 4, 24), 0) },
		"slow path": func(s *rdptest.Server) { s.Share(share.Pointer, append([]byte{6, 0, 0, 0}, pointer(1, 4, 24)...)) },
	} {
		l := connected(t, alice(), wonderland(x224.TLS), 5)
		l.s.Share2(share.DeactivateAll, octets.Zeros(nil, 6))
		l.s.Raw([]byte{0, 6, 0x14, 1, 0, 4}) // the end of what began before
		l.s.Share(share.Update, rdptest.Bitmap(1, 2, 3, 4, 24, true, []byte("old")))
		l.s.Resize(1024, 768)
		draw(l.s)
		if err := l.run(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(l.log) != 3 || l.log[1] != "active 1024x768 first=false" || !strings.HasPrefix(l.log[2], "pointer 1 4x4") {
			t.Errorf("%s: %q", name, l.log)
		}
	}
}

func TestInput(t *testing.T) {
	pause := input.PauseKey()
	a := input.Text('ä')
	events := []input.Event{
		input.Sync(input.NumLock | input.CapsLock), input.Key{Code: 0x1e}.Down(), input.Key{Code: 0x1c, Extended: true}.Up(), pause[0],
		a[0], a[1], input.Move(683, 367), input.Press(input.Left, true, 1, 2), input.Press(input.Forward, false, 3, -4), input.Wheel(-120), input.HWheel(120),
	}
	l := connected(t, alice(), wonderland(x224.TLS), 1<<20)
	if err := l.c.Input(events...); err != nil {
		t.Fatal(err)
	}
	if err := l.run(); err != nil {
		t.Fatal(err)
	}
	want := []byte{
		0, 0, 0,
		0x66, 0x00, 0x1e, 0x03, 0x1c, 0x04, 0x1d,
		0x80, 0xe4, 0, 0x81, 0xe4, 0,
		0x20, 0x00, 0x08, 0xab, 0x02, 0x6f, 0x01, // MS-RDPBCGR 4.7
		0x20, 0x00, 0x90, 1, 0, 2, 0,
		0x40, 0x02, 0x00, 3, 0, 0, 0,
		0x20, 0x88, 0x03, 0, 0, 0, 0,
		0x20, 0x78, 0x04, 0, 0, 0, 0,
	}
	want[0], want[1], want[2] = byte(len(events))<<2, 0x80, byte(len(want))
	if got := find[rdptest.FastInput](l); got == nil || !bytes.Equal(got.Frame, want) {
		t.Errorf("got  %x\nwant %x", got.Frame, want)
	}
	if err := l.c.Input(input.MoveBy(1, 1)); !errors.Is(err, rdp.ErrNotOffered) {
		t.Errorf("relative: %v", err)
	}
	many := slices.Repeat([]input.Event{input.Key{Code: 1}.Down()}, 300)
	l.events = nil
	if err := l.c.Input(many...); err != nil {
		t.Fatal(err)
	}
	if err := l.run(); err != nil || len(l.events) != 2 {
		t.Errorf("%v: 300 keys in %d frames", err, len(l.events))
	}

	s := wonderland(x224.TLS)
	s.SlowInput, s.RelativeMouse = true, true
	l = connected(t, alice(), s, 1<<20)
	if err := l.c.Input(append(events, input.MoveBy(-1, 300), input.PressHere(input.Back, true))...); err != nil {
		t.Fatal(err)
	}
	if err := l.run(); err != nil {
		t.Fatal(err)
	}
	got := find[rdptest.Data](l)
	if got == nil || got.Kind != share.Input || got.Body[0] != byte(len(events)+2) || len(got.Body) != 4+12*(len(events)+2) {
		t.Fatalf("%v", got)
	}
	for at, want := range map[int][]byte{
		4:         {0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0},
		4 + 12:    {0, 0, 0, 0, 4, 0, 0, 0, 0x1e, 0, 0, 0},
		4 + 24:    {0, 0, 0, 0, 4, 0, 0, 0x81, 0x1c, 0, 0, 0},
		4 + 11*12: {0, 0, 0, 0, 4, 0x80, 0, 0x08, 0xff, 0xff, 0x2c, 0x01},
		4 + 12*12: {0, 0, 0, 0, 4, 0x80, 0x01, 0x80, 0, 0, 0, 0},
	} {
		if !bytes.Equal(got.Body[at:at+12], want) {
			t.Errorf("at %d: got %x, want %x", at, got.Body[at:at+12], want)
		}
	}
}

func TestFramesAndPictureControl(t *testing.T) {
	l := connected(t, alice(), wonderland(x224.TLS), 1<<20)
	for _, err := range []error{l.c.AckFrame(7), l.c.Suppress(true), l.c.Refresh(), l.c.Shutdown()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := l.run(); err != nil {
		t.Fatal(err)
	}
	var got []rdptest.Data
	for _, ev := range l.events {
		got = append(got, *ev.(*rdptest.Data))
	}
	area := []byte{0, 0, 0, 0, 0x1f, 3, 0x57, 2}
	want := []rdptest.Data{
		{Kind: share.FrameAck, Body: []byte{7, 0, 0, 0}},
		{Kind: share.SuppressOutput, Body: []byte{0, 0, 0, 0}},
		{Kind: share.SuppressOutput, Body: []byte{0, 0, 0, 0}},
		{Kind: share.SuppressOutput, Body: append([]byte{1, 0, 0, 0}, area...)},
		{Kind: share.RefreshRect, Body: append([]byte{1, 0, 0, 0}, area...)},
		{Kind: share.ShutdownRequest, Body: []byte{}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	l.s.Share(share.ShutdownDenied, nil)
	if err := l.run(); err != nil || !slices.Contains(l.log, "*rdp.ShutdownDenied &{}") {
		t.Errorf("%v, %q", err, l.log)
	}
	if err := l.c.Disconnect(); err != nil {
		t.Fatal(err)
	}
	if err := l.run(); err != nil || find[rdptest.Disconnected](l) == nil {
		t.Errorf("%v: no goodbye", err)
	}
	if err := l.c.Input(input.Move(0, 0)); !errors.Is(err, rdp.ErrInactive) {
		t.Error(err)
	}
	if err := l.c.Closed(); err != nil {
		t.Errorf("the end that was asked for: %v", err)
	}
}

func TestNetworkIsMeasuredHonestly(t *testing.T) {
	l := connected(t, alice(), wonderland(x224.TLS), 1<<20)
	l.s.Side(share.SecAutoDetect, share.AppendDetection(nil, share.Detection{Sequence: 5, Type: share.RTT}))
	l.s.Side(share.SecAutoDetect, share.AppendDetection(nil, share.Detection{Sequence: 6, Type: share.Start}))
	l.c.At(time.Second)
	if err := l.run(); err != nil {
		t.Fatal(err)
	}
	l.c.At(1500 * time.Millisecond)
	l.s.FastPath(update.PointerMove, []byte{1, 0, 1, 0}, 0)
	before := l.sent
	l.s.Side(share.SecAutoDetect, share.AppendDetection(nil, share.Detection{Sequence: 7, Type: share.Stop}))
	l.s.Side(share.SecAutoDetect, share.AppendDetection(nil, share.Detection{Type: share.ResultAll, BaseRTT: 1, Bandwidth: 2, AverageRTT: 3}))
	l.s.Side(share.SecHeartbeat, []byte{0, 30, 2, 3})
	l.s.Side(share.SecTransportRequest, []byte{0x44, 0, 0, 0, 1, 0, 0, 0})
	if err := l.run(); err != nil {
		t.Fatal(err)
	}
	var got [][]byte
	for _, ev := range l.events {
		got = append(got, ev.(*rdptest.Side).Body)
	}
	if len(got) != 3 {
		t.Fatalf("%x", got)
	}
	r := octets.New(got[1])
	r.Skip(2)
	sequence, kind, took, count := r.U16(), r.U16(), r.U32(), r.U32()
	if !bytes.Equal(got[0], []byte{6, 1, 5, 0, 0, 0}) || sequence != 7 || kind != 0x0b || took != 500 || count == 0 || int(count) > l.sent-before {
		t.Errorf("%x", got)
	}
	if !bytes.Equal(got[2], []byte{0x44, 0, 0, 0, 0x04, 0x40, 0x00, 0x80}) {
		t.Errorf("UDP: %x", got[2])
	}
	for _, want := range []string{"*rdp.Network &{1 3 2}", "*rdp.Heartbeat &{{30 2 3}}"} {
		if !slices.Contains(l.log, want) {
			t.Errorf("no %s in %q", want, l.log)
		}
	}
}

// TestNetworkIsMeasuredWhileConnecting: what counts then are the bytes sent for it.
func TestNetworkIsMeasuredWhileConnecting(t *testing.T) {
	l := connected(t, alice(), wonderland(x224.TLS), 3)
	payload := func(kind share.DetectionType, n int) []byte {
		b := octets.U16(octets.U16(octets.U16([]byte{8, 0}, 9), uint16(kind)), uint16(n))
		return append(b, make([]byte, n)...)
	}
	l.s.Side(share.SecAutoDetect, share.AppendDetection(nil, share.Detection{Type: share.StartConnect}))
	l.s.Side(share.SecAutoDetect, payload(share.Payload, 1000))
	l.s.Side(share.SecAutoDetect, payload(share.Payload, 500))
	l.s.Side(share.SecAutoDetect, payload(share.StopConnect, 20))
	if err := l.run(); err != nil {
		t.Fatal(err)
	}
	if got := find[rdptest.Side](l); got == nil || !bytes.Equal(got.Body, []byte{14, 1, 9, 0, 3, 0, 0, 0, 0, 0, 0xf0, 0x05, 0, 0}) {
		t.Errorf("%x", got)
	}
	l.s.Side(share.SecAutoDetect, payload(share.Payload, 1000)[:100])
	if err := l.run(); err == nil {
		t.Error("fewer bytes than announced")
	}
}

func TestNotices(t *testing.T) {
	long := octets.U32(octets.U16(octets.U32(nil, 1), 1), 576)
	long = octets.U32(octets.U32(octets.U32(long, 2), 8), 12)
	long = octets.AppendTextNUL(octets.AppendTextNUL(octets.Zeros(long, 558), "DOM"), "alice")
	cookie := octets.U32(octets.U32(octets.U32(octets.U32(octets.U16(octets.U32(nil, 3), 600), 1), 28), 28), 1)
	cookie = append(octets.U32(cookie, 9), "sixteen bytes!!!"...)
	both := append(octets.U32(octets.U32(octets.U32(octets.U32(octets.U16(octets.U32(nil, 3), 600), 3), 28), 28), 1), cookie[len(cookie)-20:]...)
	both = octets.U32(octets.U32(octets.U32(both, 8), 0), 1)
	failed := octets.U32(octets.U32(octets.U32(octets.U32(octets.U16(octets.U32(nil, 3), 600), 2), 8), 0xc000006d), 0)
	log, err := say(t, 1, alice(), func(s *rdptest.Server) {
		s.Share(share.SaveSession, long)
		s.Share(share.SaveSession, octets.Zeros(octets.U32(nil, 2), 576))
		s.Share(share.SaveSession, cookie)
		s.Share(share.SaveSession, failed)
		s.Share(share.SaveSession, both)
		s.Share(share.StatusInfo, octets.U32(nil, 0x502))
		s.Share(share.SetIndicators, []byte{0, 0, 6, 0})
		s.Share(share.PlaySound, octets.U32(octets.U32(nil, 100), 440))
		s.Share(share.ARCStatus, octets.Zeros(nil, 4))
		s.Share(share.MonitorLayout, octets.U32(octets.U32(octets.U32(octets.U32(octets.U32(octets.U32(nil, 1), 0), 0), 799), 599), 1))
		s.Share(0x7e, nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"*rdp.LoggedOn &{{DOM alice 2}}", "*rdp.LoggedOn &{{  0}}", "*rdp.ReconnectCookie &{[cookie]}",
		"*rdp.LoginNotice &{the user name or the password is wrong}",
		"*rdp.ReconnectCookie &{[cookie]}", "*rdp.LoginNotice &{the password must be changed}", "*rdp.Status &{the virtual machine is waking up}", "*rdp.Indicators &{6}",
		"*rdp.Beep &{100 440}", "*rdp.ReconnectFailed &{}", "*rdp.MonitorLayout &{[{0 0 800 600 true 0 0 0 0 0}]}", "*rdp.Ignored &{data message 0x7e}",
	}
	if diff := cmp.Diff(want, log); diff != "" {
		t.Error(diff)
	}

	c := alice()
	c.Cookie = &share.Cookie{Session: 9, Random: [16]byte([]byte("sixteen bytes!!!"))}
	l := newLink(t, c, wonderland(x224.TLS), 1<<20)
	if err := l.run(); err != nil {
		t.Fatal(err)
	}
	// HMAC-MD5 of 32 zeros, by the cookie (5.5).
	if got := find[rdptest.Info](l).Info.Cookie; len(got) != 28 || !bytes.Equal(got[:12], []byte{28, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0}) || bytes.Contains(got, []byte("sixteen")) {
		t.Errorf("%x", got)
	}
}

func TestNothingIsAllocatedForPictures(t *testing.T) {
	l := connected(t, alice(), wonderland(x224.TLS), 1<<20)
	l.s.FastPath(update.Surface, rdptest.Frame(7, 0, 0, 640, 64, 3, make([]byte, 100_000)), 0)
	l.s.FastPath(update.Bitmaps, rdptest.Bitmap(0, 0, 64, 64, 32, true, make([]byte, 3000)), 0)
	l.s.FastPath(update.PointerMove, []byte{1, 0, 1, 0}, 0)
	wire := l.s.Output()
	if n := testing.AllocsPerRun(20, func() {
		for in := wire; len(in) > 0; {
			ev, n, err := l.c.Next(in)
			in = in[n:]
			if err != nil {
				t.Fatal(err)
			}
			if end, ok := ev.(*rdp.FrameEnd); ok {
				_ = l.c.AckFrame(end.ID)
				_ = l.c.Input(input.Move(1, 2))
				l.c.Output()
			}
		}
	}); n > 1 { // the variable list of Input
		t.Errorf("%v allocations", n)
	}
}
