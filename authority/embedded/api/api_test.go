package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/authority/embedded"
	"github.com/porthole-rac/porthole/authority/embedded/api"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type noConnections struct{ list []authority.Connection }

func (n *noConnections) List() []authority.Connection     { return n.list }
func (n *noConnections) Close(string, authority.End) bool { return false }

type client struct {
	t    *testing.T
	base string
	http *http.Client
}

func start(t *testing.T, secure bool) (*client, *embedded.Store, *api.API) {
	t.Helper()
	s, err := embedded.Open(t.Context(), embedded.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateUser(t.Context(), "ann", "correct horse", false); err != nil {
		t.Fatal(err)
	}
	a := api.New(api.Config{Store: s, Connections: &noConnections{}, Secure: secure, Origins: []string{"https://desk.example.org/"}})
	srv := httptest.NewServer(a)
	jar, _ := cookiejar.New(nil)
	c := &client{t, srv.URL, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	t.Cleanup(func() {
		c.http.CloseIdleConnections()
		srv.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return c, s, a
}

func (c *client) do(method, path, body string, header ...string) (*http.Response, string) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := c.http.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp, string(b)
}

func (c *client) want(status int, method, path, body string, header ...string) string {
	c.t.Helper()
	resp, text := c.do(method, path, body, header...)
	if resp.StatusCode != status {
		c.t.Errorf("%s %s: %d %s, want %d", method, path, resp.StatusCode, text, status)
	}
	return text
}

const right = `{"username":"ann","password":"correct horse"}`

func TestLoginLaunchLogout(t *testing.T) {
	c, s, _ := start(t, false)
	e, err := s.AddEndpoint(t.Context(), embedded.Endpoint{Name: "box", Protocol: "ssh", Host: "h:22", Settings: map[string]string{"password": "hunter2"}})
	if err != nil {
		t.Fatal(err)
	}
	c.want(401, "GET", "/api/me", "")
	if text := c.want(401, "POST", "/api/login", `{"username":"ann","password":"x"}`); !strings.Contains(text, `"code":"credentials"`) {
		t.Error(text)
	}
	c.want(200, "POST", "/api/login", right)
	c.want(200, "GET", "/api/me", "")
	if list := c.want(200, "GET", "/api/endpoints", ""); !strings.Contains(list, `"name":"box"`) || strings.Contains(list, "hunter2") {
		t.Errorf("endpoints: %s", list)
	}
	var out struct{ URL string }
	if err := json.Unmarshal([]byte(c.want(200, "POST", "/api/endpoints/"+e.ID+"/launch", "")), &out); err != nil || !strings.HasPrefix(out.URL, "/if/rac/") {
		t.Errorf("launch: %q, %v", out.URL, err)
	}
	c.want(404, "POST", "/api/endpoints/none/launch", "")
	c.want(404, "DELETE", "/api/connections/none", "")
	c.want(204, "POST", "/api/logout", "")
	c.want(401, "GET", "/api/me", "")
}

func TestCookieIsKeptFromScriptsAndOtherSites(t *testing.T) {
	for _, secure := range []bool{false, true} {
		c, _, _ := start(t, secure)
		resp, _ := c.do("POST", "/api/login", right)
		got := resp.Cookies()
		if len(got) != 1 {
			t.Fatalf("%d cookies", len(got))
		}
		k := got[0]
		if !k.HttpOnly || k.SameSite != http.SameSiteLaxMode || k.Path != "/" || k.Secure != secure || k.Domain != "" {
			t.Errorf("cookie %+v", k)
		}
		if secure != strings.HasPrefix(k.Name, "__Host-") {
			t.Errorf("name %q, secure %t", k.Name, secure)
		}
	}
}

func TestOtherSitesCannotAct(t *testing.T) {
	c, _, _ := start(t, false)
	c.want(403, "POST", "/api/login", right, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")
	c.want(400, "POST", "/api/login", right, "Content-Type", "text/plain")
	c.want(400, "POST", "/api/login", right+right)
	c.want(400, "POST", "/api/login", `{"username":"`+strings.Repeat("x", 100<<10)+`"}`)
}

func TestGuessingIsAnswered429(t *testing.T) {
	c, _, _ := start(t, false)
	for range 20 {
		resp, text := c.do("POST", "/api/login", `{"username":"ann","password":"x"}`)
		if resp.StatusCode == http.StatusTooManyRequests {
			if resp.Header.Get("Retry-After") == "" || !strings.Contains(text, "rate-limited") {
				t.Errorf("answer without advice: %s", text)
			}
			return
		}
	}
	t.Error("never limited")
}

func TestQuickAddressWorksOnce(t *testing.T) {
	c, s, a := start(t, false)
	e, err := s.AddEndpoint(t.Context(), embedded.Endpoint{Name: "box", Protocol: "ssh", Host: "h"})
	if err != nil {
		t.Fatal(err)
	}
	users, err := s.Users(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	path := a.Quick(users[0].User, e.ID)
	c.want(410, "GET", "/open/wrong", "")
	resp, _ := c.do("GET", path, "")
	if resp.StatusCode != 303 || !strings.HasPrefix(resp.Header.Get("Location"), "/if/rac/") {
		t.Errorf("first: %d %s", resp.StatusCode, resp.Header.Get("Location"))
	}
	c.want(200, "GET", "/api/me", "")
	c.want(410, "GET", path, "")
}

func FuzzLogin(f *testing.F) {
	f.Add([]byte(right), "x")
	f.Add([]byte(`{"username":null}`), "")
	s, err := embedded.Open(f.Context(), embedded.Config{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	a := api.New(api.Config{Store: s, Connections: &noConnections{}})
	f.Fuzz(func(t *testing.T, body []byte, cookie string) {
		r := httptest.NewRequest("POST", "/api/login", bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.AddCookie(&http.Cookie{Name: "porthole_session", Value: cookie})
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		if w.Code == http.StatusOK || w.Code >= 500 {
			t.Errorf("%d for %q", w.Code, body)
		}
	})
}

// TestPagesOfOtherOrigins is the static bundle on another server: only the
// origins that were allowed may read answers and change things.
func TestPagesOfOtherOrigins(t *testing.T) {
	const login = `{"username": "ann", "password": "correct horse"}`
	c, _, _ := start(t, false)
	for _, x := range []struct {
		origin  string
		allowed bool
	}{
		{"https://desk.example.org", true},
		{"https://desk.example.org.evil.example", false},
		{"http://desk.example.org", false},
		{"https://evil.example", false},
		{"null", false},
	} {
		browser := []string{"Origin", x.origin, "Sec-Fetch-Site", "cross-site"}
		question, _ := c.do(http.MethodOptions, "/api/login", "", append(browser, "Access-Control-Request-Method", "POST")...)
		answer, _ := c.do(http.MethodPost, "/api/login", login, browser...)
		want := ""
		status := http.StatusForbidden
		if x.allowed {
			want, status = x.origin, http.StatusOK
		}
		for _, r := range []*http.Response{question, answer} {
			if got := r.Header.Get("Access-Control-Allow-Origin"); got != want {
				t.Errorf("%s: answers may be read by %q, want %q", x.origin, got, want)
			}
		}
		if answer.StatusCode != status {
			t.Errorf("%s: login gives status %d, want %d", x.origin, answer.StatusCode, status)
		}
	}
}
