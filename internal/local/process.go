package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// process is a child that ends when we end, however we end.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the child was waited for
	err  error         // of Wait; to be read after done
}

// begin starts a child in a process group of its own, so that Ctrl-C on the terminal reaches only us
// and we choose the order of stopping. last is the signal the kernel sends it when we die.
//
// The kernel ties that signal to the thread that started the child, not to our process; a goroutine
// that is locked to its thread until the child has ended keeps the thread alive.
func begin(cmd *exec.Cmd, last syscall.Signal) (*process, error) {
	p := &process{cmd: cmd, done: make(chan struct{})}
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	dieWithUs(cmd.SysProcAttr, last)
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// signal sends to the child alone; a child that has ended is no error.
func (p *process) signal(s syscall.Signal) {
	select {
	case <-p.done:
	default:
		_ = p.cmd.Process.Signal(s)
	}
}

// kill ends the child's whole group at once and waits for the child.
func (p *process) kill() {
	select {
	case <-p.done:
	default:
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		<-p.done
	}
}

// ended waits for the end of the child for at most the time given and says whether it came.
func (p *process) ended(within time.Duration) bool {
	select {
	case <-p.done:
		return true
	case <-time.After(within):
		return false
	}
}

// output runs a command to its end and returns what it printed on stdout. When the context ends, the
// command's whole group is killed. An error carries the last lines of stderr.
func output(ctx context.Context, cmd *exec.Cmd) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = 2 * time.Second // a grandchild may hold our pipe
	p, err := begin(cmd, syscall.SIGKILL)
	if err != nil {
		return "", err
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		p.kill()
		return "", fmt.Errorf("%s: %w", cmd.Args[0], ctx.Err())
	}
	if p.err != nil && !errors.Is(p.err, exec.ErrWaitDelay) {
		return stdout.String(), fmt.Errorf("%s: %w: %s", cmd.Args[0], p.err, lastLines(stderr.String(), 5))
	}
	return stdout.String(), nil
}

// lastLines puts the last n lines that are not empty on one line.
func lastLines(text string, n int) string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-n):], " | ")
}
