package live

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
)

var perMinute = Rate{Count: 60, Per: time.Minute, Burst: 5}

// lines is a log that tests can read.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) count(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), what)
}

func onRedis(t *testing.T, url string) (*Limits, *lines) {
	t.Helper()
	log := &lines{}
	limits, err := Open(url, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = limits.Close() })
	return limits, log
}

func allowed(l *Limits, n int, name, key string) (count int) {
	for range n {
		if ok, _ := l.Allow(context.Background(), name, key, perMinute); ok {
			count++
		}
	}
	return count
}

func TestAllow_BurstThenRetryAfter(t *testing.T) {
	shared, _ := onRedis(t, "redis://"+miniredis.RunT(t).Addr())
	for name, l := range map[string]*Limits{"redis": shared, "alone": InProcess(slog.Default())} {
		if got := allowed(l, 5, "graphql", "198.51.100.7"); got != 5 {
			t.Errorf("%s: %d of a burst of 5 were allowed", name, got)
		}
		ok, retryAfter := l.Allow(t.Context(), "graphql", "198.51.100.7", perMinute)
		if ok || retryAfter <= 0 || retryAfter > time.Second {
			t.Errorf("%s: the sixth: %v, retry after %v", name, ok, retryAfter)
		}
		if allowed(l, 1, "graphql", "198.51.100.8") != 1 || allowed(l, 1, "reports", "198.51.100.7") != 1 {
			t.Errorf("%s: another caller or another limit was refused", name)
		}
	}
}

func TestAllow_TimeGivesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := InProcess(slog.Default())
		if got := allowed(l, 20, "graphql", "a"); got != 5 {
			t.Fatalf("%d allowed at once, want 5", got)
		}
		time.Sleep(3 * time.Second)
		if got := allowed(l, 20, "graphql", "a"); got != 3 {
			t.Errorf("%d allowed after three seconds at one a second, want 3", got)
		}
	})
}

func TestAllow_ImpossibleRates(t *testing.T) {
	l := InProcess(slog.Default())
	for _, rate := range []Rate{{}, {Count: -1, Per: time.Minute}, {Count: 1}, {Count: 5, Per: 3}} {
		if ok, _ := l.Allow(t.Context(), "x", "y", rate); ok {
			t.Errorf("%+v allowed something", rate)
		}
	}
	once := Rate{Count: 1, Per: time.Hour}
	if ok, _ := l.Allow(t.Context(), "once", "y", once); !ok {
		t.Error("no burst means one at a time, not none")
	}
}

// Many at once must neither overshoot nor be refused for the crowd's sake.
func TestAllow_Parallel(t *testing.T) {
	l, log := onRedis(t, "redis://"+miniredis.RunT(t).Addr())
	var yes atomic.Int32
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if ok, _ := l.Allow(context.Background(), "graphql", "one", Rate{Count: 1, Per: time.Hour, Burst: 60}); ok {
				yes.Add(1)
			}
		})
	}
	all.Wait()
	if yes.Load() != 60 || log.count("\n") != 0 {
		t.Errorf("%d of 100 were allowed by a burst of 60; log: %s", yes.Load(), &log.text)
	}
}

// Two processes share what is in Redis.
func TestAllow_TwoProcesses(t *testing.T) {
	url := "redis://" + miniredis.RunT(t).Addr()
	one, _ := onRedis(t, url)
	two, _ := onRedis(t, url)
	if got := allowed(one, 3, "graphql", "a") + allowed(two, 3, "graphql", "a"); got != 5 {
		t.Errorf("two processes allowed %d together, want 5", got)
	}
}

func TestT21_RedisHoldsNoAddress(t *testing.T) {
	server := miniredis.RunT(t)
	l, _ := onRedis(t, "redis://"+server.Addr())
	allowed(l, 2, "verification", "ada@example.com")
	keys := server.Keys()
	if len(keys) != 1 || !strings.HasPrefix(keys[0], "rl:verification:") || strings.Contains(server.Dump(), "ada") {
		t.Errorf("Redis holds %s", server.Dump())
	}
	if ttl := server.TTL(keys[0]); ttl <= 0 || ttl > time.Minute {
		t.Errorf("the count lives for %v", ttl)
	}
}

func TestAllow_RedisGoesAndComes(t *testing.T) {
	server := miniredis.RunT(t)
	l, log := onRedis(t, "redis://"+server.Addr())
	if allowed(l, 1, "graphql", "a") != 1 {
		t.Fatal("refused with Redis there")
	}
	server.Close()
	if got := allowed(l, 20, "graphql", "a"); got != 5 {
		t.Errorf("%d allowed with Redis away, want a burst of 5 as before", got)
	}
	if log.count("does not answer") != 1 {
		t.Errorf("log: %s", &log.text)
	}
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	l.presence.next = time.Now() // the pause is over
	if got := allowed(l, 20, "graphql", "b"); got != 5 {
		t.Errorf("%d allowed with Redis back, want 5", got)
	}
	if log.count("answers again") != 1 || log.count("\n") != 2 {
		t.Errorf("log: %s", &log.text)
	}
}

// A Redis that takes the connection and says nothing costs one wait, not one
// for every caller.
func TestAllow_RedisHangs(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	l, _ := onRedis(t, "redis://"+listener.Addr().String())
	start := time.Now()
	if got := allowed(l, 50, "graphql", "a"); got != 5 {
		t.Errorf("%d allowed, want 5", got)
	}
	if took := time.Since(start); took > 5*patience {
		t.Errorf("fifty calls took %v", took)
	}
}

// A caller who hangs up must not turn the shared count off.
func TestAllow_CancelledCallersStillCount(t *testing.T) {
	l, log := onRedis(t, "redis://"+miniredis.RunT(t).Addr())
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for range 3 {
		l.Allow(gone, "graphql", "a", perMinute)
	}
	if got := allowed(l, 5, "graphql", "a"); got != 2 || log.count("\n") != 0 {
		t.Errorf("%d allowed after three who hung up, want 2; log: %s", got, &log.text)
	}
}

func TestOpen_SaysWhichSettingAndNoPassword(t *testing.T) {
	for _, url := range []string{"", "redis", "http://user:hunter2@host", "redis://:hunter2@host:port/0", "redis://:hunter2/x@host:6379", "redis://user:12/hunter2@host", "redis://:hunter2@host:6379/zero", "redis://:hunter2@ho st"} {
		_, err := Open(url, slog.Default())
		if err == nil || !strings.HasPrefix(err.Error(), "REDIS_URL must look like") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", url, err)
		}
	}
}

func TestOpen_GivesUpAfter200ms(t *testing.T) {
	client, err := dial("redis://127.0.0.1:1/0?read_timeout=30s&max_retries=9")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	start := time.Now()
	if err := client.Ping(t.Context()).Err(); err == nil {
		t.Fatal("somebody answers at port 1")
	}
	if took := time.Since(start); took > 5*patience {
		t.Errorf("gave up after %v", took)
	}
}
