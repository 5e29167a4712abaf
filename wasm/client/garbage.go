//go:build js

package main

import (
	"runtime"
	"runtime/debug"
	"time"
)

const (
	heapRoom = 128 << 20       // bytes that may be allocated before a collection comes by itself
	heapDue  = 24 << 20        // bytes after which a calm moment is used for one
	calm     = 2 * time.Second // without a message
	minRoom  = 100             // percent of the live heap
)

// garbage decides when memory is collected. The page's one thread does that as well,
// and while it does nothing else happens: 60 to 180 ms in a flood of output, when
// programs compete for the processor. So a flood has room for a while, and what it
// leaves is collected when nothing comes any more.
type garbage struct {
	waiting bool
	heard   time.Time
	before  uint64 // bytes allocated ever, at the last collection
	cycles  uint32
}

func newGarbage() *garbage {
	g := &garbage{}
	g.adjust()
	return g
}

// heardOf notes that a message came.
func (g *garbage) heardOf() {
	g.heard = time.Now()
	if !g.waiting {
		g.waiting = true
		time.AfterFunc(calm, g.look)
	}
}

// look collects when it is calm and worth it.
func (g *garbage) look() {
	if left := calm - time.Since(g.heard); left > 0 {
		time.AfterFunc(left, g.look)
		return
	}
	g.waiting = false
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.NumGC != g.cycles { // one came by itself
		g.before, g.cycles = m.TotalAlloc, m.NumGC
	}
	if m.TotalAlloc-g.before < heapDue {
		return
	}
	runtime.GC()
	g.adjust()
}

// adjust sets how much may be allocated until the next collection comes by itself.
func (g *garbage) adjust() {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	g.before, g.cycles = m.TotalAlloc, m.NumGC
	debug.SetGCPercent(max(minRoom, int(heapRoom*100/max(m.HeapAlloc, 1<<20))))
}
