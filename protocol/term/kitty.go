package term

import (
	"bytes"
	"compress/zlib"
	"io"
	"strconv"
)

// The graphics protocol of kitty (sw.kovidgoyal.net/kitty/graphics-protocol):
// APC G key=value,… ; base64 ST. Pictures come within the stream only: a file or
// shared memory would be on another machine. There is no animation, and no
// placement relative to another one or by placeholder characters; all of these
// get an error as answer. Placements belong to lines, so one that is partly
// outside of a scroll region is torn when the region scrolls.

// kittyCommand is the part before the payload. A key that is missing is 0.
type kittyCommand struct {
	action, medium, compression, what byte // a, t, o, d
	more                              bool // m=1
	more0                             bool // m was there
	other                             bool // so was a key that is neither m nor q
	quiet                             uint32
	id, number, placement             uint32 // i, I, p
	format                            uint32 // f
	width, height                     uint32 // s, v
	x, y, w, h                        uint32
	offsetX, offsetY                  uint32 // X, Y
	cols, rows                        uint32 // c, r
	stay, virtual                     uint32 // C, U
	parent                            uint32 // P
	z                                 int32
}

// parseKitty reads the keys. Those that it does not know are skipped; false
// means that it is no command.
func parseKitty(s []byte) (c kittyCommand, ok bool) {
	c = kittyCommand{action: 't', medium: 'd', format: 32, what: 'a'}
	numbers := map[byte]*uint32{
		'q': &c.quiet, 'i': &c.id, 'I': &c.number, 'p': &c.placement, 'f': &c.format, 's': &c.width, 'v': &c.height,
		'x': &c.x, 'y': &c.y, 'w': &c.w, 'h': &c.h, 'X': &c.offsetX, 'Y': &c.offsetY, 'c': &c.cols, 'r': &c.rows,
		'C': &c.stay, 'U': &c.virtual, 'P': &c.parent,
	}
	letters := map[byte]*byte{'a': &c.action, 't': &c.medium, 'o': &c.compression, 'd': &c.what}
	if len(s) == 0 {
		return c, true
	}
	for arg := range bytes.SplitSeq(s, []byte{','}) {
		if len(arg) < 3 || arg[1] != '=' {
			return c, false
		}
		key, v := arg[0], string(arg[2:])
		c.other = c.other || key != 'm' && key != 'q'
		switch n, letter := numbers[key], letters[key]; {
		case letter != nil:
			if len(v) != 1 {
				return c, false
			}
			*letter = v[0]
		case key == 'z':
			z, err := strconv.ParseInt(v, 10, 32)
			if err != nil {
				return c, false
			}
			c.z = int32(z)
		case key == 'm':
			c.more, c.more0 = v == "1", true
		case n != nil:
			u, err := strconv.ParseUint(v, 10, 32)
			if err != nil {
				return c, false
			}
			*n = uint32(u)
		}
	}
	return c, true
}

// beginKitty takes the part before the payload. A string with nothing but m and q
// goes on with the picture that the ones before have begun.
func (t *Terminal) beginKitty(control []byte) {
	c, ok := parseKitty(control)
	if l := t.loading(loadKitty); l != nil && ok && c.more0 && !c.other {
		return
	}
	t.beginLoad(loadKitty, control)
}

// endKitty is the end of a string: it executes the command that is complete.
func (t *Terminal) endKitty(control []byte) {
	last, ok := parseKitty(control)
	l := t.loading(loadKitty)
	if l == nil {
		if ok && !last.more && t.cfg.ImageBytes == 0 && last.action != 'd' {
			t.kittyReply(&last, "ENOTSUP:pictures are switched off")
		}
		return
	}
	l.endPart()
	if ok && last.more {
		return
	}
	t.img.load = nil
	c, parsed := parseKitty([]byte(l.control))
	c.quiet = max(c.quiet, last.quiet)
	if !ok || !parsed {
		t.kittyReply(&c, "EINVAL:not key=value")
		return
	}
	t.kitty(&c, l)
}

