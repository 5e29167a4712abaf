package settings_test

import (
	"encoding/json"
	"fmt"
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
		Hostname: "build-7", Port: 22, Timeout: 10 * time.Second, KeepAlive: 30 * time.Second,
		TerminalType: "xterm-256color", Backspace: 127, Scrollback: 1000, ClipboardBufferSize: 262144,
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
	for _, bad := range []string{"", "host", "ssh://", "telnet://h", "ssh://u:secret@h", "ssh://h/x", "ssh://h:99999", "ssh://h?x=1"} {
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
	f.Fuzz(func(t *testing.T, n1, v1, n2, v2 string) {
		s, problems := settings.ParseSSH(map[string]string{n1: v1, n2: v2})
		if s.Port < 1 || s.Port > 65535 || s.Scrollback < 0 || s.Scrollback > settings.MaxScrollback || len(s.ProxyJump) > settings.MaxJumps {
			t.Errorf("out of bounds: %+v", s)
		}
		for _, p := range problems {
			if settings.IsSecret(p.Name) && strings.Contains(p.Text, v1) && len(v1) > 8 {
				t.Errorf("the problem shows a secret: %v", p)
			}
		}
		_, _, _ = settings.QuickConnect(v1)
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
		host, port, err := settings.SplitAddress(tt.in)
		if host != tt.host || (err == nil) != tt.ok || tt.ok && port != tt.port {
			t.Errorf("%q: got %q, %d, %v", tt.in, host, port, err)
		}
	}
}
