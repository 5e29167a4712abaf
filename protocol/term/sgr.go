package term

// sgr is Select Graphic Rendition (ctlseqs, "Character Attributes").
func (t *Terminal) sgr() {
	p := &t.p
	n := p.count()
	if n == 0 {
		t.resetPen()
		return
	}
	for i := 0; i < n; {
		if p.colon == 0 {
			// The most frequent ones, quickly.
			switch v := p.params[i]; {
			case v >= 30 && v < 38:
				t.pen.Fg = Indexed(uint8(v - 30))
				i++
				continue
			case (v == 38 || v == 48) && i+2 < n && p.params[i+1] == 5 && uint32(p.params[i+2]) < 256:
				c := Indexed(uint8(p.params[i+2]))
				if v == 38 {
					t.pen.Fg = c
				} else {
					t.pen.Bg = c
				}
				i += 3
				continue
			case v <= 0:
				t.resetPen()
				i++
				continue
			}
		}
		i += t.sgrOne(i, n)
	}
}

// resetPen is SGR 0. Protection and links have controls of their own.
func (t *Terminal) resetPen() {
	p := pen{Attr: t.pen.Attr & Protected}
	if t.pen.Ext != 0 {
		p.Ext = t.ext(extended{link: t.penExt().link})
	}
	t.pen = p
}

// subCount is the number of parameters joined to parameter i by colons.
func (p *parser) subCount(i, n int) int {
	k := 1
	for i+k < n && p.colon&(1<<(i+k-1)) != 0 {
		k++
	}
	return k
}

// sgrOne applies the parameter at i and gives the number of those it used.
func (t *Terminal) sgrOne(i, n int) int {
	p := &t.p
	used := p.subCount(i, n)
	a := &t.pen.Attr
	switch v := p.get(i, 0); v {
	case 0:
		t.resetPen()
	case 1:
		*a |= Bold
	case 2:
		*a |= Faint
	case 3:
		*a |= Italic
	case 4:
		style := UnderlineSingle
		if used > 1 {
			sub := p.get(i+1, 0)
			if sub > int(UnderlineDashed) {
				break // a style that nobody has
			}
			style = Underline(sub)
		}
		*a = a.withUnderline(style)
	case 5, 6:
		*a |= Blink
	case 7:
		*a |= Inverse
	case 8:
		*a |= Hidden
	case 9:
		*a |= Strike
	case 21:
		*a = a.withUnderline(UnderlineDouble)
	case 22:
		*a &^= Bold | Faint
	case 23:
		*a &^= Italic
	case 24:
		*a = a.withUnderline(UnderlineNone)
	case 25:
		*a &^= Blink
	case 27:
		*a &^= Inverse
	case 28:
		*a &^= Hidden
	case 29:
		*a &^= Strike
	case 39:
		t.pen.Fg = DefaultColor
	case 49:
		t.pen.Bg = DefaultColor
	case 53:
		*a |= Overline
	case 55:
		*a &^= Overline
	case 59:
		t.setUnderlineColor(DefaultColor)
	case 38, 48, 58:
		c, ok, k := p.color(i, n, used)
		if ok {
			switch v {
			case 38:
				t.pen.Fg = c
			case 48:
				t.pen.Bg = c
			case 58:
				t.setUnderlineColor(c)
			}
		}
		return k
	default:
		switch {
		case v >= 30 && v < 38:
			t.pen.Fg = Indexed(uint8(v - 30))
		case v >= 40 && v < 48:
			t.pen.Bg = Indexed(uint8(v - 40))
		case v >= 90 && v < 98:
			t.pen.Fg = Indexed(uint8(v - 90 + 8))
		case v >= 100 && v < 108:
			t.pen.Bg = Indexed(uint8(v - 100 + 8))
		}
	}
	return used
}

// color reads 38, 48 and 58 in both forms: with colons (T.416, with or without
// the colour space), and xterm's with semicolons.
func (p *parser) color(i, n, used int) (c Color, ok bool, consumed int) {
	if used > 1 {
		switch p.get(i+1, 0) {
		case 5:
			if used >= 3 {
				return Indexed(uint8(p.get(i+2, 0))), p.get(i+2, 0) < 256, used
			}
		case 2:
			at := i + 2
			if used >= 6 {
				at++ // the colour space
			}
			if at+2 < i+used {
				c, ok = p.rgb(at)
				return c, ok, used
			}
		}
		return 0, false, used
	}
	switch p.get(i+1, 0) {
	case 5:
		if i+2 < n {
			return Indexed(uint8(p.get(i+2, 0))), p.get(i+2, 0) < 256, 3
		}
	case 2:
		if i+4 < n {
			c, ok = p.rgb(i + 2)
			return c, ok, 5
		}
	default:
		return 0, false, 1
	}
	return 0, false, n - i
}

func (p *parser) rgb(i int) (Color, bool) {
	r, g, b := p.get(i, 0), p.get(i+1, 0), p.get(i+2, 0)
	return RGB(uint32(r&0xff)<<16 | uint32(g&0xff)<<8 | uint32(b&0xff)), r < 256 && g < 256 && b < 256
}

func (t *Terminal) setUnderlineColor(c Color) {
	e := t.penExt()
	e.underline = c
	t.pen.Ext = t.ext(e)
}
