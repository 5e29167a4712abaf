package vnc_test

import (
	"bytes"
	"fmt"
	"image"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/protocol/rfb/keysym"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
	"github.com/porthole-rac/porthole/scripts/targets"
)

func tiger(t testing.TB, o targets.VNCOptions) *targets.VNC {
	t.Helper()
	if o.Width == 0 {
		o.Width, o.Height = 640, 480
	}
	return targets.For(t, targets.TigerVNC, o)
}

// draw has something move until the test ends.
func draw(t testing.TB, v *targets.VNC, kind targets.Workload) *targets.Work {
	t.Helper()
	work, err := v.Display.Draw(kind)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = work.Stop() })
	return work
}

// same waits until the glass shows what the server's own display shows.
func same(t *testing.T, s *session, v *targets.VNC, by int) {
	t.Helper()
	sameBut(t, s, v, by, 0)
}

// sameBut is same but for some pixels.
func sameBut(t *testing.T, s *session, v *targets.VNC, by, pixels int) {
	t.Helper()
	// TigerVNC draws the pointer into the picture while it is elsewhere than where the
	// client put it.
	s.Pointer(wire.Pointer{X: 5, Y: 5})
	last := 0
	defer func() {
		if t.Failed() {
			p, _ := v.Screenshot()
			t.Logf("%d pixels differ; %d×%d, %d marks; first %v", last, s.screen.Width, s.screen.Height, s.marks, firstDifference(s, p))
		}
	}()
	until(t, "the picture of the server", func() bool {
		p, err := v.Screenshot()
		if err != nil {
			t.Fatal(err)
		}
		s.mu.Lock()
		if err := s.err; err != nil {
			s.mu.Unlock()
			t.Fatal(err)
		}
		s.mu.Unlock()
		last = s.differs(p, by)
		return last >= 0 && last <= pixels
	})
}

// A desktop is the same in every encoding, to the pixel.
func TestPicture(t *testing.T) {
	v := tiger(t, targets.VNCOptions{})
	work := draw(t, v, targets.Slow)
	for name, codec := range map[string]wire.Codec{
		"": wire.CodecTight, "tight": wire.CodecTight, "zrle": wire.CodecZRLE, "hextile": wire.CodecHextile, "rre": wire.CodecRRE, "raw": wire.CodecRGBX,
	} {
		t.Run("encoding "+name, func(t *testing.T) {
			s := start(t, options{settings: at(v.Address(), "force-lossless", "true", "encodings", name)})
			s.await("pictures", func() bool { return s.marks > 5 })
			s.await("its codec", func() bool { return s.codecs[codec] > 0 })
		})
	}
	_ = work.Stop()
	s := start(t, options{settings: at(v.Address(), "force-lossless", "true")})
	same(t, s, v, 0)
	if s.codecs[wire.CodecJPEG] > 0 {
		t.Error("a JPEG without loss")
	}
	if s.orders[wire.TypeFill] == 0 {
		t.Error("no fill became an order")
	}
}

// Photos come as JPEG, which the relay does not touch.
func TestJPEG(t *testing.T) {
	v := tiger(t, targets.VNCOptions{})
	s := start(t, options{settings: at(v.Address(), "quality-level", "9")})
	draw(t, v, targets.Noise)
	s.await("a JPEG", func() bool { return s.codecs[wire.CodecJPEG] > 3 })
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bytes > s.from+s.from/20+1000 {
		t.Errorf("%d bytes to the browser for %d of the server", s.bytes, s.from)
	}
}

// Keys arrive as what they are, in order, by their place; text by what it means.
func TestInput(t *testing.T) {
	v := tiger(t, targets.VNCOptions{})
	in, err := v.Display.Input()
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, options{settings: at(v.Address())})
	s.await("scan codes", func() bool { return s.info.Abilities&wire.CanScanCodes != 0 && s.marks > 0 })
	const scanA, scanShift = 0x1e, 0x2a
	s.Pointer(wire.Pointer{X: 100, Y: 50})
	s.Pointer(wire.Pointer{X: 100, Y: 50, Buttons: wire.ButtonLeft})
	s.Pointer(wire.Pointer{X: 100, Y: 50})
	s.Key(wire.Key{Down: true, Scan: scanShift, Keysym: keysym.ShiftLeft})
	s.Key(wire.Key{Down: true, Scan: scanA, Keysym: 'A'})
	s.Key(wire.Key{Down: false, Scan: scanShift, Keysym: keysym.ShiftLeft})
	s.Key(wire.Key{Down: false, Scan: scanA, Keysym: 'a'})
	s.Key(wire.Key{Down: true, Keysym: 0xff0d})
	s.Key(wire.Key{Down: false, Keysym: 0xff0d})
	s.Typed("xY")
	s.Key(wire.Key{Down: true, Scan: scanShift, Keysym: keysym.ShiftLeft})
	s.Pointer(wire.Pointer{X: 100, Y: 50, Buttons: wire.ButtonRight | wire.ButtonLeft})
	s.Desktop.Release()
	const inputs = 12
	until(t, "the keys", func() bool {
		n := 0
		for _, e := range in.Events() {
			if e.Kind == "ButtonRelease" {
				n++
			}
		}
		return n >= 3
	})
	if typed := in.Typed(); !slices.Equal(typed, []string{"A", "Return", "x", "Y"}) {
		t.Errorf("typed %q", typed)
	}
	down := map[string]int{}
	for _, e := range in.Events() {
		switch e.Kind {
		case "KeyPress":
			down[e.Key]++
		case "KeyRelease":
			down[e.Key]--
		case "ButtonPress":
			if e.X != 100 || e.Y != 50 {
				t.Errorf("pressed at %d,%d", e.X, e.Y)
			}
		}
	}
	if down["Shift_L"] > 0 {
		t.Errorf("held: %v", down)
	}
	if n := s.Taken(); n != inputs {
		t.Errorf("%d inputs taken of %d", n, inputs)
	}
}

