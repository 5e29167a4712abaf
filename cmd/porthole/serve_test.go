package main_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/protocol/wire"
)

func TestFirstStart(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	p, base := serve(t, data)
	password := p.finds(&p.out, `name      admin\n    password  (\S+)\n`)
	b := newBrowser(t, base)
	b.login("admin", password)
	var me struct{ User struct{ Admin bool } }
	if code := b.do("GET", "/api/me", nil, &me); code != 200 || !me.User.Admin {
		t.Errorf("%d %+v", code, me)
	}
	metrics := p.finds(&p.err, `msg=metrics address=(\S+)`)
	if out := good(t, data, "", "healthcheck", "--metrics", metrics); out != "well\n" {
		t.Errorf("healthcheck: %q", out)
	}
	resp, err := http.Get("http://" + metrics + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	stop(t, p)
	if r := run(t, data, "", nil, "healthcheck", "--metrics", metrics); r.code != 1 || !strings.Contains(r.err, "is the server running") {
		t.Errorf("healthcheck afterwards: %+v", r)
	}
	if info, err := os.Stat(data); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
	again, _ := serve(t, data)
	stop(t, again)
	if s := again.out.String() + again.err.String(); strings.Contains(s, "password") || strings.Contains(p.err.String(), password) {
		t.Errorf("second start: %s", s)
	}
}

// The command line works on the store of a server that runs, and what it takes
// away is gone at once.
func TestOtherProcessesEndConnections(t *testing.T) {
	data := t.TempDir()
	p, base := serve(t, data, "--demo")
	for _, name := range []string{"ann", "bob", "eve"} {
		good(t, data, "a good password\n", "user", "add", name)
	}
	open := func(name string) (*browser, *connection) {
		b := newBrowser(t, base)
		b.login(name, "a good password")
		c := b.open("Demo shell")
		c.until(wire.TypeOutput)
		return b, c
	}
	t.Run("token rm", func(t *testing.T) {
		_, c := open("ann")
		if list := good(t, data, "", "token", "list"); !strings.Contains(list, c.id) || !strings.Contains(list, "Demo shell") {
			t.Errorf("list: %s", list)
		}
		now := time.Now()
		good(t, data, "", "token", "rm", c.id)
		c.ends(wire.EndDeleted, now)
	})
	t.Run("logout", func(t *testing.T) {
		b, c := open("ann")
		now := time.Now()
		if code := b.do("POST", "/api/logout", nil, nil); code != 204 {
			t.Errorf("logout: %d", code)
		}
		c.ends(wire.EndLogout, now)
	})
	t.Run("ended on the page", func(t *testing.T) {
		b, c := open("ann")
		now := time.Now()
		if code := b.do("DELETE", "/api/connections/"+c.id, nil, nil); code != 204 {
			t.Errorf("delete: %d", code)
		}
		c.ends(wire.EndDeleted, now)
	})
	t.Run("user passwd", func(t *testing.T) {
		_, c := open("bob")
		now := time.Now()
		good(t, data, "another password\n", "user", "passwd", "bob")
		c.ends(wire.EndLogout, now)
	})
	t.Run("user rm", func(t *testing.T) {
		_, c := open("eve")
		now := time.Now()
		good(t, data, "", "user", "rm", "eve")
		c.ends(wire.EndDenied, now)
	})
	t.Run("endpoint rm", func(t *testing.T) {
		_, c := open("ann")
		now := time.Now()
		good(t, data, "", "endpoint", "rm", "Demo shell")
		c.ends(wire.EndDenied, now)
	})
	stop(t, p)
	if strings.Contains(p.err.String(), "a good password") {
		t.Error("a password is in the log")
	}
}

func TestTerminationTellsTheSessions(t *testing.T) {
	p, base := serve(t, t.TempDir(), "--demo")
	b := newBrowser(t, base)
	b.login("admin", p.finds(&p.out, `password  (\S+)\n`))
	c := b.open("Demo shell")
	c.until(wire.TypeOutput)
	now := time.Now()
	go func() { _ = p.cmd.Process.Signal(os.Interrupt) }()
	c.ends(wire.EndShutdown, now)
	_, _, _ = c.Read(t.Context()) // answers the goodbye
	if code := p.stops(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestDemoIsThereOnlyWithDemo(t *testing.T) {
	data := t.TempDir()
	p, _ := serve(t, data, "--demo")
	if list := good(t, data, "", "endpoint", "list"); !strings.Contains(list, "Demo shell") || strings.Contains(list, "password=") && !strings.Contains(list, "password=[secret]") {
		t.Errorf("with: %s", list)
	}
	stop(t, p)
	p, _ = serve(t, data)
	if list := good(t, data, "", "endpoint", "list"); strings.Contains(list, "Demo shell") {
		t.Errorf("without: %s", list)
	}
	stop(t, p)
}

func TestQuickConnect(t *testing.T) {
	// A server to go to: the demo of another process.
	demo, _ := serve(t, t.TempDir(), "--demo")
	host := regexpHost(good(t, demo.data, "", "endpoint", "list"))
	data := t.TempDir()
	p := start(t, data, nil, "open", "ssh://demo@"+host)
	address := p.finds(&p.out, `(http://\S+)\n`)
	base, path, _ := strings.Cut(strings.TrimPrefix(address, "http://"), "/")
	b := newBrowser(t, "http://"+base)
	b.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	r, err := b.http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	page := r.Header.Get("Location")
	if r.StatusCode != http.StatusSeeOther || !strings.HasPrefix(page, "/if/rac/") {
		t.Fatalf("%d %q", r.StatusCode, page)
	}
	if code := newBrowser(t, "http://"+base).do("GET", "/"+path, nil, nil); code != http.StatusGone {
		t.Errorf("second use: %d", code)
	}
	c := b.connect(page)
	var q wire.Prompt
	if err := q.Decode(c.until(wire.TypePrompt)); err != nil || len(q.Fields) != 1 || q.Fields[0].Echo {
		t.Errorf("asks %+v, %v", q, err)
	}
	c.send((&wire.Answer{ID: q.ID, Cancelled: true}).Append(nil))
	c.ends(wire.EndCancelled, time.Now())
	stop(t, p)
	if out := p.out.String(); strings.Count(out, "\n") != 1 {
		t.Errorf("standard output: %q", out)
	}
}

// The address of a desktop tells the page what it will be, where no server sees it.
func TestQuickConnectToDesktop(t *testing.T) {
	p := start(t, t.TempDir(), nil, "open", "vnc://[2001:db8::1]:1")
	if address := p.finds(&p.out, `(http://\S+)\n`); !strings.HasSuffix(address, "#vnc") {
		t.Errorf("address %q", address)
	}
	stop(t, p)
}

// regexpHost takes the address of the demo endpoint out of a list.
func regexpHost(list string) string {
	for field := range strings.FieldsSeq(list) {
		if strings.HasPrefix(field, "127.0.0.1:") {
			return field
		}
	}
	return ""
}
