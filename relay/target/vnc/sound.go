package vnc

import (
	"context"

	"github.com/porthole-rac/porthole/protocol/rfb"
	"github.com/porthole-rac/porthole/relay/audio"
	"github.com/porthole-rac/porthole/relay/target"
)

// listen starts or stops the sound of the server, where it has any.
func (s *sender) listen(on bool) {
	if !s.sounds || s.listening == on {
		return
	}
	s.listening = on
	var b []byte
	if on {
		f := audio.Stereo48
		b = rfb.AppendAudioFormat(b, rfb.SampleFormat(f.Sample), byte(f.Channels), uint32(f.Rate))
	}
	s.say(rfb.AppendAudioEnable(b, on))
}

// sounding begins or ends the sound of the server.
func (v *viewer) sounding(on bool) {
	if !on {
		v.sound.End()
		return
	}
	if err := v.sound.Format(audio.Stereo48); err != nil {
		v.d.log.Info("vnc: sound", "error", err)
	}
}

// pulse is the capture of a target's PulseAudio, which comes beside VNC.
type pulse struct {
	screen target.Screen // nil: Run has not begun, or has ended
	stop   context.CancelFunc
	done   chan struct{} // of the last one
}

// hear has the sound of PulseAudio captured while somebody listens. anew: for a
// browser that may want it in another form. Called with mu held.
func (d *desktop) hear(anew bool) {
	if !d.cfg.Settings.EnableAudio {
		return
	}
	p := &d.pulse
	want := d.listens && p.screen != nil && !d.closed
	if p.stop != nil && (anew || !want) {
		p.stop()
		p.stop = nil
	}
	if !want || p.stop != nil {
		return
	}
	ctx, cancel := context.WithCancel(d.ctx)
	before, done := p.done, make(chan struct{})
	p.stop, p.done = cancel, done
	to := audio.NewEncoder(d.browser.Audio, p.screen)
	cfg := audio.PulseConfig{Server: d.cfg.Settings.AudioServername}
	if cfg.Server == "" {
		cfg.Server = d.cfg.Settings.Hostname
	}
	if c := d.cfg.Settings.AudioCookie; c.IsSet() {
		cfg.Cookie = []byte(c.Reveal())
	}
	d.wg.Go(func() {
		defer close(done)
		defer cancel()
		if before != nil { // it may still have to say that it ends
			<-before
		}
		audio.Follow(ctx, cfg, to, func(e *audio.PulseError) { d.cfg.Page.Notice(e.Notice()) })
		to.End()
	})
}

// hearing says where sound goes; nil: nowhere any more.
func (d *desktop) hearing(screen target.Screen) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pulse.screen = screen
	d.hear(false)
}
