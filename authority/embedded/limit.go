package embedded

import (
	"container/list"
	"strings"
	"sync"
	"time"
)

const (
	freeAttempts = 5                // failures by one name from one address before waiting begins
	nameAttempts = 50               // failures by one name from anywhere
	hostAttempts = 30               // failures from one address by any name
	firstWait    = time.Second      // doubled with each failure
	longestWait  = 15 * time.Minute // for one address; a name alone waits at most shortWait
	shortWait    = 10 * time.Second // so that a stranger cannot lock somebody out
	forgetAfter  = time.Hour
	maxEntries   = 10_000
)

// limiter slows down guessing of passwords. It counts failures by name and
// address, by name, and by address, in bounded memory.
type limiter struct {
	mu      sync.Mutex
	entries map[string]*list.Element
	order   *list.List // most recently failed first
}

type attempts struct {
	key   string
	n     int
	last  time.Time
	until time.Time
}

func newLimiter() *limiter {
	return &limiter{entries: make(map[string]*list.Element), order: list.New()}
}

// rule is one way of counting.
type rule struct {
	key     string
	free    int
	longest time.Duration
}

func rules(name, client string) [3]rule {
	name = strings.ToLower(bounded(name))
	return [3]rule{
		{"both " + client + " " + name, freeAttempts, longestWait},
		{"name " + name, nameAttempts, shortWait},
		{"host " + client, hostAttempts, longestWait},
	}
}

// wait says how long the next attempt has to wait; 0: not at all.
func (l *limiter) wait(name, client string, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	var longest time.Duration
	for _, r := range rules(name, client) {
		if e, ok := l.entries[r.key]; ok {
			longest = max(longest, e.Value.(*attempts).until.Sub(now))
		}
	}
	return longest
}

// failed counts a failure.
func (l *limiter) failed(name, client string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range rules(name, client) {
		e, ok := l.entries[r.key]
		if !ok {
			if len(l.entries) >= maxEntries {
				oldest := l.order.Back()
				delete(l.entries, oldest.Value.(*attempts).key)
				l.order.Remove(oldest)
			}
			e = l.order.PushFront(&attempts{key: r.key})
			l.entries[r.key] = e
		}
		l.order.MoveToFront(e)
		a := e.Value.(*attempts)
		if now.Sub(a.last) > forgetAfter {
			a.n = 0
		}
		a.n++
		a.last = now
		if over := a.n - r.free; over >= 0 {
			a.until = now.Add(min(firstWait<<min(over, 20), r.longest))
		}
	}
}

// succeeded forgets the failures of a name from an address.
func (l *limiter) succeeded(name, client string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := rules(name, client)[0].key
	if e, ok := l.entries[key]; ok {
		delete(l.entries, key)
		l.order.Remove(e)
	}
}
