//go:build !linux

package local

// DieWithParent does nothing here: only Linux tells a process of its parent's death.
func DieWithParent() error { return nil }
