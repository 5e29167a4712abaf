package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/porthole-rac/porthole/authority/embedded"
	"github.com/porthole-rac/porthole/protocol/settings"
)

// group is a command that only holds others.
func group(use, short string, sub ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: short,
		RunE: needsCommand,
	}
	c.AddCommand(sub...)
	for _, s := range sub {
		if s.Example != "" {
			first, _, _ := strings.Cut(s.Example, "\n")
			c.Example += first + "\n"
		}
	}
	c.Example = strings.TrimSuffix(c.Example, "\n")
	return c
}

// needsCommand is a command that does nothing without one of its own.
func needsCommand(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usageError{fmt.Errorf("%s: there is no command %q; see %s --help", c.CommandPath(), args[0], c.CommandPath())}
	}
	return c.Help()
}

// advise adds to an error about something that is not there, or is there
// already, how to see what is.
func advise(err error, how string) error {
	if errors.Is(err, embedded.ErrNotFound) || errors.Is(err, embedded.ErrExists) {
		return fmt.Errorf("%w (see what there is with: porthole %s)", err, how)
	}
	return err
}

func (p *program) userCommand() *cobra.Command {
	var admin bool
	var file string
	add := &cobra.Command{
		Use: "add NAME", Short: "Add a user", Args: cobra.ExactArgs(1),
		Example: `  porthole user add ann
  porthole user add root --admin --password-file pw`,
		RunE: func(c *cobra.Command, args []string) error {
			password, err := readPassword(file, "Password for "+args[0]+": ", c.InOrStdin(), c.ErrOrStderr())
			if err != nil {
				return err
			}
			return p.withStore(c.Context(), func(s *embedded.Store) error {
				_, err := s.CreateUser(c.Context(), args[0], password, admin)
				return advise(err, "user list")
			})
		},
	}
	add.Flags().BoolVar(&admin, "admin", false, "may administer Porthole")
	passwd := &cobra.Command{
		Use: "passwd NAME", Short: "Give a user a new password and end the user's logins", Args: cobra.ExactArgs(1),
		Example: "  porthole user passwd ann",
		RunE: func(c *cobra.Command, args []string) error {
			password, err := readPassword(file, "New password for "+args[0]+": ", c.InOrStdin(), c.ErrOrStderr())
			if err != nil {
				return err
			}
			return p.withStore(c.Context(), func(s *embedded.Store) error {
				return advise(s.SetPassword(c.Context(), args[0], password), "user list")
			})
		},
	}
	for _, c := range []*cobra.Command{add, passwd} {
		c.Flags().StringVar(&file, "password-file", "", "file with the password in its first line; default: asked, or read from standard input")
	}
	list := &cobra.Command{
		Use: "list", Short: "List the users", Args: cobra.NoArgs, Example: "  porthole user list",
		RunE: func(c *cobra.Command, _ []string) error {
			return p.withStore(c.Context(), func(s *embedded.Store) error {
				users, err := s.Users(c.Context())
				return table(c.OutOrStdout(), err, "NAME\tADMIN\tCREATED", users, func(u embedded.User) string {
					return fmt.Sprintf("%s\t%t\t%s", u.Name, u.Admin, day(u.Created))
				})
			})
		},
	}
	rm := &cobra.Command{
		Use: "rm NAME", Short: "Remove a user and end the user's connections", Args: cobra.ExactArgs(1),
		Example: "  porthole user rm ann",
		RunE: func(c *cobra.Command, args []string) error {
			return p.withStore(c.Context(), func(s *embedded.Store) error { return advise(s.DeleteUser(c.Context(), args[0]), "user list") })
		},
	}
	return group("user", "Manage users", add, passwd, list, rm)
}

