package display_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"

	"github.com/porthole-rac/porthole/protocol/wire"
	drive "github.com/porthole-rac/porthole/scripts/browser"
)

var phone = drive.Look{Name: "phone", Width: 390, Height: 844, Phone: true, Scheme: "dark"}

// The clipboard goes both ways by real pastes and copies.
func TestClipboard(t *testing.T) {
	p := sit(t, plain, wire.CanScanCodes|wire.CanClipText, 800, 600)
	allowClipboard(t, p.Page)
	p.run(`navigator.clipboard.writeText("héllo €")`)
	p.clipboard("navigator.clipboard.readText()", "héllo €")
	p.keys(ctrl, "+ControlLeft:Control +KeyV:v -KeyV:v")
	p.keys(0, "-ControlLeft:Control")
	p.hears("+1d/ffe3 clip:text/plain:héllo_€ +2f/76 -2f/76 -1d/ffe3") // the content before the key that pastes it
	p.line.send(&wire.Clipboard{Selection: 'c', Type: "text/plain", More: true, Data: []byte("from the ")}, &wire.Clipboard{Selection: 'c', Type: "text/plain", Data: []byte("machine")})
	p.clipboard("navigator.clipboard.readText()", "from the machine")
	p.until(`porthole.clipboard() === "from the machine"`)
	// What came from the machine does not go back.
	p.keys(ctrl, "+ControlLeft:Control +KeyV:v -KeyV:v")
	p.keys(0, "-ControlLeft:Control")
	p.hears("+1d/ffe3 +2f/76 -2f/76 -1d/ffe3")
	p.choose("[data-do=typeClipboard]")
	p.hears("typed:from_the_machine")
	p.run(`porthole.clipboard("by a program")`)
	p.hears("clip:text/plain:by_a_program")
	// Several forms of one content.
	p.line.send(&wire.Clipboard{Selection: 'c', Type: "text/plain", Data: []byte("bold")}, &wire.Clipboard{Selection: 'c', Type: "text/html", Data: []byte("<b>bold</b>")})
	p.clipboard(`navigator.clipboard.read().then(([i]) => i.getType("text/html")).then((b) => b.text()).then((s) => s.includes("<b>bold</b>") ? "bold" : s)`, "bold")
}

// clipboard waits for what the browser's clipboard holds, as an expression tells it.
func (p *person) clipboard(js, want string) {
	p.t.Helper()
	var got string
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if got, err = drive.Eval[string](p.Page, js); err == nil && got == want {
			return
		}
	}
	p.t.Fatalf("the clipboard holds %q, want %q (%v)", got, want, err)
}

// What the endpoint forbids is not offered, and does not leave the page.
func TestForbidden(t *testing.T) {
	p := visit(t, plain, "#vnc")
	w := welcome(wire.ResumedNew, 1)
	w.ReadOnly, w.DisableCopy, w.DisablePaste = true, true, true
	p.line.send(w, &wire.Connected{}, info(wire.CanReboot))
	p.show(&wire.DesktopBegin{Width: 640, Height: 480})
	p.until(`porthole.state === "connected"`)
	allowClipboard(t, p.Page)
	p.run(`navigator.clipboard.writeText("before")`)
	p.line.send(&wire.Clipboard{Selection: 'c', Type: "text/plain", Data: []byte("secret")})
	p.keys(ctrl, "+ControlLeft:Control +KeyV:v -KeyV:v")
	p.mouse(input.DispatchMouseEventTypeMousePressed, 600, 400, input.MouseButtonLeft, 1)
	p.run(`document.getElementById("handle").click()`)
	for _, name := range []string{"combo", "copyRemote", "sendClipboard", "typeClipboard", "screenshot", "power"} {
		p.until(fmt.Sprintf(`document.querySelector("#menu [data-do=%s]").disabled`, name))
	}
	p.choose("[data-do=quality][data-value='2']")
	p.hears("quality2") // nothing came before
	p.clipboard("navigator.clipboard.readText()", "before")
}

func dots(xy ...float64) []*input.TouchPoint {
	var out []*input.TouchPoint
	for i := 0; i+1 < len(xy); i += 2 {
		id := float64(i / 2)
		out = append(out, &input.TouchPoint{X: xy[i], Y: xy[i+1], ID: &id})
	}
	return out
}

