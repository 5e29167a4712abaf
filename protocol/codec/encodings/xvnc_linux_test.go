package encodings_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/codectest"
	"github.com/porthole-rac/porthole/protocol/codec/cursor"
	"github.com/porthole-rac/porthole/protocol/codec/encodings"
)

// patience bounds every wait for a program.
const patience = 60 * time.Second

// needed are the programs, and the Debian packages that bring them.
var needed = map[string]string{"Xtigervnc": "tigervnc-standalone-server", "xterm": "xterm", "xwud": "x11-apps", "xlogo": "x11-apps", "xsetroot": "x11-xserver-utils"}

// desktop starts Xtigervnc with a picture, and says where it listens and in which
// display.
func desktop(t *testing.T) (address, display string) {
	t.Helper()
	for program, debian := range needed {
		if _, err := exec.LookPath(program); err != nil {
			listed, _ := os.ReadFile("../../../scripts/deps.sh")
			if os.Getenv("CI") == "true" && strings.Contains(string(listed), debian) {
				t.Fatalf("%s is missing: install %s", program, debian)
			}
			t.Skipf("%s is missing: install %s", program, debian)
		}
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = free.Addr().String()
	free.Close()
	_, port, _ := net.SplitHostPort(address)
	chosen, display2, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	x := program(t, "", "Xtigervnc", "-displayfd", "3", "-rfbport", port, "-interface", "127.0.0.1",
		"-SecurityTypes", "None", "-geometry", "1037x741", "-nolisten", "tcp", "-depth", "24", "-noreset")
	x.ExtraFiles = []*os.File{display2}
	if err := x.Start(); err != nil {
		t.Fatal(err)
	}
	display2.Close()
	defer chosen.Close()
	chosen.SetReadDeadline(time.Now().Add(patience))
	number, err := bufio.NewReader(chosen).ReadString('\n')
	if err != nil {
		t.Fatalf("Xtigervnc does not start: %v", err)
	}
	return address, ":" + strings.TrimSpace(number)
}

// program is a command that ends with the test.
func program(t *testing.T, display, name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Env = append(os.Environ(), "DISPLAY="+display)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	t.Cleanup(func() {
		if c.Process != nil && c.ProcessState == nil {
			syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
			c.Wait()
		}
	})
	return c
}

func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// xwd is a picture as a file for xwud (XWDFile.h, version 7).
func xwd(p codec.Target) []byte {
	var b []byte
	w, h := uint32(p.Width), uint32(p.Height)
	for _, v := range []uint32{
		101, 7, 2 /* ZPixmap */, 24, w, h, 0, 0 /* LSB first */, 32, 0, 32, 32, 4 * w, 4, /* TrueColor */
		0xff0000, 0xff00, 0xff, 8, 256, 0, w, h, 0, 0, 0,
	} {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	b = append(b, 0) // its name
	for i := 0; i < len(p.Pix); i += 4 {
		b = append(b, p.Pix[i+2], p.Pix[i+1], p.Pix[i], 0)
	}
	return b
}

func snapshot(t *testing.T, address string, list ...int32) *viewer {
	t.Helper()
	v, err := view(address, list...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.conn.Close() })
	if err := v.request(0); err != nil {
		t.Fatal(err)
	}
	if err := v.update(); err != nil {
		t.Fatalf("encodings %v: %v", list, err)
	}
	return v
}

// Xtigervnc's desktop is the same in every encoding that it knows, at rest and while
// a terminal scrolls.
func TestRealDesktop(t *testing.T) {
	address, display := desktop(t)
	dir := t.TempDir()
	fifo := filepath.Join(dir, "go")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	photo, noise := filepath.Join(dir, "photo"), filepath.Join(dir, "noise")
	os.WriteFile(photo, xwd(codectest.New("photo", 300, 250, 1)), 0o600)
	os.WriteFile(noise, xwd(codectest.New("noise", 90, 70, 1)), 0o600)
	if out, err := program(t, display, "xsetroot", "-mod", "5", "3", "-fg", "#c04020", "-bg", "#203090", "-cursor_name", "left_ptr").CombinedOutput(); err != nil {
		t.Fatalf("xsetroot: %v: %s", err, out)
	}
	// The shell opens the pipe for reading and writing, so that it never ends.
	script := fmt.Sprintf(`while read n; do i=0; while [ $i -lt 150 ]; do i=$((i+1)); printf '\033[3%%dm%%s line %%d\033[0m of run %%s\n' $((i %% 8)) "$i" $i "$n"; done; printf '\033[3;%%d;%%dt' $((j=(j+37)%%90)) $((j*2)); : > %s/done.$n; done <> %s`, dir, fifo)
	for _, c := range [][]string{
		{"xwud", "-in", photo, "-geometry", "+600+20"},
		{"xwud", "-in", noise, "-geometry", "+920+600"},
		{"xlogo", "-geometry", "200x200+700+400", "-fg", "#804000"},
		{"xterm", "-geometry", "80x24+20+20", "-xrm", "XTerm*cursorBlink: false", "-xrm", "XTerm*allowWindowOps: true", "-e", "sh", "-c", script},
	} {
		if err := program(t, display, c[0], c[1:]...).Start(); err != nil {
			t.Fatal(err)
		}
	}
	shell, err := os.OpenFile(fifo, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer shell.Close()
	scroll := func(n string) {
		fmt.Fprintln(shell, n)
		until(t, "the terminal has scrolled", func() bool {
			_, err := os.Stat(filepath.Join(dir, "done."+n))
			return err == nil
		})
	}
	scroll("first")
	colors := func(v *viewer) int {
		seen := map[string]bool{}
		for i := 0; i < len(v.screen.Pix); i += 4 {
			seen[string(v.screen.Pix[i:i+4])] = true
		}
		return len(seen)
	}
	var last *viewer
	until(t, "the desktop is there and at rest", func() bool {
		before := last
		last = snapshot(t, address, encodings.Raw)
		return before != nil && colors(last) > 6000 && bytes.Equal(before.screen.Pix, last.screen.Pix)
	})

	for _, encoding := range []int32{encodings.RRE, encodings.Hextile, encodings.ZRLE, encodings.Tight} {
		t.Run(fmt.Sprint(encoding), func(t *testing.T) {
			v := snapshot(t, address, encoding)
			if diff := codectest.Different(&v.screen, &last.screen); diff != "" {
				t.Fatalf("at rest: %s", diff)
			}
			if v.seen[encoding] == 0 {
				t.Errorf("the server sent %v instead", v.seen)
			}
			moving := snapshot(t, address, encodings.CopyRect, encoding)
			ended := make(chan error, 1)
			go func() { ended <- moving.follow() }()
			scroll(fmt.Sprint("run", encoding))
			diff := ""
			until(t, "both are the same", func() bool {
				last = snapshot(t, address, encodings.Raw)
				moving.lock.Lock()
				defer moving.lock.Unlock()
				diff = codectest.Different(&moving.screen, &last.screen)
				select {
				case err := <-ended:
					t.Fatalf("while scrolling: %v", err)
				default:
				}
				return diff == ""
			})
			moving.conn.Close()
			<-ended
			t.Logf("rectangles while scrolling: %v", moving.seen)
		})
	}

	t.Run("with JPEG", func(t *testing.T) {
		const quality8 = -24
		v := snapshot(t, address, encodings.Tight, quality8)
		sum := 0
		for i, p := range v.screen.Pix {
			d := int(p) - int(last.screen.Pix[i])
			sum += max(d, -d)
		}
		if mean := float64(sum) / float64(len(v.screen.Pix)); mean == 0 || mean > 3 {
			t.Errorf("pixels differ from those of Raw by %.2f on average", mean)
		}
	})

	t.Run("cursor", func(t *testing.T) {
		shapes := map[int32][]byte{}
		for _, encoding := range []int32{cursor.Plain, cursor.X, cursor.WithAlpha, cursor.VMware} {
			v, i := snapshot(t, address, encodings.Raw, encoding), 0
			until(t, "the cursor has come", func() bool {
				if len(v.shape) == 0 { // the server has none before the pointer moves
					v.conn.Write([]byte{5, 0, 3, byte(200 + i%2), 0, 250}) // PointerEvent, on xwud
					i++
					v.request(0)
					if err := v.update(); err != nil {
						t.Fatalf("encoding %d: %v; so far %v", encoding, err, v.seen)
					}
				}
				return len(v.shape) > 0
			})
			if v.seen[encoding] == 0 {
				t.Errorf("the server sent %v", v.seen)
			}
			shapes[encoding] = v.shape
		}
		plain, two, alpha, vmware := shapes[cursor.Plain], shapes[cursor.X], shapes[cursor.WithAlpha], shapes[cursor.VMware]
		if len(two) != len(plain) || len(alpha) != len(plain) || len(vmware) != len(plain) {
			t.Fatalf("lengths %d, %d, %d, %d", len(plain), len(two), len(alpha), len(vmware))
		}
		for i := 0; i < len(plain); i += 4 {
			if two[i+3] != plain[i+3] || plain[i+3] == 255 && two[i] != 0 && two[i] != 255 {
				t.Errorf("pixel %d: XCursor % x, Cursor % x", i/4, two[i:i+4], plain[i:i+4])
			}
			if plain[i+3] == 255 && !bytes.Equal(vmware[i:i+3], plain[i:i+3]) {
				t.Errorf("pixel %d: VMware % x, Cursor % x", i/4, vmware[i:i+4], plain[i:i+4])
			}
			a := int(vmware[i+3])
			near := alpha[i+3] == vmware[i+3]
			for c := i; c < i+3 && a > 0; c++ { // premultiplied, a step is 255/a wide
				d := int(alpha[c]) - int(vmware[c])
				near = near && max(d, -d)*a <= 255+a
			}
			if !near {
				t.Errorf("pixel %d: CursorWithAlpha % x, VMware % x", i/4, alpha[i:i+4], vmware[i:i+4])
			}
		}
		if !bytes.Contains(plain, []byte{255, 255, 255, 255}) {
			t.Error("no white pixel in the cursor")
		}
	})
}
