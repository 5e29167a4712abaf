// Package web holds what browsers get: pages, styles, fonts, the JavaScript
// around the WebAssembly programs. scripts/bundle makes web/dist of them, which
// is embedded here and can be put on any web server as well.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Bundle gives the files of web/dist. It is empty but for .gitkeep in a program
// built before the bundle was.
func Bundle() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the directive above names the folder
	}
	return sub
}
