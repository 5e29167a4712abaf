package term

// modes are the switches of SM, RM, DECSET and DECRST.
type modes struct {
	// ANSI
	keyboardLock bool // 2
	insert       bool // 4
	newline      bool // 20
	// DEC private
	appCursor     bool   // 1
	columns132    bool   // 3
	smoothScroll  bool   // 4
	reverseVideo  bool   // 5
	origin        bool   // 6
	wrap          bool   // 7
	cursor        bool   // 25
	allow132      bool   // 40
	reverseWrap   bool   // 45
	appKeypad     bool   // 66, DECKPAM
	backarrow     bool   // 67
	leftRight     bool   // 69
	mouse         uint16 // 9, 1000, 1002, 1003
	mouseEncoding uint16 // 1005, 1006, 1015, 1016
	focus         bool   // 1004
	altScroll     bool   // 1007
	paste         bool   // 2004
	sync          bool   // 2026
	noClear132    bool   // 95
	echoOff       bool   // ANSI 12, SRM: kept and told, without effect
	autoRepeat    bool   // 8: as 12
	formFeed      bool   // 18: as 12
	printExtent   bool   // 19: as 12
	national      bool   // 42
	sixelDisplay  bool   // 80: DECSDM
	sixelRight    bool   // 8452

	modifyOtherKeys uint8 // 0…2
	rectangular     bool  // DECSACE 2
	saved           [len(privateModes)]bool
}

func defaultModes() modes {
	return modes{wrap: true, cursor: true, altScroll: true, autoRepeat: true}
}

// Modes are those modes that the side with keyboard and mouse must know.
type Modes struct {
	AppCursor       bool
	AppKeypad       bool
	Backarrow       bool // backspace sends BS
	NewLine         bool // Return sends CR LF
	BracketedPaste  bool
	FocusEvents     bool
	MouseMode       uint16 // 0, 9, 1000, 1002 or 1003
	MouseEncoding   uint16 // 0 (X10), 1005, 1006, 1015 or 1016
	AltScroll       bool   // the wheel sends arrows on the alternate screen
	AltScreen       bool
	ReverseVideo    bool
	SyncOutput      bool // the program is in the middle of a picture: do not paint
	KittyFlags      uint8
	ModifyOtherKeys uint8
}

// Modes gives the modes.
func (t *Terminal) Modes() Modes {
	m := &t.modes
	return Modes{
		AppCursor: m.appCursor, AppKeypad: m.appKeypad, Backarrow: m.backarrow, NewLine: m.newline,
		BracketedPaste: m.paste, FocusEvents: m.focus, MouseMode: m.mouse, MouseEncoding: m.mouseEncoding,
		AltScroll: m.altScroll, AltScreen: t.cur == &t.alt, ReverseVideo: m.reverseVideo, SyncOutput: m.sync,
		KittyFlags: t.kittyFlags(), ModifyOtherKeys: m.modifyOtherKeys,
	}
}

// setMode is SM and RM.
func (t *Terminal) setMode(n int, on bool) {
	if b := t.ansiMode(n); b != nil {
		*b = on
	}
}

func (t *Terminal) ansiMode(n int) *bool {
	switch n {
	case 2:
		return &t.modes.keyboardLock
	case 4:
		return &t.modes.insert
	case 12:
		return &t.modes.echoOff
	case 20:
		return &t.modes.newline
	}
	return nil
}

// privateModes are the modes that XTSAVE keeps and DECRQM knows.
var privateModes = [...]int{
	1, 3, 4, 5, 6, 7, 8, 9, 12, 18, 19, 25, 40, 42, 45, 47, 66, 67, 69, 80, 95,
	1000, 1002, 1003, 1004, 1005, 1006, 1007, 1015, 1016, 1047, 1048, 1049, 2004, 2026, 2027, 8452,
}

// plainMode gives the mode that is nothing but a switch.
func (t *Terminal) plainMode(n int) *bool {
	m := &t.modes
	switch n {
	case 1:
		return &m.appCursor
	case 4:
		return &m.smoothScroll
	case 8:
		return &m.autoRepeat
	case 12:
		return &t.blink
	case 18:
		return &m.formFeed
	case 19:
		return &m.printExtent
	case 25:
		return &m.cursor
	case 40:
		return &m.allow132
	case 42:
		return &m.national
	case 45:
		return &m.reverseWrap
	case 66:
		return &m.appKeypad
	case 67:
		return &m.backarrow
	case 80:
		return &m.sixelDisplay
	case 95:
		return &m.noClear132
	case 1004:
		return &m.focus
	case 1007:
		return &m.altScroll
	case 2004:
		return &m.paste
	case 8452:
		return &m.sixelRight
	}
	return nil
}

// setPrivate is DECSET and DECRST (ctlseqs, "DEC Private Mode Set").
func (t *Terminal) setPrivate(n int, on bool) {
	if b := t.plainMode(n); b != nil {
		*b = on
		return
	}
	m := &t.modes
	switch n {
	case 3:
		t.deccolm(on)
	case 5:
		if m.reverseVideo != on {
			m.reverseVideo = on
			t.damage.all = true
		}
	case 6:
		m.origin = on
		t.position(0, 0)
	case 7:
		m.wrap = on
		t.wrap = t.wrap && on
	case 69:
		m.leftRight = on
		t.left, t.right = 0, t.cols-1
	case 9, 1000, 1002, 1003:
		if on {
			m.mouse = uint16(n)
		} else if m.mouse == uint16(n) || m.mouse != 0 {
			m.mouse = 0
		}
	case 1005, 1006, 1015, 1016:
		if on {
			m.mouseEncoding = uint16(n)
		} else if m.mouseEncoding == uint16(n) {
			m.mouseEncoding = 0
		}
	case 47: // the alternate screen keeps its text
		t.useAlternate(on)
	case 1047:
		t.useAlternate(on)
		t.dropAlternate()
	case 1048:
		if on {
			t.saveCursor()
		} else {
			t.restoreCursor()
		}
	case 1049:
		t.alternateWithCursor(on)
	case 2026:
		if m.sync && !on {
			t.damage.all = true
		}
		m.sync = on
	}
}

