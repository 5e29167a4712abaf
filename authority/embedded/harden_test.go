package embedded_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/authority/embedded"
	"github.com/porthole-rac/porthole/protocol/wire"
)

// look opens the database beside the store.
func (f *fixture) look() *sql.DB {
	f.t.Helper()
	db, err := sql.Open("sqlite", "file:"+f.path+"?_pragma=busy_timeout(5000)")
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestNoSecretIsKeptAsItIs(t *testing.T) {
	f := newFixture(t)
	cookie, l := f.login()
	token := f.launch(l)
	if len(cookie) < 43 || len(token) < 43 || cookie == token { // 256 bits in base64
		t.Errorf("cookie of %d characters, token of %d", len(cookie), len(token))
	}
	var hash string
	if err := f.look().QueryRow(`SELECT password_hash FROM users WHERE name = 'ANN'`).Scan(&hash); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("password is kept as %q", hash)
	}
	for _, name := range []string{"", "-wal"} {
		b, err := os.ReadFile(f.path + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{cookie, token, password} {
			if strings.Contains(string(b), secret) {
				t.Errorf("a secret is in the file porthole.db%s", name)
			}
		}
	}
}

func TestFilesAreTheOwnersOnly(t *testing.T) {
	f := newFixture(t)
	f.login()
	for name, want := range map[string]os.FileMode{filepath.Dir(f.path): 0o700, f.path: 0o600, f.path + "-wal": 0o600, f.path + "-shm": 0o600} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has %o, want %o", filepath.Base(name), got, want)
		}
	}
	// A file that came from elsewhere is closed to others.
	path := filepath.Join(t.TempDir(), "porthole.db")
	if err := os.WriteFile(path, nil, 0o644); err != nil { //nolint:gosec // that is the point
		t.Fatal(err)
	}
	open(t, embedded.Config{Path: path})
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestDatabaseIsWALAndMigratesOnce(t *testing.T) {
	f := newFixture(t)
	db := f.look()
	var mode string
	var version int
	if err := db.QueryRow(`PRAGMA journal_mode`).Scan(&mode); err != nil || mode != "wal" {
		t.Errorf("journal mode %q, %v", mode, err)
	}
	if err := db.QueryRow(`SELECT max(version_id) FROM goose_db_version`).Scan(&version); err != nil || version < 1 {
		t.Errorf("version %d, %v", version, err)
	}
	again := open(t, embedded.Config{Path: f.path})
	if users, err := again.Users(t.Context()); err != nil || len(users) != 1 {
		t.Errorf("after opening again: %v, %v", users, err)
	}
}

// Many guesses at once do not get past the limit together.
func TestGuessingAtOnceIsLimited(t *testing.T) {
	f := newFixture(t)
	var tried atomic.Int32
	var wg sync.WaitGroup
	for range 60 {
		wg.Go(func() {
			_, _, err := f.LogIn(context.Background(), "ann", "wrong", "198.51.100.9")
			if errors.Is(err, embedded.ErrCredentials) {
				tried.Add(1)
			}
		})
	}
	wg.Wait()
	if n := tried.Load(); n > 8 {
		t.Errorf("%d guesses were looked at", n)
	}
}

func TestGuessingFromOneNetwork(t *testing.T) {
	for name, address := range map[string]func(i int) string{
		"IPv6":        func(i int) string { return fmt.Sprintf("2001:db8::%x", i) },
		"IPv4 mapped": func(i int) string { return []string{"::ffff:198.51.100.9", "198.51.100.9"}[i%2] },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			var limit *embedded.LimitError
			for i := range 12 {
				if _, _, err := f.LogIn(t.Context(), "ann", "wrong", address(i)); errors.As(err, &limit) {
					return
				}
			}
			t.Error("twelve guesses were taken")
		})
	}
}

// One that guesses names is slowed as well, and who does not exist gets the same
// answers as who does.
func TestGuessingNames(t *testing.T) {
	f := newFixture(t)
	var limit *embedded.LimitError
	for i := range 40 {
		_, _, err := f.LogIn(t.Context(), fmt.Sprint("user", i), "wrong", "198.51.100.9")
		if errors.As(err, &limit) {
			return
		}
		if err.Error() != embedded.ErrCredentials.Error() {
			t.Fatal(err)
		}
	}
	t.Error("forty names were tried")
}

// Logging in well, however often, is no guessing.
func TestGoodLoginsAreNotLimited(t *testing.T) {
	f := newFixture(t)
	for range 40 {
		f.login()
	}
}

func TestGuessingTheOldPassword(t *testing.T) {
	f := newFixture(t)
	_, l := f.login()
	var limit *embedded.LimitError
	for range 12 {
		if err := f.ChangePassword(t.Context(), l, "wrong", "new password"); errors.As(err, &limit) {
			return
		}
	}
	t.Error("twelve guesses were taken")
}

