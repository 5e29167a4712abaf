package vnc_test

import (
	"crypto/rand"
	"encoding/binary"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/codectest"
	"github.com/porthole-rac/porthole/protocol/rfb"
	"github.com/porthole-rac/porthole/protocol/rfb/rfbtest"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
	"github.com/porthole-rac/porthole/relay/target/vnc"
)

// with a server that a test talks through.
func talk(t *testing.T, o options, server rfbtest.Server) (*session, *scripted) {
	t.Helper()
	ready := make(chan *scripted, 8)
	o.settings = with(at(script(t, server, func(s *scripted) { ready <- s; s.listenOn() })), flatten(o.settings)...)
	s := start(t, o)
	return s, <-ready
}

func flatten(m map[string]string) (list []string) {
	for k, v := range m {
		list = append(list, k, v)
	}
	return list
}

// A fence is not answered while the browser has long not painted what came before it:
// that is how a slow browser slows its server.
func TestFenceWaitsForPaint(t *testing.T) {
	s, server := talk(t, options{}, rfbtest.Server{})
	server.say(fence("at once"))
	until(t, "the first answer", func() bool { return len(server.all(248)) == 1 })
	s.hold(true)
	server.say(pixel(1))
	s.await("the update", func() bool { return s.marks >= 1 })
	time.Sleep(vnc.Tolerance + 100*time.Millisecond) // it is late
	server.say(fence("later"))
	s.Refresh() // something that is written after it
	until(t, "another request", func() bool { return len(server.all(3)) > 1 })
	if n := len(server.all(248)); n != 1 {
		t.Fatalf("%d fences answered before the picture was painted", n)
	}
	s.hold(false)
	until(t, "the second answer", func() bool { return len(server.all(248)) == 2 })
	last := server.all(248)[1]
	if string(last[8:]) != "later" || binary.BigEndian.Uint32(last[3:]) != 1 {
		t.Errorf("answered %x", last)
	}
	s.hold(true)
	server.say(pixel(2))
	s.await("another update", func() bool { return s.marks >= 2 })
	time.Sleep(vnc.Tolerance + 100*time.Millisecond)
	server.say(fence("nobody looks"))
	s.Watched(false)
	until(t, "the answer for nobody", func() bool { return len(server.all(248)) == 3 })
}

// A server that can is told to send by itself, and to stop while nobody looks.
func TestContinuousUpdates(t *testing.T) {
	s, server := talk(t, options{}, rfbtest.Server{})
	server.say([]byte{150}) // EndOfContinuousUpdates: it can
	until(t, "on", func() bool { return len(server.all(150)) == 1 })
	server.say(pixel(1))
	s.await("a picture", func() bool { return s.marks == 1 })
	requests := len(server.all(3))
	for i := range 20 {
		server.say(pixel(byte(i)))
	}
	s.await("pictures", func() bool { return s.marks == 21 })
	if n := len(server.all(3)); n != requests {
		t.Errorf("%d requests besides", n-requests)
	}
	server.say(update(1), rect(0, 0, 300, 200, rfb.EncodingDesktopSize))
	until(t, "on for the new size", func() bool { return len(server.all(150)) == 2 })
	s.Watched(false)
	until(t, "off", func() bool { return len(server.all(150)) == 3 })
	server.say([]byte{150})
	s.Watched(true)
	until(t, "on again, and a request", func() bool { return len(server.all(150)) == 4 && len(server.all(3)) > requests })
	for i, want := range []struct {
		on   byte
		w, h uint16
	}{{1, 640, 480}, {1, 300, 200}, {0, 300, 200}, {1, 300, 200}} {
		b := server.all(150)[i]
		if b[0] != want.on || binary.BigEndian.Uint16(b[5:]) != want.w || binary.BigEndian.Uint16(b[7:]) != want.h {
			t.Errorf("%d: %x", i, b)
		}
	}
}

