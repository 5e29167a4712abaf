// Bench measures what Porthole promises and prints one table: bar, measured,
// limit, passed or not.
//
//	go run ./scripts/bench [--only NAME,…] [--quick] [--drawing gpu|canvas] [--loads NAME,…] [--json FILE] [--porthole BINARY]
//
// It drives a binary that was built with its web bundle (make build), a real
// OpenSSH server on loopback, a real VNC server, and Debian's Chromium. Each benchmark measures as a
// ratio in the same run where it can, because machines differ and have other
// work: what is compared runs alternately, and medians are taken.
//
//	cat50     50 MB of coloured text in the browser's shell, against plain ssh
//	catGB     1 GB of it: the page stays alive and the scrollback is complete
//	echo      what the relay adds to an echoed key
//	key       from a key to its picture in the browser
//	idle1000  memory and CPU of a relay with 1,000 idle sessions
//	weight    bytes of the session page, and the time to its prompt
//	idlepage  CPU of a browser that shows an idle session
//	vt        the terminal core in WebAssembly (scripts/bench/vt)
//	desktop   moving pictures of a VNC server against noVNC, near and far, and the relay's CPU
//	desktopbytes  bytes to the browser against those from the server
//	desktopkey    from a key to its picture, against noVNC
//	desktopfirst  from navigation to a desktop's first picture, and the page's weight
//	stock     moving pictures, a flood, keys and idle connections of pages that speak Guacamole, without a browser
//	idle200   memory and CPU of a relay with 200 idle desktops
//
// The exit status is 1 when a bar is missed or a benchmark could not run. With
// --quick everything is smaller and so are the claims: it is for seeing that the
// benchmarks work.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

// row is one bar of the table.
type row struct {
	Bench    string  `json:"bench"`
	Bar      string  `json:"bar"`
	Measured float64 `json:"measured"`
	Limit    float64 `json:"limit"`
	Unit     string  `json:"unit"`
	Least    bool    `json:"least,omitempty"` // the limit is a minimum
	Pass     bool    `json:"pass"`
	Note     string  `json:"note,omitempty"` // the figures behind it
}

func most(bar string, measured, limit float64, unit, note string) row {
	return row{Bar: bar, Measured: measured, Limit: limit, Unit: unit, Pass: measured <= limit, Note: note}
}

func least(bar string, measured, limit float64, unit, note string) row {
	return row{Bar: bar, Measured: measured, Limit: limit, Unit: unit, Least: true, Pass: measured >= limit, Note: note}
}

// bench is one run.
type bench struct {
	quick  bool
	binary string // porthole
	// drawing is what the person has chosen in the settings; "": nothing.
	drawing string
	loads   string // of the benchmark desktop; "": all
	root    string // of the repository
	dir     string // temporary
	sshd    *sshd  // started when first needed
}

type benchmark struct {
	name string
	run  func(context.Context, *bench) ([]row, error)
}

var benchmarks = []benchmark{
	{"cat50", cat50},
	{"catGB", catGB},
	{"echo", echo},
	{"key", key},
	{"idle1000", idle1000},
	{"weight", weight},
	{"idlepage", idlePage},
	{"vt", vt},
	{"desktop", desktop},
	{"desktopbytes", desktopBytes},
	{"desktopkey", desktopKey},
	{"desktopfirst", desktopFirst},
	{"stock", stock},
	{"idle200", idle200},
}

// report is what the JSON file holds.
type report struct {
	Time     time.Time         `json:"time"`
	Quick    bool              `json:"quick"`
	Machine  string            `json:"machine"`
	Rows     []row             `json:"rows"`
	Problems map[string]string `json:"problems,omitempty"` // benchmarks that did not run
	Load     map[string]string `json:"load"`               // load averages before each benchmark
}

