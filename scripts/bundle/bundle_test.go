package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/andybalholm/brotli"
	"github.com/google/go-cmp/cmp"
)

// tree is a small site that uses every way to refer to a file.
func tree() fstest.MapFS {
	return files(map[string]string{
		"index.html": `<link rel="stylesheet" href="asset:session.css"><script type="module" src="asset:boot.js"></script>` +
			`<a href="asset:home.html">back</a> <a href="#top">top</a> <a href="https://example.org/a.html">away</a> <a href="./">root</a>`,
		"web/pages/home.html":    `<script type="module" src="asset:home.js"></script>`,
		"web/js/boot.js":         "// Write asset:NAME for files.\nimport { t } from './text.js';\nfetch('asset:client.wasm'); fetch('./porthole.json');\nconst all = +'asset-size:client.wasm'; import('./menu.js');\n",
		"web/js/menu.js":         `import "./boot.js";`,
		"web/js/home.js":         `export { t } from "../js/text.js";`,
		"web/js/text.js":         `export const t = { en: "asset:en.json" };`,
		"web/i18n/en.json":       `{}`,
		"web/css/session.css":    `@font-face { src: url(asset:mono.woff2) } body { background: url("asset:logo.svg") }`,
		"web/fonts/mono.woff2":   "wOF2",
		"web/fonts/OFL.txt":      "licence",
		"web/icons/logo.svg":     `<svg><circle fill="url(#shade)"/></svg>`,
		"web/css/.session.css.x": "an editor's",
		"web/css/session.css~":   "an editor's",
	})
}

