package vnc

import (
	"bytes"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/protocol/rfb"
	"github.com/porthole-rac/porthole/protocol/settings"
	"github.com/porthole-rac/porthole/relay/target"
)

var epoch = time.Unix(1_700_000_000, 0)

// Requests go by the clock while pictures flow, and stop a few round trips after the
// last one: a still desktop has one open request and no timer.
func TestPacerFlow(t *testing.T) {
	p := newPacer(100*time.Millisecond, true)
	now := epoch
	ask := func(want request, wait time.Duration) {
		t.Helper()
		got, w := p.due(now)
		if got != want || w != wait {
			t.Fatalf("%v after the beginning: %v in %v, want %v in %v", now.Sub(epoch), got, w, want, wait)
		}
		if got != requestNone {
			p.asked(now)
		}
	}
	ask(requestAll, 0)
	ask(requestNone, 0)
	now = now.Add(time.Second)
	ask(requestNone, 0) // nothing came: the one request is enough
	p.updated(now, false, 0)
	ask(requestChanges, 0) // the size came, and no picture
	p.updated(now, true, 1)
	p.paint(1, 0, 0)
	ask(requestChanges, 0)
	ask(requestNone, requestEvery)
	now = now.Add(requestEvery)
	ask(requestChanges, 0)
	now = now.Add(10 * time.Millisecond)
	ask(requestNone, requestEvery-10*time.Millisecond)
	now = now.Add(400 * time.Millisecond) // four round trips
	ask(requestNone, 0)
}

// A browser that is behind gets no more, and one with a long way may have more on it.
func TestPacerBehind(t *testing.T) {
	p := newPacer(0, true)
	p.asked(epoch)
	var mark uint64
	paint := func(n int) {
		for range n {
			mark++
			p.updated(epoch, true, mark)
		}
	}
	paint(leastWindow)
	if r, _ := p.due(epoch); r != requestChanges {
		t.Error("no request with a few updates on the way")
	}
	paint(1)
	if r, _ := p.due(epoch); r != requestNone {
		t.Error("a request with more than the window")
	}
	p.paint(1, 0, 0)
	if r, _ := p.due(epoch); r != requestChanges {
		t.Error("no request after painting")
	}
	paint(10)
	p.paint(mark-15+10, 200*time.Millisecond, 200*time.Millisecond)
	if r, _ := p.due(epoch); r != requestChanges {
		t.Errorf("no request with a window of %d and %d on the way", p.window, p.mark-p.painted)
	}
	p.paint(mark+1, time.Hour, time.Hour) // the news of painting overtakes that of the mark
	if p.behind() || p.window > mostWindow {
		t.Errorf("painted %d of %d, window %d", p.painted, mark, p.window)
	}
}

// answers are those that are due at the epoch.
func answers(p *pacer) []byte {
	out, _ := p.fences.answers(nil, epoch, p.watched)
	return out
}

// From far away a server is shown a browser that is near and takes as long to paint.
func TestFencesFromFarAway(t *testing.T) {
	const rtt = 100 * time.Millisecond
	p := newPacer(0, true)
	at := func(ms int) time.Time { return epoch.Add(time.Duration(ms) * time.Millisecond) }
	due := func(ms, answered int, wait time.Duration) {
		t.Helper()
		before := len(p.fences.list)
		_, w := p.fences.answers(nil, at(ms), p.watched)
		if n := before - len(p.fences.list); n != answered || w != wait {
			t.Errorf("at %d ms: %d answers, the next in %v; want %d in %v", ms, n, w, answered, wait)
		}
	}
	p.updated(at(0), true, 1)
	p.paint(1, rtt, rtt)
	p.fences.add(at(100), &rfb.Fence{})
	p.updated(at(100), true, 2)
	due(100, 0, nearLine)
	due(110, 1, 0) // though nothing is painted yet: it cannot be
	p.updated(at(120), true, 3)
	p.paint(2, rtt+rtt/2+30*time.Millisecond, rtt) // painting has become slow
	p.fences.add(at(130), &rfb.Fence{})
	due(130, 0, nearLine+30*time.Millisecond)
	p.fences.add(at(300), &rfb.Fence{})
	// The mark of 120 ms is not painted after 230 ms more: 80 ms later than it may.
	due(350, 1, 40*time.Millisecond)
	due(9000, 0, 40*time.Millisecond) // and so on, until it is
	p.paint(3, rtt, rtt)
	due(9000, 1, 0)
}

