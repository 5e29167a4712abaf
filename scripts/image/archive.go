package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	user = 1000 // as in authentik's own images
	home = "/data"
)

// checkStatic refuses a binary that would not start: there is no loader and no library
// in the image, and the kernel does not run other processors' programs.
func checkStatic(binary []byte, p platform) error {
	f, err := elf.NewFile(bytes.NewReader(binary))
	if err != nil {
		return fmt.Errorf("not a program for Linux: %w", err)
	}
	for _, s := range f.Progs {
		if s.Type == elf.PT_INTERP {
			return errors.New("it needs a loader and libraries; build it with CGO_ENABLED=0")
		}
	}
	machines := map[string]elf.Machine{
		"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64, "arm": elf.EM_ARM, "386": elf.EM_386,
		"ppc64le": elf.EM_PPC64, "s390x": elf.EM_S390, "riscv64": elf.EM_RISCV,
	}
	if m, ok := machines[p.arch]; !ok || m != f.Machine {
		return fmt.Errorf("it is for %s, not for %s", f.Machine, p.arch)
	}
	return nil
}

// rootLayer is the root folder as a tar.
func rootLayer(binary, authorities []byte) ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	var failed error
	add := func(name string, mode int64, owner int, data []byte) {
		h := &tar.Header{
			Name: name, Mode: mode, Uid: owner, Gid: owner, Size: int64(len(data)),
			ModTime: time.Unix(0, 0), Format: tar.FormatPAX, Typeflag: tar.TypeReg,
		}
		if name[len(name)-1] == '/' {
			h.Typeflag = tar.TypeDir
		}
		if failed == nil {
			failed = w.WriteHeader(h)
		}
		if failed == nil {
			_, failed = w.Write(data)
		}
	}
	add("data/", 0o700, user, nil)
	add("etc/", 0o755, 0, nil)
	add("etc/group", 0o644, 0, fmt.Appendf(nil, "root:x:0:\nporthole:x:%d:\n", user))
	add("etc/passwd", 0o644, 0, fmt.Appendf(nil, "root:x:0:0:root:/:/none\nporthole:x:%d:%d:porthole:%s:/none\n", user, user, home))
	add("etc/ssl/", 0o755, 0, nil)
	add("etc/ssl/certs/", 0o755, 0, nil)
	add("etc/ssl/certs/ca-certificates.crt", 0o644, 0, authorities)
	add("rac", 0o755, 0, binary)
	if err := errors.Join(failed, w.Close()); err != nil {
		return nil, fmt.Errorf("make layer: %w", err)
	}
	return b.Bytes(), nil
}

// The files of an image layout (OCI image specification 1.1, image-layout.md), and
// docker's own beside them (docker image specification 1.2).

