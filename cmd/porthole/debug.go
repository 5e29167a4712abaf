package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/porthole-rac/porthole/protocol/term"
)

func debugCommand() *cobra.Command {
	var size string
	var asJSON bool
	c := &cobra.Command{
		Use: "term", Short: "Feed standard input to a terminal and print the screen that results", Args: cobra.NoArgs,
		Example: "  porthole debug term --size 80x25 < stream",
		RunE: func(c *cobra.Command, _ []string) error {
			var cols, rows int
			if n, err := fmt.Sscanf(size, "%dx%d", &cols, &rows); n != 2 || err != nil || cols < 1 || rows < 1 {
				return &usageError{fmt.Errorf("--size %q: write it like 80x25", size)}
			}
			t := term.New(term.Config{Cols: cols, Rows: rows, Scrollback: 1000, Name: "Porthole " + buildVersion()})
			if _, err := io.Copy(t, c.InOrStdin()); err != nil {
				return fmt.Errorf("read stream: %w", err)
			}
			if !asJSON {
				_, err := fmt.Fprintln(c.OutOrStdout(), t.Text())
				return err
			}
			e := json.NewEncoder(c.OutOrStdout())
			e.SetIndent("", "  ")
			return e.Encode(t.Dump())
		},
	}
	c.Flags().StringVar(&size, "size", "80x25", "columns x rows")
	c.Flags().BoolVar(&asJSON, "json", false, "print size, cursor, modes, and text with its styles")
	return group("debug", "Tools for finding faults", c)
}
