package vnc_test

import (
	"bytes"
	"compress/zlib"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"net"
	"slices"
	"testing"

	"github.com/porthole-rac/porthole/protocol/rfb"
	"github.com/porthole-rac/porthole/protocol/rfb/rfbtest"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
	"github.com/porthole-rac/porthole/scripts/targets"
)

// A machine that is off is woken, and connected to when it is there.
func TestWake(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a := l.Addr().String()
	_ = l.Close()
	card, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = card.Close() })
	go func() { // the machine starts by the packet
		b := make([]byte, 200)
		if n, err := card.Read(b); err != nil || n != 102 {
			return
		}
		l, err := net.Listen("tcp", a)
		if err != nil {
			return
		}
		defer l.Close()
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		s := rfbtest.Server{Types: []rfb.Security{rfb.SecurityNone}, Rand: rand.Reader}
		if _, err := s.Serve(c); err == nil {
			_, _ = c.Write(pixel(1))
			_, _ = io.Copy(io.Discard, c)
		}
	}()
	_, port, _ := net.SplitHostPort(card.LocalAddr().String())
	p := new(person)
	s := start(t, options{person: p, settings: at(a, "wol-send-packet", "true", "wol-mac-addr", "00:11:22:33:44:55",
		"wol-broadcast-addr", "127.0.0.1", "wol-udp-port", port, "wol-wait-time", "1")})
	s.await("a picture", func() bool { return s.marks > 0 })
}

// The machine's own keyboard and mouse are blocked where the server can; others are not
// told what they do not know, and the person hears of it.
func TestServerInput(t *testing.T) {
	o := func(p *person) options {
		return options{person: p, settings: map[string]string{"disable-server-input": "true", "password": "sesame"}}
	}
	ultra := rfbtest.Server{Types: []rfb.Security{rfb.SecurityUltra}, Second: []rfb.Security{rfb.SecurityVncAuth}, Password: "sesame"}
	for name, c := range map[string]struct {
		server rfbtest.Server
		first  []byte
		blocks bool
	}{
		"plain":    {rfbtest.Server{}, nil, true},
		"UltraVNC": {ultra, fence("x"), true},
		"TigerVNC": {rfbtest.Server{}, fence("x"), false},
		"QEMU":     {rfbtest.Server{}, slices.Concat(update(1), rect(0, 0, 0, 0, rfb.EncodingQEMUExtendedKey)), false},
		"TightVNC": {rfbtest.Server{Types: []rfb.Security{rfb.SecurityTight}}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := new(person)
			s, server := talk(t, o(p), c.server)
			server.say(c.first, pixel(1))
			s.await("a picture", func() bool { return s.marks > 0 })
			until(t, "the message or the notice", func() bool { return len(server.all(9)) > 0 || p.Noticed("vnc-input-not-blocked") })
			server.say(pixel(2))
			s.Desktop.Key(wire.Key{Down: true, Keysym: 'a'})
			until(t, "what comes after it", func() bool { return len(server.all(4))+len(server.all(255)) > 0 })
			if got := server.all(9); c.blocks != (len(got) == 1 && bytes.Equal(got[0], []byte{1, 0, 0})) || c.blocks == p.Noticed("vnc-input-not-blocked") {
				t.Errorf("% x, %+v", got, p.Notices)
			}
		})
	}
}

// With color-depth the server sends fewer colours, in every encoding, and the browser is
// told how to read them.
func TestColorDepth(t *testing.T) {
	// By how much a colour may differ: the bits that lack, and how servers round.
	for _, c := range []struct {
		depth string
		by    int
		codec wire.Codec
	}{{"16", 8, wire.Pixels16}, {"8", 85, wire.Pixels8}} {
		t.Run("TigerVNC, "+c.depth, func(t *testing.T) {
			v := tiger(t, targets.VNCOptions{})
			work := draw(t, v, targets.Slow)
			for _, e := range []string{"", "tight", "zrle", "hextile", "rre", "raw"} {
				t.Run("encoding "+e, func(t *testing.T) {
					s := start(t, options{settings: at(v.Address(), "force-lossless", "true", "encodings", e, "color-depth", c.depth)})
					s.await("pictures", func() bool { return s.marks > 5 })
					s.await("its pixels", func() bool { return s.pixels[c.codec] > 5 && s.pixels[0] == 0 })
				})
			}
			_ = work.Stop()
			s := start(t, options{settings: at(v.Address(), "force-lossless", "true", "color-depth", c.depth)})
			same(t, s, v, c.by)
			if s.cursor.Width == 0 {
				t.Error("no pointer")
			}
			swapped := start(t, options{settings: at(v.Address(), "encodings", "raw", "color-depth", c.depth, "swap-red-blue", "true")})
			swapped.await("a picture", func() bool { return swapped.marks > 0 })
		})
		t.Run("x11vnc, "+c.depth, func(t *testing.T) {
			v := targets.For(t, targets.X11VNC, targets.VNCOptions{Width: 320, Height: 240})
			for _, e := range []string{"tight", "zrle", "zlib", "hextile", "rre", "corre", "raw"} {
				s := start(t, options{settings: with(v.Settings(), "force-lossless", "true", "encodings", e, "color-depth", c.depth)})
				same(t, s, v, c.by)
				_ = s.Close()
			}
		})
	}
	v := tiger(t, targets.VNCOptions{})
	draw(t, v, targets.Noise)
	s := start(t, options{settings: at(v.Address(), "color-depth", "16")})
	s.await("a JPEG", func() bool { return s.codecs[wire.CodecJPEG] > 3 })
}

