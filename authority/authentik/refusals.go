package authentik

import (
	"time"

	"github.com/porthole-rac/porthole/protocol/wire"
)

const (
	// refusalTime is how long a refused login is not tried again for authentik's own
	// page. It connects anew by itself after every error, four times within five
	// seconds: enough to have an account locked whose stored password is wrong.
	refusalTime = 10 * time.Second
	maxRefusals = 1024
)

// refusals are the connection tokens whose stored password a machine has just refused,
// and until when that counts.
type refusals map[hash]time.Time

// repeatable tells whether the end of a connection was that of a login which authentik's
// own page would repeat with the same stored password. There, the question of a desktop
// for another one is cancelled, as the page cannot ask it; a shell asks by itself.
func (g *grant) repeatable(code string) bool {
	return !g.refused && g.named && g.Settings["password"] != "" &&
		(code == wire.EndAuthFailed || code == wire.EndCancelled && g.Endpoint.Protocol != "ssh")
}

func (r refusals) has(token hash, now time.Time) bool { return now.Before(r[token]) }

// add remembers one. Beyond the bound nothing is remembered.
func (r refusals) add(token hash, now time.Time) {
	for t, until := range r {
		if !now.Before(until) {
			delete(r, t)
		}
	}
	if len(r) < maxRefusals {
		r[token] = now.Add(refusalTime)
	}
}
