package main

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

// The peer of desktops, as npm has it.
const (
	noVNC       = "1.7.0"
	noVNCDigest = "sha512-ucEJOx4T2avIRCleodk7YobZj5O2Ga2AeLfQ69A/yjG9HHba2+PDgwSkN3FttrmG+70ZGx21sElNFouK13RzyA=="
)

// fetchNoVNC gives the folder of noVNC's package, fetched when it is not there.
func (b *bench) fetchNoVNC(ctx context.Context) (string, error) {
	cache := filepath.Join(b.root, ".cache", "bench")
	dir := filepath.Join(cache, "novnc-"+noVNC)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", fmt.Errorf("fetch noVNC: %w", err)
	}
	tmp, err := os.MkdirTemp(cache, "novnc-")
	if err != nil {
		return "", fmt.Errorf("fetch noVNC: %w", err)
	}
	defer os.RemoveAll(tmp)
	c := exec.CommandContext(ctx, "npm", "pack", "--silent", "--pack-destination", tmp, "@novnc/novnc@"+noVNC)
	c.Dir = tmp
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("fetch noVNC: npm pack: %w: %s", err, out)
	}
	files, err := filepath.Glob(filepath.Join(tmp, "*.tgz"))
	if err != nil || len(files) != 1 {
		return "", errors.Join(errors.New("fetch noVNC: npm gave no package"), err)
	}
	p, err := os.ReadFile(files[0])
	if err != nil {
		return "", fmt.Errorf("fetch noVNC: %w", err)
	}
	if sum := sha512.Sum512(p); "sha512-"+base64.StdEncoding.EncodeToString(sum[:]) != noVNCDigest {
		return "", errors.New("fetch noVNC: the package is not the one that was looked at")
	}
	out := filepath.Join(tmp, "out")
	if err := unpack(string(p), out); err != nil {
		return "", fmt.Errorf("unpack noVNC: %w", err)
	}
	return dir, os.Rename(out, dir)
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
