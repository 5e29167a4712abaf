package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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
		args = append(args, "--quick")
	}
	c := exec.CommandContext(ctx, "go", args...)
	c.Dir, c.Stderr = b.root, os.Stderr
	runErr := c.Run() // fails for a missed bar too; then the file tells
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("run scripts/bench/vt: %w", runErr)
	}
	var out struct {
		Rows []row `json:"rows"`
	}
	if err := json.Unmarshal(data, &out); err != nil {
		return nil, fmt.Errorf("read figures of scripts/bench/vt: %w", err)
	}
	return out.Rows, nil
}
