package session_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/term"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/session"
)

func reads(version string) func(*browser) {
	return func(b *browser) { b.abilities = map[wire.Ability]string{wire.AbilitySnapshot: version} }
}

// A page of another release cannot restore the relay's snapshots. It is told so
// before its token is used, so that the page of the right release can use it.
func TestPageOfAnotherReleaseIsRefused(t *testing.T) {
	for _, version := range []string{"", "0", strconv.Itoa(term.SnapshotVersion - 1), strconv.Itoa(term.SnapshotVersion + 1), "three"} {
		t.Run(version, func(t *testing.T) {
			r := newRelay(t, session.Config{})
			token := r.ledger.token("c1")
			b := newBrowser(t)
			reads(version)(b)
			b.connect(r, token)
			b.ends(wire.EndProtocol)
			b.look(func() {
				if !strings.Contains(b.end.Message, "different releases") || !strings.Contains(b.end.Remedy, "Reload") ||
					!strings.Contains(b.end.Remedy, "static bundle") || !b.end.Retry || b.welcome.Connection != "" {
					t.Errorf("end %+v after welcome %+v", b.end, b.welcome)
				}
			})
			if n := len(r.List()); n != 0 || r.Totals().Started.Load() != 0 {
				t.Errorf("%d sessions, %d started", n, r.Totals().Started.Load())
			}
			r.machine()
			reads(strconv.Itoa(term.SnapshotVersion))(b)
			b.connect(r, token)
			b.until("connected", func() bool { return b.ready })
		})
	}
}

// A connection that is resumed by a page of another release goes on waiting, with
// the browser that it has.
func TestPageOfAnotherReleaseTakesNothingOver(t *testing.T) {
	r := newRelay(t, session.Config{})
	m := r.machine()
	b := r.open("c1", reads(strconv.Itoa(term.SnapshotVersion)))
	b.until("connected", func() bool { return b.ready })
	other := newBrowser(t)
	reads("1000000")(other)
	b.look(func() { other.welcome = b.welcome })
	other.connect(r, "")
	other.ends(wire.EndProtocol)
	m.print(t, "still here")
	b.sees("still here")
}

// Clients that are silent about it are taken: they may restore no snapshots.
func TestClientWithoutASnapshotVersionIsTaken(t *testing.T) {
	r := newRelay(t, session.Config{})
	r.machine()
	b := r.open("c1")
	b.until("connected", func() bool { return b.ready })
}
