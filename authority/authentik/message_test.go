package authentik_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/porthole-rac/porthole/authority/authentik"
)

func TestParseHost(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"https://authentik.example.org", "https://authentik.example.org/ws/outpost/id/?attempt=0"},
		{" https://authentik.example.org/ ", "https://authentik.example.org/ws/outpost/id/?attempt=0"},
		{"http://authentik:9000/auth", "http://authentik:9000/auth/ws/outpost/id/?attempt=0"},
		{"https://a/auth//?gate=s3cret", "https://a/auth/ws/outpost/id/?gate=s3cret&attempt=0"},
		{"https://[2001:db8::1]:9443", "https://[2001:db8::1]:9443/ws/outpost/id/?attempt=0"},
		{"https://a/b%20c", "https://a/b%20c/ws/outpost/id/?attempt=0"},
	} {
		u, err := authentik.ParseHost(tt.in)
		if err != nil {
			t.Errorf("%q: %v", tt.in, err)
			continue
		}
		if got := authentik.Join(u, url.Values{"attempt": {"0"}}, "ws", "outpost", "id"); got != tt.want {
			t.Errorf("%q: %s, want %s", tt.in, got, tt.want)
		}
	}
	for _, bad := range []string{"", "authentik.example.org", "authentik:9000", "ftp://a", "https://", "https:///path", "https://ann:s3cret@a", "unix:///run/a.sock", "https://a b", "http://:80"} {
		if u, err := authentik.ParseHost(bad); err == nil {
			t.Errorf("%q gave %s", bad, u)
		} else if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	u, _ := authentik.ParseHost("https://a")
	if got, want := authentik.Join(u, nil, "ws", "outpost_rac", "specific.1!2/../x"), "https://a/ws/outpost_rac/specific.1%212%2F..%2Fx/"; got != want {
		t.Errorf("channel: %s, want %s", got, want)
	}
}

func TestParams(t *testing.T) {
	for name, tt := range map[string]struct {
		protocol string
		in, want map[string]string
		token    string
		user     string
		endpoint string
	}{
		"usual": {
			"rdp",
			map[string]string{"hostname": "h", "port": "3389", "client-name": "authentik - ann", "resize-method": "display-update", "drive-path": "/tmp/connection/abc", "create-drive-path": "true"},
			map[string]string{"hostname": "h", "port": "3389", "client-name": "authentik - ann", "resize-method": "display-update"},
			"abc", "ann", "h:3389",
		},
		"before 2025.2":      {"ssh", map[string]string{"hostname": "h", "client-name": "authentik"}, map[string]string{"hostname": "h"}, "", "", "h"},
		"IPv6":               {"ssh", map[string]string{"hostname": "2001", "port": "db8::5"}, map[string]string{"hostname": "2001:db8::5"}, "", "", "[2001:db8::5]"},
		"IPv6 with brackets": {"ssh", map[string]string{"hostname": "[2001", "port": "db8::5]"}, map[string]string{"hostname": "2001:db8::5"}, "", "", "[2001:db8::5]"},
		"IPv6 with a port":   {"ssh", map[string]string{"hostname": "[2001", "port": "db8::5]:2222"}, map[string]string{"hostname": "2001:db8::5", "port": "2222"}, "", "", "[2001:db8::5]:2222"},
		"IPv6 loopback":      {"vnc", map[string]string{"hostname": "", "port": ":1"}, map[string]string{"hostname": "::1"}, "", "", "[::1]"},
		"IPv6 from settings": {"ssh", map[string]string{"hostname": "2001:db8::5", "port": "22"}, map[string]string{"hostname": "2001:db8::5", "port": "22"}, "", "", "[2001:db8::5]:22"},
		"whole in settings":  {"ssh", map[string]string{"hostname": "[::1]:2222"}, map[string]string{"hostname": "::1", "port": "2222"}, "", "", "[::1]:2222"},
		"not an address":     {"ssh", map[string]string{"hostname": "a", "port": "b:c"}, map[string]string{"hostname": "a", "port": "b:c"}, "", "", "a:b:c"},
		"null":               {"ssh", map[string]string{"hostname": "h", "password": "None"}, map[string]string{"hostname": "h"}, "", "", "h"},
		"what mappings add":  {"ssh", map[string]string{"hostname": "h", "x-user": "ann", "x-endpoint": "build 7", "x-ticket": "5", "unheard-of": "kept"}, map[string]string{"hostname": "h", "unheard-of": "kept"}, "", "ann", "build 7"},
	} {
		t.Run(name, func(t *testing.T) {
			got, token, user, endpoint, id := authentik.ReadParams(tt.protocol, tt.in)
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
			if token != tt.token || user != tt.user || endpoint != tt.endpoint || !strings.HasPrefix(id, tt.protocol+"://") {
				t.Errorf("token %q, user %q, endpoint %q, id %q", token, user, endpoint, id)
			}
		})
	}
}

