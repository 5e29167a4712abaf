package authentik_test

import (
	"crypto/x509"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/authority/authentik"
	"github.com/porthole-rac/porthole/authority/authentik/authentiktest"
)

// Whatever is wrong, the outpost says what, and what to do, and waits.
func TestTroubleAtStart(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := closed.Addr().String()
	closed.Close()
	page := func(code int, location, body string) func(t *testing.T) string {
		return func(t *testing.T) string {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if location != "" {
					w.Header().Set("Location", location)
				}
				w.WriteHeader(code)
				_, _ = w.Write([]byte(body))
			}))
			t.Cleanup(s.Close)
			return s.URL
		}
	}
	double := func(cfg authentiktest.Config, path string) func(t *testing.T) string {
		return func(t *testing.T) string { return strings.TrimSuffix(newServer(t, cfg).URL, "/") + path }
	}
	for name, tt := range map[string]struct {
		address func(t *testing.T) string
		option  option
		text    string
		remedy  string
	}{
		"wrong token":    {double(authentiktest.Config{}, ""), func(c *authentik.Config) { c.Token = "wrong" }, "refused the token (403)", "View Deployment Info"},
		"user's token":   {double(authentiktest.Config{Outposts: []*authentiktest.Outpost{{Token: authentiktest.DefaultToken}}}, ""), nil, "shows no outpost", "the outpost itself"},
		"other type":     {double(authentiktest.Config{Outposts: []*authentiktest.Outpost{{Token: authentiktest.DefaultToken, Name: "p", Type: "proxy"}}}, ""), nil, "of the type proxy", "type RAC"},
		"wrong path":     {double(authentiktest.Config{Path: "/auth/"}, "/../"), nil, "no such page (404)", "under a path"},
		"nobody there":   {func(*testing.T) string { return "http://" + nobody }, nil, "Nothing listens at http://" + nobody, "Check host and port"},
		"no such name":   {func(*testing.T) string { return "http://authentik.invalid" }, nil, "authentik.invalid cannot be resolved", "name servers"},
		"not authentik":  {page(200, "", "<html>hello</html>"), nil, "not as authentik's API does", "Check AUTHENTIK_HOST"},
		"JSON of others": {page(200, "", `{"hello": 1}`), nil, "shows no outpost", ""},
		"strange list":   {page(200, "", `{"results": [{"name": 5}]}`), nil, "not as authentik's API does", ""},
		"login page":     {page(302, "https://login.example.org/?rd=x", ""), nil, "sends elsewhere, to https://login.example.org", "without a login"},
		"proxy's no":     {page(403, "", "<html>denied</html>"), nil, "not as authentik does", "let /api/ and /ws/ through"},
		"starting":       {page(503, "", ""), nil, "is not ready (503)", "starting"},
		"failing":        {page(500, "", `{"detail":"oops"}`), nil, "failed (status 500: {\"detail\":\"oops\"})", "log of authentik"},
		"TLS unknown":    {double(authentiktest.Config{TLS: true}, ""), nil, "not trusted: its authority is not known here", "PORTHOLE_CA_BUNDLE"},
		"TLS to plain": {func(t *testing.T) string {
			return strings.Replace(newServer(t, authentiktest.Config{}).URL, "http:", "https:", 1)
		}, nil, "does not speak TLS", "9443"},
		"TLS other name": {func(t *testing.T) string {
			return strings.Replace(newServer(t, authentiktest.Config{TLS: true}).URL, "127.0.0.1", "localhost", 1)
		}, func(c *authentik.Config) { c.Roots = nil }, "not trusted", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var options []option
			if tt.option != nil {
				options = append(options, tt.option)
			}
			f := run(t, tt.address(t)+"?gate=s3cret", options...)
			wait(t, "a problem is told", func() bool { return f.Status().Problem != nil })
			p := f.Status().Problem
			if !strings.Contains(p.Text, tt.text) || !strings.Contains(p.Remedy, tt.remedy) {
				t.Errorf("%s\n%s", p.Text, p.Remedy)
			}
			if f.Status().Connected {
				t.Error("connected")
			}
			f.logged("authentik not reached; waiting")
			if strings.Contains(f.logs.String(), "s3cret") || strings.Contains(p.Error(), "s3cret") {
				t.Error("the query of AUTHENTIK_HOST is shown")
			}
			time.Sleep(60 * time.Millisecond) // several tries
			if n := strings.Count(f.logs.String(), "authentik not reached"); n != 1 {
				t.Errorf("said %d times", n)
			}
		})
	}
}

