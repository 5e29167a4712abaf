// Package web holds the browser's side as files: pages, styles, scripts, icons,
// fonts and translations, and the static bundle that scripts/bundle makes of
// them in web/dist.
//
// Only the bundle is embedded in the program. Until it has been built (make
// build), dist holds nothing but .gitkeep, and the relay says so on its pages.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Bundle gives the files of web/dist: index.html at the root, all others beside
// it, with their compressed forms (.br, .gz).
func Bundle() fs.FS {
	bundle, err := fs.Sub(dist, "dist")
	if err != nil {
		panic("web: " + err.Error()) // "dist" is a constant and a valid path
	}
	return bundle
}
