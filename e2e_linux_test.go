package main

import "syscall"

// ownGroup makes a started program the leader of a process group, as a terminal
// does, and ends it with us.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
