package input_test

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/wasm/display/input"
)

func TestPointer(t *testing.T) {
	for _, c := range []struct {
		name string
		e    *events
		want string
	}{
		{"moves of a message are one", new(events).pointer(0, 0, 1, 1).pointer(0, 0, 2, 2).pointer(0, 0, 3.7, 3.2), "p0@3,3"},
		{"not over a button", new(events).pointer(0, 0, 1, 1).pointer(1, 0, 2, 2).pointer(1, 0, 3, 3).pointer(1, 0, 4, 4).pointer(0, 0, 4, 4), "p0@1,1 p1@2,2 p1@4,4 p0@4,4"},
		{"not over a key", new(events).pointer(0, 0, 1, 1).key(down, "KeyA", "a", 0, 0, 1).pointer(0, 0, 2, 2), "p0@1,1 +1e/61 p0@2,2"},
		{"buttons", new(events).pointer(2, 0, 0, 0).pointer(6, 0, 0, 0).pointer(4, 0, 0, 0).pointer(8, 0, 0, 0).pointer(16, 0, 0, 0).pointer(0, 0, 0, 0), "p4@0,0 p6@0,0 p2@0,0 p128@0,0 p256@0,0 p0@0,0"},
		{"inside the picture", new(events).pointer(1, 0, -5, 900).pointer(0, 0, 2000, -1), "p1@0,799 p0@999,0"},
		{"a modifier from before", new(events).pointer(0, 1, 1, 1).pointer(1, 1, 1, 1).pointer(0, 0, 1, 1), "p0@1,1 +2a/ffe1 p1@1,1 -2a/ffe1 p0@1,1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := newHands(t, 0).do(c.e); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// A locked pointer: movements where the target takes them, else positions.
func TestMotion(t *testing.T) {
	h := newHands(t, 0)
	h.PointerMoved(500, 400)
	if got := h.do(new(events).motion(0, 10, -5).motion(0, 0.5, 0).motion(1, 0.5, 0)); got != "p0@510,395 p1@511,395" {
		t.Error("positions:", got)
	}
	if p := h.ForPage(); !reflect.DeepEqual(p, []float64{input.PageCursor, 511, 395}) {
		t.Error("the page:", p)
	}
	h.do(new(events).release())
	h.Relative(true)
	if got := h.do(new(events).motion(0, 1.5, 0).motion(0, 1.5, -0.5).motion(0, 0, -0.5).motion(1, 0, 0).motion(0, 3, 3)); got != "r0@3,-1 r1@0,0 r0@3,3" {
		t.Error("movements:", got)
	}
}

func TestWheel(t *testing.T) {
	const up, dn, left, right = "p8@10,20", "p16@10,20", "p32@10,20", "p64@10,20"
	step := func(b string, n int) string {
		s := ""
		for range n {
			s += " " + b + " p0@10,20"
		}
		return s
	}
	for _, c := range []struct {
		name string
		e    *events
		want string
	}{
		{"a notch of Chromium", new(events).wheel(0, 0, 0, 100, 0, 0, -120), step(dn, 1)},
		{"two notches up", new(events).wheel(0, 0, 0, -240, 0, 0, 240), step(up, 2)},
		{"a notch at 150 %", new(events).wheel(0, 0, 0, 66.7, 0, 0, -120), step(dn, 1)},
		{"a notch of Firefox", new(events).wheel(0, 0, 0, 3, 1, 0, 0), step(dn, 1)},
		{"lines", new(events).wheel(0, 0, 0, 1, 1, 0, 0).wheel(0, 1, 0, 1, 1, 0, 0).wheel(0, 2, 0, 1, 1, 0, 0), step(dn, 1)},
		{"a page", new(events).wheel(0, 0, 0, -1, 2, 0, 0), step(up, 8)},
		{"sideways", new(events).wheel(0, 0, -100, 0, 0, 120, 0).wheel(0, 0, 100, 0, 0, -120, 0), step(left, 1) + step(right, 1)},
		{"a touchpad", new(events).wheel(0, 0, 0, 20, 0, 0, -60).wheel(0, 10, 0, 20, 0, 0, -60).wheel(0, 20, 0, 20, 0, 0, -60), step(dn, 1)},
		{"half a step, and back", new(events).wheel(0, 0, 0, 40, 0, 0, 0).wheel(0, 10, 0, -20, 0, 0, 0).wheel(0, 20, 0, -20, 0, 0, 0), ""},
		{"half a step, and long after", new(events).wheel(0, 0, 0, 40, 0, 0, 0).wheel(0, 1000, 0, 40, 0, 0, 0), ""},
		{"a mad wheel", new(events).wheel(0, 0, 0, 1e6, 0, 0, 0), step(dn, 24)},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, want := newHands(t, 0).do(c.e), strings.TrimSpace(c.want)
			if got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
	h := newHands(t, 0)
	if got := h.do(new(events).wheel(2, 0, 0, -10, 0, 0, 30)); got != "" {
		t.Error("a pinch reached the target:", got)
	}
	if p := h.ForPage(); len(p) != 4 || p[0] != input.PageZoomAt || p[1] <= 1 || p[2] != 10 || p[3] != 20 {
		t.Error("a pinch of a touchpad:", p)
	}
	h.keys("+ControlLeft:Control:C")
	if got := h.do(new(events).wheel(2, 0, 0, 120, 0, 0, -120)); got != "p16@10,20 p0@10,20" {
		t.Error("Ctrl+wheel:", got)
	}
}

func TestTouch(t *testing.T) {
	tap := func(e *events, at, x, y float64) *events { return e.touch(0, 0, at, x, y).touch(2, 0, at+80, x, y) }
	type fingers struct {
		name    string
		options input.Option
		e       *events
		want    string
		page    []float64
	}
	for _, c := range []fingers{
		{"a tap", 0, tap(new(events), 0, 50, 60), "p0@100,120 p1@100,120 p0@100,120", nil},
		{
			"a double tap is at one place", 0, tap(tap(new(events), 0, 50, 60), 200, 55, 66),
			"p0@100,120 p1@100,120 p0@100,120 p1@100,120 p0@100,120", nil,
		},
		{
			"two taps", 0, tap(tap(new(events), 0, 50, 60), 900, 55, 66),
			"p0@100,120 p1@100,120 p0@100,120 p0@110,132 p1@110,132 p0@110,132", nil,
		},
		{
			"a long press", 0, new(events).touch(0, 0, 0, 50, 60).touch(1, 0, 100, 53, 62).tick(520).touch(2, 0, 900, 53, 62),
			"p0@106,124 p4@106,124 p0@106,124",
			[]float64{input.PageLong, 53, 62},
		},
		{"a press that is not long", 0, new(events).touch(0, 0, 0, 50, 60).tick(480), "", nil},
		{
			"a drag", 0, new(events).touch(0, 0, 0, 50, 60).touch(1, 0, 20, 55, 60).touch(1, 0, 40, 70, 60).tick(520).touch(1, 0, 900, 80, 60).touch(2, 0, 950, 80, 60),
			"p0@100,120 p1@100,120 p1@160,120 p0@160,120", nil,
		},
		{
			"tap and drag", 0, tap(new(events), 0, 50, 60).touch(0, 0, 150, 52, 60).touch(1, 0, 200, 90, 60).touch(2, 0, 300, 90, 60),
			"p0@100,120 p1@100,120 p0@100,120 p1@100,120 p1@180,120 p0@180,120", nil,
		},
		{
			"a drag that the system ends", 0, new(events).touch(0, 0, 0, 50, 60).touch(1, 0, 20, 90, 60).touch(3, 0, 40, 90, 60),
			"p0@100,120 p1@100,120 p1@180,120 p0@180,120", nil,
		},
		{
			"two fingers tap", 0, new(events).touch(0, 0, 0, 50, 60).touch(0, 1, 10, 90, 60).touch(2, 1, 90, 90, 60).touch(2, 0, 100, 50, 60),
			"p0@100,120 p4@100,120 p0@100,120", nil,
		},
		{
			"three fingers tap", 0, new(events).touch(0, 0, 0, 50, 60).touch(0, 1, 10, 90, 60).touch(0, 2, 10, 130, 60).touch(2, 1, 90, 90, 60).touch(2, 2, 95, 130, 60).touch(2, 0, 100, 50, 60),
			"p0@100,120 p2@100,120 p0@100,120", nil,
		},
		{
			"two fingers scroll down", 0, new(events).touch(0, 0, 0, 50, 300).touch(0, 1, 0, 90, 300).
				touch(1, 0, 20, 50, 280).touch(1, 1, 20, 90, 280).touch(1, 0, 40, 50, 252).touch(1, 1, 40, 90, 252).touch(2, 0, 50, 50, 252).touch(2, 1, 60, 90, 252),
			"p16@100,560 p0@100,560 p16@100,560 p0@100,560", nil,
		},
		{
			"a pinch", 0, new(events).touch(0, 0, 0, 100, 100).touch(0, 1, 0, 200, 100).
				touch(1, 1, 20, 230, 100).touch(1, 1, 40, 360, 100).touch(2, 0, 50, 100, 100).touch(2, 1, 60, 360, 100),
			"",
			[]float64{input.PageZoom, 1, 165, 100, input.PagePan, 0, 0, input.PageZoom, 2, 230, 100, input.PagePan, 65, 0},
		},
		{
			"three fingers move the view", 0, new(events).touch(0, 0, 0, 100, 100).touch(0, 1, 0, 200, 100).touch(0, 2, 0, 300, 100).
				touch(1, 0, 20, 130, 100).touch(1, 1, 20, 230, 100),
			"",
			[]float64{input.PagePan, 0, 0, input.PagePan, 10, 0},
		},
		{
			"two fingers into a drag", 0, new(events).touch(0, 0, 0, 50, 60).touch(1, 0, 20, 90, 60).touch(0, 1, 30, 200, 60).touch(1, 0, 40, 95, 60).touch(2, 0, 50, 95, 60).touch(2, 1, 60, 200, 60),
			"p0@100,120 p1@100,120 p1@180,120 p0@180,120", nil,
		},
		{
			"a touchpad", input.OptionTouchpad, new(events).touch(0, 0, 0, 50, 60).touch(1, 0, 100, 70, 60).touch(2, 0, 120, 70, 60),
			"p0@521,400",
			[]float64{input.PageCursor, 521.6, 400},
		},
		{"a tap on a touchpad", input.OptionTouchpad, tap(new(events), 0, 50, 60), "p1@500,400 p0@500,400", nil},
		{
			"two fingers tap a touchpad", input.OptionTouchpad, new(events).touch(0, 0, 0, 50, 60).touch(0, 1, 10, 90, 60).touch(2, 1, 90, 90, 60).touch(2, 0, 100, 50, 60),
			"p4@500,400 p0@500,400", nil,
		},
		{
			"tap and drag on a touchpad", input.OptionTouchpad, tap(new(events), 0, 50, 60).touch(0, 0, 150, 52, 60).touch(1, 0, 250, 72, 60).touch(2, 0, 300, 72, 60),
			"p1@500,400 p0@500,400 p1@500,400 p1@521,400 p0@521,400",
			[]float64{input.PageCursor, 521.6, 400},
		},
		{"a finger that is unknown", 0, new(events).touch(1, 3, 0, 5, 5).touch(2, 3, 0, 5, 5), "", nil},
		{"the page loses the fingers", 0, new(events).touch(0, 0, 0, 50, 60).touch(1, 0, 20, 90, 60).release().touch(2, 0, 30, 90, 60), "p0@100,120 p1@100,120 p1@180,120 p0@180,120", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHands(t, c.options)
			h.PointerMoved(500, 400)
			if got := h.do(c.e); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			page := h.ForPage()
			for i, v := range page {
				page[i] = math.Round(v*10) / 10
			}
			if len(page)+len(c.page) > 0 && !reflect.DeepEqual(page, c.page) {
				t.Errorf("page: got %v, want %v", page, c.page)
			}
		})
	}
	h := newHands(t, 0)
	h.Relative(true)
	if got := h.do(tap(new(events), 0, 50, 60)); got != "r1@0,0 r0@0,0" {
		t.Error("a target that takes movements:", got)
	}
}

// A relay that is behind gets no movements but the newest, and every release.
func TestWindow(t *testing.T) {
	h := newHands(t, 0)
	h.Begin(100, 8, false)
	for i := range 10 {
		h.do(new(events).pointer(0, 0, float64(i), 0))
	}
	if h.Sent() != 104 {
		t.Errorf("%d inputs sent: movements took more than half of the window", h.Sent()-100)
	}
	if got := h.keys("+KeyA:a -KeyA:a"); got != "p0@9,0 +1e/61 -1e/61" {
		t.Error("keys:", got)
	}
	if got := h.keys("+KeyB:b -KeyB:b"); got != "+30/62" {
		t.Error("at the end of the window:", got)
	}
	h.do(new(events).pointer(0, 0, 50, 0).pointer(0, 0, 60, 0))
	if got := words(t, h.Taken(nil, 108)); got != "-30/62 p0@60,0" {
		t.Error("when the target has taken all:", got)
	}
	if got := words(t, h.Taken(nil, 1<<60)); got != "" || h.Sent() != 110 {
		t.Error("a target that says more than was sent:", got, h.Sent())
	}
}

// However long the relay takes nothing, what waits is bounded, and nothing stays
// pressed.
func TestNothingStaysPressed(t *testing.T) {
	h := newHands(t, 0)
	h.Begin(0, 4, false)
	held := map[string]bool{}
	told := func(s string) {
		for _, word := range strings.Fields(s) {
			switch word[0] {
			case '+':
				held[word[1:]] = true
			case '-':
				delete(held, word[1:])
			case 'p':
				delete(held, "button")
				if word[1] != '0' {
					held["button"] = true
				}
			}
		}
	}
	for i := range 3000 {
		told(h.keys("+KeyA:a"))
		told(h.do(new(events).pointer(i%2, 0, 1, 1)))
		told(h.keys("-KeyA:a"))
	}
	told(h.do(new(events).release()))
	if n := h.Waiting(); n > 1100 {
		t.Errorf("%d inputs wait", n)
	}
	for h.Waiting() > 0 {
		told(words(t, h.Taken(nil, h.Sent())))
	}
	if len(held) > 0 {
		t.Errorf("held for ever: %v", held)
	}
}

func TestPower(t *testing.T) {
	h := newHands(t, 0)
	if got := words(t, h.Power(nil, wire.PowerReboot)); got != "power2" || h.Sent() != 1 {
		t.Error(got)
	}
}

// Bytes that are no events are an error; what came before them counts.
func TestBadEvents(t *testing.T) {
	good := new(events).key(down, "KeyA", "a", 0, 0, 1).p
	for _, bad := range [][]byte{
		{0},
		{99},
		{2},
		good[:len(good)-1], new(events).u8(4).u8(200).p, new(events).u8(3).f32(-1).p,
		new(events).u8(7).u8(0).u16(0).f64(math.NaN()).f32(0, 0).p, new(events).u8(7).u8(0).u16(0).f64(0).f32(math.Inf(1), 0).p,
	} {
		h := newHands(t, 0)
		p, err := h.Handle(nil, append(append([]byte(nil), good...), bad...))
		if err == nil {
			t.Errorf("% x: no error", bad)
		}
		if got := words(t, p); got != "+1e/61" {
			t.Errorf("% x: %s", bad, got)
		}
	}
}

// Whatever comes, records are whole, the window holds and what waits is bounded.
func FuzzHandle(f *testing.F) {
	f.Add(uint16(0), new(events).key(down, "KeyA", "a", 3, 0, 1).wheel(0, 2, 5, 60, 0, 0, 0).touch(0, 0, 1, 2, 3).touch(1, 0, 2, 90, 3).p)
	f.Add(uint16(mac), new(events).key(down, "MetaLeft", "Meta", 8, 1, 1).key(down, "KeyC", "c", 8, 0, 2).release().p)
	f.Add(uint16(win), new(events).key(down, "ControlLeft", "Control", 2, 1, 1).key(down, "AltRight", "AltGraph", 16, 2, 2).tick(99).p)
	f.Add(uint16(input.OptionTouchpad), new(events).combo("F1", "F2").latch(1, "AltLeft").text("x").press("F3", "").motion(1, 3, 4).pointer(2, 1, 3, 4).options(7).p)
	f.Fuzz(func(t *testing.T, o uint16, p []byte) {
		h := newHands(t, input.Option(o))
		h.Begin(0, 16, false)
		h.Relative(len(p)%2 == 1)
		h.LEDs(wire.LEDs{Caps: len(p)%3 == 0})
		out, _ := h.Handle(nil, p)
		words(t, out)
		if h.Sent() > 16 || h.Waiting() > 1200 || h.Held() > 64 {
			t.Fatalf("%d sent, %d wait, %d held", h.Sent(), h.Waiting(), h.Held())
		}
		h.ForPage()
		out, err := h.Handle(nil, new(events).release().p)
		if err != nil {
			t.Fatal(err)
		}
		words(t, out)
		if h.Held() != 0 {
			t.Fatalf("%d keys are held", h.Held())
		}
		words(t, h.Taken(nil, h.Sent()))
	})
}

// Nothing is allocated for a movement.
func TestNoAllocation(t *testing.T) {
	h := newHands(t, 0)
	e := new(events).pointer(0, 0, 5, 5).p
	buffer := make([]byte, 0, 256)
	n := testing.AllocsPerRun(100, func() {
		_, _ = h.Handle(buffer[:0], e)
		h.Taken(buffer[:0], h.Sent())
	})
	if n > 0 {
		t.Errorf("%v allocations", n)
	}
}