func files(texts map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range texts {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

// build links a tree as run does, with a stand-in for the browser program.
func build(fsys fstest.MapFS) (map[string]*asset, error) {
	sources, err := collect(fsys)
	if err != nil {
		return nil, err
	}
	assets, err := link(append(sources, &source{name: "client.wasm", path: "wasm/client", data: []byte("\x00asm asset:nothing.js")}))
	byName := make(map[string]*asset)
	for _, a := range assets {
		byName[a.name] = a
	}
	return byName, err
}

func mustBuild(t *testing.T, fsys fstest.MapFS) map[string]*asset {
	t.Helper()
	assets, err := build(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return assets
}

func TestReferencesLeadToHashedFiles(t *testing.T) {
	assets := mustBuild(t, tree())
	var names []string
	for name, a := range assets {
		names = append(names, name)
		if name != manifest && !strings.HasSuffix(name, ".html") && !regexp.MustCompile(`^[\w]+-[0-9a-f]{8}\.\w+$`).MatchString(a.file) {
			t.Errorf("%s is called %s: no hash", name, a.file)
		}
	}
	if len(names) != 13 {
		t.Errorf("assets %q, want 13", names)
	}
	for _, want := range []struct{ in, text string }{
		{"index.html", `href="./` + assets["session.css"].file + `"`},
		{"index.html", `src="./` + assets["boot.js"].file + `"`},
		{"index.html", `<a href="./home.html">`},
		{"boot.js", "from './" + assets["text.js"].file + "'"},
		{"boot.js", "fetch('./" + assets["client.wasm"].file + "'); fetch('./porthole.json')"},
		{"boot.js", "+'21'; import('./" + assets["menu.js"].file + "')"},
		{"boot.js", "// Write asset:NAME for files."},
		{"home.js", `from "./` + assets["text.js"].file + `"`},
		{"text.js", `"./` + assets["en.json"].file + `"`},
		{"session.css", `url(./` + assets["mono.woff2"].file + `)`},
	} {
		if got := string(assets[want.in].data); !strings.Contains(got, want.text) {
			t.Errorf("%s lacks %s:\n%s", want.in, want.text, got)
		}
	}
	var listed map[string]listing
	if err := json.Unmarshal(assets[manifest].data, &listed); err != nil {
		t.Fatal(err)
	}
	if got, want := listed["client.wasm"], (listing{File: assets["client.wasm"].file, Size: 21}); got != want {
		t.Errorf("manifest says %+v, want %+v", got, want)
	}
}

// A browser keeps a file for ever by its name, so a file must get a new name when
// anything in it changes, names of others included, and only then.
func TestNamesFollowContent(t *testing.T) {
	before := mustBuild(t, tree())
	if diff := cmp.Diff(named(before), named(mustBuild(t, tree()))); diff != "" {
		t.Errorf("two runs differ:\n%s", diff)
	}
	for _, change := range []struct {
		file    string
		renamed []string
	}{
		{"web/i18n/en.json", []string{"boot.js", "en.json", "home.js", "menu.js", "text.js"}},
		{"web/icons/logo.svg", []string{"logo.svg", "session.css"}},
		{"web/js/menu.js", []string{"boot.js", "menu.js"}}, // they import each other
		{"web/pages/home.html", nil},
	} {
		fsys := tree()
		fsys[change.file].Data = append(fsys[change.file].Data, ' ')
		after := mustBuild(t, fsys)
		want := named(before)
		for _, name := range change.renamed {
			want[name] = after[name].file
			if after[name].file == before[name].file {
				t.Errorf("%s keeps its name %s when %s changes", name, after[name].file, change.file)
			}
		}
		if diff := cmp.Diff(want, named(after)); diff != "" {
			t.Errorf("a change of %s renames others:\n%s", change.file, diff)
		}
	}
}

func named(assets map[string]*asset) map[string]string {
	names := make(map[string]string)
	for name, a := range assets {
		names[name] = a.file
	}
	return names
}

func TestBrokenReferencesAreErrors(t *testing.T) {
	for _, c := range []struct{ file, text, want string }{
		{"web/js/a.js", "\n\nfetch('asset:gone.wasm')", "web/js/a.js:3: no file is called gone.wasm"},
		{"web/js/a.js", `import x from "./gone.js"`, "web/js/a.js:1: import of web/js/gone.js, which does not exist"},
		{"web/js/a.js", `import("../gone.js")`, "import of web/gone.js"},
		{"web/js/a.js", "fetch(`asset:${language}.json`)", "needs a literal file name"},
		{"web/js/a.js", `fetch("asset:" + name)`, "needs a literal file name"},
		{"web/js/a.js", `"asset-size:boot.js"`, "refer to nothing"},
		{"web/pages/b.html", `<script src="../js/boot.js">`, "write asset:boot.js instead of ../js/boot.js"},
		{"web/pages/b.html", `<a href=home.html?x#y>`, "write asset:home.html?x#y instead"},
		{"web/css/c.css", `a { b: url(../icons/logo.svg) }`, "write asset:logo.svg instead"},
		{"web/css/c.css", `@import "session.css"`, "write asset:session.css instead"},
		{"web/icons/boot.js", ``, "web/js/boot.js and web/icons/boot.js have the same name"},
		{"web/js/a.ts", ``, "no files of this kind"},
	} {
		fsys := tree()
		fsys[c.file] = &fstest.MapFile{Data: []byte(c.text)}
		_, err := build(fsys)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s with %q: error %v, want %q", c.file, c.text, err, c.want)
		}
	}
	if _, err := build(fstest.MapFS{}); err == nil || !strings.Contains(err.Error(), "session page") {
		t.Errorf("a tree without index.html: error %v", err)
	}
}

func TestPrograms(t *testing.T) {
	got, err := programs(files(map[string]string{
		"wasm/client/main.go": "//go:build js\n\npackage main", "wasm/client/draw.go": "package main",
		"wasm/grid/grid.go": "package grid", "wasm/grid/main_test.go": "package main",
		"wasm/display/main.go": "package main", "wasm/client/deep/main.go": "package main",
	}))
	if diff := cmp.Diff([]string{"client", "display"}, got); err != nil || diff != "" {
		t.Errorf("programs: %v\n%s", err, diff)
	}
}

func TestCompressedForms(t *testing.T) {
	long := []byte(strings.Repeat("porthole ", 100))
	assets := []*asset{{name: "long", file: "long", data: long}, {name: "short", file: "short", data: long[:255]}}
	squeeze := compressor{folder: t.TempDir(), quality: 5}
	if err := squeeze.all(assets); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(brotli.NewReader(bytes.NewReader(assets[0].br))); err != nil || !bytes.Equal(got, long) {
		t.Errorf("brotli gives %q, %v", got, err)
	}
	z, err := gzip.NewReader(bytes.NewReader(assets[0].gz))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(z); err != nil || !bytes.Equal(got, long) {
		t.Errorf("gzip gives %q, %v", got, err)
	}
	if assets[1].br != nil || assets[1].gz != nil {
		t.Error("a file of 255 bytes was compressed")
	}

	// The second run takes the forms from the cache: a mark put there shows.
	cached, err := filepath.Glob(filepath.Join(squeeze.folder, "*.br5"))
	if err != nil || len(cached) != 1 {
		t.Fatalf("cache holds %q, %v", cached, err)
	}
	if err := os.WriteFile(cached[0], []byte("mark"), 0o600); err != nil {
		t.Fatal(err)
	}
	again := []*asset{{name: "long", file: "long", data: long}}
	if err := squeeze.all(again); err != nil || string(again[0].br) != "mark" {
		t.Errorf("second run gives %q, %v", again[0].br, err)
	}
}

func TestWriteLeavesOnlyTheAssets(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{".gitkeep", "old-00000000.js", "old-00000000.js.br"} {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	assets := []*asset{{name: "a.js", file: "a-1.js", data: []byte("a"), br: []byte("b")}}
	for _, want := range []int{4, 0} { // two written, two deleted; then nothing
		if changed, err := write(folder, assets); changed != want || err != nil {
			t.Errorf("write changes %d files, %v; want %d", changed, err, want)
		}
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if diff := cmp.Diff([]string{".gitkeep", "a-1.js", "a-1.js.br"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestReportWeighsPages(t *testing.T) {
	assets := mustBuild(t, tree())
	files, bytes := weight(assets["home.html"], assets)
	want := 0
	for _, name := range []string{"home.html", "home.js", "text.js", "en.json"} {
		want += len(assets[name].data)
	}
	if files != 4 || bytes != want {
		t.Errorf("home.html weighs %d files, %d bytes; want 4, %d", files, bytes, want)
	}
}
