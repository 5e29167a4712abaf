package server

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

// files serves the bundle. Names that carry a content hash may be cached for
// ever; pages and the rest are asked for each time.
type files struct {
	fsys  fs.FS
	names map[string]bool
}

// hashed matches the names that scripts/bundle makes.
var hashed = regexp.MustCompile(`-[0-9a-f]{8,}\.[a-z0-9.]+$`)

// encodings are the compressed forms that lie beside a file, best first.
var encodings = []struct{ name, suffix string }{{"br", ".br"}, {"gzip", ".gz"}}

// types are the media types that matter here; the system's table may lack them.
var types = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
	".css": "text/css; charset=utf-8", ".json": "application/json", ".wasm": "application/wasm",
	".svg": "image/svg+xml", ".woff2": "font/woff2", ".png": "image/png", ".txt": "text/plain; charset=utf-8",
	".webmanifest": "application/manifest+json",
}

func newFiles(fsys fs.FS) (*files, error) {
	f := &files{fsys: fsys, names: make(map[string]bool)}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasPrefix(path.Base(name), ".") {
			f.names[name] = true
		}
		return err
	})
	return f, err
}

// page serves one page of the bundle.
func (f *files) page(name string) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !f.names[name] {
			return c.String(http.StatusServiceUnavailable,
				"The web bundle is missing from this program. Build it with: make build\n")
		}
		return f.serve(c, name)
	}
}

// sessionPage serves the page of a session. In the bundle it names its files relative to
// itself, so that it works from any place; below /if/rac/TOKEN/ each session would have
// files of its own then, and a browser would load the programs anew for each. So here it
// names them one level up, where they are the same for all. tunnel marks it as a page that
// comes through the authority.
func (f *files) sessionPage(tunnel bool) (echo.HandlerFunc, error) {
	const name = "index.html"
	if !f.names[name] {
		return f.page(name), nil // says what is wrong
	}
	page, err := fs.ReadFile(f.fsys, name)
	if err != nil {
		return nil, err
	}
	page = bytes.ReplaceAll(page, []byte(`="./`), []byte(`="../`))
	if tunnel {
		page = bytes.Replace(page, []byte(`<html `), []byte(`<html data-way="tunnel" `), 1)
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err = w.Write(page)
	if err := errors.Join(err, w.Close()); err != nil {
		return nil, fmt.Errorf("compress %s: %w", name, err)
	}
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Type", contentType(name))
		h.Set("Cache-Control", "no-cache")
		h.Add("Vary", "Accept-Encoding")
		body := page
		if accepts(c.Request(), "gzip") {
			h.Set("Content-Encoding", "gzip")
			body = packed.Bytes()
		}
		http.ServeContent(c.Response(), c.Request(), "", time.Time{}, bytes.NewReader(body))
		return nil
	}, nil
}

// named serves a file of the bundle beside the session pages.
func (f *files) named(c echo.Context) error {
	if name := c.Param("name"); f.names[name] {
		return f.serve(c, name)
	}
	return echo.ErrNotFound
}

// asset serves the file that the last part of the route names.
func (f *files) asset(c echo.Context) error {
	name := strings.TrimPrefix(path.Clean("/"+c.Param("*")), "/")
	if !f.names[name] {
		return echo.ErrNotFound
	}
	return f.serve(c, name)
}

func (f *files) serve(c echo.Context, name string) error {
	h := c.Response().Header()
	h.Set("Content-Type", contentType(name))
	h.Set("Cache-Control", "no-cache")
	if hashed.MatchString(name) {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	h.Add("Vary", "Accept-Encoding")
	served := name
	for _, e := range encodings {
		if f.names[name+e.suffix] && accepts(c.Request(), e.name) {
			served = name + e.suffix
			h.Set("Content-Encoding", e.name)
			break
		}
	}
	file, err := f.fsys.Open(served)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return echo.ErrNotFound
		}
		return fmt.Errorf("open %s: %w", served, err)
	}
	defer file.Close()
	seeker, ok := file.(interface {
		fs.File
		Seek(offset int64, whence int) (int64, error)
	})
	if !ok {
		all, err := fs.ReadFile(f.fsys, served)
		if err != nil {
			return fmt.Errorf("read %s: %w", served, err)
		}
		http.ServeContent(c.Response(), c.Request(), "", time.Time{}, bytes.NewReader(all))
		return nil
	}
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, seeker)
	return nil
}

func contentType(name string) string {
	ext := path.Ext(name)
	if t, ok := types[ext]; ok {
		return t
	}
	if t := mime.TypeByExtension(ext); t != "" {
		return t
	}
	return "application/octet-stream"
}

// accepts tells whether the browser takes an encoding. Quality values other
// than 0 make no difference to us.
func accepts(r *http.Request, encoding string) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), encoding) {
			q = strings.ReplaceAll(q, " ", "")
			return q != "q=0" && q != "q=0.0" && q != "q=0.00" && q != "q=0.000"
		}
	}
	return false
}
