package targets

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// PulseAudio is a real server of sound that a test has for itself, with a sink
// "first" that nobody hears.
type PulseAudio struct {
	t      testing.TB
	dir    string
	Server string // its address
	Cookie []byte
}

// StartPulseAudio starts PulseAudio on TCP of this machine. With cookie it lets in
// only who has that, else every local address. The test is skipped where it is not
// installed.
func StartPulseAudio(t testing.TB, cookie bool) *PulseAudio {
	t.Helper()
	for _, p := range []string{"pulseaudio", "pactl", "pacat"} {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("%s is not installed (Debian: pulseaudio, pulseaudio-utils)", p)
		}
	}
	dir, err := os.MkdirTemp("", "pulse") // short: unix sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	d := &PulseAudio{t: t, dir: dir, Cookie: bytes.Repeat([]byte{0xa5, 7, 0, 255}, 64)}
	file := filepath.Join(dir, "cookie")
	if err := os.WriteFile(file, d.Cookie, 0o600); err != nil {
		t.Fatal(err)
	}
	tcp := "auth-ip-acl=127.0.0.1"
	if cookie {
		tcp = "auth-cookie=" + file
	}
	var output bytes.Buffer
	for range 5 { // the port may be taken in between
		number, err := freePort("127.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		port := strconv.Itoa(number)
		d.Server = "tcp:127.0.0.1:" + port
		cmd := exec.Command("pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "--log-target=stderr",
			"-L", "module-null-sink sink_name=first rate=48000",
			"-L", "module-native-protocol-unix auth-anonymous=1 socket="+filepath.Join(dir, "s"),
			"-L", "module-native-protocol-tcp listen=127.0.0.1 port="+port+" "+tcp)
		cmd.Env = d.env()
		output.Reset()
		cmd.Stderr = &output
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() {
			cmd.Wait()
			close(ended)
		}()
		stop := func() {
			cmd.Process.Kill()
			<-ended
		}
		if soon(20*time.Second, func() bool {
			select {
			case <-ended:
				return true
			default:
				return d.pactl("info") == nil
			}
		}) && d.pactl("info") == nil {
			t.Cleanup(stop)
			return d
		}
		stop()
	}
	t.Fatalf("pulseaudio does not start: %s", output.Bytes())
	return nil
}

func (d *PulseAudio) env() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + d.dir, "XDG_RUNTIME_DIR=" + d.dir, "PULSE_RUNTIME_PATH=" + d.dir,
		"XDG_CONFIG_HOME=" + d.dir, "PULSE_SERVER=unix:" + filepath.Join(d.dir, "s"), "LC_ALL=C",
	}
}

// pactl gives the daemon a command.
func (d *PulseAudio) pactl(args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "pactl", args...)
	cmd.Env = d.env()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("pactl %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

// Must gives the daemon a command of pactl.
func (d *PulseAudio) Must(args ...string) {
	d.t.Helper()
	if err := d.pactl(args...); err != nil {
		d.t.Fatal(err)
	}
}

// Play plays samples (signed 16 bit, stereo, 48 kHz) on a sink, or the default one (""), again and again
// until the returned function is called.
func (d *PulseAudio) Play(sink string, pcm []byte) (stop func()) {
	d.t.Helper()
	args := []string{"--raw", "--format=s16le", "--rate=48000", "--channels=2", "--latency-msec=50"}
	if sink != "" {
		args = append(args, "--device="+sink)
	}
	cmd := exec.Command("pacat", args...)
	cmd.Env = d.env()
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		d.t.Fatal(err)
	}
	written := make(chan struct{})
	go func() {
		defer close(written)
		for {
			if _, err := in.Write(pcm); err != nil {
				return
			}
		}
	}()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cmd.Process.Kill()
		<-written
		cmd.Wait()
	}
	d.t.Cleanup(stop)
	return stop
}

// soon waits until something holds, and says whether it did.
func soon(d time.Duration, holds func() bool) bool {
	for end := time.Now().Add(d); ; time.Sleep(10 * time.Millisecond) {
		if holds() {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}

// Module gives the number of the module that was loaded with an argument.
func (d *PulseAudio) Module(argument string) string {
	d.t.Helper()
	cmd := exec.Command("pactl", "list", "short", "modules")
	cmd.Env = d.env()
	out, err := cmd.Output()
	if err != nil {
		d.t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, argument) {
			return strings.Fields(line)[0]
		}
	}
	d.t.Fatalf("no module with %s: %s", argument, out)
	return ""
}
