//go:build linux

package rdp_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/protocol/rdp"
	"github.com/porthole-rac/porthole/protocol/rdp/bulk/mppc"
	"github.com/porthole-rac/porthole/protocol/rdp/credssp"
	"github.com/porthole-rac/porthole/protocol/rdp/dvc"
	"github.com/porthole-rac/porthole/protocol/rdp/gcc"
	"github.com/porthole-rac/porthole/protocol/rdp/input"
	"github.com/porthole-rac/porthole/protocol/rdp/x224"
	"github.com/porthole-rac/porthole/scripts/targets"
)

// visit connects to a real server until done says so, and gives what was seen.
func visit(t *testing.T, s *targets.RDP, change func(c *rdp.Config), done func(c *rdp.Client, ev rdp.Event) bool) ([]string, error) {
	t.Helper()
	conn, err := net.Dial("tcp", s.Address())
	if err != nil {
		t.Fatal(err)
	}
	return visitOver(conn, s, change, done)
}

func visitOver(conn net.Conn, s *targets.RDP, change func(c *rdp.Config), done func(c *rdp.Client, ev rdp.Event) bool) ([]string, error) {
	c := rdp.Config{
		Rand: rand.Reader, Now: time.Now(), Host: s.Host, Protocols: x224.TLS | x224.Hybrid | x224.HybridEx, ClientName: "porthole",
		Credentials: &rdp.Credentials{User: s.User, Password: s.Password}, Width: 1024, Height: 768, RemoteFX: true, NSCodec: true,
		Dynamic:  func(string) bool { return false },
		Channels: []gcc.Channel{{Name: "cliprdr", Options: gcc.OptionInitialized | gcc.OptionShowProtocol}},
	}
	if change != nil {
		change(&c)
	}
	var seen []string
	err := talk(conn, c, func(c *rdp.Client, ev rdp.Event) bool {
		switch ev := ev.(type) {
		case *rdp.Rect:
			seen = append(seen, fmt.Sprintf("rect %v", ev.Codec))
		case *rdp.Data, *rdp.RectEnd:
		case *rdp.Active:
			seen = append(seen, fmt.Sprintf("active %d×%d by %v", ev.Width, ev.Height, ev.Protocol))
		case *dvc.Data:
			seen = append(seen, "data of "+ev.Name)
		default:
			seen = append(seen, fmt.Sprintf("%T", ev))
		}
		return done(c, ev)
	})
	return seen, err
}

// covered adds a picture's pixels up, and tells whether they are a whole screen.
func covered(pixels *int) func(*rdp.Client, rdp.Event) bool {
	var last rdp.Rect
	return func(_ *rdp.Client, ev rdp.Event) bool {
		switch ev := ev.(type) {
		case *rdp.Rect:
			last = *ev
		case *rdp.RectEnd:
			*pixels += last.Width * last.Height
		}
		return *pixels >= 1024*768
	}
}

// TestFirstPictureOfRealServers connects to each server that is installed and takes a
// whole screen.
func TestFirstPictureOfRealServers(t *testing.T) {
	nla := targets.RDPOptions{User: "alice", Password: "wonder-1"}
	for _, tt := range []struct {
		name  string
		start func(string, targets.RDPOptions) (*targets.RDP, error)
		o     targets.RDPOptions
		c     func(c *rdp.Config)
		want  []string
	}{
		{"xrdp", targets.XRDP, targets.RDPOptions{}, nil, []string{"active 1024×768 by TLS", "rect planar"}},
		{"xrdp, 16 bits", targets.XRDP, targets.RDPOptions{}, func(c *rdp.Config) { c.Depth = 16 }, []string{"rect RLE"}},
		{"xrdp, 24 bits", targets.XRDP, targets.RDPOptions{}, func(c *rdp.Config) { c.Depth = 24 }, []string{"rect RLE"}},
		{"xrdp, 15 bits", targets.XRDP, targets.RDPOptions{}, func(c *rdp.Config) { c.Depth = 15 }, []string{"rect RLE"}},
		{"xrdp, 8 bits", targets.XRDP, targets.RDPOptions{}, func(c *rdp.Config) { c.Depth = 8 }, []string{"*update.Palette", "rect RLE"}},
		{"shadow", targets.Shadow, targets.RDPOptions{}, nil, []string{"active 1024×768 by TLS", "rect RemoteFX", "*update.FrameBegin"}},
		{"shadow, NLA", targets.Shadow, nla, nil, []string{"active 1024×768 by NLA", "rect RemoteFX"}},
		{"shadow, bitmaps", targets.Shadow, targets.RDPOptions{}, func(c *rdp.Config) { c.RemoteFX, c.NSCodec = false, false }, []string{"rect planar"}},
		{"weston", targets.Weston, targets.RDPOptions{}, nil, []string{"active 1024×768 by TLS", "rect RemoteFX"}},
		{"weston, NSCodec", targets.Weston, targets.RDPOptions{}, func(c *rdp.Config) { c.RemoteFX = false }, []string{"rect NSCodec"}},
		{"weston, raw", targets.Weston, targets.RDPOptions{}, func(c *rdp.Config) { c.RemoteFX, c.NSCodec = false, false }, []string{"rect raw"}},
		{"gnome-remote-desktop", targets.GNOME, nla, nil, []string{"active 1024×768 by NLA", "rect RemoteFX"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := targets.For(t, tt.start, tt.o)
			pixels := 0
			seen, err := visit(t, s, tt.c, covered(&pixels))
			if err != nil {
				t.Fatalf("%v; seen %q", err, slices.Compact(seen))
			}
			for _, want := range tt.want {
				if !slices.Contains(seen, want) {
					t.Errorf("no %q in %q", want, slices.Compact(seen))
				}
			}
		})
	}
}

