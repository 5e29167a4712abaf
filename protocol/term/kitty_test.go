package term_test

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"strings"
	"testing"
)

// apc is a graphics command.
func apc(control, payload string) string {
	if payload != "" {
		control += ";" + payload
	}
	return "\x1b_G" + control + "\x1b\\"
}

// rgbPixels is the payload of w×h pixels of three bytes.
func rgbPixels(w, h int) string { return inBase64(make([]byte, 3*w*h)) }

func zlibbed(p []byte) string {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = z.Write(p)
	_ = z.Close()
	return inBase64(b.Bytes())
}

func TestKittyTransmit(t *testing.T) {
	const red = "/wAA/w==" // one pixel of four bytes
	png := inBase64(pngFile(30, 10))
	for _, c := range []struct{ name, stream, answer, shown string }{
		{"query", apc("a=q,i=31,s=1,v=1,f=24,t=d", "AAAA"), "i=31;OK", ""},
		{"transmit only", apc("i=1,s=1,v=1", red), "i=1;OK", ""},
		{"and show", apc("a=T,i=1,s=1,v=1", red), "i=1;OK", "row 0 0-1: 0/0 of 1x1"},
		{"PNG", apc("a=T,i=1,f=100", png), "i=1;OK", "row 0 0-3: 0/0 of 30x10"},
		{"chunks", apc("a=T,i=1,f=100,m=1", png[:20]) + apc("m=1", png[20:40]) + apc("m=0", png[40:]), "i=1;OK", "row 0 0-3: 0/0 of 30x10"},
		{"chunks with padding", apc("a=T,i=1,s=2,v=1,f=24,m=1", "AAECAw==") + apc("m=0", "BAU="), "i=1;OK", "row 0 0-1: 0/0 of 2x1"},
		{"zlib", apc("a=T,i=1,f=24,s=9,v=9,o=z", zlibbed(make([]byte, 243))), "i=1;OK", "row 0 0-1: 0/0 of 9x9"},
		{"without a name there is no answer", apc("a=T,s=1,v=1", red), "", "row 0 0-1: 0/0 of 1x1"},
		{"number", apc("a=T,I=5,s=1,v=1", red), "i=2147483649,I=5;OK", "row 0 0-1: 0/0 of 1x1"},
		{"number shown later", apc("I=5,s=1,v=1,q=1", red) + apc("a=p,I=5,p=3", ""), "i=2147483649,I=5,p=3;OK", "row 0 0-1: 0/0 of 1x1"},
		{"quiet about success", apc("a=T,i=1,s=1,v=1,q=1", red), "", "row 0 0-1: 0/0 of 1x1"},
		{"quiet about failure", apc("a=p,i=1,q=2", ""), "", ""},
		{"not quiet about failure", apc("a=p,i=1,q=1", ""), "i=1;ENOENT:no such picture", ""},
		{"file", apc("a=T,i=1,t=f,f=100", inBase64([]byte("/etc/passwd"))), "i=1;ENOTSUP:files and shared memory are on another machine", ""},
		{"shared memory", apc("a=q,i=1,t=s,s=1,v=1", inBase64([]byte("/x"))), "i=1;ENOTSUP:files and shared memory are on another machine", ""},
		{"too few pixels", apc("a=T,i=1,s=2,v=1", red), "i=1;ENODATA:fewer bytes than pixels", ""},
		{"no size", apc("a=T,i=1", red), "i=1;EINVAL:width and height are missing", ""},
		{"huge", apc("a=T,i=1,s=1000000000,v=1000000000", red), "i=1;EFBIG:more pixels than are kept of one picture", ""},
		{"no PNG", apc("a=T,i=1,f=100", red), "i=1;EBADPNG:not a PNG picture of a size that is shown", ""},
		{"no zlib", apc("a=T,i=1,s=1,v=1,o=z", red), "i=1;EINVAL:not zlib data of that size", ""},
		{"zlib bomb", apc("a=T,i=1,s=1,v=1,o=z", zlibbed(make([]byte, 1<<20))), "i=1;EINVAL:not zlib data of that size", ""},
		{"no base64", apc("a=T,i=1,s=1,v=1", "****"), "i=1;EINVAL:not base64", ""},
		{"no keys", apc("a=T,i=1,garbage", red), "i=1;EINVAL:not key=value", ""},
		{"unknown format", apc("a=T,i=1,f=99,s=1,v=1", red), "i=1;EINVAL:unknown format", ""},
		{"both names", apc("a=T,i=1,I=2,s=1,v=1", red), "i=1,I=2;EINVAL:both i and I", ""},
		{"animation", apc("a=f,i=1,s=1,v=1", red), "i=1;ENOTSUP:there is no animation", ""},
		{"placeholder", apc("a=T,U=1,i=1,s=1,v=1", red), "i=1;ENOTSUP:placeholders and relative placements", ""},
		{"cancelled", "\x1b_Ga=T,i=1,s=1,v=1,m=1;/wAA\x18" + apc("m=0", "/w=="), "", ""},
		{"another APC", "\x1b_Xa=q,i=1;AAAA\x1b\\", "", ""},
		{"empty", "\x1b_G\x1b\\", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, answers := pictureTerm(1 << 20)
			write(a, c.stream)
			want := c.answer
			if want != "" {
				want = "\x1b_G" + want + "\x1b\\"
			}
			if got := answers.String(); got != want {
				t.Errorf("answered %q, want %q", got, want)
			}
			if got := onRows(a); got != c.shown {
				t.Errorf("shows %q, want %q", got, c.shown)
			}
			b, bAnswers := pictureTerm(1 << 20)
			for _, x := range []byte(c.stream) {
				_, _ = b.Write([]byte{x})
			}
			if dump(a) != dump(b) || bAnswers.String() != answers.String() {
				t.Errorf("byte by byte: %q\n%s\nat once:\n%s", bAnswers, dump(b), dump(a))
			}
		})
	}
}

