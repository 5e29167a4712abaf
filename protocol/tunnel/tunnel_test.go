package tunnel_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/porthole-rac/porthole/protocol/guac"
	"github.com/porthole-rac/porthole/protocol/tunnel"
)

func next(t *testing.T, p []byte) guac.Instruction {
	t.Helper()
	var parser guac.Parser
	in, rest, err := parser.Next(p)
	if err != nil || len(rest) != 0 {
		t.Fatalf("%q: rest %q, %v", p, rest, err)
	}
	return in
}

// What docs/tunnel.md shows, to the byte.
func TestInstructions(t *testing.T) {
	page, err := os.ReadFile("../../docs/tunnel.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := 0
	for want, got := range map[string][]byte{
		"8.porthole,1.1,4.s3cr,7.direct/,3.ssh;": (&tunnel.Offer{Secret: "s3cr", Address: "direct/", Protocol: "ssh"}).Append(nil),
		"8.porthole,1.1,0.,0.,3.vnc;":            (&tunnel.Offer{Protocol: "vnc"}).Append(nil),
		"13.porthole-data,1.1,1.1,4.AQID;":       tunnel.AppendData(nil, 1, true, []byte{1, 2, 3}),
		"13.porthole-data,2.12,1.0,0.;":          tunnel.AppendData(nil, 12, false, nil),
		"12.porthole-ack,1.1,2.16;":              tunnel.AppendAck(nil, 1, 16),
		"14.porthole-close,1.1;":                 tunnel.AppendClose(nil, 1),
	} {
		if string(got) != want {
			t.Errorf("got %s, want %s", got, want)
		}
		next(t, got)
		if strings.Contains(string(page), "\n    "+want+"\n") {
			documented++
		}
	}
	if documented != 4 {
		t.Errorf("%d of them are in docs/tunnel.md", documented)
	}
	for _, text := range []string{tunnel.Mark, tunnel.OpOffer, tunnel.OpAsk, tunnel.OpData, tunnel.OpAck, tunnel.OpClose, fmt.Sprint(tunnel.MaxPart), fmt.Sprint(tunnel.Window), fmt.Sprint(tunnel.AckEvery)} {
		if !strings.Contains(string(page), text) {
			t.Errorf("docs/tunnel.md does not say %s", text)
		}
	}
}

// authentik drops an instruction of a browser that is longer, and passes on slowly a
// frame of the outpost that is.
func TestLargestPartFits(t *testing.T) {
	part := bytes.Repeat([]byte{0xfb}, tunnel.MaxPart)
	p := tunnel.AppendData(nil, 1<<40, false, part)
	if n := len(utf16.Encode([]rune(string(p)))); n > 6000 || n > guac.MaxUnits {
		t.Errorf("%d units", n)
	}
	in := next(t, p)
	d, err := tunnel.ParseData(&in)
	if err != nil || d.Last || d.Socket != 1<<40 {
		t.Fatalf("%+v, %v", d, err)
	}
	if got, err := d.Decode(nil); err != nil || !bytes.Equal(got, part) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestWhatIsRefused(t *testing.T) {
	long := base64.StdEncoding.EncodeToString(make([]byte, tunnel.MaxPart+1))
	for _, args := range [][]string{
		{"1", "1"},
		{"", "1", "AQID"},
		{"x", "1", "AQID"},
		{"-1", "1", "AQID"},
		{"99999999999999999", "1", "AQID"},
		{"1", "2", "AQID"},
		{"1", "1", "AQI"},  // not whole
		{"1", "1", "AQ=="}, // right, for the next line to be wrong
		{"1", "1", "AR=="}, // bits that mean nothing
		{"1", "1", "AQ\n="},
		{"1", "1", long},
	} {
		in := guac.Instruction{Opcode: []byte(tunnel.OpData)}
		for _, a := range args {
			in.Args = append(in.Args, []byte(a))
		}
		d, err := tunnel.ParseData(&in)
		if err == nil {
			_, err = d.Decode(nil)
		}
		if right := args[len(args)-1] == "AQ=="; (err == nil) != right || err != nil && !errors.Is(err, tunnel.ErrInstruction) {
			t.Errorf("%.40q: %v", args, err)
		}
	}
}

func TestMark(t *testing.T) {
	for audio, want := range map[string]bool{
		"porthole.1": true, "porthole.2": true, "porthole.1 nonce": true,
		"": false, "porthole": false, "porthole.": false, "porthole.x": false, "porthole.0": false, "porthole.1x": false,
		"audio/L16": false, "xporthole.1": false, "porthole.-1": false, "porthole.99999999": false,
	} {
		if tunnel.IsMarked(audio) != want {
			t.Errorf("%q", audio)
		}
	}
}

func FuzzData(f *testing.F) {
	f.Add(tunnel.AppendData(nil, 1, true, []byte("hello")))
	f.Add(tunnel.AppendData(nil, 7, false, make([]byte, tunnel.MaxPart)))
	f.Add(tunnel.AppendAck(nil, 1, 2))
	f.Add([]byte("13.porthole-data,1.1,1.1,4.AR==;"))
	f.Fuzz(func(t *testing.T, p []byte) {
		var parser guac.Parser
		in, _, err := parser.Next(p)
		if err != nil || len(p) == 0 {
			return
		}
		_, _ = tunnel.Number(&in, 0)
		d, err := tunnel.ParseData(&in)
		if err != nil {
			return
		}
		part, err := d.Decode([]byte("before"))
		if err != nil {
			if string(part) != "before" {
				t.Error("what was there is changed")
			}
			return
		}
		if len(part) > tunnel.MaxPart+6 {
			t.Errorf("%d bytes", len(part))
		}
		// There is one way to write a part.
		again := tunnel.AppendData(nil, d.Socket, d.Last, part[6:])
		if !strings.Contains(string(again), string(in.Args[2])) {
			t.Errorf("%q was written as %q", in.Args[2], again)
		}
	})
}
