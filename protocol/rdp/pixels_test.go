//go:build linux

package rdp_test

import (
	"image"
	"math"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/bitmap"
	"github.com/porthole-rac/porthole/protocol/codec/rfx"
	"github.com/porthole-rac/porthole/protocol/rdp"
	"github.com/porthole-rac/porthole/protocol/rdp/update"
	"github.com/porthole-rac/porthole/scripts/targets"
)

// painter decodes what a client reports.
type painter struct {
	mu      sync.Mutex
	t       *testing.T
	to      codec.Target
	bitmaps bitmap.Decoder
	rfx     rfx.Decoder
	rect    rdp.Rect
	payload []byte
}

func (p *painter) take(_ *rdp.Client, ev rdp.Event) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch ev := ev.(type) {
	case *rdp.Rect:
		p.rect, p.payload = *ev, p.payload[:0]
	case *rdp.Data:
		p.payload = append(p.payload, ev.Bytes...)
	case *rdp.RectEnd:
		e := p.rect
		r := codec.Rect{X: e.Left, Y: e.Top, W: min(e.Right, p.to.Width) - e.Left, H: min(e.Bottom, p.to.Height) - e.Top}
		var err error
		if e.Codec == update.RemoteFX {
			err = p.rfx.Decode(p.to, r, p.payload)
		} else {
			err = p.bitmaps.Decode(p.to, r, bitmap.Format{Width: e.Width, Height: e.Height, Depth: e.BPP, Compressed: e.Codec != update.Raw}, p.payload)
		}
		if err != nil {
			p.t.Error(err)
			return true
		}
	}
	return false
}

func abs(n int) int { return max(n, -n) }

// psnr compares with a screen, in decibels; the same is infinite.
func (p *painter) psnr(screen *image.RGBA) float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	sum := 0.0
	for y := range p.to.Height {
		for x := range 4 * p.to.Width {
			// xrdp's pictures have the pointer in them, in the middle; the screen has not.
			if middle := abs(x/4-512) <= 16 && abs(y-384) <= 16; middle || x%4 == 3 {
				continue
			}
			d := float64(p.to.Pix[y*p.to.Stride+x]) - float64(screen.Pix[y*screen.Stride+x])
			sum += d * d
		}
	}
	return 10 * math.Log10(255*255*3*float64(p.to.Width*p.to.Height)/sum)
}

// TestPixelsOfRealServers compares what is decoded with the server's own screen, a
// terminal full of text: exactly for lossless codecs.
func TestPixelsOfRealServers(t *testing.T) {
	for _, tt := range []struct {
		name  string
		start func(string, targets.RDPOptions) (*targets.RDP, error)
		c     func(c *rdp.Config)
		least float64 // dB
	}{
		{"xrdp, planar", targets.XRDP, nil, math.Inf(1)},
		{"xrdp, RLE", targets.XRDP, func(c *rdp.Config) { c.Depth = 24 }, math.Inf(1)},
		{"shadow, RemoteFX", targets.Shadow, nil, 25}, // of hard black on white
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := targets.For(t, tt.start, targets.RDPOptions{Width: 1024, Height: 768})
			if _, err := s.Display.Start("xterm", "xterm", "-geometry", "120x50+20+10", "-e", "sh", "-c", "seq 100000 100900 | paste -sd ' '; sleep 1000"); err != nil {
				targets.Unless(t, err)
			}
			conn, err := net.Dial("tcp", s.Address())
			if err != nil {
				t.Fatal(err)
			}
			p := &painter{t: t}
			if p.to, err = codec.NewTarget(1024, 768); err != nil {
				t.Fatal(err)
			}
			best, done := math.Inf(-1), make(chan struct{})
			go func() {
				defer close(done)
				defer conn.Close()
				for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
					screen, err := s.Screenshot()
					if err != nil {
						t.Error(err)
						return
					}
					if text := written(screen); !text {
						continue
					}
					if best = max(best, p.psnr(screen)); best >= tt.least {
						return
					}
				}
			}()
			_, err = visitOver(conn, s, tt.c, p.take)
			<-done
			if best < tt.least {
				t.Errorf("%.1f dB of %.1f; %v", best, tt.least, err)
			}
		})
	}
}

// written tells whether the terminal is on the screen, with text.
func written(screen *image.RGBA) bool {
	white, black := 0, 0
	for y := 10; y < 500; y++ {
		for x := 20; x < 600; x++ {
			switch c := screen.RGBAAt(x, y); {
			case c.R == 255 && c.G == 255 && c.B == 255:
				white++
			case c.R == 0 && c.G == 0 && c.B == 0:
				black++
			}
		}
	}
	return white > 50_000 && black > 10_000
}