// kitty executes a command.
func (t *Terminal) kitty(c *kittyCommand, l *load) {
	problem := ""
	switch c.action {
	case 'q':
		_, problem = t.kittyPicture(c, l)
	case 't', 'T':
		problem = t.kittyTransmit(c, l)
	case 'p':
		problem = t.kittyPut(c, nil)
	case 'd':
		t.kittyDelete(c)
		return
	case 'f', 'a', 'c':
		problem = "ENOTSUP:there is no animation"
	default:
		problem = "EINVAL:unknown action"
	}
	if problem == "" {
		problem = "OK"
	}
	t.kittyReply(c, problem)
}

// kittyReply answers a command that names its picture, as far as it wants to
// know.
func (t *Terminal) kittyReply(c *kittyCommand, message string) {
	if c.id == 0 && c.number == 0 || c.quiet >= 2 || c.quiet == 1 && message == "OK" {
		return
	}
	b := []byte("\x1b_G")
	sep := ""
	for _, k := range [...]struct {
		key string
		v   uint32
	}{{"i=", c.id}, {"I=", c.number}, {"p=", c.placement}} {
		if k.v != 0 {
			b = strconv.AppendUint(append(append(b, sep...), k.key...), uint64(k.v), 10)
			sep = ","
		}
	}
	t.reply(string(b) + ";" + message + "\x1b\\")
}

// kittyPicture makes a picture of what has come; problem says why not.
func (t *Terminal) kittyPicture(c *kittyCommand, l *load) (p *Picture, problem string) {
	switch {
	case c.medium != 'd':
		return nil, "ENOTSUP:files and shared memory are on another machine"
	case c.id != 0 && c.number != 0:
		return nil, "EINVAL:both i and I"
	case l.over:
		return nil, "EFBIG:more data than is kept of one picture"
	case l.bad:
		return nil, "EINVAL:not base64"
	case c.compression != 0 && c.compression != 'z':
		return nil, "EINVAL:unknown compression"
	}
	p = &Picture{Width: int(c.width), Height: int(c.height)}
	size := l.limit
	switch c.format {
	case 24:
		p.Format = FormatRGB
	case 32:
		p.Format = FormatRGBA
	case 100:
	default:
		return nil, "EINVAL:unknown format"
	}
	if n := p.Format.pixelBytes(); n > 0 {
		if p.Width == 0 || p.Height == 0 {
			return nil, "EINVAL:width and height are missing"
		}
		if p.Width > maxSide || p.Height > maxSide || n*p.Width*p.Height > l.limit {
			return nil, "EFBIG:more pixels than are kept of one picture"
		}
		size = n * p.Width * p.Height
	}
	data := l.data
	if c.compression == 'z' {
		if data = inflate(data, size); data == nil {
			return nil, "EINVAL:not zlib data of that size"
		}
	}
	if p.Format == FormatNone {
		if p.Format, p.Width, p.Height = imageHeader(data); p.Format != FormatPNG {
			return nil, "EBADPNG:not a PNG picture of a size that is shown"
		}
	} else if len(data) < size {
		return nil, "ENODATA:fewer bytes than pixels"
	} else {
		data = data[:size]
	}
	p.Data = append([]byte(nil), data...)
	return p, ""
}

// inflate decompresses zlib data of at most n bytes; nil if it is not.
func inflate(p []byte, n int) []byte {
	z, err := zlib.NewReader(bytes.NewReader(p))
	if err != nil {
		return nil
	}
	var out bytes.Buffer
	if _, err := io.Copy(&out, io.LimitReader(z, int64(n)+1)); err != nil || out.Len() > n {
		return nil
	}
	return out.Bytes()
}

