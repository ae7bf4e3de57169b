package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// cache is the folder of fetched programs. Processes may share it: a folder in it is made under a
// lock, elsewhere, and appears by a rename, so that nobody ever uses half of one.
type cache struct {
	dir string
	say func(string, ...any)
}

// entry returns the folder of that name, made by build if it is not there yet.
func (c cache) entry(ctx context.Context, name string, build func(dir string) error) (string, error) {
	final := filepath.Join(c.dir, name)
	unlock, err := c.lock(ctx)
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(final); err == nil {
		return final, nil
	}
	c.sweep()
	temporary, err := os.MkdirTemp(c.dir, ".making-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(temporary)
	if err := build(temporary); err != nil {
		return "", err
	}
	if err := openToAll(temporary); err != nil {
		return "", err
	}
	return final, os.Rename(temporary, final)
}

// openToAll lets everybody read and run, whatever our umask is: in the "setuid" way, PostgreSQL runs
// as another user.
func openToAll(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Type()&fs.ModeSymlink != 0 {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		mode := info.Mode().Perm() | 0o444
		if entry.IsDir() || mode&0o100 != 0 {
			mode |= 0o111
		}
		return os.Chmod(path, mode)
	})
}

// drop forgets a folder whose programs do not run (any more): the machine was upgraded beneath them.
func (c cache) drop(ctx context.Context, name string) error {
	unlock, err := c.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	// A process that runs these programs keeps them: their files live until it ends.
	gone := filepath.Join(c.dir, fmt.Sprintf(".making-old-%d", time.Now().UnixNano()))
	if err := os.Rename(filepath.Join(c.dir, name), gone); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.RemoveAll(gone)
}

// failureHolds is how long a failed fetch is not tried again where there is something else to use:
// without a network, it may take a minute to fail, and every run of the tests would pay that.
const failureHolds = 10 * time.Minute

// failedLately returns an error if that folder could not be fetched a short while ago.
func (c cache) failedLately(name string) error {
	info, err := os.Stat(c.failure(name))
	if err != nil || time.Since(info.ModTime()) > failureHolds {
		return nil
	}
	why, _ := os.ReadFile(c.failure(name))
	return fmt.Errorf("it could not be fetched %s ago, which is not tried again before %s have passed: %s",
		time.Since(info.ModTime()).Round(time.Second), failureHolds, why)
}

// noteFailure remembers it for failedLately.
func (c cache) noteFailure(name string, err error) {
	_ = os.WriteFile(c.failure(name), []byte(err.Error()), 0o600)
}

func (c cache) failure(name string) string { return filepath.Join(c.dir, name+".failed") }

// sweep removes what a killed process left half made. Only the holder of the lock may.
func (c cache) sweep() {
	old, _ := filepath.Glob(filepath.Join(c.dir, ".making-*"))
	for _, dir := range old {
		_ = os.RemoveAll(dir)
	}
}

// lock waits until no other process (nor another call in this one) fetches into the cache.
func (c cache) lock(ctx context.Context) (unlock func(), err error) {
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the cache folder: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(c.dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the cache's lock: %w", err)
	}
	for waited := false; ; waited = true {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { file.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			file.Close()
			return nil, fmt.Errorf("lock the cache: %w", err)
		}
		if !waited {
			c.say("waiting for another process that fetches programs into %s", c.dir)
		}
		select {
		case <-ctx.Done():
			file.Close()
			return nil, fmt.Errorf("wait for the cache's lock: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
