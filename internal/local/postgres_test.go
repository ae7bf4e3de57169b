package local

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestPostgresKeepsItsData(t *testing.T) {
	t.Parallel()
	o := scratch(t)
	o.Scratch = false
	cold := time.Now()
	p := postgres(t, o)
	t.Log("cold start:", time.Since(cold))
	execSQL(t, p, "CREATE TABLE kept AS SELECT 42 AS n")
	url := p.URL("postgres")
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(); err != nil {
		t.Error("the second Stop:", err)
	}
	if p.Err() != nil {
		t.Error("after a clean end:", p.Err())
	}
	warm := time.Now()
	p = postgres(t, o)
	t.Log("warm start:", time.Since(warm))
	if p.URL("postgres") != url {
		t.Errorf("it is now at %s, was at %s", p.URL("postgres"), url)
	}
	wantInt(t, p, "SELECT n FROM kept", 42)
	wantInt(t, p, "SELECT current_setting('max_connections')::int", 100)
	wantInt(t, p, "SELECT (current_setting('fsync') = 'on')::int", 1)
}

func TestPostgresScratchAndEncoding(t *testing.T) {
	t.Parallel()
	p := postgres(t, scratch(t))
	wantInt(t, p, "SELECT current_setting('max_connections')::int", 400)
	wantInt(t, p, "SELECT (current_setting('fsync') = 'off')::int", 1)
	wantInt(t, p, "SELECT length('Zürich ☎')", 8)
	wantInt(t, p, "SELECT (current_setting('listen_addresses') = '')::int", 1)
	wantInt(t, p, "SELECT (lower('ÀÉÎ') = 'àéî')::int", 1)
}

func TestPostgresSurvivesKill(t *testing.T) {
	t.Parallel()
	o := scratch(t)
	p := postgres(t, o)
	execSQL(t, p, "CREATE TABLE kept AS SELECT 42 AS n")
	busy(t, p)
	memory := sharedMemory(t, p)
	p.Kill()
	if memory != "" && strings.Contains(memoryTable(t), memory) {
		t.Errorf("after Kill, its shared memory %s is left", memory)
	}
	if left := p.server.leftovers(); len(left) > 0 {
		t.Errorf("after Kill, processes %v are left", left)
	}
	if p.Err() == nil {
		t.Error("a killed server has no error")
	}
	wantInt(t, postgres(t, o), "SELECT n FROM kept", 42)
}

// sharedMemory is the server's key in the kernel's table, empty where there is no such table.
func sharedMemory(t *testing.T, p *Postgres) string {
	t.Helper()
	text, err := os.ReadFile(p.server.pidFile)
	if err != nil {
		t.Fatal(err)
	}
	key := " " + strings.Fields(strings.Split(string(text), "\n")[6])[0] + " "
	if table := memoryTable(t); table != "" && !strings.Contains(table, key) {
		t.Errorf("the kernel does not know %s: this test shows nothing", key)
	} else if table == "" {
		return ""
	}
	return key
}

func memoryTable(t *testing.T) string {
	t.Helper()
	text, _ := os.ReadFile("/proc/sysvipc/shm")
	return string(text)
}

// A postmaster that is killed alone leaves children that work on, whose memory would stop a new one.
func TestPostgresReplacesOrphans(t *testing.T) {
	t.Parallel()
	o := scratch(t)
	p := postgres(t, o)
	execSQL(t, p, "CREATE TABLE kept AS SELECT 42 AS n")
	busy(t, p)
	_ = syscall.Kill(p.process.cmd.Process.Pid, syscall.SIGKILL)
	<-p.Done()
	if len(p.server.leftovers()) == 0 {
		t.Error("no orphan: this test shows nothing")
	}
	wantInt(t, postgres(t, o), "SELECT n FROM kept", 42)
}

// busy makes the server calculate, without a glance at whether its postmaster lives.
func busy(t *testing.T, p *Postgres) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		_, _ = conn.Exec(context.Background(), "SELECT count(*) FROM generate_series(1, 1000000000) a WHERE md5(a::text) = ''")
		_ = conn.Close(context.Background())
	}()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		n, err := queryInt(p, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%generate_series%' AND state = 'active' AND pid <> pg_backend_pid()")
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			return
		}
	}
	t.Fatal("the query never ran")
}

