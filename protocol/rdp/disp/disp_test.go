package disp_test

import (
	"testing"

	"github.com/porthole-rac/porthole/protocol/rdp/disp"
	"github.com/porthole-rac/porthole/protocol/rdp/gcc"
)

func TestFit(t *testing.T) {
	for in, want := range map[[2]int][2]int{{1281, 721}: {1280, 721}, {10, 10}: {200, 200}, {9000, 9000}: {8192, 8192}, {800, 600}: {800, 600}} {
		if w, h := disp.Fit(in[0], in[1]); w != want[0] || h != want[1] {
			t.Errorf("%v: %d × %d", in, w, h)
		}
	}
}

func FuzzCaps(f *testing.F) {
	f.Add([]byte{5, 0, 0, 0, 20, 0, 0, 0, 1, 0, 0, 0, 0, 16, 0, 0, 0, 8, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := disp.ParseCaps(b)
		if err != nil {
			return
		}
		if c.Monitors < 1 || c.Monitors > gcc.MaxMonitors {
			t.Errorf("%+v", c)
		}
		if got, err := c.Append(nil, []gcc.Monitor{{Width: 800, Height: 600}}); err == nil && len(got) != 56 {
			t.Errorf("%d bytes", len(got))
		}
	})
}
