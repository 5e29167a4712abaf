package authentik

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// ParseHost reads AUTHENTIK_HOST: the address of authentik, which may have a path
// that authentik lives under, and a query that is sent along with every request.
func ParseHost(text string) (*url.URL, error) {
	text = strings.TrimSpace(text)
	wrong := errors.New("it is not an address like https://authentik.example.org")
	if strings.HasPrefix(text, "unix:") {
		return nil, errors.New("a unix socket is not supported; give the address that browsers or the cluster use, like https://authentik.example.org")
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, wrong // without the text, there may be a secret in it
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("%w; it must begin with https:// or http://", wrong)
	case u.Host == "" || u.Hostname() == "":
		return nil, wrong
	case u.User != nil:
		return nil, errors.New("a user name or password in the address is not supported")
	}
	u.Fragment = ""
	u.Path = strings.TrimRight(u.Path, "/") + "/"
	u.RawPath = ""
	return u, nil
}

// join gives the address of a path below base; its segments are escaped. The path
// ends with a slash, as all of authentik's do. Query is added to that of base.
func join(base *url.URL, query url.Values, segments ...string) string {
	var b strings.Builder
	b.WriteString(base.Scheme + "://" + base.Host + base.EscapedPath())
	for _, s := range segments {
		b.WriteString(url.PathEscape(s) + "/")
	}
	raw := base.RawQuery
	if len(query) > 0 {
		if raw != "" {
			raw += "&"
		}
		raw += query.Encode()
	}
	if raw != "" {
		b.WriteString("?" + raw)
	}
	return b.String()
}

// shown is an address for people, without the query, in which there may be a secret.
func shown(u *url.URL) string {
	return strings.TrimRight(u.Scheme+"://"+u.Host+u.EscapedPath(), "/")
}

// newClient makes the client of REST and WebSockets. Proxies are those of the
// environment.
func newClient(insecure bool, roots *x509.CertPool, proxy func(*http.Request) (*url.URL, error)) *http.Client {
	if proxy == nil {
		proxy = http.ProxyFromEnvironment
	}
	return &http.Client{
		Transport: &http.Transport{
			Proxy: proxy,
			//nolint:gosec // AUTHENTIK_INSECURE is the administrator's own choice
			TLSClientConfig:       &tls.Config{InsecureSkipVerify: insecure, RootCAs: roots, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:   10 * time.Second,
			ResponseHeaderTimeout: 30 * time.Second,
			IdleConnTimeout:       30 * time.Second,
			MaxIdleConns:          4,
		},
		// The token goes to no other host. A login page in front of authentik is
		// recognised by the redirect.
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > 3 || !strings.EqualFold(r.URL.Hostname(), via[0].URL.Hostname()) {
				return http.ErrUseLastResponse
			}
			return nil
		},
	}
}