// Other servers are asked: first for all, then for changes, and not while the
// browser is behind.
func TestRequests(t *testing.T) {
	s, server := talk(t, options{}, rfbtest.Server{})
	until(t, "the first request", func() bool { return len(server.all(3)) == 1 })
	if b := server.all(3)[0]; b[0] != 0 || binary.BigEndian.Uint16(b[5:]) != 640 {
		t.Errorf("%x", b)
	}
	for i := range 5 {
		server.say(pixel(byte(i)))
		s.await("a picture", func() bool { return s.marks == uint64(i+1) })
		until(t, "another request", func() bool { return len(server.all(3)) >= i+2 })
	}
	if b := server.all(3)[1]; b[0] != 1 {
		t.Errorf("%x", b)
	}
	s.hold(true)
	for i := range 10 {
		server.say(pixel(byte(i)))
	}
	s.await("pictures", func() bool { return s.marks == 15 })
	s.Typed("x") // written after what is due by now
	until(t, "the key", func() bool { return len(server.all(4)) == 2 })
	before := len(server.all(3))
	time.Sleep(100 * time.Millisecond) // three times the clock of requests
	if n := len(server.all(3)); n > before {
		t.Errorf("%d requests while the browser is behind", n-before)
	}
	s.hold(false)
	until(t, "a request again", func() bool { return len(server.all(3)) > before })
	s.Refresh()
	until(t, "a request for all", func() bool {
		return slices.ContainsFunc(server.all(3)[1:], func(b []byte) bool { return b[0] == 0 })
	})
}

// What the server is asked for follows settings, the browser, and the wish.
func TestEncodings(t *testing.T) {
	lists := func(s *scripted) (all [][]rfb.Encoding) {
		for _, b := range s.all(2) {
			var l []rfb.Encoding
			for b = b[3:]; len(b) > 0; b = b[4:] {
				l = append(l, rfb.Encoding(binary.BigEndian.Uint32(b)))
			}
			all = append(all, l)
		}
		return all
	}
	last := func(s *scripted) []rfb.Encoding {
		all := lists(s)
		return all[len(all)-1]
	}
	has := slices.Contains[[]rfb.Encoding]
	cases := []struct {
		name     string
		settings map[string]string
		browser  target.Browser
		want     []rfb.Encoding
		without  []rfb.Encoding
	}{
		{
			"usual", nil,
			target.Browser{Pictures: "jpeg,png", Video: "avc1.42e01e"},
			[]rfb.Encoding{rfb.EncodingH264, rfb.EncodingTight, rfb.EncodingTightPNG, rfb.EncodingJPEG, rfb.Quality(8), rfb.EncodingCursorWithAlpha, rfb.EncodingExtendedClipboard},
			nil,
		},
		{
			"all that there are",
			map[string]string{"encodings": "raw copyrect rre corre hextile zlib tight trle zrle jpeg h264 tightpng zlibhex"},
			target.Browser{Pictures: "jpeg,png", Video: "avc1.42e01e"},
			[]rfb.Encoding{rfb.EncodingRaw, rfb.EncodingTight},
			nil,
		},
		{"no decoders", nil, target.Browser{Pictures: "webp"}, []rfb.Encoding{rfb.EncodingTight}, []rfb.Encoding{rfb.EncodingH264, rfb.EncodingTightPNG, rfb.EncodingJPEG, rfb.Quality(8)}},
		{"lossless", map[string]string{"force-lossless": "true"}, target.Browser{Pictures: "jpeg,png", Video: "avc1"}, []rfb.Encoding{rfb.EncodingTightPNG}, []rfb.Encoding{rfb.EncodingH264, rfb.EncodingJPEG, rfb.Quality(8)}},
		{"levels", map[string]string{"quality-level": "3", "compress-level": "9"}, chrome, []rfb.Encoding{rfb.Quality(3), rfb.Compression(9)}, []rfb.Encoding{rfb.Quality(8)}},
		{"chosen", map[string]string{"encodings": "zrle copyrect"}, chrome, []rfb.Encoding{rfb.EncodingZRLE, rfb.EncodingCopyRect}, []rfb.Encoding{rfb.EncodingTight, rfb.EncodingHextile}},
		{"remote cursor", map[string]string{"cursor": "remote"}, chrome, nil, []rfb.Encoding{rfb.EncodingCursor, rfb.EncodingCursorWithAlpha, rfb.EncodingXCursor}},
		{"sound by PulseAudio", map[string]string{"enable-audio": "true"}, chrome, nil, []rfb.Encoding{rfb.EncodingQEMUAudio}},
		{"no clipboard", map[string]string{"disable-copy": "true", "disable-paste": "true"}, chrome, nil, []rfb.Encoding{rfb.EncodingExtendedClipboard}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, server := talk(t, options{settings: c.settings, browser: c.browser}, rfbtest.Server{})
			until(t, "encodings", func() bool { return len(lists(server)) > 0 })
			if n := len(last(server)); n > 32 {
				t.Errorf("%d encodings, and wayvnc takes 32", n)
			}
			for _, e := range c.want {
				if !has(last(server), e) {
					t.Errorf("without %v", e)
				}
			}
			for _, e := range c.without {
				if has(last(server), e) {
					t.Errorf("with %v", e)
				}
			}
		})
	}
	s, server := talk(t, options{}, rfbtest.Server{})
	s.Quality(2)
	until(t, "the wish", func() bool { return len(lists(server)) == 2 && has(last(server), rfb.Quality(2)) })
	s.Quality(10)
	until(t, "no loss, of all that is seen", func() bool {
		all := server.all(3)
		return len(lists(server)) == 3 && !has(last(server), rfb.EncodingJPEG) && len(all) > 1 && all[len(all)-1][0] == 0
	})
	// The line gets slow, and good again.
	s2, server2 := talk(t, options{}, rfbtest.Server{})
	until(t, "encodings", func() bool { return len(lists(server2)) > 0 })
	for range 100 {
		s2.Desktop.Painted(target.Painted{Delay: time.Second, RTT: 10 * time.Millisecond})
	}
	until(t, "a lower quality", func() bool { return len(lists(server2)) > 1 && has(last(server2), rfb.Quality(7)) })
	server2.say(update(1), rect(0, 0, 20, 20, rfb.EncodingRaw), make([]byte, 1600))
	s2.await("compressed pixels", func() bool { return s2.codecs[wire.CodecDeflate] == 1 })
}

