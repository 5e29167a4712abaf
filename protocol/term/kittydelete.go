package term

// kittyDelete is a=d. Small letters delete placements, capital ones also the
// pictures that are then shown nowhere, scrollback included.
func (t *Terminal) kittyDelete(c *kittyCommand) {
	im := t.img
	what := c.what | 0x20
	capital := c.what&0x20 == 0
	var touched []*Picture
	remove := func(p *Placement) {
		if !p.dead() {
			p.gone = true
			touched = append(touched, p.Picture)
		}
	}
	switch what {
	case 'i', 'n', 'r':
		named := t.kittySelected(c, what)
		for _, p := range im.placements {
			if p.kitty && named(p.Picture) && (what == 'r' || c.placement == 0 || p.id == c.placement) {
				remove(p)
			}
		}
		for _, p := range im.pictures {
			if p.id != 0 && named(p) {
				touched = append(touched, p)
			}
		}
	case 'z':
		for _, p := range im.placements {
			if p.kitty && p.Z == c.z {
				remove(p)
			}
		}
	default:
		t.onScreen(t.kittyHit(c, what), remove)
	}
	if len(touched) == 0 {
		return
	}
	t.damage.all = true
	t.sweep()
	if !capital {
		return
	}
	for _, p := range touched {
		if p.round != im.round {
			t.dropPicture(p)
		}
	}
}

// kittySelected gives the test for pictures by id, number or range of ids.
func (t *Terminal) kittySelected(c *kittyCommand, what byte) func(*Picture) bool {
	switch what {
	case 'i':
		return func(p *Picture) bool { return c.id != 0 && p.id == c.id }
	case 'n':
		newest := t.kittyNumbered(c.number)
		return func(p *Picture) bool { return c.number != 0 && p == newest }
	}
	return func(p *Picture) bool { return p.id != 0 && p.id >= c.x && p.id <= c.y }
}

// kittyHit gives the test for pieces of the screen by place.
func (t *Terminal) kittyHit(c *kittyCommand, what byte) func(p *Piece, y int) bool {
	inColumn := func(p *Piece, x int) bool { return x >= int(p.X) && x < int(p.End) }
	x, y := int(min(c.x, beyond))-1, int(min(c.y, beyond))-1
	switch what {
	case 'a':
		return func(*Piece, int) bool { return true }
	case 'c':
		return func(p *Piece, row int) bool { return row == t.y && inColumn(p, min(t.x, t.cols-1)) }
	case 'p':
		return func(p *Piece, row int) bool { return row == y && inColumn(p, x) }
	case 'q':
		return func(p *Piece, row int) bool { return row == y && inColumn(p, x) && p.Z == c.z }
	case 'x':
		return func(p *Piece, _ int) bool { return inColumn(p, x) }
	case 'y':
		return func(_ *Piece, row int) bool { return row == y }
	}
	return func(*Piece, int) bool { return false } // frames of an animation, and what there is not
}

// onScreen calls f for the kitty placements of which a piece on the screen passes
// the test.
func (t *Terminal) onScreen(hit func(p *Piece, y int) bool, f func(*Placement)) {
	for y := range t.cur.lines {
		l := t.cur.lines[y]
		if l.pics == nil {
			continue
		}
		for i := range *l.pics {
			if p := &(*l.pics)[i]; p.kitty && hit(p, y) {
				f(p.Placement)
			}
		}
	}
}

// clearKitty takes the kitty pictures off the screen, as clearing it does.
func (t *Terminal) clearKitty() {
	if t.img == nil {
		return
	}
	any := false
	t.onScreen(func(*Piece, int) bool { return true }, func(p *Placement) { p.gone, any = true, true })
	if any {
		t.damage.all = true
	}
}
