package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/andybalholm/brotli"
)

const (
	smallest = 256 // bytes; headers outweigh what less could save
	window   = 24  // brotli's largest window that every browser takes, as a power of two
	keep     = 7 * 24 * time.Hour
)

// compressor makes the compressed forms and remembers them in a folder.
type compressor struct {
	folder  string
	quality int
}

// all compresses the assets in parallel, as many at once as there are cores.
func (c compressor) all(assets []*asset) error {
	var wait sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	failed := make([]error, len(assets))
	for i, a := range assets {
		if len(a.data) < smallest {
			continue
		}
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			var brErr, gzErr error
			a.br, brErr = c.form(a.data, fmt.Sprintf("br%d", c.quality), c.brotli)
			a.gz, gzErr = c.form(a.data, "gz", gzipBest)
			if err := errors.Join(brErr, gzErr); err != nil {
				failed[i] = fmt.Errorf("%s: %w", a.name, err)
			}
		})
	}
	wait.Wait()
	return errors.Join(failed...)
}

func (c compressor) brotli(w io.Writer) io.WriteCloser {
	return brotli.NewWriterOptions(w, brotli.WriterOptions{Quality: c.quality, LGWin: window})
}

func gzipBest(w io.Writer) io.WriteCloser {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		panic(err) // the level is a constant
	}
	return z
}

// form gives a compressed form of data, nil when it saves less than a twentieth.
// It comes from the cache if an earlier run made it.
func (c compressor) form(data []byte, suffix string, writer func(io.Writer) io.WriteCloser) ([]byte, error) {
	file := filepath.Join(c.folder, fmt.Sprintf("%x.%s", sha256.Sum256(data), suffix))
	packed, err := os.ReadFile(file)
	switch {
	case err == nil:
		now := time.Now()
		if err := os.Chtimes(file, now, now); err != nil { // prune goes by it
			return nil, fmt.Errorf("mark as used: %w", err)
		}
	case errors.Is(err, fs.ErrNotExist):
		var buf bytes.Buffer
		w := writer(&buf)
		if _, err := w.Write(data); err != nil {
			return nil, err
		}
		if err := w.Close(); err != nil {
			return nil, err
		}
		packed = buf.Bytes()
		if err := replace(file, packed); err != nil {
			return nil, err
		}
	default:
		return nil, err
	}
	if len(packed) > len(data)-len(data)/20 {
		return nil, nil
	}
	return packed, nil
}

// prune deletes the forms that no run has used for a week.
func (c compressor) prune() error {
	entries, err := os.ReadDir(c.folder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || info.IsDir() || filepath.Ext(entry.Name()) == ".wasm" || time.Since(info.ModTime()) < keep {
			continue
		}
		if err := os.Remove(filepath.Join(c.folder, entry.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
