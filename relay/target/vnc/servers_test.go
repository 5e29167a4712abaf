package vnc_test

import (
	"math"
	"testing"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/scripts/targets"
)

// Other servers than TigerVNC show their picture, take keys and go on with a browser
// without a past.
func TestServers(t *testing.T) {
	type start = func(string, targets.VNCOptions) (*targets.VNC, error)
	const password = "sesame12"
	for _, c := range []struct {
		name     string
		start    start
		options  targets.VNCOptions
		security string
	}{
		{"TightVNC", targets.TightVNC, targets.VNCOptions{Width: 640, Height: 480, Password: password}, "Tight, VncAuth"},
		{"x11vnc", targets.X11VNC, targets.VNCOptions{Width: 640, Height: 480, Password: password}, "VncAuth"},
		{"krfb", targets.Krfb, targets.VNCOptions{Width: 640, Height: 480, Password: password}, "VncAuth"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := targets.For(t, c.start, c.options)
			s := start2(t, v, "force-lossless", "true", "password", password)
			s.await("a picture", func() bool { return s.marks > 0 })
			if s.told().Security != c.security {
				t.Errorf("%+v", s.told())
			}
			show := func() { same(t, s, v, 0) }
			if c.name == "krfb" { // it draws its pointer into the picture
				show = func() { sameBut(t, s, v, 0, 32*32) }
			}
			show()
			s.renewed(chrome)
			s.await("a new stream", func() bool { return s.begun == 2 && s.marks > 0 })
			show()
		})
	}
	t.Run("wayvnc", func(t *testing.T) {
		v := targets.For(t, targets.WayVNC, targets.VNCOptions{Width: 640, Height: 480, User: "ann", Password: password, Security: []string{"X509Plain"}})
		s := start2(t, v, "force-lossless", "true")
		s.await("a picture", func() bool { return s.marks > 0 })
		same(t, s, v, 0)
		s.renewed(chrome)
		s.await("a new stream", func() bool { return s.begun == 2 && s.marks > 0 })
		same(t, s, v, 0)
		if s.told().Security != "VeNCrypt, X509Plain" || s.told().Protection != wire.ProtectAll {
			t.Errorf("%+v", s.told())
		}
	})
}

func start2(t *testing.T, v *targets.VNC, more ...string) *session {
	t.Helper()
	return start(t, options{settings: with(v.Settings(), more...)})
}

// QEMU: its machine's screen, scan codes, power and sound.
func TestQEMU(t *testing.T) {
	v := targets.For(t, targets.QEMU, targets.VNCOptions{Sound: true, Password: "sesame12", Security: []string{"X509Vnc"}})
	s := start2(t, v, "force-lossless", "true")
	s.await("abilities", func() bool {
		const all = wire.CanScanCodes | wire.CanSound | wire.CanReset
		return s.marks > 0 && s.info.Abilities&all == all
	})
	same(t, s, v, 0)
	const scanH = 0x23
	for _, down := range []bool{true, false} {
		s.Key(wire.Key{Down: down, Scan: scanH, Keysym: 'h'})
	}
	s.Listen(true)
	const second = 48000 * 4
	s.await("a second of sound", func() bool { return len(s.sound) > second })
	s.mu.Lock()
	pcm := s.sound[len(s.sound)-second/2:]
	s.mu.Unlock()
	at := func(hz float64) float64 { // how strong a pitch is
		var re, im float64
		for i := 0; i+3 < len(pcm); i += 4 {
			v := float64(int16(uint16(pcm[i]) | uint16(pcm[i+1])<<8))
			phase := 2 * math.Pi * hz * float64(i/4) / 48000
			re, im = re+v*math.Cos(phase), im+v*math.Sin(phase)
		}
		return math.Hypot(re, im)
	}
	if tone, other := at(targets.Tone), at(targets.Tone*1.37); tone < 10*other || tone == 0 {
		t.Errorf("the tone is %g, another pitch %g", tone, other)
	}
	s.renewed(chrome)
	s.await("a new stream", func() bool { return s.begun == 2 && s.marks > 0 })
	same(t, s, v, 0)
}
