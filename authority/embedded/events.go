package embedded

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// maxEvents bounds the audit log.
const maxEvents = 100_000

// Event is one entry of the audit log. It never holds a secret.
type Event struct {
	Time     time.Time
	Action   string // e.g. "login", "login_failed", "connect", "connection_end"
	User     string
	Client   string // network address
	Endpoint string
	Context  map[string]any
}

// record writes an event. What cannot be written must not stop what it tells of,
// so a failure is logged only.
func (s *Store) record(ctx context.Context, e Event) {
	if e.Context == nil {
		e.Context = map[string]any{}
	}
	s.log.Info("audit", "action", e.Action, "user", e.User, "client", e.Client, "endpoint", e.Endpoint, "context", e.Context)
	b, err := json.Marshal(e.Context)
	if err == nil {
		_, err = s.db.ExecContext(ctx, `INSERT INTO events (time, action, user, client, endpoint, context) VALUES (?, ?, ?, ?, ?, ?)`,
			unix(s.now()), e.Action, e.User, e.Client, e.Endpoint, string(b))
	}
	if err != nil {
		s.log.Error("audit event not written", "action", e.Action, "error", err)
	}
}

// Events gives the newest events, newest first.
func (s *Store) Events(ctx context.Context, limit int) ([]Event, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT time, action, user, client, endpoint, context FROM events ORDER BY id DESC LIMIT ?`, limit)
	if err != nil {
		return nil, fmt.Errorf("list events: %w", err)
	}
	defer rows.Close()
	var list []Event
	for rows.Next() {
		var e Event
		var at int64
		var text string
		if err := rows.Scan(&at, &e.Action, &e.User, &e.Client, &e.Endpoint, &text); err != nil {
			return nil, fmt.Errorf("list events: %w", err)
		}
		e.Time = time.Unix(at, 0)
		if err := json.Unmarshal([]byte(text), &e.Context); err != nil {
			return nil, fmt.Errorf("list events: %w", err)
		}
		list = append(list, e)
	}
	return list, rows.Err()
}
