package audio_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/audio"
)

// newEncoder makes an encoder that hears no gaps, however slow the machine is.
func newEncoder(abilities string, to audio.Sink) *audio.Encoder {
	e := audio.NewEncoder(abilities, to)
	e.SetClock(func() time.Time { return time.Time{}.Add(time.Hour) })
	return e
}

// TestTone: a tone of each form that a target may send is heard in the browser as it
// was, however the samples were cut.
func TestTone(t *testing.T) {
	for _, f := range []audio.Format{
		audio.Stereo48,
		{Sample: audio.S16, Channels: 1, Rate: 48_000},
		{Sample: audio.S16, Channels: 2, Rate: 44_100},
		{Sample: audio.S16, Channels: 2, Rate: 22_050},
		{Sample: audio.U16, Channels: 1, Rate: 8_000},
		{Sample: audio.S32, Channels: 2, Rate: 96_000},
		{Sample: audio.U32, Channels: 2, Rate: 192_000},
		{Sample: audio.U32, Channels: 1, Rate: 44_100},
		{Sample: audio.S8, Channels: 1, Rate: 11_025},
		{Sample: audio.U8, Channels: 2, Rate: 32_000},
	} {
		for _, abilities := range []string{"opus,pcm", "pcm"} {
			t.Run(fmt.Sprintf("%d of %d at %d %s", f.Sample, f.Channels, f.Rate, abilities), func(t *testing.T) {
				l := &listener{t: t}
				e := newEncoder(abilities, l)
				if err := e.Format(f); err != nil {
					t.Fatal(err)
				}
				pcm := tone(f, time.Second, 0.4, 440, 1000)
				for _, p := range pieces(pcm, 1021) { // a prime: within samples too
					if n, err := e.Write(p); n != len(p) || err != nil {
						t.Fatalf("wrote %d of %d: %v", n, len(p), err)
					}
				}
				isTone(t, l.samples[0], 440, 0.4)
				if f.Channels == 2 {
					isTone(t, l.samples[1], 1000, 0.4)
				}
				isEven(t, l.times)
				if l.packets < 49 || l.packets > 50 {
					t.Errorf("%d packets in a second", l.packets)
				}
				e.Close()
				want := []wire.AudioFormat{{Codec: wire.AudioOpus, Rate: 48_000, Channels: f.Channels}, {Codec: wire.AudioOpus, Rate: 48_000}}
				if abilities == "pcm" {
					want[0].Codec, want[1].Codec = wire.AudioPCM, wire.AudioPCM
				}
				if len(l.formats) != 2 || l.formats[0] != want[0] || l.formats[1] != want[1] {
					t.Errorf("formats %+v, not %+v", l.formats, want)
				}
			})
		}
	}
}

// TestExact: samples that need no converting come out as they went in.
func TestExact(t *testing.T) {
	l := &listener{t: t}
	e := newEncoder("pcm", l)
	e.Format(audio.Stereo48)
	pcm := make([]byte, 0, 1920*4)
	for i := range 1920 { // all of the range, its ends too
		v := uint16(math.Round(float64(i) * 65535 / 1919))
		pcm = append(pcm, byte(v), byte(v>>8), byte(^v), byte(^v>>8))
	}
	e.Write(pcm)
	for c := range 2 {
		for i, x := range l.samples[c] {
			at := 4*i + 2*c
			if want := float64(int16(uint16(pcm[at])|uint16(pcm[at+1])<<8)) / 32768; x != want {
				t.Fatalf("channel %d, sample %d is %v, not %v", c, i, x, want)
			}
		}
	}
}

// TestSilence: silence costs nothing, and sound after it is heard, in time.
func TestSilence(t *testing.T) {
	for _, abilities := range []string{"opus", "pcm"} {
		t.Run(abilities, func(t *testing.T) {
			l := &listener{t: t}
			e := newEncoder(abilities, l)
			e.Format(audio.Stereo48)
			second := make([]byte, audio.Rate*4)
			for range 60 {
				e.Write(second)
			}
			if l.packets != 0 {
				t.Errorf("%d packets of silence", l.packets)
			}
			e.Write(tone(audio.Stereo48, time.Second, 0.4, 440, 440))
			if l.packets != 50 || l.times[0] != 60_000_000 {
				t.Fatalf("%d packets from %d µs", l.packets, l.times[0])
			}
			isTone(t, l.samples[0], 440, 0.4)
			e.Write(second)
			if n := l.packets - 50; n < 1 || n > 12 {
				t.Errorf("%d silent packets after a tone", n)
			}
			before := l.packets
			e.Write(second)
			if l.packets != before {
				t.Error("silence goes on to be sent")
			}
			// A step of a sample to both sides, as dithering makes it, is silence too.
			for i := range second {
				if i%4 == 0 {
					second[i], second[i+1] = 0xff, 0xff
				}
			}
			if e.Write(second); l.packets != before {
				t.Error("dithering is sent")
			}
			l.samples = [2][]float64{}
			if e.Write(tone(audio.Stereo48, time.Second, 0.4, 440, 440)); l.packets != before+50 {
				t.Errorf("%d packets", l.packets-before)
			}
			if got := l.times[len(l.times)-50]; got != 64_000_000 {
				t.Errorf("sound after silence is at %d µs", got)
			}
			isTone(t, l.samples[0], 440, 0.4)
		})
	}
}

