package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/porthole-rac/porthole/scripts/browser"
)

const (
	catRatio    = 2   // × plain ssh
	catBlock    = 50  // ms
	catCPU      = 2   // × a bare copy
	bigCatBlock = 100 // ms
	scrollback  = 1000
)

// cat50 shows a text of 50 MB in the browser's shell.
func cat50(ctx context.Context, b *bench) (rows []row, err error) {
	size, runs := 50_000_000, 3
	if b.quick {
		size, runs = 5_000_000, 1
	}
	c, err := b.newCat("cat", size)
	if err != nil {
		return nil, err
	}
	defer c.close()
	var page, plain, pty, relay, bare, chrome []time.Duration
	var blocks, drifts []float64
	wrong := 0
	for range runs {
		p, err := c.plain(ctx)
		if err != nil {
			return nil, err
		}
		onPty, err := c.sshd.ssh(ctx, "cat "+c.text.path, "-tt")
		if err != nil {
			return nil, err
		}
		shown, err := c.show(ctx, 1)
		if err != nil {
			return nil, err
		}
		spent, err := c.bare(ctx)
		if err != nil {
			return nil, err
		}
		plain, page, pty = append(plain, p), append(page, shown.took), append(pty, onPty)
		chrome = append(chrome, shown.chrome)
		relay, bare = append(relay, shown.relay), append(bare, spent)
		blocks, drifts = append(blocks, shown.block), append(drifts, shown.drift)
		wrong = max(wrong, shown.wrong)
	}
	mb := size / 1_000_000
	ratio := median(page).Seconds() / median(plain).Seconds()
	cost := median(relay).Seconds() / median(bare).Seconds()
	return []row{
		most(fmt.Sprintf("cat of %d MB until its last line is painted, × ssh host cat", mb), ratio, catRatio, "×",
			fmt.Sprintf("page %v, ssh %v; Chromium's CPU %v", page, plain, chrome)),
		// A shell has a terminal, whose line discipline alone may take longer than
		// all that plain ssh does.
		most("the same, × ssh -tt host cat: through a terminal, too", median(page).Seconds()/median(pty).Seconds(), catRatio, "×",
			fmt.Sprintf("ssh -tt %v", pty)),
		most("the page's longest block meanwhile", median(blocks), catBlock, "ms",
			fmt.Sprintf("tasks over 50 ms: %.0f; a 10 ms timer came late by %.0f ms", blocks, drifts)),
		most("relay CPU, × a bare copy from SSH to WebSocket", cost, catCPU, "×", fmt.Sprintf("relay %v, bare %v", relay, bare)),
		most("scrollback lines that are missing or wrong", float64(wrong), 0, "lines", fmt.Sprintf("of %d", scrollback)),
	}, nil
}

// catGB shows a gigabyte.
func catGB(ctx context.Context, b *bench) ([]row, error) {
	size, times := 50_000_000, 20
	if b.quick {
		size, times = 10_000_000, 10
	}
	c, err := b.newCat("catgb", size)
	if err != nil {
		return nil, err
	}
	defer c.close()
	shown, err := c.show(ctx, times)
	if err != nil {
		return nil, err
	}
	mb := float64(c.text.size*times) / 1e6
	return []row{
		most(fmt.Sprintf("cat of %.0f MB: the page's longest block", mb), shown.block, bigCatBlock, "ms",
			fmt.Sprintf("%v in all, %.0f MB/s; %d frames painted; a 10 ms timer came late by %.0f ms; CPU of relay %v, Chromium %v",
				shown.took, mb/shown.took.Seconds(), shown.frames, shown.drift, shown.relay, shown.chrome)),
		most("scrollback lines that are missing or wrong", float64(shown.wrong), 0, "lines", fmt.Sprintf("of %d", scrollback)),
	}, nil
}

// cat is a browser with a shell on a server that has a large text.
type cat struct {
	b       *bench
	sshd    *sshd
	text    *text
	server  *browser.Server
	browser *browser.Browser
	page    *browser.Page
}

func (b *bench) newCat(name string, size int) (c *cat, err error) {
	c = &cat{b: b}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	if c.sshd, err = b.openSSH(); err != nil {
		return c, err
	}
	if c.text, err = makeText(b.dir, size); err != nil {
		return c, err
	}
	if c.server, err = b.server(name); err != nil {
		return c, err
	}
	if err = c.sshd.endpoint(add(c.server), name, fmt.Sprintf("scrollback=%d", scrollback)); err != nil {
		return c, err
	}
	c.browser, c.page, err = b.openShell(c.server, name)
	return c, err
}

func (c *cat) close() {
	if c.browser != nil {
		c.browser.Close()
	}
	if c.server != nil {
		c.server.Stop()
	}
}

// plain gives the time of plain ssh.
func (c *cat) plain(ctx context.Context) (time.Duration, error) {
	return c.sshd.ssh(ctx, "cat "+c.text.path)
}

// shown is what one cat in the browser was like.
type shown struct {
	took   time.Duration // from Enter to the last line painted
	relay  time.Duration // CPU of the relay
	block  float64       // ms, longest task of the page's main thread over 50 ms, else 0
	drift  float64       // ms, by which a timer of 10 ms came late
	chrome time.Duration // CPU of all of Chromium
	frames int
	wrong  int // lines of the scrollback
}

