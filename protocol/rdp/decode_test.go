//go:build linux

package rdp_test

import (
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/bitmap"
	"github.com/porthole-rac/porthole/protocol/codec/codectest"
	"github.com/porthole-rac/porthole/protocol/codec/nsc"
	"github.com/porthole-rac/porthole/protocol/codec/rfx"
	"github.com/porthole-rac/porthole/protocol/rdp"
	"github.com/porthole-rac/porthole/protocol/rdp/update"
	"github.com/porthole-rac/porthole/scripts/targets"
)

// screen decodes the pictures of a session.
type screen struct {
	t        *testing.T
	dst      codec.Target
	rect     rdp.Rect
	data     []byte
	bitmap   bitmap.Decoder
	nsc      nsc.Decoder
	rfx      rfx.Decoder
	painted  int // pixels
	failures int
	codecs   map[string]bool
}

func (s *screen) event(ev rdp.Event) {
	switch ev := ev.(type) {
	case *rdp.Rect:
		s.rect, s.data = *ev, s.data[:0]
	case *rdp.Data:
		s.data = append(s.data, ev.Bytes...)
	case *rdp.RectEnd:
		e := s.rect
		s.codecs[e.Codec.String()] = true
		r := codec.Rect{X: e.Left, Y: e.Top, W: min(e.Right-e.Left, e.Width), H: min(e.Bottom-e.Top, e.Height)}
		var err error
		switch e.Codec {
		case update.NSCodec:
			err = s.nsc.Decode(s.dst, r, true, s.data)
		case update.RemoteFX:
			err = s.rfx.Decode(s.dst, r, s.data)
		default:
			f := bitmap.Format{Width: e.Width, Height: e.Height, Depth: e.BPP, Compressed: e.Codec != update.Raw}
			err = s.bitmap.Decode(s.dst, r, f, s.data)
		}
		if err != nil && s.failures < 3 {
			s.failures++
			s.t.Errorf("%+v: %v", e, err)
		}
		s.painted += r.W * r.H
	}
}

// flat is true while the screen is of one colour.
func (s *screen) flat() bool {
	first := codectest.At(&s.dst, 0, 0)
	for i := range 1024 * 768 {
		if codectest.At(&s.dst, i%1024, i/1024) != first {
			return false
		}
	}
	return true
}

// show covers the X display that a server shares with a picture.
func show(t *testing.T, s *targets.RDP, picture codec.Target) {
	t.Helper()
	c, err := s.Display.Dial()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	const strip = 32 // rows of a request
	gc, window := c.GC(0), c.Window(0, 0, picture.Width, picture.Height, 0)
	for y := 0; y < picture.Height; y += strip {
		pixels := make([]byte, 4*picture.Width*strip)
		codec.BGR4(pixels, picture.Pix[y*picture.Stride:], 0)
		c.Put(window, gc, 0, y, picture.Width, pixels)
	}
	if err := c.Sync(); err != nil {
		t.Fatal(err)
	}
}

func save(t *testing.T, name string, picture codec.Target) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, &image.NRGBA{Pix: picture.Pix, Stride: picture.Stride, Rect: image.Rect(0, 0, picture.Width, picture.Height)}); err != nil {
		t.Fatal(err)
	}
}

// TestPicturesOfRealServers decodes a whole screen of servers in the codecs that they
// have. What FreeRDP's shadow server shares is known and is compared; of the others a
// picture of some kind must come. PORTHOLE_PICTURES names a folder to look at them.
func TestPicturesOfRealServers(t *testing.T) {
	nla := targets.RDPOptions{User: "alice", Password: "wonder-1"}
	lossy := func(c *rdp.Config) { c.RemoteFX = false }
	plain := func(c *rdp.Config) { c.RemoteFX, c.NSCodec = false, false }
	for _, tt := range []struct {
		name  string
		start func(string, targets.RDPOptions) (*targets.RDP, error)
		o     targets.RDPOptions
		c     func(c *rdp.Config)
		codec string
		shown string  // what is on the screen
		psnr  float64 // of what comes, in dB; 0 is exact
	}{
		{"shadow, RemoteFX", targets.Shadow, targets.RDPOptions{}, nil, "RemoteFX", "photo", 35},
		{"shadow, RemoteFX of text", targets.Shadow, targets.RDPOptions{}, nil, "RemoteFX", "text", 30},
		{"shadow, planar", targets.Shadow, targets.RDPOptions{}, plain, "planar", "photo", 0},
		{"shadow, planar of text", targets.Shadow, targets.RDPOptions{}, plain, "planar", "text", 0},
		{"gnome-remote-desktop, RemoteFX", targets.GNOME, nla, nil, "RemoteFX", "", 0},
		{"weston, NSCodec", targets.Weston, targets.RDPOptions{}, lossy, "NSCodec", "", 0},
		{"weston, raw", targets.Weston, targets.RDPOptions{}, plain, "raw", "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := targets.For(t, tt.start, tt.o)
			var want codec.Target
			if tt.shown != "" {
				want = codectest.New(tt.shown, 1024, 768, 1)
				show(t, server, want)
			}
			dst, _ := codec.NewTarget(1024, 768)
			s := screen{t: t, dst: dst, codecs: map[string]bool{}}
			_, err := visit(t, server, tt.c, func(_ *rdp.Client, ev rdp.Event) bool {
				s.event(ev)
				// Weston's screen is black at first.
				return s.painted >= 1024*768 && (tt.shown != "" || !s.flat())
			})
			if err != nil {
				t.Fatal(err)
			}
			if !s.codecs[tt.codec] {
				t.Errorf("no %s in %v", tt.codec, s.codecs)
			}
			if dir := os.Getenv("PORTHOLE_PICTURES"); dir != "" {
				save(t, filepath.Join(dir, strings.ReplaceAll(tt.name, " ", "")+".png"), dst)
			}
			if tt.shown == "" {
				// Weston has a dark panel at the top, and is lighter below.
				if top, bottom := codectest.At(&dst, 512, 4), codectest.At(&dst, 512, 764); strings.HasPrefix(tt.name, "weston") && top&0xff >= bottom&0xff {
					t.Errorf("%06x at the top and %06x at the bottom: it is upside down", top, bottom)
				}
				return
			}
			psnr := codectest.PSNR(&dst, &want)
			t.Logf("%.1f dB", psnr)
			if tt.psnr == 0 {
				if diff := codectest.Different(&dst, &want); diff != "" {
					t.Error(diff)
				}
			} else if psnr < tt.psnr {
				t.Errorf("%.1f dB", psnr)
			}
		})
	}
}
