package display_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/coder/websocket"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/audio"
)

// heard is the pitch of what is played, Hz, 0 while it is silent.
const heard = `(() => {
	if (!speaker.gain) return 0;
	if (!globalThis.tap) { tap = new AnalyserNode(speaker.context, { fftSize: 8192 }); speaker.gain.connect(tap); }
	const bins = new Float32Array(tap.frequencyBinCount);
	tap.getFloatFrequencyData(bins);
	let best = 0;
	for (const [i, v] of bins.entries()) if (v > bins[best]) best = i;
	return bins[best] > -60 ? best * speaker.context.sampleRate / tap.fftSize : 0;
})()`

// listen clicks, which starts the sound, and waits until the relay hears of it.
func (d *desk) listen() {
	d.t.Helper()
	if err := d.Do(chromedp.MouseClickXY(20, 20)); err != nil {
		d.t.Fatal(err)
	}
	var c wire.AudioControl
	if err := c.Decode(d.line.next(wire.TypeAudioControl)); err != nil || !c.On {
		d.t.Fatalf("after a click the browser says %+v, %v", c, err)
	}
}

// play sends a packet every 20 ms until the test ends.
func (d *desk) play(packet func(i int) []byte) {
	ctx, stop := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			m := wire.AudioData{Time: uint64(i) * 20_000, Data: packet(i)}
			if d.line.conn.Write(ctx, websocket.MessageBinary, m.Append(nil)) != nil {
				return
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	d.t.Cleanup(func() { stop(); <-stopped })
}

// A tone of the machine is heard after the first click, in its pitch.
func TestSoundWithoutCompression(t *testing.T) {
	d := connect(t, "", 64, 64)
	d.line.send(&wire.AudioFormat{Codec: wire.AudioPCM, Rate: 44_100, Channels: 2})
	d.until(`of("sound").length == 1 && of("sound")[0].channels == 2`)
	d.listen()
	d.play(func(i int) []byte {
		p := make([]byte, 0, 882*4)
		for n := range 882 {
			v := int16(12000 * math.Sin(2*math.Pi*1000*float64(i*882+n)/44_100))
			p = binary.LittleEndian.AppendUint16(p, uint16(v))
			p = binary.LittleEndian.AppendUint16(p, uint16(v))
		}
		return p
	})
	d.until("Math.abs(" + heard + " - 1000) < 15")
	d.until("(speaker.set({ muted: true }), true)")
	var c wire.AudioControl
	if err := c.Decode(d.line.next(wire.TypeAudioControl)); err != nil || c.On {
		t.Errorf("muted, the browser says %+v, %v", c, err)
	}
}

// packets keeps what the relay's encoder makes.
type packets struct {
	format wire.AudioFormat
	all    [][]byte
}

func (p *packets) SoundFormat(f wire.AudioFormat) { p.format = f }
func (p *packets) Sound(d wire.AudioData)         { p.all = append(p.all, bytes.Clone(d.Data)) }

// Opus as the relay makes it is what the browser decodes.
func TestSoundInOpus(t *testing.T) {
	relay := new(packets)
	e := audio.NewEncoder("opus,pcm", relay)
	if err := e.Format(audio.Stereo48); err != nil {
		t.Fatal(err)
	}
	tone := make([]byte, 0, 4*audio.Rate*4) // four seconds
	for n := range 4 * audio.Rate {
		v := uint16(int16(12000 * math.Sin(2*math.Pi*600*float64(n)/audio.Rate)))
		tone = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(tone, v), v)
	}
	_, _ = e.Write(tone) // never fails
	format := relay.format
	if format.Codec != wire.AudioOpus || len(relay.all) != 200 {
		t.Fatalf("%d packets of %+v", len(relay.all), format)
	}
	d := connect(t, "", 64, 64)
	d.line.send(&format)
	d.listen()
	d.play(func(i int) []byte { return relay.all[i%len(relay.all)] })
	d.until("Math.abs(" + heard + " - 600) < 15")
}
