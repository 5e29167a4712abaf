package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
)

const root = "../.."

// archive makes an image with a small static program in it, and gives its files.
func archive(t *testing.T, more ...string) (file string, files map[string][]byte) {
	t.Helper()
	dir := t.TempDir()
	binary, certs := filepath.Join(dir, "small"), filepath.Join(dir, "certs.pem")
	write(t, certs, "authorities")
	if err := os.WriteFile(binary, program(t, "amd64"), 0o700); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(dir, "image.tar")
	args := append([]string{"--binary", binary, "--output", file, "--authorities", certs, "--version", "1.2", "--revision", "abc"}, more...)
	if err := run(args, io.Discard); err != nil {
		t.Fatal(err)
	}
	return file, untar(t, file)
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func untar(t *testing.T, file string) map[string][]byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string][]byte)
	for r := tar.NewReader(bytes.NewReader(data)); ; {
		h, err := r.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}

func decode[T any](t *testing.T, data []byte) (v T) {
	t.Helper()
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
	return v
}

// An engine follows the digests from the index, or docker's manifest, to the layer.
func TestArchiveHangsTogether(t *testing.T) {
	_, files := archive(t, "--tag", "registry.test:5000/porthole/rac:1.2")
	for name, data := range files {
		if digest, ok := strings.CutPrefix(name, "blobs/sha256/"); ok && digest != "" {
			if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != digest {
				t.Errorf("%s has another digest", name)
			}
		}
	}
	index := decode[manifest](t, files["index.json"])
	if len(index.Manifests) != 1 || index.Manifests[0].Annotations["org.opencontainers.image.ref.name"] != "1.2" {
		t.Fatalf("index %+v", index)
	}
	m := decode[manifest](t, files[blobName(index.Manifests[0])])
	docker := decode[[]struct {
		Config           string
		RepoTags, Layers []string
	}](t, files["manifest.json"])
	if len(docker) != 1 || docker[0].Config != blobName(*m.Config) || len(docker[0].Layers) != 1 || docker[0].Layers[0] != blobName(m.Layers[0]) {
		t.Errorf("manifest.json %+v does not fit %+v", docker, m)
	}
	if docker[0].RepoTags[0] != "registry.test:5000/porthole/rac:1.2" {
		t.Errorf("tags %v", docker[0].RepoTags)
	}
	c := decode[imageConfig](t, files[blobName(*m.Config)])
	if c.RootFS.DiffIDs[0] != m.Layers[0].Digest {
		t.Error("the layer has another diff id")
	}
	for _, d := range []descriptor{index.Manifests[0], *m.Config, m.Layers[0]} {
		if int(d.Size) != len(files[blobName(d)]) {
			t.Errorf("%s: size %d", d.MediaType, d.Size)
		}
	}
}

// authentik's controllers start it by its entry point with four variables and nothing
// else, and ask /rac healthcheck.
func TestContractWithTheControllers(t *testing.T) {
	_, files := archive(t)
	m := decode[manifest](t, files[blobName(decode[manifest](t, files["index.json"]).Manifests[0])])
	c := decode[imageConfig](t, files[blobName(*m.Config)])
	if c.Config.User != "1000:1000" || len(c.Config.Entrypoint) != 1 || c.Config.Entrypoint[0] != "/rac" {
		t.Errorf("%+v", c.Config)
	}
	if got := strings.Join(c.Config.Healthcheck.Test, " "); got != "CMD /rac healthcheck" {
		t.Errorf("health check: %s", got)
	}
	if c.Config.Labels["org.opencontainers.image.version"] != "1.2" || c.Config.Labels["org.opencontainers.image.revision"] != "abc" {
		t.Errorf("labels %v", c.Config.Labels)
	}
	layer := make(map[string]*tar.Header)
	for r := tar.NewReader(bytes.NewReader(files[blobName(m.Layers[0])])); ; {
		h, err := r.Next()
		if err != nil {
			break
		}
		layer[h.Name] = h
	}
	if h := layer["rac"]; h == nil || h.Mode != 0o755 || h.Uid != 0 {
		t.Errorf("/rac: %+v", h)
	}
	if h := layer["data/"]; h == nil || h.Uid != user || h.Mode != 0o700 {
		t.Errorf("/data: %+v", h)
	}
	if layer["etc/ssl/certs/ca-certificates.crt"] == nil {
		t.Error("no authorities")
	}
	for name, h := range layer {
		if strings.HasPrefix(name, "bin/") || h.Mode&0o6022 != 0 {
			t.Errorf("%s has mode %o", name, h.Mode)
		}
	}
}

