package local

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
)

// TestMain lets the test binary play other processes: those that are killed, or are other users.
func TestMain(m *testing.M) {
	role := os.Getenv("ROSTER_TEST_ROLE")
	if role == "" {
		os.Exit(m.Run())
	}
	if err := play(role); err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
}

func play(role string) error {
	ctx := context.Background()
	o := Options{Dir: os.Getenv("ROSTER_TEST_DIR"), CacheDir: os.Getenv("ROSTER_TEST_CACHE"), From: os.Getenv("ROSTER_TEST_FROM"), Scratch: true,
		Say: func(format string, args ...any) { fmt.Printf("said: "+format+"\n", args...) }}
	switch role {
	case "serve": // both servers, until we are killed
		p, r, err := startBoth(ctx, o)
		if err != nil {
			return err
		}
		fmt.Println("ready")
		select {
		case <-p.Done():
		case <-r.Done():
		}
	case "cycle": // both servers once, used, killed, used again and stopped
		p, r, err := startBoth(ctx, o)
		if err != nil {
			return err
		}
		p.Kill()
		r.Kill()
		if left := p.server.leftovers(); len(left) > 0 {
			return fmt.Errorf("processes %v are left", left)
		}
		if p, err = StartPostgres(ctx, o); err != nil {
			return err
		}
		if r, err = StartRedis(ctx, o); err != nil {
			return err
		}
		if len(p.server.leftovers()) == 0 {
			return errors.New("leftovers does not find the server")
		}
		one, err := queryInt(p, "SELECT 1")
		if err != nil || one != 1 {
			return fmt.Errorf("select: %d, %w", one, err)
		}
		if err := pingRedis(r); err != nil {
			return err
		}
		if err := r.Stop(); err != nil {
			return err
		}
		if err := p.Stop(); err != nil {
			return err
		}
		fmt.Println("ready")
	case "parent": // a parent of "bound", until we are killed
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), "ROSTER_TEST_ROLE=bound")
		child.Stdout = os.Stdout
		if err := child.Start(); err != nil {
			return err
		}
		return child.Wait()
	case "bound":
		if err := DieWithParent(); err != nil {
			return err
		}
		fmt.Println("ready")
		time.Sleep(time.Hour)
	}
	return nil
}

func startBoth(ctx context.Context, o Options) (*Postgres, *Redis, error) {
	d, err := OpenDir(o.Dir)
	if err != nil {
		return nil, nil, err
	}
	o.Dir = d.Path()
	p, err := StartPostgres(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	r, err := StartRedis(ctx, o)
	return p, r, err
}

// actor starts the test binary in a role; lines are what it prints.
func actor(t *testing.T, role string, uid int, env ...string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	program := os.Args[0]
	if uid != os.Getuid() {
		program = copyProgram(t)
	}
	cmd := exec.Command(program)
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), append(env, "ROSTER_TEST_ROLE="+role)...)
	if uid != os.Getuid() {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
		cmd.Env = append(cmd.Env, "HOME=/nonexistent")
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd, bufio.NewReader(stdout)
}

// copyProgram puts the test binary where every user may run it.
func copyProgram(t *testing.T) string {
	t.Helper()
	program, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(openFolder(t), "program")
	if err := os.WriteFile(file, program, 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}

// openFolder is a temporary folder that every user may enter; those of testing.T are not always.
func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "roster-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// awaitReady reads what an actor prints until it is ready.
func awaitReady(t *testing.T, lines *bufio.Reader) {
	t.Helper()
	if printed, err := untilReady(lines); err != nil {
		t.Fatalf("%v; it said:\n%s", err, printed)
	}
}

func untilReady(lines *bufio.Reader) (printed string, err error) {
	for {
		line, err := lines.ReadString('\n')
		if strings.HasPrefix(line, "ready") {
			return printed, nil
		}
		printed += line
		if err != nil {
			return printed, errors.New("the process ended before it was ready")
		}
	}
}

// awaitEnd waits until nobody holds the pipe any more: all actors have ended.
func awaitEnd(t *testing.T, lines io.Reader) {
	t.Helper()
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, lines)
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("a process outlived its parent")
	}
}

// sharedCache keeps what tests fetch from one run to the next; the tests of fetching have their own.
func sharedCache() string {
	return filepath.Join(os.TempDir(), "roster-test-cache-"+strconv.Itoa(os.Getuid()))
}

func scratch(t *testing.T) Options {
	t.Helper()
	return Options{Dir: t.TempDir(), CacheDir: sharedCache(), Say: t.Logf, Scratch: true}
}

func postgres(t *testing.T, o Options) *Postgres {
	t.Helper()
	p, err := StartPostgres(t.Context(), o)
	if err != nil {
		mayBeOffline(t, o, err)
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

func redisOf(t *testing.T, o Options) *Redis {
	t.Helper()
	r, err := StartRedis(t.Context(), o)
	if err != nil {
		mayBeOffline(t, o, err)
		t.Fatal(err)
	}
	t.Cleanup(r.Kill)
	return r
}

// mayBeOffline skips a test that needs the network at home. In CI it must have it.
func mayBeOffline(t *testing.T, o Options, err error) {
	t.Helper()
	offline := regexp.MustCompile(`Could not resolve|Temporary failure|Unable to (fetch|locate)|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|has no Debian packages|npm client is missing`)
	if os.Getenv("CI") == "" && o.From != "" && offline.MatchString(err.Error()) {
		t.Skip("this needs the network:", err)
	}
}

func queryInt(p *Postgres, sql string) (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, p.URL("postgres"))
	if err != nil {
		return 0, err
	}
	defer conn.Close(ctx)
	var n int
	return n, conn.QueryRow(ctx, sql).Scan(&n)
}

func execSQL(t *testing.T, p *Postgres, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func wantInt(t *testing.T, p *Postgres, sql string, want int) {
	t.Helper()
	got, err := queryInt(p, sql)
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("%s: %d, want %d", sql, got, want)
	}
}

func client(t *testing.T, r *Redis) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(r.URL())
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(options)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func pingRedis(r *Redis) error {
	options, err := redis.ParseURL(r.URL())
	if err != nil {
		return err
	}
	c := redis.NewClient(options)
	defer c.Close()
	return c.Ping(context.Background()).Err()
}
