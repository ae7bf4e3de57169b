package local

import (
	"slices"
	"syscall"
	"time"
)

// server names what a data folder's processes look like, to recognise those that an earlier process
// of ours left behind when it was killed.
type server struct {
	data    string         // the working directory of all its processes
	pidFile string         // whose first line is the leader's pid
	names   []string       // of its programs
	quit    syscall.Signal // asks the leader for a quick, clean end
}

// endLeftovers returns when no process works on the data any more. Only the caller, who holds the
// state folder, may start one, so whatever runs is an orphan: its parent was killed a moment ago and
// it is ending, or (outside Linux) it never heard of that.
func (s server) endLeftovers(say func(string, ...any)) {
	pids := s.leftovers()
	if len(pids) == 0 {
		return
	}
	say("ending %s, which an earlier run left behind", s.names[0])
	patience := time.Second
	// Only the leader is asked: to its children the same signal means something else.
	if leader := readPID(s.pidFile); slices.Contains(pids, leader) {
		_ = syscall.Kill(leader, s.quit)
		patience = 10 * time.Second
	}
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if len(s.leftovers()) == 0 {
			return
		}
	}
	s.killAll()
}

// killAll ends every process of the data at once and waits until they are gone. PostgreSQL's children
// are leaders of groups of their own, so that killing its group would miss them.
func (s server) killAll() {
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		pids := s.leftovers()
		if len(pids) == 0 {
			return
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}
