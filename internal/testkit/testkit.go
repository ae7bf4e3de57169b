// Package testkit lends tests a real PostgreSQL, a real Redis and a real mail
// server, as many as they want, each to itself. Only tests import it.
package testkit

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"roster/internal/local"
	"roster/internal/store"
)

// template is the migrated database that every test's is a copy of.
const template = "roster_template"

// servers are what one test process has started.
type servers struct {
	dir       string
	postgres  func() (*local.Postgres, error)
	redis     func() (*local.Redis, error)
	databases atomic.Int64
	redisDBs  atomic.Int64
}

// running is set once by Main, before any test runs.
var running *servers

// Main runs a package's tests and ends what they have borrowed:
//
//	func TestMain(m *testing.M) { testkit.Main(m) }
func Main(m *testing.M) {
	dir, err := os.MkdirTemp("", "roster-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "make a folder for the tests' servers:", err)
		os.Exit(1)
	}
	running = start(dir)
	code := m.Run()
	running.stop()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// start prepares the servers; each comes up when the first test asks for it.
func start(dir string) *servers {
	s := &servers{dir: dir}
	options := local.Options{Dir: dir, CacheDir: CacheDir(), Scratch: true, Say: func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, format+"\n", args...)
	}}
	s.postgres = sync.OnceValues(func() (*local.Postgres, error) {
		p, err := local.StartPostgres(context.Background(), options)
		if err == nil {
			err = migrated(p)
		}
		return p, err
	})
	s.redis = sync.OnceValues(func() (*local.Redis, error) {
		return local.StartRedis(context.Background(), options)
	})
	return s
}

// CacheDir keeps fetched programs from one run of the tests to the next.
func CacheDir() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	return filepath.Join(dir, "roster-"+strconv.Itoa(os.Getuid()))
}

func migrated(p *local.Postgres) error {
	ctx := context.Background()
	if err := store.CreateDatabase(ctx, p.URL("postgres"), template, ""); err != nil {
		return err
	}
	db, err := store.Open(ctx, p.URL(template), 2)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	_, err = db.Migrate(ctx)
	return err
}

func (s *servers) stop() {
	if s.databases.Load() > 0 {
		if p, err := s.postgres(); err == nil {
			_ = p.Stop()
		}
	}
	if s.redisDBs.Load() > 0 {
		if r, err := s.redis(); err == nil {
			_ = r.Stop()
		}
	}
}

// DatabaseURL makes an own, migrated, empty database.
func DatabaseURL(t testing.TB) string {
	t.Helper()
	n := running.databases.Add(1)
	p, err := running.postgres()
	if err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
	}
	name := fmt.Sprintf("test_%d", n)
	if err := store.CreateDatabase(t.Context(), p.URL("postgres"), name, template); err != nil {
		t.Fatalf("make a database: %v", err)
	}
	return p.URL(name)
}

// DB opens an own, migrated, empty database.
func DB(t testing.TB) *store.DB {
	t.Helper()
	return Open(t, DatabaseURL(t), 8)
}

// Open opens a database with at most conns connections, until the test ends.
func Open(t testing.TB, url string, conns int) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), url, conns)
	if err != nil {
		t.Fatalf("open a database: %v", err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// Redis is the URL of an own, empty Redis database.
func Redis(t testing.TB) string {
	t.Helper()
	n := running.redisDBs.Add(1)
	r, err := running.redis()
	if err != nil {
		t.Fatalf("start Redis: %v", err)
	}
	u, err := url.Parse(r.URL())
	if err != nil {
		t.Fatalf("read the URL of Redis: %v", err)
	}
	if u.Scheme == "unix" {
		u.RawQuery = "db=" + strconv.FormatInt(n, 10)
	} else {
		u.Path = "/" + strconv.FormatInt(n, 10)
	}
	return u.String()
}

// Mailbox opens an own mail server that keeps what it takes.
func Mailbox(t testing.TB, o local.MailboxOptions) *local.Mailbox {
	t.Helper()
	if o.Keep == 0 {
		o.Keep = 100_000
	}
	m, err := local.OpenMailbox(o)
	if err != nil {
		t.Fatalf("open a mailbox: %v", err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// Soon is a context for what should take no time, so that a test that waits in
// vain ends with a reason.
func Soon(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}
