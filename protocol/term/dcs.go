package term

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// dcs executes a Device Control String.
func (t *Terminal) dcs(final byte, s []byte) {
	p := &t.p
	switch {
	case final == 'q' && p.nInter == 1 && p.intermediate[0] == '$':
		t.requestSetting(string(s))
	case final == 'q' && p.nInter == 1 && p.intermediate[0] == '+':
		t.requestCapabilities(string(s))
	}
}

// requestSetting is DECRQSS.
func (t *Terminal) requestSetting(what string) {
	answer := ""
	switch what {
	case "m":
		answer = t.sgrText() + "m"
	case "r":
		answer = fmt.Sprintf("%d;%dr", t.top+1, t.bottom+1)
	case "s":
		answer = fmt.Sprintf("%d;%ds", t.left+1, t.right+1)
	case " q":
		n := 2*int(t.style) + 2
		if t.blink {
			n--
		}
		answer = fmt.Sprintf("%d q", n)
	case "\"q":
		answer = "0\"q"
		if t.pen.Attr&Protected != 0 {
			answer = "1\"q"
		}
	case "\"p":
		answer = "64;1\"p"
	case "t":
		answer = fmt.Sprintf("%dt", max(t.rows, 24))
	case "*x":
		answer = "1*x"
		if t.modes.rectangular {
			answer = "2*x"
		}
	case "$|":
		answer = fmt.Sprintf("%d$|", t.cols)
	case "*|":
		answer = fmt.Sprintf("%d*|", t.rows)
	default:
		t.reply("\x1bP0$r\x1b\\")
		return
	}
	t.reply("\x1bP1$r" + answer + "\x1b\\")
}

// sgrText writes the pen as SGR parameters.
func (t *Terminal) sgrText() string {
	var b strings.Builder
	b.WriteString("0")
	for _, a := range [...]struct {
		bit  Attr
		code int
	}{{Bold, 1}, {Faint, 2}, {Italic, 3}, {Blink, 5}, {Inverse, 7}, {Hidden, 8}, {Strike, 9}, {Overline, 53}} {
		if t.pen.Attr&a.bit != 0 {
			fmt.Fprintf(&b, ";%d", a.code)
		}
	}
	switch u := t.pen.Attr.Underline(); u {
	case UnderlineNone:
	case UnderlineSingle:
		b.WriteString(";4")
	case UnderlineDouble:
		b.WriteString(";21")
	default:
		fmt.Fprintf(&b, ";4:%d", u)
	}
	color := func(c Color, base, bright, extended int) {
		if i, ok := c.Index(); ok {
			switch {
			case i < 8 && base > 0:
				fmt.Fprintf(&b, ";%d", base+int(i))
			case i < 16 && base > 0:
				fmt.Fprintf(&b, ";%d", bright+int(i)-8)
			default:
				fmt.Fprintf(&b, ";%d:5:%d", extended, i)
			}
		} else if v, ok := c.Value(); ok {
			fmt.Fprintf(&b, ";%d:2::%d:%d:%d", extended, v>>16, v>>8&0xff, v&0xff)
		}
	}
	color(t.pen.Fg, 30, 90, 38)
	color(t.pen.Bg, 40, 100, 48)
	color(t.penExt().underline, 0, 0, 58)
	return b.String()
}

// capabilities are the terminfo entries that XTGETTCAP knows: those by which
// programs find out what the terminal can do beyond its name.
var capabilities = map[string]string{
	"TN": "xterm-256color", "name": "xterm-256color",
	"Co": "256", "colors": "256", "RGB": "8/8/8", "Tc": "",
	"Su": "", "Smulx": "\x1b[4:%p1%dm",
	"Setulc": "\x1b[58:2::%p1%{65536}%/%d:%p1%{256}%/%{255}%&%d:%p1%{255}%&%d%;m",
	"Ss":     "\x1b[%p1%d q", "Se": "\x1b[2 q",
	"Ms": "\x1b]52;%p1%s;%p2%s\x07", "Sync": "\x1b[?2026%?%p1%{1}%-%tl%eh%;",
	"BE": "\x1b[?2004h", "BD": "\x1b[?2004l", "PS": "\x1b[200~", "PE": "\x1b[201~",
	"Smol": "\x1b[53m", "Rmol": "\x1b[55m", "smxx": "\x1b[9m", "rmxx": "\x1b[29m",
	"fe": "\x1b[?1004h", "fd": "\x1b[?1004l", "XM": "\x1b[?1006;1000%?%p1%{1}%=%th%el%;",
}

// requestCapabilities is XTGETTCAP: names in hexadecimal, joined by ';'.
func (t *Terminal) requestCapabilities(names string) {
	for i, name := range strings.Split(names, ";") {
		if i == maxParams {
			return
		}
		decoded, err := hex.DecodeString(name)
		if err != nil || len(decoded) > 32 {
			t.reply("\x1bP0+r\x1b\\")
			return
		}
		value, ok := capabilities[string(decoded)]
		switch {
		case !ok:
			t.reply("\x1bP0+r" + name + "\x1b\\")
		case value == "":
			t.reply("\x1bP1+r" + name + "\x1b\\")
		default:
			t.reply("\x1bP1+r" + name + "=" + strings.ToUpper(hex.EncodeToString([]byte(value))) + "\x1b\\")
		}
	}
}
