package guac_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/porthole-rac/porthole/protocol/guac"
)

// all parses a message into lines, as far as that goes.
func all(p *guac.Parser, message string) (lines []string, err error) {
	rest := []byte(message)
	for len(rest) > 0 {
		var in guac.Instruction
		if in, rest, err = p.Next(rest); err != nil {
			return lines, err
		}
		lines = append(lines, fmt.Sprintf("%s%q", in.Opcode, in.Args))
	}
	return lines, nil
}

func TestParse(t *testing.T) {
	for name, c := range map[string]struct {
		message string
		want    []string
		err     error
	}{
		"what the page sends":   {"5.mouse,3.100,2.50,1.1;3.key,5.65293,1.0;", []string{`mouse["100" "50" "1"]`, `key["65293" "0"]`}, nil},
		"nothing":               {"", nil, nil},
		"no arguments":          {"3.nop;", []string{`nop[]`}, nil},
		"empty arguments":       {"4.test,0.,0.;", []string{`test["" ""]`}, nil},
		"of the tunnel":         {"0.,4.ping,13.1700000000000;4.sync,1.5;", []string{`["ping" "1700000000000"]`, `sync["5"]`}, nil},
		"separators in a value": {"1.a,3.;,.;", []string{`a[";,."]`}, nil},
		"umlauts count one":     {"4.name,3.äöü;", []string{`name["äöü"]`}, nil},
		"beyond U+FFFF two":     {"4.name,4.😀ab;", []string{`name["😀ab"]`}, nil},

		"goodbye":                  {"0.authentik.disconnect", nil, guac.ErrGoodbye},
		"no semicolon":             {"3.nop", nil, guac.ErrMalformed},
		"cut in a value":           {"5.mou", nil, guac.ErrMalformed},
		"cut in a length":          {"3.nop;12", []string{"nop[]"}, guac.ErrMalformed},
		"no length":                {".nop;", nil, guac.ErrMalformed},
		"a wrong length":           {"2.nop;", nil, guac.ErrMalformed},
		"a negative length":        {"-1.nop;", nil, guac.ErrMalformed},
		"a length of six digits":   {"000003.nop;", nil, guac.ErrTooLong},
		"ends within a character":  {"4.name,1.😀;", nil, guac.ErrMalformed},
		"not UTF-8":                {"4.name,1.\xff;", nil, guac.ErrMalformed},
		"a value of 99999":         {"4.name,5.99999", nil, guac.ErrMalformed},
		"more than it may":         {"4.blob,1.1,8200." + strings.Repeat("A", 8200) + ";", nil, guac.ErrTooLong},
		"64 elements":              {"1.a" + strings.Repeat(",0.", 63) + ";", []string{`a["` + strings.Repeat(`" "`, 62) + `"]`}, nil},
		"65 elements":              {"1.a" + strings.Repeat(",0.", 64) + ";", nil, guac.ErrTooLong},
		"something after goodbye":  {"0.authentik.disconnect;", nil, guac.ErrMalformed},
		"line feed in between":     {"3.nop;\n3.nop;", []string{"nop[]"}, guac.ErrMalformed},
		"a comma in place of text": {"3.nop,;", nil, guac.ErrMalformed},
	} {
		got, err := all(new(guac.Parser), c.message)
		if !errors.Is(err, c.err) || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, %v; want %q, %v", name, got, err, c.want, c.err)
		}
	}
}

// A browser's instruction may have as many units as authentik lets through.
func TestLongest(t *testing.T) {
	blob := func(n int) string { return fmt.Sprintf("4.blob,1.1,%d.%s;", n, strings.Repeat("A", n)) }
	longest, more := blob(8192-len("4.blob,1.1,8175.;")), blob(8193-len("4.blob,1.1,8175.;"))
	if _, err := all(new(guac.Parser), longest); err != nil {
		t.Errorf("%d units: %v", len(longest), err)
	}
	if _, err := all(new(guac.Parser), more); !errors.Is(err, guac.ErrTooLong) {
		t.Errorf("%d units: %v", len(more), err)
	}
	if _, err := all(&guac.Parser{Units: 1 << 20}, more); err != nil {
		t.Errorf("with another bound: %v", err)
	}
}

