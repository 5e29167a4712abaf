package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

// readSettings gives flags that are not on the command line their values from
// the environment and the file.
func (p *program) readSettings(c *cobra.Command) error {
	var failed error
	fromEnv := func(f *pflag.Flag) {
		if v, ok := os.LookupEnv(envName(f.Name)); ok && !f.Changed && failed == nil {
			if err := c.Flags().Set(f.Name, v); err != nil {
				failed = &usageError{fmt.Errorf("%s: %w", envName(f.Name), err)}
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
		v, ok := all[f.Name]
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
	if optional && errors.Is(err, fs.ErrNotExist) {
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
			return nil, fmt.Errorf("read settings: %s: %q is not a setting; see porthole serve --help", path, name)
		}
		switch v := v.(type) {
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
		"data", "log-level", "log-json", "listen", "metrics", "tls-cert", "tls-key", "demo", "origin", "trusted-proxy",
		"resume-for", "max-connections", "connection-expiry", "idle-expiry", "login-expiry", "token-expiry",
	}
}
