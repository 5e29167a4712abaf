package glyph

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"golang.org/x/image/font/sfnt"
)

// The files are made by scripts/fonts. Their licences are beside them.
var (
	//go:embed data/mono.ttf.br
	monoFile []byte
	//go:embed data/mono-bold.ttf.br
	boldFile []byte
	//go:embed data/wide.br
	wideFile []byte
)

// maxFont bounds what a file unpacks to, bytes.
const maxFont = 8 << 20

func unpack(p []byte) []byte {
	b, err := io.ReadAll(io.LimitReader(brotli.NewReader(bytes.NewReader(p)), maxFont))
	if err != nil {
		panic(fmt.Sprintf("embedded font: %v", err)) // a test unpacks them all
	}
	return b
}

// outlines gives the outline font of a weight.
func outlines(bold bool) *sfnt.Font {
	if bold {
		return boldOutlines()
	}
	return monoOutlines()
}

var (
	monoOutlines = sync.OnceValue(func() *sfnt.Font { return parse(monoFile) })
	boldOutlines = sync.OnceValue(func() *sfnt.Font { return parse(boldFile) })
	// bitmaps are unpacked when somebody first shows a character that needs them.
	bitmaps = sync.OnceValue(func() *wide {
		w, err := parseWide(unpack(wideFile))
		if err != nil {
			panic(fmt.Sprintf("embedded font: %v", err))
		}
		return w
	})
)

func parse(p []byte) *sfnt.Font {
	f, err := sfnt.Parse(unpack(p))
	if err != nil {
		panic(fmt.Sprintf("embedded font: %v", err))
	}
	return f
}
