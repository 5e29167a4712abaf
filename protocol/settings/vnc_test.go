package settings_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/porthole-rac/porthole/protocol/rfb"
	"github.com/porthole-rac/porthole/protocol/settings"
)

// plainVNC are the defaults.
var plainVNC = settings.VNC{
	Common:     settings.Common{Hostname: "desk", Port: 5900, Timeout: 10 * time.Second, ClipboardBufferSize: 262144},
	TrustFirst: true, CompressLevel: -1, QualityLevel: -1, ClipboardEncoding: settings.Latin1, DestPort: 5900,
	ListenTimeout: 5 * time.Second,
}

func TestDefaultsOfVNCAreGuacds(t *testing.T) {
	s, problems := settings.ParseVNC(map[string]string{"hostname": "desk", "password": "", "security": "any"})
	if len(problems) != 0 {
		t.Errorf("problems: %v", problems)
	}
	if d := cmp.Diff(plainVNC, s, cmp.AllowUnexported(settings.Secret{})); d != "" {
		t.Error(d)
	}
}

// Every name of guacd's VNC does something, or is reported as not there yet.
func TestNamesOfGuacdsVNC(t *testing.T) {
	honoured := map[string]string{
		"hostname": "h", "port": "5901", "username": "u", "password": "p", "read-only": "true", "disable-display-resize": "true",
		"encodings": "zrle", "color-depth": "16", "swap-red-blue": "true", "cursor": "remote", "autoretry": "3",
		"clipboard-encoding": "utf-8", "dest-host": "d", "dest-port": "5", "reverse-connect": "true", "listen-timeout": "7000",
		"enable-audio": "true", "audio-servername": "a", "compress-level": "9", "quality-level": "0",
		"force-lossless": "true", "disable-server-input": "true", "clipboard-buffer-size": "300000", "disable-copy": "true", "disable-paste": "true",
	}
	later := strings.Fields(`enable-sftp sftp-hostname sftp-host-key sftp-port sftp-timeout sftp-username sftp-password sftp-private-key
		sftp-passphrase sftp-public-key sftp-directory sftp-root-directory sftp-server-alive-interval sftp-disable-download
		sftp-disable-upload recording-path recording-name create-recording-path recording-write-existing recording-exclude-output
		recording-exclude-mouse recording-include-keys recording-include-clipboard`)
	wol := strings.Fields("wol-send-packet wol-mac-addr wol-broadcast-addr wol-udp-port wol-wait-time") // TestWake
	if n := len(honoured) + len(later) + len(wol); n != 53 {
		t.Fatalf("%d names", n)
	}
	for _, name := range later {
		_, problems := settings.ParseVNC(map[string]string{name: "8"})
		if len(problems) != 1 || problems[0].Name != name || problems[0].Text != "is not supported yet" {
			t.Errorf("%s: %v", name, problems)
		}
	}
	ours := map[string]string{
		"timeout": "5", "security": "x509", "ca-cert": "c", "cert-fingerprints": strings.Repeat("00", 32), "cert-tofu": "false",
		"ignore-cert": "true", "exclusive": "true", "resize-method": "none", "audio-cookie": strings.Repeat("A", 342) + "==",
	}
	for _, all := range []map[string]string{honoured, ours} {
		for name, v := range all {
			s, problems := settings.ParseVNC(map[string]string{"hostname": "desk", name: v})
			if len(problems) > 0 || cmp.Equal(plainVNC, s, cmp.AllowUnexported(settings.Secret{})) {
				t.Errorf("%s=%s does nothing: %v", name, v, problems)
			}
		}
	}
}

func TestProblemsOfVNC(t *testing.T) {
	for _, tt := range []struct {
		name, v string
		want    settings.VNC
		says    string
	}{
		{"color-depth", "15", settings.VNC{ColorDepth: 32}, "must be"},
		{"cursor", "none", settings.VNC{}, "local, remote"},
		{"encodings", "ultra, Tight zrle tight", settings.VNC{Encodings: []rfb.Encoding{rfb.EncodingTight, rfb.EncodingZRLE}}, `"ultra"`},
		{"clipboard-encoding", "koi8", settings.VNC{}, "MacRoman"},
		{"quality-level", "11", settings.VNC{QualityLevel: 9}, "-1 to 9"},
		{"cert-tofu", "yes", settings.VNC{}, "taken as true"},
		{"autoretry", "1000000", settings.VNC{Autoretry: settings.MaxRetries}, "taken as"},
		{"dest-port", "70000", settings.VNC{}, "5900"},
		{"resize-method", "sometimes", settings.VNC{}, "display-update"},
		{"font-size", "1", settings.VNC{}, "VNC"},
		{"audio-cookie", "0011", settings.VNC{}, "256 bytes"},
	} {
		s, problems := settings.ParseVNC(map[string]string{tt.name: tt.v})
		if len(problems) != 1 || problems[0].Name != tt.name || !strings.Contains(problems[0].Text, tt.says) {
			t.Errorf("%s=%s: %v", tt.name, tt.v, problems)
		}
		if s.ColorDepth != tt.want.ColorDepth || !cmp.Equal(s.Encodings, tt.want.Encodings) || s.Autoretry != tt.want.Autoretry ||
			s.QualityLevel != tt.want.QualityLevel && tt.name == "quality-level" || !s.TrustFirst {
			t.Errorf("%s=%s: %+v", tt.name, tt.v, s)
		}
	}
}

