package settings_test

import (
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/porthole-rac/porthole/protocol/settings"
)

func TestDefaultsAreGuacds(t *testing.T) {
	s, problems := settings.ParseSSH(map[string]string{"hostname": "build-7", "password": ""})
	if len(problems) != 0 {
		t.Errorf("problems: %v", problems)
	}
	want := settings.SSH{
		Common:    settings.Common{Hostname: "build-7", Port: 22, Timeout: 10 * time.Second, ClipboardBufferSize: 262144},
		KeepAlive: 30 * time.Second, TerminalType: "xterm-256color", Backspace: 127, Scrollback: 1000,
	}
	if d := cmp.Diff(want, s, cmp.AllowUnexported(settings.Secret{})); d != "" {
		t.Error(d)
	}
}

func TestAddresses(t *testing.T) {
	for _, tt := range []struct {
		host, port, wantHost string
		wantPort             int
	}{
		{"h", "", "h", 22},
		{"h", "2222", "h", 2222},
		{"h:23", "", "h", 23},
		{"h:23", "24", "h", 24},
		{"[2001:db8::1]:23", "", "2001:db8::1", 23},
		{"2001:db8::1", "", "2001:db8::1", 22},
		{"[2001", "db8::1]:25", "2001:db8::1", 25}, // as authentik splits it
		{"[::1]", "26", "::1", 26},
		{"h", "0", "h", 22},
		{"h", "x", "h", 22},
	} {
		s, _ := settings.ParseSSH(map[string]string{"hostname": tt.host, "port": tt.port})
		if s.Hostname != tt.wantHost || s.Port != tt.wantPort {
			t.Errorf("%q, %q: got %q, %d", tt.host, tt.port, s.Hostname, s.Port)
		}
	}
}

func TestProblemsAreReportedAndDefaultsUsed(t *testing.T) {
	s, problems := settings.ParseSSH(map[string]string{
		"hostname": "h", "scrollback": "many", "font-size": "1000", "read-only": "yes",
		"enable-sftp": "true", "no-such-thing": "1",
	})
	if s.Scrollback != 1000 || s.FontSize != 96 || s.ReadOnly {
		t.Errorf("values: %+v", s)
	}
	var names []string
	for _, p := range problems {
		names = append(names, p.Name)
	}
	want := "scrollback font-size read-only enable-sftp no-such-thing"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("reported %q, want %q", got, want)
	}
}

func TestJumps(t *testing.T) {
	s, problems := settings.ParseSSH(map[string]string{"proxy-jump": "ann@a:2201, b,[::1]:3"})
	want := []settings.Jump{{User: "ann", Host: "a", Port: 2201}, {Host: "b", Port: 22}, {Host: "::1", Port: 3}}
	if d := cmp.Diff(want, s.ProxyJump); d != "" || len(problems) > 0 {
		t.Errorf("%s %v", d, problems)
	}
	s, _ = settings.ParseSSH(map[string]string{"proxy-jump": "ann@example.org@a"})
	if d := cmp.Diff([]settings.Jump{{User: "ann@example.org", Host: "a", Port: 22}}, s.ProxyJump); d != "" {
		t.Error(d)
	}
	if s, _ = settings.ParseSSH(map[string]string{"proxy-jump": "none"}); len(s.ProxyJump) != 0 {
		t.Errorf("none: %v", s.ProxyJump)
	}
}

// A way that cannot be read must not become a shorter way.
func TestJumpsThatCannotBeRead(t *testing.T) {
	for _, bad := range []string{"a,", ",a", "a:99999", "ann:hunter2@a", "a,b:x,c", "[::1", strings.Repeat("a,", 16) + "a"} {
		s, problems := settings.ParseSSH(map[string]string{"proxy-jump": bad})
		if len(problems) != 1 || strings.Contains(problems[0].Text, "hunter2") {
			t.Errorf("%q: problems %v", bad, problems)
		}
		if n := len(s.ProxyJump); n == 0 || s.ProxyJump[n-1].Host != "" {
			t.Errorf("%q: %v", bad, s.ProxyJump)
		}
	}
}

