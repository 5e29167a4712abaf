// Bundle builds the static bundle in web/dist: everything a browser gets, in a
// form that any web server can serve from any folder.
//
//	go run ./scripts/bundle [--quick] [--version V] [--root DIR]
//
// # What goes in
//
//	index.html                     the session page
//	web/pages/*.html               the other pages
//	web/{css,js,fonts,icons,i18n}  everything the pages use
//	wasm/NAME (package main)       built for the browser as NAME.wasm
//	wasm_exec.js                   Go's own loader, from GOROOT
//
// A file's logical name is its base name ("boot.js", "client.wasm"); two files
// of one name are an error.
//
// # What comes out
//
// One flat folder. Pages keep their names; every other file gets eight digits of
// its content's hash, as in client-3f2a9c1b.wasm, so that browsers may keep it for
// ever. The hash covers the file and all that it refers to: what does not change
// keeps its name. assets.json maps logical names to {"file", "size"}. Beside each
// file that gets smaller by it lie a .br (brotli) and a .gz. The same input gives
// the same bytes.
//
// # How files refer to each other
//
// Between JavaScript modules, by import specifier, as everywhere:
//
//	import { t } from "./i18n.js";
//
// Everything else, in pages, styles, scripts, icons and manifests, by
// asset:NAME with a literal logical name:
//
//	<script type="module" src="asset:boot.js"></script>
//	src: url("asset:mono.woff2")
//	fetch("asset:client.wasm")
//	new Worker(new URL("asset:worker.js", import.meta.url), { type: "module" })
//
// It becomes "./NAME-hash.ext" ("./home.html" for a page). The size of a file in
// bytes, before compression, is asset-size:NAME:
//
//	const total = Number("asset-size:client.wasm");
//
// A name that no file has, a src, href, url() or import that goes around these
// rules, and a name put together at run time are errors: what the bundle refers
// to is there.
//
// # Speed
//
// Brotli at quality 11 takes most of a minute for the WASM, so compressed forms
// are kept in .cache/bundle under the hash of their content and are made again
// only when it changes. Those unused for a week are deleted.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	var b bundle
	flag.StringVar(&b.root, "root", ".", "`folder` of the repository")
	flag.StringVar(&b.version, "version", "dev", "`version` that the browser programs carry")
	quick := flag.Bool("quick", false, "compress less (brotli quality 5), for development")
	flag.Parse()
	b.quality = 11
	if *quick {
		b.quality = 5
	}
	if err := b.run(); err != nil {
		fmt.Fprintf(os.Stderr, "bundle: %v\n", err)
		os.Exit(1)
	}
}

// bundle is one run of the program.
type bundle struct {
	root    string
	version string
	quality int // of brotli, 0 to 11
}

func (b *bundle) run() error {
	cache := filepath.Join(b.root, ".cache", "bundle")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return fmt.Errorf("make cache: %w", err)
	}
	sources, err := collect(os.DirFS(b.root))
	if err != nil {
		return fmt.Errorf("collect sources: %w", err)
	}
	programs, err := buildPrograms(b.root, cache, b.version)
	if err != nil {
		return fmt.Errorf("build browser programs: %w", err)
	}
	assets, err := link(append(sources, programs...))
	if err != nil {
		return err
	}
	squeeze := compressor{folder: cache, quality: b.quality}
	if err := squeeze.all(assets); err != nil {
		return fmt.Errorf("compress: %w", err)
	}
	if err := squeeze.prune(); err != nil {
		return fmt.Errorf("tidy cache: %w", err)
	}
	changed, err := write(filepath.Join(b.root, "web", "dist"), assets)
	if err != nil {
		return fmt.Errorf("write bundle: %w", err)
	}
	report(os.Stdout, assets, changed)
	return nil
}
