package targets

import (
	"bufio"
	"errors"
	"fmt"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/porthole-rac/porthole/scripts/targets/x11"
)

// Display is an X display of this machine.
type Display struct {
	Name string // ":7"

	dir     string
	process *process // nil when the VNC server is the display
	log     string
	running []*process
	works   []*Work
}

// Screen says how large an Xvfb is, pixels.
type Screen struct{ Width, Height int }

// Xvfb starts a display that nobody sees; the zero Screen is 1024×768.
func Xvfb(dir string, screen Screen) (*Display, error) {
	path, err := need("Xvfb", "xvfb")
	if err != nil {
		return nil, err
	}
	d := &Display{dir: dir, log: filepath.Join(dir, "xvfb.log")}
	w, h := orDefault(screen.Width, 1024), orDefault(screen.Height, 768)
	d.process, d.Name, err = startDisplay(d.log, path, "-screen", "0", fmt.Sprintf("%dx%dx24", w, h), "-nolisten", "tcp", "-noreset")
	if err != nil {
		return nil, err
	}
	return d, nil
}

// startDisplay starts an X server that chooses a free number and tells it.
func startDisplay(log, path string, args ...string) (*process, string, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, "", fmt.Errorf("pipe: %w", err)
	}
	defer r.Close()
	p, err := run(log, program{path: path, args: append([]string{"-displayfd", "3"}, args...), files: []*os.File{w}})
	_ = w.Close()
	if err != nil {
		return nil, "", err
	}
	_ = r.SetReadDeadline(time.Now().Add(startTime))
	number, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		_ = p.kill()
		text, _ := os.ReadFile(log)
		return nil, "", fmt.Errorf("start %s: no display: %w; its log:\n%s", filepath.Base(path), err, text)
	}
	return p, ":" + strings.TrimSpace(number), nil
}

func (d *Display) String() string { return "display " + d.Name }

// Log is what the display and its programs wrote.
func (d *Display) Log() string {
	b, _ := os.ReadFile(d.log)
	return string(b)
}

// Close ends the workloads and programs that were started on the display and, when it is
// an Xvfb, the display.
func (d *Display) Close() error {
	for _, w := range d.works {
		_ = w.Stop() // who wants to know how it went stops it before
	}
	d.works = nil
	for _, p := range d.running {
		_ = p.kill()
	}
	d.running = nil
	if d.process != nil {
		return d.process.stop()
	}
	return nil
}

// Dial connects to the display.
func (d *Display) Dial() (*x11.Conn, error) { return x11.Dial(d.Name) }

// Screenshot is what the display shows, without the pointer.
func (d *Display) Screenshot() (*image.RGBA, error) {
	c, err := d.Dial()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.Picture()
}

// Size is that of the screen, which clients may change.
func (d *Display) Size() (width, height int, err error) {
	c, err := d.Dial()
	if err != nil {
		return 0, 0, err
	}
	defer c.Close()
	return c.Width, c.Height, nil
}

// Running is a program on a display.
type Running struct {
	p   *process
	out string // file
}

// Start runs a program on the display until it ends, Stop or Close.
func (d *Display) Start(name, debianPackage string, args ...string) (*Running, error) {
	path, err := need(name, debianPackage)
	if err != nil {
		return nil, err
	}
	out, err := os.CreateTemp(d.dir, filepath.Base(name)+"-*.out")
	if err != nil {
		return nil, fmt.Errorf("output of %s: %w", name, err)
	}
	_ = out.Close()
	p, err := run(out.Name(), program{path: path, args: args, env: []string{"DISPLAY=" + d.Name}})
	if err != nil {
		return nil, err
	}
	d.running = append(d.running, p)
	return &Running{p, out.Name()}, nil
}

// Output is what the program wrote so far.
func (r *Running) Output() string {
	b, _ := os.ReadFile(r.out)
	return string(b)
}

// Done is closed when the program ended.
func (r *Running) Done() <-chan struct{} { return r.p.done }

// Stop ends the program and all that it started.
func (r *Running) Stop() { _ = r.p.kill() }

// waitFor waits until what a program does is so.
func waitFor(what string, is func() bool) error {
	deadline := time.NewTimer(startTime)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-deadline.C:
			return fmt.Errorf("waited %v in vain: %s", startTime, what)
		case <-tick.C:
		}
	}
	return nil
}

// shows waits until a change of the picture.
func (d *Display) shows(what string, change func() error) error {
	before, err := d.Screenshot()
	if err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	return waitFor(what, func() bool {
		now, err := d.Screenshot()
		return err == nil && (now.Rect != before.Rect || string(now.Pix) != string(before.Pix))
	})
}

func (d *Display) focus() error {
	c, err := d.Dial()
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Focus()
}

// Copy puts a text into the clipboard (the selection CLIPBOARD).
func (d *Display) Copy(text string) error {
	return d.CopyAs("UTF8_STRING", []byte(text))
}

