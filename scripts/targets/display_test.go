package targets_test

import (
	"errors"
	"image/color"
	"slices"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/scripts/targets"
	"github.com/porthole-rac/porthole/scripts/targets/x11"
)

func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain:", what)
		}
	}
}

func dial(t *testing.T, d *targets.Display) *x11.Conn {
	t.Helper()
	c, err := d.Dial()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestScreenshotShowsWhatWasDrawn(t *testing.T) {
	d := targets.For(t, targets.Xvfb, targets.Screen{Width: 640, Height: 480})
	c := dial(t, d)
	window := c.Window(100, 50, 200, 100, 0)
	c.Fill(window, c.GC(0x123456), 0, 0, 200, 100)
	c.Put(window, c.GC(0), 10, 20, 2, []byte{3, 2, 1, 0, 6, 5, 4, 0, 9, 8, 7, 0, 12, 11, 10, 0})
	if err := c.Sync(); err != nil {
		t.Fatal(err)
	}
	img, err := d.Screenshot()
	if err != nil {
		t.Fatal(err)
	}
	if img.Rect.Dx() != 640 || img.Rect.Dy() != 480 {
		t.Error(img.Rect)
	}
	for at, want := range map[[2]int]color.RGBA{
		{100, 50}: {0x12, 0x34, 0x56, 255}, {299, 149}: {0x12, 0x34, 0x56, 255}, {300, 150}: {0, 0, 0, 255},
		{110, 70}: {1, 2, 3, 255}, {111, 70}: {4, 5, 6, 255}, {110, 71}: {7, 8, 9, 255}, {111, 71}: {10, 11, 12, 255},
	} {
		if got := img.RGBAAt(at[0], at[1]); got != want {
			t.Errorf("%v: %v, want %v", at, got, want)
		}
	}
}

func TestInputTellsKeysAndPointer(t *testing.T) {
	d := targets.For(t, targets.Xvfb, targets.Screen{})
	c := dial(t, d)
	c.Warp(300, 200)
	if err := c.Sync(); err != nil {
		t.Fatal(err)
	}
	in, err := d.Input()
	if err != nil {
		targets.Unless(t, err)
	}
	const shift, q, enter = 50, 24, 36
	for _, e := range [][2]byte{
		{x11.KeyPress, q},
		{x11.KeyRelease, q},
		{x11.KeyPress, shift},
		{x11.KeyPress, q},
		{x11.KeyRelease, q},
		{x11.KeyRelease, shift},
		{x11.ButtonPress, 3},
		{x11.ButtonRelease, 3},
		{x11.KeyPress, enter},
		{x11.KeyRelease, enter},
	} {
		if err := c.Fake(e[0], e[1]); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "enter is seen", func() bool { return slices.Contains(in.Typed(), "Return") })
	if got := in.Typed(); !slices.Equal(got, []string{"q", "Q", "Return"}) {
		t.Errorf("typed %q", got)
	}
	if !slices.ContainsFunc(in.Events(), func(e targets.InputEvent) bool {
		return e.Kind == "ButtonPress" && e.Button == 3 && e.X == 300 && e.Y == 200
	}) {
		t.Errorf("no click: %+v", in.Events())
	}
}

func TestClipboard(t *testing.T) {
	d := targets.For(t, targets.Xvfb, targets.Screen{})
	if _, err := d.Paste(); err == nil {
		t.Error("something is in a fresh clipboard")
	}
	for _, text := range []string{"plain", "grüße, 世界\n", ""} {
		if err := d.Copy(text); err != nil {
			targets.Unless(t, err)
		}
		if got, err := d.Paste(); err != nil || got != text {
			t.Errorf("%q, %v; want %q", got, err, text)
		}
	}
	if err := d.CopyAs("text/html", []byte("<b>x</b>")); err != nil {
		t.Fatal(err)
	}
	if got, err := d.PasteAs("text/html"); err != nil || string(got) != "<b>x</b>" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestWorkloadsChangeTheScreen(t *testing.T) {
	d := targets.For(t, targets.Xvfb, targets.Screen{Width: 1280, Height: 800})
	for _, kind := range []targets.Workload{targets.Text, targets.Slow, targets.Scroll, targets.Drag, targets.Noise, targets.Video, targets.Idle, targets.Echo} {
		t.Run(string(kind), func(t *testing.T) {
			w, err := d.Draw(kind)
			var missing *targets.Missing
			if kind == targets.Video && errors.As(err, &missing) {
				t.Skip(err) // only make bench installs it
			}
			if err != nil {
				targets.Unless(t, err)
				return
			}
			before, err := d.Screenshot()
			if err != nil {
				t.Fatal(err)
			}
			if kind == targets.Echo {
				const q = 24
				if err := dial(t, d).Fake(x11.KeyPress, q); err != nil {
					t.Fatal(err)
				}
				defer func() { _ = dial(t, d).Fake(x11.KeyRelease, q) }()
			}
			until(t, "the picture changes", func() bool {
				now, err := d.Screenshot()
				return err != nil || !slices.Equal(now.Pix, before.Pix)
			})
			if err := w.Stop(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestQEMUShowsItsScreen(t *testing.T) {
	s := targets.For(t, targets.QEMU, targets.VNCOptions{Sound: true})
	until(t, "the BIOS writes", func() bool {
		img, err := s.Screenshot()
		return err == nil && slices.ContainsFunc(img.Pix, func(b byte) bool { return b != 0 && b != 255 })
	})
}

// A display that is closed takes its workloads with it.
func TestCloseEndsWorkloads(t *testing.T) {
	d, err := targets.Xvfb(t.TempDir(), targets.Screen{Width: 320, Height: 240})
	if err != nil {
		targets.Unless(t, err)
		return
	}
	w, err := d.Draw(targets.Slow)
	if err != nil {
		targets.Unless(t, err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if w != nil {
		n := w.Frames()
		if err := w.Stop(); err != nil || w.Frames() != n {
			t.Errorf("%v, %d pictures after the end", err, w.Frames()-n)
		}
	}
}
