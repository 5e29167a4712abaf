package main

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
)

// lastLine ends the text, and nothing else looks like it.
const lastLine = "this is the last line of the benchmark's text"

// text is a file such as `ls -lR --color=always` writes for a large tree.
type text struct {
	path  string
	size  int // bytes
	lines int
	tail  []string // the last lines, without colours
}

// tailLines is how many of the last lines are kept for comparison: more than any
// scrollback that the benchmarks set.
const tailLines = 5000

// colours are what ls prints around names of different kinds.
var colours = []string{"", "", "\x1b[01;34m", "\x1b[01;32m", "\x1b[01;36m", "\x1b[01;31m", "\x1b[00;36m"}

var colour = regexp.MustCompile("\x1b\\[[0-9;]*m")

// makeText writes size bytes of it, always the same.
func makeText(dir string, size int) (*text, error) {
	t := &text{path: filepath.Join(dir, fmt.Sprintf("listing-%d.txt", size))}
	f, err := os.Create(t.path)
	if err != nil {
		return nil, fmt.Errorf("make text: %w", err)
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	r := rand.New(rand.NewPCG(1, 2))
	put := func(line []byte) {
		t.size += len(line) + 1
		t.lines++
		if len(t.tail) == 2*tailLines {
			t.tail = append(t.tail[:0], t.tail[tailLines:]...)
		}
		t.tail = append(t.tail, string(bytes.TrimRight(colour.ReplaceAll(line, nil), " ")))
		_, _ = w.Write(append(line, '\n')) // the error comes with Flush
	}
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789-_."
	name := func() []byte {
		n := make([]byte, 3+r.IntN(20))
		for i := range n {
			n[i] = letters[r.IntN(len(letters))]
		}
		return n
	}
	var line []byte
	for t.size < size-len(lastLine)-1 {
		put(fmt.Appendf(line[:0], "./%s/%s:", name(), name()))
		put(fmt.Appendf(line[:0], "total %d", r.IntN(100_000)))
		for range 3 + r.IntN(40) {
			c := colours[r.IntN(len(colours))]
			line = fmt.Appendf(line[:0], "-rw-r--r-- %2d %-8s %-8s %9d Nov %2d %02d:%02d ", 1+r.IntN(9), "root", "root",
				r.IntN(1<<26), 1+r.IntN(30), r.IntN(24), r.IntN(60))
			if line = append(append(line, c...), name()...); c != "" {
				line = append(line, "\x1b[0m"...)
			}
			put(line)
		}
		put(line[:0])
	}
	put([]byte(lastLine))
	if err := w.Flush(); err != nil {
		return nil, fmt.Errorf("write text: %w", err)
	}
	return t, nil
}

// sent is how many bytes a terminal shows for it: a line feed becomes two.
func (t *text) sent() int { return t.size + t.lines }
