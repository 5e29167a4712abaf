package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/porthole-rac/porthole/scripts/browser"
)

const (
	viewWidth, viewHeight = 1280, 800

	keyLimit    = 25          // ms
	weightLimit = 2.6         // MB
	promptLimit = 2500        // ms
	idleLimit   = 2           // % of a core
	demo        = "Demo"      // begins the demo endpoint's name
	demoPrompt  = `/[#$] *$/` // ends a shell's prompt
)

// openShell opens a browser with a shell at its prompt.
func (b *bench) openShell(s *browser.Server, endpoint string) (*browser.Browser, *browser.Page, error) {
	chromium, err := browser.Start(viewWidth, viewHeight)
	if err != nil {
		return nil, nil, err
	}
	p, err := chromium.Page()
	if err == nil {
		err = p.LogIn(s)
	}
	if err == nil && b.drawing != "" {
		_, err = browser.Eval[bool](p, fmt.Sprintf(`localStorage.setItem("porthole.options", JSON.stringify({ drawing: %q })), true`, b.drawing))
	}
	if err == nil {
		err = p.Launch(endpoint)
	}
	if err == nil {
		err = p.State("connected")
	}
	if err == nil && endpoint != demo {
		err = p.Shows(strings.TrimSpace(prompt))
	}
	if err == nil && endpoint == demo {
		err = p.Until(demoPrompt + `.test(porthole.text().trimEnd())`)
	}
	if err != nil {
		chromium.Close()
		return nil, nil, err
	}
	return chromium, p, nil
}

