package term_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/term"
)

// pngFile makes a PNG file of a size.
func pngFile(w, h int) []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, image.NewGray(image.Rect(0, 0, w, h)))
	return b.Bytes()
}

func inBase64(p []byte) string { return base64.StdEncoding.EncodeToString(p) }

// Where a file of 100×60 pixels goes, on cells of 10×20.
func TestITermSize(t *testing.T) {
	for _, c := range []struct {
		args string
		want string // pixels, cells
		x, y int    // cursor
	}{
		{"", "100x60 on 10x3", 10, 2},
		{"width=5", "50x30 on 5x2", 5, 1},
		{"width=auto;height=auto", "100x60 on 10x3", 10, 2},
		{"height=1", "33x20 on 4x1", 4, 0},
		{"width=50px", "50x30 on 5x2", 5, 1},
		{"width=50%", "100x60 on 10x3", 10, 2},
		{"width=10;height=1", "33x20 on 4x1", 4, 0},
		{"width=10;height=1;preserveAspectRatio=0", "100x20 on 10x1", 10, 0},
		{"width=20", "200x120 on 20x6", 19, 5},
		{"width=-5", "100x60 on 10x3", 10, 2},
		{"width=99999999999999999999px", "100x60 on 10x3", 10, 2},
	} {
		a, _ := pictureTerm(1 << 20)
		write(a, "\x1b]1337;File=name="+inBase64([]byte("x.png"))+";inline=1;"+c.args+":"+inBase64(pngFile(100, 60))+"\a")
		l := a.Row(0).Pieces(nil)
		if len(l) != 1 {
			t.Errorf("%q: %d pictures", c.args, len(l))
			continue
		}
		p := l[0]
		if got := fmt.Sprintf("%dx%d on %dx%d", p.W, p.H, p.Cols, p.Rows); got != c.want {
			t.Errorf("%q: %s, want %s", c.args, got, c.want)
		}
		if k := a.Cursor(); k.X != c.x || k.Y != c.y {
			t.Errorf("%q: cursor at %d,%d, want %d,%d", c.args, k.X, k.Y, c.x, c.y)
		}
	}
}

// What is shown is the file as it came, whether in one string or in parts; what
// is not to be shown is swallowed.
func TestITermFile(t *testing.T) {
	file := pngFile(30, 10)
	text := inBase64(file)
	for name, c := range map[string]struct {
		stream string
		shown  bool
	}{
		"BEL":          {"\x1b]1337;File=inline=1:" + text + "\a", true},
		"ST":           {"\x1b]1337;File=inline=1:" + text + "\x1b\\", true},
		"line breaks":  {"\x1b]1337;File=inline=1:" + text[:10] + "\r\n" + text[10:] + "\a", true},
		"parts":        {"\x1b]1337;MultipartFile=inline=1\a\x1b]1337;FilePart=" + text[:20] + "\a\x1b]1337;FilePart=" + text[20:] + "\a\x1b]1337;FileEnd\a", true},
		"download":     {"\x1b]1337;File=inline=0:" + text + "\a", false},
		"no arguments": {"\x1b]1337;File=:" + text + "\a", false},
		"no picture":   {"\x1b]1337;File=inline=1:" + inBase64([]byte("<svg xmlns='http://www.w3.org/2000/svg'/>")) + "\a", false},
		"not base64":   {"\x1b]1337;File=inline=1:" + text[:20] + "*" + text[20:] + "\a", false},
		"cancelled":    {"\x1b]1337;File=inline=1:" + text + "\x18", false},
		"no end":       {"\x1b]1337;MultipartFile=inline=1\a\x1b]1337;FilePart=" + text + "\a", false},
		"no begin":     {"\x1b]1337;FilePart=" + text + "\a\x1b]1337;FileEnd\a", false},
	} {
		a, _ := pictureTerm(1 << 20)
		write(a, c.stream+"after")
		if !strings.Contains(a.Text(), "after") {
			t.Errorf("%s: the text after it is gone", name)
		}
		l := a.Row(0).Pieces(nil)
		if c.shown != (len(l) == 1 && bytes.Equal(l[0].Picture.Data, file) && l[0].Picture.Format == term.FormatPNG) {
			t.Errorf("%s: shows %s", name, onRows(a))
		}
		b, _ := pictureTerm(1 << 20)
		for _, x := range []byte(c.stream + "after") {
			_, _ = b.Write([]byte{x})
		}
		if dump(a) != dump(b) {
			t.Errorf("%s: byte by byte:\n%s\nat once:\n%s", name, dump(b), dump(a))
		}
	}
}

func TestReportCellSize(t *testing.T) {
	a, answers := pictureTerm(0)
	write(a, "\x1b]1337;ReportCellSize\a")
	if got := answers.String(); got != "\x1b]1337;ReportCellSize=20;10;1.0\x1b\\" {
		t.Errorf("answered %q", got)
	}
}

