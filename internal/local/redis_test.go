package local

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// installRedis makes a machine without Redis look like one that has it: the
// program is Debian's, named by ROSTER_REDIS_BIN.
func installRedis(t *testing.T, o Options) {
	t.Helper()
	if _, err := installedRedis(t.Context(), o); err == nil {
		return
	}
	o.From = roadDebian
	fetched, err := fetchedRedis(t.Context(), o)
	if err != nil {
		mayBeOffline(t, o, err)
		t.Fatal(err)
	}
	script := filepath.Join(t.TempDir(), "redis-server")
	lines := []string{"#!/bin/sh"}
	for _, variable := range libraryEnvironment(fetched.libraries) {
		lines = append(lines, "export '"+variable+"'")
	}
	lines = append(lines, "exec '"+fetched.file+"' \"$@\"", "")
	if err := os.WriteFile(script, []byte(strings.Join(lines, "\n")), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ROSTER_REDIS_BIN", script)
}

func TestRedisKeepsItsData(t *testing.T) {
	for _, road := range []string{roadInstalled, roadDebian} {
		t.Run(road, func(t *testing.T) {
			o := scratch(t)
			if road == roadInstalled {
				installRedis(t, o)
			} else {
				t.Parallel()
				o.CacheDir = ""
			}
			o.From = road
			cold := time.Now()
			r := redisOf(t, o)
			t.Log("cold start, with the fetch if any:", time.Since(cold))
			if r.InProcess() {
				t.Fatal("this is the stand-in")
			}
			url := r.URL()
			if err := client(t, r).Set(t.Context(), "kept", 42, 0).Err(); err != nil {
				t.Fatal(err)
			}
			if err := r.Stop(); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(r.Stop(), r.Err()); err != nil {
				t.Error("after a clean end:", err)
			}
			warm := time.Now()
			r = redisOf(t, o)
			t.Log("warm start:", time.Since(warm))
			if r.URL() != url {
				t.Errorf("it is now at %s, was at %s", r.URL(), url)
			}
			wantKey(t, r, "kept", "42")
			wantConfig(t, r, map[string]string{"databases": "1024", "maxmemory-policy": "noeviction", "appendfsync": "everysec", "port": "0"})

			time.Sleep(1500 * time.Millisecond) // a kill loses the last second
			r.Kill()
			if left := redisServer(filepath.Join(o.Dir, "redis")).leftovers(); len(left) > 0 {
				t.Errorf("after Kill, processes %v are left", left)
			}
			r = redisOf(t, o)
			wantKey(t, r, "kept", "42")
			if r.Wipe() == nil {
				t.Error("Wipe took the data of a running server")
			}
			r.Kill()
			if err := r.Wipe(); err != nil {
				t.Fatal(err)
			}
			r = redisOf(t, o)
			if n := client(t, r).DBSize(t.Context()).Val(); n != 0 {
				t.Errorf("%d keys after Wipe", n)
			}
		})
	}
}

func wantKey(t *testing.T, r *Redis, key, want string) {
	t.Helper()
	got, err := client(t, r).Get(t.Context(), key).Result()
	if err != nil || got != want {
		t.Errorf("%s is %q, %v; want %q", key, got, err, want)
	}
}

func wantConfig(t *testing.T, r *Redis, want map[string]string) {
	t.Helper()
	for name, value := range want {
		if got := client(t, r).ConfigGet(t.Context(), name).Val()[name]; got != value {
			t.Errorf("%s is %q, want %q", name, got, value)
		}
	}
}

func TestRedisBelowLongAndOddPaths(t *testing.T) {
	t.Parallel()
	for _, name := range []string{strings.Repeat("deep/", 30), `with "quotes" \ & ünïcödé %2F?`} {
		o := scratch(t)
		o.Dir = filepath.Join(o.Dir, name)
		r := redisOf(t, o)
		if err := pingRedis(r); err != nil {
			t.Error(err)
		}
		if elsewhere, err := os.ReadFile(filepath.Join(o.Dir, "redis", "run-is-at")); err == nil {
			r.Kill()
			_ = os.RemoveAll(string(elsewhere))
		}
	}
}

func TestRedisStandIn(t *testing.T) {
	t.Parallel()
	o := scratch(t)
	o.From = roadProcess
	var said []string
	o.Say = func(format string, args ...any) { said = append(said, format) }
	r := redisOf(t, o)
	if !r.InProcess() {
		t.Error("this is no stand-in")
	}
	if !slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, "forgets its queues") }) {
		t.Errorf("it did not say what it costs: %q", said)
	}
	url := r.URL()
	c := client(t, r)
	if err := c.Set(t.Context(), "short", 1, 300*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	wantKey(t, r, "short", "1")
	time.Sleep(900 * time.Millisecond)
	if err := c.Get(t.Context(), "short").Err(); !errors.Is(err, redis.Nil) {
		t.Errorf("a key outlived its time: %v", err)
	}
	stranger := redis.NewClient(&redis.Options{Addr: c.Options().Addr})
	defer stranger.Close()
	if err := stranger.Ping(t.Context()).Err(); err == nil {
		t.Error("it answers without a password")
	}
	r.Kill()
	<-r.Done()
	if err := r.Wipe(); err != nil {
		t.Error(err)
	}
	r = redisOf(t, o)
	if r.URL() != url {
		t.Errorf("it is now at %s, was at %s", r.URL(), url)
	}
	if err := pingRedis(r); err != nil {
		t.Error(err)
	}
}
