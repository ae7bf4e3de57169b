package local

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// socketPathLimit is what the kernel takes for a socket's path: 107 bytes on Linux, 103 elsewhere.
const socketPathLimit = 103

// socketDir makes the folder in which a server's socket named file lives: base/run, or a short folder
// in the temporary one if that path is too long or unfit for a connection URL. The same base gets the
// same folder again, so that a server started anew is found where it was.
func socketDir(base, file string) (string, error) {
	dir := filepath.Join(base, "run")
	// pgx and libpq read a comma in a host as the next host.
	if len(filepath.Join(dir, file)) <= socketPathLimit && !strings.ContainsAny(dir, ",") {
		return dir, privateDir(dir)
	}
	note := filepath.Join(base, "run-is-at")
	if text, err := os.ReadFile(note); err == nil && ours(string(text)) {
		return string(text), nil
	}
	parent := os.TempDir()
	if len(parent)+len("/roster-0123456789/")+len(file) > socketPathLimit {
		parent = "/tmp"
	}
	dir, err := os.MkdirTemp(parent, "roster-")
	if err != nil {
		return "", fmt.Errorf("make a folder for the socket: %w", err)
	}
	return dir, os.WriteFile(note, []byte(dir), 0o600)
}

// privateDir makes a folder that nobody else may enter: whoever reaches a socket in it is let in.
func privateDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.Chmod(dir, 0o700)
}

// ours says whether a path is a folder, no link, that nobody but us (or the user to whom we, as root,
// gave it) may enter. Anybody may put something into the temporary folder.
func ours(dir string) bool {
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() || info.Mode().Perm()&0o077 != 0 {
		return false
	}
	uid := ownerOf(info)
	if os.Getuid() == 0 {
		servantUID, _ := servant()
		return uid == 0 || uid == servantUID
	}
	return uid == os.Getuid()
}

func ownerOf(info fs.FileInfo) int {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Uid)
	}
	return -1
}

// reachableBase makes a folder for data that another uid must reach, which the state folder (0700,
// perhaps below root's home) is not: /var/lib/roster-<hash>, else in the temporary folder. The hash is
// of the state folder, so that the same one finds its data again.
func reachableBase(state string) (string, error) {
	sum := sha256.Sum256([]byte(state))
	name := "roster-" + hex.EncodeToString(sum[:6])
	var failed error
	for _, parent := range []string{"/var/lib", os.TempDir()} {
		dir := filepath.Join(parent, name)
		if err := os.Mkdir(dir, 0o711); err != nil && !errors.Is(err, fs.ErrExist) {
			failed = errors.Join(failed, err)
			continue
		}
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || ownerOf(info) != os.Getuid() || !enterable(parent) {
			failed = errors.Join(failed, fmt.Errorf("%s is not a folder of ours in everybody's reach", dir))
			continue
		}
		return dir, os.Chmod(dir, 0o711)
	}
	return "", fmt.Errorf("find a folder for PostgreSQL's data: %w", failed)
}

// enterable says whether every user may pass through a folder.
func enterable(dir string) bool {
	for ; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil || info.Mode().Perm()&0o001 == 0 {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

// giveTo makes a folder and all in it belong to the user, unless it does already.
func giveTo(dir string, uid, gid int) error {
	if info, err := os.Lstat(dir); err != nil || ownerOf(info) == uid {
		return err
	}
	// The folder itself comes last, so that an interrupted change is made again.
	if err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		return os.Lchown(path, uid, gid)
	}); err != nil {
		return err
	}
	return os.Lchown(dir, uid, gid)
}