// The Dockerfile makes the same image as this program.
func TestDockerfileSaysTheSame(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(root, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	c := config(settings{version: "v", revision: "r"}, platform{"linux", "amd64", ""}, "", made()).Config
	want := []string{
		"USER " + c.User, `ENTRYPOINT ["/rac"]`, "ENV " + strings.Join(c.Env, " "), `CMD ["/rac", "healthcheck"]`,
		"--interval=5s --timeout=5s --start-period=3s --retries=20", "VOLUME /data", "STOPSIGNAL " + c.StopSignal, "CGO_ENABLED=0", "FROM scratch",
	}
	for port := range c.ExposedPorts {
		want = append(want, strings.TrimSuffix(port, "/tcp"))
	}
	for label, value := range c.Labels {
		if value == "v" || value == "r" {
			value = map[string]string{"v": "$VERSION", "r": "$REVISION"}[value]
		}
		want = append(want, label+`="`+value+`"`)
	}
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("the Dockerfile lacks %s", w)
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^COPY ([^-\s]\S*)`).FindAllStringSubmatch(text, -1) {
		if _, err := os.Stat(filepath.Join(root, m[1])); err != nil {
			t.Error(err)
		}
	}
}

func TestSameInputSameBytes(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	a, _ := archive(t)
	b, _ := archive(t)
	x, _ := os.ReadFile(a)
	y, _ := os.ReadFile(b)
	if !bytes.Equal(x, y) {
		t.Error("two runs differ")
	}
}

func TestWhatWouldNotStartIsRefused(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "script")
	write(t, text, "#!/bin/sh\n")
	for _, tt := range []struct {
		args []string
		says string
	}{
		{[]string{"--binary", "/bin/ls"}, "CGO_ENABLED=0"},
		{[]string{"--binary", text}, "not a program"},
		{[]string{"--binary", "/nowhere"}, "no such file"},
		{[]string{"--platform", "windows/amd64"}, "linux/amd64"},
		{[]string{"--platform", "linux"}, "linux/amd64"},
		{[]string{"--tag", "Upper:1"}, "--tag"},
		{[]string{"--tag", ""}, "--tag"},
	} {
		if runtime.GOOS != "linux" && tt.args[1] == "/bin/ls" {
			continue
		}
		err := run(append(tt.args, "--output", filepath.Join(dir, "x.tar")), io.Discard)
		if err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%v: %v", tt.args, err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "x.tar")); err == nil {
		t.Error("something was written")
	}
	// A program for another processor.
	if err := checkStatic(program(t, "amd64"), platform{"linux", "arm64", ""}); err == nil || !strings.Contains(err.Error(), "arm64") {
		t.Errorf("other processor: %v", err)
	}
	if err := checkStatic(program(t, "arm64"), platform{"linux", "arm64", ""}); err != nil {
		t.Error(err)
	}
}

var (
	building sync.Mutex
	built    = make(map[string][]byte)
)

// program is a small static program.
func program(t *testing.T, arch string) []byte {
	t.Helper()
	building.Lock()
	defer building.Unlock()
	if b := built[arch]; b != nil {
		return b
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "main.go"), "package main\n\nfunc main() { println(\"hello\") }\n")
	c := exec.Command("go", "build", "-o", filepath.Join(dir, "x"), filepath.Join(dir, "main.go"))
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b, err := os.ReadFile(filepath.Join(dir, "x"))
	if err != nil {
		t.Fatal(err)
	}
	built[arch] = b
	return b
}

func TestTagsAreWhole(t *testing.T) {
	for in, want := range map[string]string{
		"rac": "rac:latest", "a/rac:1": "a/rac:1", "h:5000/rac": "h:5000/rac:latest", "h:5000/a/rac:2": "h:5000/a/rac:2",
	} {
		if got, err := fullName(in); err != nil || got != want {
			t.Errorf("%s: %s, %v", in, got, err)
		}
	}
}