// Where there is no second login, what is still on its way in a zlib stream is dropped:
// the browser has no beginning of it. The request for all covers it.
func TestRenewDropsStreams(t *testing.T) {
	ready := make(chan *scripted, 1)
	server := rfbtest.Server{Types: []rfb.Security{rfb.SecurityNone}, Rand: rand.Reader}
	var calls atomic.Int32
	a := listen(t, func(c net.Conn) {
		if calls.Add(1) > 1 {
			return
		}
		session, err := server.Serve(c)
		if err != nil {
			return
		}
		s := &scripted{Conn: c, Session: session, rw: session.ReadWriter, t: t}
		ready <- s
		s.listenOn()
	})
	s := start(t, options{settings: at(a)})
	one := <-ready
	one.say(pixel(1))
	s.await("a picture", func() bool { return s.marks == 1 })
	one.say(update(2), rect(0, 0, 8, 8, rfb.EncodingHextile), []byte{2, 1, 2}) // cut off within a rectangle
	s.renewed(chrome)
	until(t, "plainer encodings and a request", func() bool { return len(one.all(2)) == 2 && len(one.all(3)) >= 2 })
	for b := one.all(2)[1][3:]; len(b) > 0; b = b[4:] {
		switch e := rfb.Encoding(binary.BigEndian.Uint32(b)); e {
		case rfb.EncodingTight, rfb.EncodingZRLE, rfb.EncodingZlib, rfb.EncodingJPEG:
			t.Errorf("asked for %v", e)
		}
	}
	picture := codectest.New("text", 64, 64, 1)
	late := codectest.NewPlainEncoder().Encode(int32(rfb.EncodingZRLE), picture, codec.Rect{W: 64, H: 64})
	one.say([]byte{3, 0}, rect(0, 0, 64, 64, rfb.EncodingZRLE), late[0].Payload)
	one.say(pixel(7))
	s.await("the new stream", func() bool { return s.begun == 2 && s.marks > 0 && s.codecs[wire.CodecRGBX] == 2 })
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.codecs[wire.CodecZRLE] > 0 || s.codecs[wire.CodecHextile] > 0 && s.inRect {
		t.Errorf("passed on %v", s.codecs)
	}
	if p := s.screen.Row(0, 0, 1); p[0] != 7 {
		t.Errorf("the pixel is %v", p)
	}
}
