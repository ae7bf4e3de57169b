package local

import (
	"fmt"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// startedBy is read before main runs, so that a parent that dies while we start is noticed.
var startedBy = os.Getppid()

// DieWithParent asks the kernel to send us SIGTERM when the process that started us dies: `go run`
// passes no signal on, so that killing it would leave its program running. On other systems than
// Linux it does nothing.
//
// It is tied to the parent's thread that started us, so it is for parents like `go run` and shells,
// whose threads live as long as they do. If the parent has died since our start, we get the SIGTERM
// at once. If it was gone before that, or is the init process (as in a container), there is nothing
// to be tied to: ErrNoParent, which a caller may well ignore.
func DieWithParent() error {
	if startedBy == 1 {
		return ErrNoParent
	}
	asked := make(chan error)
	go func() {
		// The wish belongs to one of our threads and is gone with it: keep this one for good.
		runtime.LockOSThread()
		asked <- unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGTERM), 0, 0, 0)
		select {}
	}()
	if err := <-asked; err != nil {
		return fmt.Errorf("ask for a signal at the parent's death: %w", err)
	}
	if os.Getppid() != startedBy {
		return syscall.Kill(os.Getpid(), syscall.SIGTERM)
	}
	return nil
}