// Plain pixels of fewer bits are compressed for a slow line too, and a fill has its colour.
func TestColorDepthOrders(t *testing.T) {
	s, server := talk(t, options{settings: map[string]string{"color-depth": "16"}}, rfbtest.Server{Width: 64, Height: 64})
	until(t, "the format", func() bool { return len(server.all(0)) == 1 })
	if got, want := server.all(0)[0], rfb.RGB565.Append([]byte{0, 0, 0}); !bytes.Equal(got, want) {
		t.Errorf("asked for % x, want % x", got, want)
	}
	server.say(update(1), rect(0, 0, 2, 2, rfb.EncodingTight), []byte{0x80, 0x00, 0xf8})
	s.await("a fill", func() bool { return s.orders[wire.TypeFill] == 1 && s.marks == 1 })
	s.mu.Lock()
	if got := s.screen.Row(1, 1, 1); !bytes.Equal(got, []byte{0xff, 0, 0, 0xff}) {
		t.Errorf("filled with % x", got)
	}
	s.mu.Unlock()
	s.Painted(target.Painted{Mark: 1, Rate: 1 << 20})
	server.say(update(1), rect(0, 0, 64, 64, rfb.EncodingRaw), bytes.Repeat([]byte{0x1f, 0x00}, 64*64))
	s.await("compressed pixels", func() bool { return s.codecs[wire.CodecDeflate] == 1 && s.marks == 2 })
	s.mu.Lock()
	defer s.mu.Unlock()
	if got := s.screen.Row(63, 63, 1); !bytes.Equal(got, []byte{0, 0, 0xff, 0xff}) {
		t.Errorf("painted % x", got)
	}
}

// packed is the next part of a zlib stream.
func packed(t *testing.T, z *zlib.Writer, b *bytes.Buffer, parts ...[]byte) []byte {
	t.Helper()
	b.Reset()
	for _, p := range parts {
		_, _ = z.Write(p)
	}
	if err := z.Flush(); err != nil {
		t.Fatal(err)
	}
	return slices.Concat(binary.BigEndian.AppendUint32(nil, uint32(b.Len())), b.Bytes())
}

// A pointer with alpha may come by the zlib stream of the rectangles: the browser decodes
// it, and the rectangles after it. One in a picture has no alpha and changes nothing.
func TestAlphaCursor(t *testing.T) {
	s, server := talk(t, options{}, rfbtest.Server{})
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	number := func(e rfb.Encoding) []byte { return binary.BigEndian.AppendUint32(nil, uint32(e)) }
	shape := func(e rfb.Encoding) []byte {
		return slices.Concat(rect(9, 0, 2, 1, rfb.EncodingCursorWithAlpha), number(e))
	}
	half, whole := []byte{0x80, 0x40, 0x20, 0x80}, []byte{1, 2, 3, 0xff}
	server.say(update(3), rect(0, 0, 1, 1, rfb.EncodingZRLE), packed(t, z, &b, []byte{1, 10, 20, 30}),
		shape(rfb.EncodingZRLE), packed(t, z, &b, []byte{0}, half, whole),
		rect(1, 0, 1, 1, rfb.EncodingZRLE), packed(t, z, &b, []byte{1, 40, 50, 60}))
	s.await("the shape and the picture", func() bool { return s.marks == 1 && s.codecs[wire.CodecRFBCursor] == 1 })
	s.mu.Lock()
	if c := s.cursor; c.Width != 2 || c.HotX != 1 || !bytes.Equal(c.Pixels, []byte{0xff, 0x80, 0x40, 0x80, 1, 2, 3, 0xff}) {
		t.Errorf("%+v", c)
	}
	if got := s.screen.Row(0, 0, 2); !bytes.Equal(got, []byte{10, 20, 30, 0xff, 40, 50, 60, 0xff}) {
		t.Errorf("% x", got)
	}
	s.mu.Unlock()
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, image.NewRGBA(image.Rect(0, 0, 2, 1)), nil); err != nil {
		t.Fatal(err)
	}
	n := photo.Len()
	server.say(update(3), shape(rfb.EncodingTight), []byte{0x90, byte(n) | 0x80, byte(n >> 7)}, photo.Bytes(),
		shape(rfb.EncodingH264), []byte{0, 0, 0, 1, 0, 0, 0, 0, 77}, rect(0, 0, 1, 1, rfb.EncodingZRLE), packed(t, z, &b, []byte{1, 70, 80, 90}))
	s.await("the next picture", func() bool { return s.marks == 2 })
	server.say(update(2), shape(rfb.EncodingTRLE), []byte{0}, whole, half, rect(0, 0, 0, 0, rfb.EncodingLastRect))
	s.await("another shape", func() bool { return s.cursor.Pixels[7] == 0x80 })
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.codecs[wire.CodecRFBCursor] != 2 {
		t.Errorf("%d shapes for the browser to decode", s.codecs[wire.CodecRFBCursor])
	}
}

