package term

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// osc executes an Operating System Command; s is its text without introducer and
// terminator.
func (t *Terminal) osc(s []byte) {
	number, text, _ := bytes.Cut(s, []byte{';'})
	n, err := strconv.Atoi(string(number))
	if err != nil || n < 0 {
		return
	}
	switch n {
	case 0, 2:
		t.setTitle(string(text))
	case 1:
		t.icon = cleanText(text, MaxTitle)
	case 4:
		t.paletteColors(text)
	case 7:
		t.directory = cleanText(text, MaxLink)
		if t.h.Directory != nil {
			t.h.Directory(t.directory)
		}
	case 8:
		t.hyperlink(text)
	case 9:
		t.notify(text)
	case 10, 11, 12:
		t.dynamicColors(n, text)
	case 52:
		t.clipboard(text)
	case 104:
		t.resetPalette(text)
	case 110:
		t.palette.Foreground = t.base.Foreground
		t.damage.all = true
	case 111:
		t.palette.Background = t.base.Background
		t.damage.all = true
	case 112:
		t.palette.Cursor = t.base.Cursor
	case 133:
		t.shellMark(text)
	case 1337:
		t.iterm(text)
	}
}

func (t *Terminal) setTitle(title string) {
	title = cleanText([]byte(title), MaxTitle)
	t.title = title
	if t.h.Title != nil {
		t.h.Title(title)
	}
}

// cleanText makes a text of a program harmless: valid UTF-8 without control
// characters, of at most n bytes.
func cleanText(s []byte, n int) string {
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRune(s)
		s = s[size:]
		if r < 0x20 || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			continue // controls, and those that turn the direction of text
		}
		if b.Len()+utf8.RuneLen(r) > n {
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}

// hyperlink is OSC 8: params ; uri.
func (t *Terminal) hyperlink(text []byte) {
	params, uri, ok := bytes.Cut(text, []byte{';'})
	if !ok {
		return
	}
	e := t.penExt()
	e.link = 0
	if len(uri) > 0 && len(uri) <= MaxLink && len(params) <= MaxLink {
		l := link{uri: cleanText(uri, MaxLink)}
		for p := range bytes.SplitSeq(params, []byte{':'}) {
			if id, ok := bytes.CutPrefix(p, []byte("id=")); ok {
				l.id = string(id)
			}
		}
		e.link = t.linkNumber(l)
	}
	t.pen.Ext = t.ext(e)
}

// notify is OSC 9: a progress report (9;4, ConEmu) or a notification (iTerm2).
func (t *Terminal) notify(text []byte) {
	if rest, ok := bytes.CutPrefix(text, []byte("4;")); ok {
		state, percent, _ := bytes.Cut(rest, []byte{';'})
		s, err := strconv.Atoi(string(state))
		if err != nil || s < 0 || s > 4 {
			return
		}
		p, _ := strconv.Atoi(string(percent))
		t.progress = progress{s, min(max(p, 0), 100)}
		return
	}
	if t.h.Notify != nil {
		t.h.Notify(cleanText(text, MaxTitle))
	}
}

// clipboard is OSC 52: selection ; base64 or "?".
func (t *Terminal) clipboard(text []byte) {
	names, data, ok := bytes.Cut(text, []byte{';'})
	if !ok {
		return
	}
	selection := byte('c')
	if len(names) > 0 && (names[0] == 'p' || names[0] == 's') {
		selection = 'p'
	}
	if len(data) == 1 && data[0] == '?' {
		if t.h.ClipboardRead != nil {
			t.h.ClipboardRead(selection)
		}
		return
	}
	decoded := make([]byte, base64.StdEncoding.DecodedLen(len(data)))
	n, err := base64.StdEncoding.Decode(decoded, data)
	if err == nil && t.h.ClipboardWrite != nil {
		t.h.ClipboardWrite(selection, decoded[:n])
	}
}

// shellMark is OSC 133 (FinalTerm): A, B, C, D.
func (t *Terminal) shellMark(text []byte) {
	if len(text) == 0 {
		return
	}
	m := map[byte]Mark{'A': MarkPrompt, 'B': MarkCommand, 'C': MarkOutput, 'D': MarkDone}[text[0]]
	if m != MarkNone && (m != MarkCommand || t.cur.lines[t.y].Mark == MarkNone) {
		t.cur.lines[t.y].Mark = m
	}
}

// paletteColors is OSC 4: pairs of index and colour or "?".
func (t *Terminal) paletteColors(text []byte) {
	parts := strings.Split(string(text), ";")
	for i := 0; i+1 < len(parts) && i < 2*256; i += 2 {
		n, err := strconv.Atoi(parts[i])
		if err != nil || n < 0 || n > 255 {
			continue
		}
		if parts[i+1] == "?" {
			t.replyf("\x1b]4;%d;%s\x1b\\", n, xcolor(t.palette.Colors[n]))
		} else if c, ok := ParseColor(parts[i+1]); ok {
			t.palette.Colors[n] = c
			t.damage.all = true
		}
	}
}

// dynamicColors is OSC 10, 11 and 12; several values go to the ones after.
func (t *Terminal) dynamicColors(n int, text []byte) {
	for _, v := range strings.Split(string(text), ";") {
		var c *Color
		switch n {
		case 10:
			c = &t.palette.Foreground
		case 11:
			c = &t.palette.Background
		case 12:
			c = &t.palette.Cursor
		default:
			return
		}
		if v == "?" {
			t.replyf("\x1b]%d;%s\x1b\\", n, xcolor(*c))
		} else if parsed, ok := ParseColor(v); ok {
			*c = parsed
			t.damage.all = true
		}
		n++
	}
}

// resetPalette is OSC 104.
func (t *Terminal) resetPalette(text []byte) {
	t.damage.all = true
	if len(text) == 0 {
		t.palette.Colors = t.base.Colors
		return
	}
	for _, v := range strings.Split(string(text), ";") {
		if n, err := strconv.Atoi(v); err == nil && n >= 0 && n < 256 {
			t.palette.Colors[n] = t.base.Colors[n]
		}
	}
}

// xcolor writes a colour as XParseColor's 16-bit form.
func xcolor(c Color) string {
	v, _ := c.Value()
	r, g, b := v>>16, v>>8&0xff, v&0xff
	return fmt.Sprintf("rgb:%02x%02x/%02x%02x/%02x%02x", r, r, g, g, b, b)
}
