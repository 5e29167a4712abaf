package rfb_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/porthole-rac/porthole/protocol/rfb"
)

func TestClientMessages(t *testing.T) {
	area := rfb.Area{X: 1, Y: 2, Width: 3, Height: 4}
	screen := rfb.Screen{ID: 7, Area: area, Flags: 9}
	for name, c := range map[string]struct{ got, want []byte }{
		"pixel format":      {rfb.AppendSetPixelFormat(nil, rfb.RGBX), joined(0, 0, 0, 0, 32, 24, 0, 1, u16(255), u16(255), u16(255), 0, 8, 16, 0, 0, 0)},
		"encodings":         {rfb.AppendSetEncodings(nil, []rfb.Encoding{7, rfb.EncodingExtendedClipboard, rfb.Quality(9), rfb.Compression(0)}), joined(2, 0, u16(4), u32(7), "\xc0\xa1\xe5\xce", u32(-23), u32(-256))},
		"request":           {rfb.AppendUpdateRequest(nil, true, area), joined(3, 1, u16(1), u16(2), u16(3), u16(4))},
		"continuous":        {rfb.AppendContinuousUpdates(nil, true, area), joined(150, 1, u16(1), u16(2), u16(3), u16(4))},
		"key":               {rfb.AppendKey(nil, true, 0xff0d), joined(4, 1, 0, 0, u32(0xff0d))},
		"key code":          {rfb.AppendKeyCode(nil, false, 'a', 0x1e), joined(255, 0, u16(0), u32('a'), u32(0x1e))},
		"pointer":           {rfb.AppendPointer(nil, rfb.ButtonLeft|rfb.ButtonBack|rfb.ButtonForward, 1, 2, false), joined(5, 0x81, u16(1), u16(2))},
		"pointer, extended": {rfb.AppendPointer(nil, rfb.ButtonLeft|rfb.ButtonBack|rfb.ButtonForward, 1, 2, true), joined(5, 0x81, u16(1), u16(2), 3)},
		"pointer, plain":    {rfb.AppendPointer(nil, rfb.WheelUp, 1, 2, true), joined(5, 8, u16(1), u16(2))},
		"pointer, relative": {rfb.AppendPointerRelative(nil, 0, -1, 1<<20, false), joined(5, 0, u16(0x7ffe), u16(0xfffe))},
		"cut bytes":         {rfb.AppendCutBytes(nil, []byte{0xff, 0}), joined(6, 0, 0, 0, u32(2), "\xff\x00")},
		"cut text":          {rfb.AppendCutText(nil, "grüß\r\n€"), joined(6, 0, 0, 0, u32(6), "gr\xfc\xdf\n?")},
		"fence":             {rfb.AppendFence(nil, rfb.FenceRequest|rfb.FenceSyncNext, []byte("x")), joined(248, 0, 0, 0, u32(0x80000004), 1, "x")},
		"fence reply":       {rfb.AppendFenceReply(nil, &rfb.Fence{Flags: 0x80001005, Payload: []byte("x")}), joined(248, 0, 0, 0, u32(5), 1, "x")},
		"long fence":        {rfb.AppendFence(nil, 0, make([]byte, 99)), joined(248, 0, 0, 0, u32(0), 64, make([]byte, 64))},
		"desktop size":      {rfb.AppendSetDesktopSize(nil, 800, 600, []rfb.Screen{screen}), joined(251, 0, u16(800), u16(600), 1, 0, u32(7), u16(1), u16(2), u16(3), u16(4), u32(9))},
		"power":             {rfb.AppendPower(nil, rfb.PowerReset), joined(250, 0, 1, 4)},
		"sound":             {rfb.AppendAudioEnable(nil, true), joined(255, 1, 0, 0)},
		"no sound":          {rfb.AppendAudioEnable(nil, false), joined(255, 1, 0, 1)},
		"sound format":      {rfb.AppendAudioFormat(nil, rfb.SampleS16, 2, 48000), joined(255, 1, 0, 2, 3, 2, u32(48000))},
		"server input":      {rfb.AppendServerInput(nil, true), []byte{9, 1, 0, 0}},
		"chat":              {rfb.AppendTextChatClose(nil), joined(11, 0, 0, 0, u32(-2))},
		"clipboard caps":    {rfb.AppendClipboardCaps(nil, rfb.ClipText|rfb.ClipHTML|rfb.ClipFiles|rfb.ClipRequest, [4]uint32{5, 6, 7, 8}), joined(6, 0, 0, 0, u32(-12), u32(0x03000005), u32(5), u32(7))},
		"clipboard notify":  {rfb.AppendClipboardAction(nil, rfb.ClipNotify, rfb.ClipText), joined(6, 0, 0, 0, u32(-4), u32(0x08000001))},
	} {
		if !bytes.Equal(c.got, c.want) {
			t.Errorf("%s: %x, want %x", name, c.got, c.want)
		}
	}
	for name, c := range map[string]struct{ got, want rfb.Encoding }{
		"worst quality": {rfb.Quality(-3), -32}, "best fine": {rfb.FineQuality(200), -412}, "worst fine": {rfb.FineQuality(0), -512},
		"smallest": {rfb.Compression(9), -247}, "all colours": {rfb.SubsampleNone.Encoding(), -768}, "few": {rfb.Subsample16.Encoding(), -763},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, want %d", name, c.got, c.want)
		}
	}
}