// TestGraphicsChannelOfRealServers goes as far as the first bytes of the graphics
// pipeline: the server's answer to the capabilities.
func TestGraphicsChannelOfRealServers(t *testing.T) {
	const graphics = "Microsoft::Windows::RDS::Graphics"
	for _, tt := range []struct {
		name  string
		start func(string, targets.RDPOptions) (*targets.RDP, error)
	}{{"shadow", targets.Shadow}, {"gnome-remote-desktop", targets.GNOME}} {
		t.Run(tt.name, func(t *testing.T) {
			s := targets.For(t, tt.start, targets.RDPOptions{User: "alice", Password: "wonder-1"})
			seen, err := visit(t, s, func(c *rdp.Config) {
				c.Graphics = true
				c.Dynamic = func(n string) bool { return n == graphics }
			}, func(c *rdp.Client, ev rdp.Event) bool {
				switch ev := ev.(type) {
				case *dvc.Opened:
					// RDPGFX_CAPS_ADVERTISE_PDU with version 8 alone (MS-RDPEGFX 2.2.2.18).
					hello := []byte{0x12, 0, 0, 0, 22, 0, 0, 0, 1, 0, 4, 0, 8, 0, 4, 0, 0, 0, 0, 0, 0, 0}
					if err := c.SendDynamic(ev.ID, hello); err != nil {
						t.Error(err)
					}
				case *dvc.Data:
					return ev.Last && ev.Name == graphics
				}
				return false
			})
			if err != nil || !slices.Contains(seen, "data of "+graphics) {
				t.Errorf("%v; seen %q", err, slices.Compact(seen))
			}
		})
	}
}

