package vnc

import (
	"time"

	"github.com/porthole-rac/porthole/protocol/rfb"
)

const (
	// maxFences are waiting for the browser; the oldest is answered when there are
	// more.
	maxFences = 64
	// nearLine is how far away servers are to take a browser for.
	nearLine = 10 * time.Millisecond
	// Half of the line's delay painting may take longer than the line before that counts
	// as a queue, within these bounds: the news of it is a round trip old, and a server
	// that hears of each late picture sends in fits and starts. What is tolerated waits
	// where a browser cannot keep up.
	leastTolerance = 15 * time.Millisecond
	mostTolerance  = 50 * time.Millisecond
)

// fences are a server's requests that are to be answered when what came before them
// is painted: by that it tells how long the line is and how much it holds.
//
// Answered when the browser has really painted, they have servers send less than the
// line carries: TigerVNC keeps about four updates on their way, 46 each second at
// 100 ms. So servers are shown a browser that is nearLine away and else the same: the
// answer comes as much later as painting takes longer than is tolerated. How
// many bytes may be on their way is the session's to decide (session's flow.go).
type fences struct {
	list    []waitingFence
	painted uint64
	rtt     time.Duration // of the browser's line, without a queue; 0: not known
	behind  time.Duration // how much longer the last mark took to be painted
	marks   []sentMark    // not painted, oldest first
}

// waitingFence is one that was not answered.
type waitingFence struct {
	at      time.Time
	flags   rfb.FenceFlags
	size    int
	payload [rfb.MaxFence]byte
}

type sentMark struct {
	number uint64
	at     time.Time
}

// maxMarks are remembered; the session has fewer that are not painted.
const maxMarks = 512

// add takes a server's request. It fails for a server that asks and does not read
// the answers.
func (f *fences) add(now time.Time, r *rfb.Fence) bool {
	if len(f.list) >= 4*maxFences {
		return false
	}
	w := waitingFence{at: now, flags: r.Flags, size: len(r.Payload)}
	copy(w.payload[:], r.Payload)
	f.list = append(f.list, w)
	return true
}

// marked says that a mark was made.
func (f *fences) marked(now time.Time, mark uint64) {
	if mark > f.painted && len(f.marks) < maxMarks {
		f.marks = append(f.marks, sentMark{mark, now})
	}
}

// paint says that a mark was painted, how long that took, and how long the line takes
// by itself.
func (f *fences) paint(mark uint64, delay, rtt time.Duration) {
	f.painted = max(f.painted, mark)
	f.rtt, f.behind = rtt, max(delay-rtt, 0)
	n := 0
	for n < len(f.marks) && f.marks[n].number <= mark {
		n++
	}
	f.marks = append(f.marks[:0], f.marks[n:]...)
}

// begin says that marks count anew: those before will not be painted.
func (f *fences) begin() { f.painted, f.behind, f.marks = 0, 0, f.marks[:0] }

// late is how much longer painting takes than it may.
func (f *fences) late(now time.Time) time.Duration {
	behind := f.behind
	if len(f.marks) > 0 {
		behind = max(behind, now.Sub(f.marks[0].at)-f.rtt)
	}
	return max(behind-min(max(f.rtt/2, leastTolerance), mostTolerance), 0)
}

// answers appends the answers that are due. wait is when there may be more, 0: when
// something has happened. An unwatched picture holds no fence back.
func (f *fences) answers(dst []byte, now time.Time, watched bool) (_ []byte, wait time.Duration) {
	late := f.late(now)
	n := 0
	for n < len(f.list) {
		w := &f.list[n]
		if watched && len(f.list)-n <= maxFences {
			if wait = w.at.Add(nearLine + late).Sub(now); wait > 0 {
				break
			}
		}
		dst = rfb.AppendFenceReply(dst, &rfb.Fence{Flags: w.flags, Payload: w.payload[:w.size]})
		n++
	}
	f.list = append(f.list[:0], f.list[n:]...)
	return dst, max(wait, 0)
}