func TestSecurity(t *testing.T) {
	type types = []rfb.Security
	nothing := types{rfb.SecurityInvalid}
	x509 := types{rfb.SecurityX509None, rfb.SecurityX509Vnc, rfb.SecurityX509Plain, rfb.SecurityX509Ident}
	for _, tt := range []struct {
		v             string
		allow, forbid types
		problems      int
	}{
		{"", nil, nil, 0},
		{"any", nil, nil, 0},
		{"none", types{rfb.SecurityNone}, nil, 0},
		{"VncAuth vencrypt", types{rfb.SecurityVncAuth, rfb.SecurityVeNCrypt}, nil, 0},
		{"vnc,ra2,RA256,ard,mslogon2", types{rfb.SecurityVncAuth, rfb.SecurityRA2, rfb.SecurityRA256, rfb.SecurityARD, rfb.SecurityMSLogonII}, nil, 0},
		{"x509vnc,tlsvnc,plain,tight,30", types{rfb.SecurityX509Vnc, rfb.SecurityTLSVnc, rfb.SecurityPlain, rfb.SecurityTight, rfb.SecurityARD}, nil, 0},
		{"x509, x509vnc", x509, nil, 0},
		{"-none -vncauth", nil, types{rfb.SecurityNone, rfb.SecurityVncAuth}, 0},
		{"nla", nil, nil, 1}, // RDP's, for all endpoints of a provider
		// A list that cannot be read protects as much as one that can.
		{"x509vcn", nothing, nil, 1},
		{"none,x509vcn", types{rfb.SecurityNone}, nil, 1},
		{"-nnoe", nothing, nil, 1},
		{"vncauth,-nnoe", nothing, nil, 1},
		{strings.Repeat("vncauth ", 65), nothing, nil, 2},
	} {
		s, problems := settings.ParseVNC(map[string]string{"security": tt.v})
		if !cmp.Equal(s.Allow, tt.allow) || !cmp.Equal(s.Forbid, tt.forbid) || len(problems) != tt.problems {
			t.Errorf("%q: allowed %v, forbidden %v, problems %v", tt.v, s.Allow, s.Forbid, problems)
		}
	}
	for _, name := range []string{"tls", "anontls", "encrypted"} {
		s, problems := settings.ParseVNC(map[string]string{"security": name})
		for _, bad := range []rfb.Security{rfb.SecurityNone, rfb.SecurityVncAuth, rfb.SecurityRA2ne, rfb.SecurityARD, rfb.SecurityPlain} {
			for _, t1 := range s.Allow {
				if t1 == bad {
					t.Errorf("%s allows %s, which does not encrypt", name, t1)
				}
			}
		}
		if len(s.Allow) < 4 || len(problems) > 0 {
			t.Errorf("%s: %v %v", name, s.Allow, problems)
		}
	}
}

func TestFingerprints(t *testing.T) {
	sum := [32]byte{0xab, 0xcd, 31: 0xef}
	digits := fmt.Sprintf("%x", sum)
	var colons []string
	for i := range sum {
		colons = append(colons, digits[2*i:2*i+2])
	}
	for _, v := range []string{
		digits, strings.ToUpper(digits), "sha256:" + strings.Join(colons, ":"), "SHA-256:" + strings.Join(colons, ":"),
		strings.Join(colons, ":"), "SHA256:q80AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAO8", " " + digits + ", ",
	} {
		s, problems := settings.ParseVNC(map[string]string{"cert-fingerprints": v})
		if d := cmp.Diff([][32]byte{sum}, s.Fingerprints); d != "" || len(problems) > 0 {
			t.Errorf("%q: %s %v", v, d, problems)
		}
	}
	// A pin that cannot be read still pins.
	for _, v := range []string{"sha1:" + digits[:40], "abc", digits + "00"} {
		s, problems := settings.ParseVNC(map[string]string{"cert-fingerprints": v})
		if d := cmp.Diff([][32]byte{{}}, s.Fingerprints); d != "" || len(problems) != 1 {
			t.Errorf("%q: %s %v", v, d, problems)
		}
	}
	s, problems := settings.ParseVNC(map[string]string{"cert-fingerprints": strings.Repeat(digits+",", 100)})
	if len(s.Fingerprints) != settings.MaxFingerprints || len(problems) != 2 {
		t.Errorf("%d entries, %v", len(s.Fingerprints), problems)
	}
}

