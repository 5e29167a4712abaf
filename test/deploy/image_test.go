package deploy_test

import (
	"archive/tar"
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/authority/authentik/authentiktest"
)

const patience = 60 * time.Second

// archive builds the image once for all tests of this file.
func archive(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds the program")
	}
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("the image is built for linux/amd64")
	}
	if _, err := os.Stat("/etc/ssl/certs/ca-certificates.crt"); err != nil {
		t.Skip("the package ca-certificates is not installed")
	}
	built.Do(func() {
		dir, err := os.MkdirTemp("", "porthole-image")
		must(t, err)
		built.file = filepath.Join(dir, "image.tar")
		build(t, built.file)
	})
	if built.file == "" {
		t.Fatal("the image was not built")
	}
	return built.file
}

var built struct {
	sync.Once
	file string
}

func TestMain(m *testing.M) {
	code := m.Run()
	if built.file != "" {
		_ = os.RemoveAll(filepath.Dir(built.file))
	}
	os.Exit(code)
}

func build(t *testing.T, file string) {
	t.Helper()
	c := exec.Command("go", "run", "./scripts/image", "--output", file, "--tag", "porthole/rac:test")
	c.Dir = "../.."
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// config is what the image says about running it.
type config struct {
	Config struct {
		User       string
		Env        []string
		Entrypoint []string
		Health     struct{ Test []string } `json:"Healthcheck"`
	} `json:"config"`
}

// unpack puts the image's root folder into dir.
func unpack(t *testing.T, file, dir string) (c config) {
	t.Helper()
	blobs := make(map[string][]byte)
	f, err := os.Open(file)
	must(t, err)
	defer f.Close()
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		blobs[h.Name], err = io.ReadAll(r)
		must(t, err)
	}
	var manifest []struct {
		Config string
		Layers []string
	}
	must(t, json.Unmarshal(blobs["manifest.json"], &manifest))
	must(t, json.Unmarshal(blobs[manifest[0].Config], &c))
	for r := tar.NewReader(strings.NewReader(string(blobs[manifest[0].Layers[0]]))); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return c
		}
		must(t, err)
		name := filepath.Join(dir, filepath.Clean("/"+h.Name))
		if h.Typeflag == tar.TypeDir {
			must(t, os.Mkdir(name, os.FileMode(h.Mode)))
		} else {
			b, err := io.ReadAll(r)
			must(t, err)
			must(t, os.WriteFile(name, b, os.FileMode(h.Mode)))
		}
		must(t, os.Chown(name, h.Uid, h.Gid))
	}
}

// inside is a command in the image: its root folder, its user, its environment.
func inside(t *testing.T, root string, c config, env []string, command ...string) *exec.Cmd {
	t.Helper()
	var uid, gid uint32
	if _, err := fmt.Sscanf(c.Config.User, "%d:%d", &uid, &gid); err != nil {
		t.Fatalf("user %s: %v", c.Config.User, err)
	}
	return &exec.Cmd{
		Path: command[0], Args: command, Env: append(append([]string(nil), c.Config.Env...), env...), Dir: "/",
		SysProcAttr: &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: uid, Gid: gid, NoSetGroups: true}, Pdeathsig: syscall.SIGKILL},
	}
}