// kittyTransmit is a=t, and a=T, which shows the picture at once.
func (t *Terminal) kittyTransmit(c *kittyCommand, l *load) (problem string) {
	p, problem := t.kittyPicture(c, l)
	if problem != "" {
		return problem
	}
	if c.number != 0 {
		c.id = t.unusedID()
	}
	if c.id != 0 {
		if old := t.kittyNamed(c.id); old != nil {
			t.dropPicture(old)
			t.damage.all = true
		}
	}
	p.id, p.number = c.id, c.number
	if !t.addPicture(p) {
		return "EFBIG:more data than is kept of one picture"
	}
	if c.action == 'T' {
		return t.kittyPut(c, p)
	}
	return ""
}

// unusedID chooses an id for a picture that has only a number.
func (t *Terminal) unusedID() uint32 {
	im := t.img
	for {
		im.nextID++
		if id := im.nextID | 1<<31; t.kittyNamed(id) == nil {
			return id
		}
	}
}

// kittyNamed finds a picture by its id.
func (t *Terminal) kittyNamed(id uint32) *Picture {
	for _, p := range t.img.pictures {
		if p.id == id {
			return p
		}
	}
	return nil
}

// kittyNumbered finds the newest picture with a number.
func (t *Terminal) kittyNumbered(number uint32) *Picture {
	for i := len(t.img.pictures) - 1; i >= 0; i-- {
		if p := t.img.pictures[i]; p.number == number {
			return p
		}
	}
	return nil
}

// kittyPut shows a picture, the one that the command names unless it is given.
func (t *Terminal) kittyPut(c *kittyCommand, p *Picture) (problem string) {
	if p == nil {
		switch {
		case c.id != 0 && c.number != 0:
			return "EINVAL:both i and I"
		case c.id != 0:
			p = t.kittyNamed(c.id)
		case c.number != 0:
			if p = t.kittyNumbered(c.number); p != nil {
				c.id = p.id
			}
		}
		if p == nil {
			return "ENOENT:no such picture"
		}
	}
	if c.virtual != 0 || c.parent != 0 {
		return "ENOTSUP:placeholders and relative placements"
	}
	pl, problem := t.kittyPlacement(c, p)
	if problem != "" {
		return problem
	}
	if pl.id = c.placement; pl.id != 0 {
		for _, q := range t.img.placements {
			if q.Picture == p && q.id == pl.id && !q.gone {
				q.gone = true
				t.damage.all = true
			}
		}
	}
	if c.stay == 1 {
		wrap, last := t.wrap, t.last
		t.show(pl, false, nil)
		t.wrap, t.last = wrap, last
		return ""
	}
	t.show(pl, true, nil)
	if t.x += pl.Cols; t.x >= t.cols {
		t.x = 0
		t.index()
	}
	return ""
}

// kittyPlacement works out what part of the picture goes where.
func (t *Terminal) kittyPlacement(c *kittyCommand, p *Picture) (pl *Placement, problem string) {
	if int64(c.x) >= int64(p.Width) || int64(c.y) >= int64(p.Height) {
		return nil, "EINVAL:nothing of the picture is shown"
	}
	w, h := p.Width-int(c.x), p.Height-int(c.y)
	if c.w != 0 {
		w = int(min(int64(c.w), int64(w)))
	}
	if c.h != 0 {
		h = int(min(int64(c.h), int64(h)))
	}
	cw, ch := t.cellSize()
	offX, offY := int(min(c.offsetX, uint32(cw-1))), int(min(c.offsetY, uint32(ch-1)))
	cols, rows := int(min(c.cols, MaxCols)), int(min(c.rows, maxImageRows))
	// A size in cells goes to the edge of the last cell.
	toW, toH := cols*cw-offX, rows*ch-offY
	switch {
	case cols == 0 && rows == 0:
		toW, toH = w, h
	case rows == 0:
		toH = max((h*toW+w/2)/w, 1)
	case cols == 0:
		toW = max((w*toH+h/2)/h, 1)
	}
	pl = t.place(p, offX+toW, offY+toH)
	pl.SrcX, pl.SrcY, pl.SrcW, pl.SrcH = int(c.x), int(c.y), w, h
	pl.X, pl.Y, pl.W, pl.H = offX, offY, toW, toH
	pl.Z, pl.kitty = c.z, true
	return pl, ""
}
