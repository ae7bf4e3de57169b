//go:build !linux

package main

import "syscall"

// ownGroup makes a started program the leader of a process group, as a terminal
// does.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
