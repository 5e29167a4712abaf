// Command porthole gives remote machines in a browser tab: a relay with an
// authority of its own. This package only reads the command line and wires the
// rooms together.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/porthole-rac/porthole/authority/embedded"
)

// version is set by the linker for releases.
var version = "dev"

// Exit codes.
const (
	exitFailed = 1 // the command did not do what was asked
	exitUsage  = 2 // the command line is wrong
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	c := root()
	c.SetArgs(arguments(os.Args))
	err := c.ExecuteContext(ctx)
	stop()
	switch {
	case err == nil:
	case errors.As(err, new(*usageError)):
		fmt.Fprintf(os.Stderr, "porthole: %v\nTry: porthole --help\n", err)
		os.Exit(exitUsage)
	default:
		fmt.Fprintf(os.Stderr, "porthole: %v\n", err)
		os.Exit(exitFailed)
	}
}

// arguments are those of the command line. As /rac, which is how authentik starts
// its outposts, the program is one without being told.
func arguments(all []string) []string {
	args := all[1:]
	if strings.TrimSuffix(filepath.Base(all[0]), ".exe") == "rac" && len(args) == 0 {
		return []string{"outpost"}
	}
	return args
}

// usageError is a mistake on the command line.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// program is what all commands share.
type program struct {
	data     string
	config   string
	logLevel string
	logJSON  bool
	level    slog.LevelVar
	log      *slog.Logger
}

func root() *cobra.Command {
	p := &program{}
	c := &cobra.Command{
		Use:   "porthole",
		Short: "Remote machines in a browser tab",
		Long: `Porthole gives people remote machines in a browser tab.

Every flag can also be set by an environment variable, PORTHOLE_ and the flag's
name in capitals with underscores (PORTHOLE_LISTEN), or in a YAML file by its
name (listen: 0.0.0.0:8443). The command line counts most, then the environment,
then the file.`,
		Example: `  porthole serve --demo
  porthole open ssh://ann@10.0.0.5
  porthole open vnc://10.0.0.6:5901
  porthole endpoint add build-7 --protocol ssh --host 10.0.0.5 --set username=ann`,
		SilenceUsage: true, SilenceErrors: true,
		Args: cobra.ArbitraryArgs, RunE: needsCommand,
		Version: buildVersion(),
		PersistentPreRunE: func(c *cobra.Command, _ []string) error {
			if err := p.readSettings(c); err != nil {
				return err
			}
			return p.startLog()
		},
	}
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	f := c.PersistentFlags()
	f.StringVar(&p.data, "data", defaultData(), "folder of the database")
	f.StringVar(&p.config, "config", "", "YAML file with settings (default DATA/porthole.yaml if it is there)")
	f.StringVar(&p.logLevel, "log-level", "info", "debug, info, warn or error")
	f.BoolVar(&p.logJSON, "log-json", false, "write the log as JSON, one object a line")
	c.AddCommand(p.serveCommand(), p.outpostCommand(), p.openCommand(), p.userCommand(), p.endpointCommand(), p.tokenCommand(), p.auditCommand(),
		p.healthCommand(), versionCommand(), debugCommand())
	for _, sub := range c.Commands() {
		wrapArgs(sub)
	}
	return c
}

// wrapArgs makes a wrong number of arguments a mistake on the command line.
func wrapArgs(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				return &usageError{fmt.Errorf("%s: %w", c.CommandPath(), err)}
			}
			return nil
		}
	}
	for _, sub := range c.Commands() {
		wrapArgs(sub)
	}
}

func (p *program) startLog() error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(p.logLevel)); err != nil {
		return &usageError{fmt.Errorf("--log-level %q: use debug, info, warn or error", p.logLevel)}
	}
	p.level.Set(level)
	o := &slog.HandlerOptions{Level: &p.level}
	if p.logJSON {
		p.log = slog.New(slog.NewJSONHandler(os.Stderr, o))
	} else {
		p.log = slog.New(slog.NewTextHandler(os.Stderr, o))
	}
	return nil
}

// defaultData is $XDG_DATA_HOME/porthole, or its default.
func defaultData() string {
	if d := os.Getenv("XDG_DATA_HOME"); d != "" {
		return filepath.Join(d, "porthole")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "porthole-data"
	}
	return filepath.Join(home, ".local", "share", "porthole")
}

func (p *program) database() string { return filepath.Join(p.data, "porthole.db") }

// withStore runs f on the store of the data folder.
func (p *program) withStore(ctx context.Context, f func(*embedded.Store) error) error {
	s, err := embedded.Open(ctx, embedded.Config{Path: p.database(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("open %s: %w (choose another folder with --data, or mend its permissions)", p.data, err)
	}
	return errors.Join(f(s), s.Close())
}

func buildVersion() string {
	if version != "dev" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				return "dev-" + s.Value[:12]
			}
		}
	}
	return version
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		Example: "  porthole version",
		Run:     func(c *cobra.Command, _ []string) { fmt.Fprintln(c.OutOrStdout(), "porthole", buildVersion()) },
	}
}
