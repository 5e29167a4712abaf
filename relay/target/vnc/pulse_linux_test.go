package vnc_test

import (
	"encoding/hex"
	"math"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/rfb"
	"github.com/porthole-rac/porthole/protocol/rfb/rfbtest"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/scripts/targets"
)

// With enable-audio the sound is what the target's PulseAudio plays, while the person
// listens; the server's own is not asked for.
func TestPulseAudio(t *testing.T) {
	d := targets.StartPulseAudio(t, false)
	pcm := make([]byte, 48000*4)
	for i := range 48000 {
		v := int16(8000 * math.Sin(2*math.Pi*440*float64(i)/48000))
		pcm[4*i], pcm[4*i+1] = byte(v), byte(uint16(v)>>8)
		pcm[4*i+2], pcm[4*i+3] = pcm[4*i], pcm[4*i+1]
	}
	d.Play("", pcm)
	s, server := talk(t, options{settings: map[string]string{"enable-audio": "true", "audio-servername": d.Server}}, rfbtest.Server{})
	server.say(update(1), rect(0, 0, 0, 0, rfb.EncodingQEMUAudio))
	s.await("abilities", func() bool { return s.info.Abilities&wire.CanSound != 0 })
	s.mu.Lock()
	if s.format.Channels != 0 || len(s.sound) != 0 {
		t.Error("sound comes unasked")
	}
	s.mu.Unlock()
	for range 2 {
		s.mu.Lock()
		s.sound = nil
		s.mu.Unlock()
		s.Listen(true)
		s.await("a second of sound", func() bool { return len(s.sound) > 48000*4 })
		s.Listen(false)
		s.await("the end of the sound", func() bool { return s.format.Channels == 0 })
	}
	s.mu.Lock()
	crossings, samples := 0, len(s.sound)/4-1
	for i := range samples {
		if s.sound[4*i+1] >= 128 && s.sound[4*i+5] < 128 { // from below zero to above
			crossings++
		}
	}
	if hz := float64(crossings) * 48000 / float64(samples); hz < 330 || hz > 450 {
		t.Errorf("heard %.0f Hz in %d samples", hz, samples)
	}
	s.mu.Unlock()
	if n := len(server.all(255)); n != 0 {
		t.Errorf("the server was asked for its sound, %d times", n)
	}
}

// A PulseAudio that wants its cookie gets it from the settings; it is in no log.
func TestPulseAudioCookie(t *testing.T) {
	d := targets.StartPulseAudio(t, true)
	cookie := hex.EncodeToString(d.Cookie)
	s, _ := talk(t, options{settings: map[string]string{"enable-audio": "true", "audio-servername": d.Server, "audio-cookie": cookie}}, rfbtest.Server{})
	d.Play("", make([]byte, 48000*4))
	s.Listen(true)
	s.await("sound", func() bool { return s.format.Channels != 0 })
}

// A target without PulseAudio goes on without sound, and says so.
func TestNoPulseAudio(t *testing.T) {
	p := new(person)
	s, server := talk(t, options{person: p, settings: map[string]string{"enable-audio": "true", "audio-servername": "unix:" + t.TempDir() + "/none"}}, rfbtest.Server{})
	s.Listen(true)
	until(t, "a notice", func() bool {
		p.Mu.Lock()
		defer p.Mu.Unlock()
		for _, n := range p.Notices {
			if n.Code == "sound-unavailable" && strings.Contains(n.Text, "audio-servername") {
				return true
			}
		}
		return false
	})
	server.say([]byte{2})
	s.await("the bell", func() bool { return s.orders[wire.TypeBell] == 1 })
}