func TestParseInitConnection(t *testing.T) {
	for name, tt := range map[string]struct {
		in      string
		channel string
		err     bool
	}{
		"usual":              {`{"type":"event.provider.specific","sub_type":"init_connection","dest_channel_id":"asgi.specific.1","params":{"hostname":"h"},"protocol":"ssh"}`, "asgi.specific.1", false},
		"unknown members":    {`{"sub_type":"init_connection","dest_channel_id":"c","conn_id":"x","more":{"a":[1]},"params":{"a":null,"b":true,"c":1.5,"d":{"e":1}}}`, "c", false},
		"without params":     {`{"sub_type":"init_connection","dest_channel_id":"c"}`, "c", false},
		"numbers as numbers": {`{"sub_type":"init_connection","dest_channel_id":"c","screen_width":1280,"screen_dpi":96.5,"audio":7}`, "c", false},
		"another kind":       {`{"sub_type":"terminate","dest_channel_id":"c"}`, "", false},
		"no kind":            {`{}`, "", false},
		"no channel":         {`{"sub_type":"init_connection"}`, "", true},
		"channel of dots":    {`{"sub_type":"init_connection","dest_channel_id":".."}`, "", true},
		"long channel":       {`{"sub_type":"init_connection","dest_channel_id":"` + strings.Repeat("x", 300) + `"}`, "", true},
		"not an object":      {`[1]`, "", true},
		"params are a list":  {`{"sub_type":"init_connection","dest_channel_id":"c","params":["hunter2"]}`, "", true},
		"nothing":            {``, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			channel, _, _, err := authentik.ParseControl([]byte(tt.in))
			if channel != tt.channel || (err != nil) != tt.err {
				t.Errorf("channel %q, error %v", channel, err)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("a secret is in the error: %v", err)
			}
		})
	}
}

// FuzzInitConnection feeds what authentik might send. Neither the token nor the
// drive that it stands in may come to the driver.
func FuzzInitConnection(f *testing.F) {
	f.Add([]byte(`{"sub_type":"init_connection","dest_channel_id":"asgi.specific.1","params":{"hostname":"[2001","port":"db8::1]:22","drive-path":"/tmp/connection/abc","client-name":"authentik - ann"},"protocol":"ssh","screen_width":"1280","audio":"x"}`))
	f.Add([]byte(`{"sub_type":"init_connection","dest_channel_id":"a!b","params":{"port":":1","x-user":"\u0000"},"screen_width":"NaN","screen_dpi":1e999}`))
	f.Add([]byte(`{"sub_type":5,"params":null}`))
	f.Fuzz(func(t *testing.T, p []byte) {
		channel, settings, _, err := authentik.ParseControl(p)
		if err != nil || channel == "" {
			return
		}
		for _, name := range []string{"drive-path", "create-drive-path"} {
			if _, ok := settings[name]; ok {
				t.Errorf("%s is a setting", name)
			}
		}
		u, _ := authentik.ParseHost("https://a/b")
		at, err := url.Parse(authentik.Join(u, nil, "ws", "outpost_rac", channel))
		if err != nil || at.Host != "a" || !strings.HasPrefix(at.EscapedPath(), "/b/ws/outpost_rac/") || strings.Count(at.EscapedPath(), "/") != 5 || at.RawQuery != "" {
			t.Errorf("channel %q leads to %v, %v", channel, at, err)
		}
	})
}

// FuzzInstances feeds what might answer instead of authentik.
func FuzzInstances(f *testing.F) {
	f.Add([]byte(`[{"pk":"1","name":"o","type":"rac","providers":[1],"config":{"log_level":"debug"},"managed":null,"refresh_interval_s":300}]`))
	f.Add([]byte(`[{"pk":1,"name":["x"],"providers":{},"config":[],"refresh_interval_s":"x"}]`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, p []byte) {
		var results []json.RawMessage
		if json.Unmarshal(p, &results) != nil {
			return
		}
		id, name, err := authentik.ParseInstances(results)
		if (id == "") == (err == nil) {
			t.Errorf("id %q, error %v", id, err)
		}
		if !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("name %q", name)
		}
	})
}
