package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/porthole-rac/porthole/authority/embedded"
	"github.com/porthole-rac/porthole/authority/embedded/api"
	"github.com/porthole-rac/porthole/relay/demo"
	"github.com/porthole-rac/porthole/relay/server"
	"github.com/porthole-rac/porthole/relay/session"
	"github.com/porthole-rac/porthole/web"
)

// serveFlags are the settings of serve.
type serveFlags struct {
	listen, metrics  string
	tlsCert, tlsKey  string
	publicURL        string
	demo             bool
	origins, proxies []string
	resumeFor        time.Duration
	maxConnections   int
	expiry           embedded.Config
}

func (p *program) serveCommand() *cobra.Command {
	var f serveFlags
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the relay with its own authority",
		Long: `Run the relay with its own authority in one process.

At the first start it makes an administrator and prints name and password, once.
Without a certificate it speaks HTTP and should listen on this machine only, or
stand behind a proxy that speaks TLS: browsers allow clipboard and other things
only on https and on localhost.`,
		Example: `  porthole serve --demo
  porthole serve --listen :8443 --tls-cert cert.pem --tls-key key.pem --data /var/lib/porthole`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.serve(c.Context(), f, c.OutOrStdout()) },
	}
	fl := c.Flags()
	fl.StringVar(&f.listen, "listen", "127.0.0.1:8080", "address for browsers")
	fl.StringVar(&f.metrics, "metrics", "127.0.0.1:9300", "address for metrics and health checks; empty: none")
	fl.StringVar(&f.tlsCert, "tls-cert", "", "PEM file of the certificate chain")
	fl.StringVar(&f.tlsKey, "tls-key", "", "PEM file of the certificate's key")
	fl.StringVar(&f.publicURL, "public-url", "", "address by which browsers come, e.g. https://desk.example.org/; needed behind a proxy that speaks TLS")
	fl.BoolVar(&f.demo, "demo", false, "add an endpoint that opens a shell on this machine; for trying out")
	fl.StringSliceVar(&f.origins, "origin", nil, "further origin whose pages may connect, e.g. https://desk.example.org")
	fl.StringSliceVar(&f.proxies, "trusted-proxy", nil, "network of proxies whose X-Forwarded-For is believed, e.g. 10.0.0.0/8")
	fl.DurationVar(&f.resumeFor, "resume-for", 10*time.Minute, "how long a connection waits for a browser that has gone")
	fl.IntVar(&f.maxConnections, "max-connections", 4096, "connections at a time")
	fl.DurationVar(&f.expiry.ConnectionExpiry, "connection-expiry", 8*time.Hour, "longest life of a connection; -1s: as long as the login")
	fl.DurationVar(&f.expiry.IdleExpiry, "idle-expiry", 12*time.Hour, "life of a login that is not used")
	fl.DurationVar(&f.expiry.AbsoluteExpiry, "login-expiry", 7*24*time.Hour, "longest life of a login")
	fl.DurationVar(&f.expiry.TokenExpiry, "token-expiry", time.Minute, "how long a launched connection waits to be opened")
	return c
}

