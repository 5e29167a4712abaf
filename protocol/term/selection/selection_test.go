package selection_test

import (
	"slices"
	"testing"

	"github.com/porthole-rac/porthole/protocol/term"
	"github.com/porthole-rac/porthole/protocol/term/selection"
)

func TestText(t *testing.T) {
	tt := term.New(term.Config{Cols: 10, Rows: 4, Scrollback: 100})
	_, _ = tt.Write([]byte("one two\r\nlong line that wraps\r\n漢字 x\r\n/usr/share/doc/ y"))
	// Rows: "one two", "long line ", "that wraps" scroll by one.
	top := tt.TopLine() - uint64(tt.Scrollback())
	for _, c := range []struct {
		name     string
		mode     selection.Mode
		from, to selection.Point
		want     string
	}{
		{"part of a line", selection.Char, selection.Point{top, 4}, selection.Point{top, 7}, "two"},
		{"backwards", selection.Char, selection.Point{top, 7}, selection.Point{top, 4}, "two"},
		{"over a wrap", selection.Char, selection.Point{top + 1, 5}, selection.Point{top + 2, 4}, "line that"},
		{"over a line end", selection.Char, selection.Point{top, 4}, selection.Point{top + 1, 4}, "two\nlong"},
		{"word", selection.Word, selection.Point{top, 5}, selection.Point{top, 5}, "two"},
		{"line", selection.Line, selection.Point{top + 2, 1}, selection.Point{top + 2, 1}, "long line that wraps\n"},
		{"block", selection.Block, selection.Point{top, 0}, selection.Point{top + 1, 3}, "one\nlon"},
		{"word over a wrap", selection.Word, selection.Point{top + 5, 1}, selection.Point{top + 5, 1}, "/usr/share/doc/"},
		{"wide", selection.Char, selection.Point{top + 3, 0}, selection.Point{top + 3, 6}, "漢字 x"},
		{"nothing", selection.Char, selection.Point{top, 2}, selection.Point{top, 2}, ""},
	} {
		var s selection.Selection
		s.Begin(tt, c.from, c.mode)
		s.Extend(c.to)
		if got := s.Text(tt); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestStaysOnItsTextWhileOutputScrolls(t *testing.T) {
	tt := term.New(term.Config{Cols: 20, Rows: 3, Scrollback: 100})
	_, _ = tt.Write([]byte("marked\r\n"))
	var s selection.Selection
	s.Begin(tt, selection.Point{Line: tt.TopLine()}, selection.Word)
	for range 20 {
		_, _ = tt.Write([]byte("more\r\n"))
	}
	if got := s.Text(tt); got != "marked" {
		t.Errorf("%q", got)
	}
	tt.Resize(10, 3) // lines are numbered anew
	if !s.Empty(tt) {
		t.Error("kept over a reflow")
	}
}

func TestNextWord(t *testing.T) {
	tt := term.New(term.Config{Cols: 20, Rows: 3})
	_, _ = tt.Write([]byte("one  two.three (x)"))
	at := selection.Point{}
	var forth, back []int
	for range 3 {
		at = selection.NextWord(tt, at, 1)
		forth = append(forth, at.X)
	}
	for range 4 {
		at = selection.NextWord(tt, at, -1)
		back = append(back, at.X)
	}
	if want := []int{5, 15, 16}; !slices.Equal(forth, want) {
		t.Errorf("forth %v, want %v", forth, want)
	}
	if want := []int{15, 5, 0, 0}; !slices.Equal(back, want) {
		t.Errorf("back %v, want %v", back, want)
	}
}
