package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/porthole-rac/porthole/authority/embedded"
)

func (p *program) auditCommand() *cobra.Command {
	var limit int
	var asJSON bool
	c := &cobra.Command{
		Use: "audit", Short: "Show the audit log: logins, connections and their ends, newest first", Args: cobra.NoArgs,
		Example: `  porthole audit --limit 20
  porthole audit --json | jq 'select(.action == "login_failed")'`,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.withStore(c.Context(), func(s *embedded.Store) error {
				list, err := s.Events(c.Context(), limit)
				if err == nil && asJSON {
					return writeEvents(json.NewEncoder(c.OutOrStdout()), list)
				}
				return table(c.OutOrStdout(), err, "TIME\tACTION\tUSER\tCLIENT\tENDPOINT\tDETAILS", list, func(e embedded.Event) string {
					return strings.Join([]string{e.Time.Format(time.DateTime), e.Action, dash(e.User), dash(e.Client), dash(e.Endpoint), details(e.Context)}, "\t")
				})
			})
		},
	}
	c.Flags().IntVar(&limit, "limit", 100, "number of entries")
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	return c
}

func writeEvents(out *json.Encoder, list []embedded.Event) error {
	for _, e := range list {
		if err := out.Encode(map[string]any{
			"time": e.Time, "action": e.Action, "user": e.User, "client": e.Client, "endpoint": e.Endpoint, "context": e.Context,
		}); err != nil {
			return fmt.Errorf("write audit log: %w", err)
		}
	}
	return nil
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// details writes what belongs to an event as name=value.
func details(all map[string]any) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if f, ok := all[name].(float64); ok && f != float64(int64(f)) {
			parts = append(parts, fmt.Sprintf("%s=%.1f", name, f))
			continue
		}
		parts = append(parts, fmt.Sprintf("%s=%v", name, all[name]))
	}
	return strings.Join(parts, " ")
}