func TestCertificates(t *testing.T) {
	for name, o := range map[string]func(*authentiktest.Server) option{
		"insecure": func(*authentiktest.Server) option { return func(c *authentik.Config) { c.Insecure = true } },
		"own authority": func(s *authentiktest.Server) option {
			roots := x509.NewCertPool()
			roots.AddCert(s.Certificate())
			return func(c *authentik.Config) { c.Roots = roots }
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, authentiktest.Config{TLS: true})
			f := run(t, s.URL, o(s))
			f.up(s)
			p := open(t, s.Login("ann").Connect(authentiktest.Token{Protocol: "ssh", Host: "h"}))
			f.next()
			p.works()
		})
	}
}

// authentik may be away at the start, and again later.
func TestComesWhenAuthentikDoes(t *testing.T) {
	s := newServer(t, authentiktest.Config{})
	s.Down(502)
	f := run(t, s.URL)
	wait(t, "a problem is told", func() bool { return f.Status().Problem != nil })
	s.Up()
	f.up(s)
	if f.Status().Problem != nil {
		t.Error("the problem is still told")
	}
	s.Down(502)
	s.Recycle(authentiktest.ControlSockets, true)
	wait(t, "it is told that authentik is not ready", func() bool { p := f.Status().Problem; return p != nil && strings.Contains(p.Text, "502") })
	s.Up()
	wait(t, "connected again", func() bool { return f.Status().Connected && s.Controls() == 1 })
}

// The outpost is made after Porthole was started, or gets its provider late.
func TestOutpostIsMadeLater(t *testing.T) {
	s := newServer(t, authentiktest.Config{Outposts: []*authentiktest.Outpost{{Token: authentiktest.DefaultToken}}})
	f := run(t, s.URL)
	f.logged("shows no outpost")
	s.Change(func(o []*authentiktest.Outpost) { o[0].Name = "late" })
	f.up(s)
	f.logged("has no provider")
	s.Change(func(o []*authentiktest.Outpost) { o[0].Providers = []int{1} })
	open(t, s.Login("ann").Connect(authentiktest.Token{Protocol: "ssh", Host: "h"})).works()
}

// The outpost is deleted and made anew with the same token, or the token is changed.
func TestOutpostIsReplaced(t *testing.T) {
	s := newServer(t, authentiktest.Config{})
	f := run(t, s.URL)
	f.up(s)
	s.Change(func(o []*authentiktest.Outpost) { o[0].ID = "11111111-0000-4000-8000-000000000000" })
	s.Recycle(authentiktest.ControlSockets, false)
	wait(t, "the new one is connected", func() bool {
		for _, i := range s.Instances() {
			if i.Outpost[0] == '1' {
				return true
			}
		}
		return false
	})
}

func TestNoticesThatItsOutpostIsAnother(t *testing.T) {
	s := newServer(t, authentiktest.Config{})
	f := run(t, s.URL)
	f.up(s)
	s.Change(func(o []*authentiktest.Outpost) { o[0].ID = "11111111-0000-4000-8000-000000000000" })
	f.Refresh()
	wait(t, "the new one is connected", func() bool { return len(s.Instances()) > 0 && s.Instances()[0].Outpost[0] == '1' })
}

func TestLogLevel(t *testing.T) {
	s := newServer(t, authentiktest.Config{})
	var level atomic.Int64
	level.Store(99)
	f := run(t, s.URL, func(c *authentik.Config) { c.SetLevel = func(l slog.Level) { level.Store(int64(l)) } })
	f.up(s)
	for _, tt := range []struct {
		name  string
		level slog.Level
	}{{"trace", slog.LevelDebug}, {"warning", slog.LevelWarn}, {"error", slog.LevelError}, {"info", slog.LevelInfo}, {"debug", slog.LevelDebug}} {
		s.Change(func(o []*authentiktest.Outpost) { o[0].Config = map[string]any{"log_level": tt.name} })
		s.Update()
		wait(t, "the level is "+tt.name, func() bool { return level.Load() == int64(tt.level) })
	}
	s.Change(func(o []*authentiktest.Outpost) {
		o[0].Config, o[0].Managed = map[string]any{"log_level": "error"}, "goauthentik.io/outposts/x"
	})
	before := s.Requests("api/v3/outposts/instances/")
	s.Update()
	wait(t, "it was read", func() bool { return s.Requests("api/v3/outposts/instances/") > before })
	if level.Load() != int64(slog.LevelDebug) {
		t.Error("the level of a managed outpost was applied")
	}
}

func TestParseLevel(t *testing.T) {
	if _, err := authentik.ParseLevel("loud"); err == nil {
		t.Error("loud is a level")
	}
}
