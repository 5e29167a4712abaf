package search_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/porthole-rac/porthole/protocol/term"
	"github.com/porthole-rac/porthole/wasm/client/search"
	"github.com/porthole-rac/porthole/wasm/client/textline"
)

func TestFind(t *testing.T) {
	tt := term.New(term.Config{Cols: 20, Rows: 4, Scrollback: 100})
	_, _ = tt.Write([]byte("Error one\r\nno\r\n漢字 error ERROR\r\n0123456789 123456 error"))
	at := func(row uint64, from int, toRow uint64, to int) search.Match {
		return search.Match{From: textline.Place{Row: row, X: from}, To: textline.Place{Row: toRow, X: to}}
	}
	for _, c := range []struct {
		name      string
		what      string
		matchCase bool
		want      []search.Match
	}{
		{"any case, over a wrap", "error", false, []search.Match{at(0, 0, 0, 5), at(2, 5, 2, 10), at(2, 11, 2, 16), at(3, 18, 4, 3)}},
		{"this case", "error", true, []search.Match{at(2, 5, 2, 10), at(3, 18, 4, 3)}},
		{"wide", "字", true, []search.Match{at(2, 2, 2, 4)}},
		{"nothing", "", true, nil},
	} {
		got := search.All(tt, search.Plain(c.what, c.matchCase))
		if d := cmp.Diff(c.want, got); d != "" {
			t.Error(c.name, d)
		}
	}
}

func TestInRow(t *testing.T) {
	tt := term.New(term.Config{Cols: 10, Rows: 3, Scrollback: 100})
	_, _ = tt.Write([]byte("x\r\n       xyz\r\nx"))
	list := search.All(tt, search.Plain("x", true))
	for row, want := range [][2]int{{0, 1}, {1, 2}, {2, 3}} {
		first, last := search.In(list, uint64(row))
		if first != want[0] || last != want[1] {
			t.Errorf("row %d: %d…%d, want %v", row, first, last, want)
		}
	}
	long := search.Match{From: textline.Place{Row: 1, X: 7}, To: textline.Place{Row: 3, X: 2}}
	for row, want := range [][2]int{{0, 0}, {7, 10}, {0, 10}, {0, 2}, {0, 0}} {
		if from, to := long.Columns(uint64(row), 10); from != want[0] || to != want[1] {
			t.Errorf("columns of row %d: %d…%d, want %v", row, from, to, want)
		}
	}
}
