package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/porthole-rac/porthole/scripts/bench/glass"
	"github.com/porthole-rac/porthole/scripts/targets"
)

// Bars of desktops: what issue and figures say, × noVNC where nothing else is told.
const (
	longestTask  = 50   // ms
	bytesMore    = 1.05 // × bytes from the server
	relayCPU     = 2.0  // × a plain copy
	firstPicture = 1500 // ms
	pageWeight   = 1.3  // MB
	halfTrip     = 50 * time.Millisecond
)

// moving are the workloads that are watched, with their bars near and at a round trip
// of 100 ms.
var moving = []struct {
	kind      targets.Workload
	near, far float64
}{
	{targets.Text, 1.4, 2},
	{targets.Drag, 1.7, 1.4},
	{targets.Video, 1, 1},
	{targets.Noise, 1, 1},
	{targets.Scroll, 1, 1},
}

// desktop compares desktops with noVNC: what is painted and seen of moving pictures,
// near and far, and what it costs.
func desktop(ctx context.Context, b *bench) ([]row, error) {
	n, watch := 3, 4*time.Second
	loads := moving
	if b.quick {
		n, watch, loads = 1, 2*time.Second, moving[:2]
	}
	if b.loads != "" {
		loads = nil
		for _, load := range moving {
			if slices.Contains(strings.Split(b.loads, ","), string(load.kind)) {
				loads = append(loads, load)
			}
		}
	}
	d, err := b.desk(ctx)
	if err != nil {
		return nil, err
	}
	defer d.close()
	plan := glass.Plan{X: stampX, Y: stampY, Warm: 1500 * time.Millisecond, Time: watch, Drawing: glass.Canvas}
	var rows []row
	for _, load := range loads {
		for _, delay := range []time.Duration{0, halfTrip} {
			bar, where := load.near, ""
			if delay > 0 {
				bar, where = load.far, fmt.Sprintf(" at %v", 2*delay)
			}
			pairs, err := d.compare(ctx, load.kind, plan, delay, n)
			if err != nil {
				return rows, err
			}
			rows = append(rows, seen(string(load.kind)+where, pairs, bar)...)
			if delay == 0 && load.kind != targets.Drag { // of which there are hardly any bytes
				rows = append(rows, cost(string(load.kind), pairs))
			}
		}
	}
	if !b.quick && b.loads == "" {
		plan.Drawing = glass.SwiftShader
		for _, kind := range []targets.Workload{targets.Text, targets.Video} {
			pairs, err := d.compare(ctx, kind, plan, 0, 1)
			if err != nil {
				return rows, err
			}
			rows = append(rows, slow(string(kind)+" with software WebGL", pairs)...)
		}
	}
	return rows, nil
}

// slow are the rows where the peer's page may not answer any more.
func slow(what string, pairs []pair) []row {
	if p := pairs[0]; p.peer.Painted == 0 {
		return []row{
			least(what+": painted updates a second, while noVNC's page does not answer for 80 s", p.ours.Painted, 1, "", ""),
			most(what+": longest task of the page", p.ours.Longest, longestTask, "ms", ""),
		}
	}
	return seen(what, pairs, 2)
}

// seen are the rows of what a person sees.
func seen(what string, pairs []pair, bar float64) []row {
	painted, a, b := ratios(pairs, func(g glance) float64 { return g.Painted })
	pictures, c, d := ratios(pairs, func(g glance) float64 { return g.Pictures })
	_, ourTask, peerTask := ratios(pairs, func(g glance) float64 { return g.Longest })
	_, ourLate, peerLate := ratios(pairs, func(g glance) float64 { return g.Late })
	_, ourLook, peerLook := ratios(pairs, func(g glance) float64 { return g.Look })
	_, ourGap, peerGap := ratios(pairs, func(g glance) float64 { return g.Gap95 })
	worst := 0.0
	for _, p := range pairs {
		worst = max(worst, p.ours.Longest)
	}
	return []row{
		least(what+": painted updates a second, × noVNC", painted, bar, "×", fmt.Sprintf("%.1f and %.1f", a, b)),
		least(what+": its pictures seen a second, × noVNC", pictures, min(bar, 1), "×",
			fmt.Sprintf("%.1f and %.1f; seen after %.0f and %.0f ms; p95 between two %.0f and %.0f ms; a look costs %.1f and %.1f ms",
				c, d, ourLate, peerLate, ourGap, peerGap, ourLook, peerLook)),
		most(what+": longest task of the page", worst, longestTask, "ms", fmt.Sprintf("medians %.0f and %.0f ms", ourTask, peerTask)),
	}
}

