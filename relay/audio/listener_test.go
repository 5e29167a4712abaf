package audio_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/thesyncim/gopus"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/audio"
)

// listener is a browser: it decodes what it gets.
type listener struct {
	t       testing.TB
	formats []wire.AudioFormat
	packets int
	bytes   int
	times   []uint64 // of each packet since the last format, µs
	deaf    bool     // only counts
	samples [2][]float64
	opus    *gopus.Decoder
	pcm     []float32
}

func (l *listener) SoundFormat(f wire.AudioFormat) {
	l.formats = append(l.formats, f)
	l.times = nil
	l.opus = nil
	if f.Codec == wire.AudioOpus && f.Channels > 0 {
		var err error
		if l.opus, err = gopus.NewDecoder(gopus.DefaultDecoderConfig(f.Rate, f.Channels)); err != nil {
			l.t.Fatal(err)
		}
		l.pcm = make([]float32, 5760*f.Channels)
	}
}

func (l *listener) now() wire.AudioFormat { return l.formats[len(l.formats)-1] }

func (l *listener) Sound(d wire.AudioData) {
	l.packets++
	l.bytes += len(d.Data)
	l.times = append(l.times, d.Time)
	channels := l.now().Channels
	if channels == 0 {
		l.t.Fatal("sound without a format")
	}
	if l.deaf {
		return
	}
	if l.opus == nil {
		for i := 0; i+1 < len(d.Data); i += 2 {
			c := i / 2 % channels
			l.samples[c] = append(l.samples[c], float64(int16(binary.LittleEndian.Uint16(d.Data[i:])))/32768)
		}
		return
	}
	n, err := l.opus.Decode(d.Data, l.pcm)
	if err != nil {
		l.t.Fatalf("packet %d: %v", l.packets, err)
	}
	for i, x := range l.pcm[:n*channels] {
		l.samples[i%channels] = append(l.samples[i%channels], float64(x))
	}
}

// tone makes sine waves in a format, one frequency and amplitude per channel.
func tone(f audio.Format, d time.Duration, level float64, frequencies ...float64) []byte {
	var p []byte
	for i := range int(d.Seconds() * float64(f.Rate)) {
		for c := range f.Channels {
			v := level * math.Sin(2*math.Pi*frequencies[c]*float64(i)/float64(f.Rate))
			switch f.Sample {
			case audio.U8:
				p = append(p, byte(math.Round(v*127))+128)
			case audio.S8:
				p = append(p, byte(int8(math.Round(v*127))))
			case audio.U16:
				p = binary.LittleEndian.AppendUint16(p, uint16(int(math.Round(v*32767))+1<<15))
			case audio.S16:
				p = binary.LittleEndian.AppendUint16(p, uint16(int16(math.Round(v*32767))))
			case audio.U32:
				p = binary.LittleEndian.AppendUint32(p, uint32(int64(math.Round(v*math.MaxInt32))+1<<31))
			case audio.S32:
				p = binary.LittleEndian.AppendUint32(p, uint32(int32(math.Round(v*math.MaxInt32))))
			}
		}
	}
	return p
}

// heard measures a tone: its frequency, amplitude, and what else there is (its share
// of the amplitude). The beginning and the end are left out.
func heard(samples []float64) (frequency, level, rest float64) {
	const edge = 2400
	if len(samples) < 4*edge {
		return 0, 0, 1
	}
	samples = samples[edge : len(samples)-edge]
	// Roughly by zero crossings, then by the best fit of a sine wave around that.
	crossings := 0
	for i := 1; i < len(samples); i++ {
		if samples[i-1] < 0 && samples[i] >= 0 {
			crossings++
		}
	}
	rough := float64(crossings) * audio.Rate / float64(len(samples))
	var energy float64
	for _, x := range samples {
		energy += x * x
	}
	energy /= float64(len(samples))
	window := float64(audio.Rate) / float64(len(samples))
	for f := rough - 1.5*window; f <= rough+1.5*window; f += window / 16 {
		if l := amplitude(samples, f); l > level {
			frequency, level = f, l
		}
	}
	return frequency, level, math.Sqrt(max(0, energy-level*level/2) * 2)
}

// amplitude of a frequency.
func amplitude(samples []float64, frequency float64) float64 {
	var re, im float64
	s, c := 0.0, 1.0 // the place on the circle, turned with each sample
	ds, dc := math.Sincos(2 * math.Pi * frequency / audio.Rate)
	for _, x := range samples {
		re += x * c
		im += x * s
		s, c = s*dc+c*ds, c*dc-s*ds
	}
	return 2 * math.Hypot(re, im) / float64(len(samples))
}

// isTone says that there is this tone and hardly anything else.
func isTone(t *testing.T, samples []float64, frequency, level float64) {
	t.Helper()
	if err := tonal(samples, frequency, level); err != nil {
		t.Error(err)
	}
}

func tonal(samples []float64, frequency, level float64) error {
	f, l, rest := heard(samples)
	if math.Abs(f-frequency) > 0.5 || math.Abs(l/level-1) > 0.05 || rest > 0.05*level {
		return fmt.Errorf("%.2f Hz at %.4f and other sound of %.4f in %d samples, not %.0f Hz at %.4f", f, l, rest, len(samples), frequency, level)
	}
	return nil
}

// isEven says that packets came 20 ms after each other.
func isEven(t *testing.T, times []uint64) {
	t.Helper()
	for i := 1; i < len(times); i++ {
		if d := times[i] - times[i-1]; d != 20_000 {
			t.Fatalf("packet %d is %d µs after the one before it", i, d)
		}
	}
}

func pieces(p []byte, size int) [][]byte { return slices.Collect(slices.Chunk(p, size)) }