// probe watches the page from within: a timer finds out how long the page could
// not answer, and when the output is complete and painted.
const probe = `(() => {
	const first = porthole.stats();
	const probe = globalThis.benchProbe = { begun: 0, done: 0, drift: 0, frames: 0 };
	const end = first.outputBytes + %d;
	let last = 0, before = first.framesPainted, complete = false;
	addEventListener("keydown", (e) => {
		if (e.key === "Enter" && !probe.begun) {
			last = probe.begun = performance.now();
			globalThis.portholeLongestTask = 0;
		}
	}, { capture: true });
	const look = () => {
		const now = performance.now();
		if (probe.begun) {
			probe.drift = Math.max(probe.drift, now - last - 10);
			last = now;
		}
		const s = porthole.stats();
		if (complete && s.framesPainted > before && porthole.text().includes(%q)) {
			probe.done = now;
			probe.frames = s.framesPainted - first.framesPainted;
			return;
		}
		complete = s.outputBytes >= end;
		if (!complete) before = s.framesPainted;
		setTimeout(look, 10);
	};
	look();
	return true;
})()`

// show types the command, presses Enter and waits for the end of the text.
func (c *cat) show(ctx context.Context, times int) (*shown, error) {
	p := c.page
	command := "cat" + strings.Repeat(" "+c.text.path, times)
	if _, err := browser.Eval[bool](p, fmt.Sprintf("porthole.sendText(%q), true", command)); err != nil {
		return nil, err
	}
	// The shell has shown all of it when its end is there, with whatever line
	// breaks.
	if err := p.Until(fmt.Sprintf(`porthole.text().replaceAll("\n", "").endsWith(%q)`, strings.Repeat(" "+c.text.path, min(times, 2)))); err != nil {
		return nil, err
	}
	if _, err := browser.Eval[bool](p, fmt.Sprintf(probe, times*c.text.sent(), lastLine)); err != nil {
		return nil, err
	}
	before, err := cpu(c.server.PID())
	if err != nil {
		return nil, err
	}
	chromeBefore, err := browserCPU()
	if err != nil {
		return nil, err
	}
	if err := p.Type("\r"); err != nil {
		return nil, err
	}
	type result struct{ Begun, Done, Drift, Frames float64 }
	var r result
	for r.Done == 0 {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(200 * time.Millisecond): // asking costs the page time
		}
		if r, err = browser.Eval[result](p, "benchProbe"); err != nil {
			return nil, err
		}
	}
	after, err := cpu(c.server.PID())
	if err != nil {
		return nil, err
	}
	chromeAfter, err := browserCPU()
	if err != nil {
		return nil, err
	}
	if err := p.Shows(strings.TrimSpace(prompt)); err != nil {
		return nil, err
	}
	time.Sleep(300 * time.Millisecond) // the browser tells of long tasks when it has time
	s := &shown{took: time.Duration((r.Done - r.Begun) * float64(time.Millisecond)).Round(time.Millisecond), relay: after - before, chrome: spent(chromeBefore, chromeAfter), drift: r.Drift, frames: int(r.Frames)}
	if s.block, err = browser.Eval[float64](p, "portholeLongestTask"); err != nil {
		return nil, err
	}
	s.wrong, err = c.compare()
	return s, err
}

// compare counts the lines that differ from the text's end.
func (c *cat) compare() (int, error) {
	all, err := browser.Eval[string](c.page, "porthole.scrollback() + porthole.text()")
	if err != nil {
		return 0, err
	}
	got := strings.Split(all, "\n")
	end := -1
	for i, l := range got {
		if l == lastLine {
			end = i
		}
	}
	if end < 0 {
		return 0, errors.New("the last line is not there")
	}
	got = got[:end+1]
	wrong := max(0, scrollback-len(got))
	for i := range min(len(got), len(c.text.tail)) {
		if got[len(got)-1-i] != c.text.tail[len(c.text.tail)-1-i] {
			wrong++
		}
	}
	return wrong, nil
}

// bare gives the CPU time of a bare copy of the same bytes.
func (c *cat) bare(ctx context.Context) (time.Duration, error) {
	path, err := c.b.program(ctx, "barecopy")
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, path, "--ssh", c.sshd.Address(), "--user", c.sshd.User, "--key", c.sshd.KeyFile, "--command", "cat "+c.text.path)
	var problem strings.Builder
	cmd.Stderr = &problem
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return 0, fmt.Errorf("start barecopy: %w", err)
	}
	lines := bufio.NewScanner(out)
	var spent time.Duration
	for lines.Scan() {
		var seconds float64
		var n int
		if url := lines.Text(); strings.HasPrefix(url, "ws:") {
			err = drain(ctx, url)
		} else if _, err = fmt.Sscan(url, &seconds, &n); err == nil && n < c.text.size {
			err = fmt.Errorf("%d bytes of %d", n, c.text.size)
		}
		if err != nil {
			break
		}
		spent = time.Duration(seconds * float64(time.Second)).Round(10 * time.Millisecond)
	}
	if err := errors.Join(err, lines.Err(), cmd.Wait()); err != nil {
		return 0, fmt.Errorf("barecopy: %w: %s", err, problem.String())
	}
	return spent, nil
}

// drain reads a socket to its end.
func drain(ctx context.Context, url string) error {
	conn, _, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		return fmt.Errorf("open socket: %w", err)
	}
	defer conn.CloseNow() //nolint:errcheck // it has been read to its end
	conn.SetReadLimit(-1)
	for {
		_, r, err := conn.Reader(ctx)
		if err == nil {
			_, err = io.Copy(io.Discard, r)
		}
		switch {
		case websocket.CloseStatus(err) == websocket.StatusNormalClosure:
			return nil
		case err != nil:
			return fmt.Errorf("read socket: %w", err)
		}
	}
}
