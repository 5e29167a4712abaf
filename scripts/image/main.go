// Image builds a container image without a container engine, a registry or root:
// one static binary in an archive that `docker load`, `podman load` and
// `ctr images import` take.
//
//	go run ./scripts/image [--platform linux/arm64] [--tag NAME:TAG] [--output FILE] [--binary FILE]
//
// Without --binary it builds ./cmd/porthole with CGO_ENABLED=0 for the platform; the
// web bundle must be in web/dist already (make build, or go run ./scripts/bundle).
// Nothing of Porthole needs cgo: Opus is encoded by a Go package, SQLite is one.
//
// # What is in it
//
//	/rac                               the binary; the entry point
//	/etc/ssl/certs/ca-certificates.crt the authorities that it believes
//	/etc/passwd, /etc/group            names for the user
//	/data                              an empty folder of the user, for a volume
//
// There is no shell. It runs as user 1000, needs no capability and writes nothing
// outside of volumes, so the root may be read-only. The entry point is named /rac and
// answers `/rac healthcheck`, because authentik's own controllers call it so.
//
// The archive is an OCI image layout with docker's manifest.json in it, so that old and
// new engines read it. The same input gives the same bytes.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "image: %v\n", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	var s settings
	fl := flag.NewFlagSet("image", flag.ContinueOnError)
	fl.StringVar(&s.platform, "platform", "linux/amd64", "`system/processor` that it is for, as docker writes it: linux/arm64, linux/arm/v7")
	fl.StringVar(&s.tag, "tag", "porthole/rac:latest", "`name` of the image, with its tag: authentik needs one")
	fl.StringVar(&s.output, "output", "bin/porthole-rac.tar", "`file` to write")
	fl.StringVar(&s.binary, "binary", "", "static `file` to put in, instead of building one")
	fl.StringVar(&s.version, "version", "dev", "`version` for the label, and for the binary if it is built")
	fl.StringVar(&s.revision, "revision", "", "source `commit` for the label")
	fl.StringVar(&s.authorities, "authorities", "/etc/ssl/certs/ca-certificates.crt", "PEM `file` of the authorities to believe")
	if err := fl.Parse(args); err != nil {
		return err
	}
	p, err := parsePlatform(s.platform)
	if err != nil {
		return err
	}
	if s.tag, err = fullName(s.tag); err != nil {
		return err
	}
	if s.binary == "" {
		dir, err := os.MkdirTemp("", "porthole-image")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		s.binary = filepath.Join(dir, "rac")
		if err := build(p, s.version, s.binary); err != nil {
			return err
		}
	}
	binary, err := os.ReadFile(s.binary)
	if err != nil {
		return err
	}
	if err := checkStatic(binary, p); err != nil {
		return fmt.Errorf("%s: %w", s.binary, err)
	}
	authorities, err := os.ReadFile(s.authorities)
	if err != nil {
		return fmt.Errorf("read authorities: %w (on Debian they are in the package ca-certificates; --authorities names another file)", err)
	}
	layer, err := rootLayer(binary, authorities)
	if err != nil {
		return err
	}
	file, err := os.Create(s.output)
	if err != nil {
		return err
	}
	err = writeArchive(file, s, p, layer, made())
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, os.Remove(s.output))
	}
	fmt.Fprintf(out, "%s: %s for %s, %.1f MB\n", s.output, s.tag, s.platform, float64(len(layer))/1e6)
	return nil
}

// settings are what the command line says.
type settings struct {
	platform, tag, output, binary, version, revision, authorities string
}

// platform is a system and a processor in Go's and in docker's words.
type platform struct {
	os, arch, variant string
}

func parsePlatform(text string) (platform, error) {
	parts := strings.Split(text, "/")
	if len(parts) < 2 || len(parts) > 3 || parts[0] != "linux" || parts[1] == "" {
		return platform{}, fmt.Errorf("--platform %q: write it like linux/amd64 or linux/arm/v7", text)
	}
	p := platform{os: parts[0], arch: parts[1]}
	if len(parts) == 3 {
		p.variant = parts[2]
	}
	return p, nil
}

// fullName gives the tag that authentik's controller insists on.
func fullName(tag string) (string, error) {
	name := tag[strings.LastIndex(tag, "/")+1:]
	switch {
	case tag == "" || strings.ToLower(tag) != tag || strings.ContainsAny(tag, " @"):
		return "", fmt.Errorf("--tag %q: write it like registry.example.org/porthole/rac:1.0", tag)
	case !strings.Contains(name, ":"):
		return tag + ":latest", nil
	}
	return tag, nil
}

// build makes the static binary.
func build(p platform, version, file string) error {
	c := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -X main.version="+version, "-o", file, "./cmd/porthole")
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+p.os, "GOARCH="+p.arch)
	if p.arch == "arm" && p.variant != "" {
		c.Env = append(c.Env, "GOARM="+strings.TrimPrefix(p.variant, "v"))
	}
	c.Stdout, c.Stderr = os.Stderr, os.Stderr
	if err := c.Run(); err != nil {
		return fmt.Errorf("build for %s/%s: %w", p.os, p.arch, err)
	}
	return nil
}

// made is the time that stands in the image: SOURCE_DATE_EPOCH, else 1970, so that the
// same input gives the same bytes.
func made() time.Time {
	var seconds int64
	_, _ = fmt.Sscan(os.Getenv("SOURCE_DATE_EPOCH"), &seconds)
	return time.Unix(seconds, 0).UTC()
}
