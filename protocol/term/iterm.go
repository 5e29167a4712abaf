package term

import (
	"bytes"
	"strconv"
)

// Inline images of iTerm2 (iterm2.com/documentation-images.html): OSC 1337 ;
// File = arguments : base64, or in parts by MultipartFile, FilePart and FileEnd.
// Only files to be shown at once (inline=1) are taken; downloads are not.

// beginITerm tells, when a colon comes in an OSC string, whether what follows
// is a file.
func (t *Terminal) beginITerm(before []byte) bool {
	args, ok := bytes.CutPrefix(before, []byte("1337;File="))
	if ok {
		t.beginLoad(loadITerm, args[:min(len(args), maxControl)])
	}
	return ok
}

// itermTarget is where a payload goes, nil if it is to be skipped.
func (t *Terminal) itermTarget() *load {
	if l := t.loading(loadITerm); l != nil {
		return l
	}
	return t.loading(loadITermPart)
}

// endITermPayload is the end of an OSC string with a payload.
func (t *Terminal) endITermPayload() {
	l := t.itermTarget()
	if l == nil {
		return
	}
	l.endPart()
	if l.kind == loadITerm {
		t.showITerm(l)
	}
}

// iterm is OSC 1337 without payload.
func (t *Terminal) iterm(text []byte) {
	if args, ok := bytes.CutPrefix(text, []byte("MultipartFile=")); ok {
		t.beginLoad(loadITermPart, args[:min(len(args), maxControl)])
		return
	}
	switch string(text) {
	case "FileEnd":
		if l := t.loading(loadITermPart); l != nil {
			t.showITerm(l)
		}
	case "ReportCellSize":
		if t.cellW > 0 {
			t.replyf("\x1b]1337;ReportCellSize=%d;%d;1.0\x1b\\", t.cellH, t.cellW)
		}
	}
}

// showITerm shows a file that is complete. The cursor ends right of it in its
// last row, as after a character of that size.
func (t *Terminal) showITerm(l *load) {
	t.img.load = nil
	args := itermArgs(l.control)
	if !args.inline || l.over || l.bad {
		return
	}
	f, w, h := imageHeader(l.data)
	if f == FormatNone {
		return
	}
	p := &Picture{Format: f, Width: w, Height: h, Data: append([]byte(nil), l.data...), opaque: true}
	if !t.addPicture(p) {
		return
	}
	cw, ch := t.cellSize()
	boxW, boxH := args.width.pixels(cw, t.cols*cw), args.height.pixels(ch, t.rows*ch)
	w, h = fit(w, h, boxW, boxH, args.keepRatio)
	// A picture without a size of its own does not go beyond the line.
	if most := (t.cols - t.x) * cw; boxW == 0 && w > most {
		w, h = fit(p.Width, p.Height, most, 0, true)
	}
	pl := t.place(p, min(w, MaxCols*cw), min(h, maxImageRows*ch))
	t.showOverText(pl, true, true)
	t.x = min(t.x+pl.Cols, t.cols-1)
}

// fit scales w×h for a box of which a side may be open (0).
func fit(w, h, boxW, boxH int, keepRatio bool) (int, int) {
	switch {
	case boxW == 0 && boxH == 0:
		return w, h
	case !keepRatio:
		if boxW == 0 {
			boxW = w
		}
		if boxH == 0 {
			boxH = h
		}
		return boxW, boxH
	case boxW == 0 || boxH != 0 && boxW*h > boxH*w:
		return max((w*boxH+h/2)/h, 1), boxH
	}
	return boxW, max((h*boxW+w/2)/w, 1)
}

// itermSize is N (cells), Npx, N% or auto.
type itermSize struct {
	n    int // 0: auto
	unit byte
}

func (s itermSize) pixels(cell, screen int) int {
	switch s.unit {
	case 'p':
		return s.n
	case '%':
		return max(screen*s.n/100, min(s.n, 1))
	}
	return s.n * cell
}

type itermArguments struct {
	inline, keepRatio bool
	width, height     itermSize
}

func itermArgs(control string) itermArguments {
	a := itermArguments{keepRatio: true}
	for arg := range bytes.SplitSeq([]byte(control), []byte{';'}) {
		key, v, _ := bytes.Cut(arg, []byte{'='})
		switch string(key) {
		case "inline":
			a.inline = string(v) == "1"
		case "preserveAspectRatio":
			a.keepRatio = string(v) != "0"
		case "width":
			a.width = parseITermSize(string(v))
		case "height":
			a.height = parseITermSize(string(v))
		}
	}
	return a
}

func parseITermSize(s string) itermSize {
	z := itermSize{unit: 'c'}
	most := MaxCols
	switch n := len(s); {
	case n > 2 && s[n-2:] == "px":
		z.unit, s, most = 'p', s[:n-2], maxCodedSide
	case n > 1 && s[n-1] == '%':
		z.unit, s, most = '%', s[:n-1], 100
	}
	v, err := strconv.Atoi(s)
	if err != nil || v < 0 {
		return itermSize{}
	}
	z.n = min(v, most)
	return z
}
