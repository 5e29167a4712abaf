package session

import (
	"errors"
	"sync"
)

const (
	inputWindow = 256 << 10 // bytes of Input and Paste that a browser may have unconfirmed
	inputSlice  = 16 << 10  // bytes written to the target at once
	maxReplies  = 64 << 10  // bytes of the terminal's own replies that may wait
)

var errInputWindow = errors.New("browser exceeded its input window")

// inputQueue is the way from the browser, and from the terminal core's replies,
// to the target. It is what keeps a target that does not read from blocking the
// socket on which the acknowledgements come.
type inputQueue struct {
	mu      sync.Mutex
	waiting []byte // bytes for the target, in order
	credit  uint64 // browser bytes that waiting stands for
	replies int    // bytes in waiting that are replies
	taken   uint64 // browser bytes handed to the target, ever
	closed  bool
	wake    chan struct{} // capacity 1
}

func newInputQueue() *inputQueue { return &inputQueue{wake: make(chan struct{}, 1)} }

// add queues browser input. data is what goes to the target, credit the bytes
// that the browser counted for it.
func (q *inputQueue) add(data []byte, credit int) error {
	q.mu.Lock()
	if q.credit+uint64(credit) > inputWindow {
		q.mu.Unlock()
		return errInputWindow
	}
	q.waiting = append(q.waiting, data...)
	q.credit += uint64(credit)
	q.mu.Unlock()
	q.signal()
	return nil
}

// reply queues an answer of the terminal core. A target that asks without
// reading the answers loses them beyond a bound.
func (q *inputQueue) reply(data []byte) {
	q.mu.Lock()
	if q.replies+len(data) <= maxReplies {
		q.waiting = append(q.waiting, data...)
		q.replies += len(data)
	}
	q.mu.Unlock()
	q.signal()
}

func (q *inputQueue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *inputQueue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.signal()
}

// next waits for input and takes up to len(buf) bytes of it. It counts them as
// taken before they are written, so that an echo never comes with a count that
// leaves them out. ok is false when the queue is closed.
func (q *inputQueue) next(buf []byte) (n int, ok bool) {
	for {
		q.mu.Lock()
		if q.closed {
			q.mu.Unlock()
			return 0, false
		}
		if len(q.waiting) > 0 || q.credit > 0 {
			n = q.take(buf)
			q.mu.Unlock()
			return n, true
		}
		q.mu.Unlock()
		<-q.wake
	}
}

func (q *inputQueue) take(buf []byte) int {
	n := copy(buf, q.waiting)
	credit := q.credit
	if n < len(q.waiting) {
		credit = q.credit * uint64(n) / uint64(len(q.waiting))
	}
	q.taken += credit
	q.credit -= credit
	rest := copy(q.waiting, q.waiting[n:])
	q.waiting = q.waiting[:rest]
	q.replies = min(q.replies, rest)
	if rest == 0 && cap(q.waiting) > inputSlice {
		q.waiting = nil // a big paste leaves no big buffer behind
	}
	return n
}

// count gives the browser bytes handed to the target so far.
func (q *inputQueue) count() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.taken
}
