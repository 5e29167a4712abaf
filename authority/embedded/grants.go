package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/protocol/wire"
)

const (
	watchEvery = 300 * time.Millisecond
	checkEvery = 5 * time.Second
	maxTokens  = 64 // unused tokens of one login at a time
)

var (
	_ authority.Authority = (*Store)(nil)
	_ authority.Trust     = (*Store)(nil)
)

// ErrBusy means that an endpoint has as many connections as it may.
var ErrBusy error = &authority.End{Code: wire.EndBusy, Message: "The endpoint has as many connections as it may."}

// liveGrant is a connection that is open. Store.mu guards the fields that change.
type liveGrant struct {
	grant   *authority.Grant
	cancel  context.CancelCauseFunc
	loginID string
	started time.Time
	expires time.Time // zero: with the login
	client  string
}

func (g *liveGrant) end(e authority.End) { g.cancel(&e) }

// Launch makes a connection token for an endpoint.
func (s *Store) Launch(ctx context.Context, l Login, endpointID string) (token string, err error) {
	e, err := scanEndpoint(s.db.QueryRowContext(ctx, selectEndpoint+`WHERE e.id = ?`, endpointID))
	if err := endpointError(endpointID, err); err != nil {
		return "", err
	}
	if e.Maximum >= 0 && s.Active(e.ID) >= e.Maximum {
		return "", ErrBusy
	}
	return s.newToken(ctx, l, e.ID, "")
}

// LaunchResume makes a connection token that takes up a live connection of the
// same user.
func (s *Store) LaunchResume(ctx context.Context, l Login, grantID string) (token string, err error) {
	s.mu.Lock()
	g := s.live[grantID]
	s.mu.Unlock()
	if g == nil || g.grant.User.ID != l.User.ID {
		return "", authority.ErrGone
	}
	return s.newToken(ctx, l, g.grant.Endpoint.ID, grantID)
}

func endpointError(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("endpoint %q %w", bounded(what), ErrNotFound)
	}
	return fmt.Errorf("read endpoint: %w", err)
}

func (s *Store) newToken(ctx context.Context, l Login, endpointID, resumes string) (string, error) {
	token, hash := NewSecret()
	now := s.now()
	r, err := s.db.ExecContext(ctx, `INSERT INTO connection_tokens (id, hash, user_id, session_id, endpoint_id, resumes, created, expires)
		SELECT ?, ?, ?, ?, ?, ?, ?, ? WHERE (SELECT count(*) FROM connection_tokens WHERE session_id = ? AND used = 0 AND expires > ?) < ?`,
		newID(), hash, l.User.ID, l.ID, endpointID, resumes, unix(now), unix(now.Add(s.cfg.TokenExpiry)),
		l.ID, unix(now), maxTokens)
	if err != nil {
		return "", fmt.Errorf("create connection token: %w", err)
	}
	if n, _ := r.RowsAffected(); n == 0 {
		return "", ErrBusy
	}
	return token, nil
}

// Redeem implements authority.Authority.
func (s *Store) Redeem(ctx context.Context, p authority.Presented) (*authority.Grant, error) {
	l, err := s.Login(ctx, p.Login)
	if err != nil {
		return nil, err
	}
	var id, endpointID, resumes string
	var expires int64
	var used bool
	err = s.db.QueryRowContext(ctx, `SELECT id, endpoint_id, resumes, expires, used FROM connection_tokens WHERE hash = ? AND session_id = ?`,
		HashSecret(p.Token), l.ID).Scan(&id, &endpointID, &resumes, &expires, &used)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, authority.ErrToken
	case err != nil:
		return nil, fmt.Errorf("read connection token: %w", err)
	case used:
		return nil, authority.ErrTokenUsed
	case !s.now().Before(time.Unix(expires, 0)):
		return nil, authority.ErrTokenExpired
	}
	e, err := scanEndpoint(s.db.QueryRowContext(ctx, selectEndpoint+`WHERE e.id = ?`, endpointID))
	if err != nil {
		return nil, fmt.Errorf("read endpoint: %w", err)
	}
	all, err := s.merged(ctx, e)
	if err != nil {
		return nil, err
	}
	if resumes != "" {
		return s.takeUp(ctx, id, resumes, l, p.Client)
	}
	ends, err := s.use(ctx, id)
	if err != nil {
		return nil, err
	}
	g := &liveGrant{loginID: l.ID, started: s.now(), expires: ends, client: p.Client}
	var grantCtx context.Context
	grantCtx, g.cancel = context.WithCancelCause(context.Background())
	g.grant = authority.NewGrant(grantCtx, authority.Grant{
		ID: id, User: l.User, Endpoint: authority.Endpoint{ID: e.ID, Name: e.Name, Protocol: e.Protocol},
		Settings: all, Expires: ends,
	})
	if !s.admit(g, e.Maximum) {
		g.cancel(nil)
		return nil, ErrBusy
	}
	s.record(ctx, Event{Action: "connect", User: l.User.Name, Client: p.Client, Endpoint: e.Name, Context: map[string]any{"connection": id}})
	s.wake() // what was deleted since the reading above is found
	return g.grant, nil
}

