package main_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/authority/authentik/authentiktest"
)

// What an administrator may get wrong before anything is tried.
func TestOutpostEnvironment(t *testing.T) {
	data := t.TempDir()
	good := map[string]string{"AUTHENTIK_HOST": "https://authentik.example.org", "AUTHENTIK_TOKEN": "abc"}
	for name, tt := range map[string]struct {
		env  map[string]string
		want string
	}{
		"no host":         {map[string]string{"AUTHENTIK_HOST": ""}, "AUTHENTIK_HOST is not set"},
		"no token":        {map[string]string{"AUTHENTIK_TOKEN": " "}, "AUTHENTIK_TOKEN is not set"},
		"no scheme":       {map[string]string{"AUTHENTIK_HOST": "authentik.example.org"}, "AUTHENTIK_HOST: it is not an address like https://"},
		"socket":          {map[string]string{"AUTHENTIK_HOST": "unix:///run/a.sock"}, "a unix socket is not supported"},
		"quoted token":    {map[string]string{"AUTHENTIK_TOKEN": `"abc"`}, "no blanks, quotes or line breaks"},
		"file is missing": {map[string]string{"AUTHENTIK_TOKEN": "file:///nothing/here"}, "no such file"},
		"no variable":     {map[string]string{"AUTHENTIK_TOKEN": "env://NOTHING_HERE"}, "no variable NOTHING_HERE"},
		"not a boolean":   {map[string]string{"AUTHENTIK_INSECURE": "maybe"}, "must be true or false"},
		"not a level":     {map[string]string{"AUTHENTIK_LOG_LEVEL": "loud"}, "use trace, debug, info, warning or error"},
		"browser's host":  {map[string]string{"AUTHENTIK_HOST_BROWSER": "x"}, "AUTHENTIK_HOST_BROWSER: "},
		"grace":           {map[string]string{"PORTHOLE_TUNNEL_GRACE": "-1s"}, "--tunnel-grace -1s"},
	} {
		t.Run(name, func(t *testing.T) {
			var env []string
			for name, v := range good {
				if _, ok := tt.env[name]; !ok {
					env = append(env, name+"="+v)
				}
			}
			for name, v := range tt.env {
				env = append(env, name+"="+v)
			}
			r := run(t, data, "", env, "outpost", "--metrics", "127.0.0.1:0")
			if r.code != 2 || !strings.Contains(r.err, tt.want) || strings.Contains(r.err, "abc") {
				t.Errorf("%d: %s", r.code, r.err)
			}
		})
	}
	r := run(t, data, "", []string{"AUTHENTIK_HOST=https://a", "AUTHENTIK_TOKEN=abc", "PORTHOLE_CA_BUNDLE=/nothing/here"}, "outpost")
	if r.code != 1 || !strings.Contains(r.err, "read --ca-bundle") {
		t.Errorf("%d: %s", r.code, r.err)
	}
}

