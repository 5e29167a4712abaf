package main

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/authority/authentik"
	"github.com/porthole-rac/porthole/authority/embedded"
	"github.com/porthole-rac/porthole/relay/server"
	"github.com/porthole-rac/porthole/relay/session"
)

// outpostFlags are the settings of outpost. What authentik's own outposts have in
// the environment, too, is in authentikEnvironment.
type outpostFlags struct {
	metrics        string
	caBundle       string
	tunnelGrace    time.Duration
	resumeFor      time.Duration
	maxConnections int
	pages          ownPageFlags
}

func (p *program) outpostCommand() *cobra.Command {
	var f outpostFlags
	c := &cobra.Command{
		Use:   "outpost",
		Short: "Run as a remote access outpost of authentik",
		Long: `Run as a remote access (RAC) outpost of authentik.

It needs the environment of authentik's own outposts: AUTHENTIK_HOST,
AUTHENTIK_TOKEN and, where wanted, AUTHENTIK_INSECURE, AUTHENTIK_HOST_BROWSER,
AUTHENTIK_LOG_LEVEL and AUTHENTIK_LISTEN__METRICS. A value may be file:///path or
env://NAME. HTTPS_PROXY, HTTP_PROXY and NO_PROXY are respected.

Started by the name rac without a command, porthole is an outpost, and "rac
healthcheck" asks it whether it is well. While authentik cannot be reached, or
refuses the token, the outpost says so and tries again.`,
		Example: `  AUTHENTIK_HOST=https://authentik.example.org AUTHENTIK_TOKEN=file:///run/secrets/token porthole outpost`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			e, err := readAuthentikEnvironment()
			if err != nil {
				return err
			}
			if c.Flags().Changed("metrics") {
				e.metrics = nil
				if f.metrics != "" {
					e.metrics = []string{f.metrics}
				}
			} else if len(e.metrics) == 0 {
				e.metrics = []string{f.metrics}
			}
			f.pages.listenSet = c.Flags().Changed("listen")
			return p.outpost(c.Context(), e, f, c.Flags().Changed("log-level"))
		},
	}
	fl := c.Flags()
	fl.StringVar(&f.metrics, "metrics", ":9300", "address for metrics and health checks, before AUTHENTIK_LISTEN__METRICS; empty: none")
	fl.StringVar(&f.caBundle, "ca-bundle", "", "PEM file with authorities that authentik's certificate may be from, besides the system's")
	fl.DurationVar(&f.tunnelGrace, "tunnel-grace", authentik.DefaultGrace, "how long a connection waits when authentik has closed its tunnel; 0s: not at all")
	fl.DurationVar(&f.resumeFor, "resume-for", 10*time.Minute, "how long a connection waits for a browser that has gone while its tunnel is there")
	fl.IntVar(&f.maxConnections, "max-connections", 4096, "connections at a time")
	f.pages.add(fl)
	return c
}

func (p *program) outpost(ctx context.Context, e authentikEnvironment, f outpostFlags, ownLevel bool) (err error) {
	if e.level != nil && !ownLevel {
		p.level.Set(*e.level)
	}
	if f.tunnelGrace < 0 || f.tunnelGrace > 10*time.Minute {
		return &usageError{fmt.Errorf("--tunnel-grace %v: it must be 0s to 10m", f.tunnelGrace)}
	}
	roots, err := readRoots(f.caBundle)
	if err != nil {
		return err
	}
	if e.insecure {
		p.log.Warn("AUTHENTIK_INSECURE is set: whoever is between this outpost and authentik can read along and take the token")
	}
	trust, err := p.trust(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, trust.Close()) }()

	var sessions *session.Registry
	var pages *ownPages
	cfg := authentik.Config{
		Host: e.host, Token: e.token, Insecure: e.insecure, Roots: roots,
		Version: buildVersion(), Build: buildHash(), Logger: p.log,
		Grace: f.tunnelGrace, MaxTunnels: 2 * f.maxConnections,
		Serve: func(ctx context.Context, c authentik.Connection) {
			if !pages.serve(ctx, c) {
				p.serveTunnel(ctx, sessions, c)
			}
		},
	}
	if !ownLevel {
		cfg.SetLevel = p.level.Set
	}
	o, err := authentik.New(cfg)
	if err != nil {
		return err
	}
	sessions = p.sessions(o, trust, f.resumeFor, f.maxConnections)
	if pages, err = p.startPages(sessions, e, f.pages); err != nil {
		return err
	}
	for _, address := range e.metrics {
		l, err := listen(address)
		if err != nil {
			return err
		}
		defer p.serveStatus(l, outpostStatus(o, sessions))()
	}
	defer onRefresh(o.Refresh)()

	p.log.Info("outpost starts", "version", buildVersion(), "authentik", e.host.Scheme+"://"+e.host.Host+e.host.EscapedPath())
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	done := make(chan struct{})
	go func() { defer close(done); o.Run(running) }()
	<-ctx.Done()
	// Sessions end with a reason while their tunnels are there; then the rest.
	p.log.Info("stopping")
	o.Leave()
	shutdown, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer cancel()
	err = pages.shutdown(shutdown)
	stop()
	<-done
	return err
}

// trustStore remembers servers' keys.
type trustStore interface {
	authority.Trust
	Close() error
}

// trust opens the store of servers' keys; without a folder that can be written they
// are kept as long as the program runs.
func (p *program) trust(ctx context.Context) (trustStore, error) {
	s, err := embedded.Open(ctx, embedded.Config{Path: p.database(), Logger: p.log})
	if err == nil {
		return s, nil
	}
	p.log.Warn("servers' keys are remembered only until the outpost stops; give it a folder of its own by PORTHOLE_DATA, on a volume", "data", p.data, "error", err)
	return embedded.Open(ctx, embedded.Config{Logger: p.log})
}

// readRoots reads further certificate authorities; nil: the system's alone.
func readRoots(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read --ca-bundle: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(b) {
		return nil, fmt.Errorf("read --ca-bundle: %s has no certificate in PEM form", path)
	}
	return roots, nil
}

// outpostStatus is the handler of an outpost's metrics listener.
func outpostStatus(o *authentik.Outpost, sessions *session.Registry) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", server.Metrics(sessions, buildVersion(), o))
	mux.HandleFunc("GET "+pageReady, func(w http.ResponseWriter, _ *http.Request) {
		s := o.Status()
		if s.Connected {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusServiceUnavailable)
		if s.Problem != nil {
			fmt.Fprintln(w, s.Problem.Error())
			return
		}
		fmt.Fprintln(w, "The outpost is not connected to authentik yet.")
	})
	return mux
}

// buildHash names the build to authentik. It is never empty: an outpost without one
// that has another version than the server is called outdated.
func buildHash() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && s.Value != "" {
				return s.Value
			}
		}
	}
	sum := sha256.Sum256([]byte("porthole " + buildVersion()))
	return hex.EncodeToString(sum[:20])
}
