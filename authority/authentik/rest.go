package authentik

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	maxAnswer   = 8 << 20          // bytes of an answer; providers_obj is long
	restTimeout = 30 * time.Second // for a whole request
)

// api speaks to authentik's REST interface. It reads leniently: what it does not
// know it skips, what it does not find is empty.
type api struct {
	base  *url.URL
	token string
	agent string
	http  *http.Client
}

// header is sent with every request.
func (a *api) header() http.Header {
	return http.Header{"Authorization": {"Bearer " + a.token}, "User-Agent": {a.agent}}
}

// get reads an object.
func (a *api) get(ctx context.Context, out any, segments ...string) error {
	ctx, cancel := context.WithTimeout(ctx, restTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, join(a.base, nil, append([]string{"api", "v3"}, segments...)...), nil)
	if err != nil {
		return fmt.Errorf("make request: %w", errors.Unwrap(err))
	}
	r.Header = a.header()
	r.Header.Set("Accept", "application/json")
	resp, err := a.http.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return newStatusError(resp)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("read answer: %w", err)
	case len(b) > maxAnswer:
		return fmt.Errorf("read answer: longer than %d bytes", maxAnswer)
	case !bytes.HasPrefix(bytes.TrimSpace(b), []byte("{")) || json.Unmarshal(b, out) != nil:
		return errNotJSON
	}
	return nil
}

// instance is what authentik says about the outpost.
type instance struct {
	ID        string
	Name      string
	Type      string
	Providers int
	Managed   bool
	LogLevel  string
	Refresh   time.Duration
}

// word is a JSON value as text: a string as it is, numbers and booleans as they
// are written, anything else empty.
type word string

// UnmarshalJSON implements json.Unmarshaler; it never fails.
func (w *word) UnmarshalJSON(b []byte) error {
	var s string
	switch {
	case json.Unmarshal(b, &s) == nil && b[0] == '"':
		*w = word(s)
	case len(b) > 0 && strings.IndexByte(`{["n`, b[0]) < 0: // null, too, is empty
		*w = word(b)
	}
	return nil
}

// raw is the JSON of a member of whatever type.
type raw = json.RawMessage

// parseInstances reads the answer of outposts/instances: the first one is this
// outpost, as its account sees no others.
func parseInstances(results []raw) (instance, error) {
	if len(results) == 0 {
		return instance{}, &Problem{
			Text:   "authentik accepts the token, but shows no outpost for it.",
			Remedy: "Use the token of the outpost itself (Applications, Outposts, View Deployment Info), not one of a user; if the outpost was just made, this goes on by itself.",
			denied: true,
		}
	}
	var r struct {
		PK        word `json:"pk"`
		Name      word `json:"name"`
		Type      word `json:"type"`
		Providers raw  `json:"providers"`
		Managed   word `json:"managed"`
		Refresh   word `json:"refresh_interval_s"`
		Config    raw  `json:"config"`
	}
	if json.Unmarshal(results[0], &r) != nil {
		return instance{}, errNotJSON
	}
	in := instance{ID: string(r.PK), Name: printable(string(r.Name)), Type: string(r.Type), Managed: r.Managed != "", Refresh: refreshInterval(string(r.Refresh))}
	if in.ID == "" {
		return instance{}, errNotJSON
	}
	var providers []raw
	if json.Unmarshal(r.Providers, &providers) == nil {
		in.Providers = len(providers)
	}
	var config map[string]raw
	if json.Unmarshal(r.Config, &config) == nil {
		var level word
		if v, ok := config["log_level"]; ok && json.Unmarshal(v, &level) == nil {
			in.LogLevel = string(level)
		}
	}
	if in.Type != "" && in.Type != "rac" {
		return instance{}, &Problem{
			Text:   fmt.Sprintf("The outpost %q is of the type %s, and Porthole is one for remote access.", in.Name, printable(in.Type)),
			Remedy: "Make an outpost of the type RAC in authentik and use its token.",
			denied: true,
		}
	}
	return in, nil
}

// refreshInterval reads refresh_interval_s, which versions before 2024.10 lack.
func refreshInterval(text string) time.Duration {
	var n float64
	if _, err := fmt.Sscan(text, &n); err != nil || n <= 0 || n > 1e9 {
		return 5 * time.Minute
	}
	return max(time.Duration(n*float64(time.Second)), 30*time.Second)
}

// instance asks which outpost this is.
func (a *api) instance(ctx context.Context) (instance, error) {
	var answer struct {
		Results []raw `json:"results"`
	}
	if err := a.get(ctx, &answer, "outposts", "instances"); err != nil {
		return instance{}, err
	}
	return parseInstances(answer.Results)
}

// version asks for authentik's version; empty: it does not say.
func (a *api) version(ctx context.Context) string {
	var answer struct {
		Current word `json:"version_current"`
	}
	if err := a.get(ctx, &answer, "admin", "version"); err != nil {
		return ""
	}
	return printable(string(answer.Current))
}

// parseLevel reads authentik's names of log levels.
func parseLevel(name string) (slog.Level, bool) {
	switch strings.ToLower(name) {
	case "trace", "debug":
		return slog.LevelDebug, true
	case "info":
		return slog.LevelInfo, true
	case "warning", "warn":
		return slog.LevelWarn, true
	case "error", "fatal", "critical":
		return slog.LevelError, true
	}
	return 0, false
}

// ParseLevel reads a log level by authentik's names: trace, debug, info, warning,
// error.
func ParseLevel(name string) (slog.Level, error) {
	if l, ok := parseLevel(name); ok {
		return l, nil
	}
	return 0, fmt.Errorf("%q is no log level; use trace, debug, info, warning or error", printable(name))
}
