package encodings_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/encodings"
)

// unhex reads bytes with blanks between them.
func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		panic(err)
	}
	return b
}

// art reads a picture: a letter is a pixel, blanks end rows.
func art(s string) codec.Target {
	colors := map[rune]string{
		'.': "\x00\x00\x00\xff", 'R': "\xff\x00\x00\xff", 'G': "\x00\xff\x00\xff", 'B': "\x00\x00\xff\xff",
		'W': "\xff\xff\xff\xff", 'a': "\x01\x02\x03\xff", 'b': "\x0a\x14\x1e\xff",
	}
	rows := strings.Fields(s)
	t, _ := codec.NewTarget(len([]rune(rows[0])), len(rows))
	t.Pix = t.Pix[:0]
	for _, c := range strings.Join(rows, "") {
		t.Pix = append(t.Pix, colors[c]...)
	}
	return t
}

// stored is zlib data of one stored block, as a stream begins; the second line of a
// stream goes without the header.
const zlibHeader = "78 01 "

func stored(data string) string {
	b := unhex(data)
	return fmt.Sprintf("00 %02x %02x %02x %02x ", len(b)&255, len(b)>>8, ^len(b)&255, ^len(b)>>8&255) + data
}

func long(data string) string  { return fmt.Sprintf("%08x", len(unhex(data))) + data }
func u16(data string) string   { return fmt.Sprintf("%04x", len(unhex(data))) + data }
func short(data string) string { return fmt.Sprintf("%02x", len(unhex(data))) + data }

type literal struct {
	name     string
	encoding int32
	payload  string // of one rectangle that fills the picture; several are painted one after the other with ";"
	want     string
}