func TestAddressesOfVNC(t *testing.T) {
	for _, tt := range []struct {
		host, port, wantHost string
		wantPort             int
	}{
		{"h", "", "h", 5900},
		{"h", "5901", "h", 5901},
		{"h", "1", "h", 5901}, // a display, as authentik splits h:1
		{"h:0", "", "h", 5900},
		{"h:2", "", "h", 5902},
		{"h:99", "", "h", 5999},
		{"h:100", "", "h", 100},
		{"[2001:db8::1]:3", "", "2001:db8::1", 5903},
		{"h:-1", "", "h", 5900},
		{"h", "99999", "h", 5900},
	} {
		s, _ := settings.ParseVNC(map[string]string{"hostname": tt.host, "port": tt.port})
		if s.Hostname != tt.wantHost || s.Port != tt.wantPort {
			t.Errorf("%q, %q: got %q, %d", tt.host, tt.port, s.Hostname, s.Port)
		}
	}
}

func TestRepeater(t *testing.T) {
	for _, tt := range []struct {
		host, port, want string
		problems         int
	}{
		{"", "", "", 0},
		{"", "5", "", 0},
		{"10.0.0.5", "", "10.0.0.5:5900", 0},
		{"10.0.0.5", "1", "10.0.0.5:5901", 0},
		{"::1", "5905", "[::1]:5905", 0},
		{"ID", "1234", "ID:1234", 0},
		{"id", "123456789", "ID:123456789", 0},
		{"ID", "x", "ID:0", 1},
		{strings.Repeat("h", 300), "", "", 1},
	} {
		s, problems := settings.ParseVNC(map[string]string{"dest-host": tt.host, "dest-port": tt.port})
		if got := s.Repeater(); got != tt.want || len(problems) != tt.problems {
			t.Errorf("%q, %q: got %q, %v", tt.host, tt.port, got, problems)
		}
		if r := s.Repeater(); len(r) > settings.MaxRepeater {
			t.Errorf("%d bytes for a repeater", len(r))
		}
	}
}

// PulseAudio's cookie is bytes, as text in one of two ways.
func TestCookie(t *testing.T) {
	want := strings.Repeat("\x01", 256)
	for _, v := range []string{strings.Repeat("01", 256), strings.Repeat("0101 ", 128), base64.StdEncoding.EncodeToString([]byte(want)) + "\n"} {
		s, problems := settings.ParseVNC(map[string]string{"audio-cookie": v})
		if s.AudioCookie.Reveal() != want || len(problems) > 0 {
			t.Errorf("%.20q…: %q, %v", v, s.AudioCookie.Reveal(), problems)
		}
	}
	if !settings.IsSecret("audio-cookie") {
		t.Error("it is shown")
	}
}

func TestSecretsOfVNCDoNotPrint(t *testing.T) {
	s, _ := settings.ParseVNC(map[string]string{"password": "hunter2"})
	j, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if out := fmt.Sprintf("%v %+v %#v %s", s, s, s, j); strings.Contains(out, "hunter2") {
		t.Errorf("printed: %s", out)
	}
	if s.Password.Reveal() != "hunter2" {
		t.Error("the value is lost")
	}
}

func FuzzParseVNC(f *testing.F) {
	f.Add("hostname", "[2001", "port", "db8::1]:1")
	f.Add("security", "x509,-none,x", "cert-fingerprints", "sha256:00:11")
	f.Add("dest-host", "ID", "dest-port", "99999999999999999999")
	f.Add("encodings", "zrle ultra", "clipboard-encoding", "utf-16")
	f.Fuzz(func(t *testing.T, n1, v1, n2, v2 string) {
		s, problems := settings.ParseVNC(map[string]string{n1: v1, n2: v2})
		if s.Port < 1 || s.Port > 65535 || s.DestHost != "" && !strings.EqualFold(s.DestHost, "ID") && (s.DestPort < 1 || s.DestPort > 65535) ||
			len(s.Fingerprints) > settings.MaxFingerprints || len(s.Repeater()) > settings.MaxRepeater ||
			s.Autoretry > settings.MaxRetries || s.ListenTimeout <= 0 || s.QualityLevel < -1 || s.QualityLevel > 9 {
			t.Errorf("out of bounds: %+v", s)
		}
		for _, p := range problems {
			if settings.IsSecret(p.Name) && strings.Contains(p.Text, v1) && len(v1) > 8 {
				t.Errorf("the problem shows a secret: %v", p)
			}
		}
	})
}
