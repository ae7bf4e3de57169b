//go:build !linux

package local

import "syscall"

// dieWithUs can do nothing here: only Linux tells a child of its parent's death. The next start ends
// what is left (see leftovers).
func dieWithUs(*syscall.SysProcAttr, syscall.Signal) {}