// alternateWithCursor is mode 1049: the cursor is kept with the main screen.
func (t *Terminal) alternateWithCursor(on bool) {
	if on == (t.cur == &t.alt) {
		return
	}
	if on {
		t.saveCursor()
		t.useAlternate(true)
		t.eraseDisplay(2, false)
		return
	}
	t.useAlternate(false)
	t.dropAlternate()
	t.restoreCursor()
}

// deccolm is mode 3. The width of the window is the person's; what the mode does
// besides is done.
func (t *Terminal) deccolm(on bool) {
	if !t.modes.allow132 {
		return
	}
	t.modes.columns132 = on
	t.modes.leftRight = false
	t.resetMargins()
	t.position(0, 0)
	if !t.modes.noClear132 {
		t.eraseDisplay(2, false)
	}
}

// privateState gives a private mode as DECRQM reports it: 1 set, 2 reset, 3
// always set, 4 always reset, 0 not known.
func (t *Terminal) privateState(n int) int {
	state := func(on bool) int {
		if on {
			return 1
		}
		return 2
	}
	if b := t.plainMode(n); b != nil {
		return state(*b)
	}
	m := &t.modes
	switch n {
	case 3:
		return state(m.columns132)
	case 5:
		return state(m.reverseVideo)
	case 6:
		return state(m.origin)
	case 7:
		return state(m.wrap)
	case 69:
		return state(m.leftRight)
	case 9, 1000, 1002, 1003:
		return state(m.mouse == uint16(n))
	case 1005, 1006, 1015, 1016:
		return state(m.mouseEncoding == uint16(n))
	case 47, 1047, 1049:
		return state(t.cur == &t.alt)
	case 1048:
		return state(t.cur.saved.set)
	case 2026:
		return state(m.sync)
	case 1070, 2027: // colour registers of a sixel picture are its own
		return 3
	case 34, 35, 36, 57, 60, 61, 64, 68, 73, 81, 96, 97, 98, 99, 100, 101, 102, 103, 104, 106:
		return 4 // Hebrew, page coupling, printing … as xterm tells
	}
	return 0
}

// requestMode is DECRQM.
func (t *Terminal) requestMode(private byte, n int) {
	if private == '?' {
		t.replyf("\x1b[?%d;%d$y", n, t.privateState(n))
		return
	}
	if private != 0 {
		return
	}
	state := 0
	switch b := t.ansiMode(n); {
	case b != nil && *b:
		state = 1
	case b != nil:
		state = 2
	case n == 1, n == 3, n == 5, n == 7, n == 10, n == 11, n >= 13 && n <= 19:
		state = 4 // modes of ECMA-48 that terminals do not have
	}
	t.replyf("\x1b[%d;%d$y", n, state)
}

// savePrivate is XTSAVE, restorePrivate XTRESTORE.
func (t *Terminal) savePrivate(n int) {
	for i, k := range privateModes {
		if k == n {
			t.modes.saved[i] = t.privateState(n) == 1
		}
	}
}

func (t *Terminal) restorePrivate(n int) {
	for i, k := range privateModes {
		if k == n {
			t.setPrivate(n, t.modes.saved[i])
		}
	}
}

// softReset is DECSTR.
func (t *Terminal) softReset() {
	m := &t.modes
	m.cursor, m.insert, m.origin, m.keyboardLock, m.national = true, false, false, false, false
	m.wrap = true // as xterm; the VT manuals say off
	m.reverseWrap, m.appCursor, m.appKeypad, m.leftRight = false, false, false, false
	t.resetMargins()
	t.pen = pen{}
	t.chars = charsets{}
	t.cur.saved = savedCursor{}
	t.wrap = false
	t.cur.kitty = nil
	m.modifyOtherKeys = 0
}

// Keyboard flags of the kitty protocol, a stack for each screen.

func (t *Terminal) kittyFlags() uint8 {
	if n := len(t.cur.kitty); n > 0 {
		return t.cur.kitty[n-1]
	}
	return 0
}

func (t *Terminal) kittyKeyboard(private byte) {
	p := &t.p
	s := t.cur
	const known = 0x1f
	switch private {
	case '?':
		t.replyf("\x1b[?%du", t.kittyFlags())
	case '>':
		if len(s.kitty) == maxKittyStack {
			s.kitty = append(s.kitty[:0], s.kitty[1:]...)
		}
		if len(s.kitty) == 0 {
			s.kitty = append(s.kitty, 0) // the flags below the stack
		}
		s.kitty = append(s.kitty, uint8(p.get(0, 0)&known))
	case '<':
		s.kitty = s.kitty[:max(len(s.kitty)-p.atLeast1(0), 0)]
	case '=':
		if len(s.kitty) == 0 {
			s.kitty = append(s.kitty, 0)
		}
		top := &s.kitty[len(s.kitty)-1]
		flags := uint8(p.get(0, 0) & known)
		switch p.get(1, 1) {
		case 1:
			*top = flags
		case 2:
			*top |= flags
		case 3:
			*top &^= flags
		}
	}
}
