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
	b.send("ls -la --color /; for i in $(seq 300); do echo line $i; done; ls --color /\r")
	b.until("porthole.text().includes(\"300\")")
	b.shot("a")
}
