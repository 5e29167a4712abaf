package embedded

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/porthole-rac/porthole/protocol/settings"
)

const (
	maxSettings = 256
	maxSetting  = 64 << 10 // bytes: a private key fits
)

var (
	validEndpoint = regexp.MustCompile(`^[\pL\pN[][\pL\pN ._@:()/+%\]-]{0,127}$`)
	validSetting  = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)
)

// Endpoint is a machine that people may connect to.
type Endpoint struct {
	ID          string
	Name        string
	Protocol    string // one of settings.Protocols
	Host        string // host, host:port (vnc: or host:display), or with brackets around an IPv6 address
	Settings    map[string]string
	Maximum     int // connections at a time, -1: any number
	Application string
	Ephemeral   bool
	Created     time.Time
}

// AddEndpoint makes an endpoint. e.ID may be empty.
func (s *Store) AddEndpoint(ctx context.Context, e Endpoint) (Endpoint, error) {
	switch {
	case !validEndpoint.MatchString(e.Name):
		return e, fmt.Errorf("endpoint name %w: use letters, digits, spaces and . _ @ : ( ) / + -, at most 128", ErrInvalid)
	case !settings.IsProtocol(e.Protocol):
		return e, fmt.Errorf("protocol %q %w: %s are supported", e.Protocol, ErrInvalid, strings.Join(settings.Protocols(), " and "))
	case e.Host == "":
		return e, fmt.Errorf("host %w: it is empty", ErrInvalid)
	case len(e.Settings) > maxSettings:
		return e, fmt.Errorf("settings %w: more than %d", ErrInvalid, maxSettings)
	}
	if _, _, err := settings.SplitHost(e.Protocol, e.Host); err != nil {
		return e, fmt.Errorf("host %w: %w", ErrInvalid, err)
	}
	for name, v := range e.Settings {
		if !validSetting.MatchString(name) || len(v) > maxSetting {
			return e, fmt.Errorf("setting %q %w: names are small letters, digits and dashes; values have at most 64 KiB", name, ErrInvalid)
		}
	}
	b, err := json.Marshal(e.Settings)
	if err != nil {
		return e, fmt.Errorf("encode settings: %w", err)
	}
	if e.ID == "" {
		e.ID = newID()
	}
	if e.Maximum == 0 {
		e.Maximum = -1
	}
	e.Created = s.now()
	r, err := s.db.ExecContext(ctx, `INSERT INTO endpoints (id, provider_id, name, protocol, host, settings, maximum_connections, ephemeral, created)
		VALUES (?, 'default', ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		e.ID, e.Name, e.Protocol, e.Host, string(b), e.Maximum, e.Ephemeral, unix(e.Created))
	if err != nil {
		return e, fmt.Errorf("add endpoint: %w", err)
	}
	if n, _ := r.RowsAffected(); n == 0 {
		return e, fmt.Errorf("endpoint %q %w", e.Name, ErrExists)
	}
	s.record(ctx, Event{Action: "endpoint_added", Endpoint: e.Name})
	return e, nil
}

const selectEndpoint = `SELECT e.id, e.name, e.protocol, e.host, e.settings, e.maximum_connections, e.ephemeral, e.created, a.name
	FROM endpoints e JOIN applications a ON a.provider_id = e.provider_id `

func scanEndpoint(row interface{ Scan(...any) error }) (Endpoint, error) {
	var e Endpoint
	var text string
	var created int64
	if err := row.Scan(&e.ID, &e.Name, &e.Protocol, &e.Host, &text, &e.Maximum, &e.Ephemeral, &created, &e.Application); err != nil {
		return e, err
	}
	e.Created = time.Unix(created, 0)
	if err := json.Unmarshal([]byte(text), &e.Settings); err != nil {
		return e, fmt.Errorf("read settings of endpoint %q: %w", e.Name, err)
	}
	return e, nil
}

// Endpoints lists all endpoints by name.
func (s *Store) Endpoints(ctx context.Context) ([]Endpoint, error) {
	rows, err := s.db.QueryContext(ctx, selectEndpoint+`ORDER BY e.name`)
	if err != nil {
		return nil, fmt.Errorf("list endpoints: %w", err)
	}
	defer rows.Close()
	var list []Endpoint
	for rows.Next() {
		e, err := scanEndpoint(rows)
		if err != nil {
			return nil, fmt.Errorf("list endpoints: %w", err)
		}
		list = append(list, e)
	}
	return list, rows.Err()
}

// EndpointByName finds an endpoint.
func (s *Store) EndpointByName(ctx context.Context, name string) (Endpoint, error) {
	e, err := scanEndpoint(s.db.QueryRowContext(ctx, selectEndpoint+`WHERE e.name = ?`, name))
	return e, endpointError(name, err)
}

// DeleteEndpoint removes an endpoint, its connections and what is known of its
// identity.
func (s *Store) DeleteEndpoint(ctx context.Context, name string) error {
	e, err := s.EndpointByName(ctx, name)
	if err != nil {
		return err
	}
	if _, err := s.db.ExecContext(ctx, `DELETE FROM endpoints WHERE id = ?`, e.ID); err != nil {
		return fmt.Errorf("delete endpoint: %w", err)
	}
	if _, err := s.Forget(ctx, e.ID); err != nil {
		return err
	}
	s.record(ctx, Event{Action: "endpoint_deleted", Endpoint: e.Name})
	s.wake()
	return nil
}

// DeleteEphemeral removes the endpoints that an earlier run made for itself.
func (s *Store) DeleteEphemeral(ctx context.Context) error {
	if _, err := s.db.ExecContext(ctx, `DELETE FROM host_keys WHERE endpoint IN (SELECT id FROM endpoints WHERE ephemeral)`); err != nil {
		return fmt.Errorf("forget demo endpoints: %w", err)
	}
	if _, err := s.db.ExecContext(ctx, `DELETE FROM endpoints WHERE ephemeral`); err != nil {
		return fmt.Errorf("remove demo endpoints: %w", err)
	}
	s.wake()
	return nil
}

// merged are the settings of a connection: those of the provider, then those of
// the endpoint, then the address.
func (s *Store) merged(ctx context.Context, e Endpoint) (map[string]string, error) {
	var text string
	if err := s.db.QueryRowContext(ctx, `SELECT p.settings FROM rac_providers p JOIN endpoints e ON e.provider_id = p.id WHERE e.id = ?`, e.ID).Scan(&text); err != nil {
		return nil, fmt.Errorf("read provider: %w", err)
	}
	all := make(map[string]string)
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return nil, fmt.Errorf("read provider's settings: %w", err)
	}
	for name, v := range e.Settings {
		all[name] = v
	}
	host, port, err := settings.SplitHost(e.Protocol, e.Host)
	if err != nil {
		return nil, fmt.Errorf("read host: %w", err)
	}
	if all["hostname"] == "" {
		all["hostname"] = host
	}
	if port > 0 && all["port"] == "" {
		all["port"] = strconv.Itoa(port)
	}
	return all, nil
}

// Address is the endpoint's host and port for lists.
func (e Endpoint) Address() string {
	host, port, err := settings.SplitHost(e.Protocol, e.Host)
	if err != nil || port == 0 {
		return e.Host
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}
