package term_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/term"
)

// answers collects what a terminal of 20×6 cells says to a program.
func answers(in string) string {
	var out strings.Builder
	tt := term.New(term.Config{Cols: 20, Rows: 6, Scrollback: 10, Name: "Porthole 1.0", Checksum: true})
	tt.SetCellPixels(10, 20)
	tt.Handle(term.Handler{Reply: func(p []byte) { out.Write(p) }})
	_, _ = tt.Write([]byte(in))
	return out.String()
}

func TestAnswers(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"DA1", "\x1b[c", "\x1b[?64;1;6;9;21;22;28;52c"},
		{"DA1 of other kind", "\x1b[1c", ""},
		{"DECID", "\x1bZ", "\x1b[?64;1;6;9;21;22;28;52c"},
		{"DA2", "\x1b[>c", "\x1b[>41;400;0c"},
		{"DA3", "\x1b[=c", "\x1bP!|00000000\x1b\\"},
		{"XTVERSION", "\x1b[>q", "\x1bP>|Porthole 1.0\x1b\\"},
		{"DSR", "\x1b[5n", "\x1b[0n"},
		{"CPR", "\x1b[3;5H\x1b[6n", "\x1b[3;5R"},
		{"CPR before the wrap", "\x1b[1;20Hx\x1b[6n", "\x1b[1;20R"},
		{"CPR with origin", "\x1b[2;5r\x1b[?6h\x1b[2;3H\x1b[6n", "\x1b[2;3R"},
		{"CPR with margins and origin", "\x1b[?69h\x1b[3;10s\x1b[?6h\x1b[1;2H\x1b[6n", "\x1b[1;2R"},
		{"DECXCPR", "\x1b[2;2H\x1b[?6n", "\x1b[?2;2;1R"},
		{"DECDSR printer", "\x1b[?15n", "\x1b[?13n"},
		{"DECDSR keyboard", "\x1b[?26n", "\x1b[?27;1;0;0n"},
		{"DECDSR checksum of macros", "\x1b[?63;7n", "\x1bP7!~0000\x1b\\"},
		{"DECREQTPARM", "\x1b[x\x1b[1x", "\x1b[2;1;1;128;128;1;0x\x1b[3;1;1;128;128;1;0x"},
		{"text area in pixels", "\x1b[14t", "\x1b[4;120;200t"},
		{"cell in pixels", "\x1b[16t", "\x1b[6;20;10t"},
		{"text area in cells", "\x1b[18t", "\x1b[8;6;20t"},
		{"state of the window", "\x1b[11t", "\x1b[1t"},
		{"title is not told", "\x1b]2;rm -rf /\x07\x1b[20t\x1b[21t", ""},
		{"the window is not moved", "\x1b[3;1;1t\x1b[8;100;100t\x1b[18t", "\x1b[8;6;20t"},
		{"DECRQSS SGR", "\x1b[1;3;4:3;31;48;5;200;58;2;1;2;3m\x1bP$qm\x1b\\", "\x1bP1$r0;1;3;4:3;31;48:5:200;58:2::1:2:3m\x1b\\"},
		{"DECRQSS DECSTBM", "\x1b[2;4r\x1bP$qr\x1b\\", "\x1bP1$r2;4r\x1b\\"},
		{"DECRQSS DECSLRM", "\x1b[?69h\x1b[2;9s\x1bP$qs\x1b\\", "\x1bP1$r2;9s\x1b\\"},
		{"DECRQSS DECSCUSR", "\x1b[4 q\x1bP$q q\x1b\\", "\x1bP1$r4 q\x1b\\"},
		{"DECRQSS DECSCA", "\x1b[1\"q\x1bP$q\"q\x1b\\", "\x1bP1$r1\"q\x1b\\"},
		{"DECRQSS DECSCL", "\x1bP$q\"p\x1b\\", "\x1bP1$r64;1\"p\x1b\\"},
		{"DECRQSS DECSACE", "\x1b[2*x\x1bP$q*x\x1b\\", "\x1bP1$r2*x\x1b\\"},
		{"DECRQSS DECSCPP", "\x1bP$q$|\x1b\\", "\x1bP1$r20$|\x1b\\"},
		{"DECRQSS DECSNLS", "\x1bP$q*|\x1b\\", "\x1bP1$r6*|\x1b\\"},
		{"DECRQSS unknown", "\x1bP$qzz\x1b\\", "\x1bP0$r\x1b\\"},
		{"XTGETTCAP", "\x1bP+q544e;436f\x1b\\", "\x1bP1+r544e=787465726D2D323536636F6C6F72\x1b\\\x1bP1+r436f=323536\x1b\\"},
		{"XTGETTCAP unknown", "\x1bP+q7a7a\x1b\\", "\x1bP0+r7a7a\x1b\\"},
		{"XTQMODKEYS", "\x1b[>4;2m\x1b[?4m", "\x1b[>4;2m"},
		{"kitty flags", "\x1b[?u\x1b[>5u\x1b[?u\x1b[=2;2u\x1b[?u\x1b[=1;3u\x1b[?u\x1b[<u\x1b[?u", "\x1b[?0u\x1b[?5u\x1b[?7u\x1b[?6u\x1b[?0u"},
		{"kitty flags of each screen", "\x1b[>1u\x1b[?1049h\x1b[?u\x1b[>8u\x1b[?u\x1b[?1049l\x1b[?u", "\x1b[?0u\x1b[?8u\x1b[?1u"},
		{"kitty pops too much", "\x1b[>1u\x1b[>3u\x1b[<9u\x1b[?u", "\x1b[?0u"},
		{"colour of the palette", "\x1b]4;1;?\x07", "\x1b]4;1;rgb:cdcd/0000/0000\x1b\\"},
		{"colours changed and reset", "\x1b]4;1;#123456\x07\x1b]4;1;?\x07\x1b]104;1\x07\x1b]4;1;?\x07", "\x1b]4;1;rgb:1212/3434/5656\x1b\\\x1b]4;1;rgb:cdcd/0000/0000\x1b\\"},
		{"foreground, background, cursor", "\x1b]10;rgb:1/2/3;#000000000000;?\x07\x1b]10;?\x07", "\x1b]12;rgb:e5e5/e5e5/e5e5\x1b\\\x1b]10;rgb:1111/2222/3333\x1b\\"},
		{"background reset", "\x1b]11;#ffffff\x07\x1b]111\x07\x1b]11;?\x07", "\x1b]11;rgb:0000/0000/0000\x1b\\"},
		{"DECRQCRA", "AB\x1b[7;1;1;1;1;2*y", "\x1bP7!~FF7D\x1b\\"},
		{"DECRQM unknown", "\x1b[?9999$p\x1b[9999$p", "\x1b[?9999;0$y\x1b[9999;0$y"},
		{"DECRQM always set", "\x1b[?2027$p", "\x1b[?2027;3$y"},
		{"DECRQM always reset", "\x1b[?61$p\x1b[13$p", "\x1b[?61;4$y\x1b[13;4$y"},
		{"C1 as characters", "\u009b5n\u0090$qm\x1b\\", "\x1b[0n\x1bP1$r0m\x1b\\"},
	} {
		if got := answers(tt.in); got != tt.want {
			t.Errorf("%s: %q answers %q, want %q", tt.name, tt.in, got, tt.want)
		}
	}
}

