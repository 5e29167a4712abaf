package browser

import (
	"os"
	"os/exec"
	"path/filepath"
)

// Absent says why there is nothing to drive; "": all is there.
func Absent() string {
	if _, err := exec.LookPath("chromium"); err != nil {
		return ErrNoChromium.Error()
	}
	if Binary() == "" {
		return "there is no bin/porthole; run make build"
	}
	return ""
}

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
