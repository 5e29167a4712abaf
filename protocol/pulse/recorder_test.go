package pulse_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/pulse"
)

// packet makes a packet of a channel.
func packet(channel uint32, body []byte) []byte {
	p := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	p = binary.BigEndian.AppendUint32(p, channel)
	return append(append(p, make([]byte, 12)...), body...)
}

// command makes one of a code, a tag, and arguments: uint32, string, or bytes as they are.
func command(code, tag uint32, args ...any) []byte {
	var b []byte
	for _, a := range append([]any{code, tag}, args...) {
		switch a := a.(type) {
		case uint32:
			b = binary.BigEndian.AppendUint32(append(b, 'L'), a)
		case string:
			b = append(append(append(b, 't'), a...), 0)
		case []byte:
			b = append(b, a...)
		}
	}
	return packet(1<<32-1, b)
}

var spec = []byte{'a', 3, 2, 0, 0, 0xbb, 0x80} // signed 16 bit, 2 channels, 48000

// The server's side of a usual connection. Replies repeat the tags of the requests.
func loggedIn(tag uint32) []byte { return command(2, tag, uint32(35)) }

func sinkIs(tag uint32, sink string) []byte {
	return command(2, tag, "pulseaudio", "16.1", "user", "host", spec, sink, "", uint32(7), []byte{'m', 2, 1, 2})
}

func recording(tag, index uint32) []byte {
	return command(2, tag, index, uint32(9), uint32(48000), uint32(3840), spec, []byte{'m', 2, 1, 2}, uint32(1), "x.monitor", []byte("0U\x00\x00\x00\x00\x00\x00\x00\x00"))
}

// peer feeds a recorder and sees what it asks.
type peer struct {
	t    *testing.T
	r    *pulse.Recorder
	step int // bytes at a time; 0: all
	got  []byte
}

type asked struct {
	code, tag uint32
	rest      []byte
}

// send gives bytes to the recorder and reads its answer.
func (p *peer) send(b []byte) ([]asked, error) {
	p.t.Helper()
	step := p.step
	if step == 0 {
		step = len(b)
	}
	for chunk := range slices.Chunk(b, max(step, 1)) {
		for len(chunk) > 0 {
			n, samples, err := p.r.Take(chunk)
			if err != nil {
				return nil, err
			}
			p.got = append(p.got, samples...)
			chunk = chunk[n:]
		}
	}
	return p.read(), nil
}

func (p *peer) read() (all []asked) {
	p.t.Helper()
	out := p.r.Output(nil)
	for len(out) > 0 {
		if len(out) < 30 {
			p.t.Fatalf("a cut packet % x", out)
		}
		n := binary.BigEndian.Uint32(out)
		if binary.BigEndian.Uint32(out[4:]) != 1<<32-1 || out[20] != 'L' || out[25] != 'L' || int(n) > len(out)-20 {
			p.t.Fatalf("not a command: % x", out)
		}
		all = append(all, asked{binary.BigEndian.Uint32(out[21:]), binary.BigEndian.Uint32(out[26:]), bytes.Clone(out[30 : 20+n])})
		out = out[20+n:]
	}
	return all
}

func (p *peer) must(b []byte) []asked {
	p.t.Helper()
	a, err := p.send(b)
	if err != nil {
		p.t.Fatal(err)
	}
	return a
}

// tag finds the tag of a request.
func tag(t *testing.T, all []asked, code uint32) uint32 {
	t.Helper()
	for _, a := range all {
		if a.code == code {
			return a.tag
		}
	}
	t.Fatalf("no request %d in %v", code, all)
	return 0
}

func codes(all []asked) (out []uint32) {
	for _, a := range all {
		out = append(out, a.code)
	}
	return out
}

// TestRecord: the usual course, with what comes in one piece and byte by byte.
func TestRecord(t *testing.T) {
	for _, step := range []int{0, 1, 19, 21} {
		cookie := bytes.Repeat([]byte{0x5a}, pulse.CookieSize)
		p := &peer{t: t, r: pulse.NewRecorder(cookie, "Porthole"), step: step}
		hello := p.read()
		if !slices.Equal(codes(hello), []uint32{8}) || !bytes.Contains(hello[0].rest, cookie) {
			t.Fatalf("begins with %v", hello)
		}
		a := p.must(loggedIn(hello[0].tag))
		if !slices.Equal(codes(a), []uint32{9, 35, 20}) || !bytes.Contains(a[0].rest, []byte("Porthole")) {
			t.Fatalf("after the login: %v", a)
		}
		p.must(command(2, a[0].tag, uint32(1)))
		p.must(command(2, a[1].tag))
		a = p.must(sinkIs(a[2].tag, "speakers"))
		if !slices.Equal(codes(a), []uint32{5}) || !bytes.Contains(a[0].rest, []byte("tspeakers.monitor\x00")) {
			t.Fatalf("asks %v", a)
		}
		if on, refused := p.r.Recording(); on || refused != nil {
			t.Error("records before the server said so")
		}
		p.must(packet(4, []byte("early")))
		p.must(recording(a[0].tag, 4))
		if on, _ := p.r.Recording(); !on {
			t.Error("does not record")
		}
		p.must(slices.Concat(packet(4, []byte("abcdefgh")), packet(5, []byte("another")), packet(4, nil), packet(4, []byte("ijkl"))))
		if string(p.got) != "abcdefghijkl" {
			t.Errorf("heard %q", p.got)
		}
		// News that are none.
		p.must(command(66, 1<<32-1, uint32(0x12), uint32(3)))
		p.must(command(66, 1<<32-1, uint32(9), uint32(3)))
		p.must(command(77, 1<<32-1, uint32(4), []byte("1")))
	}
}

