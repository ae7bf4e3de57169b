package local

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"
)

func TestServersDieWithTheirParent(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells children of their parent's death")
	}
	o := scratch(t)
	cmd, lines := actor(t, "serve", os.Getuid(), "ROSTER_TEST_DIR="+o.Dir, "ROSTER_TEST_CACHE="+o.CacheDir)
	awaitReady(t, lines)
	data := filepath.Join(o.Dir, "postgres", "data")
	postgres := server{data: data, pidFile: filepath.Join(data, "postmaster.pid"), names: []string{"postgres"}}
	redis := redisServer(filepath.Join(o.Dir, "redis"))
	standIn := false
	if _, err := os.Stat(filepath.Join(o.Dir, "redis", "stand-in")); err == nil {
		standIn = true
	}
	if len(postgres.leftovers()) == 0 || len(redis.leftovers()) == 0 && !standIn {
		t.Fatal("the servers are not found: this test shows nothing")
	}
	_ = cmd.Process.Kill()
	killed := time.Now()
	for len(postgres.leftovers())+len(redis.leftovers()) > 0 {
		if time.Since(killed) > 5*time.Second {
			t.Fatalf("PostgreSQL %v and Redis %v outlived their parent", postgres.leftovers(), redis.leftovers())
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Log("all gone after", time.Since(killed))
	if _, err := os.Stat(postgres.pidFile); err == nil {
		t.Error("PostgreSQL did not end cleanly")
	}
}

// A new run may begin while the servers of a killed one are still ending.
func TestStartRightAfterDeath(t *testing.T) {
	o := scratch(t)
	cmd, lines := actor(t, "serve", os.Getuid(), "ROSTER_TEST_DIR="+o.Dir, "ROSTER_TEST_CACHE="+o.CacheDir)
	awaitReady(t, lines)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	p, r, err := startBoth(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	wantInt(t, p, "SELECT 1", 1)
	if err := pingRedis(r); err != nil {
		t.Error(err)
	}
	r.Kill()
	p.Kill()
}

func TestDieWithParent(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells children of their parent's death")
	}
	cmd, lines := actor(t, "parent", os.Getuid())
	awaitReady(t, lines)
	_ = cmd.Process.Kill()
	awaitEnd(t, lines)
}

// Ordinary users, with a name and without one, have neither root's rights nor a home.
func TestAsOtherUsers(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can play another user")
	}
	for _, uid := range []int{65534, 54321} {
		for _, road := range []string{"", roadDebian} {
			t.Run(strconv.Itoa(uid)+road, func(t *testing.T) {
				t.Parallel()
				dir := filepath.Join(openFolder(t), "state")
				if err := os.Mkdir(dir, 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.Chown(dir, uid, uid); err != nil {
					t.Fatal(err)
				}
				_, lines := actor(t, "cycle", uid, "ROSTER_TEST_DIR="+dir, "ROSTER_TEST_FROM="+road)
				if printed, err := untilReady(lines); err != nil {
					mayBeOffline(t, Options{From: road}, errors.New(printed))
					t.Fatalf("%v; it said:\n%s", err, printed)
				}
			})
		}
	}
}
