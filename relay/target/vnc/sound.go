package vnc

import (
	"github.com/porthole-rac/porthole/protocol/rfb"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
)

// The sound that QEMU is asked for: what browsers play without converting.
const (
	soundRate     = 48_000
	soundChannels = 2
	soundFrame    = 2 * soundChannels // bytes
	// maxSound is how many bytes go into one record: 20 ms.
	maxSound = soundRate / 50 * soundFrame
)

// listen starts or stops the sound of the server, where it has any.
func (s *sender) listen(on bool) {
	if !s.sounds || s.listening == on {
		return
	}
	s.listening = on
	var b []byte
	if on {
		b = rfb.AppendAudioFormat(b, rfb.SampleS16, soundChannels, soundRate)
	}
	s.say(rfb.AppendAudioEnable(b, on))
}

// sound passes samples on. A coder would take its place: it is given whole frames of
// 16 bits in order, and says with what format it goes on.
type sound struct {
	on     bool
	frames uint64 // since it began
	cut    []byte // the beginning of a frame
}

func (s *sound) server(to target.Screen, on bool) {
	if on == s.on {
		return
	}
	if !on {
		s.end(to)
		return
	}
	*s = sound{on: true, cut: s.cut[:0]}
	to.SoundFormat(wire.AudioFormat{Codec: wire.AudioPCM, Rate: soundRate, Channels: soundChannels})
}

// end says that there is no sound any more.
func (s *sound) end(to target.Screen) {
	if s.on {
		to.SoundFormat(wire.AudioFormat{Codec: wire.AudioPCM, Rate: soundRate})
	}
	s.on = false
}

// data takes samples as they come, cut anywhere.
func (s *sound) data(to target.Screen, p []byte) {
	if !s.on {
		return
	}
	if len(s.cut) > 0 {
		n := min(soundFrame-len(s.cut), len(p))
		s.cut = append(s.cut, p[:n]...)
		if p = p[n:]; len(s.cut) < soundFrame {
			return
		}
		s.give(to, s.cut)
		s.cut = s.cut[:0]
	}
	whole := len(p) / soundFrame * soundFrame
	s.cut = append(s.cut, p[whole:]...)
	for p = p[:whole]; len(p) > 0; {
		n := min(len(p), maxSound)
		s.give(to, p[:n])
		p = p[n:]
	}
}

func (s *sound) give(to target.Screen, p []byte) {
	to.Sound(wire.AudioData{Time: s.frames * 1_000_000 / soundRate, Data: p})
	s.frames += uint64(len(p) / soundFrame)
}
