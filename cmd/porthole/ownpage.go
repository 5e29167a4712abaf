package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/spf13/pflag"

	"github.com/porthole-rac/porthole/authority/authentik"
	wiretunnel "github.com/porthole-rac/porthole/protocol/tunnel"
	"github.com/porthole-rac/porthole/relay/server"
	"github.com/porthole-rac/porthole/relay/session"
	"github.com/porthole-rac/porthole/relay/tunnel"
	"github.com/porthole-rac/porthole/web"
)

const defaultPages = ":8080"

// ownPageFlags are the settings of outpost for Porthole's own page.
type ownPageFlags struct {
	listen, publicURL string
	listenSet         bool
	tlsCert, tlsKey   string
	origins, proxies  []string
	direct            bool
}

func (f *ownPageFlags) add(fl *pflag.FlagSet) {
	fl.StringVar(&f.listen, "listen", defaultPages, "address for browsers, which get Porthole's own page there; empty: none")
	fl.StringVar(&f.publicURL, "public-url", "", "address by which browsers reach --listen, e.g. https://rac.example.org/; without it they come by the route /if/rac/ of authentik's host")
	fl.StringVar(&f.tlsCert, "tls-cert", "", "PEM file of the certificate chain, for --listen")
	fl.StringVar(&f.tlsKey, "tls-key", "", "PEM file of the certificate's key")
	fl.StringSliceVar(&f.origins, "origins", nil, "further addresses by which browsers reach authentik, e.g. https://sso.example.org")
	fl.StringSliceVar(&f.proxies, "trusted-proxy", nil, "network of proxies whose X-Forwarded-For is believed, e.g. 10.0.0.0/8")
	fl.BoolVar(&f.direct, "direct", true, "let pages connect directly; false: everything goes through authentik")
}

// ownPages serves Porthole's own page to browsers that come by authentik.
type ownPages struct {
	program  *program
	sessions *session.Registry
	tunnels  *tunnel.Server
	server   *server.Server // nil: there is no listener
	failed   chan error
}

// startPages starts the listener for browsers.
func (p *program) startPages(sessions *session.Registry, e authentikEnvironment, f ownPageFlags) (*ownPages, error) {
	o := &ownPages{program: p, sessions: sessions, failed: make(chan error, 1)}
	public, err := parsePublicURL(f.publicURL)
	if err != nil {
		return nil, err
	}
	tlsConfig, err := loadTLS(f.tlsCert, f.tlsKey)
	if err != nil {
		return nil, err
	}
	proxies, err := parseNetworks(f.proxies)
	if err != nil {
		return nil, err
	}
	origins := make([]string, 0, len(f.origins)+2)
	for _, text := range f.origins {
		u, err := parsePublicURL(text)
		if err != nil || u.Path != "/" {
			return nil, &usageError{fmt.Errorf("--origins %q: write it like https://authentik.example.org", text)}
		}
		origins = append(origins, originOf(u))
	}
	home := e.host
	origins = append(origins, originOf(e.host))
	if e.browser != nil {
		home = e.browser
		origins = append(origins, originOf(e.browser))
	}
	l, err := o.listen(f)
	if err != nil {
		return nil, err
	}
	var address string
	if l != nil && f.direct {
		address = directAddress(public)
	}
	o.tunnels = tunnel.New(tunnel.Config{Sessions: sessions, Address: address, Logger: p.log})
	if l == nil {
		return o, nil
	}
	if public != nil && public.Scheme == "http" && home.Scheme == "https" {
		p.log.Warn("browsers will not connect directly: a page that came by https may not connect to an address that is http; serve --public-url by TLS",
			"public-url", public.String())
	}
	connect := []string{"wss:"}
	if public != nil && public.Scheme == "http" {
		connect = append(connect, "ws://"+public.Host)
	}
	o.server, err = server.New(server.Config{
		Sessions: sessions, Bundle: web.Bundle(), Version: buildVersion(), Logger: p.log,
		Origins: origins, TrustedProxies: proxies, TLS: tlsConfig, Secure: tlsConfig != nil || public != nil && public.Scheme == "https",
		Tunnel: &server.Tunnel{Admit: o.tunnels.Admit, Home: (&url.URL{Scheme: home.Scheme, Host: home.Host, Path: home.Path}).String(), Prefix: home.Path, Connect: connect},
	})
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	p.log.Info("pages", "address", l.Addr().String(), "direct", shownAddress(address, public, tlsConfig))
	go func() { o.failed <- o.server.Serve(l) }()
	return o, nil
}

// listen opens the port. The default one may be taken where the administrator only wanted
// an outpost: then it does without, and says so.
func (o *ownPages) listen(f ownPageFlags) (net.Listener, error) {
	if f.listen == "" {
		return nil, nil
	}
	l, err := listen(f.listen)
	if err != nil && !f.listenSet {
		o.program.log.Warn("Porthole's own page is not served; authentik's page works all the same", "error", err)
		return nil, nil
	}
	return l, err
}

// directAddress is what pages are told: the public address, or a path beside the page.
func directAddress(public *url.URL) string {
	if public == nil {
		return server.DirectName
	}
	u := public.JoinPath("if/rac/", server.DirectName)
	u.Scheme = strings.Replace(u.Scheme, "http", "ws", 1)
	return u.String()
}

func shownAddress(address string, public *url.URL, tlsConfig *tls.Config) string {
	switch {
	case address == "":
		return "off"
	case public == nil && tlsConfig != nil:
		return "by authentik's host; the proxy must speak TLS to this address"
	case public == nil:
		return "by authentik's host"
	}
	return address
}

// originOf is how a browser writes the origin of a page.
func originOf(u *url.URL) string {
	host := strings.ToLower(u.Host)
	switch u.Scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	}
	return u.Scheme + "://" + host
}

// serve serves a tunnel if our own page is at its end.
func (o *ownPages) serve(ctx context.Context, c authentik.Connection) bool {
	if !wiretunnel.IsMarked(c.Page) {
		return false
	}
	o.tunnels.Serve(ctx, tunnel.Connection{Tunnel: c.Tunnel, Secret: c.Secret, Protocol: c.Protocol})
	return true
}

// shutdown ends the sessions and the listener.
func (o *ownPages) shutdown(ctx context.Context) error {
	if o.server == nil {
		return o.sessions.Shutdown(ctx)
	}
	return errors.Join(o.server.Shutdown(ctx), <-o.failed)
}
