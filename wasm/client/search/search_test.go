package search_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/porthole-rac/porthole/protocol/term"
	"github.com/porthole-rac/porthole/wasm/client/search"
)

func TestFind(t *testing.T) {
	tt := term.New(term.Config{Cols: 20, Rows: 2, Scrollback: 100})
	_, _ = tt.Write([]byte("Error one\r\nno\r\n漢字 error ERROR"))
	if d := cmp.Diff([]search.Match{{0, 0, 5}, {2, 5, 10}, {2, 11, 16}}, search.All(tt, search.Plain("error", false))); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]search.Match{{2, 5, 10}}, search.All(tt, search.Plain("error", true))); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]search.Match{{2, 2, 4}}, search.All(tt, search.Plain("字", true))); d != "" {
		t.Error(d)
	}
}
