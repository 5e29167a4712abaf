package browser_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/term"
)

// program is what the tests run in the demo shell: this test binary, which shows
// exactly what it receives.
func program(name string) {
	old, err := term.MakeRaw(0)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer func() { _ = term.Restore(0, old) }()
	switch name {
	case "keys":
		showKeys()
	case "paste":
		countPaste()
	}
}

// showKeys writes what comes before each "|" as a quoted line with a number. The
// sequence in PORTHOLE_TEST_MODES goes to the terminal first.
func showKeys() {
	fmt.Print("\x1b[H\x1b[2J" + os.Getenv("PORTHOLE_TEST_MODES") + "ready\r\n")
	defer fmt.Print("\x1b[<u\x1b[?1l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?2004l\x1b[?1049l")
	var line []byte
	buf := make([]byte, 4096)
	for number := 0; ; {
		n, err := os.Stdin.Read(buf)
		if err != nil {
			return
		}
		for _, c := range buf[:n] {
			switch c {
			case '|':
				fmt.Printf("\x1b[H\x1b[2J%d:%s.", number, strconv.QuoteToASCII(string(line)))
				number++
				line = line[:0]
			case '}':
				return
			default:
				line = append(line, c)
			}
		}
	}
}

// countPaste reads a bracketed paste and what is typed behind it, and says how
// much it was.
func countPaste() {
	fmt.Print("\x1b[H\x1b[2J\x1b[?2004hready\r\n")
	defer fmt.Print("\x1b[?2004l")
	var all []byte
	buf := make([]byte, 64<<10)
	for !bytes.HasSuffix(all, []byte("behind")) {
		n, err := os.Stdin.Read(buf)
		if err != nil {
			return
		}
		all = append(all, buf[:n]...)
	}
	all, after, _ := bytes.Cut(all, []byte("\x1b[201~"))
	body, ok := bytes.CutPrefix(all, []byte("\x1b[200~"))
	fmt.Printf("pasted %d %v %x\r\nafter it %s\r\n", len(body), ok, sha256.Sum256(body), after)
}

// keys is showKeys at work in a tab.
type keys struct {
	*tab
	number int
}

// runKeys starts showKeys with modes set by a sequence.
func (b *tab) runKeys(modes string) *keys {
	b.t.Helper()
	b.run("keys", modes)
	return &keys{tab: b}
}

func (b *tab) run(name, modes string) {
	b.t.Helper()
	self, err := os.Executable()
	b.must(err)
	b.send(fmt.Sprintf("clear; PORTHOLE_TEST_PROGRAM=%s PORTHOLE_TEST_MODES=$'%s' '%s'\r", name, modes, self))
	b.until(`porthole.text().trim() == "ready"`)
}

// received gives what the program received since the last call.
func (k *keys) received() string {
	k.t.Helper()
	k.send("|")
	prefix := strconv.Itoa(k.number) + ":"
	k.until(fmt.Sprintf(`porthole.text().startsWith(%q) && porthole.text().trimEnd().endsWith('".')`, prefix))
	k.number++
	text := strings.ReplaceAll(eval[string](k.tab, "porthole.text()"), "\n", "")
	text = strings.TrimSuffix(strings.TrimSpace(strings.TrimPrefix(text, prefix)), ".")
	s, err := strconv.Unquote(text)
	k.must(err)
	return s
}

// quit ends the program.
func (k *keys) quit() {
	k.t.Helper()
	k.send("}")
	k.until(`porthole.text().trimEnd().endsWith("$")`)
}

// expect is received with a comparison.
func (k *keys) expect(t *testing.T, what, want string) {
	t.Helper()
	if got := k.received(); got != want {
		t.Errorf("%s: the program got %q, want %q", what, got, want)
	}
}
