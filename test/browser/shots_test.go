package browser_test

import (
	"os"
	"testing"
)

func TestShots(t *testing.T) {
	if os.Getenv("PORTHOLE_SHOTS") == "" {
		t.Skip("PORTHOLE_SHOTS names no folder")
	}
	b := open(t)
	b.shot("a")
}