func TestPostgresIgnoresStaleFiles(t *testing.T) {
	t.Parallel()
	o := scratch(t)
	p := postgres(t, o)
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	// Our own process is alive, belongs to the same user and is no PostgreSQL, as after a reboot.
	pid := strconv.Itoa(os.Getpid())
	for _, stale := range []string{p.server.pidFile, p.socket(), p.socket() + ".lock"} {
		content := pid + "\n" + p.server.data + "\n1\n5432\n" + p.sockets + "\n\n0 0\nready   \n"
		if err := os.WriteFile(stale, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wantInt(t, postgres(t, o), "SELECT 1", 1)
}

func TestPostgresAfterInterruptedInitdb(t *testing.T) {
	t.Parallel()
	o := scratch(t)
	cmd, lines := actor(t, "serve", os.Getuid(), "ROSTER_TEST_DIR="+o.Dir, "ROSTER_TEST_CACHE="+o.CacheDir)
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		if half, _ := filepath.Glob(filepath.Join(o.Dir, "postgres", "making-*", "base")); len(half) > 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("initdb never began")
		}
	}
	_ = cmd.Process.Kill()
	awaitEnd(t, lines)
	if _, err := os.Stat(filepath.Join(o.Dir, "postgres", "data")); err == nil {
		t.Fatal("initdb was too quick: this test shows nothing")
	}
	wantInt(t, postgres(t, o), "SELECT 1", 1)
	if half, _ := filepath.Glob(filepath.Join(o.Dir, "postgres", "making-*")); len(half) > 0 {
		t.Errorf("left over: %v", half)
	}
}

func TestPostgresBelowLongAndOddPaths(t *testing.T) {
	t.Parallel()
	for _, name := range []string{strings.Repeat("deep/", 30), `with "quotes", spaces & ünïcödé %2F?`} {
		o := scratch(t)
		o.Dir = filepath.Join(o.Dir, name)
		p := postgres(t, o)
		wantInt(t, p, "SELECT 1", 1)
		url := p.URL("postgres")
		p.Kill()
		p = postgres(t, o)
		if p.URL("postgres") != url {
			t.Errorf("it is now at %s, was at %s", p.URL("postgres"), url)
		}
		wantInt(t, p, "SELECT 1", 1)
		_ = p.Stop()
		_ = os.RemoveAll(p.sockets)
	}
}

func TestPostgresWays(t *testing.T) {
	for _, name := range []string{"userns", "setuid"} {
		t.Run(name, func(t *testing.T) {
			if name == "setuid" && os.Getuid() != 0 {
				t.Skip("only root can become another user")
			}
			o := scratch(t)
			o.way = name
			if name == "setuid" {
				base, err := reachableBase(o.Dir)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = os.RemoveAll(base) })
			}
			p, err := StartPostgres(t.Context(), o)
			if name == "userns" && err != nil && strings.Contains(err.Error(), "cannot run as this user") {
				t.Skip("this machine forbids user namespaces:", err)
			}
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(p.Kill)
			execSQL(t, p, "CREATE TABLE kept AS SELECT 42 AS n")
			p.Kill()
			p = postgres(t, o)
			wantInt(t, p, "SELECT n FROM kept", 42)
			if err := p.Stop(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestPostgresOfAnotherMajor(t *testing.T) {
	t.Parallel()
	o := scratch(t)
	o.From = roadInstalled
	data := filepath.Join(o.Dir, "postgres", "data")
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := StartPostgres(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), "is no folder of PostgreSQL's data") {
		t.Errorf("a folder that is something else: %v", err)
	}
	if err := os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte("97\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = StartPostgres(t.Context(), o)
	for _, words := range []string{"was made by PostgreSQL 97", "ROSTER_POSTGRES_BIN", "DATABASE_URL", "apt-get or npm"} {
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("the error lacks %q: %v", words, err)
		}
	}
}

func TestPostgresFetched(t *testing.T) {
	for _, road := range []string{roadDebian, roadNPM} {
		t.Run(road, func(t *testing.T) {
			o := scratch(t)
			o.From, o.CacheDir = road, ""
			cold := time.Now()
			p := postgres(t, o)
			t.Log("fetch and cold start:", time.Since(cold))
			execSQL(t, p, "CREATE TABLE kept AS SELECT 42 AS n")
			execSQL(t, p, "CREATE EXTENSION pg_trgm")
			p.Kill()
			o.Say = func(format string, args ...any) {
				if line := fmt.Sprintf(format, args...); strings.Contains(line, "fetching") {
					t.Error("fetched again:", line)
				}
			}
			warm := time.Now()
			p = postgres(t, o)
			t.Log("warm start:", time.Since(warm))
			wantInt(t, p, "SELECT n FROM kept", 42)
			if left, _ := filepath.Glob(filepath.Join(o.Dir, "cache", ".making-*")); len(left) > 0 {
				t.Errorf("left over: %v", left)
			}
		})
	}
}

func TestPostgresStartObeysItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	o := scratch(t)
	begun := time.Now()
	if p, err := StartPostgres(ctx, o); err == nil {
		p.Kill()
		t.Fatal("it started within 5 ms, so this shows nothing")
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	wantInt(t, postgres(t, o), "SELECT 1", 1)
}
