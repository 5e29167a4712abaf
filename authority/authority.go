// Package authority says who may connect, where, with which settings and until
// when.
//
// A relay asks an [Authority] and believes nobody else: a browser presents a
// connection token, the authority turns it into a [Grant], and the connection
// lives exactly as long as the grant does. Every way a grant can end (logout,
// expiry, deletion by hand) cancels the grant's context with an [End] as its
// cause; the relay then has two seconds to close the target and to tell the
// page why.
//
// Implementations: authority/embedded is Porthole's own, on SQLite. The relay
// never imports an implementation, cmd/porthole hands one in.
package authority

import (
	"context"
	"errors"
	"time"
)

// Errors that Redeem and Reattach return, to be tested with errors.Is. None of
// them says whether a token once existed: to a stranger all wrong tokens look
// alike.
var (
	// ErrToken means that the token is unknown, malformed or belongs to another
	// login session.
	ErrToken = errors.New("connection token not valid")
	// ErrTokenUsed means that the token was presented before, by the same login
	// session; tokens start one connection.
	ErrTokenUsed = errors.New("connection token already used")
	// ErrTokenExpired means that the token was not used in time, or that its
	// connection's lifetime is over.
	ErrTokenExpired = errors.New("connection token expired")
	// ErrLogin means that the browser's login session is missing, expired or
	// logged out.
	ErrLogin = errors.New("not logged in")
	// ErrDenied means that the user may not use the endpoint (any more), or
	// that a connection belongs to somebody else.
	ErrDenied = errors.New("access denied")
	// ErrGone means that the connection to be taken up again has ended.
	ErrGone = errors.New("connection has ended")
)

// Presented is what a browser shows when it opens or takes up a connection.
// Both strings are secrets: they are compared in hashed form and never logged.
type Presented struct {
	Token  string // connection token from the address of the page
	Login  string // value of the login session's cookie
	Client string // network address of the browser, for the audit log
}

// User is the person behind a grant.
type User struct {
	ID    string
	Name  string // login name
	Admin bool
}

// Endpoint is the machine that a grant leads to.
type Endpoint struct {
	ID       string // stable; names the endpoint's entries in the Trust store
	Name     string // shown to people
	Protocol string // "ssh", "vnc" or "rdp"
}

// Grant is the right to hold one connection. It is immutable but for its
// context; the settings are secrets and stay in the relay (invariant 1).
type Grant struct {
	ID       string // identifies the connection in logs and lists; not a secret
	User     User
	Endpoint Endpoint
	Settings map[string]string // merged settings by guacd's names
	Expires  time.Time         // zero: as long as the login session

	ctx context.Context
}

// NewGrant binds a grant to the context that its authority cancels, with an
// *End as the cause, when the right is withdrawn.
func NewGrant(ctx context.Context, g Grant) *Grant {
	g.ctx = ctx
	return &g
}

// Context is done when the grant has ended; context.Cause then gives an *End.
func (g *Grant) Context() context.Context { return g.ctx }

// End says why a grant, and with it a connection, is over. Code is one of
// protocol/wire's stable end codes, Message a sentence for a person.
type End struct {
	Code    string
	Message string
}

func (e *End) Error() string { return e.Code + ": " + e.Message }

// Report is what an authority writes to its audit log about a connection that
// is over.
type Report struct {
	End      End
	Duration time.Duration
	Sent     uint64 // bytes to the browser
	Received uint64 // bytes from the browser
}

// Authority decides about connections. All methods are safe for concurrent use.
type Authority interface {
	// Redeem turns a connection token into a grant. A token made for launching
	// gives a new grant, once. A token made for resuming gives the live grant
	// that it names, again once, and moves it to the presenting login session.
	// Errors are those above, possibly wrapped.
	Redeem(ctx context.Context, p Presented) (*Grant, error)

	// Reattach checks that the browser that presents itself may continue the
	// connection with the given grant ID after its socket was lost: its login
	// session is alive and belongs to the grant's user. The relay has checked
	// the resume secret before. p.Token is not used.
	Reattach(ctx context.Context, grantID string, p Presented) error

	// Ended tells that the connection of a grant is over, for audit, and
	// releases the grant. Calling it again does nothing.
	Ended(ctx context.Context, grantID string, r Report)
}

// Identity is one public identity of a server: an SSH host key or, later, a
// certificate.
type Identity struct {
	Address     string // host:port as dialled, jump hosts included
	Kind        string // e.g. "ssh-ed25519"
	Key         []byte // wire form of the public key
	Fingerprint string // e.g. "SHA256:…"
	FirstSeen   time.Time
}

// Trust remembers which server identities an endpoint was seen with: trust on
// first use. Safe for concurrent use.
type Trust interface {
	// Known lists the identities remembered for an endpoint at an address; an
	// empty list means that it was never seen.
	Known(ctx context.Context, endpointID, address string) ([]Identity, error)
	// Remember stores an identity.
	Remember(ctx context.Context, endpointID string, id Identity) error
}

// Connection is one live connection as a list shows it.
type Connection struct {
	GrantID  string
	User     User
	Endpoint Endpoint
	Started  time.Time
	Attached bool      // a browser is looking at it
	Until    time.Time // when a detached connection will be given up; zero while attached
	State    string    // "connecting", "prompting", "connected" or "ended"
	Title    string    // what the remote calls itself, cleaned; may be empty
}

// Connections is the relay's side of the list: what is live, and the way to end
// one by hand. Safe for concurrent use.
type Connections interface {
	List() []Connection
	// Close ends a connection with the given reason; false if there is none.
	Close(grantID string, end End) bool
}
