package vnc

import "time"

// Figures of pacing.
const (
	// requestEvery is between two requests while updates flow: so the round trip to
	// the server does not count in the frame rate (x11vnc at 200 ms: 4 updates per
	// second by one request for each, 20 by the clock).
	requestEvery = 33 * time.Millisecond
	// Bounds of how old the last update may be while requests go by the clock: a
	// server that draws nothing has the one request that it needs.
	leastFlow = 150 * time.Millisecond
	mostFlow  = 2 * time.Second
	// Bounds of how many updates the browser may have that it has not painted.
	leastWindow = 4
	mostWindow  = 40
	// frameTime is how often pictures change at most, for the window.
	frameTime = 16 * time.Millisecond
)

// request is what to ask of the server.
type request uint8

const (
	requestNone request = iota
	requestChanges
	requestAll
)

// pacer decides when the server is asked for updates, and when its fences are
// answered. It knows no clock and no connection.
type pacer struct {
	continuous bool // the server can send updates by itself
	on         bool // and does
	watched    bool
	paused     bool // a new stream is on its way
	pixels     bool // something came to be painted

	open     bool // a request waits for its update
	openedAt time.Time
	want     request
	flowAt   time.Time // the last update with pixels

	mark, painted uint64
	window        uint64
	rtt           time.Duration // to the server
	fences        fences
}

func newPacer(rtt time.Duration, watched bool) pacer {
	return pacer{watched: watched, rtt: rtt, window: leastWindow, want: requestAll}
}

// behind tells whether the browser has more than it can paint.
func (p *pacer) behind() bool { return p.mark > p.painted+p.window }

// due says what to ask now, and else how long it may take until that changes by
// itself (0: it does not).
func (p *pacer) due(now time.Time) (request, time.Duration) {
	if !p.watched || p.paused {
		return requestNone, 0
	}
	if p.want == requestAll {
		return requestAll, 0
	}
	if p.on {
		return p.want, 0
	}
	if p.behind() {
		return requestNone, 0
	}
	if !p.open || p.want != requestNone {
		return requestChanges, 0
	}
	if flow := min(max(4*p.rtt, leastFlow), mostFlow); p.flowAt.IsZero() || now.Sub(p.flowAt) > flow {
		return requestNone, 0
	}
	if wait := requestEvery - now.Sub(p.openedAt); wait > 0 {
		return requestNone, wait
	}
	return requestChanges, 0
}

// asks tells whether updates come by requests, or one is due.
func (p *pacer) asks() bool { return !p.on || p.want != requestNone }

// asked says that a request went out.
func (p *pacer) asked(now time.Time) { p.open, p.openedAt, p.want = true, now, requestNone }

// updated says that an update is complete, with a mark when it had pixels.
func (p *pacer) updated(now time.Time, pixels bool, mark uint64) {
	p.open = false
	if pixels {
		p.flowAt, p.pixels = now, true
		p.marked(now, mark)
	} else if !p.pixels && p.want == requestNone {
		p.want = requestChanges // TigerVNC's first update has the size alone
	}
}

// marked says that a mark was made.
func (p *pacer) marked(now time.Time, mark uint64) {
	p.mark = mark
	p.fences.marked(now, mark)
}

// paint says that the browser has painted up to a mark, which took so long, and how
// long its line takes by itself.
func (p *pacer) paint(mark uint64, delay, rtt time.Duration) {
	p.painted = max(p.painted, mark) // which may come before the mark itself is told
	p.window = min(leastWindow+uint64(max(rtt, 0)/frameTime), mostWindow)
	p.fences.paint(mark, delay, rtt)
}

// begin says that marks count anew. All fences are due.
func (p *pacer) begin() {
	p.mark, p.painted, p.pixels = 0, 0, false
	p.fences.begin()
}