// Every mode that can be set is told by DECRQM, saved by XTSAVE and comes back by
// XTRESTORE.
func TestModesAreTold(t *testing.T) {
	for _, n := range []int{
		1, 4, 5, 6, 7, 8, 9, 12, 18, 19, 25, 40, 42, 45, 47, 66, 67, 69, 95,
		1000, 1002, 1003, 1004, 1005, 1006, 1007, 1015, 1016, 1047, 1049, 2004, 2026,
	} {
		ask := fmt.Sprintf("\x1b[?%d$p", n)
		set, reset := fmt.Sprintf("\x1b[?%dh", n), fmt.Sprintf("\x1b[?%dl", n)
		yes, no := fmt.Sprintf("\x1b[?%d;1$y", n), fmt.Sprintf("\x1b[?%d;2$y", n)
		in := set + ask + reset + ask + set + fmt.Sprintf("\x1b[?%ds", n) + reset + fmt.Sprintf("\x1b[?%dr", n) + ask + reset + "\x1bc"
		if got := answers(in); got != yes+no+yes {
			t.Errorf("mode %d: %q", n, got)
		}
	}
	for _, n := range []int{2, 4, 12, 20} {
		want := fmt.Sprintf("\x1b[%d;1$y\x1b[%d;2$y", n, n)
		if got := answers(fmt.Sprintf("\x1b[%dh\x1b[%d$p\x1b[%dl\x1b[%d$p", n, n, n, n)); got != want {
			t.Errorf("ANSI mode %d: %q", n, got)
		}
	}
	if got := answers("\x1b[?40h\x1b[?3h\x1b[?3$p"); got != "\x1b[?3;1$y" {
		t.Errorf("mode 3: %q", got)
	}
}

// A program may read the screen back only where the endpoint allows it.
func TestChecksumIsOffByDefault(t *testing.T) {
	tt := term.New(term.Config{Cols: 20, Rows: 6})
	tt.Handle(term.Handler{Reply: func(p []byte) { t.Errorf("answers %q", p) }})
	_, _ = tt.Write([]byte("secret\x1b[1;1;1;1;1;6*y"))
}

