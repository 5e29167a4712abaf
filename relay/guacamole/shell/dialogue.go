package shell

import (
	"strings"
	"unicode/utf8"

	"github.com/porthole-rac/porthole/protocol/term"
	"github.com/porthole-rac/porthole/protocol/term/keyboard"
	"github.com/porthole-rac/porthole/protocol/wire"
)

// dialogue is a terminal of the page's own, for what the relay tells and asks before
// the target is there. Nothing that is typed into a field without echo is in it.
type dialogue struct {
	term    *term.Terminal // nil: there is none
	asked   bool           // something was asked
	prompt  wire.Prompt    // count of fields 0: nothing is asked now
	answers []string
	line    []byte // of the field that is being answered
}

// maxLine bounds one answer that is typed, bytes.
const maxLine = 4 << 10

// steps are the words for wire.Progress.
var steps = map[string]string{
	"resolve":      "Looking up",
	"connect":      "Connecting to",
	"handshake":    "Securing the line to",
	"authenticate": "Logging in to",
	"open":         "Opening",
}

// openTalk shows the dialogue.
func (s *Shell) openTalk() *dialogue {
	d := &s.talk
	if d.term == nil {
		d.term = term.New(term.Config{Cols: s.grid.Cols, Rows: s.grid.Rows})
		d.term.SetPalette(s.theme.Palette())
	}
	return d
}

// endTalk goes back to the session's terminal.
func (s *Shell) endTalk() {
	s.talk.forget()
	s.talk = dialogue{}
}

func (s *Shell) progress(m *wire.Progress) {
	if s.ready {
		return
	}
	words := steps[m.Step]
	if words == "" {
		words = m.Step
	}
	s.openTalk().say(words + " " + m.Detail)
}

// say writes a line. Others have written the text.
func (d *dialogue) say(text string) {
	d.write(printable(text))
	d.write("\r\n")
}

func (d *dialogue) write(text string) { _, _ = d.term.Write([]byte(text)) }

// ask puts a question.
func (s *Shell) ask(m *wire.Prompt) {
	d := s.openTalk()
	d.forget()
	d.prompt, d.answers, d.asked = *m, nil, true
	d.write("\r\n")
	if m.Title != "" {
		d.write("\x1b[1m")
		d.say(m.Title)
		d.write("\x1b[m")
	}
	for l := range strings.SplitSeq(strings.TrimRight(m.Instruction, "\r\n"), "\n") {
		if m.Instruction != "" {
			d.say(strings.TrimRight(l, "\r"))
		}
	}
	if len(m.Fields) > 0 {
		d.label()
	}
}

// label shows what is asked next.
func (d *dialogue) label() {
	text := strings.TrimRight(printable(d.prompt.Fields[len(d.answers)].Label), " ")
	if !strings.HasSuffix(text, ":") {
		text += ":"
	}
	d.write(text + " ")
}

// askedNoMore takes a question away.
func (s *Shell) askedNoMore(id uint64) {
	d := &s.talk
	if d.term == nil || d.prompt.ID != id {
		return
	}
	d.forget()
	if s.ready {
		s.endTalk()
	}
}

// forget drops the question and what was answered.
func (d *dialogue) forget() {
	clear(d.line)
	d.prompt, d.answers, d.line = wire.Prompt{}, nil, nil
}

// answerKey takes a key while the dialogue is shown.
func (s *Shell) answerKey(e keyboard.Event) {
	d := &s.talk
	if len(d.prompt.Fields) == 0 {
		return
	}
	ctrl := e.Mods&keyboard.Ctrl != 0
	switch {
	case e.Key == "Enter" || ctrl && (e.Key == "m" || e.Key == "j"):
		s.answered()
	case e.Key == "Escape" || ctrl && (e.Key == "c" || e.Key == "d"):
		m := wire.Answer{ID: d.prompt.ID, Cancelled: true}
		d.write("\r\n")
		d.forget()
		s.send(m.Append(s.buf[:0]))
	case e.Key == "Backspace" || ctrl && e.Key == "h":
		d.rub(1)
	case ctrl && e.Key == "u":
		d.rub(len(d.line))
	case !ctrl && e.Mods&keyboard.Alt == 0 && utf8.RuneCountInString(e.Key) == 1:
		s.answerText(e.Key)
	}
}

// answerText puts typed or pasted text into the field; a line end ends it.
func (s *Shell) answerText(text string) {
	d := &s.talk
	for _, r := range text {
		switch {
		case len(d.prompt.Fields) == 0:
			return
		case r == '\n' || r == '\r':
			s.answered()
			return
		case r < 0x20 || r >= 0x7f && r < 0xa0 || len(d.line)+utf8.UTFMax > maxLine:
		default:
			if d.line == nil {
				d.line = make([]byte, 0, maxLine) // it does not move: what is wiped is all there is
			}
			d.line = utf8.AppendRune(d.line, r)
			if d.prompt.Fields[len(d.answers)].Echo {
				d.write(string(r))
			} else {
				d.write("*")
			}
		}
	}
}

// rub takes back the last characters.
func (d *dialogue) rub(n int) {
	for ; n > 0 && len(d.line) > 0; n-- {
		r, size := utf8.DecodeLastRune(d.line)
		clear(d.line[len(d.line)-size:])
		d.line = d.line[:len(d.line)-size]
		cells := 1
		if d.prompt.Fields[len(d.answers)].Echo {
			cells = cellsOf(r)
		}
		for range cells {
			d.write("\b \b")
		}
	}
}

// cellsOf gives how many cells a character takes.
func cellsOf(r rune) int {
	t := term.New(term.Config{Cols: 4, Rows: 1})
	_, _ = t.Write([]byte(string(r)))
	return t.Cursor().X
}

// answered ends a field; after the last one the answer goes out.
func (s *Shell) answered() {
	d := &s.talk
	d.answers = append(d.answers, string(d.line))
	clear(d.line)
	d.line = d.line[:0]
	d.write("\r\n")
	if len(d.answers) < len(d.prompt.Fields) {
		d.label()
		return
	}
	m := wire.Answer{ID: d.prompt.ID, Values: d.answers}
	if p := m.Append(nil); s.cfg.Send != nil { // not in the buffer that is used again
		s.cfg.Send(p)
		clear(p)
	}
	d.forget()
}