// The image needs nothing but itself: no shell, no library, no file of the host, no root.
func TestImageRuns(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("changing the root folder needs root")
	}
	file := archive(t)
	root := t.TempDir()
	must(t, os.Chmod(root, 0o755))
	c := unpack(t, file, root)
	// Nothing in it can be written but the volume, as with a read-only root.
	for dir := filepath.Dir(root); dir != "/" && dir != "/tmp"; dir = filepath.Dir(dir) {
		must(t, os.Chmod(dir, 0o755))
	}

	out, err := inside(t, root, c, nil, c.Config.Entrypoint...).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "AUTHENTIK_HOST is not set") {
		t.Errorf("without variables: %v, %s", err, out)
	}
	check := c.Config.Health.Test[1:]
	if out, err := inside(t, root, c, []string{"AUTHENTIK_LISTEN__METRICS=127.0.0.1:1"}, check...).CombinedOutput(); err == nil {
		t.Errorf("well without an outpost: %s", out)
	}

	a := authentiktest.Start(authentiktest.Config{})
	defer a.Close()
	o := inside(t, root, c, []string{
		"AUTHENTIK_HOST=" + a.URL, "AUTHENTIK_TOKEN=" + authentiktest.DefaultToken, "AUTHENTIK_INSECURE=false",
		"AUTHENTIK_LISTEN__METRICS=127.0.0.1:0", "PORTHOLE_LISTEN=127.0.0.1:0",
	}, c.Config.Entrypoint...)
	pipe, err := o.StderrPipe()
	must(t, err)
	must(t, o.Start())
	var log strings.Builder
	metrics := ""
	kill := time.AfterFunc(patience, func() { _ = o.Process.Kill() })
	lines := bufio.NewScanner(pipe)
	for lines.Scan() {
		log.WriteString(lines.Text() + "\n")
		if _, address, ok := strings.Cut(lines.Text(), "msg=metrics address="); ok {
			metrics = address
		}
		if strings.Contains(lines.Text(), "connected to authentik") {
			break
		}
	}
	go func() { _, _ = io.Copy(io.Discard, pipe) }()
	if strings.Contains(log.String(), "remembered only until") {
		t.Error("it cannot write /data")
	}
	if out, err := inside(t, root, c, []string{"AUTHENTIK_LISTEN__METRICS=" + metrics}, check...).CombinedOutput(); err != nil {
		t.Errorf("health check: %v, %s\n%s", err, out, log.String())
	}
	must(t, o.Process.Signal(syscall.SIGTERM))
	if err := o.Wait(); err != nil {
		t.Errorf("at SIGTERM: %v", err)
	}
	kill.Stop()
}

// Where there is an engine, the image is loaded and run by it, with authentik's health
// check.
func TestImageInDocker(t *testing.T) {
	if out, err := exec.Command("docker", "info").CombinedOutput(); err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		t.Skipf("there is no Docker engine here (%v: %s), so the image was only run unpacked", err, lines[len(lines)-1])
	}
	file := archive(t)
	docker := func(args ...string) string {
		t.Helper()
		out, err := exec.Command("docker", args...).CombinedOutput()
		if err != nil {
			t.Fatalf("docker %s: %v: %s", strings.Join(args, " "), err, out)
		}
		return strings.TrimSpace(string(out))
	}
	docker("load", "--input", file)
	t.Cleanup(func() { _ = exec.Command("docker", "image", "rm", "porthole/rac:test").Run() })
	a := authentiktest.Start(authentiktest.Config{})
	defer a.Close()
	id := docker("run", "--detach", "--network", "host", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
		"--env", "AUTHENTIK_HOST="+a.URL, "--env", "AUTHENTIK_TOKEN="+authentiktest.DefaultToken, "--env", "AUTHENTIK_INSECURE=false",
		"--env", "PORTHOLE_LISTEN=127.0.0.1:0", "porthole/rac:test")
	t.Cleanup(func() { _ = exec.Command("docker", "rm", "--force", "--volumes", id).Run() })
	for deadline := time.Now().Add(patience); ; time.Sleep(200 * time.Millisecond) {
		state := docker("inspect", "--format", "{{.State.Status}} {{.State.Health.Status}}", id)
		if state == "running healthy" {
			break
		}
		if time.Now().After(deadline) || strings.HasPrefix(state, "exited") {
			t.Fatalf("state %s: %s", state, docker("logs", id))
		}
	}
	if log := docker("logs", id); !strings.Contains(log, "connected to authentik") || strings.Contains(log, authentiktest.DefaultToken) {
		t.Errorf("log: %s", log)
	}
	docker("stop", "--time", "20", id)
	if code := docker("inspect", "--format", "{{.State.ExitCode}}", id); code != "0" {
		t.Errorf("exit code %s: %s", code, docker("logs", id))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
