package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of CPU times in /proc; Linux has 100 a second on every
// architecture that Go knows.
const clockTick = time.Second / 100

// process is one line of /proc/PID/stat.
type process struct {
	pid, parent int
	name        string
	cpu         time.Duration // user and system
}

func readProcess(pid int) (process, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return process{}, fmt.Errorf("read process: %w", err)
	}
	// The name may hold blanks and brackets; the last bracket ends it.
	text := string(b)
	begin, end := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
	fields := strings.Fields(text[end+1:])
	p := process{pid: pid, name: text[begin+1 : end]}
	p.parent, _ = strconv.Atoi(fields[1])
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	p.cpu = time.Duration(user+system) * clockTick
	return p, nil
}

// kind names what a process of Chromium is for.
func (p process) kind() string {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.pid))
	for _, arg := range strings.Fields(strings.ReplaceAll(string(b), "\x00", " ")) {
		if kind, ok := strings.CutPrefix(arg, "--type="); ok {
			return kind
		}
	}
	return "browser"
}

// cpu gives the CPU time of a process.
func cpu(pid int) (time.Duration, error) {
	p, err := readProcess(pid)
	return p.cpu, err
}

// resident gives the resident memory of a process in bytes.
func resident(pid int) (int, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("read process: %w", err)
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmRSS:" {
			kib, err := strconv.Atoi(f[1])
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("process %d has no memory", pid)
}

// browserCPU gives the CPU time of all processes of Chromium that descend from
// this one, by process.
func browserCPU() (map[int]process, error) {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	all := make(map[int]process)
	for _, d := range dirs {
		pid, _ := strconv.Atoi(filepath.Base(d))
		if p, err := readProcess(pid); err == nil {
			all[pid] = p
		}
	}
	out := make(map[int]process)
	for pid, p := range all {
		for up := p; up.parent > 1; up = all[up.parent] {
			if up.parent == os.Getpid() {
				if strings.HasPrefix(p.name, "chrom") {
					out[pid] = p
				}
				break
			}
		}
	}
	return out, nil
}

// load gives the load averages.
func load() string {
	b, _ := os.ReadFile("/proc/loadavg")
	f := strings.Fields(string(b))
	if len(f) < 3 {
		return "unknown"
	}
	return strings.Join(f[:3], " ")
}

// machine says where the figures are from.
func machine() string {
	model := runtime.GOARCH
	b, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(b)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			model = strings.TrimSpace(value)
			break
		}
	}
	return fmt.Sprintf("%d × %s, %s", runtime.NumCPU(), model, runtime.Version())
}

// median sorts its argument.
func median[T int | float64 | time.Duration](v []T) T {
	slices.Sort(v)
	return v[len(v)/2]
}

// quantile wants a sorted slice.
func quantile(v []time.Duration, q float64) time.Duration {
	return v[min(int(q*float64(len(v))), len(v)-1)]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
