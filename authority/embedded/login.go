package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/porthole-rac/porthole/authority"
)

// touchEvery is how precisely the last use of a login is kept.
const touchEvery = time.Minute

// ErrCredentials means that name or password is wrong; which one is not said.
var ErrCredentials = errors.New("user name or password is wrong")

// LimitError means that too many logins have failed.
type LimitError struct{ RetryAfter time.Duration }

func (e *LimitError) Error() string {
	return fmt.Sprintf("too many failed logins, try again in %s", e.RetryAfter.Round(time.Second))
}

// Login is a browser that is logged in.
type Login struct {
	ID      string
	User    authority.User
	Client  string
	Expires time.Time
}

// LogIn checks a password and gives the value for the browser's cookie.
func (s *Store) LogIn(ctx context.Context, name, password, client string) (cookie string, l Login, err error) {
	if wait := s.limits.attempt(name, client, s.now()); wait > 0 {
		return "", Login{}, &LimitError{wait}
	}
	var u authority.User
	var hash string
	err = s.db.QueryRowContext(ctx, `SELECT id, name, is_admin, password_hash FROM users WHERE name = ?`, name).Scan(&u.ID, &u.Name, &u.Admin, &hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", Login{}, fmt.Errorf("read user: %w", err)
	}
	ok, err := s.verifyPassword(ctx, password, hash)
	if err != nil {
		return "", Login{}, err
	}
	if !ok {
		s.record(ctx, Event{Action: "login_failed", User: bounded(name), Client: client})
		return "", Login{}, ErrCredentials
	}
	s.limits.succeeded(name, client)
	return s.IssueLogin(ctx, u, client)
}

// IssueLogin logs a browser in without a password; the caller knows who it is.
func (s *Store) IssueLogin(ctx context.Context, u authority.User, client string) (cookie string, l Login, err error) {
	now := s.now()
	cookie, hash := NewSecret()
	l = Login{ID: newID(), User: u, Client: client, Expires: now.Add(s.cfg.AbsoluteExpiry)}
	_, err = s.db.ExecContext(ctx, `INSERT INTO authenticated_sessions (id, hash, user_id, client, created, last_used, expires) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		l.ID, hash, u.ID, client, unix(now), unix(now), unix(l.Expires))
	if err != nil {
		return "", Login{}, fmt.Errorf("create login: %w", err)
	}
	s.record(ctx, Event{Action: "login", User: u.Name, Client: client})
	return cookie, l, nil
}

// Login gives the login of a cookie, and notes that it was used. It fails with
// authority.ErrLogin when there is none (any more).
func (s *Store) Login(ctx context.Context, cookie string) (Login, error) {
	if cookie == "" || len(cookie) > 128 {
		return Login{}, authority.ErrLogin
	}
	var l Login
	var lastUsed, expires int64
	err := s.db.QueryRowContext(ctx, `SELECT a.id, a.client, a.last_used, a.expires, u.id, u.name, u.is_admin
		FROM authenticated_sessions a JOIN users u ON u.id = a.user_id WHERE a.hash = ?`, HashSecret(cookie)).
		Scan(&l.ID, &l.Client, &lastUsed, &expires, &l.User.ID, &l.User.Name, &l.User.Admin)
	if errors.Is(err, sql.ErrNoRows) {
		return Login{}, authority.ErrLogin
	}
	if err != nil {
		return Login{}, fmt.Errorf("read login: %w", err)
	}
	now := s.now()
	l.Expires = time.Unix(expires, 0)
	if !now.Before(l.Expires) || !now.Before(time.Unix(lastUsed, 0).Add(s.cfg.IdleExpiry)) {
		return Login{}, authority.ErrLogin
	}
	if now.Sub(time.Unix(lastUsed, 0)) >= touchEvery {
		if err := s.touch(ctx, l.ID); err != nil {
			return Login{}, err
		}
	}
	return l, nil
}

// touch notes that a login is in use. An open connection is use as well.
func (s *Store) touch(ctx context.Context, id string) error {
	if _, err := s.db.ExecContext(ctx, `UPDATE authenticated_sessions SET last_used = ? WHERE id = ?`, unix(s.now()), id); err != nil {
		return fmt.Errorf("touch login: %w", err)
	}
	return nil
}

// LogOut ends a login and the connections that it opened.
func (s *Store) LogOut(ctx context.Context, l Login) error {
	if _, err := s.db.ExecContext(ctx, `DELETE FROM authenticated_sessions WHERE id = ?`, l.ID); err != nil {
		return fmt.Errorf("end login: %w", err)
	}
	s.endWhere(endLogout, func(g *liveGrant) bool { return g.loginID == l.ID })
	s.wake()
	s.record(ctx, Event{Action: "logout", User: l.User.Name, Client: l.Client})
	return nil
}

// bounded cuts what a stranger typed for the log.
func bounded(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}
