package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

const (
	vtListing = "ls_color" // the payload that the bar in MB/s is for
	vtSpeed   = 50         // MB/s
	vtMedian  = 1.3        // × xterm.js
)

// vt runs the benchmark of the terminal core, which is a program of its own, and
// takes over its rows.
func vt(ctx context.Context, b *bench) ([]row, error) {
	if _, err := os.Stat(filepath.Join(b.root, "scripts", "bench", "vt")); err != nil {
		return nil, errAbsent
	}
	file := filepath.Join(b.dir, "vt.json")
	args := []string{"run", "./scripts/bench/vt", "--json", file}
	if b.quick {
		args = append(args, "--repeats", "1")
	}
	c := exec.CommandContext(ctx, "go", args...)
	c.Dir, c.Stderr = b.root, os.Stderr
	runErr := c.Run() // fails for a missed bar too; then the file tells
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("run scripts/bench/vt: %w", runErr)
	}
	var out struct {
		Figures []struct {
			Payload string  `json:"payload"`
			Core    float64 `json:"core_mbps"`
			XtermJS float64 `json:"xtermjs_mbps"`
			Ratio   float64 `json:"ratio"`
		} `json:"figures"`
		Median float64 `json:"median_ratio"`
	}
	if err := json.Unmarshal(data, &out); err != nil {
		return nil, fmt.Errorf("read figures of scripts/bench/vt: %w", err)
	}
	if len(out.Figures) == 0 {
		return nil, errors.New("scripts/bench/vt gave no figures")
	}
	rows := []row{least("terminal core in WebAssembly, median × xterm.js", out.Median, vtMedian, "×", fmt.Sprintf("%d payloads, same Node", len(out.Figures)))}
	slowest := out.Figures[0]
	for _, f := range out.Figures {
		if f.Ratio < slowest.Ratio {
			slowest = f
		}
		if f.Payload == vtListing {
			rows = append(rows, least("terminal core in WebAssembly, "+vtListing, f.Core, vtSpeed, "MB/s", fmt.Sprintf("xterm.js %.0f MB/s", f.XtermJS)))
		}
	}
	return append(rows, least("terminal core in WebAssembly, its worst payload × xterm.js", slowest.Ratio, 1, "×",
		fmt.Sprintf("%s: %.0f and %.0f MB/s", slowest.Payload, slowest.Core, slowest.XtermJS))), nil
}
