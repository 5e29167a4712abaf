package e2e_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/porthole-rac/porthole/scripts/browser"
	"github.com/porthole-rac/porthole/scripts/targets"
)

// desktop starts a TigerVNC server with an endpoint for it, or skips.
func desktop(t *testing.T, o targets.VNCOptions, settings map[string]string) *targets.VNC {
	t.Helper()
	if absent != "" {
		t.Skip(absent)
	}
	vnc, err := targets.TigerVNC(t.TempDir(), o)
	if missing := new(targets.Missing); errors.As(err, &missing) {
		t.Skip(missing)
	}
	must(t, err)
	t.Cleanup(func() {
		if err := vnc.Close(); err != nil {
			t.Error(err)
		}
	})
	all := vnc.Settings()
	for k, v := range settings {
		all[k] = v
	}
	delete(all, "hostname")
	delete(all, "port")
	addEndpoint(t, t.Name(), "vnc", vnc.Address(), all)
	return vnc
}

// atDesktop is a visitor who sees the desktop of the test's endpoint.
func atDesktop(t *testing.T) *browser.Page {
	t.Helper()
	p := visitor(t)
	must(t, p.Launch(t.Name()))
	must(t, p.State("connected"))
	must(t, p.Until(`porthole.stats().framesPainted > 0`))
	return p
}

func TestDesktop(t *testing.T) {
	vnc := desktop(t, targets.VNCOptions{Width: 1024, Height: 768, Password: "vncpass1"}, nil)
	p := atDesktop(t)
	term, err := vnc.Display.Start("xterm", "xterm", "-geometry", "80x24+10+10", "-e", "cat > "+filepath.Join(vnc.Dir, "typed"))
	must(t, err)
	defer term.Stop()
	picture(t, p, "desktop")
}