// TestTime: the time follows the samples, and jumps only over what is missing.
func TestTime(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	setup := func(t *testing.T) (*listener, *audio.Encoder, *time.Time) {
		l := &listener{t: t, deaf: true}
		e := newEncoder("pcm", l)
		clock := start
		e.SetClock(func() time.Time { return clock })
		e.Format(audio.Stereo48)
		return l, e, &clock
	}
	tenth := tone(audio.Stereo48, 100*time.Millisecond, 0.5, 440, 440)

	for _, c := range []struct {
		name  string
		every time.Duration // between 100 ms of samples
	}{{"in time", 100 * time.Millisecond}, {"a slow clock", 100_100 * time.Microsecond}, {"a fast clock", 99_900 * time.Microsecond}} {
		t.Run(c.name, func(t *testing.T) {
			l, e, clock := setup(t)
			for range 10_000 {
				e.Write(tenth)
				*clock = clock.Add(c.every)
			}
			isEven(t, l.times)
		})
	}
	t.Run("bursts", func(t *testing.T) {
		l, e, clock := setup(t)
		for i := range 500 {
			for range 3 {
				e.Write(tenth)
			}
			// 300 ms, some 40 ms late and the next as much early
			*clock = clock.Add(time.Duration(340-80*(i%2)) * time.Millisecond)
		}
		isEven(t, l.times)
	})
	t.Run("a gap", func(t *testing.T) {
		l, e, clock := setup(t)
		for range 10 {
			e.Write(tenth)
			*clock = clock.Add(100 * time.Millisecond)
		}
		e.Write(tenth[:1000]) // a packet begins
		*clock = clock.Add(time.Hour)
		e.Write(tenth)
		isEven(t, l.times[:51])
		if l.times[50] != 1_000_000 {
			t.Errorf("what was left is at %d µs", l.times[50])
		}
		// It began when the clock said an hour and a second.
		if got := time.Duration(l.times[51])*time.Microsecond - time.Hour - time.Second; got.Abs() > 25*time.Millisecond {
			t.Errorf("what comes after the gap is %v off", got)
		}
		isEven(t, l.times[51:])
	})
	t.Run("a gap of weeks", func(t *testing.T) {
		l, e, clock := setup(t)
		e.Write(tenth)
		*clock = clock.Add(1000 * time.Hour)
		e.Write(tenth)
		if got := time.Duration(l.times[5]) * time.Microsecond; (got - 1000*time.Hour).Abs() > 25*time.Millisecond {
			t.Errorf("what comes after the gap is at %v", got)
		}
	})
}

// TestFormats: forms that do not exist are refused, and nothing is sent for them.
func TestFormats(t *testing.T) {
	for _, f := range []audio.Format{
		{Sample: 6, Channels: 2, Rate: 48_000},
		{Sample: audio.S16, Channels: 0, Rate: 48_000},
		{Sample: audio.S16, Channels: 3, Rate: 48_000},
		{Sample: audio.S16, Channels: -1, Rate: 48_000},
		{Sample: audio.S16, Channels: 2, Rate: 7_999},
		{Sample: audio.S16, Channels: 2, Rate: 192_001},
	} {
		l := &listener{t: t}
		e := newEncoder("opus,pcm", l)
		if e.Format(f) == nil {
			t.Errorf("%+v was taken", f)
		}
		e.Write(make([]byte, 10_000))
		if e.Close(); len(l.formats) != 0 || l.packets != 0 {
			t.Errorf("%+v was sent", f)
		}
	}
}

// TestChange: a browser without Opus takes over, and a target changes its form.
func TestChange(t *testing.T) {
	l := &listener{t: t}
	e := newEncoder("opus,pcm", l)
	e.Format(audio.Stereo48)
	e.Format(audio.Stereo48)
	e.Browser("pcm,opus") // nothing new
	if len(l.formats) != 1 {
		t.Errorf("formats %+v", l.formats)
	}
	e.Write(tone(audio.Stereo48, time.Second, 0.4, 440, 440))
	e.Browser("pcm")
	l.samples = [2][]float64{}
	e.Write(tone(audio.Stereo48, time.Second, 0.4, 440, 440))
	if l.now().Codec != wire.AudioPCM {
		t.Errorf("format %+v", l.now())
	}
	isTone(t, l.samples[0], 440, 0.4)

	e.Browser("opus")
	mono := audio.Format{Sample: audio.S16, Channels: 1, Rate: 16_000}
	e.Format(mono)
	l.samples = [2][]float64{}
	e.Write(tone(mono, time.Second, 0.4, 300))
	if want := (wire.AudioFormat{Codec: wire.AudioOpus, Rate: 48_000, Channels: 1}); l.now() != want {
		t.Errorf("format %+v", l.now())
	}
	if l.times[0] != 0 {
		t.Errorf("the sound begins at %d µs", l.times[0])
	}
	isTone(t, l.samples[0], 300, 0.4)
}

