package session

import "github.com/porthole-rac/porthole/protocol/wire"

// maxSound bounds the sound that waits for a browser, bytes: a third of a second
// of the fattest.
const maxSound = 64 << 10

// sound is what waits to be sent of a desktop's sound. Session.mu guards it.
type sound struct {
	format wire.AudioFormat
	queue  []byte
}

func (s *sound) clear() { s.queue = nil }

func (s *sound) appendTo(dst []byte) []byte {
	dst = append(dst, s.queue...)
	s.queue = s.queue[:0]
	return dst
}

// SoundFormat implements target.Screen.
func (d *desktop) SoundFormat(f wire.AudioFormat) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sound.format = f
	if d.feed != nil {
		d.sound.queue = f.Append(d.sound.queue)
		d.signalLocked()
	}
}

// Sound implements target.Screen. What a slow line cannot carry is left away: old
// sound is worth nothing.
func (d *desktop) Sound(m wire.AudioData) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.feed == nil || !d.listens {
		return
	}
	if len(d.sound.queue)+len(m.Data) > maxSound {
		d.sound.queue = d.sound.format.Append(d.sound.queue[:0])
	}
	d.sound.queue = m.Append(d.sound.queue)
	d.signalLocked()
}
