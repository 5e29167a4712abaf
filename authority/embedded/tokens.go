package embedded

import (
	"context"
	"fmt"
	"time"
)

// Token is a connection token as lists show it.
type Token struct {
	ID       string
	User     string
	Endpoint string
	Created  time.Time
	Expires  time.Time // zero: with the login
	Used     bool      // its connection is open
}

// Tokens lists the connection tokens, newest first.
func (s *Store) Tokens(ctx context.Context) ([]Token, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT t.id, u.name, e.name, t.created, t.expires, t.used
		FROM connection_tokens t JOIN users u ON u.id = t.user_id JOIN endpoints e ON e.id = t.endpoint_id ORDER BY t.created DESC, t.id`)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	defer rows.Close()
	var list []Token
	for rows.Next() {
		var t Token
		var created, expires int64
		if err := rows.Scan(&t.ID, &t.User, &t.Endpoint, &created, &expires, &t.Used); err != nil {
			return nil, fmt.Errorf("list tokens: %w", err)
		}
		t.Created = time.Unix(created, 0)
		if expires > 0 {
			t.Expires = time.Unix(expires, 0)
		}
		list = append(list, t)
	}
	return list, rows.Err()
}

// DeleteToken removes a connection token by its ID and ends its connection.
func (s *Store) DeleteToken(ctx context.Context, id string) error {
	r, err := s.db.ExecContext(ctx, `DELETE FROM connection_tokens WHERE id = ?`, id)
	if err != nil {
		return fmt.Errorf("delete token: %w", err)
	}
	if n, _ := r.RowsAffected(); n == 0 {
		return fmt.Errorf("token %q %w", bounded(id), ErrNotFound)
	}
	s.endWhere(endDeleted, func(g *liveGrant) bool { return g.grant.ID == id })
	s.record(ctx, Event{Action: "token_deleted", Context: map[string]any{"connection": id}})
	return nil
}