// TestAlias: what is above the range of the browser's sound does not come back in it.
func TestAlias(t *testing.T) {
	f := audio.Format{Sample: audio.S16, Channels: 1, Rate: 96_000}
	l := &listener{t: t}
	e := newEncoder("pcm", l)
	e.Format(f)
	e.Write(tone(f, time.Second, 0.5, 30_000))
	var most float64
	for _, x := range l.samples[0][min(1000, len(l.samples[0])):] {
		most = max(most, math.Abs(x))
	}
	if most > 0.001 {
		t.Errorf("30 kHz is heard, at %v", most)
	}
}

// TestNoAllocation: a packet costs no garbage.
func TestNoAllocation(t *testing.T) {
	for _, c := range []struct {
		abilities string
		f         audio.Format
	}{{"opus", audio.Stereo48}, {"pcm", audio.Stereo48}, {"opus", audio.Format{Sample: audio.S16, Channels: 2, Rate: 44_100}}} {
		e := newEncoder(c.abilities, deaf{})
		e.Format(c.f)
		pcm := tone(c.f, 100*time.Millisecond, 0.4, 440, 500)
		e.Write(pcm)
		if n := testing.AllocsPerRun(1, func() {
			for range 100 {
				e.Write(pcm)
			}
		}); n != 0 {
			t.Errorf("%v allocations of %s in ten seconds of %+v", n, c.abilities, c.f)
		}
	}
}

type deaf struct{}

func (deaf) SoundFormat(wire.AudioFormat) {}
func (deaf) Sound(wire.AudioData)         {}

func BenchmarkEncoder(b *testing.B) {
	for _, c := range []struct {
		name, abilities string
		f               audio.Format
		level           float64
	}{
		{"opus", "opus", audio.Stereo48, 0.4},
		{"opus of 44100", "opus", audio.Format{Sample: audio.S16, Channels: 2, Rate: 44_100}, 0.4},
		{"pcm", "pcm", audio.Stereo48, 0.4},
		{"silence", "opus", audio.Stereo48, 0},
	} {
		b.Run(c.name, func(b *testing.B) {
			l := &count{}
			e := audio.NewEncoder(c.abilities, l)
			e.Format(c.f)
			second := tone(c.f, time.Second, c.level, 440, 1000)
			for i := 0; i+1 < len(second) && c.level > 0; i += 2 { // and noise
				second[i] = byte(i * i >> 3)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				e.Write(second)
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(time.Second)*100, "%core")
			b.ReportMetric(float64(l.bytes)*8/1000/float64(b.N), "kbit/s")
		})
	}
}

type count struct{ bytes int }

func (*count) SoundFormat(wire.AudioFormat) {}
func (c *count) Sound(d wire.AudioData)     { c.bytes += len(d.Data) }

// FuzzEncoder: whatever a target sends, in whatever pieces, becomes whole packets.
func FuzzEncoder(f *testing.F) {
	f.Add(uint8(3), uint8(2), 48_000, 7, []byte("\x00\x80\xff\x7f\x00\x00"))
	f.Add(uint8(0), uint8(1), 8_000, 1, []byte{0, 255, 128})
	f.Add(uint8(5), uint8(2), 192_000, 1000, []byte{0, 0, 0, 128, 255, 255, 255, 127})
	f.Fuzz(func(t *testing.T, sample, channels uint8, rate, cut int, p []byte) {
		format := audio.Format{Sample: audio.Sample(sample), Channels: int(channels), Rate: rate}
		out := make([]float32, len(p))
		audio.Convert(format.Sample, out, p)
		for i, x := range out {
			if x < -1 || x > 1 {
				t.Fatalf("sample %d is %v", i, x)
			}
		}
		if cut = min(max(cut, 1), 1<<16); len(p) == 0 {
			return
		}
		for _, abilities := range []string{"opus", "pcm"} {
			l := &listener{t: t}
			e := newEncoder(abilities, l)
			if e.Format(format) != nil {
				return
			}
			for range 4000/len(p) + 2 {
				for _, piece := range pieces(p, cut) {
					e.Write(piece)
				}
			}
			e.Close()
			if len(l.formats) != 2 || (abilities == "opus") != (l.formats[0].Codec == wire.AudioOpus) {
				t.Fatalf("formats %+v", l.formats)
			}
		}
	})
}
