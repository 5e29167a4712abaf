package authentik

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
	"time"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/protocol/wire"
)

var _ authority.Authority = (*Outpost)(nil)

// hash is how tokens and secrets are kept.
type hash = [sha256.Size]byte

// drainTime is how long the tunnel of a connection that is over may still carry
// its reason.
const drainTime = 2 * time.Second

// maxSecrets bounds the secrets that one tunnel may have at a time.
const maxSecrets = 16

// Ends of grants. authentik tells nothing of its reasons.
var (
	endAlone = authority.End{
		Code:    wire.EndAbandoned,
		Message: "The browser has gone, or authentik has closed the connection: its time was over, or the login session ended.",
	}
	endSession = authority.End{Code: wire.EndLogout, Message: "authentik has closed the connection as a login session ended."}
	endRefused = authority.End{
		Code:    wire.EndAuthFailed,
		Message: "The machine has just refused the user name or password that is stored in authentik. Correct it there, then connect again in a moment.",
	}
	endStopped = authority.End{Code: wire.EndShutdown, Message: "The outpost is being restarted or stopped."}
)

// grant is a connection that authentik has asked for. Outpost.mu guards the
// fields that change.
type grant struct {
	*authority.Grant
	cancel context.CancelCauseFunc
	log    *slog.Logger
	token  hash // of authentik's connection token
	named  bool // there is a token

	refused bool // over before it began, as the machine has just refused the same login

	tunnels int         // attached, or being opened
	grace   *time.Timer // runs while there are none
}

// attachment is one tunnel of a grant, and the secrets that were given out with it.
// Outpost.mu guards it.
type attachment struct {
	grant   *grant
	number  uint64 // later ones have higher numbers
	secrets []hash
	over    bool
	abort   func() // closes the tunnel, set once; nil: it is being opened
}

// secret is what Redeem turns into a grant, once.
type secret struct {
	at      *attachment
	expires time.Time
	used    bool
}

// admit makes the grant of a request or finds the one of its connection token,
// and takes a place for the tunnel. nil: there are too many connections.
func (o *Outpost) admit(r *request) *attachment {
	t := readParams(r.Protocol, r.Params)
	a, what := o.place(r.Protocol, &t, r.Page == "")
	if a != nil {
		a.grant.log.Info(what, "protocol", printable(r.Protocol), "endpoint", t.name, "user", t.user)
	}
	return a
}

func (o *Outpost) place(protocol string, t *target, stock bool) (a *attachment, what string) {
	key := sha256.Sum256([]byte(t.token))
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.attached >= o.cfg.MaxTunnels {
		return nil, ""
	}
	what = "connection gets another tunnel"
	g := o.byToken[key]
	if g == nil || t.token == "" || g.Context().Err() != nil {
		g = o.newGrantLocked(protocol, t, key)
		what = "authentik asks for a connection"
		if stock && o.refusals.has(key, o.now()) {
			what = "authentik's page tries a login again that was just refused; it is not repeated"
			g.refused = true
			g.cancel(&endRefused)
		}
	}
	if g.grace != nil {
		g.grace.Stop()
		g.grace = nil
	}
	g.tunnels++
	o.attached++
	o.numbered++
	a = &attachment{grant: g, number: o.numbered}
	o.attachments[a] = struct{}{}
	return a, what
}

func (o *Outpost) newGrantLocked(protocol string, t *target, key hash) *grant {
	var id [8]byte
	_, _ = rand.Read(id[:]) // never fails
	ctx, cancel := context.WithCancelCause(context.Background())
	g := &grant{cancel: cancel, token: key, named: t.token != ""}
	g.Grant = authority.NewGrant(ctx, authority.Grant{
		ID: hex.EncodeToString(id[:]), User: authority.User{ID: t.user, Name: t.user},
		Endpoint: authority.Endpoint{ID: t.id, Name: t.name, Protocol: protocol}, Settings: t.settings,
	})
	g.log = o.log.With("connection", g.ID)
	o.grants[g.ID] = g
	if g.named {
		o.byToken[key] = g
	}
	o.changedLocked()
	return g
}

// leave takes a tunnel away from its grant. Without another one the grant ends
// after the grace, or at once where no tunnel can find it again.
func (o *Outpost) leave(a *attachment, goodbye bool) {
	if what := o.leaveUnlogged(a); what != "" {
		a.grant.log.Info(what, "goodbye", goodbye, "grace", o.cfg.Grace)
	}
}

// leaveUnlogged is leave, and gives what is to be logged. Nothing is logged under
// the lock.
func (o *Outpost) leaveUnlogged(a *attachment) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if a.over {
		return ""
	}
	a.over = true
	delete(o.attachments, a)
	for _, s := range a.secrets {
		delete(o.secrets, s)
	}
	o.attached--
	g := a.grant
	g.tunnels--
	if g.tunnels > 0 || g.Context().Err() != nil {
		return ""
	}
	if o.now().Sub(o.sessionEnd) < o.cfg.Timing.Near {
		o.endLocked(g, endSession)
		return "tunnel closed as a login session ended; the connection ends"
	}
	if !g.named || o.cfg.Grace <= 0 {
		o.endLocked(g, endAlone)
		return "tunnel closed; the connection ends"
	}
	var timer *time.Timer
	timer = time.AfterFunc(o.cfg.Grace, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		if g.grace == timer {
			o.endLocked(g, endAlone)
		}
	})
	g.grace = timer
	return "tunnel closed; the connection waits for another one"
}