func TestRealServersRefuseAWrongPassword(t *testing.T) {
	for _, tt := range []struct {
		name  string
		start func(string, targets.RDPOptions) (*targets.RDP, error)
	}{{"shadow", targets.Shadow}, {"gnome-remote-desktop", targets.GNOME}} {
		t.Run(tt.name, func(t *testing.T) {
			s := targets.For(t, tt.start, targets.RDPOptions{User: "alice", Password: "wonder-1"})
			_, err := visit(t, s, func(c *rdp.Config) { c.Credentials.Password = "wonder-2" }, func(*rdp.Client, rdp.Event) bool { return false })
			var status *credssp.StatusError
			var ended *rdp.DisconnectError
			if !errors.As(err, &status) && !(errors.As(err, &ended) && ended.LoginSent) || !strings.Contains(err.Error(), "password") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestInputReachesRealServers: what is typed and clicked is what the server's display
// sees.
func TestInputReachesRealServers(t *testing.T) {
	for _, tt := range []struct {
		name  string
		start func(string, targets.RDPOptions) (*targets.RDP, error)
	}{{"xrdp", targets.XRDP}, {"shadow", targets.Shadow}} {
		t.Run(tt.name, func(t *testing.T) {
			s := targets.For(t, tt.start, targets.RDPOptions{Width: 1024, Height: 768})
			in, err := s.Display.Input()
			if err != nil {
				targets.Unless(t, err)
			}
			seen := func() bool { return slices.Contains(in.Typed(), "Return") }
			conn, err := net.Dial("tcp", s.Address())
			if err != nil {
				t.Fatal(err)
			}
			sent, done := false, make(chan struct{})
			_, err = visitOver(conn, s, nil, func(c *rdp.Client, ev rdp.Event) bool {
				if _, picture := ev.(*rdp.RectEnd); !picture || sent {
					return false
				}
				sent = true
				shift, a, enter := input.Key{Code: 0x2a}, input.Key{Code: 0x1e}, input.Key{Code: 0x1c}
				err := c.Input(
					input.Sync(0), a.Down(), a.Up(), shift.Down(), a.Down(), a.Up(), shift.Up(),
					input.Move(300, 200), input.Press(input.Right, true, 300, 200), input.Press(input.Right, false, 300, 200),
					input.Wheel(120), input.Wheel(-120), input.Key{Code: 0x4b, Extended: true}.Down(), input.Key{Code: 0x4b, Extended: true}.Up(),
					enter.Down(), enter.Up(),
				)
				if err != nil {
					t.Error(err)
				}
				go func() {
					defer close(done)
					for deadline := time.Now().Add(time.Minute); !seen() && time.Now().Before(deadline); {
						time.Sleep(20 * time.Millisecond)
					}
					conn.Close()
				}()
				return false
			})
			if !sent {
				t.Fatal(err)
			}
			<-done
			if got := in.Typed(); !slices.Equal(got, []string{"a", "A", "Left", "Return"}) {
				t.Errorf("typed %q", got)
			}
			for _, want := range []int{3, 4, 5} {
				if !slices.ContainsFunc(in.Events(), func(e targets.InputEvent) bool {
					return e.Kind == "ButtonPress" && e.Button == want && e.X == 300 && e.Y == 200
				}) {
					t.Errorf("button %d is missing in %+v", want, in.Events())
				}
			}
		})
	}
}

// TestResizeOfARealServer asks xrdp for another size by display control, which it
// answers with a deactivation and an activation.
func TestResizeOfARealServer(t *testing.T) {
	s := targets.For(t, targets.XRDP, targets.RDPOptions{Width: 1024, Height: 768})
	possible, asked, pictures := false, false, 0
	seen, err := visit(t, s, nil, func(c *rdp.Client, ev rdp.Event) bool {
		switch ev.(type) {
		case *rdp.DisplayControl:
			possible = true
		case *rdp.Active:
			pictures = 0
		case *rdp.RectEnd:
			if pictures++; possible && !asked {
				asked = true
				if err := c.Resize(gcc.Monitor{Width: 1280, Height: 720}); err != nil {
					t.Error(err)
				}
			}
			return asked && c.Caps().Width == 1280 && pictures > 0
		}
		return false
	})
	if err != nil || !slices.Contains(seen, "*rdp.Deactivated") || !slices.Contains(seen, "active 1280×720 by TLS") {
		t.Errorf("%v; seen %q", err, slices.Compact(seen))
	}
	if w, h, err := s.Display.Size(); err != nil || w != 1280 || h != 720 {
		t.Errorf("the display has %d × %d, %v", w, h, err)
	}
}

// counted is a decoder of bulk compression that counts what it was given.
type counted struct {
	*mppc.Decoder
	n *int
}

func (c counted) Decode(flags uint8, p []byte) ([]byte, error) {
	if *c.n++; flags&mppc.Compressed == 0 {
		*c.n--
	}
	return c.Decoder.Decode(flags, p)
}

// TestBulkCompressionOfRealServers takes a whole screen compressed: updates of FreeRDP's
// servers with each fragment compressed by itself.
func TestBulkCompressionOfRealServers(t *testing.T) {
	for _, tt := range []struct {
		name  string
		start func(string, targets.RDPOptions) (*targets.RDP, error)
	}{{"xrdp", targets.XRDP}, {"shadow", targets.Shadow}, {"weston", targets.Weston}} {
		for _, kind := range []mppc.Kind{mppc.RDP4, mppc.RDP5} {
			if kind == mppc.RDP4 && tt.name == "xrdp" {
				continue // it takes RDP5 whatever it is told
			}
			t.Run(fmt.Sprintf("%s/%d", tt.name, kind), func(t *testing.T) {
				s := targets.For(t, tt.start, targets.RDPOptions{})
				pixels, n := 0, 0
				seen, err := visit(t, s, func(c *rdp.Config) {
					c.NewBulk = func() rdp.Bulk { return counted{mppc.New(kind), &n} }
					c.BulkType = int(kind)
					c.RemoteFX, c.NSCodec = false, false
				}, covered(&pixels))
				if err != nil || n == 0 {
					t.Errorf("%v; %d were compressed; seen %q", err, n, slices.Compact(seen))
				}
			})
		}
	}
}