func TestChangedPasswordEndsTheOtherLogins(t *testing.T) {
	f := newFixture(t)
	here, l := f.login()
	there, _, g := f.connect()
	if err := f.ChangePassword(t.Context(), l, password, "another password"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Login(t.Context(), here); err != nil {
		t.Errorf("own login: %v", err)
	}
	if _, err := f.Login(t.Context(), there); !errors.Is(err, authority.ErrLogin) {
		t.Errorf("other login: %v", err)
	}
	wantEnd(t, g, wire.EndLogout)
	if _, _, err := f.LogIn(t.Context(), "ann", password, ""); !errors.Is(err, embedded.ErrCredentials) {
		t.Errorf("the old password: %v", err)
	}
}

func TestAbsoluteExpiryOfALoginInUse(t *testing.T) {
	f := newFixture(t)
	cookie, _ := f.login()
	for range 15 { // twice a day, for a week
		if _, err := f.Login(t.Context(), cookie); err != nil {
			t.Fatal(err)
		}
		f.clock.forward(11 * time.Hour)
	}
	f.clock.forward(11 * time.Hour)
	if _, err := f.Login(t.Context(), cookie); !errors.Is(err, authority.ErrLogin) {
		t.Errorf("after 176 hours: %v", err)
	}
}

func TestTokenGoesWithItsEndpointAndIsBoundToIt(t *testing.T) {
	f := newFixture(t)
	cookie, l := f.login()
	token := f.launch(l)
	if err := f.DeleteEndpoint(t.Context(), "box"); err != nil {
		t.Fatal(err)
	}
	f.endpoint("box") // another one of the same name
	if _, err := f.Redeem(t.Context(), authority.Presented{Token: token, Login: cookie}); !errors.Is(err, authority.ErrToken) {
		t.Errorf("got %v", err)
	}
}

func TestUnusedTokensAreBounded(t *testing.T) {
	f := newFixture(t)
	_, l := f.login()
	e, err := f.EndpointByName(t.Context(), "box")
	if err != nil {
		t.Fatal(err)
	}
	for range 64 {
		f.launch(l)
	}
	if _, err := f.Launch(t.Context(), l, e.ID); !errors.Is(err, embedded.ErrBusy) {
		t.Errorf("the 65th: %v", err)
	}
}

func TestAuditLogIsBounded(t *testing.T) {
	f := newFixture(t)
	db := f.look()
	if _, err := db.Exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100500)
		INSERT INTO events (time, action) SELECT i, 'old' FROM n`); err != nil {
		t.Fatal(err)
	}
	f.clock.forward(2 * time.Minute) // it is looked at every minute
	n := 0
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if err := db.QueryRow(`SELECT count(*) FROM events`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n == 100_000 {
			return
		}
	}
	t.Errorf("%d events are kept", n)
}

func TestAuditOfLoginsAndEnds(t *testing.T) {
	f := newFixture(t)
	if _, _, err := f.LogIn(t.Context(), strings.Repeat("x", 300), "hunter2", "203.0.113.9"); err == nil {
		t.Fatal("logged in")
	}
	_, l, g := f.connect()
	if err := f.LogOut(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	f.Ended(t.Context(), g.ID, authority.Report{End: authority.End{Code: wire.EndLogout}, Duration: 90 * time.Second, Sent: 1, Received: 2})
	f.Ended(t.Context(), g.ID, authority.Report{}) // once only
	events, err := f.Events(t.Context(), 5)
	if err != nil {
		t.Fatal(err)
	}
	var actions []string
	for _, e := range events {
		actions = append(actions, e.Action)
	}
	if got := strings.Join(actions, " "); got != "connection_end logout connect login login_failed" {
		t.Fatalf("events: %s", got)
	}
	end, failed := events[0], events[4]
	if end.User != "ann" || end.Endpoint != "box" || end.Context["code"] != "logout" || end.Context["seconds"] != 90.0 ||
		end.Context["sent"] != 1.0 || end.Context["received"] != 2.0 || end.Context["connection"] != g.ID {
		t.Errorf("end %+v", end)
	}
	if failed.Client != "203.0.113.9" || len(failed.User) > 100 || strings.Contains(fmt.Sprint(failed), "hunter2") {
		t.Errorf("failed login %+v", failed)
	}
}

func TestCrashedRunsConnectionsAreEnded(t *testing.T) {
	f := newFixture(t)
	f.connect()
	next := open(t, embedded.Config{Path: f.path})
	if err := next.EndStale(t.Context()); err != nil {
		t.Fatal(err)
	}
	if tokens, err := next.Tokens(t.Context()); err != nil || len(tokens) != 0 {
		t.Errorf("tokens %v, %v", tokens, err)
	}
	if e, err := next.Events(t.Context(), 1); err != nil || e[0].Context["code"] != "stale" {
		t.Errorf("events %v, %v", e, err)
	}
}
