package vnc_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"net"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/codectest"
	"github.com/porthole-rac/porthole/protocol/rfb"
	"github.com/porthole-rac/porthole/protocol/rfb/rfbtest"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
)

func jpegOf(c color.Color, w, h int) []byte {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		img.Set(i%w, i/w, c)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// tightPicture is a picture with the head that Tight gives it.
func tightPicture(control byte, data []byte) []byte {
	n := len(data)
	return append([]byte{control, byte(n) | 0x80, byte(n>>7) | 0x80, byte(n >> 14)}, data...)
}

// Tight's pictures and fills need no decoder of its; but when they reset its streams
// it has to hear of it.
func TestTightParts(t *testing.T) {
	red := jpegOf(color.RGBA{200, 0, 0, 255}, 16, 16)
	plain := codectest.New("text", 640, 480, 1)
	tight := codectest.NewPlainEncoder().Encode(int32(rfb.EncodingTight), plain, codec.Rect{X: 32, W: 64, H: 64})
	s, server := talk(t, options{}, rfbtest.Server{})
	server.say(update(4),
		rect(0, 0, 16, 16, rfb.EncodingTight), tightPicture(0x90, red),
		rect(16, 0, 16, 16, rfb.EncodingTight), tightPicture(0x93, red),
		rect(0, 16, 16, 16, rfb.EncodingTight), []byte{0x80, 1, 2, 3},
		rect(16, 16, 16, 16, rfb.EncodingTight), []byte{0x8f, 4, 5, 6},
	)
	s.await("the update", func() bool { return s.marks == 1 })
	s.mu.Lock()
	if s.codecs[wire.CodecJPEG] != 1 || s.codecs[wire.CodecTight] != 2 || s.orders[wire.TypeFill] != 1 {
		t.Errorf("%v, %v", s.codecs, s.orders)
	}
	for _, c := range []struct {
		x, y int
		want [3]byte
	}{{0, 16, [3]byte{1, 2, 3}}, {31, 31, [3]byte{4, 5, 6}}} {
		if got := [3]byte(s.screen.Row(c.x, c.y, 1)); got != c.want {
			t.Errorf("at %d,%d: %v, want %v", c.x, c.y, got, c.want)
		}
	}
	for x := range 2 {
		if p := s.screen.Row(16*x, 8, 1); p[0] < 190 || p[1] > 10 {
			t.Errorf("the picture at %d: %v", 16*x, p)
		}
	}
	s.mu.Unlock()
	for _, r := range tight {
		server.say(update(1), rect(r.X, r.Y, r.W, r.H, rfb.EncodingTight), r.Payload)
	}
	s.await("all of it", func() bool { return s.marks == 1+uint64(len(tight)) })
	s.mu.Lock()
	defer s.mu.Unlock()
	for y := range 64 {
		if got, want := s.screen.Row(32, y, 64), plain.Row(32, y, 64); !bytes.Equal(got, want) {
			t.Fatalf("row %d differs", y)
		}
	}
}

// Every encoding reaches the browser as it came, however the network cuts it.
func TestEveryEncoding(t *testing.T) {
	picture := codectest.New("text", 640, 480, 2)
	for _, e := range []rfb.Encoding{
		rfb.EncodingRaw, rfb.EncodingRRE, rfb.EncodingCoRRE, rfb.EncodingHextile, rfb.EncodingZlib, rfb.EncodingTight, rfb.EncodingTRLE, rfb.EncodingZRLE,
	} {
		for _, chunk := range []int{1 << 20, 1000, 7} {
			area := codec.Rect{X: 3, Y: 5, W: 300, H: 200}
			if chunk == 7 {
				area.W, area.H = 60, 50
			}
			s, server := talk(t, options{}, rfbtest.Server{})
			rects := codectest.NewEncoder(uint64(chunk)).Encode(int32(e), picture, area)
			all := update(len(rects))
			for _, r := range rects {
				all = append(append(all, rect(r.X, r.Y, r.W, r.H, e)...), r.Payload...)
			}
			for len(all) > 0 {
				n := min(chunk, len(all))
				server.say(all[:n])
				all = all[n:]
			}
			s.await("the update", func() bool { return s.marks == 1 })
			s.mu.Lock()
			for y := range area.H {
				if !bytes.Equal(s.screen.Row(area.X, area.Y+y, area.W), picture.Row(area.X, area.Y+y, area.W)) {
					t.Errorf("%v in pieces of %d: row %d differs", e, chunk, y)
					break
				}
			}
			s.mu.Unlock()
			_ = s.Close()
		}
	}
}

// Cursors, lock keys, pointer modes, sound, power, names: what belongs to a browser
// gets there, again for a new stream.
func TestEvents(t *testing.T) {
	s, server := talk(t, options{}, rfbtest.Server{Name: "box"})
	server.say(update(7),
		rect(1, 1, 2, 1, rfb.EncodingCursorWithAlpha), []byte{0, 0, 0, 2, 0, 0, 0, 0, 50, 0, 0, 128}, // RRE, one colour at half
		rect(0, 0, 0, 0, rfb.EncodingQEMULED), []byte{6},
		rect(0, 0, 0, 0, rfb.EncodingQEMUPointerMotion),
		rect(0, 0, 0, 0, rfb.EncodingQEMUExtendedKey),
		rect(0, 0, 0, 0, rfb.EncodingQEMUAudio),
		rect(0, 0, 0, 0, rfb.EncodingExtendedMouse),
		rect(7, 9, 0, 0, rfb.EncodingPointerPos),
	)
	server.say([]byte{2}, []byte{250, 0, 1, 1}) // bell, xvp
	check := func() bool {
		return s.cursor.Width == 2 && len(s.cursor.Pixels) == 8 && s.cursor.Pixels[0] == 100 && s.cursor.Pixels[3] == 128 &&
			s.leds == wire.LEDs{Num: true, Caps: true} && s.mode.Relative
	}
	s.await("everything", func() bool {
		const all = wire.CanScanCodes | wire.CanSound | wire.CanBackForward | wire.CanShutdown
		return check() && s.info.Abilities&all == all && s.info.Name == "box" && s.orders[wire.TypeBell] == 1 && s.orders[wire.TypePointerMoved] == 1
	})
	if s.marks != 0 {
		t.Errorf("%d marks without a picture", s.marks)
	}
	s.PointerRelative(wire.PointerRelative{DX: 3, DY: -2, Buttons: wire.ButtonBack})
	until(t, "a movement", func() bool { return len(server.all(5)) == 1 })
	if b := server.all(5)[0]; !bytes.Equal(b[:5], []byte{0x80, 0x80, 0x02, 0x7f, 0xfd}) {
		t.Errorf("moved %x", b)
	}
}

func TestPowerAndSound(t *testing.T) {
	s, server := talk(t, options{browser: target.Browser{Audio: "pcm"}}, rfbtest.Server{})
	server.say([]byte{250, 0, 1, 1}, update(1), rect(0, 0, 0, 0, rfb.EncodingQEMUAudio))
	s.await("abilities", func() bool { return s.info.Abilities&wire.CanSound != 0 })
	s.Power(wire.PowerReset)
	until(t, "the reset", func() bool { return len(server.all(250)) == 1 && server.all(250)[0][2] == 4 })
	s.Listen(true)
	until(t, "sound is asked for", func() bool { return len(server.all(255)) == 2 })
	samples := make([]byte, 2*48000/50*4) // two packets
	for i := range samples {
		samples[i] = byte(i*7 + 1)
	}
	server.say([]byte{255, 1, 0, 1}, []byte{255, 1, 0, 2, 0, 0, 0, 6}, samples[:6], []byte{255, 1, 0, 2, 0, 0, byte((len(samples) - 6) >> 8), byte(len(samples) - 6)}, samples[6:])
	s.await("the samples", func() bool { return bytes.Equal(s.sound, samples) })
	if s.format != (wire.AudioFormat{Codec: wire.AudioPCM, Rate: 48000, Channels: 2}) {
		t.Errorf("%+v", s.format)
	}
	server.say([]byte{255, 1, 0, 0})
	s.await("the end of the sound", func() bool { return s.format.Channels == 0 })
	s.Listen(false)
	until(t, "silence", func() bool { return len(server.all(255)) == 3 })
}

// A target's PulseAudio is asked for sound once somebody listens; without it the
// picture goes on, and the person is told why it is silent.
func TestPulseAudioAway(t *testing.T) {
	asked := make(chan struct{}, 100)
	pulse := listen(t, func(net.Conn) { asked <- struct{}{} }) // it closes at once
	p := new(person)
	s, server := talk(t, options{
		person: p, browser: target.Browser{Audio: "pcm"},
		settings: map[string]string{"enable-audio": "true", "audio-servername": "tcp:" + pulse},
	}, rfbtest.Server{})
	s.await("sound is offered", func() bool { return s.info.Abilities&wire.CanSound != 0 })
	if len(asked) > 0 {
		t.Error("asked before anybody listens")
	}
	s.Listen(true)
	<-asked
	until(t, "a notice", func() bool {
		p.Mu.Lock()
		defer p.Mu.Unlock()
		for _, n := range p.Notices {
			if strings.Contains(n.Code, "audio") || strings.Contains(n.Code, "sound") {
				return true
			}
		}
		return false
	})
	server.say(pixel(1))
	s.await("a picture", func() bool { return s.marks == 1 })
	s.Listen(false)
}