// The size is read from the header of each kind of file.
func TestImageHeaders(t *testing.T) {
	var j, g bytes.Buffer
	_ = jpeg.Encode(&j, image.NewGray(image.Rect(0, 0, 40, 30)), nil)
	_ = gif.Encode(&g, image.NewGray(image.Rect(0, 0, 40, 30)), nil)
	exif := func(orientation byte) []byte {
		s := append([]byte("\xff\xd8\xff\xe1\x00\x22Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00"), orientation, 0, 0, 0, 0, 0, 0)
		return append(s, j.Bytes()[2:]...)
	}
	riff := func(chunk string) []byte { return []byte("RIFF\x00\x00\x00\x00WEBP" + chunk) }
	huge := pngFile(1, 1)
	binary.BigEndian.PutUint32(huge[16:], 1<<31-1)
	binary.BigEndian.PutUint32(huge[20:], 1<<31-1)
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"PNG", pngFile(40, 30), "image/png 40x30"},
		{"JPEG", j.Bytes(), "image/jpeg 40x30"},
		{"JPEG upright", exif(1), "image/jpeg 40x30"},
		{"JPEG on its side", exif(6), "image/jpeg 30x40"},
		{"GIF", g.Bytes(), "image/gif 40x30"},
		{"WebP", riff("VP8 \x00\x00\x00\x00\x00\x00\x00\x9d\x01\x2a\x28\x00\x1e\x00"), "image/webp 40x30"},
		{"WebP lossless", riff("VP8L\x00\x00\x00\x00\x2f\x27\x40\x07\x00\x00\x00\x00\x00\x00"), "image/webp 40x30"},
		{"WebP extended", riff("VP8X\x00\x00\x00\x00\x00\x00\x00\x00\x27\x00\x00\x1d\x00\x00"), "image/webp 40x30"},
		{"huge", huge, ""},
		{"cut off", pngFile(40, 30)[:20], ""},
		{"JPEG cut off", j.Bytes()[:30], ""},
		{"empty", nil, ""},
	} {
		a, _ := pictureTerm(1 << 20)
		write(a, "\x1b]1337;File=inline=1:"+inBase64(c.file)+"\a")
		got := ""
		for _, p := range a.Row(0).Pieces(nil) {
			got = fmt.Sprintf("%s %dx%d", p.Picture.Format.MediaType(), p.Picture.Width, p.Picture.Height)
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// A file that is too large is swallowed without being kept.
func TestITermTooLarge(t *testing.T) {
	a, _ := pictureTerm(1 << 20)
	part := []byte(strings.Repeat("A", 1<<20))
	got := allocated(func() {
		write(a, "\x1b]1337;File=inline=1:")
		for range 64 {
			_, _ = a.Write(part)
		}
		write(a, "\aafter")
	})
	if got > 8<<20 {
		t.Errorf("%d bytes allocated", got)
	}
	if !strings.HasPrefix(a.Text(), "after") {
		t.Errorf("text %q", a.Text())
	}
	small, _ := pictureTerm(16 << 10)
	got = allocated(func() {
		write(small, "\x1b]1337;File=inline=1:")
		for range 1 << 18 {
			_, _ = small.Write(part[:3])
		}
	})
	if got > 256<<10 {
		t.Errorf("in small parts, %d bytes allocated", got)
	}
}

func FuzzITerm(f *testing.F) {
	f.Add([]byte("inline=1"), pngFile(3, 2), uint8(3))
	f.Add([]byte("inline=1;width=30%;height=2"), []byte("\xff\xd8\xff\xc0\x00\x08\x08\x00\x10\x00\x10\x01"), uint8(0))
	f.Add([]byte("inline=1;height=30px;preserveAspectRatio=0"), []byte("GIF89a\x10\x00\x10\x00"), uint8(9))
	f.Add([]byte("inline=1"), []byte("RIFF\x00\x00\x00\x00WEBPVP8X\x00\x00\x00\x00\x00\x00\x00\x00\x27\x00\x00\x1d\x00\x00"), uint8(9))
	f.Add([]byte("inline=1"), []byte("\xff\xd8\xff\xe1\x00\x22Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12"), uint8(9))
	f.Fuzz(func(t *testing.T, args, file []byte, cut uint8) {
		text := inBase64(file)
		k := min(int(cut), len(text))
		stream := fmt.Appendf(nil, "\x1b]1337;File=%s:%s\a\x1b[m\x1b]1337;MultipartFile=%s\a\x1b]1337;FilePart=%s\a\x1b]1337;FilePart=%s\a\x1b]1337;FileEnd\a",
			args, text, args, text[:k], text[k:])
		a, b := newTerm(), newTerm()
		_, _ = a.Write(stream)
		for i := range stream {
			_, _ = b.Write(stream[i : i+1])
		}
		if x, y := dump(a), dump(b); x != y {
			t.Fatalf("byte by byte:\n%s\nat once:\n%s", y, x)
		}
		checkPictures(t, a)
	})
}
