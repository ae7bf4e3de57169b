package local

import "syscall"

// dieWithUs asks the kernel to signal the child when the thread that starts it ends.
func dieWithUs(attr *syscall.SysProcAttr, last syscall.Signal) { attr.Pdeathsig = last }
