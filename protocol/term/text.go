package term

// Text gives the visible screen: trailing blanks cut, rows joined by line feeds.
func (t *Terminal) Text() string {
	var b []byte
	for y := range t.rows {
		if y > 0 {
			b = append(b, '\n')
		}
		b = t.AppendLine(b, t.cur.lines[y])
	}
	return string(b)
}

// ScrollbackText gives the scrollback, oldest line first, each ended by a line
// feed.
func (t *Terminal) ScrollbackText() string {
	var b []byte
	for i := range t.hist.n {
		b = append(t.AppendLine(b, t.hist.at(i)), '\n')
	}
	return string(b)
}

// AppendLine appends a line's text without trailing blanks.
func (t *Terminal) AppendLine(dst []byte, l *Line) []byte {
	end := len(dst)
	for _, c := range l.Cells {
		switch {
		case c.Attr&WideTail != 0:
			continue
		case c.Blank():
			dst = append(dst, ' ')
		default:
			dst = t.appendCluster(dst, c)
			end = len(dst)
		}
	}
	return dst[:end]
}