// admit adds a grant to the live ones unless its endpoint is full.
func (s *Store) admit(g *liveGrant, maximum int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if maximum >= 0 && s.activeLocked(g.grant.Endpoint.ID) >= maximum {
		return false
	}
	s.live[g.grant.ID] = g
	return true
}

// use marks a token as used; exactly one caller succeeds. It gives the end of
// the connection, zero: with the login.
func (s *Store) use(ctx context.Context, id string) (time.Time, error) {
	var ends time.Time
	var stored int64
	if s.cfg.ConnectionExpiry > 0 {
		ends = s.now().Add(s.cfg.ConnectionExpiry)
		stored = unix(ends)
	}
	r, err := s.db.ExecContext(ctx, `UPDATE connection_tokens SET used = 1, expires = ? WHERE id = ? AND used = 0`, stored, id)
	if err != nil {
		return time.Time{}, fmt.Errorf("use connection token: %w", err)
	}
	if n, _ := r.RowsAffected(); n != 1 {
		return time.Time{}, authority.ErrTokenUsed
	}
	return ends, nil
}

// takeUp gives the live grant that a resume token names and moves it to the
// login that presents it.
func (s *Store) takeUp(ctx context.Context, tokenID, grantID string, l Login, client string) (*authority.Grant, error) {
	if _, err := s.use(ctx, tokenID); err != nil {
		return nil, err
	}
	if _, err := s.db.ExecContext(ctx, `DELETE FROM connection_tokens WHERE id = ?`, tokenID); err != nil {
		return nil, fmt.Errorf("drop resume token: %w", err)
	}
	s.mu.Lock()
	g := s.live[grantID]
	s.mu.Unlock()
	if g == nil {
		return nil, authority.ErrGone
	}
	// This fails when the login has ended meanwhile.
	if _, err := s.db.ExecContext(ctx, `UPDATE connection_tokens SET session_id = ? WHERE id = ?`, l.ID, grantID); err != nil {
		return nil, fmt.Errorf("move connection: %w", err)
	}
	s.mu.Lock()
	g.loginID, g.client = l.ID, client
	s.mu.Unlock()
	s.wake() // and this finds out when it ended since
	s.record(ctx, Event{Action: "resume", User: l.User.Name, Client: client, Endpoint: g.grant.Endpoint.Name, Context: map[string]any{"connection": grantID}})
	return g.grant, nil
}

// Reattach implements authority.Authority.
func (s *Store) Reattach(ctx context.Context, grantID string, p authority.Presented) error {
	l, err := s.Login(ctx, p.Login)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.live[grantID]
	switch {
	case g == nil:
		return authority.ErrGone
	case g.grant.User.ID != l.User.ID:
		return authority.ErrDenied
	}
	return nil
}

// Ended implements authority.Authority.
func (s *Store) Ended(ctx context.Context, grantID string, r authority.Report) {
	s.mu.Lock()
	g := s.live[grantID]
	delete(s.live, grantID)
	s.mu.Unlock()
	if g == nil {
		return
	}
	g.cancel(nil)
	if _, err := s.db.ExecContext(ctx, `DELETE FROM connection_tokens WHERE id = ?`, grantID); err != nil {
		s.log.Error("connection token not removed", "connection", grantID, "error", err)
	}
	s.record(ctx, Event{
		Action: "connection_end", User: g.grant.User.Name, Client: g.client, Endpoint: g.grant.Endpoint.Name,
		Context: map[string]any{
			"connection": grantID, "code": r.End.Code, "seconds": r.Duration.Seconds(), "sent": r.Sent, "received": r.Received,
		},
	})
}

// Active counts the live connections of an endpoint.
func (s *Store) Active(endpointID string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.activeLocked(endpointID)
}

func (s *Store) activeLocked(endpointID string) int {
	n := 0
	for _, g := range s.live {
		if g.grant.Endpoint.ID == endpointID {
			n++
		}
	}
	return n
}

// endWhere ends the live grants that match.
func (s *Store) endWhere(e authority.End, match func(*liveGrant) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.live {
		if match(g) {
			g.end(e)
		}
	}
}

func (s *Store) wake() {
	select {
	case s.poke <- struct{}{}:
	default:
	}
}

// watch ends grants whose time is over or whose ground has gone. The clock is
// looked at often, the database only when somebody has written to it, and now
// and then for logins that expire.
func (s *Store) watch(ctx context.Context) {
	defer s.stopped.Done()
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	version := s.versions(ctx)
	var checked, cleaned time.Time
	for {
		changed := false
		select {
		case <-ctx.Done():
			return
		case <-s.poke:
			changed = true
		case <-tick.C:
			changed = version()
		}
		now := s.now()
		s.endWhere(endTime, func(g *liveGrant) bool { return !g.expires.IsZero() && !now.Before(g.expires) })
		if changed || now.Sub(checked) >= checkEvery || now.Before(checked) {
			checked = now
			if err := s.check(ctx); err != nil && ctx.Err() == nil {
				s.log.Error("connections not checked", "error", err)
			}
		}
		if now.Sub(cleaned) > time.Minute {
			cleaned = now
			s.clean(ctx)
		}
	}
}

