package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

// readSettings gives flags that are not on the command line their values from
// the environment and the file.
func (p *program) readSettings(c *cobra.Command) error {
	var failed error
	fromEnv := func(f *pflag.Flag) {
		if f.Name == "help" || f.Name == "version" {
			return // PORTHOLE_VERSION may well mean something else
		}
		name := envName(settingName(f))
		if v, ok := os.LookupEnv(name); ok && !f.Changed && failed == nil {
			if err := c.Flags().Set(f.Name, v); err != nil {
				failed = &usageError{fmt.Errorf("%s: %w", name, err)}
			}
		}
	}
	c.Flags().VisitAll(fromEnv)
	if failed != nil {
		return failed
	}
	all, err := p.readFile()
	if err != nil {
		return err
	}
	c.Flags().VisitAll(func(f *pflag.Flag) {
		v, ok := all[settingName(f)]
		if !ok || f.Changed || failed != nil {
			return
		}
		for _, text := range v {
			if err := c.Flags().Set(f.Name, text); err != nil {
				failed = &usageError{fmt.Errorf("%s in %s: %w", f.Name, p.config, err)}
			}
		}
	})
	return failed
}

// settingKey is the annotation of a flag that the environment and the file call
// otherwise than the command line.
const settingKey = "porthole-setting"

// settingName is what the environment and the file call a flag.
func settingName(f *pflag.Flag) string {
	if names := f.Annotations[settingKey]; len(names) == 1 {
		return names[0]
	}
	return f.Name
}

func envName(flag string) string {
	return "PORTHOLE_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// readFile reads the YAML file: names of flags with one value or a list.
func (p *program) readFile() (map[string][]string, error) {
	path, optional := p.config, false
	if path == "" {
		path, optional = filepath.Join(p.data, "porthole.yaml"), true
	}
	b, err := os.ReadFile(path)
	if optional && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	p.config = path
	var raw map[string]any
	if err := yaml.Unmarshal(b, &raw); err != nil {
		return nil, fmt.Errorf("read settings: %s: %w", path, err)
	}
	out := make(map[string][]string, len(raw))
	for name, v := range raw {
		if !knownSettings(name) {
			return nil, fmt.Errorf("read settings: %s: %q is not a setting; remove it, or use one of: %s", path, name, strings.Join(settingNames(), ", "))
		}
		switch v := v.(type) {
		case nil, map[string]any:
			return nil, fmt.Errorf("read settings: %s: %s must have a value or a list of values", path, name)
		case []any:
			for _, item := range v {
				out[name] = append(out[name], fmt.Sprint(item))
			}
		default:
			out[name] = []string{fmt.Sprint(v)}
		}
	}
	return out, nil
}

// knownSettings tells whether any command has such a flag; the file serves all
// commands.
func knownSettings(name string) bool {
	return slices.Contains(settingNames(), name)
}

// settingNames are the names that may stand in the file.
func settingNames() []string {
	return []string{
		"data", "log-level", "log-json", "listen", "open-listen", "metrics", "tls-cert", "tls-key", "public-url", "demo", "origin", "trusted-proxy",
		"resume-for", "max-connections", "connection-expiry", "idle-expiry", "login-expiry", "token-expiry",
		"tunnel-grace", "ca-bundle", "origins", "direct",
	}
}