func TestClientMessagesDoNotAllocate(t *testing.T) {
	buf := make([]byte, 0, 4096)
	screens := []rfb.Screen{{ID: 1}}
	encodings := []rfb.Encoding{7, 16, 0}
	if n := testing.AllocsPerRun(100, func() {
		b := rfb.AppendSetEncodings(rfb.AppendSetPixelFormat(buf, rfb.RGBX), encodings)
		b = rfb.AppendUpdateRequest(b, true, rfb.Area{})
		b = rfb.AppendKeyCode(rfb.AppendKey(b, true, 1), true, 1, 2)
		b = rfb.AppendPointerRelative(rfb.AppendPointer(b, 1, 2, 3, true), 0, 1, 2, false)
		b = rfb.AppendSetDesktopSize(rfb.AppendCutText(b, "text"), 1, 2, screens)
		_ = rfb.AppendClipboardAction(rfb.AppendFence(b, 0, buf[:8]), rfb.ClipPeek, 0)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// provide is a server's message with the content that a client would send: the two
// directions differ in the first byte.
func provide(t *testing.T, d rfb.ClipboardData) []byte {
	t.Helper()
	b, err := rfb.AppendClipboardProvide(nil, d)
	if err != nil {
		t.Fatal(err)
	}
	b[0] = 3
	return b
}

func TestExtendedClipboard(t *testing.T) {
	all := rfb.ClipboardData{Text: "a\nb€", RTF: []byte("{\\rtf}"), HTML: []byte("<b>"), DIB: []byte{1, 2}, Formats: rfb.ClipText | rfb.ClipRTF | rfb.ClipHTML | rfb.ClipDIB}
	for name, c := range map[string]struct {
		wire []byte
		want rfb.Clipboard
	}{
		"all formats": {provide(t, all), rfb.Clipboard{Flags: rfb.ClipProvide | all.Formats, Data: all}},
		"html only": {
			provide(t, rfb.ClipboardData{HTML: []byte("<i>"), Formats: rfb.ClipHTML}),
			rfb.Clipboard{Flags: rfb.ClipProvide | rfb.ClipHTML, Data: rfb.ClipboardData{HTML: []byte("<i>"), Formats: rfb.ClipHTML}},
		},
		"too long, and what is before it": {
			provide(t, rfb.ClipboardData{Text: "a", HTML: make([]byte, 65), DIB: []byte{1}, Formats: rfb.ClipText | rfb.ClipHTML | rfb.ClipDIB}),
			rfb.Clipboard{Flags: rfb.ClipProvide | rfb.ClipText | rfb.ClipHTML | rfb.ClipDIB, Data: rfb.ClipboardData{Text: "a", Formats: rfb.ClipText}, TooLong: rfb.ClipHTML | rfb.ClipDIB},
		},
		"caps of TigerVNC": {
			joined(3, 0, 0, 0, u32(-8), u32(0x1f000001), u32(10<<20)),
			rfb.Clipboard{Flags: 0x1f000001, Sizes: [4]uint32{10 << 20}},
		},
		"caps with too few sizes": {
			joined(3, 0, 0, 0, u32(-8), u32(0x17000003), u32(5)),
			rfb.Clipboard{Flags: 0x17000003, Sizes: [4]uint32{5}},
		},
		"request": {joined(3, 0, 0, 0, u32(-4), u32(0x02000001)), rfb.Clipboard{Flags: rfb.ClipRequest | rfb.ClipText}},
	} {
		t.Run(name, func(t *testing.T) {
			ev, _, err := newDecoder().Next(c.wire)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&c.want, ev); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// 10 MiB of zeros fit in 10 KiB; no more than the bound comes out.
func TestClipboardBomb(t *testing.T) {
	wire := provide(t, rfb.ClipboardData{HTML: make([]byte, 10<<20), Formats: rfb.ClipHTML})
	ev, _, err := newDecoder().Next(wire)
	if c, ok := ev.(*rfb.Clipboard); !ok || c.TooLong != rfb.ClipHTML || c.Data.HTML != nil || err != nil {
		t.Errorf("%+v, %v", ev, err)
	}
}

func TestRepeater(t *testing.T) {
	for in, want := range map[string]string{
		"ID:1234":       "{ID:1234 Host: Port:0}",
		"id:x":          "{ID:x Host: Port:0}",
		"pc.lan:5901":   "{ID: Host:pc.lan Port:5901}",
		"pc.lan:1":      "{ID: Host:pc.lan Port:5901}",
		"[fe80::1]:900": "{ID: Host:fe80::1 Port:900}",
	} {
		b, err := rfb.AppendRepeater([]byte("x"), in)
		if err != nil || len(b) != 1+rfb.RepeaterSize {
			t.Errorf("%s: %d bytes, %v", in, len(b), err)
			continue
		}
		if got, err := rfb.ParseRepeater(b[1:]); err != nil || fmt.Sprintf("%+v", got) != want {
			t.Errorf("%s: %+v, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "a b", "x\n", strings.Repeat("h", 250)} {
		if _, err := rfb.AppendRepeater(nil, in); err == nil {
			t.Errorf("%q is taken", in)
		}
	}
	for _, in := range []string{"", "host", "host:", "host:99999", ":1", "a:b:1", "h\x01:1"} {
		if got, err := rfb.ParseRepeater(append([]byte(in), make([]byte, rfb.RepeaterSize-len(in))...)); err == nil {
			t.Errorf("%q is read as %+v", in, got)
		}
	}
}
