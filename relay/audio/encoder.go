package audio

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/thesyncim/gopus"

	"github.com/porthole-rac/porthole/protocol/wire"
)

// The sound that browsers get.
const (
	Rate        = 48_000
	PacketTime  = 20 * time.Millisecond
	frameLength = Rate / 50 // sample frames of a packet

	// bitrate per channel: beyond it hardly anybody hears a difference.
	bitrate = 64_000
	// complexity of Opus, of 10: above it costs a fifth more for nothing that was
	// measurable here.
	complexity = 7
	// maxPacket is what one Opus frame can have (RFC 6716, 3.2.1), and its head.
	maxPacket = 1275 + 1
	// faint is what counts as silence: one step of 16 bits, which dithering makes.
	faint = 1.5 / (1 << 15)
	// tail is how many silent packets are sent before they are left away, for the
	// end of a sound to fade in the decoder, and for short pauses.
	tail = 10
	// chunk is how many frames of input are converted at a time.
	chunk = 480
	// longestPause is how long nothing may come before the time jumps. Shorter
	// pauses are a target or a line that sends unevenly.
	longestPause = 250 * time.Millisecond
)

// Sink is what takes the sound: a part of target.Screen. It does not keep Data.
type Sink interface {
	SoundFormat(f wire.AudioFormat)
	Sound(d wire.AudioData)
}

// Encoder makes the records of a target's sound. It is for one goroutine at a time.
type Encoder struct {
	to    Sink
	codec wire.AudioCodec
	now   func() time.Time

	format  Format // what comes; Channels 0: nothing
	told    wire.AudioFormat
	cut     [8]byte // the beginning of a frame of input
	cutLen  int
	input   [2 * chunk]float32
	convert *resampler // nil: the rate fits

	frame  [2 * frameLength]float32 // what becomes the next packet
	filled int                      // samples of it
	frames uint64                   // before it, since the sound began
	quiet  int                      // silent packets one after the other
	opus   *gopus.Encoder           // nil: none yet
	packet [max(maxPacket, 2*2*frameLength)]byte

	anchor time.Time // when the samples would have begun that came without a pause
	since  uint64    // output frames since then
	last   time.Time // when something came
}

// NewEncoder makes an encoder for a browser with these abilities (as in Hello, e.g.
// "opus,pcm"). Nothing is sent before Format.
func NewEncoder(abilities string, to Sink) *Encoder {
	return &Encoder{to: to, codec: codecFor(abilities), now: time.Now}
}

func codecFor(abilities string) wire.AudioCodec {
	if slices.Contains(strings.Split(abilities, ","), "opus") {
		return wire.AudioOpus
	}
	return wire.AudioPCM // every browser plays samples
}

// Browser says that another browser listens, which may have other abilities.
func (e *Encoder) Browser(abilities string) {
	codec := codecFor(abilities)
	if codec == e.codec {
		return
	}
	e.codec, e.opus = codec, nil
	if e.format.Channels > 0 {
		e.tell()
	}
}

// Format begins sound in this form, or changes it. The same form again is nothing
// new. It fails when the form is not one that Format allows; there is no sound then.
func (e *Encoder) Format(f Format) error {
	if f == e.format {
		return nil
	}
	e.End()
	if err := f.check(); err != nil {
		return err
	}
	e.format = f
	if f.Rate != Rate {
		e.convert = newResampler(f.Rate, f.Channels, chunk)
	}
	e.tell()
	return nil
}

// tell says what comes.
func (e *Encoder) tell() {
	e.told = wire.AudioFormat{Codec: e.codec, Rate: Rate, Channels: e.format.Channels}
	e.to.SoundFormat(e.told)
}

// Write takes samples as they come, cut anywhere. They are dropped before Format.
// It does not fail.
func (e *Encoder) Write(p []byte) (int, error) {
	n, size := len(p), e.format.frame()
	if size == 0 || n == 0 {
		return n, nil
	}
	e.arrive()
	if e.cutLen > 0 {
		m := copy(e.cut[e.cutLen:size], p)
		e.cutLen += m
		if p = p[m:]; e.cutLen < size {
			return n, nil
		}
		e.cutLen = 0
		e.take(e.cut[:size])
	}
	for len(p) >= size {
		m := min(len(p)/size, chunk) * size
		e.take(p[:m])
		p = p[m:]
	}
	e.cutLen = copy(e.cut[:], p)
	return n, nil
}

