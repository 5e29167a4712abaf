package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/protocol/wire"
)

// AdminName is the name of the administrator made at the first start.
const AdminName = "admin"

var validName = regexp.MustCompile(`^[\pL\pN][\pL\pN ._@+-]{0,63}$`)

// User is a user with what lists show.
type User struct {
	authority.User
	Created time.Time
}

// CreateUser makes a user.
func (s *Store) CreateUser(ctx context.Context, name, password string, admin bool) (authority.User, error) {
	if !validName.MatchString(name) {
		return authority.User{}, fmt.Errorf("user name %w: use letters, digits, spaces and . _ @ + -, at most 64", ErrInvalid)
	}
	if err := checkPassword(password); err != nil {
		return authority.User{}, err
	}
	hash, err := s.hashPassword(ctx, password)
	if err != nil {
		return authority.User{}, err
	}
	u := authority.User{ID: newID(), Name: name, Admin: admin}
	r, err := s.db.ExecContext(ctx, `INSERT INTO users (id, name, password_hash, is_admin, created) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		u.ID, u.Name, hash, u.Admin, unix(s.now()))
	if err != nil {
		return authority.User{}, fmt.Errorf("create user: %w", err)
	}
	if n, _ := r.RowsAffected(); n == 0 {
		return authority.User{}, fmt.Errorf("user %q %w", name, ErrExists)
	}
	s.record(ctx, Event{Action: "user_created", User: name})
	return u, nil
}

// CreateLocalUser makes a user without a password, who logs in by IssueLogin only.
func (s *Store) CreateLocalUser(ctx context.Context, name string) (authority.User, error) {
	return s.CreateUser(ctx, name, randomPassword(), false)
}

// EnsureAdmin makes an administrator with a random password when there is no
// user at all. The password is given once and kept nowhere.
func (s *Store) EnsureAdmin(ctx context.Context) (name, password string, created bool, err error) {
	var n int
	if err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM users`).Scan(&n); err != nil {
		return "", "", false, fmt.Errorf("count users: %w", err)
	}
	if n > 0 {
		return "", "", false, nil
	}
	password = randomPassword()
	if _, err := s.CreateUser(ctx, AdminName, password, true); err != nil {
		return "", "", false, err
	}
	return AdminName, password, true, nil
}

// SetPassword gives a user a new password and ends the user's logins, and with
// them the connections.
func (s *Store) SetPassword(ctx context.Context, name, password string) error {
	if err := checkPassword(password); err != nil {
		return err
	}
	hash, err := s.hashPassword(ctx, password)
	if err != nil {
		return err
	}
	var id string
	err = s.db.QueryRowContext(ctx, `UPDATE users SET password_hash = ? WHERE name = ? RETURNING id`, hash, name).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("user %q %w", name, ErrNotFound)
	}
	if err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	if _, err := s.db.ExecContext(ctx, `DELETE FROM authenticated_sessions WHERE user_id = ?`, id); err != nil {
		return fmt.Errorf("end logins: %w", err)
	}
	s.record(ctx, Event{Action: "password_set", User: name})
	s.wake()
	return nil
}

// ChangePassword sets a new password for a user who knows the old one. Other
// logins of the user end, the one given stays.
func (s *Store) ChangePassword(ctx context.Context, l Login, old, password string) error {
	if err := checkPassword(password); err != nil {
		return err
	}
	if wait := s.limits.attempt(l.User.Name, l.Client, s.now()); wait > 0 {
		return &LimitError{wait} // somebody at an open browser may be guessing
	}
	var hash string
	if err := s.db.QueryRowContext(ctx, `SELECT password_hash FROM users WHERE id = ?`, l.User.ID).Scan(&hash); err != nil {
		return fmt.Errorf("read user: %w", err)
	}
	ok, err := s.verifyPassword(ctx, old, hash)
	if err != nil {
		return err
	}
	if !ok {
		s.record(ctx, Event{Action: "password_change_failed", User: l.User.Name, Client: l.Client})
		return ErrCredentials
	}
	s.limits.succeeded(l.User.Name, l.Client)
	if hash, err = s.hashPassword(ctx, password); err != nil {
		return err
	}
	if _, err := s.db.ExecContext(ctx, `UPDATE users SET password_hash = ? WHERE id = ?`, hash, l.User.ID); err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	if _, err := s.db.ExecContext(ctx, `DELETE FROM authenticated_sessions WHERE user_id = ? AND id <> ?`, l.User.ID, l.ID); err != nil {
		return fmt.Errorf("end other logins: %w", err)
	}
	s.record(ctx, Event{Action: "password_set", User: l.User.Name, Client: l.Client})
	s.wake()
	return nil
}

// Users lists all users by name.
func (s *Store) Users(ctx context.Context) ([]User, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, name, is_admin, created FROM users ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	defer rows.Close()
	var list []User
	for rows.Next() {
		var u User
		var created int64
		if err := rows.Scan(&u.ID, &u.Name, &u.Admin, &created); err != nil {
			return nil, fmt.Errorf("list users: %w", err)
		}
		u.Created = time.Unix(created, 0)
		list = append(list, u)
	}
	return list, rows.Err()
}

// DeleteUser removes a user with all logins and connections.
func (s *Store) DeleteUser(ctx context.Context, name string) error {
	r, err := s.db.ExecContext(ctx, `DELETE FROM users WHERE name = ?`, name)
	if err != nil {
		return fmt.Errorf("delete user: %w", err)
	}
	if n, _ := r.RowsAffected(); n == 0 {
		return fmt.Errorf("user %q %w", name, ErrNotFound)
	}
	s.record(ctx, Event{Action: "user_deleted", User: name})
	s.wake()
	return nil
}

// Reasons for which grants end here.
var (
	endLogout   = authority.End{Code: wire.EndLogout, Message: "You were logged out."}
	endExpired  = authority.End{Code: wire.EndSessionExpired, Message: "Your login has expired."}
	endTime     = authority.End{Code: wire.EndTokenExpired, Message: "The time for this connection is over."}
	endDeleted  = authority.End{Code: wire.EndDeleted, Message: "The connection was ended by hand."}
	endUser     = authority.End{Code: wire.EndDenied, Message: "Your account was removed."}
	endEndpoint = authority.End{Code: wire.EndDenied, Message: "The endpoint was removed."}
	endShutdown = authority.End{Code: wire.EndShutdown, Message: "The server is being restarted or stopped."}
)