// Fences are answered in order, and never more than a bound waits.
func TestPacerFences(t *testing.T) {
	p := newPacer(0, true)
	p.updated(epoch, true, 1)
	for i := range maxFences + 3 {
		if !p.fences.add(epoch, &rfb.Fence{Flags: rfb.FenceRequest | rfb.FenceSyncNext, Payload: []byte{byte(i)}}) {
			t.Fatal("refused")
		}
	}
	out := answers(&p)
	want := bytes.Join([][]byte{rfb.AppendFence(nil, rfb.FenceSyncNext, []byte{0}), rfb.AppendFence(nil, rfb.FenceSyncNext, []byte{1}), rfb.AppendFence(nil, rfb.FenceSyncNext, []byte{2})}, nil)
	if !bytes.Equal(out, want) || len(p.fences.list) != maxFences {
		t.Errorf("answered %x, %d wait", out, len(p.fences.list))
	}
	if out, wait := p.fences.answers(nil, epoch.Add(nearLine/2), true); len(out) != 0 || wait != nearLine/2 {
		t.Errorf("%x was answered at once, the next in %v", out, wait)
	}
	if out, _ := p.fences.answers(nil, epoch.Add(nearLine), true); len(out) != maxFences*len(want)/3 || len(p.fences.list) != 0 {
		t.Errorf("answered %d bytes, %d wait", len(out), len(p.fences.list))
	}
	p.fences.add(epoch, &rfb.Fence{})
	if p.fences.answers(nil, epoch, false); len(p.fences.list) != 0 {
		t.Error("a fence waits though nobody looks")
	}
	p.marked(epoch, 9)
	p.fences.add(epoch.Add(time.Second), &rfb.Fence{})
	if p.fences.answers(nil, epoch.Add(time.Hour), true); len(p.fences.list) != 1 {
		t.Error("a fence does not wait for a browser that paints nothing")
	}
	p.begin() // its mark will never be painted
	if p.fences.answers(nil, epoch.Add(time.Hour), true); len(p.fences.list) != 0 {
		t.Error("a fence waits for a mark of the stream before")
	}
	for i := 0; p.fences.add(epoch, &rfb.Fence{}); i++ {
		if i > 10*maxFences {
			t.Fatal("no bound")
		}
	}
}

// The quality falls while pictures wait, one step at a time, and rises only after a
// while without waiting; between the two it stays.
func TestQuality(t *testing.T) {
	s := settings.VNC{QualityLevel: -1, CompressLevel: -1}
	q := newQuality(&s)
	now := epoch
	feed := func(n int, p target.Painted) (changes int) {
		for range n {
			now = now.Add(20 * time.Millisecond)
			if q.painted(p, now) {
				changes++
			}
		}
		return changes
	}
	if l := q.level(); l.quality != 8 || l.compression != 2 || l.lossless {
		t.Errorf("begins with %+v", l)
	}
	rtt := 50 * time.Millisecond
	if n := feed(500, target.Painted{Delay: rtt + 20*time.Millisecond, RTT: rtt}); n != 0 || q.level().quality != 8 {
		t.Errorf("%d changes on a good line", n)
	}
	if n := feed(250, target.Painted{Delay: rtt + time.Second, RTT: rtt}); n < 3 || n > 6 || q.level().quality > 6 || !q.deflate {
		t.Errorf("%d changes in 5 s of a bad line: %+v", n, q.level())
	}
	feed(50, target.Painted{Delay: rtt + 100*time.Millisecond, RTT: rtt})
	worst := q.level()
	if n := feed(1000, target.Painted{Delay: rtt + 100*time.Millisecond, RTT: rtt}); n != 0 || q.level() != worst {
		t.Errorf("%d changes in between", n)
	}
	if n := feed(3000, target.Painted{Delay: rtt, RTT: rtt, Rate: 50 << 20}); n < 3 || q.level().quality != 8 || q.deflate {
		t.Errorf("%d changes in a minute of a good line: %+v", n, q.level())
	}
	q.ask(10)
	if !q.level().lossless {
		t.Error("a wish for no loss")
	}
	q.ask(1)
	if n := feed(500, target.Painted{Delay: 2 * time.Second}); n != 0 || q.level().quality != 1 || q.level().compression != 8 {
		t.Errorf("a wish that is not kept: %+v", q.level())
	}
	s = settings.VNC{QualityLevel: 5, CompressLevel: 9, Common: settings.Common{ForceLossless: true}}
	q = newQuality(&s)
	if l := q.level(); l.quality != 5 || l.compression != 9 || !l.lossless {
		t.Errorf("settings: %+v", l)
	}
	feed(100, target.Painted{Delay: time.Second})
	feed(3000, target.Painted{})
	if l := q.level(); l.quality != 5 {
		t.Errorf("better than settings: %+v", l)
	}
}