var literals = []literal{
	{"raw: the fourth byte means nothing", encodings.Raw, "ff000000 00ff0012 0000ffff ffffff00 01020300 0a141e80", "RGB Wab"},
	{"rre: background only", encodings.RRE, "00000000 0000ff00", "BBB BBB"},
	{"rre", encodings.RRE, "00000002 00000000 ff000000 0001 0000 0002 0001 ffffff00 0000 0001 0001 0001", ".RR W.."},
	{"rre: later ones lie above", encodings.RRE, "00000002 00000000 ff000000 0000 0000 0003 0002 00ff0000 0001 0000 0001 0002", "RGR RGR"},
	{"corre", encodings.CoRRE, "00000001 ffffff00 01020300 02 00 01 02", "WWa WWa"},
	{"hextile: background", encodings.Hextile, "02 ff000000", "RR RR"},
	{"hextile: raw", encodings.Hextile, "01 ff000000 00ff0000 0000ff00 ffffff00", "RG BW"},
	{"hextile: raw, other bits set", encodings.Hextile, "ff ff000000 00ff0000 0000ff00 ffffff00", "RG BW"},
	{"hextile: foreground", encodings.Hextile, "0e 00000000 ffffff00 02 00 00 11 00", "W. .W "},
	{"hextile: coloured", encodings.Hextile, "1a 00000000 02 ff000000 00 01 0000ff00 10 01", "RB RB"},
	{
		"hextile: background and foreground go on", encodings.Hextile,
		"0e 00000000 ffffff00 01 00 f0" + "08 01 10 00" + "00",
		strings.Repeat("W", 16) + ".W" + strings.Repeat(".", 14) + ".",
	},
	{"zlibhex: as hextile", encodings.ZlibHex, "0e 00000000 ffffff00 02 00 00 11 00", "W. .W "},
	{"zlibhex: raw, without zlib", encodings.ZlibHex, "01 ff000000 00ff0000 0000ff00 ffffff00", "RG BW"},
	{"zlibhex: raw", encodings.ZlibHex, "20" + u16(zlibHeader+stored("ff000000 00ff0000 0000ff00 ffffff00")), "RG BW"},
	{"zlibhex: raw, other bits set", encodings.ZlibHex, "ff" + u16(zlibHeader+stored("ff000000 00ff0000 0000ff00 ffffff00")), "RG BW"},
	{"zlibhex: packed", encodings.ZlibHex, "4e" + u16(zlibHeader+stored("00000000 ffffff00 02 00 00 11 00")), "W. .W "},
	{"zlibhex: packed and coloured", encodings.ZlibHex, "5a" + u16(zlibHeader+stored("00000000 02 ff000000 00 01 0000ff00 10 01")), "RB RB"},
	{"zlibhex: packed, of the raw kind", encodings.ZlibHex, "41" + u16(zlibHeader+stored("ff000000 00ff0000")), "RG"},
	{
		"zlibhex: colours go on from tile to tile, and streams apart", encodings.ZlibHex,
		"4e" + u16(zlibHeader+stored("00000000 ffffff00 01 00 f0")) + "48" + u16(stored("01 00 f0")) + "20" + u16(zlibHeader+stored("ff000000")) +
			";4e" + u16(stored("00000000 ffffff00 01 10 00")) + "08 01 10 00" + "20" + u16(stored("0000ff00")),
		strings.Repeat(".W"+strings.Repeat(".", 14), 2) + "B",
	},
	{"zlib", encodings.Zlib, long(zlibHeader + stored("ff000000 00ff0000")), "RG"},
	{"zlib: the stream goes on", encodings.Zlib, long(zlibHeader+stored("ff000000 00ff0000")) + ";" + long(stored("0000ff00 ffffff00")), "BW"},
	{"zlib: with the flush", encodings.Zlib, long(zlibHeader+stored("ff000000 00ff0000")+"000000ffff") + ";" + long(stored("0000ff00 ffffff00")+"000000ffff"), "BW"},
	{"trle: raw", encodings.TRLE, "00 ff0000 00ff00 0000ff ffffff", "RG BW"},
	{"trle: solid", encodings.TRLE, "01 01 02 03", "aa aa"},
	{"trle: 1 bit", encodings.TRLE, "02 ff0000 0000ff 5f bf", "RBR BRB"},
	{"trle: 1 bit, two bytes", encodings.TRLE, "02 ff0000 0000ff 01 80", "RRRRRRRBB"},
	{"trle: 2 bits", encodings.TRLE, "03 ff0000 00ff00 0000ff 18 80", "RGBRB"},
	{"trle: 4 bits", encodings.TRLE, "05 ff0000 00ff00 0000ff ffffff 010203 01 20 34 00", "RGB WaR"},
	{"trle: runs", encodings.TRLE, "80 ff0000 01 00ff00 02 0000ff 00", "RRG GGB"},
	{"trle: palette runs", encodings.TRLE, "82 ff0000 0000ff 00 81 02 80 01", "RBB BRR"},
	{"trle: run of 256", encodings.TRLE, "80 ff0000 ff 00", strings.Repeat("RRRRRRRRRRRRRRRR ", 16)},
	{"trle: palette used again", encodings.TRLE, "02 ff0000 0000ff 0000" + "7f 80", "RRRRRRRRRRRRRRRRB"},
	{"trle: palette used again in runs", encodings.TRLE, "82 ff0000 0000ff 80 0f" + "81 81 01", "RRRRRRRRRRRRRRRR" + "BB"},
	{"zrle: solid", encodings.ZRLE, long(zlibHeader + stored("01 0a141e")), "bb bb"},
	{"zrle: two tiles", encodings.ZRLE, long(zlibHeader + stored("01 ff0000") + stored("80 0000ff 01")), strings.Repeat("R", 64) + "BB"},
	{"zrle: the stream goes on", encodings.ZRLE, long(zlibHeader+stored("01 ff0000")) + ";" + long(stored("01 00ff00")), "G"},
	{"tight: fill", encodings.Tight, "80 01 02 03", "aaa aaa"},
	{"tight: under 12 bytes", encodings.Tight, "00 ff0000 00ff00 0000ff", "RGB"},
	{"tight: copy", encodings.Tight, "00" + short(zlibHeader+stored("ff0000 00ff00 0000ff ffffff")), "RG BW"},
	{"tight: copy, filter named", encodings.Tight, "60 00" + short(zlibHeader+stored("ff0000 00ff00 0000ff ffffff")), "RG BW"},
	{"tight: two colours", encodings.Tight, "50 01 01 000000 ffffff a0 40", "W.W .W."},
	{"tight: palette", encodings.Tight, "50 01 02 ff0000 00ff00 0000ff 00 01 02 02 01 00", "RGB BGR"},
	{"tight: gradient", encodings.Tight, "40 02 0a141e 000000 000000", "bbb"},
	{"tight: gradient, kept in range", encodings.Tight, "e0 02 ff0000 01ff00 0100ff ff0000", "RG BW"},
	{"tight: gradient, kept in range above", encodings.Tight, "e0 02 000000 ffffff ffffff 000000", ".W WW"},
	{"tight: streams apart, and reset", encodings.Tight, "00" + short(zlibHeader+stored("ff0000 00ff00 0000ff ffffff")) +
		";30" + short(zlibHeader+stored("ffffff ffffff ffffff ffffff")) +
		";00" + short(stored("ffffff 00ff00 0000ff ffffff")) +
		";80 000000" + ";81 000000" + ";00" + short(zlibHeader+stored("0000ff 00ff00 0000ff ff0000")), "BG BR"},
	{"tight: without zlib", encodings.Tight, "a0 ff0000 00ff00 0000ff ffffff", "RG BW"},
	{"tight: without zlib, palette", encodings.Tight, "e0 01 02 ff0000 00ff00 0000ff" + "000102000102 000102000102", "RGBRGB RGBRGB"},
	{"tightpng: fill", encodings.TightPNG, "80 ffffff", "WW"},
}

