package embedded

import (
	"container/list"
	"net/netip"
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
	name, client = strings.ToLower(bounded(name)), network(client)
	return [3]rule{
		{"both " + client + " " + name, freeAttempts, longestWait},
		{"name " + name, nameAttempts, shortWait},
		{"host " + client, hostAttempts, longestWait},
	}
}

// attempt counts an attempt as failed before it is made, so that many at once
// do not pass together; succeeded takes that back. wait is how long the attempt
// has to wait in place of being made; 0: it may be made.
func (l *limiter) attempt(name, client string, now time.Time) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := rules(name, client)
	for _, r := range all {
		if e, ok := l.entries[r.key]; ok {
			wait = max(wait, e.Value.(*attempts).until.Sub(now))
		}
	}
	if wait > 0 {
		return wait
	}
	for _, r := range all {
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
	return 0
}

// succeeded forgets the failures of a name from an address, and takes the
// attempt's own count back from the rest.
func (l *limiter) succeeded(name, client string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, r := range rules(name, client) {
		e, ok := l.entries[r.key]
		if !ok {
			continue
		}
		a := e.Value.(*attempts)
		if a.n--; i == 0 || a.n <= 0 {
			delete(l.entries, r.key)
			l.order.Remove(e)
		} else if a.n < r.free {
			a.until = time.Time{}
		}
	}
}

// network is what counts as one address: anybody with IPv6 has 2^64 of them.
func network(client string) string {
	a, err := netip.ParseAddr(client)
	if err != nil {
		return bounded(client)
	}
	if a = a.Unmap(); a.Is4() {
		return a.String()
	}
	p, err := a.WithZone("").Prefix(64)
	if err != nil {
		return a.String()
	}
	return p.String()
}