func TestNumbers(t *testing.T) {
	for text, want := range map[string]int{"0": 0, "12": 12, "-3": -3, "12.75": 12, "-0.5": 0, "65293": 65293} {
		in := guac.Instruction{Args: [][]byte{[]byte(text)}}
		if v, ok := in.Int(0); !ok || v != want {
			t.Errorf("%q is %d, %v", text, v, ok)
		}
	}
	for _, text := range []string{"", "-", "x", "1x", "1.x", ".5", "1e3", "99999999999999999999", "NaN", "--1"} {
		in := guac.Instruction{Args: [][]byte{[]byte(text)}}
		if v, ok := in.Int(0); ok {
			t.Errorf("%q is %d", text, v)
		}
	}
	in := guac.Instruction{}
	if _, ok := in.Int(0); ok || in.Arg(-1) != nil {
		t.Error("an argument that is not there")
	}
}

// elements reads a message as the page's script does: by UTF-16 code units.
func elements(message []byte) (all []string, ok bool) {
	u := utf16.Encode([]rune(string(message)))
	for len(u) > 0 {
		n := 0
		for len(u) > 0 && u[0] != '.' {
			n = 10*n + int(u[0]-'0')
			u = u[1:]
		}
		if len(u) < n+2 {
			return all, false
		}
		all = append(all, string(utf16.Decode(u[1:1+n])))
		end := u[1+n]
		if u = u[n+2:]; end == ';' {
			all = append(all, ";")
		} else if end != ',' {
			return all, false
		}
	}
	return all, true
}

func TestWrite(t *testing.T) {
	var w guac.Writer
	w.Begin("name")
	w.Text("a, b; 😀 ä \xff.")
	w.End()
	w.Begin("size")
	w.Int(-1)
	w.Int64(1 << 40)
	w.End()
	w.Begin("blob")
	w.Int(3)
	w.Base64([]byte("hello"))
	w.End()
	var got []string
	for m := range w.Messages {
		e, ok := elements(m)
		if !ok {
			t.Fatalf("the page cannot read %q", m)
		}
		got = append(got, e...)
	}
	want := []string{"name", "a, b; 😀 ä \ufffd.", ";", "size", "-1", "1099511627776", ";", "blob", "3", "aGVsbG8=", ";"}
	if !slices.Equal(got, want) {
		t.Errorf("the page reads %q, want %q", got, want)
	}
}

// Messages hold whole instructions, are as long as they may, and data comes whole.
func TestMessages(t *testing.T) {
	data := make([]byte, 50_000)
	for i := range data {
		data[i] = byte(i * i >> 3)
	}
	for _, size := range []int{0, 500, 2000, 60_000} {
		w := guac.Writer{Size: size}
		most := size
		if most == 0 {
			most = guac.MessageSize
		}
		for range 5 {
			w.Begin("nop")
			w.End()
		}
		w.Blobs(7, data)
		w.Begin("end")
		w.Int(7)
		w.End()
		var back []byte
		n, total := 0, 0
		p := guac.Parser{Units: 1 << 20}
		for m := range w.Messages {
			n++
			total += len(m)
			if len(m) > most {
				t.Errorf("size %d: a message of %d bytes", size, len(m))
			}
			for len(m) > 0 {
				in, rest, err := p.Next(m)
				if err != nil {
					t.Fatalf("size %d: %v in %.60q", size, err, m)
				}
				if in.Is("blob") {
					b, err := base64.StdEncoding.DecodeString(string(in.Arg(1)))
					if err != nil {
						t.Fatal(err)
					}
					back = append(back, b...)
				}
				m = rest
			}
		}
		if !bytes.Equal(back, data) {
			t.Errorf("size %d: %d bytes of %d came, or not as they were", size, len(back), len(data))
		}
		if n > total/most*11/10+1 {
			t.Errorf("size %d: %d messages for %d bytes", size, n, total)
		}
		w.Reset()
		if w.Len() != 0 {
			t.Error("not empty after Reset")
		}
		for m := range w.Messages {
			t.Errorf("a message of nothing: %q", m)
		}
	}
}