// ZlibHex is passed on like others.
func TestZlibHex(t *testing.T) {
	s, server := talk(t, options{settings: map[string]string{"encodings": "zlibhex"}}, rfbtest.Server{})
	until(t, "the encodings", func() bool { return len(server.all(2)) == 1 })
	if got := server.all(2)[0][3:7]; !bytes.Equal(got, []byte{0, 0, 0, 8}) {
		t.Errorf("asked for % x first", got)
	}
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	for i := range byte(3) {
		p := packed(t, z, &b, []byte{i, i, i, 0})
		server.say(update(1), rect(0, 0, 1, 1, rfb.EncodingZlibHex), []byte{32}, p[2:])
		s.await("a picture", func() bool { return s.marks == uint64(i)+1 })
		s.mu.Lock()
		if got := s.screen.Row(0, 0, 1); got[0] != i || s.codecs[wire.CodecZlibHex] != int(i)+1 {
			t.Errorf("% x", got)
		}
		s.mu.Unlock()
	}
}

// x11vnc understands that its machine's own input is to be blocked, and goes on.
func TestServerInputX11VNC(t *testing.T) {
	v := targets.For(t, targets.X11VNC, targets.VNCOptions{Width: 320, Height: 240})
	in, err := v.Display.Input()
	if err != nil {
		t.Fatal(err)
	}
	p := new(person)
	s := start(t, options{person: p, settings: with(v.Settings(), "disable-server-input", "true")})
	s.await("a picture", func() bool { return s.marks > 0 })
	s.Pointer(wire.Pointer{X: 100, Y: 50})
	for _, k := range "ab" {
		s.Key(wire.Key{Down: true, Keysym: uint32(k)})
		s.Key(wire.Key{Keysym: uint32(k)})
	}
	until(t, "keys after it", func() bool { return fmt.Sprint(in.Typed()) == "[a b]" })
	if p.Noticed("vnc-input-not-blocked") {
		t.Errorf("%+v", p.Notices)
	}
}

// The pixels that a server is asked for.
func TestFormatsAskedFor(t *testing.T) {
	swapped, narrow := rfb.RGBX, rfb.BGR233
	swapped.RedShift, swapped.BlueShift = 16, 0
	narrow.RedShift, narrow.BlueShift, narrow.RedMax, narrow.BlueMax = 6, 0, 3, 7
	for name, c := range map[string]struct {
		depth, swap string
		want        rfb.PixelFormat
	}{
		"nothing":                 {"", "", rfb.RGBX},
		"all colours":             {"24", "", rfb.RGBX},
		"with a byte more":        {"32", "", rfb.RGBX},
		"16 bits":                 {"16", "", rfb.RGB565},
		"8 bits":                  {"8", "", rfb.BGR233},
		"swap-red-blue":           {"", "true", swapped},
		"swap-red-blue in 8 bits": {"8", "true", narrow},
	} {
		t.Run(name, func(t *testing.T) {
			_, server := talk(t, options{settings: map[string]string{"color-depth": c.depth, "swap-red-blue": c.swap}}, rfbtest.Server{})
			until(t, "the format", func() bool { return len(server.all(0)) == 1 })
			if got, want := server.all(0)[0], c.want.Append([]byte{0, 0, 0}); !bytes.Equal(got, want) {
				t.Errorf("% x, want % x", got, want)
			}
		})
	}
}
