package outpost_test

import (
	"errors"
	"testing"

	"github.com/porthole-rac/porthole/authority/authentik/authentiktest"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/scripts/browser"
	"github.com/porthole-rac/porthole/scripts/targets"
)

// desktop starts a TigerVNC server and opens it, or skips.
func (s *site) desktop() (*browser.Page, *targets.VNC, *authentiktest.Token) {
	s.t.Helper()
	vnc, err := targets.TigerVNC(s.t.TempDir(), targets.VNCOptions{Width: 1024, Height: 768, Password: "vncpass1"})
	if missing := new(targets.Missing); errors.As(err, &missing) {
		s.t.Skip(missing)
	}
	must(s.t, err)
	s.t.Cleanup(func() {
		if err := vnc.Close(); err != nil {
			s.t.Error(err)
		}
	})
	settings := vnc.Settings()
	delete(settings, "hostname")
	delete(settings, "port")
	token := s.session.Connect(authentiktest.Token{Protocol: "vnc", Host: vnc.Address(), Settings: settings})
	p := s.person()
	s.open(p, token)
	s.seen(p)
	return p, vnc, token
}

func (s *site) seen(p *browser.Page) {
	s.t.Helper()
	must(s.t, p.State("connected"))
	must(s.t, p.Until(`porthole.stats().framesPainted > 0`))
}

// grows resizes the view, which the desktop follows: keys and pictures pass both ways.
func (s *site) grows(p *browser.Page, vnc *targets.VNC, width, height int) {
	s.t.Helper()
	must(s.t, p.Resize(width, height))
	until(s.t, "the desktop follows the view", func() bool {
		got, err := vnc.Screenshot()
		return err == nil && got.Bounds().Dx() == width
	})
	must(s.t, p.Until(`porthole.size().width === `+itoa(width)))
}

func TestDesktop(t *testing.T) {
	for name, o := range map[string]options{"direct": {}, "tunnel": tunnelled} {
		t.Run(name, func(t *testing.T) {
			s := start(t, o)
			p, vnc, token := s.desktop()
			s.goes(p, name)
			// The page knew its program before the relay said Welcome: nothing was loaded twice.
			terminal, err := browser.Eval[bool](p, `performance.getEntriesByType("resource").some((e) => /\/client-.*wasm/.test(e.name))`)
			must(t, err)
			if terminal {
				t.Error("the terminal's program was loaded")
			}
			x, err := vnc.Display.Start("xterm", "xterm", "-geometry", "60x12+20+20", "-e", "sh", "-c", "echo desktop; cat")
			must(t, err)
			defer x.Stop()
			s.grows(p, vnc, 1100, 700)
			must(t, vnc.Display.Copy("from the machine"))
			must(t, p.Until(`porthole.clipboard() === "from the machine"`))
			picture(t, p, "desktop-"+name)

			// A worker of authentik is replaced, the line blinks, the page is loaded anew.
			s.authentik.Recycle(authentiktest.BrowserSockets, true)
			until(t, "the tunnel is open again", func() bool { return s.authentik.Browsers() == 1 })
			s.grows(p, vnc, 1000, 650)
			if _, err := browser.Eval[bool](p, `porthole.ui.dropLink(), true`); err != nil {
				t.Fatal(err)
			}
			s.grows(p, vnc, 1050, 660)
			s.open(p, token)
			s.seen(p)
			s.grows(p, vnc, 980, 640)
			s.goes(p, name)

			s.session.Logout()
			s.ended(p, wire.EndLogout, "authority-ended")
			picture(t, p, "desktop-logout-"+name)
		})
	}
}
