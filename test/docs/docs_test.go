// Package docs_test checks what the documentation says against the code, so that
// it cannot rot: links, codes, settings, flags.
package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

const root = "../.."

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// pages are all pages in Markdown, by their names from the root.
func pages(t *testing.T) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || d.Name() == "testdata"):
			return fs.SkipDir
		case path.Ext(name) == ".md":
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#{1,6} +(.+?) *$`)
	fence   = regexp.MustCompile("(?ms)^```.*?^```")
)

// anchors are the names that a page's headings have, as GitHub and others make
// them.
func anchors(text string) map[string]bool {
	all := make(map[string]bool)
	for _, m := range heading.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		name := strings.Map(func(r rune) rune {
			switch {
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			case r == ' ':
				return '-'
			}
			return -1
		}, m[1])
		all[name] = true
	}
	return all
}

func TestLinksLeadSomewhere(t *testing.T) {
	names := pages(t)
	if len(names) < 10 {
		t.Errorf("only %d pages found", len(names))
	}
	for _, name := range names {
		for _, m := range link.FindAllStringSubmatch(fence.ReplaceAllString(read(t, name), ""), -1) {
			u, err := url.Parse(m[1])
			if err != nil {
				t.Errorf("%s: link %s: %v", name, m[1], err)
				continue
			}
			if u.Scheme != "" {
				continue
			}
			to := name
			if u.Path != "" {
				to = path.Join(path.Dir(name), u.Path)
			}
			if _, err := os.Stat(filepath.Join(root, to)); err != nil {
				t.Errorf("%s: link %s leads nowhere", name, m[1])
				continue
			}
			if u.Fragment != "" && path.Ext(to) == ".md" && !anchors(read(t, to))[u.Fragment] {
				t.Errorf("%s: link %s: there is no such heading", name, m[1])
			}
		}
	}
}

// sources parses the Go files of a folder, without tests.
func sources(t *testing.T, folder string) []*ast.File {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no sources in %s: %v", folder, err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

func literal(e ast.Expr) (string, bool) {
	b, ok := e.(*ast.BasicLit)
	if !ok || b.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(b.Value)
	return s, err == nil
}

// inTable checks that each name begins a row of a table, or is listed in one.
func inTable(t *testing.T, page, what string, names map[string]bool, least int) {
	t.Helper()
	if len(names) < least {
		t.Errorf("only %d %s found in the code", len(names), what)
	}
	var cells strings.Builder
	for line := range strings.Lines(read(t, page)) {
		if rest, ok := strings.CutPrefix(line, "| `"); ok {
			first, _, _ := strings.Cut("`"+rest, " | ")
			cells.WriteString(first + "\n")
		}
	}
	for name := range names {
		if !strings.Contains(cells.String(), "`"+name+"`") {
			t.Errorf("%s does not explain the %s %q", page, what, name)
		}
	}
}

func TestEveryEndIsExplained(t *testing.T) {
	names := make(map[string]bool)
	for _, f := range sources(t, "protocol/wire") {
		ast.Inspect(f, func(n ast.Node) bool {
			if s, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(s.Names[0].Name, "End") && len(s.Values) == 1 {
				if code, ok := literal(s.Values[0]); ok {
					names[code] = true
				}
			}
			return true
		})
	}
	inTable(t, "docs/errors.md", "end code", names, 27)
}

// Notices are composite literals wire.Notice or target.Notice with a Code, or
// calls of the page's notice function; an API's problems have their code second.
func TestEveryNoticeAndProblemIsExplained(t *testing.T) {
	notices, problems := make(map[string]bool), make(map[string]bool)
	field := func(c *ast.CompositeLit, key string) (string, bool) {
		for _, e := range c.Elts {
			kv, ok := e.(*ast.KeyValueExpr)
			if !ok {
				continue
			}
			name := ""
			if id, ok := kv.Key.(*ast.Ident); ok {
				name = id.Name
			} else if s, ok := literal(kv.Key); ok {
				name = s
			}
			if name == key {
				return literal(kv.Value)
			}
		}
		return "", false
	}
	for _, folder := range []string{"relay/session", "relay/target/ssh", "wasm/client", "authority/embedded/api"} {
		for _, f := range sources(t, folder) {
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CompositeLit:
					if s, ok := n.Type.(*ast.SelectorExpr); ok && s.Sel.Name == "Notice" {
						if code, ok := field(n, "Code"); ok {
							notices[code] = true
						}
					}
					if id, ok := n.Type.(*ast.Ident); ok && id.Name == "problem" && len(n.Elts) == 4 {
						if code, ok := literal(n.Elts[1]); ok {
							problems[code] = true
						}
					}
				case *ast.CallExpr:
					if len(n.Args) == 2 {
						if s, ok := n.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "say" {
							if code, ok := literal(n.Args[0]); ok {
								notices[code] = true
							}
						}
						if name, _ := literal(n.Args[0]); name == "notice" {
							if c, ok := n.Args[1].(*ast.CompositeLit); ok {
								if code, ok := field(c, "code"); ok {
									notices[code] = true
								}
							}
						}
					}
				}
				return true
			})
		}
	}
	inTable(t, "docs/errors.md", "notice", notices, 8)
	inTable(t, "docs/errors.md", "code of the API", problems, 8)
}

