package browser

import (
	"os"
	"path/filepath"
)

// Binary gives the porthole to be driven: PORTHOLE_BINARY, or bin/porthole in a
// folder above, "" when neither is there.
func Binary() string {
	if path := os.Getenv("PORTHOLE_BINARY"); path != "" {
		return path
	}
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	for {
		path := filepath.Join(dir, "bin", "porthole")
		if _, err := os.Stat(path); err == nil {
			return path
		}
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		dir = up
	}
}