// Every name of guacd's SSH is honoured, or reported as not there yet.
func TestNamesOfGuacd(t *testing.T) {
	names := strings.Fields(`hostname port timeout host-key username password private-key passphrase public-key enable-agent
		font-name font-size color-scheme command terminal-type scrollback locale timezone backspace func-keys-and-keypad
		server-alive-interval enable-sftp sftp-root-directory sftp-disable-download sftp-disable-upload
		typescript-path typescript-name create-typescript-path typescript-write-existing
		recording-path recording-name create-recording-path recording-write-existing recording-exclude-output
		recording-exclude-mouse recording-include-keys recording-include-clipboard
		read-only clipboard-buffer-size disable-copy disable-paste
		wol-send-packet wol-mac-addr wol-broadcast-addr wol-udp-port wol-wait-time`)
	if len(names) != 46 {
		t.Fatalf("%d names", len(names))
	}
	later := "func-keys-and-keypad sftp typescript recording"
	for _, name := range names {
		_, problems := settings.ParseSSH(map[string]string{name: "8"})
		kind, _, _ := strings.Cut(strings.NewReplacer("enable-sftp", "sftp", "create-", "").Replace(name), "-")
		for _, p := range problems {
			expected := strings.Contains(later, kind) && p.Text == "is not supported yet" || strings.Contains(p.Text, "must be")
			if p.Name != name || !expected {
				t.Errorf("%s: %+v", name, p)
			}
		}
		if strings.Contains(later, kind) != (len(problems) == 1 && problems[0].Text == "is not supported yet") {
			t.Errorf("%s: %+v", name, problems)
		}
	}
	// With a value that makes sense each does something.
	plain, _ := settings.ParseSSH(nil)
	for name, v := range map[string]string{
		"hostname": "h", "port": "23", "timeout": "5", "host-key": "k", "username": "u", "password": "p", "private-key": "k",
		"passphrase": "p", "public-key": "k", "enable-agent": "true", "font-name": "f", "font-size": "11", "color-scheme": "white-black",
		"command": "c", "terminal-type": "linux", "scrollback": "7", "locale": "l", "timezone": "t", "backspace": "8",
		"server-alive-interval": "9", "read-only": "true", "clipboard-buffer-size": "300000", "disable-copy": "true", "disable-paste": "true",
		"proxy-jump": "j", "legacy-algorithms": "true", "copy-on-select": "true", "ligatures": "true", "terminal-checksum": "true",
	} {
		s, problems := settings.ParseSSH(map[string]string{name: v})
		if len(problems) > 0 || cmp.Equal(plain, s, cmp.AllowUnexported(settings.Secret{})) {
			t.Errorf("%s=%s does nothing: %v", name, v, problems)
		}
	}
}

// Nothing that prints a struct may print a password.
func TestSecretsDoNotPrint(t *testing.T) {
	s, _ := settings.ParseSSH(map[string]string{"password": "hunter2", "private-key": "hunter2", "passphrase": "hunter2"})
	j, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{fmt.Sprintf("%v %+v %#v %s", s, s, s, s.Password), string(j)} {
		if strings.Contains(out, "hunter2") {
			t.Errorf("printed: %s", out)
		}
	}
	if s.Password.Reveal() != "hunter2" {
		t.Error("the value is lost")
	}
	m := settings.Masked(map[string]string{"password": "a", "gateway-password": "b", "username": "c", "passphrase": ""})
	if d := cmp.Diff(map[string]string{"password": "[secret]", "gateway-password": "[secret]", "username": "c", "passphrase": ""}, m); d != "" {
		t.Error(d)
	}
}