type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int64             `json:"size"`
	Platform    *ociPlatform      `json:"platform,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

type ociPlatform struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
	Variant      string `json:"variant,omitempty"`
}

type manifest struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	Config        *descriptor  `json:"config,omitempty"`
	Layers        []descriptor `json:"layers,omitempty"`
	Manifests     []descriptor `json:"manifests,omitempty"`
}

type imageConfig struct {
	Created      time.Time `json:"created"`
	Architecture string    `json:"architecture"`
	OS           string    `json:"os"`
	Variant      string    `json:"variant,omitempty"`
	Config       runConfig `json:"config"`
	RootFS       struct {
		Type    string   `json:"type"`
		DiffIDs []string `json:"diff_ids"`
	} `json:"rootfs"`
	History []history `json:"history"`
}

type history struct {
	Created   time.Time `json:"created"`
	CreatedBy string    `json:"created_by"`
}

type runConfig struct {
	User         string              `json:"User"`
	Env          []string            `json:"Env"`
	Entrypoint   []string            `json:"Entrypoint"`
	WorkingDir   string              `json:"WorkingDir"`
	ExposedPorts map[string]struct{} `json:"ExposedPorts"`
	Volumes      map[string]struct{} `json:"Volumes"`
	Labels       map[string]string   `json:"Labels"`
	StopSignal   string              `json:"StopSignal"`
	Healthcheck  *health             `json:"Healthcheck"` // docker's; others skip it
}

// health has its times in nanoseconds.
type health struct {
	Test        []string
	Interval    time.Duration
	Timeout     time.Duration
	StartPeriod time.Duration
	Retries     int
}

// config is what the engine does with the image. The Dockerfile says the same.
func config(s settings, p platform, diffID string, at time.Time) imageConfig {
	c := imageConfig{Created: at, Architecture: p.arch, OS: p.os, Variant: p.variant}
	labels := map[string]string{
		"org.opencontainers.image.title":         "Porthole",
		"org.opencontainers.image.description":   "Remote machines in a browser tab: authentik's remote access outpost",
		"org.opencontainers.image.licenses":      "Apache-2.0",
		"org.opencontainers.image.source":        "https://github.com/porthole-rac/porthole",
		"org.opencontainers.image.documentation": "https://github.com/porthole-rac/porthole/blob/main/docs/authentik-install.md",
		"org.opencontainers.image.version":       s.version,
	}
	if s.revision != "" {
		labels["org.opencontainers.image.revision"] = s.revision
	}
	c.Config = runConfig{
		User:       fmt.Sprintf("%d:%d", user, user),
		Env:        []string{"PATH=/", "HOME=" + home, "PORTHOLE_DATA=" + home, "TMPDIR=/dev/shm"},
		Entrypoint: []string{"/rac"}, WorkingDir: "/", StopSignal: "SIGTERM",
		ExposedPorts: map[string]struct{}{"8080/tcp": {}, "9300/tcp": {}},
		Volumes:      map[string]struct{}{home: {}},
		Labels:       labels,
		Healthcheck: &health{
			Test: []string{"CMD", "/rac", "healthcheck"}, Interval: 5 * time.Second, Timeout: 5 * time.Second,
			StartPeriod: 3 * time.Second, Retries: 20,
		},
	}
	c.RootFS.Type, c.RootFS.DiffIDs = "layers", []string{diffID}
	c.History = []history{{at, "scripts/image"}}
	return c
}

// writeArchive writes the image.
func writeArchive(out io.Writer, s settings, p platform, layer []byte, at time.Time) error {
	w := tar.NewWriter(out)
	put := func(name string, data []byte) error {
		h := &tar.Header{Name: name, Mode: 0o644, Size: int64(len(data)), ModTime: time.Unix(0, 0), Typeflag: tar.TypeReg}
		if name[len(name)-1] == '/' {
			h.Typeflag, h.Mode = tar.TypeDir, 0o755
		}
		if err := w.WriteHeader(h); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		if _, err := w.Write(data); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		return nil
	}
	blob := func(kind string, data []byte) (descriptor, error) {
		sum := sha256.Sum256(data)
		d := descriptor{MediaType: kind, Digest: "sha256:" + hex.EncodeToString(sum[:]), Size: int64(len(data))}
		return d, put(blobName(d), data)
	}
	for _, folder := range []string{"blobs/", "blobs/sha256/"} {
		if err := put(folder, nil); err != nil {
			return err
		}
	}
	l, err := blob("application/vnd.oci.image.layer.v1.tar", layer)
	if err != nil {
		return err
	}
	c, err := blob("application/vnd.oci.image.config.v1+json", encode(config(s, p, l.Digest, at)))
	if err != nil {
		return err
	}
	const kind = "application/vnd.oci.image.manifest.v1+json"
	m, err := blob(kind, encode(manifest{SchemaVersion: 2, MediaType: kind, Config: &c, Layers: []descriptor{l}}))
	if err != nil {
		return err
	}
	m.Platform = &ociPlatform{Architecture: p.arch, OS: p.os, Variant: p.variant}
	m.Annotations = map[string]string{"io.containerd.image.name": s.tag, "org.opencontainers.image.ref.name": s.tag[lastColon(s.tag)+1:]}
	for _, f := range []struct {
		name string
		data []byte
	}{
		{"index.json", encode(manifest{SchemaVersion: 2, MediaType: "application/vnd.oci.image.index.v1+json", Manifests: []descriptor{m}})},
		{"manifest.json", encode([]map[string]any{{"Config": blobName(c), "RepoTags": []string{s.tag}, "Layers": []string{blobName(l)}}})},
		{"oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`)},
	} {
		if err := put(f.name, f.data); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("finish archive: %w", err)
	}
	return nil
}

// blobName is where a blob lies in the layout.
func blobName(d descriptor) string { return "blobs/sha256/" + d.Digest[len("sha256:"):] }

func lastColon(tag string) int {
	for i := len(tag) - 1; i >= 0; i-- {
		if tag[i] == ':' {
			return i
		}
	}
	return -1
}

// encode writes JSON of types that cannot fail.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}
