package targets_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/scripts/targets"
)

// greet exchanges versions with an RFB server and gives its version and the
// security types that it offers.
func greet(t *testing.T, s *targets.VNC) (version string, types []byte) {
	t.Helper()
	c, err := net.Dial("tcp", s.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(60 * time.Second))
	b := make([]byte, 12)
	if _, err := io.ReadFull(c, b); err != nil {
		t.Fatal("version:", err)
	}
	if _, err := c.Write(b); err != nil {
		t.Fatal(err)
	}
	var n [1]byte
	if _, err := io.ReadFull(c, n[:]); err != nil {
		t.Fatal("types:", err)
	}
	types = make([]byte, n[0])
	if _, err := io.ReadFull(c, types); err != nil {
		t.Fatal("types:", err)
	}
	return string(b), types
}

func TestVNCServersOfferTheirSecurity(t *testing.T) {
	for _, tt := range []struct {
		name    string
		start   func(string, targets.VNCOptions) (*targets.VNC, error)
		o       targets.VNCOptions
		version string
		types   string
	}{
		{"TigerVNC", targets.TigerVNC, targets.VNCOptions{}, "3.8", "\x01"},
		{"TigerVNC with a password", targets.TigerVNC, targets.VNCOptions{Password: "secret12"}, "3.8", "\x02"},
		{"TigerVNC over TLS", targets.TigerVNC, targets.VNCOptions{Security: []string{"TLSNone", "X509None"}}, "3.8", "\x13"},
		{"TightVNC", targets.TightVNC, targets.VNCOptions{}, "3.8", "\x01\x10"},
		{"TightVNC with a password", targets.TightVNC, targets.VNCOptions{Password: "secret12"}, "3.8", "\x02\x10"},
		{"x11vnc", targets.X11VNC, targets.VNCOptions{}, "3.8", "\x01"},
		{"x11vnc with a password", targets.X11VNC, targets.VNCOptions{Password: "secret12"}, "3.8", "\x02"},
		{"x11vnc over TLS", targets.X11VNC, targets.VNCOptions{Security: []string{"TLSNone"}}, "3.8", "\x13\x12"},
		{"QEMU", targets.QEMU, targets.VNCOptions{}, "3.8", "\x01"},
		{"QEMU with a password", targets.QEMU, targets.VNCOptions{Password: "secret12"}, "3.8", "\x02"},
		{"QEMU over TLS", targets.QEMU, targets.VNCOptions{Security: []string{"TLSVnc"}, Password: "secret12"}, "3.8", "\x13"},
		{"QEMU over TLS with a certificate", targets.QEMU, targets.VNCOptions{Security: []string{"X509None"}}, "3.8", "\x13"},
		{"wayvnc", targets.WayVNC, targets.VNCOptions{}, "3.8", "\x01"},
		{"wayvnc over TLS", targets.WayVNC, targets.VNCOptions{Security: []string{"X509Plain"}, User: "alice", Password: "wonder-1"}, "3.8", "\x13"},
		{"krfb", targets.Krfb, targets.VNCOptions{Password: "secret12"}, "3.8", "\x02"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := targets.For(t, tt.start, tt.o)
			version, types := greet(t, s)
			if !strings.Contains(version, "00"+strings.ReplaceAll(tt.version, ".", ".00")) || string(types) != tt.types {
				t.Errorf("%q offers %v, want %v", version, types, []byte(tt.types))
			}
			if img, err := s.Screenshot(); err != nil || img.Rect.Dx() < 320 {
				t.Errorf("screenshot: %v, %v", img.Bounds(), err)
			}
		})
	}
}
