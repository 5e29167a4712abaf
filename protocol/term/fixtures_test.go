package term_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/term"
)

// sharedData finds a folder of test data given beside the repository.
func sharedData(t testing.TB, name string) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		path := filepath.Join(dir, "shared", "data", name)
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	t.Skipf("shared/data/%s is not here", name)
	return ""
}

// The screens that xterm.js keeps for its own tests: 80×25, text only.
func TestEscapeSequenceFiles(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(sharedData(t, "terminal/escape"), "*.in"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, in := range files {
		name := strings.TrimSuffix(filepath.Base(in), ".in")
		t.Run(name, func(t *testing.T) {
			if reason, ok := notAsXtermJS[name]; ok {
				t.Skip(reason)
			}
			stream, err := os.ReadFile(in)
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(strings.TrimSuffix(in, ".in") + ".text")
			if err != nil {
				t.Fatal(err)
			}
			tt := term.New(term.Config{Cols: 80, Rows: 25, Scrollback: 1000})
			_, _ = tt.Write([]byte(strings.ReplaceAll(string(stream), "\n", "\r\n")))
			got := trimLines(tt.Text())
			if w := trimLines(string(want)); got != w {
				t.Errorf("got:\n%s\nwant:\n%s", got, w)
			}
		})
	}
}

// notAsXtermJS are the files whose text is not what xterm does today.
var notAsXtermJS = map[string]string{
	"t0060-DECSC": "the text is of an xterm that forgot on DECRC that the cursor waited to wrap; today's keeps it, as alacritty's saved_cursor_alt demands",
	"t0061-CSI_s": "as t0060-DECSC, by CSI s and CSI u",
}

// trimLines cuts trailing blanks of lines, and blank lines at the end.
func trimLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}
