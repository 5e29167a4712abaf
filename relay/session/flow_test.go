package session

import (
	"testing"
	"time"
)

// line simulates a line of a rate and a delay that is kept busy through the
// window: the steady state is what counts.
func steady(t *testing.T, rate float64, delay time.Duration) (window uint64, queue time.Duration) {
	t.Helper()
	var f flow
	now := time.Unix(0, 0)
	free := now // when the line has carried all that was given to it
	var inFlight []mark
	var arrive []time.Time
	var head, done uint64
	const update = 20_000
	for range 3000 {
		for head-done+update <= f.window() {
			head += update
			free = later(free, now).Add(time.Duration(update / rate * float64(time.Second)))
			inFlight = append(inFlight, mark{end: head, done: done, ready: now})
			arrive = append(arrive, free.Add(delay))
		}
		now = later(now, arrive[0])
		m := inFlight[0]
		inFlight, arrive = inFlight[1:], arrive[1:]
		done = m.end
		queue = f.painted(m, len(inFlight) > 0, now) - delay
	}
	return f.window(), queue
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func TestWindowFollowsTheLine(t *testing.T) {
	for _, c := range []struct {
		name  string
		rate  float64 // bytes per second
		delay time.Duration
	}{
		{"10 Mbit/s, 30 ms", 1.25e6, 30 * time.Millisecond},
		{"20 Mbit/s, 100 ms", 2.5e6, 100 * time.Millisecond},
		{"100 Mbit/s, 100 ms", 12.5e6, 100 * time.Millisecond},
		{"1 Gbit/s, 2 ms", 125e6, 2 * time.Millisecond},
	} {
		window, queue := steady(t, c.rate, c.delay)
		needs := uint64(c.rate * c.delay.Seconds())
		if window < needs {
			t.Errorf("%s: a window of %d leaves the line idle, it carries %d in its delay", c.name, window, needs)
		}
		if queue > 300*time.Millisecond {
			t.Errorf("%s: a queue of %v", c.name, queue)
		}
	}
}

func TestWindowHasBounds(t *testing.T) {
	var f flow
	if f.window() != firstWindow {
		t.Errorf("begins with %d", f.window())
	}
	now := time.Unix(0, 0)
	f.painted(mark{end: 1, ready: now}, true, now.Add(time.Second))
	if f.window() != minWindow {
		t.Errorf("a trickle leaves %d", f.window())
	}
	f = flow{}
	f.painted(mark{end: 1 << 40, ready: now}, true, now.Add(time.Millisecond))
	if f.window() != maxWindow {
		t.Errorf("a flood leaves %d", f.window())
	}
}
