package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// asset is one file of the bundle.
type asset struct {
	name string   // logical name
	file string   // name in the bundle
	uses []string // logical names of the files that it refers to, sorted
	data []byte
	br   []byte // nil when not worth it
	gz   []byte // nil when not worth it
}

// manifest is the logical and the real name of assets.json.
const manifest = "assets.json"

// link gives every source its name in the bundle, puts these names where the
// sources refer to each other, and adds the manifest. The result is sorted by
// logical name.
func link(sources []*source) ([]*asset, error) {
	l := linker{sources: make(map[string]*source), refs: make(map[string][]reference), files: make(map[string]string)}
	if err := l.resolve(sources); err != nil {
		return nil, err
	}
	for _, s := range sources {
		l.files[s.name] = l.fileName(s)
	}
	listed := make(map[string]listing)
	var assets []*asset
	for _, s := range sources {
		a := l.rewrite(s)
		listed[a.name] = listing{File: a.file, Size: len(a.data)}
		assets = append(assets, a)
	}
	text, err := json.MarshalIndent(listed, "", "\t")
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", manifest, err)
	}
	assets = append(assets, &asset{name: manifest, file: manifest, data: append(text, '\n')})
	slices.SortFunc(assets, func(a, b *asset) int { return cmp.Compare(a.name, b.name) })
	return assets, nil
}

// listing is what the manifest says about one file.
type listing struct {
	File string `json:"file"`
	Size int    `json:"size"` // bytes, before compression
}

// linker holds what is known of the sources, by logical name.
type linker struct {
	sources map[string]*source
	refs    map[string][]reference
	files   map[string]string // names in the bundle
}

// resolve finds all references and checks that each leads somewhere.
func (l *linker) resolve(sources []*source) error {
	var problems []error
	paths := make(map[string]string)
	for _, s := range sources {
		if other := l.sources[s.name]; other != nil {
			problems = append(problems, fmt.Errorf("%s and %s have the same name", other.path, s.path))
		}
		l.sources[s.name] = s
		paths[s.path] = s.name
	}
	for _, s := range sources {
		refs, err := references(s, paths)
		problems = append(problems, err)
		for _, r := range refs {
			target := l.sources[r.name]
			if target == nil {
				problems = append(problems, fmt.Errorf("%s:%d: no file is called %s", s.path, line(s.data, r.start), r.name))
			} else if r.size && text[path.Ext(r.name)] {
				// Its size depends on the names in it, and those on this file's.
				problems = append(problems, fmt.Errorf("%s:%d: only files that refer to nothing have an asset-size, not %s", s.path, line(s.data, r.start), r.name))
			}
		}
		l.refs[s.name] = refs
	}
	return errors.Join(problems...)
}

// fileName gives the name of a source in the bundle. Its hash covers the source
// and all sources that it reaches, so modules may import each other in a circle.
// Pages are not followed: their names never change.
func (l *linker) fileName(s *source) string {
	if s.page() {
		return s.name
	}
	reached := map[string]bool{s.name: true}
	queue := []string{s.name}
	for len(queue) > 0 {
		for _, r := range l.refs[queue[0]] {
			if !reached[r.name] && !l.sources[r.name].page() {
				reached[r.name] = true
				queue = append(queue, r.name)
			}
		}
		queue = queue[1:]
	}
	names := make([]string, 0, len(reached))
	for name := range reached {
		names = append(names, name)
	}
	slices.Sort(names)
	hash := sha256.New()
	for _, name := range names {
		content := sha256.Sum256(l.sources[name].data)
		fmt.Fprintf(hash, "%s %x\n", name, content)
	}
	ext := path.Ext(s.name)
	return strings.TrimSuffix(s.name, ext) + "-" + hex.EncodeToString(hash.Sum(nil)[:4]) + ext
}

// rewrite replaces the references of a source.
func (l *linker) rewrite(s *source) *asset {
	a := &asset{name: s.name, file: l.files[s.name], data: s.data}
	refs := l.refs[s.name]
	if len(refs) == 0 {
		return a
	}
	a.data = nil
	at := 0
	for _, r := range refs {
		a.data = append(a.data, s.data[at:r.start]...)
		if r.size {
			a.data = strconv.AppendInt(a.data, int64(len(l.sources[r.name].data)), 10)
		} else {
			a.data = append(append(a.data, "./"...), l.files[r.name]...)
		}
		at = r.end
		a.uses = append(a.uses, r.name)
	}
	a.data = append(a.data, s.data[at:]...)
	slices.Sort(a.uses)
	a.uses = slices.Compact(a.uses)
	return a
}