// running is a recorder that records channel 4 from the sink "speakers".
func running(t *testing.T) *peer {
	p := &peer{t: t, r: pulse.NewRecorder(nil, "")}
	a := p.must(loggedIn(tag(t, p.read(), 8)))
	a = p.must(sinkIs(tag(t, a, 20), "speakers"))
	p.must(recording(tag(t, a, 5), 4))
	return p
}

var serverChanged = command(66, 1<<32-1, uint32(0x17), uint32(1<<32-1))

// TestSinks: the recording follows the default sink.
func TestSinks(t *testing.T) {
	t.Run("another sink", func(t *testing.T) {
		p := running(t)
		a := p.must(serverChanged)
		if !slices.Equal(codes(a), []uint32{20}) {
			t.Fatalf("asks %v", codes(a))
		}
		a = p.must(sinkIs(a[0].tag, "headphones"))
		if !slices.Equal(codes(a), []uint32{6, 5}) || !bytes.Equal(a[0].rest, []byte("L\x00\x00\x00\x04")) {
			t.Fatalf("asks %v", a)
		}
		p.must(packet(4, []byte("old")))
		p.must(command(2, a[0].tag))
		p.must(recording(a[1].tag, 6))
		p.must(slices.Concat(packet(4, []byte("old")), packet(6, []byte("new"))))
		if string(p.got) != "new" {
			t.Errorf("heard %q", p.got)
		}
	})
	t.Run("the same sink", func(t *testing.T) {
		p := running(t)
		if a := p.must(sinkIs(p.must(serverChanged)[0].tag, "speakers")); len(a) != 0 {
			t.Errorf("asks %v", a)
		}
	})
	t.Run("changes while it asks", func(t *testing.T) {
		p := running(t)
		a := p.must(slices.Concat(serverChanged, serverChanged, serverChanged))
		if len(a) != 1 {
			t.Fatalf("asks %d times", len(a))
		}
		a = p.must(sinkIs(a[0].tag, "speakers"))
		if !slices.Equal(codes(a), []uint32{20}) {
			t.Fatalf("does not ask again: %v", codes(a))
		}
		if a = p.must(sinkIs(a[0].tag, "headphones")); !slices.Equal(codes(a), []uint32{6, 5}) {
			t.Errorf("asks %v", codes(a))
		}
		// And once more before the new recording is there.
		info := p.must(serverChanged)
		p.must(sinkIs(info[0].tag, "third"))
		if again := p.must(recording(tag(t, a, 5), 7)); !slices.Equal(codes(again), []uint32{6, 5}) {
			t.Errorf("asks %v", codes(again))
		}
	})
	t.Run("killed, and no sink for a while", func(t *testing.T) {
		p := running(t)
		a := p.must(command(65, 1<<32-1, uint32(4)))
		if !slices.Equal(codes(a), []uint32{5}) {
			t.Fatalf("asks %v", codes(a))
		}
		p.must(command(0, a[0].tag, uint32(5))) // no entity
		if on, refused := p.r.Recording(); on || refused == nil {
			t.Errorf("recording %v, %v", on, refused)
		}
		info := p.must(command(66, 1<<32-1, uint32(0), uint32(2))) // a sink comes
		a = p.must(sinkIs(tag(t, info, 20), "speakers"))
		p.must(recording(tag(t, a, 5), 9))
		p.must(packet(9, []byte("again")))
		if on, refused := p.r.Recording(); string(p.got) != "again" || !on || refused != nil {
			t.Errorf("heard %q; %v, %v", p.got, on, refused)
		}
	})
	t.Run("no sink at first", func(t *testing.T) {
		for _, none := range []string{"", "@DEFAULT_SINK@"} { // PulseAudio, pipewire-pulse
			p := &peer{t: t, r: pulse.NewRecorder(nil, "")}
			a := p.must(loggedIn(tag(t, p.read(), 8)))
			if a = p.must(sinkIs(tag(t, a, 20), none)); len(a) != 0 {
				t.Errorf("asks %v", a)
			}
			if on, refused := p.r.Recording(); on || refused == nil || refused.Code != pulse.NoEntity {
				t.Errorf("recording %v, %v", on, refused)
			}
			a = p.must(sinkIs(tag(t, p.must(serverChanged), 20), "speakers"))
			p.must(recording(tag(t, a, 5), 1))
			if on, refused := p.r.Recording(); !on || refused != nil {
				t.Errorf("recording %v, %v", on, refused)
			}
		}
	})
	t.Run("another's recording is killed", func(t *testing.T) {
		if a := running(t).must(command(65, 1<<32-1, uint32(5))); len(a) != 0 {
			t.Errorf("asks %v", a)
		}
	})
}