// Sizes are gathered, kept within what servers take, and not asked for again once
// refused.
func TestSizer(t *testing.T) {
	s := sizer{now: [2]int{640, 480}}
	s.view(5, 100_000, epoch)
	if out, wait := s.append(nil, epoch.Add(time.Hour)); out != nil || wait != 0 {
		t.Error("asked of a server that cannot")
	}
	s.server(&rfb.Resize{Width: 640, Height: 480, Extended: true, Screens: []rfb.Screen{{ID: 7, Flags: 3}, {ID: 8}}})
	if out, wait := s.append(nil, epoch); out != nil || wait != resizePause {
		t.Errorf("asked at once: %x, %v", out, wait)
	}
	want := rfb.AppendSetDesktopSize(nil, leastSide, mostSide, []rfb.Screen{{ID: 7, Flags: 3, Area: rfb.Area{Width: leastSide, Height: mostSide}}})
	if out, _ := s.append(nil, epoch.Add(resizePause)); !bytes.Equal(out, want) {
		t.Errorf("%x, want %x", out, want)
	}
	s.server(&rfb.Resize{Width: 640, Height: 480, Extended: true, Reason: rfb.ResizeByClient, Status: rfb.ResizeInvalid})
	s.view(1, 100_000, epoch)
	if out, _ := s.append(nil, epoch.Add(time.Hour)); out != nil {
		t.Errorf("asked again: %x", out)
	}
	s.view(800, 600, epoch)
	if out, _ := s.append(nil, epoch.Add(time.Hour)); out == nil {
		t.Error("another size is not asked for")
	}
	s.server(&rfb.Resize{Width: 640, Height: 480, Extended: true, Reason: rfb.ResizeByClient, Status: rfb.ResizeProhibited})
	s.view(900, 600, epoch)
	if out, _ := s.append(nil, epoch.Add(time.Hour)); out != nil {
		t.Error("asked though it is prohibited")
	}
}

// Motions that wait become one; buttons and keys do not; all of them count once.
func TestInputsCoalesce(t *testing.T) {
	q := inputs{width: 100, height: 100}
	n := 0
	add := func(in input) { in.counts = 1; n++; q.add(in) }
	for x := range 10 {
		add(input{kind: inputPointer, x: x})
	}
	add(input{kind: inputPointer, x: 500, buttons: rfb.ButtonLeft})
	add(input{kind: inputPointer, x: -5, buttons: rfb.ButtonLeft})
	add(input{kind: inputPointer, x: 7})
	add(input{kind: inputTyped, text: "é\n\x00"})
	add(input{kind: inputPower, action: rfb.PowerReset}) // it has no power
	out, taken := q.append(nil)
	want := rfb.AppendPointer(nil, 0, 9, 0, false)
	want = rfb.AppendPointer(want, rfb.ButtonLeft, 0, 0, false)
	want = rfb.AppendPointer(want, 0, 7, 0, false)
	for _, sym := range []uint32{0xe9, 0xff0d} {
		want = rfb.AppendKey(rfb.AppendKey(want, true, sym), false, sym)
	}
	if !bytes.Equal(out, want) || taken != n {
		t.Errorf("%d taken of %d, %x, want %x", taken, n, out, want)
	}
	dropped := 0
	for range 3 * maxInputs {
		dropped += q.add(input{kind: inputKey, keysym: 'a', counts: 1})
	}
	if len(q.queue) != maxInputs || dropped+q.drop() != 3*maxInputs {
		t.Errorf("%d wait, %d dropped", len(q.queue), dropped)
	}
	if q.add(input{kind: inputTyped, text: string(make([]byte, maxTyped+1)), counts: 1}) != 1 {
		t.Error("text without a bound")
	}
}

// Long texts do not fill one message buffer.
func TestTypedInParts(t *testing.T) {
	var q inputs
	q.add(input{kind: inputTyped, text: string(bytes.Repeat([]byte("a"), 300)), counts: 1})
	total, rounds := 0, 0
	for len(q.queue) > 0 {
		out, taken := q.append(nil)
		total += len(out)
		if rounds++; taken != 0 && len(q.queue) > 0 || rounds > 10 {
			t.Fatalf("taken %d after %d rounds", taken, rounds)
		}
	}
	if total != 300*16 || rounds != 3 || q.typed != 0 {
		t.Errorf("%d bytes in %d rounds, %d left", total, rounds, q.typed)
	}
}

// A key is released as it was pressed, though by then it would mean another one.
func TestKeyReleasedAsPressed(t *testing.T) {
	const scanA = 0x1e
	var q inputs
	q.add(input{kind: inputKey, down: true, scan: scanA, keysym: 'A'})
	q.add(input{kind: inputKey, scan: scanA, keysym: 'a'})
	q.add(input{kind: inputKey, down: true, scan: scanA, keysym: 'b'})
	q.release()
	q.release()
	out, _ := q.append(nil)
	want := rfb.AppendKey(rfb.AppendKey(nil, true, 'A'), false, 'A')
	want = rfb.AppendKey(rfb.AppendKey(want, true, 'b'), false, 'b')
	if !bytes.Equal(out, want) {
		t.Errorf("%x, want %x", out, want)
	}
}