// key types on a shell's command line.
func key(ctx context.Context, b *bench) ([]row, error) {
	keys := 200
	if b.quick {
		keys = 40
	}
	sshd, err := b.openSSH()
	if err != nil {
		return nil, err
	}
	server, err := b.server("key")
	if err != nil {
		return nil, err
	}
	defer server.Stop()
	if err := sshd.endpoint(add(server), "key"); err != nil {
		return nil, err
	}
	chromium, p, err := b.openShell(server, "key")
	if err != nil {
		return nil, err
	}
	defer chromium.Close()
	before, err := browserCPU()
	if err != nil {
		return nil, err
	}
	for i := range keys {
		if err := p.Type(string(rune('a' + i%26))); err != nil {
			return nil, err
		}
		select {
		case <-time.After(50 * time.Millisecond): // a fast typist
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if err := p.Until(fmt.Sprintf("porthole.stats().keyToPaint.count >= %d", keys)); err != nil {
		return nil, err
	}
	after, err := browserCPU()
	if err != nil {
		return nil, err
	}
	t, err := browser.Eval[struct{ Count, P50, P95, P99 float64 }](p, "porthole.stats().keyToPaint")
	if err != nil {
		return nil, err
	}
	return []row{most("key to painted in Chromium, p50", t.P50, keyLimit, "ms",
		fmt.Sprintf("p95 %.1f, p99 %.1f ms; %.0f keys, each %.0f ms of Chromium's CPU", t.P95, t.P99, t.Count, milliseconds(spent(before, after))/t.Count))}, nil
}

// start watches a fresh page until the prompt has been painted. Times count from
// the navigation.
const start = `(() => {
	const seen = globalThis.benchSeen = { prompt: 0 };
	let before = 0, there = false;
	const look = () => {
		const s = porthole.stats();
		if (there && s.framesPainted > before) { seen.prompt = performance.now(); return; }
		there = porthole.state === "connected" && ` + demoPrompt + `.test(porthole.text().trimEnd());
		if (!there) before = s.framesPainted ?? 0;
		setTimeout(look, 5);
	};
	look();
	return true;
})()`

// spent is the CPU time between two looks at the browser's processes.
func spent(before, after map[int]process) (total time.Duration) {
	for pid, p := range after {
		total += p.cpu - before[pid].cpu
	}
	return total
}

// weight opens the demo's shell in browsers that have never been here.
func weight(ctx context.Context, b *bench) ([]row, error) {
	runs := 5
	if b.quick {
		runs = 1
	}
	server, err := b.server("weight", "--demo")
	if err != nil {
		return nil, err
	}
	defer server.Stop()
	var bytes, prompts []float64
	files := 0.0
	for range runs {
		w, err := cold(ctx, server)
		if err != nil {
			return nil, err
		}
		bytes, prompts, files = append(bytes, w.Bytes/1e6), append(prompts, w.Prompt), w.Files
	}
	return []row{
		most("page weight of a shell, brotli", median(bytes), weightLimit, "MB", fmt.Sprintf("%.0f files as they came over the network", files)),
		most("navigation to prompt, cold browser", median(prompts), promptLimit, "ms", fmt.Sprintf("%.0f ms", prompts)),
	}, nil
}

type coldStart struct{ Bytes, Files, Prompt float64 }

// cold logs in without loading any page of Porthole's, and then goes straight to
// the session page.
func cold(ctx context.Context, server *browser.Server) (w coldStart, err error) {
	chromium, err := browser.Start(viewWidth, viewHeight)
	if err != nil {
		return w, err
	}
	defer chromium.Close()
	p, err := chromium.Page()
	if err != nil {
		return w, err
	}
	if err := p.Go(server.URL + "assets.json"); err != nil {
		return w, err
	}
	launch := fmt.Sprintf(`void (async () => {
		const post = (path, body) => fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
		await post("/api/login", { username: %q, password: %q });
		const list = await (await fetch("/api/endpoints")).json();
		const r = await post("/api/endpoints/" + list.find((e) => e.name.startsWith(%q)).id + "/launch", {});
		location.assign((await r.json()).url);
	})(), true`, server.User, server.Password, demo)
	if _, err := browser.Eval[bool](p, launch); err != nil {
		return w, err
	}
	if err := p.Until(`location.pathname.startsWith("/if/rac/") && globalThis.porthole`); err != nil {
		return w, err
	}
	if _, err := browser.Eval[bool](p, start); err != nil {
		return w, err
	}
	if err := p.Until("benchSeen.prompt"); err != nil {
		return w, err
	}
	select {
	case <-time.After(time.Second): // what loads late counts as well
	case <-ctx.Done():
		return w, ctx.Err()
	}
	return browser.Eval[coldStart](p, `(() => {
		const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].filter((e) => e.encodedBodySize > 0);
		return { Bytes: all.reduce((n, e) => n + e.encodedBodySize, 0), Files: all.length, Prompt: benchSeen.prompt };
	})()`)
}

// idlePage measures all processes of a browser that shows a shell at its prompt:
// while the cursor blinks, and when it has come to rest, ten seconds after the
// last key or output. A page that is left alone is in the second state; what the
// first one costs where WebGL is drawn in software is in the note.
func idlePage(ctx context.Context, b *bench) ([]row, error) {
	wait := 10 * time.Second
	if b.quick {
		wait = 3 * time.Second
	}
	server, err := b.server("idlepage", "--demo")
	if err != nil {
		return nil, err
	}
	defer server.Stop()
	chromium, _, err := b.openShell(server, demo)
	if err != nil {
		return nil, err
	}
	defer chromium.Close()
	time.Sleep(3 * time.Second) // the browser's own start-up work
	blinking, _, err := browserUse(ctx, blinkTime)
	if err != nil {
		return nil, err
	}
	time.Sleep(blinkRest)
	resting, note, err := browserUse(ctx, wait)
	if err != nil {
		return nil, err
	}
	return []row{most("idle session page, all of Chromium", resting, idleLimit, "% of a core",
		fmt.Sprintf("%sin %v; while the cursor blinks %.1f %%", note, wait, blinking))}, nil
}

const (
	blinkTime = 4 * time.Second
	blinkRest = 8 * time.Second // after which it has been at rest for some
)

// browserUse measures Chromium for a time: per cent of a core, and what used it.
func browserUse(ctx context.Context, wait time.Duration) (percent float64, note string, err error) {
	before, err := browserCPU()
	if err != nil {
		return 0, "", err
	}
	select {
	case <-time.After(wait):
	case <-ctx.Done():
		return 0, "", ctx.Err()
	}
	after, err := browserCPU()
	if err != nil {
		return 0, "", err
	}
	var total time.Duration
	for pid, p := range after {
		if used := p.cpu - before[pid].cpu; used > 0 {
			total += used
			note += fmt.Sprintf("%s %v, ", p.kind(), used)
		}
	}
	return 100 * total.Seconds() / wait.Seconds(), note, nil
}