// CopyAs puts data of a type such as "text/html" or "image/png" into the
// clipboard. It stays until something else is copied.
func (d *Display) CopyAs(kind string, data []byte) error {
	file, err := os.CreateTemp(d.dir, "copy-")
	if err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	defer file.Close()
	if _, err := file.Write(data); err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	// -quiet keeps it in the foreground, where Close ends it.
	owner, err := d.Start("xclip", "xclip", "-quiet", "-selection", "clipboard", "-target", kind, "-in", file.Name())
	if err != nil {
		return err
	}
	return waitFor("xclip owns the clipboard", func() bool {
		select {
		case <-owner.Done():
			return true
		default:
		}
		got, err := d.PasteAs(kind)
		return err == nil && string(got) == string(data)
	})
}

// Paste is the text in the clipboard.
func (d *Display) Paste() (string, error) {
	b, err := d.PasteAs("UTF8_STRING")
	return string(b), err
}

// PasteAs is what the clipboard holds as a type; an error when nobody has it.
func (d *Display) PasteAs(kind string) ([]byte, error) {
	path, err := need("xclip", "xclip")
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path, "-selection", "clipboard", "-target", kind, "-out")
	cmd.Env = append(os.Environ(), "DISPLAY="+d.Name)
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("paste %s: %w", kind, err)
	}
	return out, nil
}

// Input is an xev that fills the screen and tells what the keyboard and the
// pointer do.
type Input struct{ *Running }

// Input starts it, and waits until it is there.
func (d *Display) Input() (*Input, error) {
	w, h, err := d.Size()
	if err != nil {
		return nil, err
	}
	var r *Running
	err = d.shows("xev shows its window", func() error {
		r, err = d.Start("xev", "x11-utils", "-geometry", fmt.Sprintf("%dx%d+0+0", w, h), "-event", "keyboard", "-event", "mouse")
		return err
	})
	if err != nil {
		return nil, err
	}
	return &Input{r}, d.focus()
}

// InputEvent is something that xev saw.
type InputEvent struct {
	Kind   string // KeyPress, KeyRelease, ButtonPress, ButtonRelease, MotionNotify
	Key    string // name of the keysym, such as "a" or "Shift_L"
	Code   int    // of the key, X's (evdev's plus 8)
	State  int    // modifiers before the event
	Button int
	X, Y   int // on the screen
}

var (
	eventHead   = regexp.MustCompile(`^(\w+) event, serial`)
	eventPlace  = regexp.MustCompile(`root:\((-?\d+),(-?\d+)\)`)
	eventState  = regexp.MustCompile(`state (0x[0-9a-f]+)`)
	eventKey    = regexp.MustCompile(`keycode (\d+) \(keysym 0x[0-9a-f]+, (\S+)\)`)
	eventButton = regexp.MustCompile(`button (\d+)`)
)

// Events is what was seen so far, in order.
func (in *Input) Events() []InputEvent {
	var all []InputEvent
	for _, part := range strings.Split(in.Output(), "\n\n") {
		part = strings.TrimSpace(part)
		m := eventHead.FindStringSubmatch(part)
		if m == nil {
			continue
		}
		e := InputEvent{Kind: m[1]}
		switch e.Kind {
		case "KeyPress", "KeyRelease", "ButtonPress", "ButtonRelease", "MotionNotify":
		default:
			continue
		}
		if !strings.Contains(part, "same_screen") {
			continue // not yet written to the end
		}
		if m := eventPlace.FindStringSubmatch(part); m != nil {
			e.X, _ = strconv.Atoi(m[1])
			e.Y, _ = strconv.Atoi(m[2])
		}
		if m := eventState.FindStringSubmatch(part); m != nil {
			n, _ := strconv.ParseInt(m[1], 0, 32)
			e.State = int(n)
		}
		if m := eventKey.FindStringSubmatch(part); m != nil {
			e.Code, _ = strconv.Atoi(m[1])
			e.Key = m[2]
		}
		if m := eventButton.FindStringSubmatch(part); m != nil {
			e.Button, _ = strconv.Atoi(m[1])
		}
		all = append(all, e)
	}
	return all
}

// Typed is the keys that were pressed, by name and without modifiers.
func (in *Input) Typed() []string {
	var keys []string
	for _, e := range in.Events() {
		if e.Kind == "KeyPress" && !modifierKeys[e.Key] {
			keys = append(keys, e.Key)
		}
	}
	return keys
}

var modifierKeys = map[string]bool{
	"Shift_L": true, "Shift_R": true, "Control_L": true, "Control_R": true, "Alt_L": true, "Alt_R": true, "Meta_L": true, "Meta_R": true,
	"Super_L": true, "Super_R": true, "ISO_Level3_Shift": true, "ISO_Level5_Shift": true, "Mode_switch": true,
}

// freeDisplay gives a number for an X server that cannot choose one itself. It
// was free a moment ago.
func freeDisplay() (int, error) {
	for n := 100 + os.Getpid()%400; n < 1000; n++ {
		_, err1 := os.Lstat(fmt.Sprintf("/tmp/.X%d-lock", n))
		_, err2 := os.Lstat(fmt.Sprintf("/tmp/.X11-unix/X%d", n))
		if errors.Is(err1, os.ErrNotExist) && errors.Is(err2, os.ErrNotExist) {
			return n, nil
		}
	}
	return 0, errors.New("no display is free")
}