// A single instruction that is longer than a message goes alone.
func TestLongInstruction(t *testing.T) {
	w := guac.Writer{Size: 100}
	w.Begin("nop")
	w.End()
	w.Begin("name")
	w.Text(strings.Repeat("x", 500))
	w.End()
	w.Begin("nop")
	w.End()
	var sizes []int
	for m := range w.Messages {
		sizes = append(sizes, len(m))
	}
	if !slices.Equal(sizes, []int{6, 512, 6}) {
		t.Errorf("messages of %d bytes", sizes)
	}
}

func TestNoGarbage(t *testing.T) {
	message := []byte("5.mouse,3.100,2.50,1.1;4.sync,8.12345678;0.,4.ping,13.1700000000000;")
	var p guac.Parser
	var w guac.Writer
	data := make([]byte, 20_000)
	if n := testing.AllocsPerRun(100, func() {
		for rest := message; len(rest) > 0; {
			var in guac.Instruction
			var err error
			if in, rest, err = p.Next(rest); err != nil {
				t.Fatal(err)
			}
			if in.Is("mouse") {
				if x, ok := in.Int(0); !ok || x != 100 {
					t.Fatal(x)
				}
			}
		}
		w.Reset()
		w.Begin("img")
		w.Int(1)
		w.Text("image/png")
		w.End()
		w.Blobs(1, data)
		for m := range w.Messages {
			_ = m
		}
	}); n != 0 {
		t.Errorf("%v allocations for a few instructions", n)
	}
}

func FuzzParser(f *testing.F) {
	for _, s := range []string{"5.mouse,3.100,2.50,1.1;", "0.,4.ping,1.5;3.nop;", "0.authentik.disconnect", "4.name,4.😀ab;", "99999.x;", "1.a,"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		var p guac.Parser
		for rest := message; len(rest) > 0; {
			in, after, err := p.Next(rest)
			if err != nil {
				return
			}
			if len(after) >= len(rest) {
				t.Fatal("no step ahead")
			}
			// What is read is what the page's own parser reads of it.
			e, ok := elements(rest[:len(rest)-len(after)])
			if !ok || len(e) != 2+len(in.Args) || e[0] != string(in.Opcode) {
				t.Fatalf("%q is %q %q, the page reads %q", rest, in.Opcode, in.Args, e)
			}
			for i := range in.Args {
				if e[1+i] != string(in.Args[i]) {
					t.Fatalf("argument %d is %q, the page reads %q", i, in.Args[i], e[1+i])
				}
				in.Int(i)
			}
			rest = after
		}
	})
}

func FuzzWriter(f *testing.F) {
	f.Add("name", "a, b; 😀", []byte("data"), 300)
	f.Add("", "\xff\xed\xa0\x80", make([]byte, 3000), 1000)
	f.Fuzz(func(t *testing.T, opcode, text string, data []byte, size int) {
		w := guac.Writer{Size: min(max(size, 1), 1<<16)}
		w.Begin(opcode)
		w.Text(text)
		w.End()
		w.Blobs(1, data)
		p := guac.Parser{Units: 1 << 30}
		var back []byte
		first := true
		for m := range w.Messages {
			if _, ok := elements(m); !ok {
				t.Fatalf("the page cannot read %q", m)
			}
			for len(m) > 0 {
				in, rest, err := p.Next(m)
				if err != nil {
					if errors.Is(err, guac.ErrTooLong) { // lengths of six digits
						return
					}
					t.Fatalf("%q: %v", m, err)
				}
				if m = rest; first {
					first = false
					if string(in.Opcode) != strings.ToValidUTF8(opcode, "\ufffd") && len(strings.ToValidUTF8(opcode, "")) == len(opcode) {
						t.Fatalf("opcode %q became %q", opcode, in.Opcode)
					}
					continue
				}
				b, err := base64.StdEncoding.DecodeString(string(in.Arg(1)))
				if err != nil {
					t.Fatal(err)
				}
				back = append(back, b...)
			}
		}
		if !bytes.Equal(back, data) {
			t.Fatalf("%d bytes of %d", len(back), len(data))
		}
	})
}