// take converts whole frames, at most chunk.
func (e *Encoder) take(p []byte) {
	in := e.input[:len(p)/e.format.Sample.size()]
	e.format.Sample.convert(in, p)
	channels := e.format.Channels
	whole := frameLength * channels
	if e.convert != nil {
		e.convert.put(in)
	}
	for {
		var n int
		if e.convert != nil {
			n = e.convert.next(e.frame[e.filled:whole])
		} else {
			n = copy(e.frame[e.filled:whole], in)
			in = in[n:]
		}
		if n == 0 {
			return
		}
		e.filled += n
		e.since += uint64(n / channels)
		if e.filled == whole {
			e.send()
		}
	}
}

// arrive sees to the time when something comes.
func (e *Encoder) arrive() {
	now := e.now()
	pause := now.Sub(e.last)
	first := e.last.IsZero()
	e.last = now
	if first {
		e.anchor, e.since = now, 0
		return
	}
	late := now.Sub(e.anchor) - duration(e.since)
	switch {
	case late < 0: // the target sends faster than it plays, or its clock does
	case late < longestPause:
		return
	case pause >= longestPause:
		// A gap. What is left of before goes out; the time is what is missing.
		e.flush()
		e.frames += uint64(min(late, pause)/time.Microsecond) * Rate / 1_000_000
	}
	e.anchor, e.since = now, 0
}

func duration(frames uint64) time.Duration {
	return time.Duration(frames*(1_000_000/8)/(Rate/8)) * time.Microsecond
}

// flush fills the packet that has begun with silence and sends it.
func (e *Encoder) flush() {
	if e.filled > 0 {
		clear(e.frame[e.filled:])
		e.send()
	}
}

// send makes a packet of the frame.
func (e *Encoder) send() {
	samples := e.frame[:frameLength*e.format.Channels]
	at := e.frames
	e.frames += frameLength
	e.filled = 0
	if e.quiet++; !silent(samples) {
		e.quiet = 0
	}
	if e.quiet > tail || e.quiet > 0 && at == 0 {
		e.quiet = tail + 1 // silence at the beginning is no tail
		return
	}
	data := e.code(samples)
	e.to.Sound(wire.AudioData{Time: at * uint64(time.Second/time.Microsecond) / Rate, Data: data})
}

func silent(samples []float32) bool {
	for _, x := range samples {
		if x > faint || x < -faint {
			return false
		}
	}
	return true
}

// code gives the bytes of a packet, in a buffer that the next one reuses.
func (e *Encoder) code(samples []float32) []byte {
	if e.codec == wire.AudioOpus {
		if n, err := e.encode(samples); err == nil {
			return e.packet[:n]
		}
		// Samples need no codec.
		e.codec, e.opus = wire.AudioPCM, nil
		e.tell()
	}
	for i, x := range samples {
		v := int(x*(1<<15) + 32768.5) // rounds; positive
		v = min(max(v, 0), 0xffff) - 1<<15
		binary.LittleEndian.PutUint16(e.packet[2*i:], uint16(v))
	}
	return e.packet[:2*len(samples)]
}

// encode makes an Opus packet. A panic of the codec, which is fed with what a target
// sends, must not end the sessions of others.
func (e *Encoder) encode(samples []float32) (n int, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("audio: opus: %v", r)
		}
	}()
	if e.opus == nil || e.opus.Channels() != e.format.Channels {
		if e.opus, err = newOpus(e.format.Channels); err != nil {
			return 0, err
		}
	}
	return e.opus.Encode(samples, e.packet[:])
}

func newOpus(channels int) (*gopus.Encoder, error) {
	o, err := gopus.NewEncoder(gopus.EncoderConfig{SampleRate: Rate, Channels: channels, Application: gopus.ApplicationLowDelay})
	if err != nil {
		return nil, err
	}
	if err := o.SetBitrate(channels * bitrate); err != nil {
		return nil, err
	}
	return o, o.SetComplexity(complexity)
}

// End says that the sound ends, if there is any; Format may begin another.
func (e *Encoder) End() {
	if e.format.Channels == 0 {
		return
	}
	e.flush()
	if e.opus != nil { // kept: a target may begin and end its sound often
		e.opus.Reset()
	}
	*e = Encoder{to: e.to, codec: e.codec, now: e.now, opus: e.opus}
	e.told = wire.AudioFormat{Codec: e.codec, Rate: Rate}
	e.to.SoundFormat(e.told)
}

// Close ends the sound. The encoder may be used again.
func (e *Encoder) Close() { e.End() }