func (p *program) serve(ctx context.Context, f serveFlags, out io.Writer) (err error) {
	tlsConfig, err := loadTLS(f.tlsCert, f.tlsKey)
	if err != nil {
		return err
	}
	proxies, err := parseNetworks(f.proxies)
	if err != nil {
		return err
	}
	public, err := parsePublicURL(f.publicURL)
	if err != nil {
		return err
	}
	secure := tlsConfig != nil || public != nil && public.Scheme == "https"
	if public != nil {
		f.origins = append(f.origins, public.Scheme+"://"+public.Host)
	}
	cfg := f.expiry
	cfg.Path, cfg.Logger = p.database(), p.log
	store, err := embedded.Open(ctx, cfg)
	if err != nil {
		return fmt.Errorf("open %s: %w (choose another folder with --data, or mend its permissions)", p.data, err)
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := errors.Join(store.EndStale(ctx), store.DeleteEphemeral(ctx)); err != nil {
		return err
	}
	if f.demo {
		d, err := demo.Start(p.log)
		if err != nil {
			return fmt.Errorf("start demo: %w", err)
		}
		defer d.Close()
		if _, err := store.AddEndpoint(ctx, embedded.Endpoint{
			Name: "Demo shell", Protocol: "ssh", Host: d.Address(), Settings: d.Settings(), Ephemeral: true,
		}); err != nil {
			return fmt.Errorf("add demo endpoint: %w", err)
		}
	}
	listener, err := listen(f.listen)
	if err != nil {
		return err
	}
	sessions := p.sessions(store, store, f.resumeFor, f.maxConnections)
	srv, _, err := p.newServer(store, sessions, api.Config{Secure: secure, Demo: f.demo, Origins: f.origins}, func(c *server.Config) {
		c.TLS, c.Secure, c.Origins, c.TrustedProxies = tlsConfig, secure, f.origins, proxies
	})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	stopMetrics, err := p.serveMetrics(f.metrics, sessions)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer stopMetrics()

	name, password, created, err := store.EnsureAdmin(ctx)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	at := &url.URL{Scheme: "http", Host: listener.Addr().String(), Path: "/"}
	if tlsConfig != nil {
		at.Scheme = "https"
	}
	if public != nil {
		at = public
	}
	fmt.Fprintf(out, "Porthole is at %s\n", at)
	if created {
		fmt.Fprintf(out, "\n  An administrator was made. This is shown once:\n\n    name      %s\n    password  %s\n\n", name, password)
	}
	return p.run(ctx, srv, listener)
}

// run serves until ctx ends, and then lets the sessions go with a word.
func (p *program) run(ctx context.Context, srv *server.Server, l net.Listener) error {
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	p.log.Info("stopping")
	shutdown, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer cancel()
	return errors.Join(srv.Shutdown(shutdown), <-failed)
}

func (p *program) newServer(store *embedded.Store, sessions *session.Registry, pages api.Config, change func(*server.Config)) (*server.Server, *api.API, error) {
	var srv *server.Server
	pages.Store, pages.Connections, pages.Version, pages.Logger = store, sessions, buildVersion(), p.log
	pages.Client = func(r *http.Request) string { return srv.Client(r) }
	a := api.New(pages)
	cfg := server.Config{Sessions: sessions, Bundle: web.Bundle(), API: a, Login: a.LoginOf, Version: buildVersion(), Logger: p.log}
	change(&cfg)
	srv, err := server.New(cfg)
	return srv, a, err
}

// serveMetrics starts the second listener.
func (p *program) serveMetrics(address string, sessions *session.Registry) (stop func(), err error) {
	if address == "" {
		return func() {}, nil
	}
	l, err := listen(address)
	if err != nil {
		return nil, err
	}
	return p.serveStatus(l, server.Metrics(sessions, buildVersion())), nil
}

// serveStatus serves metrics and health checks.
func (p *program) serveStatus(l net.Listener, h http.Handler) (stop func()) {
	p.log.Info("metrics", "address", l.Addr().String())
	s := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			p.log.Error("metrics not served", "error", err)
		}
	}()
	return func() { _ = s.Close() }
}

func listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w (another program may use the port; choose another with --listen or --metrics)", address, err)
	}
	return l, nil
}

func loadTLS(cert, key string) (*tls.Config, error) {
	switch {
	case cert == "" && key == "":
		return nil, nil
	case cert == "" || key == "":
		return nil, &usageError{errors.New("--tls-cert and --tls-key belong together")}
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("load certificate: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

// parsePublicURL reads --public-url; nil: there is none.
func parsePublicURL(text string) (*url.URL, error) {
	if text == "" {
		return nil, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, &usageError{fmt.Errorf("--public-url %q: write it like https://desk.example.org/", text)}
	}
	return u.JoinPath("/"), nil
}

func parseNetworks(list []string) ([]*net.IPNet, error) {
	var out []*net.IPNet
	for _, s := range list {
		_, n, err := net.ParseCIDR(s)
		if err != nil {
			return nil, &usageError{fmt.Errorf("--trusted-proxy %q: write it like 10.0.0.0/8", s)}
		}
		out = append(out, n)
	}
	return out, nil
}
