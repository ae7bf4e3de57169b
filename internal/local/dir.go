package local

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Dir is a state folder held by this process alone: a second `roster dev` on the same folder would
// start a second server on the same data.
type Dir struct {
	path string
	lock *os.File
}

// InUseError says that another process holds the state folder. PID is 0 when it could not be read.
type InUseError struct {
	Path string
	PID  int
}

func (e *InUseError) Error() string {
	holder := "another process"
	if e.PID != 0 {
		holder = fmt.Sprintf("process %d", e.PID)
	}
	return fmt.Sprintf("the state folder %s is in use by %s: stop that one first, or choose another folder", e.Path, holder)
}

// OpenDir makes the folder (0700, with its parents) if it is missing and holds it until Close or the
// end of this process, however it ends. It returns *InUseError if another process holds it.
func OpenDir(path string) (*Dir, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("make the state folder: %w", err)
	}
	// The lock file is never removed: removing it would let two processes hold two files of one name.
	lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the state folder's lock: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer lock.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, &InUseError{Path: path, PID: readPID(lock.Name())}
		}
		return nil, fmt.Errorf("lock the state folder: %w", err)
	}
	d := &Dir{path: path, lock: lock}
	if err := d.sign(); err != nil {
		lock.Close()
		return nil, fmt.Errorf("sign the state folder's lock: %w", err)
	}
	return d, nil
}

// sign writes our pid into the lock, for the sentence that a second process prints.
func (d *Dir) sign() error {
	if err := d.lock.Truncate(0); err != nil {
		return err
	}
	_, err := d.lock.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// Path is the absolute path of something in the folder, of the folder itself without arguments.
func (d *Dir) Path(elem ...string) string {
	return filepath.Join(append([]string{d.path}, elem...)...)
}

// Close lets the folder go; what is in it stays. Stop the servers first.
func (d *Dir) Close() error { return d.lock.Close() }

// readPID reads the process id on a file's first line, 0 if there is none.
func readPID(file string) int {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || pid < 1 {
		return 0
	}
	return pid
}
