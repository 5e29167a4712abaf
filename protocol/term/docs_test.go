package term_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/term"
)

// Somebody who writes another client reads docs/wire.md: what it says about the
// version, the flags and the bounds of snapshots must be what the code has.
func TestPageTellsTheSnapshotOfTheCode(t *testing.T) {
	const page = "../../docs/wire.md"
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(b), "\n## The snapshot in State\n")
	text, _, found := strings.Cut(text, "\n## ")
	if !found {
		t.Fatalf("%s has no section about snapshots", page)
	}
	text = strings.Join(strings.Fields(text), " ") // lines are broken anywhere
	modes := strings.Trim(strings.ReplaceAll(fmt.Sprint(term.SavedModes()), " ", ", "), "[]")
	for _, want := range []string{
		fmt.Sprintf("version of its own, **%d** at present", term.SnapshotVersion),
		fmt.Sprintf("| version | uint | %d |", term.SnapshotVersion),
		fmt.Sprintf("then the %d modes as XTSAVE kept them: %s. That is %d in all.", len(term.SavedModes()), modes, term.SnapshotFlags()),
		fmt.Sprintf("| cols | uint ≤ %d |", term.MaxCols),
		fmt.Sprintf("| rows | uint ≤ %d |", term.MaxRows),
		fmt.Sprintf("| fresh | uint ≤ %d |", term.MaxScrollback),
		fmt.Sprintf("G0, G1, G2, G3 (uint ≤ %d each", term.CharsetLast),
		fmt.Sprintf("**Links**: a count (uint ≤ %d)", term.MaxLinks),
		fmt.Sprintf("| pictures | uint ≤ %d,", term.MaxPictures),
		fmt.Sprintf("| placements | uint ≤ %d,", term.MaxPlacements),
		fmt.Sprintf("a count (uint ≤ %d) of *pieces*", term.MaxLinePieces),
		fmt.Sprintf("all together at most %d MiB, the data of one at most %d MiB", term.ImageBudget>>20, term.ImageBudget>>21),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s does not say %q", page, want)
		}
	}
	if ability := fmt.Sprintf("that the client reads, decimal | `%d` |", term.SnapshotVersion); !strings.Contains(string(b), ability) {
		t.Errorf("%s does not say %q", page, ability)
	}
}
