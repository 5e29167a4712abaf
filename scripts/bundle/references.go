package main

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// reference is one place in a file that names another file of the bundle.
type reference struct {
	start, end int    // bytes that are replaced
	name       string // logical name
	size       bool   // replaced by the size instead of the file's address
}

var (
	// literal finds asset:NAME and asset-size:NAME. A name has an extension, so
	// prose about the convention is not taken for a reference.
	literal = regexp.MustCompile(`\basset(-size)?:([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+)`)
	// opening finds where a reference seems to begin, to catch those that are not
	// literal, such as `asset:${language}.json`.
	opening = regexp.MustCompile("[\"'`(]asset(?:-size)?:")
	// specifier finds relative import specifiers, static and dynamic.
	specifier = regexp.MustCompile(`\b(?:from|import)\s*\(?\s*["'](\.{1,2}/[^"']*)["']`)
	// attribute and address find what in pages and styles must be a reference.
	attribute = regexp.MustCompile(`(?i)\s(?:src|srcset|href|data|poster)\s*=\s*["']?([^"'\s>]+)`)
	address   = regexp.MustCompile(`(?i)(?:\burl\(\s*["']?|@import\s+["'])([^"')\s]+)`)
	// scheme is how an address of elsewhere begins.
	scheme = regexp.MustCompile(`^(?:[A-Za-z][A-Za-z0-9+.-]*:|//)`)
)

// references finds every reference of a file, in order. paths gives the logical
// name of each file by its path.
func references(s *source, paths map[string]string) ([]reference, error) {
	kind := path.Ext(s.name)
	if !text[kind] {
		return nil, nil
	}
	var found []reference
	var problems []error
	problem := func(at int, format string, args ...any) {
		problems = append(problems, fmt.Errorf("%s:%d: "+format, append([]any{s.path, line(s.data, at)}, args...)...))
	}
	starts := make(map[int]bool)
	for _, m := range literal.FindAllSubmatchIndex(s.data, -1) {
		starts[m[0]] = true
		found = append(found, reference{start: m[0], end: m[1], name: string(s.data[m[4]:m[5]]), size: m[2] >= 0})
	}
	for _, m := range opening.FindAllIndex(s.data, -1) {
		if !starts[m[0]+1] {
			problem(m[0], "a reference needs a literal file name after %s", s.data[m[0]+1:m[1]])
		}
	}
	switch kind {
	case ".js":
		for _, m := range specifier.FindAllSubmatchIndex(s.data, -1) {
			target := path.Join(path.Dir(s.path), string(s.data[m[2]:m[3]]))
			name, ok := paths[target]
			if !ok {
				problem(m[2], "import of %s, which does not exist", target)
				continue
			}
			found = append(found, reference{start: m[2], end: m[3], name: name})
		}
	case ".html":
		for _, m := range attribute.FindAllSubmatchIndex(s.data, -1) {
			if value := string(s.data[m[2]:m[3]]); around(value) {
				problem(m[2], "write asset:%s instead of %s", path.Base(value), value)
			}
		}
	}
	if kind == ".css" || kind == ".html" || kind == ".svg" {
		for _, m := range address.FindAllSubmatchIndex(s.data, -1) {
			if value := string(s.data[m[2]:m[3]]); around(value) {
				problem(m[2], "write asset:%s instead of %s", path.Base(value), value)
			}
		}
	}
	slices.SortFunc(found, func(a, b reference) int { return a.start - b.start })
	return found, errors.Join(problems...)
}

// around tells whether an address names a file past the convention. Fragments,
// folders and other sites are no files of the bundle.
func around(address string) bool {
	if scheme.MatchString(address) {
		return false
	}
	address, _, _ = strings.Cut(address, "#")
	address, _, _ = strings.Cut(address, "?")
	return path.Ext(address) != "" && path.Base(address) != "." && path.Base(address) != ".."
}

// line gives the line number of a byte, from 1.
func line(data []byte, at int) int {
	return 1 + strings.Count(string(data[:at]), "\n")
}