// cost is the relay's work for a megabyte.
func cost(what string, pairs []pair) row {
	perMB := func(g glance) float64 { return milliseconds(g.relay) / max(float64(g.bytes), 1) * 1e6 }
	ratio, a, b := ratios(pairs, perMB)
	_, ourBrowser, peerBrowser := ratios(pairs, func(g glance) float64 { return 100 * g.browser.Seconds() / g.Seconds })
	_, ourRate, peerRate := ratios(pairs, func(g glance) float64 { return float64(g.bytes) / g.Seconds / 1e6 })
	return most(what+": relay CPU for a megabyte, × a plain copy", ratio, relayCPU, "×",
		fmt.Sprintf("%.2f and %.2f ms; %.1f and %.1f MB/s; Chromium %.0f and %.0f %% of a core", a, b, ourRate, peerRate, ourBrowser, peerBrowser))
}

// desktopBytes compares what the browser gets with what the server sent.
func desktopBytes(ctx context.Context, b *bench) ([]row, error) {
	d, err := b.desk(ctx)
	if err != nil {
		return nil, err
	}
	defer d.close()
	plan := glass.Plan{X: stampX, Y: stampY, Warm: 1500 * time.Millisecond, Time: 4 * time.Second, Drawing: glass.Canvas}
	var rows []row
	for _, kind := range []targets.Workload{targets.Text, targets.Drag, targets.Video} {
		g, err := d.one(ctx, kind, plan)
		if err != nil {
			return rows, err
		}
		rows = append(rows, most(string(kind)+": bytes to the browser, × bytes from the server", float64(g.bytes)/max(float64(g.target), 1), bytesMore, "×",
			fmt.Sprintf("%.2f MB and %.2f MB", float64(g.bytes)/1e6, float64(g.target)/1e6)))
	}
	return rows, nil
}

// one looks at a workload by Porthole alone and counts the server's bytes.
func (d *desk) one(ctx context.Context, kind targets.Workload, plan glass.Plan) (g glance, err error) {
	work, err := d.vnc.Display.Draw(kind)
	if err != nil {
		return g, err
	}
	defer work.Stop() //nolint:errcheck // what was seen counts
	s, err := startStamp(d.vnc.Display, work, stampX, stampY)
	if err != nil {
		return g, err
	}
	defer s.stop() //nolint:errcheck // likewise
	return d.look(ctx, ours, plan, 0, true)
}

// desktopKey compares the time from a key to its picture.
func desktopKey(ctx context.Context, b *bench) ([]row, error) {
	n, keys := 3, 100
	if b.quick {
		n, keys = 1, 20
	}
	d, err := b.desk(ctx)
	if err != nil {
		return nil, err
	}
	defer d.close()
	plan := glass.Plan{X: 100, Y: 600, Warm: 1500 * time.Millisecond, Keys: keys, Drawing: glass.Canvas}
	pairs, err := d.compare(ctx, targets.Echo, plan, 0, n)
	if err != nil {
		return nil, err
	}
	ratio, a, p := ratios(pairs, func(g glance) float64 { return g.P50 })
	_, a95, p95 := ratios(pairs, func(g glance) float64 { return g.P95 })
	lost := 0
	for _, r := range pairs {
		lost += r.ours.Lost
	}
	return []row{
		most("key to painted, p50, × noVNC", ratio, 1, "×", fmt.Sprintf("%.1f and %.1f ms; p95 %.1f and %.1f ms", a, p, a95, p95)),
		most("keys without a picture", float64(lost), 0, "keys", ""),
	}, nil
}

// desktopFirst opens desktops in browsers that have never been here.
func desktopFirst(ctx context.Context, b *bench) ([]row, error) {
	n := 3
	if b.quick {
		n = 1
	}
	d, err := b.desk(ctx)
	if err != nil {
		return nil, err
	}
	defer d.close()
	pairs, err := d.compare(ctx, targets.Idle, glass.Plan{X: stampX, Y: stampY, Drawing: glass.Canvas}, 0, n)
	if err != nil {
		return nil, err
	}
	_, a, p := ratios(pairs, func(g glance) float64 { return g.Shown })
	_, weight, _ := ratios(pairs, func(g glance) float64 { return float64(g.untilSeen) / 1e6 })
	return []row{
		most("navigation to the first picture, cold browser", a, firstPicture, "ms", fmt.Sprintf("noVNC from the same machine %.0f ms", p)),
		most("page weight before it, brotli", weight, pageWeight, "MB", "with all heads, without the picture"),
	}, nil
}
