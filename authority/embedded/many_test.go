package embedded_test

import (
	"context"
	"sync"
	"testing"

	"github.com/porthole-rac/porthole/authority"
)

// TestManyAtOnceStayConnected opens connections while the store looks after
// others: one that comes up between its reading of the database and its look at
// the live connections is none that was deleted.
func TestManyAtOnceStayConnected(t *testing.T) {
	f := newFixture(t)
	cookie, l := f.login()
	for range 20 {
		grants := make(chan *authority.Grant, 16)
		var all sync.WaitGroup
		for range cap(grants) {
			token := f.launch(l)
			all.Go(func() {
				g, err := f.Redeem(context.Background(), authority.Presented{Token: token, Login: cookie})
				if err != nil {
					t.Error(err)
					return
				}
				grants <- g
			})
		}
		all.Wait()
		close(grants)
		for g := range grants {
			if err := context.Cause(g.Context()); err != nil {
				t.Fatalf("a connection ended: %v", err)
			}
			f.Ended(t.Context(), g.ID, authority.Report{})
		}
	}
}
