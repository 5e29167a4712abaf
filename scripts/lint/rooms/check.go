package main

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// finding is one breach of a rule.
type finding struct {
	file string
	line int
	text string
}

func (f finding) String() string { return fmt.Sprintf("%s:%d: %s", f.file, f.line, f.text) }

// check reads a whole tree and returns what breaks a rule, by file and line.
func check(tree fs.FS) ([]finding, error) {
	var findings []finding
	err := fs.WalkDir(tree, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			hidden := strings.HasPrefix(entry.Name(), ".") && file != "."
			if hidden || skipped[file] || skipped[entry.Name()] {
				return fs.SkipDir
			}
			return nil
		}
		if !counted[path.Ext(file)] {
			return nil
		}
		text, err := fs.ReadFile(tree, file)
		if err != nil {
			return err
		}
		found, err := checkFile(file, text)
		findings = append(findings, found...)
		return err
	})
	slices.SortStableFunc(findings, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line))
	})
	return findings, err
}

func checkFile(file string, text []byte) ([]finding, error) {
	var findings []finding
	generated := false
	if path.Ext(file) == ".go" {
		fset := token.NewFileSet()
		parsed, err := parser.ParseFile(fset, file, text, parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("parse: %w", err)
		}
		generated = ast.IsGenerated(parsed)
		c := goFile{path: file, test: strings.HasSuffix(file, "_test.go"), fset: fset, file: parsed}
		c.check()
		findings = c.findings
	}
	if lines := bytes.Count(text, []byte("\n")); lines > longest && !generated {
		findings = append(findings, finding{file, longest + 1, fmt.Sprintf("%d lines; a file has at most %d: give each idea its own", lines, longest)})
	}
	return findings, nil
}

// goFile is one Go file under check.
type goFile struct {
	path     string
	test     bool
	fset     *token.FileSet
	file     *ast.File
	findings []finding
}

func (g *goFile) report(at token.Pos, format string, args ...any) {
	g.findings = append(g.findings, finding{g.path, g.fset.Position(at).Line, fmt.Sprintf(format, args...)})
}

func (g *goFile) check() {
	if name := strings.TrimSuffix(g.file.Name.Name, "_test"); empty[name] {
		g.report(g.file.Name.Pos(), "package %s: name it after what it does", name)
	}
	name, _, inFolder := strings.Cut(g.path, "/")
	if !inFolder {
		g.report(g.file.Name.Pos(), "Go code lives in a room, not at the top")
		return
	}
	r, known := rooms[name]
	if !known {
		g.report(g.file.Name.Pos(), "%s is no room: see docs/ARCHITECTURE.md and scripts/lint/rooms/rules.go", name)
		return
	}
	for _, spec := range g.file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser has checked it
		}
		if own, ok := strings.CutPrefix(imported, module); ok {
			if !r.admits(own) && !(g.test && below(own, realServers)) {
				g.report(spec.Pos(), "%s must not import %s: arrows go cmd → relay → authority → protocol and wasm → protocol", name, own)
			}
			continue
		}
		if g.test {
			continue
		}
		if why := r.bans(imported); why != "" {
			g.report(spec.Pos(), "%s must not import %s: it %s", name, imported, why)
		} else if !r.admitsModule(imported) {
			g.report(spec.Pos(), "%s must not import %s: only the modules listed in scripts/lint/rooms/rules.go", name, imported)
		}
	}
	if !g.test {
		g.checkMembers(name, r.limits)
	}
}

// checkMembers looks for uses of members that the limits forbid.
func (g *goFile) checkMembers(name string, limits []limit) {
	local := make(map[string]limit) // by the name that the file calls the package
	for _, spec := range g.file.Imports {
		for _, l := range limits {
			if spec.Path.Value != strconv.Quote(l.path) {
				continue
			}
			switch {
			case spec.Name == nil:
				local[packageName(l.path)] = l
			case spec.Name.Name == ".":
				g.report(spec.Pos(), "%s must not import %s with a dot: its uses could not be checked", name, l.path)
			default:
				local[spec.Name.Name] = l
			}
		}
	}
	ast.Inspect(g.file, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		// An identifier that the parser resolved within the file is a variable
		// that hides the package.
		x, ok := selector.X.(*ast.Ident)
		if !ok || x.Obj != nil {
			return true
		}
		if l, ok := local[x.Name]; ok && l.forbids(selector.Sel.Name) {
			g.report(selector.Pos(), "%s must not use %s.%s: it %s", name, x.Name, selector.Sel.Name, l.why)
		}
		return true
	})
}

// packageName gives the name of a package of the standard library.
func packageName(imported string) string {
	if base := path.Base(imported); base != "v2" {
		return base
	}
	return path.Base(path.Dir(imported))
}

func (l limit) forbids(member string) bool {
	if l.only != nil {
		return !slices.Contains(l.only, member)
	}
	return slices.Contains(l.not, member)
}

// admits tells whether the room may import a folder of this module.
func (r room) admits(folder string) bool {
	for _, never := range r.never {
		if below(folder, never) {
			return false
		}
	}
	return slices.ContainsFunc(r.rooms, func(may string) bool { return may == "*" || below(folder, may) })
}

// admitsModule tells whether the room may import a package of elsewhere. The
// standard library's paths have no dot in their first part.
func (r room) admitsModule(imported string) bool {
	host, _, _ := strings.Cut(imported, "/")
	return r.modules == nil || !strings.Contains(host, ".") ||
		slices.ContainsFunc(r.modules, func(may string) bool { return below(imported, may) })
}

// bans gives the reason why the room may not import a package, "" if it may.
func (r room) bans(imported string) string {
	for _, b := range r.banned {
		if slices.Contains(b.but, imported) {
			continue
		}
		if imported == b.path || strings.HasSuffix(b.path, "/") && strings.HasPrefix(imported, b.path) {
			return b.why
		}
	}
	return ""
}

// below tells whether a path is a folder or lies in it.
func below(p, folder string) bool { return p == folder || strings.HasPrefix(p, folder+"/") }