func (p *program) endpointCommand() *cobra.Command {
	var e embedded.Endpoint
	var set, setFile []string
	add := &cobra.Command{
		Use: "add NAME", Short: "Add a machine that people may connect to", Args: cobra.ExactArgs(1),
		Example: `  porthole endpoint add build-7 --protocol ssh --host 10.0.0.5 --set username=ann
  porthole endpoint add gate --host gate.example.org:2222 --set-file private-key=id_ed25519
  porthole endpoint add desk --protocol vnc --host 10.0.0.6:5901 --set-file password=pw`,
		RunE: func(c *cobra.Command, args []string) error {
			if e.Host == "" {
				return &usageError{errors.New("--host is missing: the machine's name or address")}
			}
			e.Name, e.Settings = args[0], make(map[string]string)
			if err := setAll(e.Settings, set, "use --set-file NAME=FILE"); err != nil {
				return err
			}
			if err := setFiles(e.Settings, setFile); err != nil {
				return err
			}
			e.Settings["hostname"], e.Settings["port"] = e.Host, ""
			problems := settings.Check(e.Protocol, e.Settings)
			delete(e.Settings, "hostname")
			delete(e.Settings, "port")
			for _, p := range problems {
				fmt.Fprintf(c.ErrOrStderr(), "note: %s %s\n", p.Name, p.Text)
			}
			return p.withStore(c.Context(), func(s *embedded.Store) error {
				_, err := s.AddEndpoint(c.Context(), e)
				return advise(err, "endpoint list")
			})
		},
	}
	f := add.Flags()
	f.StringVar(&e.Protocol, "protocol", "ssh", strings.Join(settings.Protocols(), " or "))
	f.StringVar(&e.Host, "host", "", "name or address, with :port if it is not the usual one; vnc: below 100 it is a display")
	f.StringArrayVar(&set, "set", nil, "a setting, name=value; see docs/settings.md")
	f.StringArrayVar(&setFile, "set-file", nil, "a setting from a file, name=FILE; for passwords and keys")
	f.IntVar(&e.Maximum, "maximum", -1, "connections at a time; -1: any number")
	list := &cobra.Command{
		Use: "list", Short: "List the endpoints", Args: cobra.NoArgs, Example: "  porthole endpoint list",
		RunE: func(c *cobra.Command, _ []string) error {
			return p.withStore(c.Context(), func(s *embedded.Store) error {
				all, err := s.Endpoints(c.Context())
				return table(c.OutOrStdout(), err, "NAME\tPROTOCOL\tHOST\tSETTINGS", all, func(e embedded.Endpoint) string {
					return fmt.Sprintf("%s\t%s\t%s\t%s", e.Name, e.Protocol, e.Host, settingsText(e.Settings))
				})
			})
		},
	}
	rm := &cobra.Command{
		Use: "rm NAME", Short: "Remove an endpoint and end its connections", Args: cobra.ExactArgs(1),
		Example: "  porthole endpoint rm build-7",
		RunE: func(c *cobra.Command, args []string) error {
			return p.withStore(c.Context(), func(s *embedded.Store) error { return advise(s.DeleteEndpoint(c.Context(), args[0]), "endpoint list") })
		},
	}
	forget := &cobra.Command{
		Use: "forget NAME", Short: "Forget an endpoint's host keys: the next one seen is trusted", Args: cobra.ExactArgs(1),
		Example: "  porthole endpoint forget build-7",
		RunE: func(c *cobra.Command, args []string) error {
			return p.withStore(c.Context(), func(s *embedded.Store) error {
				e, missing := s.EndpointByName(c.Context(), args[0])
				switch {
				case errors.Is(missing, embedded.ErrNotFound):
					e.ID = quickID(args[0])
				case missing != nil:
					return missing
				}
				n, err := s.Forget(c.Context(), e.ID)
				if err == nil && n == 0 && missing != nil {
					return missing
				}
				if err == nil {
					fmt.Fprintf(c.OutOrStdout(), "%d host keys of %s are forgotten; the next one seen is trusted.\n", n, args[0])
				}
				return err
			})
		},
	}
	return group("endpoint", "Manage endpoints", add, list, rm, forget)
}

func (p *program) tokenCommand() *cobra.Command {
	list := &cobra.Command{
		Use: "list", Short: "List connection tokens and the connections that they opened", Args: cobra.NoArgs,
		Example: "  porthole token list",
		RunE: func(c *cobra.Command, _ []string) error {
			return p.withStore(c.Context(), func(s *embedded.Store) error {
				all, err := s.Tokens(c.Context())
				return table(c.OutOrStdout(), err, "ID\tUSER\tENDPOINT\tOPEN\tCREATED\tEXPIRES", all, func(t embedded.Token) string {
					expires := "with the login"
					if !t.Expires.IsZero() {
						expires = t.Expires.Format(time.DateTime)
					}
					return fmt.Sprintf("%s\t%s\t%s\t%t\t%s\t%s", t.ID, t.User, t.Endpoint, t.Used, t.Created.Format(time.DateTime), expires)
				})
			})
		},
	}
	rm := &cobra.Command{
		Use: "rm ID", Short: "Remove a connection token and end its connection", Args: cobra.ExactArgs(1),
		Example: "  porthole token rm QYLN7ZC5F7MHR2J4QV6KD3WXBA",
		RunE: func(c *cobra.Command, args []string) error {
			return p.withStore(c.Context(), func(s *embedded.Store) error { return advise(s.DeleteToken(c.Context(), args[0]), "token list") })
		},
	}
	return group("token", "Manage connection tokens", list, rm)
}

// setFiles reads name=FILE.
func setFiles(all map[string]string, list []string) error {
	for _, s := range list {
		name, path, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return &usageError{fmt.Errorf("--set-file %q: write it like name=FILE", s)}
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		all[name] = strings.TrimRight(string(b), "\r\n")
	}
	return nil
}

// settingsText lists settings for people, without secrets.
func settingsText(all map[string]string) string {
	masked := settings.Masked(all)
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(masked)) {
		v := masked[name]
		if len(v) > 40 || strings.ContainsAny(v, "\n\t") {
			v = "…"
		}
		parts = append(parts, name+"="+v)
	}
	return strings.Join(parts, " ")
}

func table[T any](w io.Writer, err error, head string, rows []T, line func(T) string) error {
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, head)
	for _, r := range rows {
		fmt.Fprintln(t, line(r))
	}
	return t.Flush()
}

func day(t time.Time) string { return t.Format(time.DateOnly) }

// readPassword takes a password from a file, from the person, or from standard
// input; never from the command line.
func readPassword(file, question string, in io.Reader, out io.Writer) (string, error) {
	if file != "" {
		f, err := os.Open(file)
		if err != nil {
			return "", fmt.Errorf("read password: %w", err)
		}
		defer f.Close()
		return firstLine(f)
	}
	if f, ok := in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		fmt.Fprint(out, question)
		b, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(out)
		if err != nil {
			return "", fmt.Errorf("read password: %w", err)
		}
		return string(b), nil
	}
	return firstLine(in)
}

func firstLine(r io.Reader) (string, error) {
	s := bufio.NewScanner(io.LimitReader(r, 4096))
	if !s.Scan() {
		return "", errors.Join(errors.New("no password was given"), s.Err())
	}
	return strings.TrimRight(s.Text(), "\r"), nil
}
