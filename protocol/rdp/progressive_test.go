//go:build linux

package rdp_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/codectest"
	"github.com/porthole-rac/porthole/protocol/codec/progressive"
	"github.com/porthole-rac/porthole/protocol/rdp"
	"github.com/porthole-rac/porthole/protocol/rdp/bulk/zgfx"
	"github.com/porthole-rac/porthole/protocol/rdp/dvc"
	"github.com/porthole-rac/porthole/scripts/targets"
)

// TestProgressiveOfARealServer takes the first frame that gnome-remote-desktop sends
// on the graphics channel, which is RemoteFX Progressive.
func TestProgressiveOfARealServer(t *testing.T) {
	const (
		graphics       = "Microsoft::Windows::RDS::Graphics"
		wireToSurface2 = 0x0002
		createSurface  = 0x0009
		startFrame     = 0x000b
		endFrame       = 0x000c
	)
	server := targets.For(t, targets.GNOME, targets.RDPOptions{User: "alice", Password: "wonder-1"})
	le := binary.LittleEndian
	unpack := zgfx.New(zgfx.Graphics)
	var d *progressive.Decoder
	var dst codec.Target
	var message, plain []byte
	pictures, frames := 0, 0
	pdus := func(p []byte) {
		for len(p) >= 8 && int(le.Uint32(p[4:])) <= len(p) && le.Uint32(p[4:]) >= 8 {
			pdu := p[8:le.Uint32(p[4:])]
			switch le.Uint16(p) {
			case createSurface:
				w, h := int(le.Uint16(pdu[2:])), int(le.Uint16(pdu[4:]))
				var err error
				if d, err = progressive.New(w, h); err != nil {
					t.Fatal(err)
				}
				if dst, err = codec.NewTarget(w, h); err != nil {
					t.Fatal(err)
				}
			case startFrame:
				d.BeginFrame()
			case endFrame:
				frames++
			case wireToSurface2:
				pictures++
				if err := d.Decode(dst, pdu[13:]); err != nil {
					t.Errorf("picture %d: %v", pictures, err)
				}
			}
			p = p[le.Uint32(p[4:]):]
		}
	}
	_, err := visit(t, server, func(c *rdp.Config) {
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
			if ev.Name != graphics {
				return false
			}
			if message = append(message, ev.Bytes...); ev.Last {
				var err error
				if plain, err = unpack.Decode(plain[:0], message); err != nil {
					t.Error(err)
					return true
				}
				message = message[:0]
				pdus(plain)
			}
		}
		return pictures > 0 && frames > 0 || t.Failed()
	})
	if err != nil {
		t.Fatal(err)
	}
	colors := map[uint32]bool{}
	for i := range dst.Width * dst.Height {
		if dst.Pix[4*i+3] != 255 {
			t.Fatalf("pixel %d,%d was not painted", i%dst.Width, i/dst.Width)
		}
		colors[codectest.At(&dst, i%dst.Width, i/dst.Width)] = true
	}
	t.Logf("%d×%d, %d pictures, %d colours", dst.Width, dst.Height, pictures, len(colors))
	if len(colors) < 100 { // its background is a gradient
		t.Errorf("%d colours", len(colors))
	}
	if dir := os.Getenv("PORTHOLE_PICTURES"); dir != "" {
		save(t, filepath.Join(dir, "progressive.png"), dst)
	}
}