// What grows when it is decompressed is cut off at the size that was claimed.
func TestKittyZlibBomb(t *testing.T) {
	bomb := zlibbed(make([]byte, 64<<20))
	a, _ := pictureTerm(1 << 20)
	stream := []byte(apc("a=T,i=1,s=9,v=9,o=z", bomb))
	if got := allocated(func() { _, _ = a.Write(stream) }); got > 2<<20 {
		t.Errorf("%d bytes allocated", got)
	}
}

// Where a picture of 40×40 pixels goes, on cells of 10×20.
func TestKittyPlace(t *testing.T) {
	for _, c := range []struct {
		keys, want string
		x, y       int
	}{
		{"", "0,0 40x40 at 0,0 40x40 on 4x2 z 0", 6, 2},
		{"c=8", "0,0 40x40 at 0,0 80x80 on 8x4 z 0", 10, 4},
		{"r=1", "0,0 40x40 at 0,0 20x20 on 2x1 z 0", 4, 1},
		{"c=3,r=3", "0,0 40x40 at 0,0 30x60 on 3x3 z 0", 5, 3},
		{"x=10,y=20,w=15,h=10", "10,20 15x10 at 0,0 15x10 on 2x1 z 0", 4, 1},
		{"x=10,y=20", "10,20 30x20 at 0,0 30x20 on 3x1 z 0", 5, 1},
		{"w=4000000000,h=4000000000", "0,0 40x40 at 0,0 40x40 on 4x2 z 0", 6, 2},
		{"X=5,Y=7", "0,0 40x40 at 5,7 40x40 on 5x3 z 0", 7, 3},
		{"X=5,c=2,r=1", "0,0 40x40 at 5,0 15x20 on 2x1 z 0", 4, 1},
		{"z=-5", "0,0 40x40 at 0,0 40x40 on 4x2 z -5", 6, 2},
		{"C=1", "0,0 40x40 at 0,0 40x40 on 4x2 z 0", 2, 1},
		{"c=18,r=1", "0,0 40x40 at 0,0 180x20 on 18x1 z 0", 0, 2},
		{"c=4000000000,r=1", "0,0 40x40 at 0,0 10000x20 on 1000x1 z 0", 0, 2},
	} {
		a, _ := pictureTerm(1 << 20)
		write(a, "\x1b[2;3H"+apc(strings.TrimSuffix("a=T,f=24,s=40,v=40,"+c.keys, ","), rgbPixels(40, 40)))
		l := a.Row(1).Pieces(nil)
		if len(l) != 1 || l[0].X != 2 {
			t.Fatalf("%q: shows %s", c.keys, onRows(a))
		}
		p := l[0].Placement
		got := fmt.Sprintf("%d,%d %dx%d at %d,%d %dx%d on %dx%d z %d", p.SrcX, p.SrcY, p.SrcW, p.SrcH, p.X, p.Y, p.W, p.H, p.Cols, p.Rows, p.Z)
		if got != c.want {
			t.Errorf("%q: %s, want %s", c.keys, got, c.want)
		}
		if k := a.Cursor(); k.X != c.x || k.Y != c.y {
			t.Errorf("%q: cursor at %d,%d, want %d,%d", c.keys, k.X, k.Y, c.x, c.y)
		}
	}
	a, answers := pictureTerm(1 << 20)
	write(a, apc("a=T,i=1,f=24,s=40,v=40,x=40", rgbPixels(40, 40)))
	if want := "\x1b_Gi=1;EINVAL:nothing of the picture is shown\x1b\\"; answers.String() != want {
		t.Errorf("answered %q, want %q", answers, want)
	}
}

