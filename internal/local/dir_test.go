package local

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDirIsHeldByOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "state")
	d, err := OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder is %v, %v; want 0700", info.Mode(), err)
	}
	_, err = OpenDir(path)
	var inUse *InUseError
	if !errors.As(err, &inUse) || inUse.PID != os.Getpid() || inUse.Path != path {
		t.Fatalf("a second OpenDir: %v", err)
	}
	if !strings.Contains(err.Error(), "is in use by process") {
		t.Errorf("the sentence: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := OpenDir(path)
	if err != nil {
		t.Fatal("after Close:", err)
	}
	if got, want := again.Path("x", "y"), filepath.Join(path, "x", "y"); got != want {
		t.Errorf("Path is %s, want %s", got, want)
	}
	_ = again.Close()
}

func TestDirIsFreedByDeath(t *testing.T) {
	dir := t.TempDir()
	holder, lines := actor(t, "serve", os.Getuid(), "ROSTER_TEST_DIR="+dir, "ROSTER_TEST_CACHE="+sharedCache())
	awaitReady(t, lines)
	var inUse *InUseError
	if _, err := OpenDir(dir); !errors.As(err, &inUse) || inUse.PID != holder.Process.Pid {
		t.Fatalf("while process %d holds it: %v", holder.Process.Pid, err)
	}
	_ = holder.Process.Kill()
	_ = holder.Wait()
	d, err := OpenDir(dir)
	if err != nil {
		t.Fatal("after its death:", err)
	}
	_ = d.Close()
}

func TestSocketDirKeepsItsPlace(t *testing.T) {
	for name, base := range map[string]string{
		"short": t.TempDir(),
		"long":  filepath.Join(t.TempDir(), strings.Repeat("long/", 25)),
		"comma": filepath.Join(t.TempDir(), "a,b"),
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.MkdirAll(base, 0o700); err != nil {
				t.Fatal(err)
			}
			first, err := socketDir(base, postgresSocket)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.RemoveAll(first) })
			if !ours(first) || len(first)+1+len(postgresSocket) > socketPathLimit || strings.Contains(first, ",") {
				t.Errorf("unfit: %s", first)
			}
			if again, err := socketDir(base, postgresSocket); err != nil || again != first {
				t.Errorf("the second time: %s, %v; want %s", again, err, first)
			}
			if err := os.RemoveAll(first); err != nil { // a reboot empties the temporary folder
				t.Fatal(err)
			}
			third, err := socketDir(base, postgresSocket)
			if err != nil || !ours(third) {
				t.Errorf("after it was removed: %s, %v", third, err)
			}
			_ = os.RemoveAll(third)
		})
	}
}
