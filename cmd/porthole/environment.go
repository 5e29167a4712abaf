package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/porthole-rac/porthole/authority/authentik"
)

// Variables of authentik's own outposts.
const (
	envHost     = "AUTHENTIK_HOST"
	envToken    = "AUTHENTIK_TOKEN"
	envInsecure = "AUTHENTIK_INSECURE"
	envBrowser  = "AUTHENTIK_HOST_BROWSER"
	envLevel    = "AUTHENTIK_LOG_LEVEL"
	envMetrics  = "AUTHENTIK_LISTEN__METRICS"
)

// authentikEnvironment is what the environment says to an outpost.
type authentikEnvironment struct {
	host     *url.URL
	token    string
	insecure bool
	browser  *url.URL    // where browsers find authentik, nil: at host
	level    *slog.Level // nil: not said
	metrics  []string    // addresses
}

// authentikValue reads a variable. As with authentik's outposts its value may be
// elsewhere: file:///path or env://NAME, each with a fallback after a question mark.
func authentikValue(name string) (string, error) {
	v := strings.TrimSpace(os.Getenv(name))
	u, err := url.Parse(v)
	if err != nil {
		return v, nil //nolint:nilerr // it is no address, so it is the value
	}
	switch u.Scheme {
	case "file":
		b, err := os.ReadFile(u.Path)
		if err == nil {
			return strings.TrimSpace(string(b)), nil
		}
		if u.RawQuery == "" {
			return "", &usageError{fmt.Errorf("%s: %w (mount the file there, readable for this user)", name, err)}
		}
		return u.RawQuery, nil
	case "env":
		if v, ok := os.LookupEnv(u.Host); ok {
			return strings.TrimSpace(v), nil
		}
		if u.RawQuery == "" {
			return "", &usageError{fmt.Errorf("%s: there is no variable %s", name, u.Host)}
		}
		return u.RawQuery, nil
	}
	return v, nil
}

// missing is said when an outpost lacks what it cannot do without.
func missing(name string) error {
	return &usageError{fmt.Errorf(`%s is not set

An outpost needs these variables; authentik shows their values under Applications,
Outposts, View Deployment Info:

  AUTHENTIK_HOST      address of authentik, e.g. https://authentik.example.org
  AUTHENTIK_TOKEN     token of the outpost; file:///run/secrets/token reads a file
  AUTHENTIK_INSECURE  true: do not verify authentik's certificate`, name)}
}

// readAuthentikEnvironment reads the variables.
func readAuthentikEnvironment() (e authentikEnvironment, err error) {
	values := make(map[string]string)
	for _, name := range []string{envHost, envToken, envInsecure, envBrowser, envLevel, envMetrics} {
		if values[name], err = authentikValue(name); err != nil {
			return e, err
		}
	}
	for _, name := range []string{envHost, envToken} {
		if values[name] == "" {
			return e, missing(name)
		}
	}
	if e.host, err = authentik.ParseHost(values[envHost]); err != nil {
		return e, &usageError{fmt.Errorf("%s: %w", envHost, err)}
	}
	e.token = values[envToken]
	if strings.ContainsFunc(e.token, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\'' }) {
		return e, &usageError{errors.New(envToken + ": a token has no blanks, quotes or line breaks in it; copy it again from View Deployment Info")}
	}
	if v := values[envInsecure]; v != "" {
		if e.insecure, err = strconv.ParseBool(v); err != nil {
			return e, &usageError{fmt.Errorf("%s: %q must be true or false", envInsecure, v)}
		}
	}
	if v := values[envBrowser]; v != "" {
		if e.browser, err = authentik.ParseHost(v); err != nil {
			return e, &usageError{fmt.Errorf("%s: %w", envBrowser, err)}
		}
	}
	if v := values[envLevel]; v != "" {
		level, err := authentik.ParseLevel(v)
		if err != nil {
			return e, &usageError{fmt.Errorf("%s: %w", envLevel, err)}
		}
		e.level = &level
	}
	for one := range strings.SplitSeq(values[envMetrics], ",") {
		if one = strings.TrimSpace(one); one != "" {
			e.metrics = append(e.metrics, one)
		}
	}
	return e, nil
}
