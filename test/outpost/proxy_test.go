package outpost_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/porthole-rac/porthole/authority/authentik/authentiktest"
	"github.com/porthole-rac/porthole/scripts/browser"
)

func itoa(n int) string { return strconv.Itoa(n) }

const deploy = "../../docs/deploy"

// proxy runs a real proxy with the configuration of the documentation, its addresses
// replaced, until the test ends.
func (s *site) proxy(program string, args ...string) {
	s.t.Helper()
	c := exec.Command(program, args...)
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	log := filepath.Join(s.t.TempDir(), "proxy.log")
	f, err := os.Create(log)
	must(s.t, err)
	defer f.Close()
	c.Stdout, c.Stderr = f, f
	must(s.t, c.Start())
	s.t.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		_ = c.Wait()
		if s.t.Failed() {
			b, _ := os.ReadFile(log)
			s.t.Logf("log of %s:\n%s", program, b)
		}
	})
}

// answers waits until an address does.
func (s *site) answers(url string) string {
	s.t.Helper()
	until(s.t, url+" answers", func() bool {
		r, err := http.Get(url + "login")
		if err != nil {
			return false
		}
		_ = r.Body.Close()
		return r.StatusCode == http.StatusOK
	})
	return url
}

// program finds a proxy, or skips.
func program(t *testing.T, name string) string {
	t.Helper()
	for _, path := range []string{name, "/usr/sbin/" + name} {
		if found, err := exec.LookPath(path); err == nil {
			return found
		}
	}
	t.Skip(name + " is not installed; scripts/deps.sh test installs it")
	return ""
}

// nginx is the documented configuration without TLS.
func nginx(s *site, relay string) string {
	at := closedPort(s.t)
	text, err := os.ReadFile(filepath.Join(deploy, "proxies", "nginx.conf"))
	must(s.t, err)
	conf := strings.NewReplacer("listen 443 ssl", "listen "+at, "127.0.0.1:8080", relay, "127.0.0.1:9000", host(s.authentik.URL)).Replace(string(text))
	conf = regexp.MustCompile(`(?m)^.*ssl_certificate.*$`).ReplaceAllString(conf, "")
	dir := s.t.TempDir()
	file := filepath.Join(dir, "nginx.conf")
	must(s.t, os.WriteFile(file, fmt.Appendf(nil, `daemon off; pid %[1]s/pid; error_log stderr; worker_processes 1; user root;
events {} http { access_log %[1]s/access.log; client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
%[2]s }`, dir, conf), 0o600))
	s.proxy(program(s.t, "nginx"), "-p", dir, "-c", file)
	s.accessLog = filepath.Join(dir, "access.log")
	return s.answers("http://" + at + "/")
}

// caddy is the documented configuration without TLS.
func caddy(s *site, relay string) string {
	at := closedPort(s.t)
	text, err := os.ReadFile(filepath.Join(deploy, "proxies", "Caddyfile"))
	must(s.t, err)
	conf := strings.NewReplacer("authentik.example.org", "http://"+at, "127.0.0.1:8080", relay, "127.0.0.1:9000", host(s.authentik.URL)).Replace(string(text))
	file := filepath.Join(s.t.TempDir(), "Caddyfile")
	must(s.t, os.WriteFile(file, []byte("{\n\tadmin off\n\tauto_https off\n}\n"+conf), 0o600))
	s.proxy(program(s.t, "caddy"), "run", "--config", file, "--adapter", "caddyfile")
	return s.answers("http://" + at + "/")
}

func host(url string) string { return strings.Trim(strings.TrimPrefix(url, "http://"), "/") }

// One route in a real proxy is all that the own page needs.
func TestRealProxies(t *testing.T) {
	for name, front := range map[string]func(*site, string) string{"nginx": nginx, "caddy": caddy} {
		t.Run(name, func(t *testing.T) {
			program(t, name)
			s := start(t, options{front: front})
			p, _ := s.atShell()
			s.goes(p, "direct")
			works(t, p, "hello")
			// The programs are the same files for all sessions.
			p.Close()
			p, token := s.atShell()
			s.goes(p, "direct")
			files, err := browser.Eval[string](p, `performance.getEntriesByType("resource").map((e) => e.name).join("\n")`)
			must(t, err)
			if !strings.Contains(files, "/if/rac/client-") || strings.Contains(files, token.Text+"/c") {
				t.Errorf("files: %s", files)
			}
			if s.accessLog != "" {
				b, err := os.ReadFile(s.accessLog)
				must(t, err)
				if !strings.Contains(string(b), "/if/rac/direct/") && !strings.Contains(string(b), "/if/rac/") {
					t.Errorf("access log: %s", b)
				}
				if strings.Contains(string(b), "porthole.secret") {
					t.Error("the secret is in the proxy's log")
				}
			}
			s.session.Logout()
			s.ended(p, "logout")
		})
	}
}

// authentik under a path of its own.
func TestBelowAPath(t *testing.T) {
	s := start(t, options{config: authentiktest.Config{Path: "/auth/"}})
	p := s.person()
	must(t, p.Go(strings.TrimSuffix(s.url, "auth/")+"login?cookie="+s.session.Cookie))
	token := s.shell()
	s.open(p, token)
	must(t, p.State("connected"))
	s.goes(p, "direct")
	must(t, p.Shows("Porthole demo."))
	works(t, p, "hello")
}