// versions gives a function that tells whether the database was written to since
// its last call. SQLite counts that for each connection, so one is kept for it;
// ctx's end gives it back. A store in memory has no other writers.
func (s *Store) versions(ctx context.Context) func() bool {
	if s.cfg.Path == "" {
		return func() bool { return false }
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		s.log.Error("database not watched", "error", err)
		return func() bool { return true }
	}
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	var seen int64
	return func() bool {
		var v int64
		if err := conn.QueryRowContext(ctx, `PRAGMA data_version`).Scan(&v); err != nil {
			return true
		}
		changed := v != seen
		seen = v
		return changed
	}
}

// check compares the live grants with the database.
func (s *Store) check(ctx context.Context) error {
	// Those that are live now; one that comes up while the database is read may
	// be missing in what was read.
	s.mu.Lock()
	live := make([]*liveGrant, 0, len(s.live))
	for _, g := range s.live {
		live = append(live, g)
	}
	s.mu.Unlock()
	if len(live) == 0 {
		return nil
	}
	// The connections that may go on, with the login of each.
	rows, err := s.db.QueryContext(ctx, `SELECT t.id, a.id, a.last_used FROM connection_tokens t
		JOIN authenticated_sessions a ON a.id = t.session_id WHERE t.used = 1 AND a.expires > ?`, unix(s.now()))
	if err != nil {
		return fmt.Errorf("check connections: %w", err)
	}
	defer rows.Close()
	good := make(map[string]bool, len(live))
	stale := make(map[string]bool) // logins whose use is to be noted
	for rows.Next() {
		var id, login string
		var lastUsed int64
		if err := rows.Scan(&id, &login, &lastUsed); err != nil {
			return fmt.Errorf("check connections: %w", err)
		}
		good[id] = true
		if s.now().Sub(time.Unix(lastUsed, 0)) >= touchEvery {
			stale[login] = true
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("check connections: %w", err)
	}
	rows.Close()

	for _, g := range live {
		if good[g.grant.ID] {
			continue
		}
		e, err := s.reason(ctx, g)
		if err != nil {
			return err
		}
		g.end(e)
	}
	for login := range stale {
		// An open connection keeps its login from idling out.
		if err := s.touch(ctx, login); err != nil {
			return err
		}
	}
	return nil
}

// reason finds out what took a grant's ground away.
func (s *Store) reason(ctx context.Context, g *liveGrant) (authority.End, error) {
	s.mu.Lock()
	login := g.loginID
	s.mu.Unlock()
	var hasUser, hasEndpoint bool
	var expires sql.NullInt64
	err := s.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM users WHERE id = ?), EXISTS (SELECT 1 FROM endpoints WHERE id = ?),
		(SELECT expires FROM authenticated_sessions WHERE id = ?)`, g.grant.User.ID, g.grant.Endpoint.ID, login).
		Scan(&hasUser, &hasEndpoint, &expires)
	switch {
	case err != nil:
		return authority.End{}, fmt.Errorf("check connection: %w", err)
	case !hasUser:
		return endUser, nil
	case !hasEndpoint:
		return endEndpoint, nil
	case !expires.Valid:
		return endLogout, nil
	case !s.now().Before(time.Unix(expires.Int64, 0)):
		return endExpired, nil
	}
	return endDeleted, nil
}

// clean removes what has expired.
func (s *Store) clean(ctx context.Context) {
	now := unix(s.now())
	idle := unix(s.now().Add(-s.cfg.IdleExpiry))
	for _, q := range []struct {
		text string
		args []any
	}{
		// Expired ones stay for a while: who comes late is told so.
		{`DELETE FROM connection_tokens WHERE used = 0 AND expires < ?`, []any{now - int64(time.Hour/time.Second)}},
		{`DELETE FROM authenticated_sessions WHERE expires < ? OR last_used < ?`, []any{now, idle}},
		{`DELETE FROM events WHERE id <= (SELECT max(id) FROM events) - ?`, []any{maxEvents}},
	} {
		if _, err := s.db.ExecContext(ctx, q.text, q.args...); err != nil && ctx.Err() == nil {
			s.log.Error("database not cleaned", "error", err)
		}
	}
}

// EndStale removes the tokens of connections that a crashed run left behind. The
// program that serves calls it once, before it serves.
func (s *Store) EndStale(ctx context.Context) error {
	rows, err := s.db.QueryContext(ctx, `DELETE FROM connection_tokens WHERE used = 1 RETURNING id`)
	if err != nil {
		return fmt.Errorf("end stale connections: %w", err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return fmt.Errorf("end stale connections: %w", err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("end stale connections: %w", err)
	}
	rows.Close()
	for _, id := range ids {
		s.record(ctx, Event{Action: "connection_end", Context: map[string]any{"connection": id, "code": "stale"}})
	}
	return nil
}