// The parser of settings takes each by a call with its name; those for later are
// in a map.
func TestEverySettingIsExplained(t *testing.T) {
	names := make(map[string]bool)
	takes := map[string]bool{
		"text": true, "textOr": true, "secret": true, "bool": true, "number": true, "seconds": true,
		"boolOr": true, "choice": true, "words": true, "fingerprints": true,
	}
	for _, f := range sources(t, "protocol/settings") {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if s, ok := n.Fun.(*ast.SelectorExpr); ok && takes[s.Sel.Name] && len(n.Args) > 0 {
					if name, ok := literal(n.Args[0]); ok {
						names[name] = true
					}
				}
			case *ast.ValueSpec:
				if n.Names[0].Name != "later" || len(n.Values) != 1 {
					return true
				}
				for _, e := range n.Values[0].(*ast.CompositeLit).Elts {
					if name, ok := literal(e.(*ast.KeyValueExpr).Key); ok {
						names[name] = true
					}
				}
			}
			return true
		})
	}
	inTable(t, "docs/settings.md", "setting", names, 85)
}

// Flags of the command line are made by calls such as f.StringVar(&v, "name", …).
func TestEveryFlagIsExplained(t *testing.T) {
	for _, tt := range []struct {
		page  string
		in    string // functions, with blanks between them
		least int
	}{
		{"docs/admin-guide.md", "root serveCommand", 17},
		{"docs/authentik.md", "outpostCommand", 5},
	} {
		names := make(map[string]bool)
		for _, f := range sources(t, "cmd/porthole") {
			ast.Inspect(f, func(n ast.Node) bool {
				d, ok := n.(*ast.FuncDecl)
				if !ok || !slices.Contains(strings.Fields(tt.in), d.Name.Name) {
					return true
				}
				ast.Inspect(d, func(n ast.Node) bool {
					if c, ok := n.(*ast.CallExpr); ok {
						if s, ok := c.Fun.(*ast.SelectorExpr); ok && strings.HasSuffix(s.Sel.Name, "Var") && len(c.Args) >= 3 {
							if name, ok := literal(c.Args[1]); ok {
								names["--"+name] = true
							}
						}
					}
					return true
				})
				return false
			})
		}
		inTable(t, tt.page, "flag", names, tt.least)
	}
}

func TestEveryMetricIsExplained(t *testing.T) {
	for _, tt := range []struct {
		page, of string
		least    int
	}{
		{"docs/admin-guide.md", "relay/server", 8},
		{"docs/authentik.md", "authority/authentik", 8},
	} {
		names := make(map[string]bool)
		for _, f := range sources(t, tt.of) {
			ast.Inspect(f, func(n ast.Node) bool {
				if b, ok := n.(ast.Expr); ok {
					if s, ok := literal(b); ok && (strings.HasPrefix(s, "porthole_") || strings.HasPrefix(s, "authentik_outpost_")) {
						names[s] = true
					}
				}
				return true
			})
		}
		inTable(t, tt.page, "metric", names, tt.least)
	}
}

func TestEveryVariableOfOutpostsIsExplained(t *testing.T) {
	names := map[string]bool{"SSL_CERT_FILE": true, "HTTPS_PROXY": true}
	for _, f := range sources(t, "cmd/porthole") {
		ast.Inspect(f, func(n ast.Node) bool {
			if b, ok := n.(ast.Expr); ok {
				if s, ok := literal(b); ok && strings.HasPrefix(s, "AUTHENTIK_") && strings.ToUpper(s) == s && !strings.ContainsAny(s, " :") {
					names[s] = true
				}
			}
			return true
		})
	}
	inTable(t, "docs/authentik.md", "variable", names, 8)
}

// What the pages for programmers name must be there: tests, fuzz targets,
// folders and files. What is reserved is not built.
func TestNamedTestsAndFoldersAreThere(t *testing.T) {
	tests := make(map[string]bool)
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules"):
			return fs.SkipDir
		case strings.HasSuffix(name, "_test.go"):
			for _, m := range declared.FindAllStringSubmatch(read(t, name), -1) {
				tests[m[1]] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	quoted := regexp.MustCompile("`([^`\n]+)`")
	place := regexp.MustCompile(`^(authority|cmd|docs|protocol|relay|scripts|test|wasm|web)/[\w./-]*$`)
	test := regexp.MustCompile(`^(Test|Fuzz)[A-Z]\w+$`)
	for _, page := range []string{"docs/ARCHITECTURE.md", "docs/contributing.md", "docs/decisions.md"} {
		text, _, _ := strings.Cut(read(t, page), "\n## Reserved\n")
		found := 0
		for _, m := range quoted.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
			switch name := m[1]; {
			case name == "TestMain": // of many packages
			case test.MatchString(name):
				found++
				if !tests[name] {
					t.Errorf("%s: there is no %s", page, name)
				}
			case place.MatchString(name) && !strings.HasPrefix(name, "web/dist"):
				found++
				if _, err := os.Stat(filepath.Join(root, name)); err != nil {
					t.Errorf("%s: there is no %s", page, name)
				}
			}
		}
		if found == 0 {
			t.Errorf("%s: names nothing", page)
		}
	}
}