// Each form of deletion, on three pictures: 1 at row 0, 2 at row 2 with z=5, 3
// at row 4 in column 10.
func TestKittyDelete(t *testing.T) {
	for _, c := range []struct{ keys, left string }{
		{"", ""},
		{"d=a", ""},
		{"d=i,i=1", "2 3"},
		{"d=i,i=1,p=8", "2 3"},
		{"d=i,i=1,p=9", "1 2 3"},
		{"d=i,i=99", "1 2 3"},
		{"d=i", "1 2 3"},
		{"d=I,i=2", "1 3"},
		{"d=n,I=33", "1 2"},
		{"d=c", "1 2"},
		{"d=p,x=2,y=1", "2 3"},
		{"d=p,x=2,y=2", "1 2 3"},
		{"d=q,x=1,y=3,z=5", "1 3"},
		{"d=q,x=1,y=3,z=4", "1 2 3"},
		{"d=r,x=1,y=2", "3"},
		{"d=x,x=11", "1 2"},
		{"d=y,y=3", "1 3"},
		{"d=z,z=0", "2"},
		{"d=f", "1 2 3"},
		{"d=?", "1 2 3"},
	} {
		a, _ := pictureTerm(1 << 20)
		write(a, apc("a=T,i=1,p=8,f=24,s=20,v=20", rgbPixels(20, 20))+
			"\x1b[3H"+apc("a=T,i=2,z=5,f=24,s=20,v=20", rgbPixels(20, 20))+
			"\x1b[5;11H"+apc("a=T,I=33,f=24,s=20,v=20,C=1", rgbPixels(20, 20)))
		write(a, apc(strings.TrimSuffix("a=d,"+c.keys, ","), ""))
		var left []string
		for y, name := range map[int]string{0: "1", 2: "2", 4: "3"} {
			if onRow(a, y) != "" {
				left = append(left, name)
			}
		}
		if got := sorted(left); got != c.left {
			t.Errorf("%q left %q, want %q", c.keys, got, c.left)
		}
	}
}

func sorted(s []string) string {
	out := ""
	for _, k := range []string{"1", "2", "3"} {
		if strings.Contains(strings.Join(s, ""), k) {
			out += " " + k
		}
	}
	return strings.TrimSpace(out)
}

// Small letters leave the picture's data, capital ones do not, unless it is shown
// elsewhere.
func TestKittyDeleteData(t *testing.T) {
	for _, c := range []struct{ stream, answer string }{
		{apc("a=d,d=i,i=1", ""), "OK"},
		{apc("a=d,d=I,i=1", ""), "ENOENT:no such picture"},
		{apc("a=d,d=A", ""), "ENOENT:no such picture"},
		{apc("a=d,d=a", ""), "OK"},
		{apc("a=p,i=1,q=2", "") + apc("a=d,d=P,x=1,y=1", ""), "OK"},
		{"\x1b[2J", "OK"},
		{"\x1bc", "ENOENT:no such picture"},
	} {
		a, answers := pictureTerm(1 << 20)
		write(a, apc("a=T,i=1,q=2,f=24,s=20,v=20", rgbPixels(20, 20))+"\x1b[4H"+c.stream+apc("a=p,i=1", ""))
		if want := "\x1b_Gi=1;" + c.answer + "\x1b\\"; answers.String() != want {
			t.Errorf("after %q: answered %q, want %q", c.stream, answers, want)
		}
	}
}

// A placement with an id moves, one without does not; sending a picture again
// takes the old one away.
func TestKittyReplace(t *testing.T) {
	a, _ := pictureTerm(1 << 20)
	write(a, apc("i=1,q=2,f=24,s=10,v=20", rgbPixels(10, 20))+apc("a=p,i=1,p=2,q=2", "")+"\x1b[3H"+apc("a=p,i=1,p=2,q=2", ""))
	if got := onRows(a); got != "row 2 0-1: 0/0 of 10x20" {
		t.Errorf("placement with an id: %s", got)
	}
	write(a, "\x1b[5H"+apc("a=p,i=1,q=2", ""))
	if got := onRows(a); got != "row 2 0-1: 0/0 of 10x20; row 4 0-1: 0/0 of 10x20" {
		t.Errorf("placement without an id: %s", got)
	}
	write(a, apc("i=1,q=2,f=24,s=10,v=20", rgbPixels(10, 20)))
	if got := onRows(a); got != "" {
		t.Errorf("sent again: %s", got)
	}
}

func FuzzKitty(f *testing.F) {
	f.Add([]byte("a=T,i=1,f=24,s=2,v=1"), []byte("abcdef"), []byte("a=d"))
	f.Add([]byte("a=T,i=1,f=100,m=1,c=3,X=4"), pngFile(3, 2), []byte("m=0"))
	f.Add([]byte("a=t,I=1,f=24,s=40,v=40,o=z"), []byte(zlibbed(make([]byte, 4800))), []byte("a=p,I=1,r=4,x=3,z=-3"))
	f.Add([]byte("a=q,i=1,t=f"), []byte("/etc"), []byte("a=d,d=Z,z=4"))
	f.Fuzz(func(t *testing.T, control, data, next []byte) {
		stream := fmt.Appendf(nil, "\x1b_G%s;%s\x1b\\text\x1b_G%s\x1b\\\r\n\x1b[A\x1b_G%s;%s\x1b\\", control, inBase64(data), next, next, data)
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
