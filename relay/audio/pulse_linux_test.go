package audio_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/audio"
	"github.com/porthole-rac/porthole/scripts/targets"
)

// read takes samples of the left channel for some time of sound.
func read(t *testing.T, r io.Reader, d time.Duration) []float64 {
	t.Helper()
	p := make([]byte, int(d.Seconds()*audio.Rate)*4)
	if _, err := io.ReadFull(r, p); err != nil {
		t.Fatal(err)
	}
	out := make([]float64, len(p)/4)
	for i := range out {
		out[i] = float64(int16(binary.LittleEndian.Uint16(p[4*i:]))) / 32768
	}
	return out
}

// comes reads until half a second of a tone has come, without a gap: whoever plays it
// makes gaps when the machine is busy.
func comes(t *testing.T, r io.Reader, frequency, level float64) {
	t.Helper()
	var err error
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
		if err = tonal(read(t, r, 500*time.Millisecond), frequency, level); err == nil {
			return
		}
	}
	t.Fatal(err)
}

func open(t *testing.T, cfg audio.PulseConfig) *audio.Pulse {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	p, err := audio.OpenPulse(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close(); cancel() })
	return p
}

// TestPulse: what a program on the target plays is captured, from the sink that is
// the default at the time.
func TestPulse(t *testing.T) {
	d := targets.StartPulseAudio(t, false)
	p := open(t, audio.PulseConfig{Server: d.Server})
	stop := d.Play("", tone(audio.Stereo48, time.Second, 0.3, 440, 440))
	comes(t, p, 440, 0.3)

	// The person changes to other loudspeakers.
	stop()
	d.Must("load-module", "module-null-sink", "sink_name=second", "rate=48000")
	stop = d.Play("second", tone(audio.Stereo48, time.Second, 0.3, 1000, 1000))
	d.Must("set-default-sink", "second")
	comes(t, p, 1000, 0.3)

	// They go away.
	stop()
	d.Play("first", tone(audio.Stereo48, time.Second, 0.3, 600, 600))
	d.Must("unload-module", "module-null-sink")
	d.Must("load-module", "module-null-sink", "sink_name=third", "rate=48000")
	d.Play("third", tone(audio.Stereo48, time.Second, 0.3, 700, 700))
	d.Must("set-default-sink", "third")
	comes(t, p, 700, 0.3)
}

// TestPulseToBrowser: the whole way, as a driver uses it.
func TestPulseToBrowser(t *testing.T) {
	d := targets.StartPulseAudio(t, false)
	d.Play("", tone(audio.Stereo48, time.Second, 0.3, 440, 440))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	l := &locked{l: listener{t: t}}
	ended := make(chan struct{})
	go func() {
		audio.Follow(ctx, audio.PulseConfig{Server: d.Server}, audio.NewEncoder("opus,pcm", l), func(e *audio.PulseError) { t.Error(e) })
		close(ended)
	}()
	if !waitFor(20*time.Second, func() bool { return l.count() > 200 }) {
		t.Fatal("no sound")
	}
	cancel()
	<-ended
	var err error
	for i := 0; i+24_000 <= len(l.l.samples[0]); i += 24_000 {
		if err = tonal(l.l.samples[0][i:i+24_000], 440, 0.3); err == nil {
			break
		}
	}
	if err != nil {
		t.Error(err)
	}
	if f := l.l.now(); f.Channels != 0 {
		t.Errorf("the sound does not end: %+v", f)
	}
}

// locked is a listener that several goroutines look at.
type locked struct {
	mu sync.Mutex
	l  listener
}

func (l *locked) SoundFormat(f wire.AudioFormat) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.l.SoundFormat(f)
}

func (l *locked) Sound(d wire.AudioData) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.l.Sound(d)
}

func (l *locked) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.l.packets
}

// TestPulseCookie: a server that wants a cookie lets in who has it.
func TestPulseCookie(t *testing.T) {
	d := targets.StartPulseAudio(t, true)
	d.Play("", tone(audio.Stereo48, time.Second, 0.3, 440, 440))
	comes(t, open(t, audio.PulseConfig{Server: d.Server, Cookie: d.Cookie}), 440, 0.3)

	_, err := audio.OpenPulse(t.Context(), audio.PulseConfig{Server: d.Server})
	var failed *audio.PulseError
	if !errors.As(err, &failed) || !strings.Contains(failed.Notice().Text, "auth-ip-acl") {
		t.Fatalf("without the cookie: %v", err)
	}
}

// TestPulseSuspended: a sink that plays nothing falls asleep in spite of us, and is
// heard again afterwards.
func TestPulseSuspended(t *testing.T) {
	d := targets.StartPulseAudio(t, false)
	p := open(t, audio.PulseConfig{Server: d.Server})
	d.Must("load-module", "module-suspend-on-idle", "timeout=1")
	quiet := make(chan struct{})
	last := time.Now()
	var mu sync.Mutex
	go func() {
		defer close(quiet)
		b := make([]byte, 65536)
		for {
			n, err := p.Read(b)
			if err != nil {
				return
			}
			mu.Lock()
			last = time.Now()
			heard := false
			for _, x := range b[:n] {
				heard = heard || x != 0
			}
			mu.Unlock()
			if heard {
				return
			}
		}
	}()
	if !waitFor(20*time.Second, func() bool { mu.Lock(); defer mu.Unlock(); return time.Since(last) > time.Second }) {
		t.Error("silence goes on to come")
	}
	d.Play("", tone(audio.Stereo48, time.Second, 0.3, 440, 440))
	<-quiet
	comes(t, p, 440, 0.3)
}

// TestPulseGone: when the server ends, Read fails; Follow comes back.
func TestPulseGone(t *testing.T) {
	d := targets.StartPulseAudio(t, false)
	p := open(t, audio.PulseConfig{Server: d.Server})
	d.Must("exit")
	b := make([]byte, 65536)
	for {
		if _, err := p.Read(b); err != nil {
			break
		}
	}
}

// TestPulseSilent: a server that says nothing holds nobody up.
func TestPulseSilent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(context.Background())
	accepted := make(chan net.Conn, 1)
	go func() {
		c, err := l.Accept()
		if err == nil {
			accepted <- c
			cancel() // the session ends meanwhile
		}
	}()
	if _, err := audio.OpenPulse(ctx, audio.PulseConfig{Server: "tcp:" + l.Addr().String()}); !errors.Is(err, context.Canceled) {
		t.Errorf("gave %v", err)
	}
	(<-accepted).Close()
}

// TestPulseLost: Follow tells once why there is no sound, tries again, and ends with
// its context.
func TestPulseLost(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	tries := make(chan struct{}, 10)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
			tries <- struct{}{}
		}
	}()
	ctx, cancel := context.WithCancel(context.Background())
	var told []*audio.PulseError
	ended := make(chan struct{})
	go func() {
		audio.Follow(ctx, audio.PulseConfig{Server: "tcp:" + l.Addr().String()}, audio.NewEncoder("opus", deaf{}), func(e *audio.PulseError) { told = append(told, e) })
		close(ended)
	}()
	<-tries
	<-tries
	cancel()
	<-ended
	l.Close()
	if len(told) != 1 || !strings.Contains(told[0].Notice().Text, "cannot be reached") {
		t.Errorf("told %v", told)
	}
}

// waitFor waits until something holds, and says whether it did.
func waitFor(d time.Duration, holds func() bool) bool {
	for end := time.Now().Add(d); ; time.Sleep(10 * time.Millisecond) {
		if holds() {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}
