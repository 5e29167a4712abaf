package shell_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"testing"
)

// sixel is a picture of 48×36 pixels: a red field with a blue stripe.
const sixel = "\x1bPq#1;2;90;10;10#2;2;10;20;90" + "#1!48~$-#1!24~#2!24~$-#2!48~$-#1!48~$-#1!48~$-#1!48~$\x1b\\"

func gradient(t *testing.T, w, h int) string {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetNRGBA(x, y, color.NRGBA{byte(255 * x / w), byte(255 * y / h), 128, 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// TestPictures: sixel, a file by iTerm2's way, and kitty's below the text.
func TestPictures(t *testing.T) {
	p := newPage(t, 8*40, 17*10, nil)
	p.output("sixel \r\n" + sixel + "\x1b[2;20Hfile\x1b[3;20H")
	p.output("\x1b]1337;File=inline=1;width=60px;height=40px:" + gradient(t, 120, 80) + "\a")
	p.output("\x1b[7;1H\x1b_Ga=T,f=100,z=-1,c=18,r=3,C=1;" + gradient(t, 90, 30) + "\x1b\\text \x1b[41mabove\x1b[m it")
	p.golden("pictures")
	p.same("pictures")
	for i := range 4 {
		p.output(fmt.Sprintf("\x1b[10;1H\nline %d", i))
		p.same("scrolled")
	}
	if p.pic.copies == 0 {
		t.Error("pictures that scroll are drawn anew")
	}
	p.output("\x1b[2J")
	p.same("cleared")
}
