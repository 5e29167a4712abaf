package embedded

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // driver "sqlite"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Errors for callers to tell apart with errors.Is.
var (
	ErrNotFound = errors.New("not found")
	ErrExists   = errors.New("exists already")
	ErrInvalid  = errors.New("not valid")
)

// Config says where the store is and how long things live. Zero values mean the
// defaults.
type Config struct {
	Path             string        // of the database file; empty: in memory, private
	IdleExpiry       time.Duration // of a login that is not used; default 12 h
	AbsoluteExpiry   time.Duration // of any login; default 7 days
	TokenExpiry      time.Duration // of a connection token that is not used; default 60 s
	ConnectionExpiry time.Duration // of a connection; default 8 h; negative: as long as the login
	Logger           *slog.Logger
	Now              func() time.Time // the clock; default time.Now
}

// Store is the embedded authority. Make one with Open.
type Store struct {
	cfg    Config
	db     *sql.DB
	log    *slog.Logger
	now    func() time.Time
	hashes chan struct{} // bounds the memory of password hashing
	limits *limiter

	mu   sync.Mutex
	live map[string]*liveGrant

	stop    context.CancelFunc
	stopped sync.WaitGroup
	poke    chan struct{} // wakes the watcher
}

// Open opens or makes the database, brings it up to date and starts the watcher.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	setDefault(&cfg.IdleExpiry, 12*time.Hour)
	setDefault(&cfg.AbsoluteExpiry, 7*24*time.Hour)
	setDefault(&cfg.TokenExpiry, time.Minute)
	setDefault(&cfg.ConnectionExpiry, 8*time.Hour)
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	db, err := openDatabase(cfg.Path)
	if err != nil {
		return nil, err
	}
	s := &Store{
		cfg: cfg, db: db, log: cfg.Logger, now: cfg.Now,
		hashes: make(chan struct{}, maxHashes), limits: newLimiter(),
		live: make(map[string]*liveGrant), poke: make(chan struct{}, 1),
	}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	watchCtx, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.stopped.Add(1)
	go s.watch(watchCtx)
	return s, nil
}

func setDefault(d *time.Duration, def time.Duration) {
	if *d == 0 {
		*d = def
	}
}

func openDatabase(path string) (*sql.DB, error) {
	pragmas := url.Values{"_pragma": {"busy_timeout(5000)", "foreign_keys(1)", "journal_mode(WAL)", "synchronous(NORMAL)"}}
	pragmas.Set("_txlock", "immediate")
	name := "file:" + rand.Text() + "?mode=memory&cache=shared&" + pragmas.Encode()
	if path != "" {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, fmt.Errorf("make data directory: %w", err)
		}
		// The file must not be readable by others from its first moment.
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, fmt.Errorf("open database: %w", err)
		}
		err = nil
		if info, e := f.Stat(); e != nil || info.Mode().Perm()&0o077 != 0 {
			err = f.Chmod(0o600) // e.g. restored from a copy
		}
		if err := errors.Join(err, f.Close()); err != nil {
			return nil, fmt.Errorf("open database: %w", err)
		}
		name = "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + pragmas.Encode()
	}
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if path == "" {
		db.SetMaxOpenConns(1) // one connection, kept: memory goes with the last one
		db.SetMaxIdleConns(1)
		db.SetConnMaxLifetime(0)
	} else {
		db.SetMaxOpenConns(8)
	}
	return db, nil
}

// prepare migrates, and makes what must be there.
func (s *Store) prepare(ctx context.Context) error {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, s.db, sub)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate database: %w", err)
	}
	_, err = s.db.ExecContext(ctx, `INSERT INTO rac_providers (id, name, connection_expiry) VALUES ('default', 'Remote access', ?) ON CONFLICT DO NOTHING`,
		max(int64(s.cfg.ConnectionExpiry/time.Second), 0))
	if err == nil {
		_, err = s.db.ExecContext(ctx, `INSERT INTO applications (slug, name, provider_id) VALUES ('remote-access', 'Remote access', 'default') ON CONFLICT DO NOTHING`)
	}
	if err != nil {
		return fmt.Errorf("make default application: %w", err)
	}
	return nil
}

// Close ends the watcher and closes the database. Live grants end as well.
func (s *Store) Close() error {
	s.stop()
	s.stopped.Wait()
	s.mu.Lock()
	for _, g := range s.live {
		g.end(endShutdown)
	}
	clear(s.live)
	s.mu.Unlock()
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}

// newID makes an identifier that is not a secret.
func newID() string { return rand.Text() }

// NewSecret makes 256 bits of randomness as text for a cookie or address, and
// the hash under which it is kept.
func NewSecret() (text string, hash []byte) {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	text = base64.RawURLEncoding.EncodeToString(b)
	return text, HashSecret(text)
}

// HashSecret gives the form in which a secret is kept. Looking it up by its hash
// tells an attacker nothing about others, so no constant-time comparison is
// needed beyond that.
func HashSecret(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

func unix(t time.Time) int64 { return t.Unix() }
