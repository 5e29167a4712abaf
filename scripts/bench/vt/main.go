// Vt measures the terminal core of the browser against xterm.js: both take the
// same bytes in the same Node, in turns, 120×40 cells with 1000 lines of
// scrollback, and neither paints.
//
//	go run ./scripts/bench/vt [--json FILE] [--only NAMES] [--repeats N] [--root DIR]
//
// The payloads are made here, the same bytes every time: the listing of a file
// tree in colour, and what Alacritty's vtebench measures (dense, light and medium
// cells, cursor motion, scrolling in several ways, Unicode). Each side gets them
// in pieces of 64 KiB, as a socket brings them, four at a time in turns. A figure
// is of the medians over the repeats, after passes that warm both compilers up.
//
// The screens at the end are compared too: a core that is fast and wrong would
// not count.
//
// Needs node and npm; @xterm/headless is installed into .cache/bench.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// xtermVersion is the release of @xterm/headless that is measured.
const xtermVersion = "6.0.0"

const (
	cols       = 120
	rows       = 40
	scrollback = 1000
)

func main() {
	jsonFile := flag.String("json", "", "write the figures to this `file` too")
	only := flag.String("only", "", "comma-separated `names` of payloads")
	repeats := flag.Int("repeats", 7, "passes that are measured")
	root := flag.String("root", ".", "the repository")
	flag.Parse()
	if err := run(*root, *jsonFile, *only, *repeats); err != nil {
		fmt.Fprintln(os.Stderr, "vt:", err)
		os.Exit(1)
	}
}

// figure is what was measured with one payload. Speeds are MB (10⁶ bytes) in a
// second.
type figure struct {
	Payload string  `json:"payload"`
	Bytes   int     `json:"bytes"`
	Core    float64 `json:"core_mbps"`
	XtermJS float64 `json:"xtermjs_mbps"`
	Ratio   float64 `json:"ratio"` // core ÷ xterm.js
	Same    bool    `json:"same_screen"`
}

// report is the file that --json writes.
type report struct {
	Figures []figure `json:"figures"`
	Median  float64  `json:"median_ratio"`
	Node    string   `json:"node"`
	XtermJS string   `json:"xtermjs_version"`
}

func run(root, jsonFile, only string, repeats int) error {
	dir, err := filepath.Abs(filepath.Join(root, ".cache", "bench", "vt"))
	if err != nil {
		return err
	}
	if err := prepare(root, dir); err != nil {
		return err
	}
	out, err := output("", nil, "node", filepath.Join(root, "scripts", "bench", "vt", "measure.mjs"), dir,
		filepath.Join(goroot(), "lib", "wasm", "wasm_exec.js"), fmt.Sprint(cols), fmt.Sprint(rows), fmt.Sprint(scrollback), fmt.Sprint(repeats), only)
	if err != nil {
		return fmt.Errorf("measure: %w", err)
	}
	r := report{XtermJS: xtermVersion}
	if err := json.Unmarshal(out, &r); err != nil {
		return fmt.Errorf("read figures: %w", err)
	}
	var ratios []float64
	for i := range r.Figures {
		f := &r.Figures[i]
		f.Ratio = f.Core / f.XtermJS
		ratios = append(ratios, f.Ratio)
	}
	if len(ratios) == 0 {
		return errors.New("there is no such payload")
	}
	slices.Sort(ratios)
	r.Median = ratios[len(ratios)/2]
	if len(ratios)%2 == 0 {
		r.Median = (ratios[len(ratios)/2-1] + r.Median) / 2
	}
	r.print()
	if jsonFile == "" {
		return nil
	}
	b, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(jsonFile, append(b, '\n'), 0o644)
}

func (r *report) print() {
	fmt.Printf("%-28s %10s %10s %7s\n", "MB/s", "Porthole", "xterm.js", "ratio")
	for _, f := range r.Figures {
		note := ""
		if !f.Same {
			note = "  the screens differ"
		}
		fmt.Printf("%-28s %10.1f %10.1f %7.2f%s\n", f.Payload, f.Core, f.XtermJS, f.Ratio, note)
	}
	fmt.Printf("%-28s %29.2f\n", "median", r.Median)
}

// prepare builds the core, installs xterm.js and writes the payloads.
func prepare(root, dir string) error {
	payloads := filepath.Join(dir, "payloads")
	if err := os.RemoveAll(payloads); err != nil {
		return err
	}
	if err := os.MkdirAll(payloads, 0o755); err != nil {
		return err
	}
	env := append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	// As scripts/bundle builds the client.
	if _, err := output(root, env, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(dir, "core.wasm"), "./scripts/bench/vt/core"); err != nil {
		return fmt.Errorf("build the core: %w", err)
	}
	if err := installXterm(dir); err != nil {
		return err
	}
	for i, p := range allPayloads() {
		base := filepath.Join(payloads, fmt.Sprintf("%02d-%s", i, p.name))
		if err := os.WriteFile(base+".setup", []byte(p.setup), 0o644); err != nil {
			return err
		}
		if err := os.WriteFile(base+".bytes", p.body, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func installXterm(dir string) error {
	have, err := os.ReadFile(filepath.Join(dir, "node_modules", "@xterm", "headless", "package.json"))
	if err == nil && strings.Contains(string(have), `"version": "`+xtermVersion+`"`) {
		return nil
	}
	if err := os.WriteFile(filepath.Join(dir, "package.json"), []byte("{\"private\": true}\n"), 0o644); err != nil {
		return err
	}
	if _, err := output(dir, nil, "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "@xterm/headless@"+xtermVersion); err != nil {
		return fmt.Errorf("install @xterm/headless: %w", err)
	}
	return nil
}

func output(dir string, env []string, name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, env
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return nil, fmt.Errorf("%s: %w\n%s", name, err, exit.Stderr)
	}
	return out, err
}

func goroot() string {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
