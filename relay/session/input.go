package session

import (
	"errors"
	"sync"

	"github.com/porthole-rac/porthole/relay/target"
)

const (
	inputWindow = 256 << 10 // bytes of Input and Paste that a browser may have unconfirmed
	inputSlice  = 16 << 10  // bytes written to the target at once
	maxReplies  = 64 << 10  // bytes of the terminal's own replies that may wait

	// maxWaiting bounds what waits for a target that does not read. It is more
	// than the window, because brackets around pastes are not counted by the
	// browser, and because the count begins anew when a browser comes back.
	maxWaiting = 4 * inputWindow
)

var errInputWindow = errors.New("browser exceeded its input window")

// inputQueue is the way from the browser, and from the terminal core's replies,
// to the target. It is what keeps a target that does not read from blocking the
// socket on which the acknowledgements come.
type inputQueue struct {
	mu      sync.Mutex
	buf     []byte
	start   int         // bytes of buf that have been taken
	credit  uint64      // browser bytes that the waiting ones stand for
	replies int         // waiting bytes that are replies
	taken   uint64      // browser bytes handed to the target, ever
	size    target.Size // the window's new size, if resized
	resized bool
	closed  bool
	wake    chan struct{} // capacity 1
}

// work is what the target is to be told next.
type work struct {
	n       int // bytes of input
	size    target.Size
	resized bool
}

func newInputQueue() *inputQueue { return &inputQueue{wake: make(chan struct{}, 1)} }

// add queues browser input. data is what goes to the target, credit the bytes
// that the browser counted for it.
func (q *inputQueue) add(data []byte, credit int) error {
	q.mu.Lock()
	if q.credit+uint64(credit) > inputWindow || q.waiting()+len(data) > maxWaiting+q.replies {
		q.mu.Unlock()
		return errInputWindow
	}
	q.push(data)
	q.credit += uint64(credit)
	q.mu.Unlock()
	q.signal()
	return nil
}

// reply queues an answer of the terminal core. A target that asks without
// reading the answers loses them beyond a bound.
func (q *inputQueue) reply(data []byte) { q.answer(data, maxReplies) }

// answer queues an answer, if no more than most bytes of answers wait with it.
// One answer may be longer than that when no other waits.
func (q *inputQueue) answer(data []byte, most int) {
	q.mu.Lock()
	if q.replies == 0 || q.replies+len(data) <= most {
		q.push(data)
		q.replies += len(data)
	}
	q.mu.Unlock()
	q.signal()
}

// resize queues a new window size; only the newest one counts.
func (q *inputQueue) resize(size target.Size) {
	q.mu.Lock()
	q.size, q.resized = size, true
	q.mu.Unlock()
	q.signal()
}

// sized forgets a size that the target was opened with.
func (q *inputQueue) sized() {
	q.mu.Lock()
	q.resized = false
	q.mu.Unlock()
}

// settle counts all that waits as taken, and gives the count: what a browser
// that comes now begins with. It has a full window whatever the one before it
// left waiting.
func (q *inputQueue) settle() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.taken += q.credit
	q.credit = 0
	return q.taken
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

// next waits for something to do and takes up to len(buf) bytes of input. It
// counts them as taken before they are written, so that an echo never comes with
// a count that leaves them out. ok is false when the queue is closed.
func (q *inputQueue) next(buf []byte) (w work, ok bool) {
	for {
		q.mu.Lock()
		if q.closed {
			q.mu.Unlock()
			return work{}, false
		}
		if q.waiting() > 0 || q.credit > 0 || q.resized {
			w = work{n: q.take(buf), size: q.size, resized: q.resized}
			q.resized = false
			q.mu.Unlock()
			return w, true
		}
		q.mu.Unlock()
		<-q.wake
	}
}

func (q *inputQueue) waiting() int { return len(q.buf) - q.start }

// push appends data, moving what waits to the front when that saves growing.
func (q *inputQueue) push(data []byte) {
	if q.start > 0 && len(q.buf)+len(data) > cap(q.buf) && q.start >= len(q.buf)/2 {
		q.buf = q.buf[:copy(q.buf, q.buf[q.start:])]
		q.start = 0
	}
	q.buf = append(q.buf, data...)
}

func (q *inputQueue) take(buf []byte) int {
	all := q.waiting()
	n := copy(buf, q.buf[q.start:])
	credit := q.credit
	if n < all {
		credit = q.credit * uint64(n) / uint64(all)
	}
	q.taken += credit
	q.credit -= credit
	q.start += n
	q.replies = min(q.replies, all-n)
	if n == all {
		q.buf, q.start = q.buf[:0], 0
		if cap(q.buf) > inputSlice {
			q.buf = nil // a big paste leaves no big buffer behind
		}
	}
	return n
}

// count gives the browser bytes handed to the target so far.
func (q *inputQueue) count() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.taken
}
