package share_test

import (
	"bytes"
	"embed"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/porthole-rac/porthole/protocol/rdp/rdptest"
	"github.com/porthole-rac/porthole/protocol/rdp/share"
)

//go:embed testdata
var files embed.FS

// fromHex reads an example of a specification.
func fromHex(t testing.TB, name string) []byte {
	t.Helper()
	return rdptest.FromHex(t, files, name)
}

// The examples of MS-RDPBCGR 4.1.14 to 4.1.16 and 4.1.18: what finishes a connection.
func TestClientExamples(t *testing.T) {
	for name, tt := range map[string]struct {
		kind byte
		body []byte
	}{
		"4.1.14": {share.Synchronize, share.AppendSynchronize(nil, 1002)},
		"4.1.15": {share.Control, share.AppendControl(nil, share.Cooperate)},
		"4.1.16": {share.Control, share.AppendControl(nil, share.RequestControl)},
		"4.1.18": {share.FontList, share.AppendFontList(nil)},
	} {
		want := fromHex(t, name)
		got := share.EndData(append(share.BeginData(nil, tt.kind, 0x103ea, 1007), tt.body...), 0)
		// Padding and the uncompressed length are whatever was in the capture's memory.
		got[10], got[12], got[13] = want[10], want[12], want[13]
		if !bytes.Equal(got, want) {
			t.Errorf("%s: got  %x\nwant %x", name, got, want)
		}
	}
}

// The examples of MS-RDPBCGR 4.1.19 to 4.1.22.
func TestServerExamples(t *testing.T) {
	for name, kind := range map[string]byte{"4.1.19": share.Synchronize, "4.1.20": share.Control, "4.1.21": share.Control, "4.1.22": share.FontMap} {
		m, rest, err := share.Parse(fromHex(t, name))
		if err != nil || len(rest) != 0 || m.Type != share.DataMessage || m.Data != kind || m.ShareID != 0x103ea || m.Source != 1002 || m.Compression != 0 {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
}

// The examples of MS-RDPBCGR 4.1.10 and 4.3.1.
func TestNames(t *testing.T) {
	info, err := share.ParseInfo(append(fromHex(t, "info"), make([]byte, 8)...))
	if err != nil || info.Domain != "NTDEV" || info.User != "eltons" || info.Flags != 0x43b3 {
		t.Errorf("%+v, %v", info, err)
	}
	m, _, err := share.Parse(fromHex(t, "logon"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := share.ParseNotice(m.Body)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&share.Logon{Domain: "NTDEV", User: "eltons", Session: 2}, n); diff != "" {
		t.Error(diff)
	}
}

func TestInfoBothWays(t *testing.T) {
	in := share.Info{
		Flags: share.InfoMouse, Compression: 1, Domain: "DOM", User: "älice", Password: "wønder 😀", Shell: "cmd.exe", Address: "192.0.2.1",
		Zone:        share.Zone{Bias: -60, Standard: "CET", Daylight: "CEST", StandardAt: share.Change{Month: 10, N: 5, Hour: 3}, DaylightBias: -60, Key: "W. Europe Standard Time"},
		Performance: share.NoWallpaper, Cookie: &share.Cookie{Session: 3},
	}
	b, err := in.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := share.ParseInfo(b)
	if err != nil {
		t.Fatal(err)
	}
	want := share.ParsedInfo{
		Flags: share.InfoMouse | share.InfoUnicode | share.InfoCompression | 1<<9, Domain: "DOM", User: "älice", Password: "wønder 😀", Shell: "cmd.exe",
		Performance: share.NoWallpaper, Cookie: got.Cookie, ZoneKey: "W. Europe Standard Time",
	}
	if diff := cmp.Diff(want, got); diff != "" || len(got.Cookie) != 28 {
		t.Error(diff)
	}
	// A password that is too long must not be cut: it would be a wrong one.
	in.Password = strings.Repeat("x", 256)
	if _, err := in.Append(nil); err == nil || strings.Contains(err.Error(), "xxx") {
		t.Errorf("%v", err)
	}
}

func TestErrorInfoInWords(t *testing.T) {
	for _, code := range []share.ErrorInfo{0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 0x10, 0x17, 0x19, 0x1a, 0x100, 0x101, 0x102, 0x10a, 0x400, 0x408, 0x10c9, 0x112f, 0x1195} {
		if s := code.String(); strings.Contains(s, "0x") || len(s) < 8 {
			t.Errorf("%#x: %q", uint32(code), s)
		}
	}
	if s := share.ErrorInfo(0x777).String(); !strings.Contains(s, "0x777") {
		t.Errorf("%q", s)
	}
}

func TestSeveralInOne(t *testing.T) {
	one := share.EndData(share.BeginData(nil, share.FontMap, 1, 2), 0)
	m, rest, err := share.Parse(append(append([]byte(nil), one...), one...))
	if err != nil || m.Data != share.FontMap || !bytes.Equal(rest, one) {
		t.Errorf("%+v, %d left, %v", m, len(rest), err)
	}
	if m, rest, err := share.Parse([]byte{0, 0x80, 1, 2, 3, 4, 5, 6}); err != nil || m.Type != 0 || rest != nil {
		t.Errorf("flow control: %+v, %v", m, err)
	}
	if m, _, err := share.Parse([]byte{4, 0, 0x16, 0}); err != nil || m.Type != share.DeactivateAll {
		t.Errorf("short deactivation: %+v, %v", m, err)
	}
	for _, b := range [][]byte{{}, {1}, {3, 0, 7, 0}, {9, 0, 7, 0}, one[:12]} {
		if m, _, err := share.Parse(b); err == nil {
			t.Errorf("%x: %+v", b, m)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"4.1.19", "4.1.22", "logon"} {
		f.Add(fromHex(f, name))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, rest, err := share.Parse(b)
		if err == nil && len(m.Body)+len(rest) > len(b) {
			t.Error("more than there is")
		}
		if _, _, err := share.Security(b); err == nil {
			_, _ = share.ParseDetection(b[4:])
			_, _ = share.ParseHeartbeat(b[4:])
		}
		_, _ = share.ParseNotice(b)
		_, _ = share.ParseNotice(m.Body)
		_, _ = share.ParseMonitors(b)
		_, _ = share.ParseDemand(b)
		_, _ = share.ParseInfo(b)
	})
}