func TestLiteralBytes(t *testing.T) {
	for _, test := range literals {
		testLiteral(t, test, codec.RGBX)
	}
}

// Pixels of fewer bits, for slow lines.
func TestFewerBits(t *testing.T) {
	// R, G, B, W and black: f800, 07e0, 001f, ffff; 07, 38, c0, ff.
	for format, tests := range map[codec.Format][]literal{
		codec.RGB565: {
			{"raw", encodings.Raw, "00f8 e007 1f00 ffff 0000 0000", "RGB W.."},
			{"rre", encodings.RRE, "00000001 0000 00f8 0001 0000 0002 0001", ".RR ..."},
			{"corre", encodings.CoRRE, "00000001 ffff 1f00 02 00 01 02", "WWB WWB"},
			{"hextile", encodings.Hextile, "1a 0000 02 00f8 00 01 1f00 10 01", "RB RB"},
			{"hextile: raw", encodings.Hextile, "01 00f8 e007 1f00 ffff", "RG BW"},
			{"zlibhex", encodings.ZlibHex, "4e" + u16(zlibHeader+stored("0000 ffff 02 00 00 11 00")), "W. .W "},
			{"zlibhex: raw", encodings.ZlibHex, "20" + u16(zlibHeader+stored("00f8 e007 1f00 ffff")), "RG BW"},
			{"zlib", encodings.Zlib, long(zlibHeader + stored("00f8 e007")), "RG"},
			{"trle: raw", encodings.TRLE, "00 00f8 e007 1f00 ffff", "RG BW"},
			{"trle: runs", encodings.TRLE, "80 00f8 01 e007 02 1f00 00", "RRG GGB"},
			{"trle: palette", encodings.TRLE, "02 00f8 1f00 5f bf", "RBR BRB"},
			{"zrle", encodings.ZRLE, long(zlibHeader + stored("01 00f8") + stored("80 1f00 01")), strings.Repeat("R", 64) + "BB"},
			{"tight: fill", encodings.Tight, "80 00f8", "RR"},
			{"tight: under 12 bytes", encodings.Tight, "00 00f8 e007 1f00 ffff 0000", "RGBW."},
			{"tight: copy", encodings.Tight, "00" + short(zlibHeader+stored("00f8 e007 1f00 ffff 0000 00f8")), "RGB W.R"},
			{"tight: palette", encodings.Tight, "50 01 02 00f8 e007 1f00 00 01 02 02 01 00", "RGB BGR"},
			{"tight: gradient", encodings.Tight, "40 02 00f8 0000 1f08 0000", "RR BB"}, // 1f08: the differences of red by 1, which goes round, and blue
			{"tight: gradient, kept in range", encodings.Tight, "e0 02 0000 ffff ffff 0000", ".W WW"},
		},
		codec.BGR233: {
			{"raw", encodings.Raw, "07 38 c0 ff 00 00", "RGB W.."},
			{"rre", encodings.RRE, "00000001 00 07 0001 0000 0002 0001", ".RR ..."},
			{"hextile", encodings.Hextile, "1a 00 02 07 00 01 c0 10 01", "RB RB"},
			{"zlib", encodings.Zlib, long(zlibHeader + stored("07 38")), "RG"},
			{"trle: runs", encodings.TRLE, "80 07 01 38 02 c0 00", "RRG GGB"},
			{"zrle", encodings.ZRLE, long(zlibHeader + stored("02 07 c0 40")), "RB"},
			{"tight: fill", encodings.Tight, "80 c0", "BB"},
			{"tight: copy", encodings.Tight, "00" + short(zlibHeader+stored("07 38 c0 ff 00 07 07 38 c0 ff 00 07")), "RGBW.R RGBW.R"},
			{"tight: gradient", encodings.Tight, "40 02 07 00 c1 00", "RR BB"},
		},
	} {
		for _, test := range tests {
			testLiteral(t, test, format)
		}
	}
	// What lies between is spread over the whole range.
	for _, c := range []struct {
		format codec.Format
		bytes  []byte
		want   uint32
	}{
		{codec.RGB565, []byte{0x10, 0x84}, 0xff848284}, {codec.RGB565, []byte{0x21, 0x08}, 0xff080408}, {codec.BGR233, []byte{0x64}, 0xff559292},
	} {
		if got := c.format.Pixel(c.bytes); got != c.want {
			t.Errorf("% x in format %d: %08x, want %08x", c.bytes, c.format, got, c.want)
		}
	}
}