func TestQuickConnect(t *testing.T) {
	p, all, err := settings.QuickConnect("ssh://ann@[::1]:2222")
	if err != nil || p != "ssh" {
		t.Fatal(p, err)
	}
	if d := cmp.Diff(map[string]string{"hostname": "::1", "port": "2222", "username": "ann"}, all); d != "" {
		t.Error(d)
	}
	for _, tt := range []struct {
		address string
		want    map[string]string
	}{
		{"vnc://h", map[string]string{"hostname": "h"}},
		{"vnc://ann@h:5901/", map[string]string{"hostname": "h", "port": "5901", "username": "ann"}},
		{"vnc://h:0", map[string]string{"hostname": "h", "port": "5900"}},
		{"vnc://[2001:db8::1]:1", map[string]string{"hostname": "2001:db8::1", "port": "5901"}},
		{"vnc://h:100", map[string]string{"hostname": "h", "port": "100"}},
		{"ssh://h:23", map[string]string{"hostname": "h", "port": "23"}},
	} {
		p, all, err := settings.QuickConnect(tt.address)
		if d := cmp.Diff(tt.want, all); d != "" || err != nil || !strings.HasPrefix(tt.address, p+":") {
			t.Errorf("%s: %s %s %v", tt.address, p, d, err)
		}
	}
	for _, bad := range []string{"", "host", "ssh://", "ssh://h:0", "vnc://", "vnc://u:secret@h", "vnc://h:-1", "vnc://h?VncPassword=x", "telnet://h", "ssh://u:secret@h", "ssh://h/x", "ssh://h:99999", "ssh://h?x=1"} {
		if _, _, err := settings.QuickConnect(bad); err == nil {
			t.Errorf("%q was taken", bad)
		} else if strings.Contains(err.Error(), "secret@") {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("hostname", "[2001", "port", "db8::1]:22")
	f.Add("proxy-jump", "a@b:1,c", "timeout", "-1")
	f.Add("proxy-jump", "ann:geheim1234@b", "backspace", "99999999999999999999")
	f.Fuzz(func(t *testing.T, n1, v1, n2, v2 string) {
		s, problems := settings.ParseSSH(map[string]string{n1: v1, n2: v2})
		if s.Port < 1 || s.Port > 65535 || s.Scrollback < 0 || s.Scrollback > settings.MaxScrollback || len(s.ProxyJump) > settings.MaxJumps+1 {
			t.Errorf("out of bounds: %+v", s)
		}
		for _, j := range s.ProxyJump {
			if j.Host != "" && (j.Port < 1 || j.Port > 65535) {
				t.Errorf("jump %+v", j)
			}
		}
		for _, p := range problems {
			if settings.IsSecret(p.Name) && strings.Contains(p.Text, v1) && len(v1) > 8 {
				t.Errorf("the problem shows a secret: %v", p)
			}
		}
	})
}

func FuzzAddress(f *testing.F) {
	for _, s := range []string{"h", "h:22", "[::1]:22", "::1", "fe80::1%eth0", "[fe80::1%25e]:1", "a:b:c", "[", "ssh://u@h:22", "ssh://[::1]", "vnc://h:1"} {
		f.Add(s, "secret7890")
	}
	f.Fuzz(func(t *testing.T, s, password string) {
		if host, port, err := settings.SplitAddress(s); err == nil && port > 0 {
			again, p, err := settings.SplitAddress(net.JoinHostPort(host, strconv.Itoa(port)))
			if !strings.ContainsAny(host, "[]") && (err != nil || again != host || p != port) {
				t.Errorf("%q: %q, %d, then %q, %d, %v", s, host, port, again, p, err)
			}
		}
		if protocol, all, err := settings.QuickConnect(s); err == nil {
			ssh, _ := settings.ParseSSH(all)
			port := ssh.Port
			if protocol == "vnc" {
				vnc, _ := settings.ParseVNC(all)
				port = vnc.Port
			}
			if all["hostname"] == "" || all["port"] != "" && strconv.Itoa(port) != all["port"] {
				t.Errorf("%q: %v, %d", s, all, port)
			}
		}
		if len(password) < 8 {
			return
		}
		for _, with := range []string{"u:" + password + "@" + s, "ssh://u:" + password + "@" + s} {
			if _, _, err := settings.QuickConnect(with); err != nil && strings.Contains(err.Error(), password) && !strings.Contains(s, password) {
				t.Errorf("%q: the error shows the password: %v", with, err)
			}
		}
	})
}

func TestSplitAddress(t *testing.T) {
	for _, tt := range []struct {
		in, host string
		port     int
		ok       bool
	}{
		{"h", "h", 0, true},
		{"h:22", "h", 22, true},
		{"fe80::1", "fe80::1", 0, true},
		{"fe80::1%eth0", "fe80::1%eth0", 0, true},
		{"[fe80::1%eth0]:22", "fe80::1%eth0", 22, true},
		{"::ffff:192.0.2.1", "::ffff:192.0.2.1", 0, true},
		{"h:1:2", "h:1:2", 0, false},
		{"a:b%c:d", "a:b%c:d", 0, false},
		{"[::1", "", 0, false},
		{"h:0", "h", 0, false},
		{"h:65536", "h", 65536, false},
	} {
		host, port, err := settings.SplitHost("ssh", tt.in)
		if host != tt.host || (err == nil) != tt.ok || tt.ok && port != tt.port {
			t.Errorf("%q: got %q, %d, %v", tt.in, host, port, err)
		}
	}
}

func TestDisplaysInHosts(t *testing.T) {
	for in, want := range map[string]int{"h": 0, "h:0": 5900, "h:1": 5901, "h:5901": 5901, "[::1]:2": 5902} {
		if _, port, err := settings.SplitHost("vnc", in); err != nil || port != want {
			t.Errorf("%s: %d, %v", in, port, err)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, protocol := range settings.Protocols() {
		problems := settings.Check(protocol, map[string]string{"read-only": "maybe", "hostname": "h"})
		if len(problems) != 1 || !settings.IsProtocol(protocol) {
			t.Errorf("%s: %v", protocol, problems)
		}
	}
	if settings.IsProtocol("telnet") {
		t.Error("telnet is a protocol")
	}
}
