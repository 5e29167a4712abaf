package term_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/term"
)

// The streams that alacritty keeps for its own tests, with every cell of the
// grid that must result: characters, colours, flags.
func TestAlacrittyRecordings(t *testing.T) {
	root := sharedData(t, "terminal/alacritty")
	dirs, err := os.ReadDir(root)
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	for _, d := range dirs {
		t.Run(d.Name(), func(t *testing.T) {
			if reason, ok := notAsAlacritty[d.Name()]; ok {
				t.Skip(reason)
			}
			playRecording(t, filepath.Join(root, d.Name()))
		})
	}
}

// notAsAlacritty are the recordings whose result is not what xterm does.
var notAsAlacritty = map[string]string{
	"deccolm_reset":     "xterm does DECCOLM only when mode 40 allows it; this stream does not set it",
	"erase_in_line":     "alacritty ignores EL 0 while the cursor waits to wrap; xterm erases the last column",
	"selective_erasure": "the grid keeps all text, alacritty has no selective erase (DECSED, DECSEL); we have",
}

type alacrittyGrid struct {
	Raw struct {
		Inner []struct {
			Inner []alacrittyCell `json:"inner"`
		} `json:"inner"`
		Zero int `json:"zero"`
		Len  int `json:"len"`
	} `json:"raw"`
	Columns int `json:"columns"`
	Lines   int `json:"lines"`
}

type alacrittyCell struct {
	C     string          `json:"c"`
	Fg    json.RawMessage `json:"fg"`
	Bg    json.RawMessage `json:"bg"`
	Flags string          `json:"flags"`
	Extra *struct {
		Zerowidth []string        `json:"zerowidth"`
		Underline json.RawMessage `json:"underline_color"`
	} `json:"extra"`
}

func playRecording(t *testing.T, dir string) {
	var size struct {
		Columns int `json:"columns"`
		Lines   int `json:"screen_lines"`
	}
	var config struct {
		History int `json:"history_size"`
	}
	var grid alacrittyGrid
	load := func(name string, v any) {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			err = json.Unmarshal(b, v)
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	load("size.json", &size)
	load("config.json", &config)
	load("grid.json", &grid)
	stream, err := os.ReadFile(filepath.Join(dir, "alacritty.recording"))
	if err != nil {
		t.Fatal(err)
	}
	tt := term.New(term.Config{Cols: size.Columns, Rows: size.Lines, Scrollback: config.History})
	_, _ = tt.Write(stream)

	// Rows are kept from the newest on, in a ring whose first place is zero.
	// Lines of the history that were never used are there as blank ones.
	n := grid.Raw.Len
	if have := tt.Scrollback() + size.Lines; have > n {
		t.Errorf("%d lines, want at most %d", have, n)
	}
	bad := 0
	for i := range n {
		row := grid.Raw.Inner[(grid.Raw.Zero+i)%len(grid.Raw.Inner)].Inner
		abs := int(tt.TopLine()) + size.Lines - 1 - i
		l := tt.Line(uint64(abs))
		if l == nil {
			l = new(term.Line)
		}
		for x := range row {
			var c term.Cell
			if x < len(l.Cells) {
				c = l.Cells[x]
			}
			got, want := describeCell(tt, c), describeAlacritty(row[x])
			if got != want {
				if bad++; bad < 6 {
					t.Errorf("line %d from below, column %d: got %s, want %s", i, x, got, want)
				}
			}
		}
		last := row[len(row)-1]
		if wrapped := strings.Contains(last.Flags, "WRAPLINE"); wrapped != l.Wrapped {
			t.Errorf("line %d from below: wrapped %t, want %t", i, l.Wrapped, wrapped)
		}
	}
	if bad > 0 {
		t.Errorf("%d cells differ; screen:\n%s", bad, tt.Text())
	}
}

var alacrittyNames = map[string]int{
	"Black": 0, "Red": 1, "Green": 2, "Yellow": 3, "Blue": 4, "Magenta": 5, "Cyan": 6, "White": 7,
	"BrightBlack": 8, "BrightRed": 9, "BrightGreen": 10, "BrightYellow": 11, "BrightBlue": 12,
	"BrightMagenta": 13, "BrightCyan": 14, "BrightWhite": 15,
}

func alacrittyColor(raw json.RawMessage) string {
	var c struct {
		Named   string
		Indexed *int
		Spec    *struct{ R, G, B int }
	}
	if len(raw) == 0 || string(raw) == "null" || json.Unmarshal(raw, &c) != nil {
		return "-"
	}
	switch {
	case c.Indexed != nil:
		return fmt.Sprint(*c.Indexed)
	case c.Spec != nil:
		return fmt.Sprintf("#%02x%02x%02x", c.Spec.R, c.Spec.G, c.Spec.B)
	}
	if n, ok := alacrittyNames[c.Named]; ok {
		return fmt.Sprint(n)
	}
	return "-"
}

func describeAlacritty(c alacrittyCell) string {
	text, under := c.C, "-"
	if c.Extra != nil {
		text += strings.Join(c.Extra.Zerowidth, "")
		under = alacrittyColor(c.Extra.Underline)
	}
	if strings.Contains(c.Flags, "WIDE_CHAR_SPACER") || text == "\t" {
		text = " " // alacritty keeps the tab itself in its cell
	}
	var flags []string
	for _, f := range []string{
		"BOLD", "DIM", "ITALIC", "INVERSE", "HIDDEN", "STRIKEOUT",
		"DOUBLE_UNDERLINE", "UNDERCURL", "DOTTED_UNDERLINE", "DASHED_UNDERLINE", "UNDERLINE",
	} {
		for _, have := range strings.Split(c.Flags, " | ") {
			if have == f {
				flags = append(flags, f)
			}
		}
	}
	return fmt.Sprintf("%q %s/%s %v %s", text, alacrittyColor(c.Fg), alacrittyColor(c.Bg), flags, under)
}

func describeCell(tt *term.Terminal, c term.Cell) string {
	color := func(c term.Color) string {
		if i, ok := c.Index(); ok {
			return fmt.Sprint(i)
		}
		if v, ok := c.Value(); ok {
			return fmt.Sprintf("#%06x", v)
		}
		return "-"
	}
	text := tt.Cluster(c)
	if text == "" {
		text = " "
	}
	var flags []string
	for _, f := range []struct {
		bit  term.Attr
		name string
	}{
		{term.Bold, "BOLD"},
		{term.Faint, "DIM"},
		{term.Italic, "ITALIC"},
		{term.Inverse, "INVERSE"},
		{term.Hidden, "HIDDEN"},
		{term.Strike, "STRIKEOUT"},
	} {
		if c.Attr&f.bit != 0 {
			flags = append(flags, f.name)
		}
	}
	if u := c.Attr.Underline(); u != term.UnderlineNone {
		flags = append(flags, [...]string{"", "UNDERLINE", "DOUBLE_UNDERLINE", "UNDERCURL", "DOTTED_UNDERLINE", "DASHED_UNDERLINE"}[u])
	}
	under, _ := tt.Extended(c)
	return fmt.Sprintf("%q %s/%s %v %s", text, color(c.Fg), color(c.Bg), flags, color(under))
}
