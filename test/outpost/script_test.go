package outpost_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/porthole-rac/porthole/protocol/guac"
	"github.com/porthole-rac/porthole/protocol/tunnel"
	"github.com/porthole-rac/porthole/scripts/browser"
)

// load puts the page's module for tunnels into globalThis.tunnel.
func (s *site) load(p *browser.Page) {
	s.t.Helper()
	must(s.t, p.Go(s.url+"if/rac/assets.json"))
	_, err := browser.Eval[bool](p, `fetch("assets.json").then((r) => r.json()).then((a) => import(new URL(a["tunnel.js"].file, location.href))).then((m) => { globalThis.tunnel = m; return true; })`)
	must(s.t, err)
}

// elements is what the relay's parser reads of a message.
func elements(message string) (all [][]string, err error) {
	var p guac.Parser
	for rest := []byte(message); len(rest) > 0; {
		var in guac.Instruction
		if in, rest, err = p.Next(rest); err != nil {
			return nil, err
		}
		one := []string{string(in.Opcode)}
		for _, a := range in.Args {
			one = append(one, string(a))
		}
		all = append(all, one)
	}
	return all, nil
}

// The page's parser and the relay's read the same, and refuse the same.
func TestPageParsesAsTheRelayDoes(t *testing.T) {
	s := start(t, options{})
	p := s.person()
	s.load(p)
	seeds := []string{
		"3.nop;", "0.,4.ping,3.123;", "4.size,1.0,4.1024,3.768;4.sync,8.12345678;",
		string((&tunnel.Offer{Secret: "s3cr", Address: "wss://relay.test/if/rac/direct/", Protocol: "ssh"}).Append(nil)),
		string(tunnel.AppendData(tunnel.AppendAck(nil, 1, 16), 1, true, []byte("hello"))),
		"4.name,5.Grüße;", "", "3.nop", "3.nop;3", "3nop;", "x.nop;", "3.nop,;", ".;", "4.nop;", "2.nop;", "-1.a;", "1.;;1.,;", "3.nop;;",
	}
	random := rand.New(rand.NewPCG(1, 2))
	messages := append([]string(nil), seeds...)
	for range 3000 {
		m := []rune(seeds[random.IntN(len(seeds))] + seeds[random.IntN(len(seeds))])
		for range random.IntN(4) {
			if len(m) == 0 {
				break
			}
			at := random.IntN(len(m))
			switch random.IntN(3) {
			case 0:
				m = append(m[:at], m[at+1:]...)
			case 1:
				m[at] = []rune("0123456789.,;x-é€")[random.IntN(17)]
			default:
				m = append(m[:at], append([]rune{[]rune("0123456789.,;x")[random.IntN(14)]}, m[at:]...)...)
			}
		}
		messages = append(messages, string(m))
	}
	input, err := json.Marshal(messages)
	must(t, err)
	text, err := browser.Eval[string](p, fmt.Sprintf(`JSON.stringify(%s.map((m) => { try { return tunnel.parse(m); } catch { return null; } }))`, input))
	must(t, err)
	var got [][][]string
	must(t, json.Unmarshal([]byte(text), &got))
	accepted := 0
	for i, m := range messages {
		want, err := elements(m)
		if errors.Is(err, guac.ErrTooLong) || errors.Is(err, guac.ErrGoodbye) {
			continue
		}
		if err != nil {
			want = nil
		} else if want == nil {
			want = [][]string{}
		} else {
			accepted++
		}
		if diff := cmp.Diff(want, got[i]); diff != "" {
			t.Errorf("%q: %s", m, diff)
		}
	}
	if accepted < 150 {
		t.Errorf("only %d messages were whole", accepted)
	}
}

// What the page writes the relay reads.
func TestPageWritesInstructions(t *testing.T) {
	s := start(t, options{})
	p := s.person()
	s.load(p)
	text, err := browser.Eval[string](p, `tunnel.format("name", "Grüße", "😀", 12, "") + tunnel.format("nop")`)
	must(t, err)
	got, err := elements(text)
	must(t, err)
	if diff := cmp.Diff([][]string{{"name", "Grüße", "😀", "12", ""}, {"nop"}}, got); diff != "" {
		t.Errorf("%q: %s", text, diff)
	}
	if mark, err := browser.Eval[string](p, "tunnel.mark"); err != nil || !tunnel.IsMarked(mark) || mark != tunnel.Mark {
		t.Errorf("mark %q, %v", mark, err)
	}
	if !strings.HasPrefix(text, "4.name,5.Grüße,2.😀") {
		t.Errorf("lengths: %s", text)
	}
}
