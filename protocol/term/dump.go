package term

import "fmt"

// Dump is a terminal's screen for people and programs that look into faults.
type Dump struct {
	Cols       int       `json:"cols"`
	Rows       int       `json:"rows"`
	Cursor     Cursor    `json:"cursor"`
	Modes      Modes     `json:"modes"`
	Title      string    `json:"title"`
	Scrollback int       `json:"scrollback"`
	Lines      []DumpRow `json:"lines"`
}

// DumpRow is one row: its text and the runs of cells that are styled.
type DumpRow struct {
	Text    string    `json:"text"`
	Wrapped bool      `json:"wrapped,omitempty"`
	Runs    []DumpRun `json:"runs,omitempty"`
}

// DumpRun is a run of cells of one style, columns From to To-1.
type DumpRun struct {
	From  int    `json:"from"`
	To    int    `json:"to"`
	Style string `json:"style"` // as SGR parameters
}

// Dump describes the visible screen.
func (t *Terminal) Dump() Dump {
	d := Dump{Cols: t.cols, Rows: t.rows, Cursor: t.Cursor(), Modes: t.Modes(), Title: t.title, Scrollback: t.hist.n}
	saved := t.pen
	for y := range t.rows {
		l := t.cur.lines[y]
		row := DumpRow{Text: string(t.AppendLine(nil, l)), Wrapped: l.Wrapped}
		for x := 0; x < len(l.Cells); {
			c := l.Cells[x]
			style := pen{c.Fg, c.Bg, c.Attr & penMask, c.Ext}
			end := x + 1
			for end < len(l.Cells) {
				n := l.Cells[end]
				if (pen{n.Fg, n.Bg, n.Attr & penMask, n.Ext}) != style {
					break
				}
				end++
			}
			if style != (pen{}) {
				t.pen = style
				text := t.sgrText()
				if _, link := t.Extended(c); link != 0 {
					text += fmt.Sprintf(" link %s", t.Link(link))
				}
				row.Runs = append(row.Runs, DumpRun{x, end, text})
			}
			x = end
		}
		d.Lines = append(d.Lines, row)
	}
	t.pen = saved
	return d
}
