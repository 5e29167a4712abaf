package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// source is one file as it is written: before names carry hashes.
type source struct {
	name string // logical name
	path string // from the repository's root, for messages and import specifiers
	data []byte
}

// folders hold the files that pages use.
var folders = []string{"web/pages", "web/css", "web/js", "web/fonts", "web/icons", "web/i18n"}

// text tells, for each kind of file that a bundle may hold, whether it is text
// that can refer to other files.
var text = map[string]bool{
	".html": true, ".css": true, ".js": true, ".json": true, ".svg": true, ".webmanifest": true,
	".wasm": false, ".woff2": false, ".png": false, ".ico": false, ".txt": false,
}

// page tells whether a file keeps its name, because people and servers know it.
func (s *source) page() bool { return path.Ext(s.name) == ".html" }

// collect reads the session page and all files of the folders. A folder may be
// missing; the session page may not. Hidden files and editors' copies are left
// out; a file of an unknown kind is an error, since servers would not know its
// media type.
func collect(root fs.FS) ([]*source, error) {
	index, err := fs.ReadFile(root, "index.html")
	if err != nil {
		return nil, fmt.Errorf("read the session page: %w", err)
	}
	sources := []*source{{name: "index.html", path: "index.html", data: index}}
	for _, folder := range folders {
		if _, err := fs.Stat(root, folder); err != nil {
			continue
		}
		err := fs.WalkDir(root, folder, func(file string, entry fs.DirEntry, err error) error {
			name := path.Base(file)
			if err != nil || entry.IsDir() || strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") {
				return err
			}
			if _, known := text[path.Ext(name)]; !known {
				return fmt.Errorf("%s: a bundle has no files of this kind", file)
			}
			data, err := fs.ReadFile(root, file)
			if err != nil {
				return err
			}
			sources = append(sources, &source{name: name, path: file, data: data})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return sources, nil
}

// buildPrograms builds each main package below wasm/ for the browser and adds
// Go's loader for them.
func buildPrograms(root, cache, version string) ([]*source, error) {
	names, err := programs(os.DirFS(root))
	if err != nil || len(names) == 0 {
		return nil, err
	}
	var sources []*source
	for _, name := range names {
		out, err := filepath.Abs(filepath.Join(cache, name+".wasm"))
		if err != nil {
			return nil, err
		}
		// The output stays in the cache: go build then skips linking when nothing
		// changed. No path and no commit goes in, so equal sources give equal bytes.
		build := exec.Command("go", "build", "-trimpath", "-buildvcs=false",
			"-ldflags=-s -w -X main.version="+version, "-o", out, "./wasm/"+name)
		build.Dir = root
		build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return nil, fmt.Errorf("go build ./wasm/%s: %w", name, err)
		}
		data, err := os.ReadFile(out)
		if err != nil {
			return nil, err
		}
		sources = append(sources, &source{name: name + ".wasm", path: "wasm/" + name, data: data})
	}
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOROOT: %w", err)
	}
	loader, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(goroot)), "lib", "wasm", "wasm_exec.js"))
	if err != nil {
		return nil, fmt.Errorf("read Go's WASM loader: %w", err)
	}
	return append(sources, &source{name: "wasm_exec.js", path: "GOROOT/lib/wasm/wasm_exec.js", data: loader}), nil
}

// programs lists the folders right below wasm/ that hold a main package.
func programs(root fs.FS) ([]string, error) {
	files, err := fs.Glob(root, "wasm/*/*.go")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, file := range files {
		name := path.Base(path.Dir(file))
		if strings.HasSuffix(file, "_test.go") || len(names) > 0 && names[len(names)-1] == name {
			continue
		}
		code, err := fs.ReadFile(root, file)
		if err != nil {
			return nil, err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, code, parser.PackageClauseOnly)
		if err != nil {
			return nil, fmt.Errorf("parse %s: %w", file, err)
		}
		if parsed.Name.Name == "main" {
			names = append(names, name)
		}
	}
	return names, nil
}