// Screens of 10×5 cells. '|' separates rows; blanks at the end are cut, and so
// are blank rows.
func TestScreens(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"wrap", "0123456789ab", "0123456789|ab"},
		{"no wrap", "\x1b[?7l0123456789ab", "012345678b"},
		{"the last column waits", "0123456789\r\nx", "0123456789|x"},
		{"backspace from the last column", "0123456789\bX", "01234567X9"},
		{"reverse wrap", "\x1b[?45h0123456789a\b\bX", "012345678X|a"},
		{"insert mode", "abc\r\x1b[4hXY\x1b[4lZ", "XYZbc"},
		{"new line mode", "\x1b[20hab\ncd", "ab|cd"},
		{"tabs", "a\tb\x1b[3g\r\x1b[5C\x1bH\ra\tc", "a    c  b"},
		{"tab stop cleared", "\x1b[1;9H\x1b[g\ra\tb", "a        b"},
		{"CHT and CBT", "\x1b[5G\x1bH\r\x1b[2IX\x1b[2ZY", "    Y   X"},
		{"DECST8C", "\x1b[3g\x1b[?5W\r\tx", "        x"},
		{"CUP beyond the screen", "\x1b[99;99HX", "||||         X"},
		{"CUU stops at the margin", "\x1b[2;4r\x1b[3;1H\x1b[9AX", "|X"},
		{"CUU from above the margin", "\x1b[3;4r\x1b[2;1H\x1b[9AX", "X"},
		{"CUD stops at the margin", "\x1b[2;4r\x1b[3;1H\x1b[9BX", "|||X"},
		{"CNL, CPL", "\x1b[2;5Ha\x1b[Eb\x1b[2Fc", "c|    a|b"},
		{"CHA, HPR, VPA, VPR", "\x1b[5Ga\x1b[2ab\x1b[2dc\x1b[ed", "    a  b|        c|         d"},
		{"origin", "\x1b[2;4r\x1b[?6hA\x1b[9;1HB", "|A||B"},
		{"IL", "a\r\nb\r\nc\x1b[2;2H\x1b[Lx", "a|x|b|c"},
		{"DL", "a\r\nb\r\nc\x1b[1;2H\x1b[Mx", "x|c"},
		{"IL in the region", "a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[2;1H\x1b[L", "a||b|d"},
		{"IL outside the region", "a\r\nb\r\nc\x1b[2;3r\x1b[H\x1b[L", "a|b|c"},
		{"ICH", "abcdef\x1b[1;3H\x1b[2@", "ab  cdef"},
		{"DCH", "abcdef\x1b[1;3H\x1b[2P", "abef"},
		{"ECH", "abcdef\x1b[1;3H\x1b[2X", "ab  ef"},
		{"EL", "abcdef\x1b[1;3H\x1b[K\r\nabcdef\x1b[2;3H\x1b[1K\r\nabc\x1b[2K", "ab|   def"},
		{"ED", "aaa\r\nbbb\r\nccc\x1b[2;2H\x1b[J", "aaa|b"},
		{"ED 1", "aaa\r\nbbb\r\nccc\x1b[2;2H\x1b[1J", "|  b|ccc"},
		{"SU, SD", "a\r\nb\r\nc\x1b[2S\x1b[T", "|c"},
		{"RI scrolls", "a\r\nb\x1b[H\x1bMx", "x|a|b"},
		{"IND, NEL", "a\x1bDb\x1bEc", "a| b|c"},
		{"SL, SR", "abcd\x1b[2 @\r\x1b[3 A", "   cd"},
		{"DECIC, DECDC", "abcd\x1b[1;2H\x1b[2'}\x1b[1;1H\x1b['~", "  bcd"},
		{"DECBI, DECFI", "abc\x1b[1;1H\x1b6\x1b[1;10H\x1b9\x1b9", "bc"},
		{"DECSLRM", "\x1b[?69h\x1b[3;5s\x1b[1;3Habcdef", "  abc|  def"},
		{"DECSLRM scrolls inside", "0123456789\r\n0123456789\x1b[?69h\x1b[3;5s\x1b[S", "0123456789|01   56789"},
		{"DECSLRM, ICH", "0123456789\x1b[?69h\x1b[3;5s\x1b[1;3H\x1b[@", "01 2356789"},
		{"CR goes to the margin", "\x1b[?69h\x1b[3;5s\x1b[1;4Hx\ry", "  yx"},
		{"CSI s is SCOSC without mode 69", "\x1b[1;4H\x1b[s\x1b[3;3H\x1b[ux", "   x"},
		{"REP", "ab\x1b[3b", "abbbb"},
		{"REP after a control is nothing", "ab\r\x1b[3b", "ab"},
		{"REP of a wide character", "漢\x1b[2b", "漢漢漢"},
		{"DECALN", "\x1b[2;3r\x1b#8x", "xEEEEEEEEE|EEEEEEEEEE|EEEEEEEEEE|EEEEEEEEEE|EEEEEEEEEE"},
		{"DECFRA", "\x1b[65;2;2;3;4$x", "| AAA| AAA"},
		{"DECFRA with origin", "\x1b[2;4r\x1b[?6h\x1b[66;1;1;9;2$x", "|BB|BB|BB"},
		{"DECFRA ignores controls", "\x1b[7;1;1;2;2$x", ""},
		{"DECERA", "\x1b#8\x1b[2;2;4;9$z", "EEEEEEEEEE|E        E|E        E|E        E|EEEEEEEEEE"},
		{"DECSERA", "ab\x1b[1\"qcd\x1b[0\"qef\x1b[1;1;1;10${", "  cd"},
		{"DECSED, DECSEL", "ab\x1b[1\"qcd\x1b[\"q\r\nef\x1b[?J\x1b[H\x1b[?K\x1b[?2J", "  cd"},
		{"DECCRA", "abc\r\ndef\x1b[1;1;2;2;1;3;5$v", "abc|def|    ab|    de"},
		{"DECCRA onto itself", "abcdef\x1b[1;1;1;5;1;1;2$v", "aabcde"},
		{"DECCRA down over itself", "a\r\nb\r\nc\x1b[1;1;3;1;1;2;1$v", "a|a|b|c"},
		{"graphics", "\x1b(0lqk\x1b(Bq", "┌─┐q"},
		{"SO, SI", "\x1b)0a\x0ea\x0fa", "a▒a"},
		{"LS2, SS2", "\x1b*0\x1bNaa\x1bna", "▒a▒"},
		{"UK", "\x1b(A#\x1b(B#", "£#"},
		{"German only with mode 42", "\x1b(K[\x1b[?42h\x1b(K[{\x1b(B[", "[Ää["},
		{"alternate screen 1049", "ab\x1b[?1049hxy\x1b[?1049lc", "abc"},
		{"1049 comes up blank", "\x1b[?1049hxy\x1b[?1049l\x1b[?1049h", ""},
		{"47 keeps its text", "\x1b[?47hxy\x1b[?47l\x1b[?47h", "xy"},
		{"1047 does not", "\x1b[?1047hxy\x1b[?1047l\x1b[?1047h", ""},
		{"1048", "\x1b[2;3H\x1b[?1048h\x1b[H\x1b[?1048lx", "|  x"},
		{"DECSC keeps the charset", "\x1b(0\x1b7\x1b(B\x1b8q", "─"},
		{"RIS", "ab\x1bc", ""},
		{"DECSTR keeps the text", "ab\x1b[4h\x1b[!p\rx", "xb"},
		{"wide at the edge", "012345678漢", "012345678|漢"},
		{"wide without wrap", "\x1b[?7l012345678漢", "01234567漢"},
		{"half of a wide character overwritten", "漢字\x1b[1;2Hx", " x字"},
		{"combining", "e\u0301x", "e\u0301x"},
		{"combining after the last column", "012345678e\u0301x", "012345678e\u0301|x"},
		{"combining across SGR", "e\x1b[1m\u0301", "e\u0301"},
		{"family is one", "\U0001f468\u200d\U0001f469\u200d\U0001f467x", "\U0001f468\u200d\U0001f469\u200d\U0001f467x"},
		{"flags pair", "\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7x", "\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7x"},
		{"not UTF-8", "a\xffb\xe6\xbcc", "a\ufffdb\ufffdc"},
		{"too long UTF-8", "\xc0\xafx", "\ufffd\ufffdx"},
		{"CAN ends a sequence", "\x1b[31\x18mx", "mx"},
		{"ESC begins anew", "\x1b[3\x1b[2Cx", "  x"},
		{"controls inside of a sequence", "ab\x1b[\r2Cx", "abx"},
		{"unknown strings are swallowed", "\x1bXsos\x1b\\\x1b^pm\x1b\\\x1b_apc\x1b\\\x1bPxdcs\x1b\\\x1b]999;x\x07y", "y"},
		{"too many parameters", "\x1b[" + strings.Repeat("1;", 100) + "1Hx", "x"},
	} {
		a := term.New(term.Config{Cols: 10, Rows: 5, Scrollback: 10})
		_, _ = a.Write([]byte(tt.in))
		if got := strings.ReplaceAll(trimLines(a.Text()), "\n", "|"); got != tt.want {
			t.Errorf("%s: %q shows %q, want %q", tt.name, tt.in, got, tt.want)
		}
	}
}