// Fingers on a phone.
func TestFingers(t *testing.T) {
	p := sit(t, phone, wire.CanScanCodes, 780, 400)
	const start, move, end = input.DispatchTouchEventTypeTouchStart, input.DispatchTouchEventTypeTouchMove, input.DispatchTouchEventTypeTouchEnd
	at := p.places()
	if at[2] != 390 {
		t.Fatalf("the desktop is %v CSS pixels wide", at[2])
	}
	x, y := 100.0, at[1]+50
	p.touch(start, dots(x, y)...)
	p.touch(end)
	p.hears("p0@200,100 p1@200,100 p0@200,100")
	p.touch(start, dots(x+100, y)...)
	p.hears("p0@400,100 p4@400,100 p0@400,100") // held: the right button
	p.touch(end)
	p.touch(start, dots(x, y)...)
	p.touch(move, dots(x+50, y)...)
	p.hears("p0@200,100 p1@200,100 p1@300,100")
	p.touch(end)
	p.hears("p0@300,100")
	p.touch(start, dots(100, y, 200, y)...)
	p.touch(move, dots(60, y, 260, y)...)
	p.touch(move, dots(20, y, 320, y)...)
	p.touch(end)
	p.until(`document.getElementById("picture").getBoundingClientRect().width > 500`)
	p.shot("zoomed")
	// A modifier of the bar stays for the next character.
	p.run(`document.querySelector("#keybar [data-latch=ControlLeft]").click()`)
	p.hears("+1d/ffe3")
	p.until(`document.querySelector("#keybar [data-latch=ControlLeft]").getAttribute("aria-pressed") === "true"`)
	if _, err := drive.Call(p.Page, input.InsertText, input.InsertTextParams{Text: "c"}); err != nil {
		t.Fatal(err)
	}
	p.hears("+00/63 -00/63 -1d/ffe3")
	p.until(`document.querySelector("#keybar [data-latch=ControlLeft]").getAttribute("aria-pressed") === "false"`)
	p.run(`document.querySelector("#keybar [data-code=Escape]").click()`)
	p.hears("+01/ff1b -01/ff1b")
	// A phone's keyboard writes as it composes, corrects itself, and deletes.
	if _, err := drive.Call(p.Page, input.InsertText, input.InsertTextParams{Text: "helo"}); err != nil {
		t.Fatal(err)
	}
	p.hears("typed:helo")
	p.run(`(() => { const f = document.getElementById("typing"); f.value = f.value.slice(0, -1) + "lo"; f.dispatchEvent(new InputEvent("input")); })()`)
	p.hears("+0e/ff08 -0e/ff08 typed:lo")
}

// A tab comes back to its session after a reload.
func TestReload(t *testing.T) {
	p := sit(t, plain, 0, 640, 480)
	p.run(`setTimeout(() => location.reload())`)
	p.attach()
	if p.line.hello.Resume.Connection != "c1" || len(p.line.hello.Resume.Secret) != 32 {
		t.Errorf("it does not resume: %+v", p.line.hello.Resume)
	}
}

// Without a hint, or with a wrong one, the page finds out and starts the right program.
func TestNoHint(t *testing.T) {
	p := visit(t, plain, "")
	p.line.send(welcome(wire.ResumedNew, 1))
	p.attach()
	if p.line.hello.Resume.Connection != "c1" {
		t.Errorf("it does not resume: %+v", p.line.hello.Resume)
	}
	p.until(`document.body.classList.contains("desktop")`)
}

// Every state of the page, for the eye.
func TestLooks(t *testing.T) {
	for _, look := range drive.Looks {
		t.Run(look.Name, func(t *testing.T) {
			p := visit(t, look, "#vnc")
			p.line.send(welcome(wire.ResumedNew, 1), &wire.Progress{Step: "connect", Detail: "desktop.example:5901"})
			p.until(`document.querySelector("#steps .now")?.dataset.step === "connect"`)
			p.shot("cover")
			abilities := wire.CanResize | wire.CanScanCodes | wire.CanSound | wire.CanReboot | wire.CanShutdown | wire.CanReset
			p.line.send(&wire.Connected{}, info(abilities))
			const w, h = 1280, 800
			p.show(
				&wire.DesktopBegin{Width: w, Height: h}, &wire.Fill{Width: w, Height: h, Color: 0x2d6a88},
				&wire.Fill{Y: h - 36, Width: w, Height: 36, Color: 0x1b1f24}, &wire.Fill{X: 120, Y: 90, Width: 620, Height: 420, Color: 0xf5f5f2},
				&wire.Fill{X: 120, Y: 90, Width: 620, Height: 28, Color: 0x3b4252}, &wire.Fill{X: 800, Y: 220, Width: 360, Height: 300, Color: 0x11151a},
			)
			p.until(`porthole.size().width === 1280`)
			p.shot("desktop")
			p.run(`document.getElementById("handle").click()`)
			p.until(`!document.getElementById("menu").hidden && !document.getElementById("figures").hidden`)
			p.shot("menu")
			p.run(`document.querySelector("#menu [data-do=settings]").click()`)
			p.shot("settings")
			p.run(`document.getElementById("settings").close()`)
			p.choose("[data-do=power][data-value='2']")
			p.until(`document.getElementById("question").open`)
			p.shot("power")
			p.run(`document.getElementById("question-yes").click()`)
			p.hears("power2")
		})
	}
}