func main() {
	only := flag.String("only", "", "comma-separated `names` of the benchmarks to run")
	quick := flag.Bool("quick", false, "smaller sizes, to see that the benchmarks work")
	file := flag.String("json", filepath.Join("bin", "bench.json"), "`file` for the figures")
	binary := flag.String("porthole", filepath.Join("bin", "porthole"), "the porthole `binary`")
	drawing := flag.String("drawing", "", "what is to draw terminals, gpu or canvas; else the page chooses")
	loads := flag.String("loads", "", "comma-separated `workloads` of the benchmark desktop: text, drag, video, noise, scroll")
	flag.Parse()
	// The demo starts the person's shell, whose start-up files may take seconds and
	// are not Porthole's; this one reads none.
	_ = os.Setenv("SHELL", "/bin/sh")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ok, err := run(ctx, *only, *quick, *drawing, *loads, *file, *binary)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

func run(ctx context.Context, only string, quick bool, drawing, loads, file, binary string) (ok bool, err error) {
	chosen, err := choose(only)
	if err != nil {
		return false, err
	}
	binary, err = filepath.Abs(binary)
	if err == nil {
		_, err = os.Stat(binary)
	}
	if err != nil {
		return false, fmt.Errorf("find porthole: %w (run make build first)", err)
	}
	root, err := os.Getwd()
	if err != nil {
		return false, fmt.Errorf("find repository: %w", err)
	}
	dir, err := os.MkdirTemp("", "porthole-bench-")
	if err != nil {
		return false, fmt.Errorf("make folder: %w", err)
	}
	defer os.RemoveAll(dir)
	b := &bench{quick: quick, drawing: drawing, loads: loads, binary: binary, root: root, dir: dir}
	defer b.close()

	r := report{Time: time.Now().UTC(), Quick: quick, Machine: machine(), Problems: map[string]string{}, Load: map[string]string{}}
	for _, m := range chosen {
		r.Load[m.name] = load()
		fmt.Fprintf(os.Stderr, "%s… (load %s)\n", m.name, r.Load[m.name])
		rows, err := m.run(ctx, b)
		for i := range rows {
			rows[i].Bench = m.name
		}
		r.Rows = append(r.Rows, rows...)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", m.name, err)
			r.Problems[m.name] = err.Error()
		}
		if ctx.Err() != nil { // stopped: what was measured by then is worth having
			break
		}
	}
	print(os.Stdout, &r)
	return r.good(), errors.Join(ctx.Err(), write(file, &r))
}

func choose(only string) ([]benchmark, error) {
	if only == "" {
		return benchmarks, nil
	}
	var chosen []benchmark
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(benchmarks, func(b benchmark) bool { return b.name == name })
		if i < 0 {
			return nil, fmt.Errorf("--only %s: there is no such benchmark", name)
		}
		chosen = append(chosen, benchmarks[i])
	}
	return chosen, nil
}

// errAbsent is why a benchmark that is not part of this tree does not count.
var errAbsent = errors.New("not in this tree")

func (r *report) good() bool {
	for _, row := range r.Rows {
		if !row.Pass {
			return false
		}
	}
	for _, p := range r.Problems {
		if p != errAbsent.Error() {
			return false
		}
	}
	return true
}

func print(w io.Writer, r *report) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\tBAR\tMEASURED\tLIMIT\tRESULT\tBEHIND IT")
	for _, row := range r.Rows {
		sign, result := "≤", "pass"
		if row.Least {
			sign = "≥"
		}
		if !row.Pass {
			result = "FAIL"
		}
		fmt.Fprintf(t, "%s\t%s\t%s %s\t%s %s\t%s\t%s\n", row.Bench, row.Bar, figure(row.Measured), row.Unit, sign, figure(row.Limit), result, row.Note)
	}
	for _, b := range benchmarks {
		if p := r.Problems[b.name]; p != "" {
			result := "FAIL"
			if p == errAbsent.Error() {
				result = "absent"
			}
			fmt.Fprintf(t, "%s\tdid not run\t\t\t%s\t%.160s\n", b.name, result, p)
		}
	}
	_ = t.Flush()
	fmt.Fprintf(w, "\n%s; load before each benchmark is in the JSON.\n", r.Machine)
	if r.Quick {
		fmt.Fprintln(w, "Quick sizes: these figures say that the benchmarks work, not how fast Porthole is.")
	}
}

func figure(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func write(file string, r *report) error {
	b, err := json.MarshalIndent(r, "", "\t")
	if err == nil {
		err = os.MkdirAll(filepath.Dir(file), 0o755)
	}
	if err == nil {
		err = os.WriteFile(file, append(b, '\n'), 0o644)
	}
	if err != nil {
		return fmt.Errorf("write figures: %w", err)
	}
	return nil
}
