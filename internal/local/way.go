package local

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// A way is the identity under which PostgreSQL runs: it refuses uid 0, and initdb a uid that has no
// name.
type way struct {
	name   string // "plain", "userns" or "setuid"
	attr   func() *syscall.SysProcAttr
	setuid bool // the files must belong to uid and gid, and be in reach of them
	uid    int
	gid    int
}

// command is a command that will run this way, with exactly this environment.
func (w way) command(env []string, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = env
	cmd.SysProcAttr = w.attr()
	return cmd
}

// chooseWay takes the first way that this machine permits; forced names one of them, or is empty.
func chooseWay(ctx context.Context, forced string) (way, error) {
	var refused error
	for _, w := range ways() {
		if forced != "" && w.name != forced {
			continue
		}
		// Only trying tells: containers often forbid user namespaces, and in more ways than one.
		if _, err := output(ctx, w.command(nil, "/bin/sh", "-c", ":")); err != nil {
			refused = errors.Join(refused, fmt.Errorf("%s: %w", w.name, err))
			continue
		}
		return w, nil
	}
	return way{}, fmt.Errorf("PostgreSQL cannot run as this user (uid 0, or one without a name): %w", refused)
}

func plain() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }

// servant is the uid and gid PostgreSQL runs as: postgres where there is one, else nobody.
func servant() (uid, gid int) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(u.Uid)
		gid, gidErr := strconv.Atoi(u.Gid)
		if uidErr == nil && gidErr == nil && uid != 0 {
			return uid, gid
		}
	}
	return 65534, 65534
}
