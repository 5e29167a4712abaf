package browser_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// green is a WebP picture of 8×8 pixels of 0x00ff00.
const green = "UklGRjwAAABXRUJQVlA4IDAAAAAQAgCdASoIAAgAAgA0JaACdLoB+AH4AAPIAP7mad/7WgODVf5n//vvhRHbr/MUAAA="

// encoded is a picture of 16×16 pixels of one colour, as a file in base64.
func encoded(c color.Color, encode func(*bytes.Buffer, image.Image) error) string {
	m := image.NewPaletted(image.Rect(0, 0, 16, 16), color.Palette{c})
	var b bytes.Buffer
	_ = encode(&b, m)
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

func asPNG(b *bytes.Buffer, m image.Image) error { return png.Encode(b, m) }
func asGIF(b *bytes.Buffer, m image.Image) error { return gif.Encode(b, m, nil) }
func asJPEG(b *bytes.Buffer, m image.Image) error {
	return jpeg.Encode(b, m, &jpeg.Options{Quality: 100})
}

// cat has the shell show a file with these bytes and wait.
func (b *tab) cat(stream string) {
	b.t.Helper()
	name := filepath.Join(b.t.TempDir(), "stream")
	b.must(os.WriteFile(name, []byte(stream), 0o600))
	b.send("clear; cat " + name + "; read -s x\r")
	b.until(`porthole.text().includes("shown")`)
}

// TestPictures looks at the pixels of pictures of each protocol and kind.
func TestPictures(t *testing.T) { eachDrawing(t, testPictures) }

func testPictures(b *tab) {
	t := b.t
	w, h := b.cellSize()
	blue := encoded(color.RGBA{0, 0, 255, 255}, asPNG)
	inline := func(file string) string {
		return "\x1b]1337;File=inline=1;width=4;height=1;preserveAspectRatio=0:" + file + "\a"
	}
	kitty := func(keys, payload string) string { return "\x1b_G" + keys + ",q=2;" + payload + "\x1b\\" }
	half := base64.StdEncoding.EncodeToString([]byte{255, 0, 0, 128})
	b.cat("\x1b[?25l" +
		// Row 0: sixel, two cells red, two green; the text takes one of them away.
		fmt.Sprintf("\x1bP0;0q\"1;1;%d;%d#1;2;100;0;0#2;2;0;100;0", int(4*w), int(h)) +
		strings.Repeat(fmt.Sprintf("#1!%d~#2!%d~-", int(2*w), int(2*w)), int(h+5)/6) + "\x1b\\\x1b[1;2H \r\n" +
		// Rows 1 to 4: files.
		inline(blue) + "\r\n" + inline(encoded(color.RGBA{255, 255, 0, 255}, asJPEG)) + "\r\n" +
		inline(encoded(color.RGBA{0, 255, 255, 255}, asGIF)) + "\r\n" + inline(green) + "\r\n" +
		// Row 5: below the text but above backgrounds; row 6: below these, too.
		"\x1b[41m█ \x1b[m█ \r" + kitty("a=T,f=100,i=1,c=4,r=1,z=-1", blue) + "\r\n" +
		"\x1b[41m█ \x1b[m█ \r" + kitty("a=T,f=100,i=2,c=4,r=1,z=-2000000000", blue) + "\r\n" +
		// Row 7: half transparent; row 8: to be deleted.
		"\x1b[48;2;0;0;255m    \x1b[m\r" + kitty("a=T,f=32,s=1,v=1,i=3,c=4,r=1", half) + "\r\n" +
		kitty("a=T,f=100,i=4,c=4,r=1", blue) + kitty("a=d,d=I,i=4", "") + "\r\nshown\r\n")
	for _, c := range []struct {
		what     string
		col, row int
		want     uint32
	}{
		{"sixel", 0, 0, 0xff0000},
		{"text in sixel", 1, 0, lightBack},
		{"sixel", 2, 0, 0x00ff00},
		{"sixel", 3, 0, 0x00ff00},
		{"beside it", 4, 0, lightBack},
		{"PNG", 0, 1, 0x0000ff},
		{"PNG", 3, 1, 0x0000ff},
		{"JPEG", 2, 2, 0xffff00},
		{"GIF", 2, 3, 0x00ffff},
		{"WebP", 2, 4, 0x00ff00},
		{"below text, above a background", 1, 5, 0x0000ff},
		{"text above", 2, 5, lightText},
		{"below text", 3, 5, 0x0000ff},
		{"below a background", 1, 6, lightRed},
		{"below text", 3, 6, 0x0000ff},
		{"half transparent", 1, 7, 0x80007f},
		{"deleted", 1, 8, lightBack},
	} {
		t.Run(fmt.Sprintf("%s %d,%d", c.what, c.col, c.row), func(t *testing.T) {
			(&tab{b.Page, t}).wantColor(c.col, c.row, .5, .5, c.want)
		})
	}
	// The edges of one that is drawn larger are as full as its middle.
	b.wantColor(0, 1, .05, .05, 0x0000ff)
	b.wantColor(3, 7, .95, .9, 0x80007f)
	b.shot("pictures")
}

// A picture scrolls with its lines, is there when the person scrolls back, and
// comes back when the page is loaded anew.
func TestPictureInScrollback(t *testing.T) {
	b := openOwn(t)
	blue := encoded(color.RGBA{0, 0, 255, 255}, asPNG)
	b.cat("\x1bc\x1b]1337;File=inline=1;width=4;height=2;preserveAspectRatio=0:" + blue + "\a" + strings.Repeat("\r\n", 200) + "shown")
	b.wantColor(1, 1, .5, .5, lightBack)
	b.key("Home", "Home", shift)
	b.wantColor(1, 1, .5, .5, 0x0000ff)
	b.emulate(chromedp.Reload())
	b.must(b.State("connected"))
	b.shows("shown")
	b.wantColor(1, 1, .5, .5, lightBack)
	b.key("Home", "Home", shift)
	b.wantColor(1, 1, .5, .5, 0x0000ff)
}
