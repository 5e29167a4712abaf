package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// Pages of the metrics listener that health checks ask for. The first is that of
// authentik's own outposts and tells that the program runs; the second tells whether
// an outpost is connected to authentik.
const (
	pagePing  = "/outpost.goauthentik.io/ping"
	pageReady = "/outpost.goauthentik.io/ready"
)

const defaultMetrics = "127.0.0.1:9300"

// healthCommand asks a running server whether it is well.
func (p *program) healthCommand() *cobra.Command {
	var metrics string
	var ready bool
	c := &cobra.Command{
		Use: "healthcheck", Short: "Ask a running server or outpost whether it is well; the exit status tells", Args: cobra.NoArgs,
		Long: `Ask a running server or outpost whether it is well; the exit status tells.

An outpost is well while it runs, also when authentik is away: its connections go
on then, and starting it anew would end them. With --ready it is asked whether it
is connected to authentik.`,
		Example: "  porthole healthcheck --metrics 127.0.0.1:9300",
		RunE: func(c *cobra.Command, _ []string) error {
			address := metrics
			if !c.Flags().Changed("metrics") && os.Getenv(envMetrics) != "" {
				list, err := authentikValue(envMetrics)
				if err != nil {
					return err
				}
				address, _, _ = strings.Cut(list, ",")
			}
			page := pagePing
			if ready {
				page = pageReady
			}
			ctx, cancel := context.WithTimeout(c.Context(), 5*time.Second)
			defer cancel()
			if err := ask(ctx, strings.TrimSpace(address), page); err != nil {
				return err
			}
			fmt.Fprintln(c.OutOrStdout(), "well")
			return nil
		},
	}
	c.Flags().StringVar(&metrics, "metrics", defaultMetrics, "metrics address of the server")
	c.Flags().BoolVar(&ready, "ready", false, "ask an outpost whether it is connected to authentik")
	return c
}

// ask asks for a page that has no content when all is well.
func ask(ctx context.Context, metrics, page string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+here(metrics)+page, nil)
	if err != nil {
		return &usageError{fmt.Errorf("--metrics %q: %w", metrics, err)}
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // through no proxy
	resp, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("ask %s: %w (is the server running, with this --metrics address?)", metrics, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNoContent {
		return nil
	}
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	if resp.StatusCode == http.StatusServiceUnavailable && len(text) > 0 {
		return errors.New(strings.TrimSpace(string(text)))
	}
	return fmt.Errorf("ask %s: status %d", metrics, resp.StatusCode)
}

// here is the address by which this machine reaches one that is listened to.
func here(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}
