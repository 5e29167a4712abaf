package audio_test

import (
	"testing"
	"time"

	"github.com/porthole-rac/porthole/relay/audio"
	"github.com/porthole-rac/porthole/scripts/targets"
)

// TestNoMicrophone: when the sink that is recorded goes away, the recording does not
// move to a microphone.
func TestNoMicrophone(t *testing.T) {
	d := targets.StartPulseAudio(t, false)
	d.Must("load-module", "module-sine-source", "source_name=microphone", "frequency=600", "rate=48000")
	d.Must("load-module", "module-rescue-streams") // as every desktop has it
	d.Must("set-default-source", "microphone")
	p := open(t, audio.PulseConfig{Server: d.Server})
	stop := d.Play("first", tone(audio.Stereo48, time.Second, 0.3, 440, 440))
	comes(t, p, 440, 0.3)
	stop()
	d.Must("unload-module", d.Module("sink_name=first"))
	d.Must("load-module", "module-null-sink", "sink_name=other", "rate=48000")
	d.Play("other", tone(audio.Stereo48, time.Second, 0.3, 1000, 1000))
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		s := read(t, p, 20*time.Millisecond)
		if amplitude(s, 600) > 0.05 {
			t.Fatal("the microphone is heard")
		}
		if amplitude(s, 1000) > 0.2 {
			return
		}
	}
	t.Error("the new sink is not heard")
}