// fetch gets a page of the metrics listener.
func fetch(t *testing.T, address, page string) (int, string) {
	t.Helper()
	resp, err := http.Get("http://" + address + page)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// Started as authentik's image starts its program.
func TestOutpostAsRAC(t *testing.T) {
	s := authentiktest.Start(authentiktest.Config{Path: "/auth/", Outposts: []*authentiktest.Outpost{
		{Token: "the-token-of-the-outpost", Name: "branch office", Providers: []int{1}, Config: map[string]any{"log_level": "debug"}},
	}})
	defer s.Close()
	data := t.TempDir()
	folder := t.TempDir()
	rac := filepath.Join(folder, "rac")
	if err := os.Symlink(binary, rac); err != nil {
		t.Fatal(err)
	}
	token := filepath.Join(folder, "token")
	if err := os.WriteFile(token, []byte("the-token-of-the-outpost\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{
		"AUTHENTIK_HOST=env://WHERE", "WHERE=" + strings.TrimSuffix(s.URL, "/"), "AUTHENTIK_TOKEN=file://" + token,
		"AUTHENTIK_LISTEN__METRICS=127.0.0.1:0", "AUTHENTIK_LOG_LEVEL=info", "PORTHOLE_LISTEN=127.0.0.1:0",
	}
	p := startAs(t, rac, data, env)
	metrics := p.finds(&p.err, `msg=metrics address=(\S+)`)
	eventually(t, "authentik knows the outpost", func() bool { return len(s.Instances()) == 1 })
	i := s.Instances()[0]
	if missing := i.Missing(); len(missing) > 0 || i.Outdated(authentiktest.Newest()) || i.Hostname == "" {
		t.Errorf("HELLO %v", i.Args)
	}
	p.finds(&p.err, `log level set by authentik`)
	eventually(t, "it is ready", func() bool { code, _ := fetch(t, metrics, "/outpost.goauthentik.io/ready"); return code == 204 })
	if code, _ := fetch(t, metrics, "/outpost.goauthentik.io/ping"); code != 204 {
		t.Errorf("ping: %d", code)
	}
	_, text := fetch(t, metrics, "/metrics")
	for _, want := range []string{
		`authentik_outpost_info{build="`, `outpost_name="branch office",outpost_type="rac",uuid="` + i.UUID + `"`, "authentik_outpost_last_update{", "authentik_outpost_connection{",
		"porthole_outpost_tunnels 0", "porthole_build_info", "go_goroutines", "process_start_time_seconds",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	health := []string{"AUTHENTIK_LISTEN__METRICS=" + metrics + ",[::1]:1"}
	if r := runAs(t, rac, data, health, "healthcheck"); r.code != 0 {
		t.Errorf("rac healthcheck: %+v", r)
	}
	if r := runAs(t, rac, data, health, "healthcheck", "--ready"); r.code != 0 {
		t.Errorf("rac healthcheck --ready: %+v", r)
	}

	before := s.Requests("api/v3/outposts/instances/")
	if err := p.cmd.Process.Signal(syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	eventually(t, "SIGUSR1 had it read again", func() bool { return s.Requests("api/v3/outposts/instances/") > before })

	stop(t, p)
	if n := s.Controls(); n != 0 {
		t.Errorf("%d control connections after the end", n)
	}
	if i := s.Instances()[0]; i.Active() < 1000 {
		t.Errorf("authentik would still choose it, with %d connections", i.Active())
	}
	if out := p.out.String() + p.err.String(); strings.Contains(out, "the-token") {
		t.Errorf("the token is in the log:\n%s", out)
	}
	if r := runAs(t, rac, data, health, "healthcheck"); r.code != 1 {
		t.Errorf("healthcheck after the end: %+v", r)
	}
}

// A token that is refused is said in the log and by the readiness check; the outpost
// goes on, and is well.
func TestOutpostWithWrongToken(t *testing.T) {
	s := authentiktest.Start(authentiktest.Config{})
	defer s.Close()
	data := t.TempDir()
	p := start(t, data, []string{"AUTHENTIK_HOST=" + s.URL, "AUTHENTIK_TOKEN=a-wrong-token", "PORTHOLE_LISTEN=127.0.0.1:0"}, "outpost", "--metrics", "127.0.0.1:0")
	metrics := p.finds(&p.err, `msg=metrics address=(\S+)`)
	p.finds(&p.err, `refused the token \(403\)`)
	r := run(t, data, "", nil, "healthcheck", "--ready", "--metrics", metrics)
	if r.code != 1 || !strings.Contains(r.err, "refused the token (403)") || !strings.Contains(r.err, "View Deployment Info") {
		t.Errorf("readiness: %+v", r)
	}
	if r := run(t, data, "", nil, "healthcheck", "--metrics", metrics); r.code != 0 {
		t.Errorf("health: %+v", r)
	}
	stop(t, p)
	if strings.Contains(p.err.String(), "a-wrong-token") {
		t.Error("the token is in the log")
	}
}

// Without a folder that can be written, such as on a read-only root, an outpost works.
func TestOutpostWithoutFolder(t *testing.T) {
	s := authentiktest.Start(authentiktest.Config{})
	defer s.Close()
	p := start(t, "/proc/nothing", []string{"AUTHENTIK_HOST=" + s.URL, "AUTHENTIK_TOKEN=" + authentiktest.DefaultToken, "PORTHOLE_LISTEN=127.0.0.1:0"}, "outpost", "--metrics", "127.0.0.1:0")
	p.finds(&p.err, `keys are remembered only until the outpost stops`)
	eventually(t, "authentik knows the outpost", func() bool { return len(s.Instances()) == 1 })
	stop(t, p)
}

// authentik's own page gets words when the machine cannot be reached.
func TestOutpostTellsAuthentiksPage(t *testing.T) {
	s := authentiktest.Start(authentiktest.Config{})
	defer s.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	p := start(t, t.TempDir(), []string{"AUTHENTIK_HOST=" + s.URL, "AUTHENTIK_TOKEN=" + authentiktest.DefaultToken, "PORTHOLE_LISTEN=127.0.0.1:0"}, "outpost", "--metrics", "127.0.0.1:0")
	eventually(t, "authentik knows the outpost", func() bool { return len(s.Instances()) == 1 })
	conn, err := s.Login("ann").Connect(authentiktest.Token{Protocol: "vnc", Host: closed.Addr().String(), Settings: map[string]string{"password": "hunter2"}}).Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		_, text, err := conn.Read(ctx)
		if err != nil {
			t.Fatalf("before an error: %v\n%s", err, &p.err)
		}
		if strings.Contains(string(text), "5.error,") {
			// 0x0208 UPSTREAM_UNAVAILABLE or 0x0207 UPSTREAM_NOT_FOUND
			if !strings.Contains(string(text), ",3.520;") && !strings.Contains(string(text), ",3.519;") {
				t.Errorf("error: %s", text)
			}
			break
		}
	}
	eventually(t, "no connection is left", func() bool { return s.Tunnels() == 0 && s.Instances()[0].Active() == 0 })
	stop(t, p)
	if strings.Contains(p.err.String(), "hunter2") {
		t.Error("the password is in the log")
	}
}
