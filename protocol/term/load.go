package term

// loadKind says which protocol a file comes by.
type loadKind uint8

const (
	loadNone      loadKind = iota
	loadKitty              // APC G
	loadITerm              // OSC 1337;File
	loadITermPart          // OSC 1337;MultipartFile and FilePart
)

// maxControl bounds the part of a graphics command before its payload, bytes.
const maxControl = 4 << 10

// load is a picture that comes as base64, in one string or several.
type load struct {
	kind    loadKind
	control string // what the first string said before the payload
	data    []byte // decoded
	limit   int    // bytes of data
	over    bool   // there was more
	bad     bool   // it was not base64
	quad    [4]byte
	nQuad   uint8
	padded  bool
}

// write decodes some payload. Once there is too much, nothing is kept.
func (l *load) write(p []byte) {
	if l.over || l.bad {
		return
	}
	for len(p) > 0 {
		if l.nQuad == 0 && !l.padded {
			p = l.quads(p)
			if len(p) == 0 {
				return
			}
		}
		c := p[0]
		p = p[1:]
		switch v := base64Values[c]; {
		case c <= ' ': // line breaks
		case c == '=':
			l.padded = true
		case v == noBase64 || l.padded:
			l.fail()
			return
		default:
			l.quad[l.nQuad] = v
			if l.nQuad++; l.nQuad == 4 {
				l.nQuad = 0
				q := &l.quad
				l.data = append(l.data, q[0]<<2|q[1]>>4, q[1]<<4|q[2]>>2, q[2]<<6|q[3])
			}
		}
	}
}

// quads decodes groups of four characters as long as there are any.
func (l *load) quads(p []byte) []byte {
	d := l.data
	for len(p) >= 4 && len(d) <= l.limit {
		a, b, c, e := base64Values[p[0]], base64Values[p[1]], base64Values[p[2]], base64Values[p[3]]
		if a|b|c|e >= noBase64 {
			break
		}
		d = append(d, a<<2|b>>4, b<<4|c>>2, c<<6|e)
		p = p[4:]
	}
	if l.data = d; len(d) > l.limit {
		l.data, l.over = nil, true
		return nil
	}
	return p
}

func (l *load) fail() { l.data, l.bad = nil, true }

// endPart is the end of one string's payload, with or without padding.
func (l *load) endPart() {
	q := &l.quad
	switch {
	case l.over || l.bad:
	case l.nQuad == 1:
		l.fail()
	case l.nQuad == 2:
		l.data = append(l.data, q[0]<<2|q[1]>>4)
	case l.nQuad == 3:
		l.data = append(l.data, q[0]<<2|q[1]>>4, q[1]<<4|q[2]>>2)
	}
	l.nQuad, l.padded = 0, false
	if len(l.data) > l.limit {
		l.data, l.over = nil, true
	}
}

const noBase64 = 0x80

// base64Values gives the six bits of a character of RFC 4648's alphabet.
var base64Values = func() (v [256]byte) {
	for i := range v {
		v[i] = noBase64
	}
	for i, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" {
		v[c] = byte(i)
	}
	return v
}()

// beginLoad makes room for a picture to come; nil when there are to be none.
func (t *Terminal) beginLoad(kind loadKind, control []byte) *load {
	im := t.store()
	if im == nil {
		return nil
	}
	im.sixel = nil
	im.load = &load{kind: kind, control: string(control), limit: t.pictureLimit()}
	return im.load
}

// loading gives the picture that is coming by a protocol, nil if there is none.
func (t *Terminal) loading(kind loadKind) *load {
	if t.img == nil || t.img.load == nil || t.img.load.kind != kind {
		return nil
	}
	return t.img.load
}