// The browser's view sets the size of the desktop, and the desktop that of the glass.
func TestResize(t *testing.T) {
	v := tiger(t, targets.VNCOptions{})
	s := start(t, options{settings: at(v.Address(), "force-lossless", "true"), window: target.Window{Width: 800, Height: 600}})
	size := func(w, h int) func() bool {
		return func() bool { return s.screen.Width == w && s.screen.Height == h }
	}
	s.await("the view's size", size(800, 600))
	for w := 801; w <= 900; w++ { // dragged; only where it stops counts
		s.Desktop.Window(target.Window{Width: w, Height: 700})
	}
	s.await("the last size", size(900, 700))
	s.mu.Lock()
	if n := s.orders[wire.TypeDesktopSize]; n > 4 {
		t.Errorf("%d sizes on the way", n)
	}
	s.mu.Unlock()
	same(t, s, v, 0)
	r, err := v.Display.Start("xrandr", "x11-xserver-utils", "-s", "640x480")
	if err != nil {
		t.Fatal(err)
	}
	<-r.Done()
	s.await("the machine's own size", size(640, 480))
	same(t, s, v, 0)

	fixed := start(t, options{settings: at(v.Address(), "disable-display-resize", "true"), window: target.Window{Width: 500, Height: 400}})
	fixed.await("a picture", func() bool { return fixed.marks > 0 })
	fixed.Desktop.Window(target.Window{Width: 510, Height: 410})
	time.Sleep(300 * time.Millisecond) // longer than sizes are gathered
	fixed.mu.Lock()
	defer fixed.mu.Unlock()
	if fixed.screen.Width != 640 || fixed.info.Abilities&wire.CanResize != 0 {
		t.Errorf("%d wide, %b", fixed.screen.Width, fixed.info.Abilities)
	}
}

// Text goes both ways whatever is in it, and does not come back.
func TestClipboard(t *testing.T) {
	v := tiger(t, targets.VNCOptions{})
	s := start(t, options{settings: at(v.Address())})
	s.await("the clipboard", func() bool { return s.info.Abilities&wire.CanClipText != 0 })
	const there, back = "von dort: ä€😀\nund mehr", "from here: ß漢\nand more"
	if err := v.Display.Copy(there); err != nil {
		t.Fatal(err)
	}
	s.await("the text", func() bool { return slices.Contains(s.clips, clip{"text/plain", there}) })
	s.Desktop.Clipboard("text/plain", []byte(back))
	until(t, "the browser's text", func() bool {
		got, err := v.Display.Paste()
		return err == nil && strings.ReplaceAll(got, "\r\n", "\n") == back
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.clips {
		if c.data == back {
			t.Error("the browser's own text came back")
		}
	}
}

// Nobody looks: nothing is sent. Somebody looks: what changed comes.
func TestWatched(t *testing.T) {
	v := tiger(t, targets.VNCOptions{})
	s := start(t, options{settings: at(v.Address(), "force-lossless", "true")})
	s.await("a picture", func() bool { return s.marks > 0 })
	s.Watched(false)
	work := draw(t, v, targets.Slow)
	s.await("silence", func() bool {
		before := s.marks
		s.mu.Unlock()
		time.Sleep(500 * time.Millisecond)
		s.mu.Lock()
		return s.marks == before
	})
	_ = work.Stop()
	s.Watched(true)
	same(t, s, v, 0)
}

// A browser without a past gets a stream that it can decode, by a second login.
func TestRenew(t *testing.T) {
	v := tiger(t, targets.VNCOptions{})
	draw(t, v, targets.Slow)
	s := start(t, options{settings: at(v.Address(), "force-lossless", "true")})
	for i := range 3 {
		s.await("pictures", func() bool { return s.begun == i+1 && s.marks > 5 })
		s.renewed(chrome)
	}
	s.await("pictures of the last stream", func() bool { return s.begun == 4 && s.marks > 5 })
	if n := s.codecs[wire.CodecTight]; n == 0 {
		t.Error("no zlib streams")
	}
}

// A server that takes one viewer goes on with what remembers nothing.
func TestRenewRefused(t *testing.T) {
	v := tiger(t, targets.VNCOptions{Args: []string{"-NeverShared", "-DisconnectClients=0"}})
	work := draw(t, v, targets.Slow)
	s := start(t, options{settings: at(v.Address(), "force-lossless", "true")})
	s.await("pictures", func() bool { return s.marks > 5 })
	s.renewed(chrome)
	s.mu.Lock()
	clear(s.codecs)
	s.mu.Unlock()
	s.await("pictures of the new stream", func() bool { return s.begun == 2 && s.marks > 5 })
	_ = work.Stop()
	same(t, s, v, 0)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.codecs[wire.CodecTight]+s.codecs[wire.CodecZRLE]+s.codecs[wire.CodecZlib] > 0 {
		t.Errorf("a browser without the streams' beginnings got %v", s.codecs)
	}
}

// firstDifference tells where and how a picture differs.
func firstDifference(s *session, p *image.RGBA) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p == nil || p.Rect.Dx() != s.screen.Width || p.Rect.Dy() != s.screen.Height {
		return "the size"
	}
	for y := range s.screen.Height {
		for x := range s.screen.Width {
			a, b := s.screen.Row(x, y, 1), p.Pix[y*p.Stride+4*x:][:4]
			if !bytes.Equal(a[:3], b[:3]) {
				return fmt.Sprintf("at %d,%d: %v instead of %v", x, y, a, b)
			}
		}
	}
	return "none"
}