// TestRefused: what a server refuses is told with its step.
func TestRefused(t *testing.T) {
	var refused *pulse.Error
	p := &peer{t: t, r: pulse.NewRecorder(nil, "")}
	_, err := p.send(command(0, tag(t, p.read(), 8), uint32(1)))
	if !errors.As(err, &refused) || refused.Code != pulse.AccessDenied || err.Error() != "pulse: the server refuses to log in: access denied" {
		t.Errorf("login: %v", err)
	}
	p = &peer{t: t, r: pulse.NewRecorder(nil, "")}
	_, err = p.send(command(2, tag(t, p.read(), 8), uint32(14)))
	if !errors.As(err, &refused) || refused.Code != pulse.BadVersion {
		t.Errorf("old server: %v", err)
	}
	p = &peer{t: t, r: pulse.NewRecorder(nil, "")}
	a := p.must(loggedIn(tag(t, p.read(), 8)))
	a = p.must(sinkIs(tag(t, a, 20), "speakers"))
	_, err = p.send(command(0, tag(t, a, 5), uint32(3)))
	if !errors.As(err, &refused) || refused.Step != "record" {
		t.Errorf("record: %v", err)
	}
}

// TestHostile: what no server sends is an error, and nothing is kept of it.
func TestHostile(t *testing.T) {
	long := packet(1<<32-1, nil)
	binary.BigEndian.PutUint32(long, 1<<16+1)
	samples := packet(4, nil)
	binary.BigEndian.PutUint32(samples, 1<<24+1)
	shared := packet(4, []byte("abcd"))
	shared[16] = 0x80
	for name, b := range map[string][]byte{
		"a long command":           long,
		"long samples":             samples,
		"shared memory":            shared,
		"an empty command":         packet(1<<32-1, nil),
		"a command without a tag":  packet(1<<32-1, []byte("L\x00\x00\x00\x02")),
		"another type":             packet(1<<32-1, []byte("t\x00\x00\x00\x02L\x00\x00\x00\x02")),
		"a second login":           loggedIn(0),
		"an answer to nothing":     recording(4, 4),
		"an unasked sink":          sinkIs(3, "x"),
		"a sink with a long name":  slices.Concat(serverChanged, sinkIs(3, strings.Repeat("x", 1025))),
		"a killed without a index": command(65, 0),
		"an error without a code":  command(0, 4),
	} {
		if _, err := running(t).send(b); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	p := &peer{t: t, r: pulse.NewRecorder(nil, "")}
	if _, err := p.send(packet(4, []byte("abcd"))); err == nil {
		t.Error("samples before the login are taken")
	}
	p = &peer{t: t, r: pulse.NewRecorder(nil, "")}
	a := p.must(loggedIn(0))
	a = p.must(sinkIs(tag(t, a, 20), "speakers"))
	float := bytes.Replace(recording(tag(t, a, 5), 4), spec, []byte{'a', 5, 2, 0, 0, 0xbb, 0x80}, 1)
	if _, err := p.send(float); err == nil {
		t.Error("another form is taken")
	}
}

// FuzzRecorder: a server's bytes, cut anywhere, give an error or samples, and both
// ways of cutting give the same.
func FuzzRecorder(f *testing.F) {
	f.Add(slices.Concat(loggedIn(0), sinkIs(3, "speakers"), recording(4, 4), packet(4, []byte("abcdefgh"))), 1)
	f.Add(slices.Concat(loggedIn(0), sinkIs(3, "x"), command(0, 4, uint32(5)), command(66, 0, uint32(0), uint32(1)), sinkIs(3, "x"), recording(4, 1)), 3)
	f.Add(slices.Concat(loggedIn(0), sinkIs(3, "x"), recording(4, 4), command(65, 0, uint32(4)), recording(4, 5), packet(5, []byte("ab"))), 20)
	f.Fuzz(func(t *testing.T, b []byte, step int) {
		whole := &peer{t: t, r: pulse.NewRecorder(nil, "x")}
		pieces := &peer{t: t, r: pulse.NewRecorder(nil, "x"), step: min(max(step, 1), 64)}
		a1, err1 := whole.send(b)
		a2, err2 := pieces.send(b)
		if (err1 == nil) != (err2 == nil) || !bytes.Equal(whole.got, pieces.got) || len(a1) != len(a2) {
			t.Fatalf("in one piece %v, %d bytes, %v; in pieces %v, %d bytes, %v", err1, len(whole.got), codes(a1), err2, len(pieces.got), codes(a2))
		}
		if len(a1) > len(b)+5 {
			t.Fatalf("%d requests for %d bytes", len(a1), len(b))
		}
	})
}
