package embedded

import (
	"context"
	"fmt"
	"time"

	"github.com/porthole-rac/porthole/authority"
)

// Known implements authority.Trust.
func (s *Store) Known(ctx context.Context, endpointID, address string) ([]authority.Identity, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT address, kind, key, fingerprint, first_seen FROM host_keys WHERE endpoint = ? AND address = ? ORDER BY first_seen`, endpointID, address)
	if err != nil {
		return nil, fmt.Errorf("read known identities: %w", err)
	}
	defer rows.Close()
	var list []authority.Identity
	for rows.Next() {
		var id authority.Identity
		var at int64
		if err := rows.Scan(&id.Address, &id.Kind, &id.Key, &id.Fingerprint, &at); err != nil {
			return nil, fmt.Errorf("read known identities: %w", err)
		}
		id.FirstSeen = time.Unix(at, 0)
		list = append(list, id)
	}
	return list, rows.Err()
}

// Remember implements authority.Trust.
func (s *Store) Remember(ctx context.Context, endpointID string, id authority.Identity) error {
	_, err := s.db.ExecContext(ctx, `INSERT INTO host_keys (endpoint, address, kind, key, fingerprint, first_seen) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		endpointID, id.Address, id.Kind, id.Key, id.Fingerprint, unix(s.now()))
	if err != nil {
		return fmt.Errorf("remember identity: %w", err)
	}
	return nil
}

// Forget drops what is known of an endpoint's identities: the next one seen is
// trusted again. It gives how many there were.
func (s *Store) Forget(ctx context.Context, endpointID string) (int, error) {
	r, err := s.db.ExecContext(ctx, `DELETE FROM host_keys WHERE endpoint = ?`, endpointID)
	if err != nil {
		return 0, fmt.Errorf("forget identities: %w", err)
	}
	n, err := r.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("forget identities: %w", err)
	}
	if n > 0 {
		s.record(ctx, Event{Action: "host_keys_forgotten", Endpoint: endpointID, Context: map[string]any{"keys": n}})
	}
	return int(n), nil
}
