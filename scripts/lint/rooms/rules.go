package main

// module is the path that imports of the rooms begin with.
const module = "github.com/porthole-rac/porthole/"

// room says what the packages of one top-level folder may import.
type room struct {
	rooms   []string // folders of this module; "*" stands for all
	never   []string // folders that rooms would allow
	banned  []ban    // packages of elsewhere; tests may use them
	modules []string // modules of elsewhere; nil: any. Tests may use others
	limits  []limit  // members of packages; tests may use them
}

// ban names packages that are not imported: one, or with a final "/" all below.
// The packages in but are allowed all the same.
type ban struct {
	path string
	but  []string
	why  string
}

// limit names the members of a package that are not used, or, with only, those
// that alone are.
type limit struct {
	path string
	not  []string
	only []string
	why  string
}

// rooms are the arrows of docs/ARCHITECTURE.md: cmd → relay → authority →
// protocol, and wasm → protocol.
var rooms = map[string]room{
	"protocol": {
		rooms: []string{"protocol"},
		modules: []string{
			"github.com/klauspost/compress", // inflate with state that can be kept between rectangles
			"github.com/mattn/go-runewidth", // widths of characters
			"github.com/rivo/uniseg",        // grapheme clusters
			"golang.org/x/crypto",           // MD4, for NTLM
			"golang.org/x/text",             // character sets
		},
		banned: []ban{
			{"C", nil, "does not build for the browser"},
			{"net", nil, "opens sockets; net/netip has the addresses"},
			{"net/", []string{"net/netip", "net/url"}, "opens sockets"},
			{"os", nil, "does I/O"},
			{"os/", nil, "does I/O"},
			{"io/ioutil", nil, "does I/O"},
			{"log", nil, "writes to a global logger; return an error or an event"},
			{"syscall", nil, "does I/O"},
			{"syscall/", nil, "does I/O"},
			{"crypto/tls", nil, "does I/O"},
			{"crypto/rand", nil, "randomness is passed in"},
		},
		limits: []limit{
			{"time", []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}, nil, "reads the clock: time is passed in"},
			{"fmt", []string{"Print", "Printf", "Println", "Scan", "Scanf", "Scanln"}, nil, "does I/O"},
			{"log/slog", nil, []string{"Attr", "Value", "LogValuer", "StringValue", "GroupValue", "String", "Int"}, "writes to a global logger; return an error or an event"},
			{"math/rand", nil, seeded, "randomness is passed in"},
			{"math/rand/v2", nil, seeded, "randomness is passed in"},
		},
	},
	"authority": {rooms: []string{"authority", "protocol"}},
	"relay": {
		rooms: []string{"relay", "authority", "protocol"},
		// cmd hands them in as authority.Authority.
		never: []string{"authority/embedded", "authority/authentik"},
	},
	"wasm": {
		rooms: []string{"wasm", "protocol"},
		banned: []ban{
			{"net/http", nil, "adds 1.2 MB to the page; use the browser's fetch"},
			{"github.com/hajimehoshi/ebiten/v2/text/", nil, "adds 0.8 MB to the page; the browser draws the glyphs"},
		},
	},
	"web":     {rooms: []string{"web"}},
	"cmd":     {rooms: []string{"*"}},
	"scripts": {rooms: []string{"*"}},
	"test":    {rooms: []string{"*"}},
}

// realServers is what tests of every room may import: it starts servers that are
// not ours.
const realServers = "scripts/targets"

// seeded are the members of math/rand that draw from a source that is passed in.
var seeded = []string{"New", "NewSource", "NewPCG", "NewChaCha8", "NewZipf", "Rand", "Source", "Source64", "PCG", "ChaCha8", "Zipf"}

// empty are package names that say nothing about what is inside.
var empty = map[string]bool{"util": true, "utils": true, "common": true, "helper": true, "helpers": true, "misc": true}

// longest is how many lines a file may have. The aim is 500; beyond 600 nobody
// would say that it holds one idea.
const longest = 600

// counted are the kinds of files that longest holds for.
var counted = map[string]bool{".go": true, ".js": true, ".css": true, ".html": true}

// skipped are folders with nothing written by hand in them.
var skipped = map[string]bool{"bin": true, "web/dist": true, "node_modules": true, "vendor": true, "testdata": true}