// endLocked ends a grant. Ended takes it out of the lists when the relay has heard
// of it; a grant that the relay never asked for is taken out here.
func (o *Outpost) endLocked(g *grant, end authority.End) {
	if g.Context().Err() == nil {
		g.cancel(&end)
	}
	o.forgetLocked(g)
}

// forgetLocked takes a grant out of the lists.
func (o *Outpost) forgetLocked(g *grant) {
	if g.grace != nil {
		g.grace.Stop()
		g.grace = nil
	}
	if o.grants[g.ID] == g {
		delete(o.grants, g.ID)
		o.changedLocked()
	}
	if g.named && o.byToken[g.token] == g {
		delete(o.byToken, g.token)
	}
}

// sessionEnded is called when authentik says that a login session has ended. It
// does not say whose: what has no tunnel at this moment may be of that session.
func (o *Outpost) sessionEnded() {
	o.mu.Lock()
	o.sessionEnd = o.now()
	var ended []*grant
	for _, g := range o.grants {
		if g.grace != nil {
			o.endLocked(g, endSession)
			ended = append(ended, g)
		}
	}
	o.mu.Unlock()
	for _, g := range ended {
		g.log.Info("a login session ended; the connection, which had no tunnel, ends")
	}
}

// newSecret makes a one-time secret for a tunnel.
func (o *Outpost) newSecret(a *attachment) string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	text := base64.RawURLEncoding.EncodeToString(b[:])
	sum := sha256.Sum256([]byte(text))
	o.mu.Lock()
	defer o.mu.Unlock()
	if a.over {
		return text // it opens nothing
	}
	if len(a.secrets) == maxSecrets {
		delete(o.secrets, a.secrets[0])
		a.secrets = append(a.secrets[:0], a.secrets[1:]...)
	}
	a.secrets = append(a.secrets, sum)
	o.secrets[sum] = &secret{at: a, expires: o.now().Add(o.cfg.Timing.Secret)}
	return text
}

// useLocked uses a secret up. The map is looked up by hash, so its time tells
// nothing of the secrets in it.
func (o *Outpost) useLocked(token string) (*grant, error) {
	s := o.secrets[sha256.Sum256([]byte(token))]
	switch {
	case s == nil:
		return nil, authority.ErrToken
	case s.used:
		return nil, authority.ErrTokenUsed
	case !o.now().Before(s.expires):
		return nil, authority.ErrTokenExpired
	}
	s.used = true
	return s.at.grant, nil
}

// Redeem implements authority.Authority: p.Token is a secret that a [Connection]
// came with. p.Login is not used, authentik has checked it.
func (o *Outpost) Redeem(_ context.Context, p authority.Presented) (*authority.Grant, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	g, err := o.useLocked(p.Token)
	if err != nil {
		return nil, err
	}
	if g.Context().Err() != nil && !g.refused {
		return nil, authority.ErrGone
	}
	return g.Grant, nil
}

// Reattach implements authority.Authority. The grant must be alive, which it is
// while it has a tunnel or is in its grace; a secret that is presented, too, must
// be of the same connection.
func (o *Outpost) Reattach(_ context.Context, grantID string, p authority.Presented) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	g := o.grants[grantID]
	if g == nil || g.Context().Err() != nil {
		return authority.ErrGone
	}
	if p.Token == "" {
		return nil
	}
	switch of, err := o.useLocked(p.Token); {
	case err != nil:
		return err
	case of != g:
		return fmt.Errorf("secret of another connection: %w", authority.ErrDenied)
	}
	return nil
}

// Ended implements authority.Authority. authentik has no place for the report; it
// goes to the log. The tunnels have a moment to carry the reason.
func (o *Outpost) Ended(_ context.Context, grantID string, r authority.Report) {
	o.mu.Lock()
	defer o.mu.Unlock()
	g := o.grants[grantID]
	if g == nil {
		return
	}
	g.cancel(&r.End)
	if g.repeatable(r.End.Code) {
		o.refusals.add(g.token, o.now())
	}
	o.forgetLocked(g)
	o.abortLaterLocked(g, nil)
}

// opened notes that a tunnel is there; false: its connection is over already, or has
// a later one. Earlier tunnels of the connection have a moment to say so to their
// pages: authentik does not say when a browser's socket has died with its worker,
// and such a tunnel would hold the connection for ever.
func (o *Outpost) opened(a *attachment, t *tunnel) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if a.grant.Context().Err() != nil && !a.grant.refused {
		return false
	}
	for other := range o.attachments {
		if other.grant == a.grant && other.number > a.number && other.abort != nil {
			return false
		}
	}
	a.abort = t.Abort
	o.abortLaterLocked(a.grant, a)
	return true
}

// abortLaterLocked closes a grant's tunnels after a moment, all but one.
func (o *Outpost) abortLaterLocked(g *grant, but *attachment) {
	var left []*attachment
	for a := range o.attachments {
		if a.grant == g && a != but && a.abort != nil {
			left = append(left, a)
		}
	}
	if len(left) == 0 {
		return
	}
	o.later(drainTime, func() {
		for _, a := range left {
			a.abort() // does nothing where the tunnel has ended
		}
	})
}