func testLiteral(t *testing.T, test literal, format codec.Format) {
	t.Helper()
	{
		want := art(test.want)
		for _, piece := range []int{1, 3, 1 << 20} {
			got, _ := codec.NewTarget(want.Width, want.Height)
			got.Format = format
			set := encodings.New(nil)
			for _, payload := range strings.Split(test.payload, ";") {
				if err := inPieces(set, test.encoding, got, unhex(payload), piece); err != nil {
					t.Errorf("%s, pieces of %d: %v", test.name, piece, err)
				}
			}
			if !bytes.Equal(got.Pix, want.Pix) {
				t.Errorf("%s, pieces of %d: % x, want % x", test.name, piece, got.Pix, want.Pix)
			}
		}
	}
}

func inPieces(set *encodings.Set, encoding int32, dst codec.Target, payload []byte, piece int) error {
	d := set.Decoder(encoding)
	if err := d.Begin(dst, codec.Rect{W: dst.Width, H: dst.Height}); err != nil {
		return err
	}
	for len(payload) > 0 {
		n, err := d.Write(payload[:min(piece, len(payload))])
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("%d bytes: %w", len(payload), codec.ErrLong)
		}
		payload = payload[n:]
	}
	if !d.Done() {
		return codec.ErrShort
	}
	return nil
}
