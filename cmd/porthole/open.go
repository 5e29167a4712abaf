package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/authority/embedded"
	"github.com/porthole-rac/porthole/authority/embedded/api"
	"github.com/porthole-rac/porthole/protocol/settings"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/server"
)

type openFlags struct {
	listen       string
	set          []string
	passwordFile string
	identity     string
}

func (p *program) openCommand() *cobra.Command {
	var f openFlags
	c := &cobra.Command{
		Use:   "open URL",
		Short: "Open one machine at once, without users and endpoints",
		Long: `Open one machine at once, without users and endpoints.

It prints one address, which works once, for a browser on this machine, and ends
when the session has ended. Secrets come from files or are asked on the page; on
a command line everybody could read them. Keys of servers are remembered in the
data folder. A port of vnc below 100 is a display: vnc://host:1 is port 5901.`,
		Example: `  porthole open ssh://ann@10.0.0.5
  porthole open ssh://ann@[2001:db8::5]:2222 --identity ~/.ssh/id_ed25519
  porthole open ssh://ann@inner --set proxy-jump=gate.example.org --password-file pw
  porthole open vnc://10.0.0.6:5901`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.open(c.Context(), args[0], f, c.OutOrStdout()) },
	}
	fl := c.Flags()
	fl.StringVar(&f.listen, "listen", "127.0.0.1:0", "address for the browser; port 0: any free one; PORTHOLE_OPEN_LISTEN in the environment")
	// serve's address is not meant for this command, which everybody who reaches
	// it could use.
	_ = fl.SetAnnotation("listen", settingKey, []string{"open-listen"}) // the flag is there
	fl.StringArrayVar(&f.set, "set", nil, "a setting, name=value; see docs/settings.md")
	fl.StringVar(&f.passwordFile, "password-file", "", "file with the password in its first line")
	fl.StringVar(&f.identity, "identity", "", "file with the private key, for ssh")
	return c
}

// localUser is the person at this machine.
const localUser = "local"

func (p *program) open(ctx context.Context, address string, f openFlags, out io.Writer) (err error) {
	protocol, all, err := settings.QuickConnect(address)
	if err != nil {
		return &usageError{err}
	}
	if f.identity != "" && protocol != "ssh" {
		return &usageError{errors.New("--identity is a key for ssh; use --password-file, or leave it out and be asked on the page")}
	}
	if err := f.apply(all); err != nil {
		return err
	}
	trust, err := embedded.Open(ctx, embedded.Config{Path: p.database()})
	if err != nil {
		return fmt.Errorf("open %s: %w (choose another folder with --data)", p.data, err)
	}
	defer func() { err = errors.Join(err, trust.Close()) }()
	store, err := embedded.Open(ctx, embedded.Config{Logger: p.log, ConnectionExpiry: -1})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	user, err := store.CreateLocalUser(ctx, localUser)
	if err != nil {
		return err
	}
	host, _, _ := settings.SplitAddress(all["hostname"])
	e, err := store.AddEndpoint(ctx, embedded.Endpoint{
		ID: quickID(bracketed(host)), Name: bracketed(host), Protocol: protocol, Host: hostOf(all), Settings: all,
	})
	if err != nil {
		return err
	}
	listener, err := listen(f.listen)
	if err != nil {
		return err
	}
	ctx, done := context.WithCancel(ctx)
	defer done()
	sessions := p.sessions(&onceAuthority{Authority: store, ended: done}, trust, 10*time.Minute, 1)
	srv, a, err := p.newServer(store, sessions, api.Config{}, func(*server.Config) {})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	fmt.Fprintf(out, "http://%s%s%s\n", listener.Addr(), a.Quick(user, e.ID), hint(protocol))
	return p.run(ctx, srv, listener)
}

// hint is what an address tells the page beforehand, as a fragment that the browser
// keeps to itself and carries along when it is sent elsewhere: with it the page
// loads the program for desktops at once. Without it is for terminals.
func hint(protocol string) string {
	if protocol == "ssh" {
		return ""
	}
	return "#" + protocol
}

// quickID is the ID under which keys of a host that open connected to are kept.
func quickID(name string) string { return "open " + name }

// bracketed writes a host as addresses have it: IPv6 in brackets.
func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

// hostOf writes an address for an endpoint.
func hostOf(all map[string]string) string {
	host := bracketed(all["hostname"])
	if port := all["port"]; port != "" {
		host += ":" + port
	}
	return host
}

// apply adds what the flags say to the settings.
func (f *openFlags) apply(all map[string]string) error {
	if err := setAll(all, f.set, "use --password-file or --identity, or leave it out and be asked on the page"); err != nil {
		return err
	}
	for name, path := range map[string]string{"password": f.passwordFile, "private-key": f.identity} {
		if path == "" {
			continue
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		text := string(b)
		if name == "password" {
			text, _, _ = strings.Cut(text, "\n")
			text = strings.TrimRight(text, "\r")
		}
		all[name] = text
	}
	return nil
}

// setAll reads name=value. Secrets are refused: command lines are not secret.
func setAll(all map[string]string, list []string, remedy string) error {
	for _, s := range list {
		name, value, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return &usageError{fmt.Errorf("--set %q: write it like name=value", s)}
		}
		if settings.IsSecret(name) {
			return &usageError{fmt.Errorf("--set %s: a command line can be read by others; %s", name, remedy)}
		}
		all[name] = value
	}
	return nil
}

// onceAuthority ends the program when the session has ended in the ordinary way.
// After a failure the page can still try again.
type onceAuthority struct {
	authority.Authority
	ended context.CancelFunc
}

// Ended implements authority.Authority.
func (o *onceAuthority) Ended(ctx context.Context, grantID string, r authority.Report) {
	o.Authority.Ended(ctx, grantID, r)
	switch r.End.Code {
	case wire.EndClosed, wire.EndDisconnected, wire.EndAbandoned, wire.EndDeleted, wire.EndLogout:
		o.ended()
	}
}
