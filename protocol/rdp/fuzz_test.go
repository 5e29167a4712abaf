package rdp_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/porthole-rac/porthole/protocol/rdp/rdptest"
	"github.com/porthole-rac/porthole/protocol/rdp/share"
	"github.com/porthole-rac/porthole/protocol/rdp/update"
	"github.com/porthole-rac/porthole/protocol/rdp/x224"
)

// play gives a client the bytes of a server from the first one, or of one in its
// session.
func play(t *testing.T, session bool, wire []byte, chunk int) ([]string, error) {
	s := wonderland(x224.TLS)
	l := newLink(t, alice(), s, 1<<20)
	if session {
		if err := l.run(); err != nil {
			t.Fatal(err)
		}
	}
	l.log, l.chunk, l.toClient = nil, chunk, append([]byte(nil), wire...)
	_, err := l.feed()
	return l.log, err
}

// FuzzSession: no bytes of a server in a session make the client panic, and how they
// arrive makes no difference.
func FuzzSession(f *testing.F) {
	seed := func(do func(s *rdptest.Server)) {
		s := rdptest.New(rdptest.Config{})
		do(s)
		f.Add(s.Output())
	}
	for _, size := range []int{0, 9} {
		seed(func(s *rdptest.Server) {
			s.FastPath(update.Surface, rdptest.Frame(7, 0, 0, 64, 64, 3, []byte("picture")), size)
			s.FastPath(update.Bitmaps, rdptest.Bitmap(0, 0, 64, 64, 32, true, []byte("picture")), size)
			s.FastPath(update.PointerColor, pointer(1, 4, 24), size)
			s.FastPath(update.PointerLarge, append([]byte{24, 0, 2, 0, 1, 0, 1, 0, 2, 0, 2, 0, 4, 0, 0, 0, 16, 0, 0, 0}, make([]byte, 20)...), size)
			s.FastPath(update.PaletteUpdate, append([]byte{2, 0, 0, 0, 2, 0, 0, 0}, make([]byte, 6)...), size)
		})
	}
	seed(func(s *rdptest.Server) {
		s.Share(share.Pointer, append([]byte{8, 0, 0, 0, 24, 0}, pointer(1, 4, 24)...))
	})
	seed(func(s *rdptest.Server) {
		s.Share(share.Update, rdptest.Bitmap(0, 0, 4, 4, 16, false, make([]byte, 32)))
	})
	seed(func(s *rdptest.Server) { s.ErrorInfo(share.IdleTimeout); s.Disconnect(1) })
	seed(func(s *rdptest.Server) { s.Share2(share.DeactivateAll, nil) })
	seed(func(s *rdptest.Server) {
		s.Side(share.SecAutoDetect, share.AppendDetection(nil, share.Detection{Type: share.RTT}))
	})
	f.Fuzz(func(t *testing.T, wire []byte) {
		whole, err := play(t, true, wire, 1<<20)
		bytewise, err1 := play(t, true, wire, 1)
		if fmt.Sprint(err) != fmt.Sprint(err1) {
			t.Errorf("at once: %v; byte by byte: %v", err, err1)
		}
		if diff := cmp.Diff(whole, bytewise); diff != "" {
			t.Error(diff)
		}
	})
}

// FuzzConnect: the same from the first byte on.
func FuzzConnect(f *testing.F) {
	f.Add(x224.Confirm{Protocol: x224.TLS, Flags: 1}.Append(nil))
	f.Add(x224.AppendFailure(nil, x224.HybridRequired))
	f.Fuzz(func(t *testing.T, wire []byte) {
		whole, err := play(t, false, wire, 1<<20)
		bytewise, err1 := play(t, false, wire, 1)
		if (err == nil) != (err1 == nil) || !cmp.Equal(whole, bytewise) {
			t.Errorf("at once: %v, %v; byte by byte: %v, %v", whole, err, bytewise, err1)
		}
	})
}
