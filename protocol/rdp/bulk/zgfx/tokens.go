package zgfx

// kind is what a token stands for.
type kind uint8

const (
	reserved kind = iota
	literal
	match
)

// token is an entry of the table of §3.1.9.1.2.4.
type token struct {
	kind   kind
	prefix uint8  // bits that name the token
	bits   uint8  // bits of its value that follow
	base   uint32 // the byte of a literal; what is added to the value for a distance
}

// tokens has a token for each nine bits that it may begin with.
var tokens = table()

func table() *[512]token {
	t := new([512]token)
	set := func(code uint32, tk token) {
		shift := 9 - tk.prefix
		for i := range uint32(1) << shift {
			t[code<<shift|i] = tk
		}
	}
	for v := range uint32(256) {
		set(v, token{literal, 9, 0, v})
	}
	for _, m := range []struct {
		code uint32
		tk   token
	}{
		{0b10001, token{match, 5, 5, 0}},
		{0b10010, token{match, 5, 7, 32}},
		{0b10011, token{match, 5, 9, 160}},
		{0b10100, token{match, 5, 10, 672}},
		{0b10101, token{match, 5, 12, 1696}},
		{0b101100, token{match, 6, 14, 5792}},
		{0b101101, token{match, 6, 15, 22176}},
		{0b1011100, token{match, 7, 18, 54944}},
		{0b1011101, token{match, 7, 20, 317088}},
		{0b10111100, token{match, 8, 20, 1365664}},
		{0b10111101, token{match, 8, 21, 2414240}},
	} {
		set(m.code, m.tk)
	}
	// Literals with a code of their own; their nine bits are reserved.
	for _, l := range []struct {
		code   uint32
		prefix uint8
		values string
	}{
		{0b11000, 5, "\x00\x01"},
		{0b110100, 6, "\x02\x03\xff"},
		{0b1101110, 7, "\x04\x05\x06\x07\x08\x09\x0a\x0b\x3a\x3b\x3c\x3d\x3e\x3f\x40\x80"},
		{0b11111100, 8, "\x0c\x38\x39\x66"},
	} {
		for i := range len(l.values) {
			v := uint32(l.values[i])
			t[v] = token{}
			set(l.code+uint32(i), token{literal, l.prefix, 0, v})
		}
	}
	return t
}
