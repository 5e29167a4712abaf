// Package npm fetches packages of npm that tests and benchmarks compare Porthole with
// or run against. They are no part of the product.
package npm

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Package names one package that was looked at.
type Package struct {
	Name, Version string
	Digest        string // as npm tells it: sha512-…
}

// Packages.
var (
	NoVNC     = Package{"@novnc/novnc", "1.7.0", "sha512-ucEJOx4T2avIRCleodk7YobZj5O2Ga2AeLfQ69A/yjG9HHba2+PDgwSkN3FttrmG+70ZGx21sElNFouK13RzyA=="}
	Guacamole = Package{"guacamole-common-js", "1.5.0", "sha512-zxztif3GGhKbg1RgOqwmqot8kXgv2HmHFg1EvWwd4q7UfEKvBcYZ0f+7G8HzvU+FUxF0Psqm9Kl5vCbgfrRgJg=="}
)

// Fetch gives the folder with the package's files, below .cache in the repository's
// root. They are fetched when they are not there.
func (p Package) Fetch(ctx context.Context, root string) (string, error) {
	cache, err := filepath.Abs(filepath.Join(root, ".cache", "npm"))
	if err != nil {
		return "", fmt.Errorf("fetch %s: %w", p.Name, err)
	}
	dir, err := p.fetch(ctx, cache)
	if err != nil {
		return "", fmt.Errorf("fetch %s: %w", p.Name, err)
	}
	return dir, nil
}

func (p Package) fetch(ctx context.Context, cache string) (string, error) {
	dir := filepath.Join(cache, strings.ReplaceAll(p.Name, "/", "-")+"-"+p.Version)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	tmp, err := os.MkdirTemp(cache, "new-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp)
	c := exec.CommandContext(ctx, "npm", "pack", "--silent", "--pack-destination", tmp, p.Name+"@"+p.Version)
	c.Dir = tmp
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm pack: %w: %s", err, out)
	}
	files, err := filepath.Glob(filepath.Join(tmp, "*.tgz"))
	if err != nil || len(files) != 1 {
		return "", errors.Join(errors.New("npm gave no package"), err)
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		return "", err
	}
	if sum := sha512.Sum512(b); "sha512-"+base64.StdEncoding.EncodeToString(sum[:]) != p.Digest {
		return "", errors.New("the package is not the one that was looked at")
	}
	out := filepath.Join(tmp, "out")
	if err := unpack(string(b), out); err != nil {
		return "", fmt.Errorf("unpack: %w", err)
	}
	if err := os.Rename(out, dir); err != nil {
		if _, there := os.Stat(dir); there != nil { // else another process was faster
			return "", err
		}
	}
	return dir, nil
}

// unpack writes the files of an npm package.
func unpack(p, dir string) error {
	z, err := gzip.NewReader(strings.NewReader(p))
	if err != nil {
		return err
	}
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name, ok := strings.CutPrefix(h.Name, "package/")
		if !ok || h.Typeflag != tar.TypeReg || !filepath.IsLocal(name) {
			continue
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		b, err := io.ReadAll(t)
		if err == nil {
			err = os.WriteFile(path, b, 0o644)
		}
		if err != nil {
			return err
		}
	}
}
