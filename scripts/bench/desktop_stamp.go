package main

import (
	"context"
	"sync"
	"time"

	"github.com/porthole-rac/porthole/scripts/bench/glass"
	"github.com/porthole-rac/porthole/scripts/targets"
)

const (
	stampBlocks = 2 + glass.StampBits
	stampWidth  = stampBlocks * glass.StampBlock
	stampPeriod = time.Second / 30 // where a workload does not count its pictures
)

// stamp shows the clock on a display, anew with each picture of a workload, so that
// who looks at it can tell which picture is there, and how old it is.
type stamp struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
	err    error
}

func startStamp(d *targets.Display, work *targets.Work, x, y int) (*stamp, error) {
	c, err := d.Dial()
	if err != nil {
		return nil, err
	}
	gc, window := c.GC(0), c.Window(x, y, stampWidth, glass.StampBlock, 0)
	if err := c.Sync(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &stamp{cancel: cancel}
	s.done.Go(func() {
		defer c.Close()
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		last, at := int64(-1), time.Time{}
		for ctx.Err() == nil && s.err == nil {
			n := work.Frames()
			if now := time.Now(); n != last || n == 0 && now.Sub(at) >= stampPeriod {
				last, at = n, now
				c.Put(window, gc, 0, 0, stampWidth, stampPixels(uint32(now.UnixMilli())))
				s.err = c.Sync()
			}
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	})
	return s, nil
}

// stop ends it.
func (s *stamp) stop() error {
	s.cancel()
	s.done.Wait()
	return s.err
}

// stampPixels are white and black blocks: white, black, and the bits of v.
func stampPixels(v uint32) []byte {
	pix := make([]byte, 4*stampWidth*glass.StampBlock)
	for i := range stampBlocks {
		white := i == 0
		if i >= 2 {
			white = v>>(stampBlocks-1-i)&1 == 1
		}
		if !white {
			continue
		}
		for y := range glass.StampBlock {
			line := pix[4*(y*stampWidth+i*glass.StampBlock):][:4*glass.StampBlock]
			for j := range line {
				line[j] = 255
			}
		}
	}
	return pix
}
